//! PHP's own error log, PHP-FPM, and Monolog's line format, which Laravel and Symfony use:
//!
//! ```text
//! [14-Nov-2023 22:13:20 UTC] PHP Warning:  Undefined variable $x in /srv/a.php on line 9
//! [14-Nov-2023 23:13:20 Europe/Berlin] PHP Fatal error:  Uncaught Exception in /srv/a.php:3
//! [14-Nov-2023 22:13:20] NOTICE: fpm is running, pid 7
//! [2023-11-14T22:13:20.123456+00:00] shop.ERROR: no {"order":7} []
//! ```
//!
//! Monolog's channel is the attribute `logger`; where PHP names the place, `file` and `line` are.

use super::scan::{attribute, blanks, capital_level, event, until};
use super::{Stamped, trimmed};
use crate::{Context, Level, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "php";

/// Reads a line of one of these logs; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    after_stamp(&Stamped::in_bracket(trimmed(line), cx)?)
}

/// Reads what follows a time in a bracket that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let Stamped { line, at, rest } = *stamped;
    // A zone that nobody knows.
    let (zone, rest) = until(rest, b"] ")?;
    if zone.len() > 32 {
        return None;
    }
    if let Some(rest) = rest.strip_prefix(b"PHP ") {
        return errors(at, rest);
    }
    if line.get(2) == Some(&b'-') {
        let (level, message) = capital_level(rest)?;
        return Some(event(FORMAT, Some(at), level, blanks(message.strip_prefix(b":")?)));
    }
    let (channel, rest) = until(rest, b".")?;
    let (level, message) = capital_level(rest)?;
    let is_channel =
        !channel.is_empty() && channel.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let mut event = event(FORMAT, Some(at), level, message.strip_prefix(b": ")?);
    attribute(&mut event, "logger", channel);
    is_channel.then_some(event)
}

/// `Warning:  text in /srv/a.php on line 9`.
fn errors<'a>(at: i64, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (kind, message) = until(text, b":")?;
    let level = match kind {
        "Fatal error" | "Parse error" | "Core error" | "Compile error" => Level::Fatal,
        "Recoverable fatal error" | "Catchable fatal error" => Level::Error,
        "Warning" | "Core warning" | "Compile warning" => Level::Warn,
        "Notice" | "Deprecated" | "Strict Standards" | "Strict standards" => Level::Info,
        // What Xdebug writes behind it, a frame in a line.
        _ if kind.trim_start().starts_with(|c: char| c.is_ascii_digit()) || kind == "Stack trace" => {
            return Some(event(FORMAT, Some(at), Level::Unknown, blanks(text)));
        }
        _ => return None,
    };
    let mut event = event(FORMAT, Some(at), level, blanks(message));
    let first = message.split(|b| *b == b'\n').next().unwrap_or_default();
    let place = std::str::from_utf8(first).ok().and_then(|first| first.rsplit_once(" on line "));
    if let Some((before, line)) = place
        && let Some((_, file)) = before.rsplit_once(" in ")
        && line.bytes().all(|b| b.is_ascii_digit())
    {
        attribute(&mut event, "file", file);
        attribute(&mut event, "line", line);
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_lines_are_read() {
        for (line, expected) in [
            (
                "[14-Nov-2023 22:13:20 UTC] PHP Warning:  Undefined $x in /srv/a.php on line 9",
                "php WARN 22:13:20 file=/srv/a.php line=9 | Undefined $x in /srv/a.php on line 9",
            ),
            ("[14-Nov-2023 23:13:20 Europe/Berlin] PHP Fatal error:  no", "php FATAL 22:13:20 | no"),
            ("[14-Nov-2023 22:13:20 UTC] PHP Stack trace:", "php UNKNOWN 22:13:20 | Stack trace:"),
            (
                "[14-Nov-2023 22:13:20 UTC] PHP   2. A->b($dsn = 'mysql:host=db') /srv/a.php:12",
                "php UNKNOWN 22:13:20 | 2. A->b($dsn = 'mysql:host=db') /srv/a.php:12",
            ),
            ("[14-Nov-2023 22:13:20] NOTICE: fpm is running, pid 7", "php INFO 22:13:20 | fpm is running, pid 7"),
            (
                "[2023-11-14 22:13:20] production.ERROR: no {\"order\":7} []",
                "php ERROR 22:13:20 logger=production | no {\"order\":7} []",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "[x] PHP Warning: x",
            "[2023-11-14 22:13:20] a b.ERROR: x",
            "[14-Nov-2023 22:13:20] text",
            "[14-Nov-2023 22:13:20 UTC] PHP is great: yes",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
