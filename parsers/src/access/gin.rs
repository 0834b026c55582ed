//! Gin's and Fiber's loggers, the web frameworks of Go:
//!
//! ```text
//! [GIN] 2023/11/14 - 22:13:20 | 200 |     1.2ms |       192.0.2.7 | GET      "/x"
//! [Fiber] 22:13:20 | 200 |       1.2ms | 192.0.2.7 | GET     | /x
//! ```
//!
//! Colours, which they write to a terminal, are passed over. Attributes: `status`, `latency`, `method`, `path`.

use std::borrow::Cow;

use crate::cursor::{push, push_unescaped};
use crate::{Attributes, Context, LogEvent, address, app, http_status, timestamp};

/// Whether `line` may be one of them.
pub(crate) fn begins(line: &[u8]) -> bool {
    line.starts_with(b"[GIN] ") || line.starts_with(b"[Fiber] ")
}

/// Reads a line of one of them; what follows the first line is an error's text.
pub(super) fn read<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let first = line.split(|b| *b == b'\n').next()?;
    let (_, rest) = first.split_at_checked(memchr::memchr(b' ', first)?)?;
    // A path may hold bars of its own.
    let mut parts = rest.splitn(5, |b| *b == b'|').map(uncoloured);
    let at = instant(parts.next()?, cx)?;
    let (status, latency, client) = (parts.next()?, parts.next()?, parts.next()?);
    // Gin writes the path in quotes behind the method, Fiber behind another bar.
    let request = parts.next()?;
    let end = request.iter().position(|b| !b.is_ascii_uppercase()).unwrap_or(request.len());
    let (method, path) = request.split_at_checked(end).filter(|_| http_status::is_status(status))?;
    let path = uncoloured(path);
    let path = match path {
        [b'"', inside @ ..] => inside.strip_suffix(b"\"").unwrap_or(inside),
        // Fiber's error stands behind a bar.
        [b'|', path @ ..] => uncoloured(path.split(|b| *b == b'|').next()?),
        _ => return None,
    };
    let mut event = LogEvent {
        timestamp: Some(at),
        level: http_status::level(status),
        message: Cow::Borrowed(line),
        format: super::FORMAT,
        attributes: Attributes::with_capacity(line.len() + 48, 6),
        ..LogEvent::default()
    };
    let attributes = &mut event.attributes;
    match std::str::from_utf8(client).ok().and_then(address::parse) {
        Some(found) => event.ip = Some(found.ip),
        None => push(attributes, "remote_host", client),
    }
    push(attributes, "status", status);
    push(attributes, "latency", latency);
    push(attributes, "method", method);
    push_unescaped(attributes, "path", path);
    Some(event)
}

/// `2023/11/14 - 22:13:20`, or the time of day alone.
fn instant(text: &[u8], cx: &Context) -> Option<i64> {
    let Some((day, b" - ", clock)) = text.split_at_checked(10).and_then(|(day, rest)| {
        let (dash, clock) = rest.split_at_checked(3)?;
        Some((day, dash, clock))
    }) else {
        return app::whole_time(text, cx);
    };
    timestamp::parse(std::str::from_utf8(&[day, b" ", clock].concat()).ok()?, cx.zone)
}

/// `text` without blanks and the escapes for colours at its ends.
fn uncoloured(text: &[u8]) -> &[u8] {
    let mut text = text.trim_ascii();
    while let Some(end) = text.strip_prefix(b"\x1b[").and_then(|_| memchr::memchr(b'm', text)) {
        text = text.get(end + 1..).unwrap_or_default().trim_ascii_start();
    }
    while let Some(start) = text.strip_suffix(b"m").and_then(|_| memchr::memrchr(0x1b, text)) {
        text = text.get(..start).unwrap_or_default().trim_ascii_end();
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::{Context, Level, Zone, access};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn the_request_is_read_with_colours_and_without() {
        for line in [
            "[GIN] 2023/11/14 - 22:13:20 | 404 |     1.2ms |       192.0.2.7 | GET      \"/x|y\"",
            "[GIN] 2023/11/14 - 22:13:20 |\x1b[90;43m 404 \x1b[0m|     1.2ms |       192.0.2.7 |\x1b[97;44m GET     \x1b[0m \"/x|y\"\nError #01: no",
            "[Fiber] 22:13:20 | 404 |   1.2ms | 192.0.2.7 | GET     | /x",
            "[Fiber] 22:13:20 | \x1b[33m404\x1b[0m |   1.2ms | 192.0.2.7 | \x1b[36mGET\x1b[0m     | /x | no",
        ] {
            let event = access::parse(line.as_bytes(), &CX).unwrap_or_else(|| panic!("{line} is not read"));
            assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn), "{line}");
            assert_eq!((event.ip, event.message.len()), ("192.0.2.7".parse().ok(), line.len()), "{line}");
            let get = |name| event.attributes.get(name).unwrap_or_default();
            assert_eq!((get("status"), get("latency"), get("method")), ("404", "1.2ms", "GET"), "{line}");
            assert!(get("path").starts_with("/x"), "{line}");
        }
    }

    #[test]
    fn what_they_say_else_is_none() {
        for line in
            ["[GIN] ", "[GIN] 2023/11/14 - 22:13:20 | x", "[Fiber] a | 404 | 1 | 192.0.2.7 | GET | /", "[GIN] Recovery"]
        {
            assert_eq!(access::parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(rest in "(\\||2023/11/14 - 22:13:20|404|192\\.0\\.2\\.7|GET|\"| |\x1b\\[|m|é|\n){0,30}") {
            drop(access::parse(format!("[GIN] {rest}").as_bytes(), &CX));
        }
    }
}
