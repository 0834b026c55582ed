//! Lines of spdlog, the logger of many C++ programs, and of Envoy, which uses it:
//!
//! ```text
//! [2023-11-14 22:13:20.123] [shop] [info] ready
//! [2023-11-14 22:13:20.123] [shop] [info] [cart.cpp:99] ready
//! [2023-11-14 22:13:20.123][7][info][main] [source/server/server.cc:99] ready
//! ```
//!
//! Attributes: `logger`, `thread`, `file` and `line`. With a level alone behind the time a line stays plain text.

use super::Stamped;
use super::scan::{attribute, blanks, bracketed, event};
use crate::{LogEvent, level_names};

/// The name of this format in [`LogEvent::format`].
const FORMAT: &str = "spdlog";

/// Reads what follows a time in a bracket that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b"]").filter(|_| stamped.line.get(10) == Some(&b' '))?;
    let (first, rest) = bracketed(rest.strip_prefix(b" ").unwrap_or(rest))?;
    let (second, rest) = bracketed(rest.strip_prefix(b" ").unwrap_or(rest))?;
    let level = level_names::from_word(second).filter(|_| second.bytes().all(|b| b.is_ascii_lowercase()))?;
    let is_thread = first.bytes().all(|b| b.is_ascii_digit());
    let (logger, thread, rest) = if is_thread {
        let (logger, rest) = bracketed(rest)?;
        (logger, first, rest)
    } else {
        (first, "", rest)
    };
    let text = rest.strip_prefix(b" ")?;
    // Envoy has a logger `config`, which is a level of Java's.
    let is_level = !is_thread && level_names::from_word(logger).is_some();
    let is_logger = !logger.is_empty() && !logger.contains([' ', '=']) && !is_level;
    let ((file, line), message) = place(text).unwrap_or((("", ""), text));
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    for (name, value) in [("logger", logger), ("thread", thread), ("file", file), ("line", line)] {
        attribute(&mut event, name, value);
    }
    is_logger.then_some(event)
}

/// `[source/server/server.cc:99] ready`.
fn place(text: &[u8]) -> Option<((&str, &str), &[u8])> {
    let (inner, rest) = bracketed(text)?;
    let (file, line) = inner.rsplit_once(':')?;
    let is_place = file.contains('.') && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    is_place.then_some(((file, line), blanks(rest)))
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn logger_level_and_place_are_read() {
        for (line, expected) in [
            ("[2023-11-14 22:13:20.123] [shop] [warning] low", "spdlog WARN 22:13:20.123 logger=shop | low"),
            (
                "[2023-11-14 22:13:20.123] [shop] [info] [cart.cpp:99] x",
                "spdlog INFO 22:13:20.123 logger=shop file=cart.cpp line=99 | x",
            ),
            (
                "[2023-11-14 22:13:20.123][7][critical][config] [source/server.cc:99] x",
                "spdlog FATAL 22:13:20.123 logger=config thread=7 file=source/server.cc line=99 | x",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_brackets_are_left_alone() {
        for line in ["[2023-11-14 22:13:20.123] [info] ready", "[2023-11-14 22:13:20.123] [a b] [info] x"] {
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("spdlog"), "{line}");
        }
    }
}
