//! Lines with a terminal's colours (`ESC [ 3 2 m`), as loggers write them into files and containers' output alike: what is left without
//! the colours is read. `tracing-subscriber` writes colours unless it is told not to, winston and zap where they are asked for them.

use super::read;
use crate::{Context, LogEvent};

/// A colour that begins behind so many bytes does not hide what the line is.
const HEAD_BYTES_MAX: usize = 48;

/// Whether a colour stands at the front of `line`, or behind nothing but a time or a bracket.
// Nearly all lines are told by two bytes.
#[inline]
pub(crate) fn is(line: &[u8]) -> bool {
    let may_be = matches!(
        line,
        [0x1b, ..]
            | [b'[', 0x1b, ..]
            | [b'0'..=b'9', _, _, _, b'-' | b'/', ..]
            | [b'[', b'0'..=b'9', _, _, _, b'-' | b'/', ..]
            | [b'0'..=b'9', _, b':', _, _, b':', ..]
    );
    may_be && {
        let head = line.get(..HEAD_BYTES_MAX).unwrap_or(line);
        memchr::memchr(0x1b, head).is_some_and(|at| begins_behind(line, at))
    }
}

#[cold]
fn begins_behind(line: &[u8], at: usize) -> bool {
    let is_of_time = |b: &u8| b.is_ascii_digit() || b"-:.,+/TZ \t[".contains(b);
    line.split_at_checked(at).is_some_and(|(head, rest)| head.iter().all(is_of_time) && code(rest).is_some())
}

/// Reads such a line without its colours, which its message lacks then.
#[cold]
pub(super) fn parse(line: &[u8], cx: &Context) -> Option<LogEvent<'static>> {
    without_colours(line).map(|plain| read(&plain, cx).into_owned())
}

/// Such a line without its colours; `None` where what is left looks like one again.
#[cold]
pub(crate) fn without_colours(line: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
        plain.extend_from_slice(before);
        let skipped = code(escape).unwrap_or_else(|| {
            plain.push(0x1b);
            1
        });
        rest = escape.get(skipped..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    (!is(&plain)).then_some(plain)
}

/// The length of the colour that `text` begins with.
fn code(text: &[u8]) -> Option<usize> {
    let codes = text.strip_prefix(b"\x1b[")?;
    let length = codes.iter().take(16).take_while(|b| b.is_ascii_digit() || **b == b';').count();
    (codes.get(length) == Some(&b'm')).then_some(length + 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse;
    use crate::{Format, Level, StreamFormat, Zone};

    const CX: Context = Context { received_at: 1_800_000_000_000_000, zone: Zone::UTC };
    const AT: Option<i64> = Some(1_700_000_000_000_000);

    #[test]
    fn a_line_in_colours_is_read_as_without_them() {
        for (line, format, level, at, message) in [
            (
                "\x1b[2m2023-11-14T22:13:20.000000Z\x1b[0m \x1b[32m INFO\x1b[0m \x1b[2mshop\x1b[0m\x1b[2m:\x1b[0m ready \x1b[3mn\x1b[0m\x1b[2m=\x1b[0m7",
                "rust",
                Level::Info,
                AT,
                "ready n=7",
            ),
            (
                "\x1b[90m[\x1b[0m2023-11-14T22:13:20Z \x1b[1m\x1b[31mERROR\x1b[0m shop::cart\x1b[90m]\x1b[0m no",
                "rust",
                Level::Error,
                AT,
                "no",
            ),
            (
                "2023-11-14 22:13:20.000 \x1b[33m WARN\x1b[0;39m \x1b[35m7\x1b[0;39m \x1b[2m---\x1b[0;39m \x1b[2m[main]\x1b[0;39m \x1b[36mc.e.Cart\x1b[0;39m \x1b[2m:\x1b[0;39m no",
                "java",
                Level::Warn,
                AT,
                "no",
            ),
            ("\x1b[33mwarn\x1b[39m: no stock", "plain", Level::Warn, None, "warn: no stock"),
            ("\x1b[31mERROR\x1b[0m no stock", "plain", Level::Error, None, "ERROR no stock"),
            ("\x1b[90m2023-11-14T22:13:20Z\x1b[0m text", "plain", Level::Unknown, AT, "2023-11-14T22:13:20Z text"),
        ] {
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!((event.format, event.level, event.timestamp), (format, level, at), "{line}");
            assert_eq!(&*event.message, message.as_bytes());
            let mut stream = StreamFormat::default();
            for _ in 0..40 {
                assert_eq!(stream.read(line.as_bytes(), &CX), event, "{line}");
            }
        }
    }

    #[test]
    fn what_a_container_wrote_in_colours_gives_its_fields() {
        let message = "\x1b[34m2023-11-14 22:13:19,000\x1b[0m ERROR [main] com.example.App - no";
        let line = format!("2023-11-14T22:13:20Z stderr F {message}");
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.level, event.timestamp, &*event.message), (Level::Error, AT, message.as_bytes()));
        assert_eq!(event.attributes.get("logger"), Some("com.example.App"));
        let line = r#"{"log":"\u001b[33mwarn\u001b[39m: no stock\n","stream":"stdout","time":"2023-11-14T22:13:20Z"}"#;
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).level, Level::Warn);
        let line = r#"{"level":"\u001b[31merror\u001b[39m","message":"no"}"#;
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.level, event.attributes.get("level")), (Level::Error, None));
        let line = "2023-11-14T22:13:20Z stdout F \x1b[33mwarn\x1b[39m: no stock";
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).level, Level::Warn);
    }

    #[test]
    fn other_escapes_are_no_colours() {
        for line in ["\x1b", "\x1b[", "\x1b[2J2023-11-14T22:13:20Z  INFO a: b", "a", "\x1b\x1b[0m[0m", "no \x1b[0m"] {
            assert!(!is(line.as_bytes()) || without_colours(line.as_bytes()).is_none(), "{line:?}");
            assert_eq!(&*parse(Format::Auto, line.as_bytes(), &CX).message, line.as_bytes());
        }
        assert_eq!(without_colours(b"a\x1b[0mb\x1b[2Jc\x1b").as_deref(), Some(&b"ab\x1b[2Jc\x1b"[..]));
    }
}
