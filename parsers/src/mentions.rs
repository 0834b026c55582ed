//! What a message in plain text says of an address and a user: "login failed for user 'alice' from 192.0.2.1".
//!
//! Only unmistakable statements are taken: an address after `from`, `ip`, `client`, `rhost` or `src`, and a name
//! in quotes (or after `=`) after `user` or `username`. The first of each counts.

use std::borrow::Cow;

use memchr::memmem;

use crate::{LogEvent, address};

/// Only the beginning of a long message is searched.
const SEARCHED_BYTES_MAX: usize = 1024;

/// Fills the address and the user of `event` from its message, where they are empty and the message states them.
pub(crate) fn complete(event: &mut LogEvent<'_>) {
    let whole: &[u8] = &event.message;
    let searched = whole.get(..SEARCHED_BYTES_MAX).unwrap_or(whole);
    // The message of a record that has none is its JSON text: what that says is known already.
    if searched.first() == Some(&b'{') {
        return;
    }
    let ip = if event.ip.is_none() { stated_ip(searched) } else { None };
    let user = if event.user_name.is_empty() { stated_user(searched).map(str::to_owned) } else { None };
    event.ip = event.ip.or(ip);
    if let Some(user) = user {
        event.user_name = Cow::Owned(user);
    }
}

/// The first address that stands after a word which says whose it is.
fn stated_ip(text: &[u8]) -> Option<std::net::IpAddr> {
    const BEFORE: [&[u8]; 5] = [b"from", b"client", b"rhost", b"src", b"ip"];
    // Every address has a dot or a colon between digits; most messages have neither.
    for at in memchr::memchr2_iter(b'.', b':', text).take(64) {
        let (before, after) = (text.get(..at)?, text.get(at..)?);
        let is_part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'[' | b'%');
        let start = at - before.iter().rev().take(48).take_while(|b| is_part(b)).count();
        let end = at + after.iter().take(48).take_while(|b| is_part(b) || **b == b']').count();
        let Some(found) = std::str::from_utf8(text.get(start..end)?)
            .ok()
            .and_then(|t| address::parse(t.trim_end_matches(['.', ':', ']'])))
        else {
            continue;
        };
        let lead = text.get(..start)?.trim_ascii_end();
        let lead = lead.strip_suffix(b"\"").or_else(|| lead.strip_suffix(b"'")).unwrap_or(lead);
        let lead = lead.trim_ascii_end();
        let lead = lead.strip_suffix(b"=").or_else(|| lead.strip_suffix(b":")).unwrap_or(lead).trim_ascii_end();
        if BEFORE.iter().any(|word| ends_with_word(lead, word)) {
            return Some(found.ip);
        }
    }
    None
}

/// The first name in quotes, or after `=`, that stands after `user` or `username`.
fn stated_user(text: &[u8]) -> Option<&str> {
    for at in memmem::find_iter(text, b"ser").take(16) {
        let before = text.get(..at)?;
        if !(ends_with_letter(before, b'u')) {
            continue;
        }
        let rest = text.get(at + 3..)?;
        let rest = rest.strip_prefix(b"name").or_else(|| rest.strip_prefix(b"Name")).unwrap_or(rest);
        let (assigned, rest) = match rest {
            [b'=', rest @ ..] => (true, rest),
            [b':', b' ', rest @ ..] | [b':' | b' ', rest @ ..] => (false, rest),
            _ => continue,
        };
        let name = match rest {
            [quote @ (b'"' | b'\'' | b'`'), rest @ ..] => memchr::memchr(*quote, rest).and_then(|end| rest.get(..end)),
            _ if assigned => {
                let end = rest
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@' | b'\\'))
                    .count();
                rest.get(..end).map(|name| name.strip_suffix(b".").unwrap_or(name))
            }
            _ => None,
        };
        let name = name.and_then(|name| std::str::from_utf8(name).ok()).filter(|name| (1..=128).contains(&name.len()));
        if name.is_some() {
            return name;
        }
    }
    None
}

/// Whether `text` ends with `word` in any case, and no letter or digit stands before it.
fn ends_with_word(text: &[u8], word: &[u8]) -> bool {
    let Some(start) = text.len().checked_sub(word.len()) else {
        return false;
    };
    let (before, tail) = text.split_at(start);
    tail.eq_ignore_ascii_case(word) && before.last().is_none_or(|b| !b.is_ascii_alphanumeric())
}

fn ends_with_letter(text: &[u8], letter: u8) -> bool {
    let is_letter = text.last().is_some_and(|b| b.eq_ignore_ascii_case(&letter));
    let starts_word = text.len() < 2 || text.get(text.len() - 2).is_some_and(|b| !b.is_ascii_alphanumeric());
    is_letter && starts_word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(message: &str) -> (Option<String>, String) {
        let mut event = LogEvent { message: Cow::Borrowed(message.as_bytes()), ..LogEvent::default() };
        complete(&mut event);
        (event.ip.map(|ip| ip.to_string()), event.user_name.into_owned())
    }

    #[test]
    fn plain_statements_are_taken() {
        for (message, ip, user) in [
            (r#"login failed for username "alice" from ip 192.0.2.1 (no such user)"#, "192.0.2.1", "alice"),
            ("User 'bob' logged in from 192.0.2.1:4242", "192.0.2.1", "bob"),
            (r#"[client "192.0.2.1"] user=bob denied"#, "192.0.2.1", "bob"),
            ("denied, client: 2001:db8::7, userName: 'x y'", "2001:db8::7", "x y"),
            ("refused rhost=192.0.2.1  user=root.", "192.0.2.1", "root"),
            (r#"User "bob", from ip "192.0.2.1"."#, "192.0.2.1", "bob"),
        ] {
            assert_eq!(found(message), (Some(ip.to_owned()), user.to_owned()), "{message}");
        }
    }

    #[test]
    fn what_is_no_statement_is_left_alone() {
        for message in [
            "",
            "listening on 192.0.2.1:80",
            "the user of version 1.2.3.4 said: no",
            "superuser=1 from 10:30 to 11:30",
            "user \"",
            "user alice came from afar",
            r#"{"user":"x","from":"192.0.2.1"}"#,
        ] {
            assert_eq!(found(message), (None, String::new()), "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_searched_without_panic(message: Vec<u8>, words in "((from|user|=|\"|\\[|1|\\.|:| ){0,40})") {
            let mut event = LogEvent { message: Cow::Owned(message), ..LogEvent::default() };
            complete(&mut event);
            let _ = found(&words);
        }
    }
}
