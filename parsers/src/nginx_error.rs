//! nginx's error log.
//!
//! ```text
//! 2023/11/14 22:13:20 [error] 31#31: *1 open() "/x" failed (2: No such file), client: 192.0.2.7, server: a, request: "GET /x HTTP/1.1"
//! ```
//!
//! - The message is the text before the facts that nginx adds in the end (`, client: …`); these become attributes under
//!   nginx's names (`server`, `request`, `subrequest`, `upstream`, `host`, `referrer`, `login` …), the client becomes `ip`.
//! - The process is `proc_id`; its thread `tid` and the connection's number `cid` are attributes. Of a rate limit, `excess`
//!   and `zone` are too.
//! - The level is a syslog severity by its name.

use std::borrow::Cow;

use crate::cursor::{find_all, push, text};
use crate::{Context, Level, LogEvent, address, level_names, logins, mentions, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "nginx_error";

/// What a request names may hold `, client: ` itself; so many places are tried.
const TAILS_MAX: usize = 8;

/// Reads a line of nginx's error log; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let Head { stamp, severity, pid, tid, rest } = Head::of(line, cx)?;
    let mut event = LogEvent {
        timestamp: Some(stamp),
        level: Level::from_severity(severity),
        severity: Some(severity),
        proc_id: text(pid),
        format: FORMAT,
        ..LogEvent::default()
    };
    push(&mut event.attributes, "tid", tid);
    let numbered = rest.strip_prefix(b"*").and_then(digits);
    let rest = match numbered {
        Some((number, [b' ', rest @ ..])) => {
            push(&mut event.attributes, "cid", number);
            rest
        }
        _ => rest,
    };
    let message = take_tail(rest, &mut event);
    event.message = Cow::Borrowed(take_limit(message, &mut event));
    if event.ip.is_none() {
        // The mail proxy names its client in the text.
        mentions::complete(&mut event);
    }
    logins::complete_user(&mut event);
    Some(event)
}

/// Whether `line` begins as a line of nginx's error log does.
pub(crate) fn begins(line: &[u8], cx: &Context) -> bool {
    Head::of(line, cx).is_some()
}

/// What stands before the text.
struct Head<'a> {
    stamp: i64,
    severity: u8,
    pid: &'a [u8],
    tid: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Head<'a> {
    fn of(line: &'a [u8], cx: &Context) -> Option<Self> {
        let [_, _, _, _, b'/', _, _, b'/', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', b'[', after @ ..] = line
        else {
            return None;
        };
        let (stamp, _) = timestamp::iso_prefix(line.get(..19)?, cx.zone)?;
        let end = after.iter().take(8).position(|b| *b == b']')?;
        let severity = level_names::severity_keyword(std::str::from_utf8(after.get(..end)?).ok()?)?;
        let (pid, rest) = digits(after.get(end + 1..)?.strip_prefix(b" ")?)?;
        let (tid, rest) = digits(rest.strip_prefix(b"#")?)?;
        let rest = rest.strip_prefix(b":")?;
        Some(Self { stamp, severity, pid, tid, rest: rest.strip_prefix(b" ").unwrap_or(rest) })
    }
}

/// The digits that `text` begins with, at least one, and what follows.
fn digits(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    text.split_at_checked(count)
}

/// Takes the facts behind the message off; the message.
fn take_tail<'a>(rest: &'a [u8], event: &mut LogEvent<'a>) -> &'a [u8] {
    for at in find_all(rest, b", client: ").take(TAILS_MAX) {
        let tail = rest.get(at..).unwrap_or_default();
        if facts(tail).last().is_none_or(|(_, _, left)| !left.trim_ascii().is_empty()) {
            continue;
        }
        for (name, value, _) in facts(tail) {
            match name {
                b"client" => set_client(value, event),
                _ => push(&mut event.attributes, &text(name), value),
            }
        }
        return rest.get(..at).unwrap_or_default();
    }
    rest
}

fn set_client<'a>(client: &'a [u8], event: &mut LogEvent<'a>) {
    match std::str::from_utf8(client).ok().and_then(address::parse) {
        Some(found) => event.ip = Some(found.ip),
        None => push(&mut event.attributes, "client", client),
    }
}

/// The facts `, name: value` at the front of `tail`, each with what is left behind it.
fn facts(tail: &[u8]) -> impl Iterator<Item = (&[u8], &[u8], &[u8])> {
    let mut left = tail;
    std::iter::from_fn(move || {
        let (name, value) = named(left)?;
        let (value, rest) = match value.strip_prefix(b"\"") {
            Some(inside) => {
                let end = closing_quote(inside)?;
                (inside.get(..end)?, inside.get(end + 1..)?)
            }
            None => {
                let end = find_all(value, b", ").next().unwrap_or(value.len());
                value.split_at_checked(end)?
            }
        };
        left = rest;
        Some((name, value, rest))
    })
}

/// The name of the fact that `text` begins with, and what follows the colon.
fn named(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let fact = text.strip_prefix(b", ")?;
    let end = fact.iter().take(32).position(|b| *b == b':')?;
    let (name, value) = (fact.get(..end)?, fact.get(end + 1..)?);
    let is_name = |b: &u8| b.is_ascii_lowercase() || matches!(b, b' ' | b'/' | b'_');
    let is_named = !name.is_empty() && name.iter().all(is_name);
    is_named.then_some((name, value.strip_prefix(b" ").unwrap_or(value)))
}

/// The quote that ends a value: the first that another fact or the end of the line follows. nginx escapes none.
fn closing_quote(inside: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'"', inside).find(|at| {
        let after = inside.get(at + 1..).unwrap_or_default();
        named(after).is_some() || after.trim_ascii().is_empty()
    })
}

/// Takes `, excess: 0.500 by zone "name"` off the message of a rate limit.
fn take_limit<'a>(message: &'a [u8], event: &mut LogEvent<'a>) -> &'a [u8] {
    let limit = find_all(message, b", excess: ").next().and_then(|at| {
        let (excess, zone) = limit(message.get(at + 10..)?)?;
        Some((message.get(..at)?, excess, zone))
    });
    let Some((message, excess, zone)) = limit else {
        return message;
    };
    push(&mut event.attributes, "excess", excess);
    push(&mut event.attributes, "zone", zone);
    message
}

fn limit(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let (excess, rest) = text.split_at_checked(end)?;
    let zone = rest.strip_prefix(b",").unwrap_or(rest).strip_prefix(b" by zone \"")?.strip_suffix(b"\"")?;
    Some((excess, zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    fn check(rest: &str, message: &str, ip: &str, expected: &str) {
        let line = format!("2023/11/14 22:13:20 [crit] 31#32: {rest}");
        let event = parse(line.as_bytes(), &CX).unwrap();
        assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
        assert_eq!((event.level, event.severity, &*event.proc_id), (Level::Fatal, Some(2), "31"));
        assert!(matches!(event.message, Cow::Borrowed(_)));
        assert_eq!(String::from_utf8_lossy(&event.message), message, "{rest}");
        assert_eq!(event.ip.map(|ip| ip.to_string()).unwrap_or_default(), ip, "{rest}");
        let attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(attributes.join("; "), expected, "{rest}");
    }

    #[test]
    fn the_facts_behind_the_message_are_attributes() {
        check("signal process started", "signal process started", "", "tid=32");
        check("", "", "", "tid=32");
        check(
            "*7 no, not again, client: 192.0.2.7, server: a.example, request: \"GET /x HTTP/1.1\", host: \"a.example:8080\"",
            "no, not again",
            "192.0.2.7",
            "tid=32; cid=7; server=a.example; request=GET /x HTTP/1.1; host=a.example:8080",
        );
        check(
            "*7 SSL_do_handshake() failed, client: 2001:db8::7, server: 0.0.0.0:443",
            "SSL_do_handshake() failed",
            "2001:db8::7",
            "tid=32; cid=7; server=0.0.0.0:443",
        );
        check(
            "*7 upstream timed out while connecting, client: unix:, server: , upstream: \"fastcgi://unix:/run/x.sock:\"",
            "upstream timed out while connecting",
            "",
            "tid=32; cid=7; client=unix:; upstream=fastcgi://unix:/run/x.sock:",
        );
    }

    #[test]
    fn a_rate_limit_says_its_excess_and_zone() {
        for middle in [", excess: 0.500 by zone \"one\"", ", excess: 0.500, by zone \"one\""] {
            check(
                &format!("*1 limiting requests{middle}, client: 192.0.2.7"),
                "limiting requests",
                "192.0.2.7",
                "tid=32; cid=1; excess=0.500; zone=one",
            );
        }
        check("*1 text, excess: much", "text, excess: much", "", "tid=32; cid=1");
    }

    #[test]
    fn what_a_request_holds_is_not_taken_for_a_fact() {
        check(
            r#"*1 open() "/x, client: 198.51.100.1, y" failed (2: No such file), client: 192.0.2.7, request: "GET /a", b HTTP/1.1""#,
            r#"open() "/x, client: 198.51.100.1, y" failed (2: No such file)"#,
            "192.0.2.7",
            r#"tid=32; cid=1; request=GET /a", b HTTP/1.1"#,
        );
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023/11/14 22:13:20 [error] text",
            "2023/11/14 22:13:20 [loud] 1#1: text",
            "2023/11/14 22:13:20 error 1#1: text",
            "2023/13/14 22:13:20 [error] 1#1: text",
            "2023/11/14 22:13:20 [error",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, rest in "(, client: |, [a-z]{1,8}: |\"|excess: |1|, | |\\*){0,30}") {
            proptest::prop_assert!(parse(&line, &CX).is_none_or(|event| event.message.len() <= line.len()));
            let line = format!("2023/11/14 22:13:20 [info] 1#1: {rest}");
            proptest::prop_assert!(parse(line.as_bytes(), &CX).is_some());
        }
    }
}
