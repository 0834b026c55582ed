//! Squid's native access log, also with a date that people read (`%tl` in `logformat`), and its `store.log`.
//!
//! ```text
//! 1700000000.123     16 192.0.2.7 TCP_MISS/200 1293 GET http://a.example/ jane HIER_DIRECT/198.51.100.9 text/html
//! 14/Nov/2023:22:13:20 +0000     16 192.0.2.7 TCP_MISS/200 1293 GET http://a.example/ jane HIER_DIRECT/198.51.100.9 text/html
//! ```
//!
//! The client is `ip`, the user `user_name`. Attributes: `elapsed` (milliseconds), `action`, `status` (absent where it is
//! 000: nothing was answered), `bytes`, `method`, `path` (the URL that was asked for), `hierarchy`, `peer`, `content_type`.
//! The level follows from the status; the message is the whole line.

mod store;

use std::borrow::Cow;

use crate::cursor::{Cursor, push, text};
use crate::{Attributes, Context, LogEvent, address, http_status, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "squid";

/// Reads a line of Squid's access log or of its `store.log`; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (stamp, mut cursor) = if line.get(2) == Some(&b'/') { dated(line, cx)? } else { counted(line)? };
    let elapsed = cursor.word()?;
    if store::is_action(elapsed) {
        return store::read(line, stamp, elapsed, cursor);
    }
    let (client, result) = (cursor.word()?, cursor.word()?);
    let slash = result.iter().position(|b| *b == b'/')?;
    let (action, status) = (result.get(..slash)?, result.get(slash + 1..)?);
    if !http_status::is_status(status) || !action.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') {
        return None;
    }
    let mut event = LogEvent {
        timestamp: Some(stamp),
        level: http_status::level(status),
        message: Cow::Borrowed(line),
        format: FORMAT,
        attributes: Attributes::with_capacity(line.len() + 64, 10),
        ..LogEvent::default()
    };
    let attributes = &mut event.attributes;
    match std::str::from_utf8(client).ok().and_then(address::parse) {
        Some(found) => event.ip = Some(found.ip),
        None => push(attributes, "remote_host", client),
    }
    push(attributes, "elapsed", elapsed);
    push(attributes, "action", action);
    push(attributes, "status", if status == b"000" { b"" } else { status });
    for name in ["bytes", "method", "path"] {
        push(attributes, name, cursor.word()?);
    }
    let user = cursor.word()?;
    if user != b"-" {
        event.user_name = text(user);
    }
    let hierarchy = cursor.word()?;
    let slash = hierarchy.iter().position(|b| *b == b'/').unwrap_or(hierarchy.len());
    push(attributes, "hierarchy", hierarchy.get(..slash)?);
    push(attributes, "peer", hierarchy.get(slash + 1..).unwrap_or_default());
    push(attributes, "content_type", cursor.word().unwrap_or_default());
    push(attributes, "more", cursor.rest().trim_ascii());
    Some(event)
}

/// The seconds since 1970 that a line begins with, and what follows them.
fn counted(line: &[u8]) -> Option<(i64, Cursor<'_>)> {
    if !matches!(line.first()?, b'0'..=b'9' | b' ' | b'\t') {
        return None;
    }
    // Without milliseconds where the format has `%ts` alone.
    let is_whole = line.get(10) == Some(&b' ') && line.iter().take(10).all(u8::is_ascii_digit);
    if !is_whole {
        let dot = line.iter().take(12).position(|b| *b == b'.')?;
        if dot < 9 || line.get(dot + 4) != Some(&b' ') {
            return None;
        }
    }
    let mut cursor = Cursor::new(line);
    let stamp = timestamp::epoch(std::str::from_utf8(cursor.word()?).ok()?)?;
    Some((stamp, cursor))
}

/// The date in Apache's form that a line begins with (`%tl`), and what follows it. Its milliseconds (`%tl.%03tu`) stand behind the zone;
/// the seconds since 1970 (`%ts.%03tu`) may follow, and are the same instant more exactly.
fn dated<'a>(line: &'a [u8], cx: &Context) -> Option<(i64, Cursor<'a>)> {
    let (stamp, rest) = timestamp::common_log_prefix(line, cx.zone)?;
    let (millis, rest) = match rest {
        [b'.', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            let digits = [*a, *b, *c].map(|digit| i64::from(digit - b'0'));
            (digits.iter().fold(0, |all, digit| all * 10 + digit), rest)
        }
        _ => (0, rest),
    };
    let rest = rest.strip_prefix(b" ")?;
    let exact = counted(rest).filter(|(exact, _)| exact.abs_diff(stamp) < 1_000_000);
    Some(exact.unwrap_or((stamp + millis * 1_000, Cursor::new(rest))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn the_time_may_be_whole_seconds() {
        let line = b"1700000000      0 192.0.2.7 TCP_DENIED/403 39 CONNECT a.example:443 - HIER_NONE/- text/html";
        assert_eq!(parse(line, &CX).unwrap().timestamp, Some(1_700_000_000_000_000));
    }

    #[test]
    fn a_line_is_read() {
        let line = b"1700000000.123     16 192.0.2.7 TCP_MISS/504 1293 GET http://a.example/ jane HIER_DIRECT/198.51.100.9 text/html";
        let event = parse(line, &CX).unwrap();
        assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_123_000), Level::Error));
        assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "jane"));
        let attributes: Vec<_> = event.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            attributes.join("; "),
            "elapsed=16; action=TCP_MISS; status=504; bytes=1293; method=GET; path=http://a.example/; hierarchy=HIER_DIRECT; \
             peer=198.51.100.9; content_type=text/html"
        );
        let none = parse(b"1700000000.123 0 192.0.2.7 TCP_DENIED/000 0 NONE error:x - HIER_NONE/- -", &CX).unwrap();
        assert_eq!((none.attributes.get("status"), &*none.user_name, none.level), (None, "", Level::Info));
    }

    #[test]
    fn a_date_that_people_read_may_stand_before() {
        let rest = "16 192.0.2.7 TCP_DENIED/403 3902 CONNECT a.example:443 - HIER_NONE/- text/html";
        for (time, at) in [
            ("14/Nov/2023:22:13:20 +0000    ", 1_700_000_000_000_000),
            ("14/Nov/2023:23:13:20 +0100.123    ", 1_700_000_000_123_000),
            ("14/Nov/2023:22:13:20 +0000 1700000000.123    ", 1_700_000_000_123_000),
        ] {
            let line = format!("{time} {rest}");
            let event = crate::format::parse(crate::Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, event.timestamp, event.level), ("squid", Some(at), Level::Warn), "{line}");
            assert_eq!((event.ip, event.attributes.get("elapsed")), ("192.0.2.7".parse().ok(), Some("16")));
            assert_eq!(event.attributes.get("path"), Some("a.example:443"));
        }
        assert_eq!(parse(b"14/Nov/2023:22:13:20 +0000 text that is no record", &CX), None);
    }

    #[test]
    fn other_lines_are_refused() {
        for line in
            ["", "1700000000.123", "1700000000.123 1 x y", "12.5 16 192.0.2.7 TCP_MISS/200 1 GET / - N/- -", "a.b"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, rest in "( |-|/|200|TCP_MISS|1|GET){0,30}") {
            proptest::prop_assert!(parse(&line, &CX).is_none_or(|event| event.message.len() <= line.len()));
            let line = format!("1700000000.123 16 192.0.2.7 TCP_MISS/200{rest}");
            proptest::prop_assert!(parse(line.as_bytes(), &CX).is_none_or(|event| event.message.len() <= line.len()));
        }
    }
}
