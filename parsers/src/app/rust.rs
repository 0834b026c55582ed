//! Rust's `env_logger` and the text output of `tracing-subscriber`:
//!
//! ```text
//! [2023-11-14T22:13:20Z INFO  shop::cart] ready
//! 2023-11-14T22:13:20.123456Z  INFO shop::cart: ready count=3
//! 2023-11-14T22:13:20.123456Z  INFO request{id=7}: shop::cart: ready
//! ```
//!
//! The module is the attribute `target`, the spans around it `span`.

use super::scan::{attribute, blanks, capital_level, enclosed, event, some_blanks, span, until};
use super::{Stamped, trimmed};
use crate::{Context, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "rust";

/// Reads a line of one of these loggers; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    if text.first() == Some(&b'[') {
        env_logger(&Stamped::in_bracket(text, cx)?)
    } else {
        after_stamp(&Stamped::read(text, cx)?)
    }
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    // The level is padded to five places; others pad behind it.
    let rest = stamped.rest.strip_prefix(b" ")?;
    let padded = rest.strip_prefix(b" ").unwrap_or(rest);
    // tracing writes UTC; other loggers' lines are told apart before they are looked at.
    if stamped.line.get(10) != Some(&b'T') || !stamped.line.get(..40).unwrap_or(stamped.line).contains(&b'Z') {
        return None;
    }
    let (level, rest) = capital_level(padded)?;
    // A process id is Spring's.
    let rest = rest.strip_prefix(b" ").filter(|rest| !rest.first().is_some_and(u8::is_ascii_digit))?;
    let (spans, rest) = spans(rest);
    let (target, message) = until(rest, b": ").filter(|(target, _)| is_target(target))?;
    let mut event = event(FORMAT, Some(stamped.at), level, blanks(message));
    attribute(&mut event, "target", target);
    attribute(&mut event, "span", spans);
    Some(event)
}

/// Takes `request{id=7}:db{n=1}: `, the spans that are open.
fn spans(text: &[u8]) -> (&str, &[u8]) {
    let mut rest = text;
    while let Some((_, after_name)) = span(rest, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ')) {
        let Some((_, after)) = enclosed(after_name, b'{', b'}') else { break };
        let Some(after) = after.strip_prefix(b":") else { break };
        rest = after;
    }
    let spans = text.get(..text.len() - rest.len()).and_then(|spans| std::str::from_utf8(spans).ok());
    (spans.unwrap_or_default().trim_end_matches(':'), blanks(rest))
}

/// `[2023-11-14T22:13:20Z INFO  shop::cart] ready`; the module may be missing.
pub(super) fn env_logger<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(some_blanks(stamped.rest)?)?;
    let (target, message) = until(blanks(rest), b"]")?;
    let mut event = event(FORMAT, Some(stamped.at), level, message.strip_prefix(b" ").unwrap_or(message));
    attribute(&mut event, "target", target);
    (target.is_empty() || is_target(target)).then_some(event)
}

fn is_target(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-' | b'.' | b'<' | b'>');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn both_loggers_are_read() {
        for (line, expected) in [
            ("[2023-11-14T22:13:20Z INFO  shop::cart] ready", "rust INFO 22:13:20 target=shop::cart | ready"),
            ("[2023-11-14T22:13:20.123Z ERROR] no", "rust ERROR 22:13:20.123 | no"),
            (
                "2023-11-14T22:13:20.123456Z  WARN shop::cart: low: 3 count=3",
                "rust WARN 22:13:20.123456 target=shop::cart | low: 3 count=3",
            ),
            (
                "2023-11-14T22:13:20.123456Z ERROR request{id=7 path=\"/x\"}:db{n=1}: shop::cart: no",
                "rust ERROR 22:13:20.123456 target=shop::cart span=request{id=7 path=\"/x\"}:db{n=1} | no",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023-11-14T22:13:20Z ERROR something broke",
            "2023-11-14 22:13:20 INFO a: b",
            "[2023-11-14T22:13:20Z] INFO x",
            "[2023-11-14T22:13:20Z INFO a b] x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
