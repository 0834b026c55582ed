//! NestJS' logger, the console of many servers in TypeScript:
//!
//! ```text
//! [Nest] 7  - 11/14/2023, 10:13:20 PM    WARN [AuthService] text
//! ```
//!
//! The format is [`node`]'s, and the context in brackets the attribute `logger`. A terminal's colours around the parts are passed over.

use super::scan::{attribute, blanks, bracketed, digits, event, span};
use super::{node, stamp};
use crate::{Context, Level, LogEvent, level_names};

/// Reads such a line; `None` where it is none.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (pid, rest) = digits(blanks(uncoloured(text).strip_prefix(b"[Nest]")?))?;
    let rest = uncoloured(blanks(rest).strip_prefix(b"-")?);
    let (at, rest) = [&b"m/d/Y, H:M:S"[..], b"d.m.Y, H:M:S", b"Y-m-d, H:M:S"]
        .iter()
        .find_map(|shape| stamp::shaped(rest, shape, cx))?;
    let (word, rest) = span(uncoloured(rest), |b| b.is_ascii_uppercase())?;
    let level = match word {
        "LOG" => Level::Info,
        "VERBOSE" => Level::Trace,
        word => level_names::from_word(word)?,
    };
    let rest = uncoloured(rest);
    let (context, message) = bracketed(rest).unwrap_or(("", rest));
    let message = uncoloured(message);
    let message = message.strip_suffix(b"\x1b[39m").unwrap_or(message);
    let mut event = event(node::FORMAT, Some(at), level, message);
    event.proc_id = pid.into();
    attribute(&mut event, "logger", context);
    Some(event)
}

/// `text` without the blanks and colours at its front: `ESC [ 3 3 m`.
fn uncoloured(text: &[u8]) -> &[u8] {
    let mut rest = blanks(text);
    while let [0x1b, b'[', codes @ ..] = rest {
        let length = codes.iter().take_while(|b| b.is_ascii_digit() || **b == b';').count();
        let Some([b'm', behind @ ..]) = codes.get(length..) else { break };
        rest = blanks(behind);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_time_the_level_and_the_context_are_read() {
        for (line, expected) in [
            (
                "[Nest] 7  - 11/14/2023, 10:13:20 PM    WARN [AuthService] Failed login for user bob",
                "node WARN 22:13:20 pid=7 logger=AuthService | Failed login for user bob",
            ),
            ("[Nest] 7  - 11/14/2023, 22:13:20     LOG ready", "node INFO 22:13:20 pid=7 | ready"),
            (
                "\x1b[31m[Nest] 7  - \x1b[39m11/14/2023, 10:13:20 PM \x1b[31m  ERROR\x1b[39m \x1b[38;5;3m[Api] \x1b[39m\x1b[31mno\x1b[39m",
                "node ERROR 22:13:20 pid=7 logger=Api | no",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["[Nest] text", "[Nest] 7  - text", "[Nest] 7 - 11/14/2023, 10:13:20 PM  SHOP text", "[Nest"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
