//! What the message of any program says of a login: "Failed login attempt for user bob@example.com from 192.0.2.7".
//!
//! Only messages that speak of a login, a password, an authentication or a denial are read; in these the first address
//! that is not said to be the server's own is the one that matters.

use std::borrow::Cow;
use std::net::IpAddr;

use memchr::memmem;

use crate::{LogEvent, address, mentions};

/// Only the beginning of a long message is searched.
const SEARCHED_BYTES_MAX: usize = 1024;

/// What a message that speaks of a login or a denial holds, without the first letter, which may be a capital.
const MARKS: [&[u8]; 10] =
    [b"ogin", b"OGIN", b"uth", b"UTH", b"assword", b"enied", b"ailed", b"eject", b"efused", b"nvalid"];

/// Words behind which a user's name stands, in lower case.
const BEFORE_USER: [&str; 22] = [
    "invalid user ",
    "illegal user ",
    "unknown user ",
    "nonexistent user ",
    "for user ",
    "by user ",
    "for username ",
    "login for ",
    "failed for ",
    "password for ",
    "attempt for ",
    "request for ",
    "login as ",
    "username: ",
    "username=",
    "user=",
    "login:",
    "set_id=",
    " user ",
    "error for ",
    "failure for ",
    "authentication for ",
];

/// Words that stand there and are no name.
const NO_USER: [&str; 20] = [
    "from",
    "with",
    "name",
    "has",
    "is",
    "unknown",
    "not",
    "by",
    "and",
    "in",
    "authentication",
    "the",
    "on",
    "or",
    "for",
    "a",
    "login",
    "null",
    "user",
    "to",
];

/// Fills the address and the user of `event` from its message, where they are empty and the message speaks of a login.
pub(crate) fn complete(event: &mut LogEvent<'_>) {
    let whole: &[u8] = &event.message;
    let searched = whole.get(..SEARCHED_BYTES_MAX).unwrap_or(whole);
    if !may_hold_address(searched) || !MARKS.iter().any(|mark| memmem::find(searched, mark).is_some()) {
        return;
    }
    mentions::complete(event);
    let text = String::from_utf8_lossy(event.message.get(..SEARCHED_BYTES_MAX).unwrap_or(&event.message));
    let ip = if event.ip.is_none() { first_address(&text) } else { None };
    let user = if event.user_name.is_empty() { user(&text).map(str::to_owned) } else { None };
    event.ip = event.ip.or(ip);
    if let Some(user) = user {
        event.user_name = Cow::Owned(user);
    }
}

/// Whether an address may be in `text`: two dots with digits around them close together, or two colons. Most
/// messages have none, and are done with after one look.
fn may_hold_address(text: &[u8]) -> bool {
    let digit_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let is_between = |at: usize| at > 0 && digit_at(at - 1) && digit_at(at + 1);
    let mut last_dot = None;
    for at in memchr::memchr2_iter(b'.', b':', text) {
        if text.get(at) == Some(&b':') {
            if text.get(at + 1) == Some(&b':') {
                return true;
            }
        } else if is_between(at) {
            if last_dot.is_some_and(|last| at - last <= 4) {
                return true;
            }
            last_dot = Some(at);
        }
    }
    false
}

/// The first address that is not said to be the server's.
fn first_address(text: &str) -> Option<IpAddr> {
    let mut from = 0;
    for token in text.split(|c: char| !c.is_ascii_hexdigit() && !matches!(c, '.' | ':')) {
        let start = from;
        from += token.len()
            + text.get(start + token.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let bare = token.trim_matches(['.', ':']);
        let bare = if token.starts_with("::") { token.trim_end_matches(['.', ':']) } else { bare };
        if bare.len() < 3 || bare.bytes().filter(|b| matches!(b, b'.' | b':')).count() < 2 {
            continue;
        }
        let before = text.get(..start).unwrap_or_default();
        let joined = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-'));
        // What a mail client calls itself (its HELO) stands in parentheses before its address.
        let is_servers =
            ["to ", "to [", "server ", "lip=", "listening on ", "(["].iter().any(|lead| before.ends_with(lead));
        // An IPv6 address with a port, not in brackets.
        let with_port = || bare.rsplit_once(':').and_then(|(address, _)| address::parse(address));
        if let Some(found) = address::parse(bare).or_else(with_port).filter(|_| !joined && !is_servers) {
            return Some(found.ip);
        }
    }
    None
}

/// The name behind the first words that announce one.
fn user(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    BEFORE_USER.iter().find_map(|lead| {
        let start = memmem::find(lower.as_bytes(), lead.as_bytes())? + lead.len();
        let rest = text.get(start..)?;
        let (quote, rest) = match rest.chars().next()? {
            quote @ ('"' | '\'' | '`') => (Some(quote), rest.get(1..)?),
            '<' => (Some('>'), rest.get(1..)?),
            '[' => (Some(']'), rest.get(1..)?),
            _ => (None, rest),
        };
        let end = match quote {
            Some(quote) => rest.find(quote)?,
            None => rest.find(|c: char| c.is_whitespace() || ",;()[]<>'\"`".contains(c)).unwrap_or(rest.len()),
        };
        let name = rest.get(..end)?;
        let name = if quote.is_none() { name.trim_end_matches(['.', ':', '!']) } else { name };
        let is_name = (1..=128).contains(&name.len()) && !NO_USER.iter().any(|word| word.eq_ignore_ascii_case(name));
        is_name.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(message: &str) -> (String, String) {
        let mut event = LogEvent { message: Cow::Borrowed(message.as_bytes()), ..LogEvent::default() };
        complete(&mut event);
        (event.ip.map(|ip| ip.to_string()).unwrap_or_default(), event.user_name.into_owned())
    }

    #[test]
    fn the_address_and_the_user_of_a_login_are_found() {
        for (message, ip, user) in [
            ("Failed login attempt for user bob@example.com from ip address 192.0.2.7", "192.0.2.7", "bob@example.com"),
            ("Failed authentication attempt for bob from 192.0.2.7:3952: no such user", "192.0.2.7", "bob"),
            ("Bad password for bob (192.0.2.7)", "192.0.2.7", "bob"),
            ("Access denied for user 'bob'@'192.0.2.7' (using password: YES)", "192.0.2.7", "bob"),
            ("login failed on 192.0.2.1 for user [bob] from 192.0.2.7", "192.0.2.7", "bob"),
            ("authenticator failed for (x) [2001:db8::7]:55: 535 Incorrect data (set_id=bob)", "2001:db8::7", "bob"),
            ("login failed for x ([192.0.2.1]) [192.0.2.7]", "192.0.2.7", "x"),
            ("LOGIN FAILED, user=bob, ip=[::ffff:192.0.2.7]", "192.0.2.7", "bob"),
            ("GET /login: ::1: wrong password", "::1", ""),
        ] {
            assert_eq!(found(message), (ip.to_owned(), user.to_owned()), "{message}");
        }
    }

    #[test]
    fn what_does_not_speak_of_a_login_is_left_alone() {
        for message in [
            "",
            "connected to 192.0.2.7",
            "user bob says hello",
            "login at 10:11:12",
            "auth module v1.2.3.4 loaded",
            "login to 192.0.2.1",
        ] {
            assert_eq!(found(message), (String::new(), String::new()), "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_survived(message: Vec<u8>, text in "(login |for user |::1|192\\.0\\.2\\.7|\\[|\\]|'|\"|é|from |:|\\.){0,40}") {
            let mut event = LogEvent { message: Cow::Owned(message), ..LogEvent::default() };
            complete(&mut event);
            let _ = found(&text);
        }
    }
}
