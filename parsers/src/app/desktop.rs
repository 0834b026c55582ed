//! Lines of a few programs of desktops and phones, each with a head of its own:
//!
//! ```text
//! 2023-11-14 22:13:20, Info                  CBS    text         Windows' component servicing
//! [11.14 22:13:20] chrome.exe - example.com:443 open             Proxifier
//! 20231114-22:13:20:123|Step_LSC|30002312|text                   a health app: time, tag, process, text
//! ```

use super::scan::{attribute, digits, event, level, some_blanks, span, until, word};
use super::{Stamped, stamp, trimmed};
use crate::timestamp::wall_clock;
use crate::{Context, Level, LogEvent};

/// Windows' component based servicing, in [`LogEvent::format`].
pub const CBS: &str = "cbs";
/// Proxifier, in [`LogEvent::format`].
pub const PROXIFIER: &str = "proxifier";
/// Parts divided by bars, in [`LogEvent::format`].
pub const BARS: &str = "bars";

/// Reads a line of one of these programs; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    if text.first() == Some(&b'[') {
        return proxifier(text, cx);
    }
    bars(text, cx).or_else(|| cbs(&Stamped::read(text, cx)?))
}

/// `, Info                  CBS    text`.
pub(super) fn cbs<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = level(stamped.rest.strip_prefix(b", ")?)?;
    let (component, rest) = span(some_blanks(rest)?, |b| b.is_ascii_uppercase())?;
    let mut event = event(CBS, Some(stamped.at), level, some_blanks(rest)?);
    attribute(&mut event, "component", component);
    Some(event)
}

/// `[11.14 22:13:20] chrome.exe - text`.
pub(super) fn proxifier<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (date, rest) = word(text.strip_prefix(b"[")?).filter(|(date, _)| date.len() == 5)?;
    let (time, rest) = until(rest.strip_prefix(b" ")?, b"] ")?;
    let (month, day) = date.split_once('.')?;
    let (at, tail) = stamp::read(format!("{month}-{day} {time}").as_bytes(), cx).map(|(at, tail)| (at, tail.len()))?;
    let (program, message) = until(rest, b" - ").filter(|(program, _)| tail == 0 && program.len() < 128)?;
    let says_error = memchr::memmem::find(message, b" error : ").is_some();
    let mut event = event(PROXIFIER, Some(at), if says_error { Level::Error } else { Level::Unknown }, message);
    event.app = program.trim_end_matches(" *64").into();
    Some(event)
}

/// `20231114-22:13:20:123|tag|process|text`; the parts of the time are not padded.
pub(super) fn bars<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (date, rest) = digits(text).filter(|(date, _)| date.len() == 8)?;
    let (time, rest) = until(rest.strip_prefix(b"-")?, b"|").filter(|(time, _)| time.len() <= 12)?;
    let mut parts = time.split(':').map(|part| part.parse::<i64>().ok());
    let mut part = || parts.next().flatten();
    let (hour, minute, second, millis) = (part()?, part()?, part()?, part()?);
    let date = date.parse::<i64>().ok()?;
    let wall = wall_clock(date / 10_000, date / 100 % 100, date % 100, hour, minute, second)?;
    let at = cx.zone.to_utc(wall + (0..1000).contains(&millis).then_some(millis)? * 1000);
    let (tag, rest) = until(rest, b"|")?;
    let (process, message) = until(rest, b"|")?;
    let mut event = event(BARS, Some(at), Level::Unknown, message);
    event.app = tag.into();
    event.proc_id = process.into();
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn each_head_is_read() {
        for (line, expected) in [
            ("2023-11-14 22:13:20, Info                  CBS    SQM: x", "cbs INFO 22:13:20 component=CBS | SQM: x"),
            (
                "[11.14 22:13:20] chrome.exe - example.com:443 close, 0 bytes",
                "proxifier UNKNOWN 22:13:20 app=chrome.exe | example.com:443 close, 0 bytes",
            ),
            (
                "[11.14 22:13:20] chrome.exe *64 - example.com:443 error : Could not connect",
                "proxifier ERROR 22:13:20 app=chrome.exe | example.com:443 error : Could not connect",
            ),
            ("20231114-22:13:20:7|Step_LSC|30|a|b", "bars UNKNOWN 22:13:20.007 app=Step_LSC pid=30 | a|b"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "[",
            "[11.14 x] a - b",
            "2023-11-14 22:13:20, and then",
            "20231114-22:13|a|b|c",
            "20231399-22:13:20:7|a|b|c",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
