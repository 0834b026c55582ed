//! The lines that Kubernetes' container runtimes keep of a container's output (CRI log format):
//!
//! ```text
//! 2023-11-14T22:13:20.123456789Z stdout F the line that the program wrote
//! ```
//!
//! The third part is `F` for a full line and `P` for a part of one, which the next line continues.

use std::borrow::Cow;

use crate::{Context, LogEvent, contained, json, plain, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "cri";

/// Reads a line of a container runtime; `None` where it is none.
///
/// The attributes are `stream` (`stdout` or `stderr`) and `partial` (`true` or `false`). The program's own line is
/// the message; a JSON object there is read as [`json::complete_from_message`] says, a line of a web server or of a program's own
/// logger gives its fields, and a level in plain text is read as [`plain::parse`] does.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (stamp, rest) = timestamp::iso_prefix(line, cx.zone)?;
    after_stamp(line, stamp, rest, cx)
}

/// As [`parse`], for a line whose stamp has been read; `after` follows it.
pub(crate) fn after_stamp<'a>(line: &'a [u8], stamp: i64, after: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (stream, rest) = match after {
        [b' ', b's', b't', b'd', b'o', b'u', b't', b' ', rest @ ..] => ("stdout", rest),
        [b' ', b's', b't', b'd', b'e', b'r', b'r', b' ', rest @ ..] => ("stderr", rest),
        _ => return None,
    };
    // The runtimes' stamps have no blank inside.
    if memchr::memchr(b' ', line)? < line.len() - after.len() {
        return None;
    }
    // More tags than F and P may follow, divided by colons; the runtime interface reserves them.
    let tags = rest.iter().position(|b| *b == b' ').and_then(|end| rest.get(..end)).unwrap_or(rest);
    let partial = match tags.first()? {
        b'F' => "false",
        b'P' => "true",
        _ => return None,
    };
    if tags.len() > 1 && tags.get(1) != Some(&b':') {
        return None;
    }
    let message = rest.get(tags.len() + 1..).unwrap_or_default();
    let mut event = LogEvent {
        timestamp: Some(stamp),
        level: plain::stated_level(message),
        message: Cow::Borrowed(message),
        format: FORMAT,
        ..LogEvent::default()
    };
    event.attributes.push("stream", stream);
    event.attributes.push("partial", partial);
    json::complete_from_message(&mut event, cx);
    contained::complete_from_output(&mut event, cx);
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn header_and_message_are_told_apart() {
        let event = parse(b"2023-11-14T22:13:20.5+00:00 stderr P WARN half a li", &CX).unwrap();
        assert_eq!(event.timestamp, Some(1_700_000_000_500_000));
        assert_eq!(&*event.message, b"WARN half a li");
        assert_eq!(event.level, Level::Warn);
        assert_eq!(event.attributes.iter().collect::<Vec<_>>(), [("stream", "stderr"), ("partial", "true")]);
        assert_eq!(&*parse(b"2023-11-14T22:13:20Z stdout F", &CX).unwrap().message, b"");
        assert_eq!(&*parse(b"2023-11-14T22:13:20Z stdout F  x", &CX).unwrap().message, b" x");
    }

    #[test]
    fn json_in_the_message_gives_its_fields() {
        let line = br#"2023-11-14T22:13:20Z stdout F {"level":"error","msg":"no","user":"bob","ip":"192.0.2.1"}"#;
        let event = parse(line, &CX).unwrap();
        assert_eq!(event.level, Level::Error);
        assert_eq!(event.user_name, "bob");
        assert!(event.message.starts_with(b"{"));
        assert_eq!(event.attributes.get("msg"), Some("no"));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20Z stdout",
            "2023-11-14T22:13:20Z stdout Full text",
            "x stdout F y",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
