//! Rust's `env_logger` and the text output of `tracing-subscriber`:
//!
//! ```text
//! [2023-11-14T22:13:20Z INFO  shop::cart] ready
//! 2023-11-14T22:13:20.123456Z  INFO shop::cart: ready count=3
//! 2023-11-14T22:13:20.123456Z  INFO request{id=7}: shop::cart: ready
//! [2023-11-14T22:13:20Z INFO  src/cart.rs:7 shop::cart] ready
//! 2023-11-14T22:13:20.123456Z  INFO main ThreadId(01) shop::cart: src/cart.rs:7: ready
//! 2023-11-14T22:13:20.123456789+00:00 INFO shop::cart - ready                      log4rs
//! [2023-11-14 22:13:20.123456 +00:00] INFO [src/cart.rs:7] ready                   flexi_logger, in three forms
//! [2023-11-14][22:13:20][shop::cart][INFO] ready                                   fern
//! ```
//!
//! The module is the attribute `target`, the spans around it `span`; the place in the source is `file` and `line`, and `thread` what its name says.

use super::scan::{attribute, blanks, bracketed, capital_level, digits, enclosed, event, some_blanks, span, until};
use super::{Stamped, stamp, trimmed};
use crate::{Context, Level, LogEvent};

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
    if stamped.line.get(10) != Some(&b'T') {
        return None;
    }
    // tracing writes UTC; other loggers' lines are told apart before they are looked at.
    if !stamped.line.get(..40).unwrap_or(stamped.line).contains(&b'Z') {
        return log4rs(stamped, padded);
    }
    let (level, rest) = capital_level(padded)?;
    // A process id is Spring's.
    let rest = rest.strip_prefix(b" ").filter(|rest| !rest.first().is_some_and(u8::is_ascii_digit))?;
    let (thread, rest) = thread(rest);
    let (mut spans, rest) = spans(rest);
    let (mut target, mut message) = until(rest, b": ").filter(|(target, _)| is_target(target))?;
    // The compact form joins the names of spans by single colons.
    if spans.is_empty()
        && is_chain(target)
        && let Some((own, behind)) = until(message, b": ").filter(|(own, _)| is_target(own))
    {
        (spans, target, message) = (target, own, behind);
    }
    let placed = place(message, b": ");
    let mut event = event(FORMAT, Some(stamped.at), level, blanks(placed.map_or(message, |(_, _, behind)| behind)));
    attribute(&mut event, "target", target);
    attribute(&mut event, "span", spans);
    attribute(&mut event, "thread", thread);
    add_place(&mut event, placed);
    Some(event)
}

/// log4rs' `2023-11-14T22:13:20.123456789+00:00 INFO shop::cart - ready`; a name with dots is another logger's.
fn log4rs<'a>(stamped: &Stamped<'a>, rest: &'a [u8]) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(rest)?;
    let (target, message) = until(rest.strip_prefix(b" ")?, b" - ")?;
    // Nanoseconds are its own way as well.
    let is_nanos = stamped.line.get(19) == Some(&b'.')
        && stamped.line.get(20..29).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    let is_own = is_target(target) && !target.contains('.') && (is_nanos || target.contains("::"));
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "target", target);
    is_own.then_some(event)
}

/// flexi_logger's `[2023-11-14 22:13:20.123456 +00:00] INFO [src/cart.rs:7] ready`, `… INFO [shop::cart] src/cart.rs:7: ready` and
/// `… T[main] INFO [src/cart.rs:7] ready`.
pub(super) fn flexi_logger<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b"] ")?;
    let (thread, rest) = match rest.strip_prefix(b"T").and_then(bracketed) {
        Some((thread, rest)) => (thread, rest.strip_prefix(b" ")?),
        None => ("", rest),
    };
    let (level, rest) = capital_level(rest)?;
    let (inner, rest) = bracketed(rest.strip_prefix(b" ")?)?;
    let rest = rest.strip_prefix(b" ")?;
    let (target, (file, line, message)) = match source_place(inner) {
        Some((file, line)) => ("", (file, line, rest)),
        None => (inner, place(rest, b": ")?),
    };
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "target", target);
    attribute(&mut event, "thread", thread);
    add_place(&mut event, Some((file, line, message)));
    (target.is_empty() || is_target(target)).then_some(event)
}

/// fern's `[2023-11-14][22:13:20][shop::cart][INFO] ready`, as its examples have it, or with the level first.
pub(super) fn fern<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = stamp::shaped(text, b"[Y-m-d][H:M:S]", cx)?;
    let (first, rest) = bracketed(rest)?;
    let (second, message) = bracketed(rest)?;
    let (target, level) = match lone_level(first) {
        Some(level) => (second, level),
        None => (first, lone_level(second)?),
    };
    let mut event = event(FORMAT, Some(at), level, message.strip_prefix(b" ").unwrap_or(message));
    attribute(&mut event, "target", target);
    is_target(target).then_some(event)
}

/// The level that `word`, in capitals, is the name of.
fn lone_level(word: &str) -> Option<Level> {
    let (level, rest) = capital_level(word.as_bytes())?;
    rest.is_empty().then_some(level)
}

/// Takes `main ThreadId(01) `, a thread by its name and its number, of which either may be missing; the name is kept, or else the number.
fn thread(text: &[u8]) -> (&str, &[u8]) {
    let found = until(text, b"ThreadId(").and_then(|(name, rest)| {
        let (number, rest) = digits(rest)?;
        let is_name = name.is_empty() || name.ends_with(' ') && !name.contains(['{', ':']);
        Some((if name.is_empty() { number } else { name.trim_end() }, rest.strip_prefix(b") ")?)).filter(|_| is_name)
    });
    found.unwrap_or(("", text))
}

/// Takes `src/cart.rs:7` and `end` behind it: file, line, and what follows.
fn place<'a>(text: &'a [u8], end: &[u8]) -> Option<(&'a str, &'a str, &'a [u8])> {
    let (whole, rest) = until(text, end)?;
    let (file, line) = source_place(whole)?;
    Some((file, line, rest))
}

/// The file and the line of `src/cart.rs:7`.
fn source_place(text: &str) -> Option<(&str, &str)> {
    let (file, line) = text.rsplit_once(':')?;
    let is_line = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
    (is_line && file.ends_with(".rs") && !file.contains(' ')).then_some((file, line))
}

fn add_place(event: &mut LogEvent<'_>, placed: Option<(&str, &str, &[u8])>) {
    let Some((file, line, _)) = placed else { return };
    attribute(event, "file", file);
    attribute(event, "line", line);
}

/// Takes `request{id=7}:login:db{n=1}: `, the spans that are open; of those behind the first some may have no fields.
fn spans(text: &[u8]) -> (&str, &[u8]) {
    let mut rest = text;
    while let Some((_, after_name)) = span(rest, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ')) {
        // A blank follows the last of them.
        let is_behind = rest.len() < text.len() && !rest.starts_with(b" ");
        let after = match enclosed(after_name, b'{', b'}') {
            Some((_, after)) => after,
            None if is_behind => after_name,
            None => break,
        };
        let Some(after) = after.strip_prefix(b":") else { break };
        rest = after;
    }
    let spans = text.get(..text.len() - rest.len()).and_then(|spans| std::str::from_utf8(spans).ok());
    (spans.unwrap_or_default().trim_end_matches(':'), blanks(rest))
}

/// Whether `text` has a colon that stands alone.
fn is_chain(text: &str) -> bool {
    text.split("::").any(|part| part.contains(':'))
}

/// `[2023-11-14T22:13:20Z INFO  shop::cart] ready`; the module may be missing.
pub(super) fn env_logger<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(some_blanks(stamped.rest)?)?;
    let (inner, message) = until(blanks(rest), b"]")?;
    // The place in the source may stand before the module.
    let (first, behind) = inner.split_once(' ').unwrap_or((inner, ""));
    let placed = source_place(first);
    let target = if placed.is_some() { behind } else { inner };
    let mut event = event(FORMAT, Some(stamped.at), level, message.strip_prefix(b" ").unwrap_or(message));
    attribute(&mut event, "target", target);
    add_place(&mut event, placed.map(|(file, line)| (file, line, message)));
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
            (
                "2023-11-14T22:13:20.123456Z  INFO request{id=7}:login:db{n=1}:row: shop::cart: ready",
                "rust INFO 22:13:20.123456 target=shop::cart span=request{id=7}:login:db{n=1}:row | ready",
            ),
            (
                "2023-11-14T22:13:20.123456Z DEBUG request:query: shop::cart: ready n=7",
                "rust DEBUG 22:13:20.123456 target=shop::cart span=request:query | ready n=7",
            ),
            (
                "2023-11-14T22:13:20.123456Z  INFO main ThreadId(01) request{id=7}: shop: src/cart.rs:7: ready",
                "rust INFO 22:13:20.123456 target=shop span=request{id=7} thread=main file=src/cart.rs line=7 | ready",
            ),
            (
                "2023-11-14T22:13:20.123456Z  INFO ThreadId(12) shop: ready",
                "rust INFO 22:13:20.123456 target=shop thread=12 | ready",
            ),
            (
                "[2023-11-14T22:13:20Z WARN  src/cart.rs:7 shop::cart] low",
                "rust WARN 22:13:20 target=shop::cart file=src/cart.rs line=7 | low",
            ),
            ("[2023-11-14T22:13:20Z WARN  src/cart.rs:7] low", "rust WARN 22:13:20 file=src/cart.rs line=7 | low"),
            (
                "2023-11-14T22:13:20.123456789+01:00 ERROR shop - no: 7",
                "rust ERROR 21:13:20.123456 target=shop | no: 7",
            ),
            ("2023-11-14T22:13:20+00:00 ERROR shop::cart - no", "rust ERROR 22:13:20 target=shop::cart | no"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn each_form_of_flexi_logger_is_read() {
        for (line, expected) in [
            (
                "[2023-11-14 22:13:20.123456 +00:00] INFO [src/cart.rs:7] ready",
                "rust INFO 22:13:20.123456 file=src/cart.rs line=7 | ready",
            ),
            (
                "[2023-11-14 22:13:20.123456 +00:00] WARN [shop::cart] src/cart.rs:7: low",
                "rust WARN 22:13:20.123456 target=shop::cart file=src/cart.rs line=7 | low",
            ),
            (
                "[2023-11-14 22:13:20.123456 +00:00] T[main] INFO [src/cart.rs:7] ready",
                "rust INFO 22:13:20.123456 thread=main file=src/cart.rs line=7 | ready",
            ),
        ] {
            check(crate::app::parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn ferns_brackets_are_read_in_either_order() {
        for line in ["[2023-11-14][22:13:20][shop::cart][WARN] low", "[2023-11-14][22:13:20][WARN][shop::cart] low"] {
            check(crate::app::parse(line.as_bytes(), &CX), line, "rust WARN 22:13:20 target=shop::cart | low");
        }
        for line in ["[2023-11-14][22:13:20][a][b] low", "[2023-11-14][22:13:20][WARN] low", "[2023-11-14][22:13:20]"] {
            assert_eq!(fern(line.as_bytes(), &CX), None, "{line}");
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
            "[2023-11-14T22:13:20Z INFO src/cart.rs:x a] x",
            "2023-11-14T22:13:20.123+00:00 INFO shop - ready",
            "2023-11-14T22:13:20.123456789+00:00 INFO a.Shop - ready",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
