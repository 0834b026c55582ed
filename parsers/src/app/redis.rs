//! Redis and Valkey:
//!
//! ```text
//! 7:M 14 Nov 2023 22:13:20.123 * Ready to accept connections
//! [7] 14 Nov 22:13:20.123 # text                              before 3.0
//! ```
//!
//! The letter is the process's part: sentinel (X), child (C), replica (S), master (M); the mark is the level. Attribute: `role`.

use super::scan::{attribute, bracketed, digits, event, some_blanks};
use super::{stamp, trimmed};
use crate::{Context, Level, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "redis";

/// Reads a line of Redis; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    let (pid, role, rest) = match text.first()? {
        b'[' => {
            let (pid, rest) = bracketed(text)?;
            (pid, "", rest)
        }
        _ => {
            let (pid, rest) = digits(text)?;
            let [b':', letter, rest @ ..] = rest else { return None };
            (pid, role(*letter)?, rest)
        }
    };
    let (at, rest) = stamp::read(some_blanks(rest)?, cx)?;
    let [b' ', mark, b' ', message @ ..] = rest else { return None };
    let level = match mark {
        b'.' => Level::Debug,
        b'-' => Level::Trace,
        b'*' => Level::Info,
        b'#' => Level::Warn,
        _ => return None,
    };
    let is_pid = pid.bytes().all(|b| b.is_ascii_digit());
    let mut event = event(FORMAT, Some(at), level, message);
    event.proc_id = pid.into();
    attribute(&mut event, "role", role);
    is_pid.then_some(event)
}

fn role(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'X' => "sentinel",
        b'C' => "child",
        b'S' => "replica",
        b'M' => "master",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn old_and_new_heads_are_read() {
        for (line, expected) in [
            ("7:M 14 Nov 2023 22:13:20.123 * Ready: yes", "redis INFO 22:13:20.123 pid=7 role=master | Ready: yes"),
            ("7:C 14 Nov 22:13:20.123 # oO0", "redis WARN 22:13:20.123 pid=7 role=child | oO0"),
            ("[7] 14 Nov 22:13:20.123 - Accepted", "redis TRACE 22:13:20.123 pid=7 | Accepted"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in
            ["", "7:M", "7:Q 14 Nov 2023 22:13:20.123 * x", "[x] 14 Nov 22:13:20.123 * x", "7:M 14 Nov 22:13:20 ! x"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
