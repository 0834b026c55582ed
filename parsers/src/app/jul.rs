//! `java.util.logging`'s two lines, as a JVM and Tomcat up to version 7 write them:
//!
//! ```text
//! Nov 14, 2023 10:13:20 PM com.example.App start
//! INFO: ready
//! ```

use super::scan::{attribute, blanks, capital_level, event, some_blanks, word};
use super::stamp;
use crate::{Context, Level, LogEvent};

/// Reads both lines, or the first alone: then the message is the class and function that it states.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = stamp::read(text, cx)?;
    let place = some_blanks(rest)?;
    let (class, rest) = word(place)?;
    let (function, rest) = match some_blanks(rest).and_then(word) {
        Some((function, rest)) => (function, rest),
        None => ("", rest),
    };
    let is_class = class.contains('.') && class.bytes().all(|b| b.is_ascii_alphanumeric() || b"._$".contains(&b));
    let second = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n");
    if !is_class || (second.is_none() && !rest.is_empty()) {
        return None;
    }
    let (level, message) = match second {
        None => (Level::Unknown, place),
        Some(second) => {
            let (level, message) = capital_level(second)?;
            (level, blanks(message.strip_prefix(b":")?))
        }
    };
    let mut event = event(super::java::FORMAT, Some(at), level, message);
    attribute(&mut event, "logger", class);
    attribute(&mut event, "function", function);
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn two_lines_are_one_record() {
        for (line, expected) in [
            (
                "Nov 14, 2023 10:13:20 PM com.example.App start\nSEVERE: no port\njava.lang.Error",
                "java ERROR 22:13:20 logger=com.example.App function=start | no port\njava.lang.Error",
            ),
            (
                "Nov 14, 2023 10:13:20 PM com.example.App start",
                "java UNKNOWN 22:13:20 logger=com.example.App function=start | com.example.App start",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "Nov 14, 2023 10:13:20 PM we met in the park", "Nov 14, 2023 10:13:20 PM a.b c\nmore"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
