//! What a message in plain text says of an address and a user: "login failed for user 'alice' from 192.0.2.1".
//!
//! Only unmistakable statements are taken: an address after `from`, `ip`, `client`, `rhost`, `src` and the like, and a name
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
    let ip = if event.ip.is_none() { stated_ip(searched).or_else(|| remote_end(searched)) } else { None };
    let user = if event.user_name.is_empty() { stated_user(searched).map(str::to_owned) } else { None };
    event.ip = event.ip.or(ip);
    if let Some(user) = user {
        event.user_name = Cow::Owned(user);
    }
}

/// Words behind which the address of the other side stands.
const BEFORE: [&[u8]; 19] = [
    b"from",
    b"client",
    b"rhost",
    b"rip",
    b"src",
    b"ip",
    b"ip address",
    b"ip-address",
    b"ipaddress",
    b"remote_addr",
    b"remote-addr",
    b"remoteaddr",
    b"remoteaddress",
    b"x-forwarded-for",
    b"attacker",
    // Suricata's and Snort's alerts.
    b"{tcp}",
    b"{udp}",
    b"{icmp}",
    b"accept host",
];

/// Beginnings of names that say of whose address the rest speaks: `server_ip`, `dst-ip`.
const OTHERS: [&[u8]; 7] = [b"local", b"server", b"dst", b"dest", b"listen", b"bind", b"target"];

/// The first address that stands after a word which says whose it is; what a proxy says of its client counts before.
fn stated_ip(text: &[u8]) -> Option<std::net::IpAddr> {
    let found = ip_behind(text, &BEFORE)?;
    match memmem::find(text, b"orwarded-") {
        Some(_) => ip_behind(text, &[b"x-forwarded-for"]).or(Some(found)),
        None => Some(found),
    }
}

/// The other end of a connection as Go's errors name it: `read tcp 192.0.2.1:853->192.0.2.7:5000: connection reset by peer`.
fn remote_end(text: &[u8]) -> Option<std::net::IpAddr> {
    let arrow = memmem::find(text, b"->")?;
    let (local, remote) = (text.get(..arrow)?, text.get(arrow + 2..)?);
    let blank = memchr::memrchr(b' ', local)?;
    let is_gos = [&b"read tcp"[..], b"write tcp", b"read udp", b"write udp"]
        .iter()
        .any(|lead| local.get(..blank).is_some_and(|before| before.ends_with(lead)));
    let end = remote.iter().position(|b| matches!(b, b' ' | b'"')).unwrap_or(remote.len());
    let remote = std::str::from_utf8(remote.get(..end)?).ok().filter(|_| is_gos)?;
    address::parse(remote.trim_end_matches([':', ','])).map(|found| found.ip)
}

/// The first address that stands after one of `words`.
fn ip_behind(text: &[u8], words: &[&[u8]]) -> Option<std::net::IpAddr> {
    // Every address has a dot or a colon between digits; most messages have neither.
    let mut passed = 0;
    for at in memchr::memchr2_iter(b'.', b':', text).take(64) {
        // A part of the address that was just looked at.
        if at < passed {
            continue;
        }
        let (before, after) = (text.get(..at)?, text.get(at..)?);
        let is_part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'[' | b'%');
        let start = at - before.iter().rev().take(48).take_while(|b| is_part(b)).count();
        // The colon of `ip:192.0.2.7`.
        let has_colon = matches!(text.get(start..), Some([b':', other, ..]) if *other != b':');
        let start = start + usize::from(has_colon && start < at);
        let end = at + after.iter().take(48).take_while(|b| is_part(b) || **b == b']').count();
        let Some(found) = std::str::from_utf8(text.get(start..end)?)
            .ok()
            .and_then(|t| address::parse(t.trim_end_matches(['.', ':', ']'])))
        else {
            continue;
        };
        passed = end;
        let lead = without_sign(without_slash(text.get(..start)?));
        if words.iter().any(|word| ends_with_word(lead, word)) && !is_of_another(lead) {
            return Some(found.ip);
        }
    }
    None
}

/// What stands before the slash with which Java begins an address without a name: `from /192.0.2.7:4000`.
fn without_slash(lead: &[u8]) -> &[u8] {
    lead.strip_suffix(b"/").filter(|before| before.ends_with(b" ")).unwrap_or(lead)
}

/// What stands before the sign (`=`, `:`) and the quotes that divide a name from its value.
fn without_sign(lead: &[u8]) -> &[u8] {
    let without_quote = |text: &'_ [u8]| -> usize {
        let text = text.trim_ascii_end();
        text.strip_suffix(b"\"")
            .or_else(|| text.strip_suffix(b"'"))
            .or_else(|| text.strip_suffix(b"`"))
            .unwrap_or(text)
            .len()
    };
    let lead = lead.get(..without_quote(lead)).unwrap_or(lead).trim_ascii_end();
    match lead.strip_suffix(b"=").or_else(|| lead.strip_suffix(b":")) {
        Some(name) => name.get(..without_quote(name)).unwrap_or(name).trim_ascii_end(),
        None => lead,
    }
}

/// Whether the name that `lead` ends with says that it is of the server's side.
fn is_of_another(lead: &[u8]) -> bool {
    let length = lead.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count();
    let name = lead.get(lead.len() - length..).unwrap_or_default();
    OTHERS.iter().any(|other| name.get(..other.len()).is_some_and(|head| head.eq_ignore_ascii_case(other)))
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
        let rest = rest.strip_prefix(b" input").unwrap_or(rest);
        let (assigned, rest) = match rest {
            [b'=', rest @ ..] => (true, rest),
            [b':', b' ', rest @ ..] | [b':' | b' ', rest @ ..] => (false, rest),
            _ => continue,
        };
        let name = match rest {
            // TeX's quotes end in another.
            [b'`', rest @ ..] => memchr::memchr2(b'`', b'\'', rest).and_then(|end| rest.get(..end)),
            [quote @ (b'"' | b'\''), rest @ ..] => memchr::memchr(*quote, rest).and_then(|end| rest.get(..end)),
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
        // Devices that hide names which nobody has write stars; others write a dash where there is no user.
        let name = name.filter(|name| !name.bytes().all(|b| matches!(b, b'*' | b'-')));
        if name.is_some() {
            return name;
        }
    }
    None
}

/// Whether `text` ends with `word` in any case, and no letter or digit stands before it, nor what makes it a parameter of a page's address.
fn ends_with_word(text: &[u8], word: &[u8]) -> bool {
    let Some(start) = text.len().checked_sub(word.len()) else {
        return false;
    };
    // Most words are told apart by their last byte.
    if text.last().map(u8::to_ascii_lowercase) != word.last().copied() {
        return false;
    }
    let (before, tail) = text.split_at(start);
    tail.eq_ignore_ascii_case(word)
        && before.last().is_none_or(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'?' | b'&')))
}

fn ends_with_letter(text: &[u8], letter: u8) -> bool {
    let is_letter = text.last().is_some_and(|b| b.eq_ignore_ascii_case(&letter));
    let starts_word = text.len() < 2
        || text.get(text.len() - 2).is_some_and(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'?' | b'&')));
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
            ("Accepted a connection from /192.0.2.1:4242", "192.0.2.1", ""),
            ("Accepted a connection from /[2001:db8::7]:4242", "2001:db8::7", ""),
            (r#"[client "192.0.2.1"] user=bob denied"#, "192.0.2.1", "bob"),
            ("denied, client: 2001:db8::7, userName: 'x y'", "2001:db8::7", "x y"),
            ("refused rhost=192.0.2.1  user=root.", "192.0.2.1", "root"),
            (r#"User "bob", from ip "192.0.2.1"."#, "192.0.2.1", "bob"),
            (r#"user=bob from 192.0.2.9 (X-Forwarded-For: 192.0.2.1)"#, "192.0.2.1", "bob"),
            (r#"note {"ip":"192.0.2.1"} user=bob"#, "192.0.2.1", "bob"),
            (r#"server_ip=192.0.2.9 user='bob' client_ip=192.0.2.1"#, "192.0.2.1", "bob"),
            (r#"[**] scan [**] {TCP} 192.0.2.1:5 -> 192.0.2.9:22 user=bob"#, "192.0.2.1", "bob"),
            ("no such user `bob' in realm `x' from 192.0.2.1", "192.0.2.1", "bob"),
            ("looked for username input 'bob' from 192.0.2.1", "192.0.2.1", "bob"),
            ("user=bob: read tcp 192.0.2.9:853->192.0.2.1:5000: read: connection reset by peer", "192.0.2.1", "bob"),
            ("relay attempt of user=bob, IP address 192.0.2.1.", "192.0.2.1", "bob"),
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
            "GET /login?user=bob&ip=192.0.2.1 HTTP/1.1",
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
