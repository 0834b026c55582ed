//! Redis and Valkey:
//!
//! ```text
//! 7:M 14 Nov 2023 22:13:20.123 * Ready to accept connections
//! [7] 14 Nov 22:13:20.123 # text                              before 3.0
//! 1700000000.123456 [0 192.0.2.7:5000] "get" "cart"           the command MONITOR
//! ```
//!
//! The letter is the process's part: sentinel (X), child (C), replica (S), master (M); the mark is the level. Attributes: `role`, and
//! `database`, `client_port` and `command` of what MONITOR shows.

use super::scan::{attribute, bracketed, digits, event, some_blanks, until, word};
use super::{stamp, trimmed};
use crate::{Context, Level, LogEvent, address, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "redis";

/// Reads a line of Redis; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    let (pid, role, rest) = match text.first()? {
        b'[' => {
            // Other programs have a word there.
            if text.get(1)?.is_ascii_alphabetic() {
                return None;
            }
            let (pid, rest) = bracketed(text)?;
            (pid, "", rest)
        }
        _ => {
            let (pid, rest) = digits(text)?;
            if rest.first() == Some(&b'.') {
                return monitored(text);
            }
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

/// Whether `text` begins with a process id and its part: `7:M `.
pub(super) fn begins_with_role(text: &[u8]) -> bool {
    const ID_DIGITS_MAX: usize = 8;
    let digits = text.iter().take(ID_DIGITS_MAX).take_while(|b| b.is_ascii_digit()).count();
    matches!(text.get(digits..), Some([b':', letter, b' ', ..]) if letter.is_ascii_uppercase())
}

/// `1700000000.123456 [0 192.0.2.7:5000] "get" "cart"`.
fn monitored(text: &[u8]) -> Option<LogEvent<'_>> {
    let (seconds, rest) = word(text)?;
    let at = timestamp::epoch(seconds)?;
    let (client, rest) = bracketed(some_blanks(rest)?)?;
    let message = some_blanks(rest).filter(|rest| rest.first() == Some(&b'"'))?;
    let (database, client) = client.split_once(' ').filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()))?;
    let (command, _) = until(message.get(1..)?, b"\"")?;
    let mut event = event(FORMAT, Some(at), Level::Unknown, message);
    event.ip = address::parse(client).map(|found| found.ip);
    attribute(&mut event, "database", database);
    attribute(&mut event, "client_port", client.rsplit_once(':').map_or("", |(_, port)| port));
    attribute(&mut event, "command", command);
    Some(event)
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
            (
                "1700000000.123456 [0 192.0.2.7:5000] \"get\" \"cart\"",
                "redis UNKNOWN 22:13:20.123456 ip=192.0.2.7 database=0 client_port=5000 command=get | \"get\" \"cart\"",
            ),
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
