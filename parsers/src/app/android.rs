//! Android's `logcat`, in the formats `threadtime` (with or without the year), `time` and `brief`:
//!
//! ```text
//! 11-14 22:13:20.123  1702  2395 D WindowManager: text
//! 11-14 22:13:20.123 D/WindowManager( 1702): text
//! D/WindowManager( 1702): text
//! ```
//!
//! The tag is the app; the thread's number is the attribute `tid`.

use super::scan::{attribute, blanks, digits, event, some_blanks, until};
use super::{Stamped, trimmed};
use crate::{Context, Level, LogEvent, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "android";

/// Reads a line of logcat; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    if text.get(1) == Some(&b'/') { brief(None, text) } else { after_stamp(&Stamped::read(text, cx)?) }
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let at = Some(stamped.at);
    let rest = some_blanks(stamped.rest)?;
    if rest.get(1) == Some(&b'/') {
        return brief(at, rest);
    }
    let (pid, rest) = digits(rest)?;
    let (tid, rest) = digits(some_blanks(rest)?)?;
    let [letter, b' ', rest @ ..] = some_blanks(rest)? else { return None };
    let (tag, message) = until(rest, b": ").or_else(|| until(rest, b":").filter(|(_, rest)| rest.is_empty()))?;
    let mut event = event(FORMAT, at, level(*letter)?, message);
    event.app = tag.trim_end().into();
    event.proc_id = pid.into();
    attribute(&mut event, "tid", tid);
    Some(event)
}

/// `D/WindowManager( 1702): text`.
pub(super) fn brief<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let [letter, b'/', rest @ ..] = text else { return None };
    let (tag, rest) = until(rest, b"(")?;
    let (pid, rest) = digits(blanks(rest))?;
    let message = rest.strip_prefix(b"):")?;
    let mut event = event(FORMAT, at, level(*letter)?, message.strip_prefix(b" ").unwrap_or(message));
    event.app = tag.trim_end().into();
    event.proc_id = pid.into();
    Some(event)
}

fn level(letter: u8) -> Option<Level> {
    let is_priority = matches!(letter, b'V' | b'D' | b'I' | b'W' | b'E' | b'F' | b'A');
    is_priority.then(|| std::str::from_utf8(&[letter]).ok().and_then(level_names::from_letter))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn every_format_is_read() {
        for (line, expected) in [
            (
                "11-14 22:13:20.123  1702  2395 D WindowManager: a: b",
                "android DEBUG 22:13:20.123 app=WindowManager pid=1702 tid=2395 | a: b",
            ),
            (
                "2023-11-14 22:13:20.123  1702  2395 E Tag     : no",
                "android ERROR 22:13:20.123 app=Tag pid=1702 tid=2395 | no",
            ),
            ("11-14 22:13:20.123 W/Tag( 1702): low", "android WARN 22:13:20.123 app=Tag pid=1702 | low"),
            ("I/Tag     ( 1702): up", "android INFO app=Tag pid=1702 | up"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "I/O error", "X/Tag( 1): x", "11-14 22:13:20.123 text", "2023-11-14 22:13:20 1 2 Q x: y"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
