//! Text of Node's loggers: winston's `simple` and usual `printf` formats, log4js, and pino-pretty.
//!
//! ```text
//! info: ready {"port":80}
//! 2023-11-14T22:13:20.123Z info: ready
//! 2023-11-14T22:13:20.123Z [shop] info: ready
//! [2023-11-14T22:13:20.123] [INFO] shop - ready
//! [22:13:20.123] INFO (shop/7 on web1): ready
//! ```
//!
//! A line without a time is read so only where the format is stated. winston's label and log4js' category are the attribute `logger`.

use super::scan::{attribute, blanks, bracketed, capital_level, enclosed, event, some_blanks, span, until};
use super::{Stamped, trimmed};
use crate::{Context, Level, LogEvent, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "node";

/// Reads a line of one of these loggers; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    match text.first()? {
        b'[' => bracketed_stamp(&Stamped::in_bracket(text, cx)?),
        b'a'..=b'z' => simple(None, text),
        _ => after_stamp(&Stamped::read(text, cx)?),
    }
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    // Only Go's logger writes a date with slashes, and its server's messages begin with "http: ".
    if stamped.line.get(4) == Some(&b'/') {
        return None;
    }
    let rest = blanks(stamped.rest.strip_prefix(b" ")?);
    let Some((label, after)) = bracketed(rest) else {
        return simple(Some(stamped.at), rest);
    };
    if let Some(level) = lower_level(label) {
        let message = after.strip_prefix(b":")?;
        return Some(event(FORMAT, Some(stamped.at), level, blanks(message)));
    }
    let mut event = simple(Some(stamped.at), some_blanks(after)?)?;
    attribute(&mut event, "logger", label);
    Some(event)
}

/// winston's `info: ready`.
fn simple<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (word, rest) = span(text, |b| b.is_ascii_lowercase())?;
    let level = lower_level(word)?;
    Some(event(FORMAT, at, level, rest.strip_prefix(b": ")?))
}

/// The levels of npm, which are winston's.
fn lower_level(word: &str) -> Option<Level> {
    match word {
        "error" | "warn" | "info" | "verbose" | "debug" | "silly" => level_names::from_word(word),
        "http" => Some(Level::Info),
        _ => None,
    }
}

/// log4js, and pino-pretty.
pub(super) fn bracketed_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let at = stamped.at;
    let rest = stamped.rest.strip_prefix(b"] ")?;
    if let Some((word, rest)) = bracketed(rest) {
        let (level, tail) = capital_level(word.as_bytes())?;
        let (category, message) = until(some_blanks(rest)?, b" - ").filter(|_| tail.is_empty())?;
        let mut event = event(FORMAT, Some(at), level, message);
        attribute(&mut event, "logger", category);
        return (!category.contains(' ')).then_some(event);
    }
    let (level, rest) = capital_level(rest)?;
    if let Some(message) = rest.strip_prefix(b": ") {
        return Some(event(FORMAT, Some(at), level, message));
    }
    let (process, rest) = enclosed(some_blanks(rest)?, b'(', b')')?;
    let mut event = event(FORMAT, Some(at), level, blanks(rest.strip_prefix(b":")?));
    let (process, host) = process.split_once(" on ").unwrap_or((process, ""));
    let (name, pid) = process.rsplit_once('/').unwrap_or(("", process));
    event.app = name.into();
    event.proc_id = pid.into();
    event.host = host.into();
    pid.bytes().all(|b| b.is_ascii_digit()).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_lines_are_read() {
        for (line, expected) in [
            ("info: ready {\"port\":80}", "node INFO | ready {\"port\":80}"),
            ("http: GET /", "node INFO | GET /"),
            ("2023-11-14T22:13:20.123Z error: no", "node ERROR 22:13:20.123 | no"),
            ("2023-11-14T22:13:20.123Z [shop] warn: low", "node WARN 22:13:20.123 logger=shop | low"),
            ("2023-11-14 22:13:20 [debug]: x", "node DEBUG 22:13:20 | x"),
            ("[2023-11-14T22:13:20.123] [INFO] shop - ready", "node INFO 22:13:20.123 logger=shop | ready"),
            ("[22:13:20.123] INFO (7): ready", "node INFO 22:13:20.123 pid=7 | ready"),
            ("[22:13:20.123] ERROR (shop/7 on web1): no", "node ERROR 22:13:20.123 host=web1 app=shop pid=7 | no"),
            ("[22:13:20.123] WARN: low", "node WARN 22:13:20.123 | low"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "note: x",
            "info:x",
            "2023/11/14 22:13:20 http: no",
            "2023-11-14T22:13:20Z text: x",
            "[22:13:20] INFO (x y): z",
            "[22:13:20] [INFO] x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
