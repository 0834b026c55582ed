//! What stands before the time of an access log line: who asked, and whom.
//!
//! | form | example |
//! |---|---|
//! | host, identity, user | `192.0.2.1 - alice` |
//! | a virtual host before them | `www.example.com:443 192.0.2.1 - -` |
//! | the addresses that a proxy states before or instead of the host | `203.0.113.9, 198.51.100.2 192.0.2.1 - -` |
//! | a virtual host and a list | `www.example.com 203.0.113.9, 198.51.100.2 192.0.2.1 - -` |
//! | the address again, in brackets | `192.0.2.1 - [192.0.2.1] - alice` (older ingress controllers) |

use crate::cursor::{Cursor, push, text, unescaped};
use crate::{LogEvent, address};

/// The most words that are read; a user name may hold blanks.
const WORDS_MAX: usize = 16;

/// Bytes of the id that nginx gives a request.
const REQUEST_ID_BYTES: usize = 32;

/// Fills `event` from `head`. `None` where it cannot be the head of an access log line.
pub(super) fn read<'a>(head: &'a [u8], event: &mut LogEvent<'a>) -> Option<()> {
    let mut cursor = Cursor::new(head);
    let may_be_list = head.first() == Some(&b'"') || memchr::memchr(b',', head).is_some();
    if may_be_list {
        virtual_host_before_list(&mut cursor, event);
    }
    if may_be_list && let Some(list) = forwarded_list(&mut cursor) {
        push(&mut event.attributes, "x_forwarded_for", list);
        let mut ahead = cursor;
        if !ahead.word().is_some_and(is_address) {
            set_client(list.split(|b| *b == b',').next()?, event);
            push(&mut event.attributes, "ident", cursor.word()?);
            return user(cursor, event);
        }
    }
    let first = cursor.word()?;
    let before_second = cursor;
    // The name of a container, with the line that it wrote behind the bar.
    let second = cursor.word().filter(|second| *second != b"|")?;
    let before_third = cursor;
    let third = cursor.word()?;
    let client = if cursor.rest().is_empty() || !is_virtual_host(first, second, third) {
        cursor = before_second;
        first
    } else {
        push(&mut event.attributes, "vhost", first);
        cursor = before_third;
        second
    };
    let ident = cursor.word()?;
    set_client(client, event);
    push(&mut event.attributes, "ident", ident);
    user(cursor, event)
}

/// Whether the first of at least four words names the server that was asked.
fn is_virtual_host(first: &[u8], second: &[u8], third: &[u8]) -> bool {
    if is_address(second) {
        return true;
    }
    let has_port = first.iter().rposition(|b| *b == b':').and_then(|at| first.get(at + 1..));
    let has_port = has_port.is_some_and(|port| !port.is_empty() && port.iter().all(u8::is_ascii_digit));
    // "host - Jane Doe" against "vhost host - -".
    !is_address(first) && second != b"-" && (has_port || third == b"-")
}

/// Takes the virtual host behind which a list of addresses stands.
fn virtual_host_before_list<'a>(cursor: &mut Cursor<'a>, event: &mut LogEvent<'a>) {
    let mut ahead = *cursor;
    let Some(host) = ahead.word().filter(|host| !host.starts_with(b"\"") && !host.ends_with(b",")) else { return };
    let mut behind = ahead;
    let is_list = behind.quoted().is_some()
        || behind.word().and_then(|word| word.strip_suffix(b",")).is_some_and(|first| {
            is_address(first)
                || (!is_address(host) && first.iter().all(|b| b.is_ascii_alphanumeric() || b".-".contains(b)))
        });
    if is_list {
        push(&mut event.attributes, "vhost", host);
        *cursor = ahead;
    }
}

/// Takes the list of addresses with commas (`X-Forwarded-For`) that some formats begin with.
fn forwarded_list<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    if let Some(list) = cursor.quoted() {
        return Some(list);
    }
    let start = cursor.rest();
    let mut ahead = *cursor;
    let mut words = 0;
    while ahead.word()?.last() == Some(&b',') {
        words += 1;
        if words > WORDS_MAX {
            return None;
        }
    }
    if words == 0 {
        return None;
    }
    *cursor = ahead;
    start.get(..start.len() - ahead.rest().len())
}

fn set_client<'a>(client: &'a [u8], event: &mut LogEvent<'a>) {
    match std::str::from_utf8(client).ok().and_then(address::parse) {
        Some(found) => {
            event.ip = Some(found.ip);
            if !found.whole {
                push(&mut event.attributes, "remote_addr", client);
            }
        }
        None => push(&mut event.attributes, "remote_host", client),
    }
}

/// The user: all that is left, which may hold blanks.
fn user<'a>(mut cursor: Cursor<'a>, event: &mut LogEvent<'a>) -> Option<()> {
    let mut rest = cursor.rest().trim_ascii_start();
    if rest.first() == Some(&b'[') {
        cursor.bracketed()?;
        cursor.skip_blanks();
        cursor.skip(b"- ");
        rest = cursor.rest().trim_ascii_start();
    }
    // Two fields, and the last says that there is no user (a request's id before it).
    if let Some(other) = rest.strip_suffix(b" -") {
        push(&mut event.attributes, "extra.0", other.trim_ascii_end());
        return Some(());
    }
    // The same with a user behind it: nginx' `$request_id` has 32 hexadecimal digits.
    if let Some((id, [b' ', user @ ..])) = rest.split_at_checked(REQUEST_ID_BYTES)
        && id.iter().all(u8::is_ascii_hexdigit)
    {
        push(&mut event.attributes, "extra.0", id);
        rest = user;
    }
    let quoted = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let user = quoted.unwrap_or(rest);
    if user.iter().filter(|b| **b == b' ').count() >= WORDS_MAX {
        return None;
    }
    if !matches!(user, b"" | b"-") {
        event.user_name = if user.contains(&b'\\') && quoted.is_some() { unescaped(user) } else { text(user) };
    }
    Some(())
}

fn is_address(word: &[u8]) -> bool {
    // Most words that are none end with a letter that no address has.
    word.first().is_some_and(|b| b.is_ascii_hexdigit() || *b == b':' || *b == b'[')
        && std::str::from_utf8(word).is_ok_and(|word| address::parse(word).is_some())
}
