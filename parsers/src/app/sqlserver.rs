//! The error log of Microsoft's SQL Server.
//!
//! ```text
//! 2023-11-14 22:13:20.12 Server      SQL Server is starting.
//! 2023-11-14 22:13:20.12 Logon       Error: 18456, Severity: 14, State: 8.
//! 2023-11-14 22:13:20.12 spid9s      Starting up database 'shop'.
//! ```
//!
//! Behind hundredths of a second stands who says it, filled with blanks to twelve places: the attribute `thread`. The number of an error is the
//! message id; its severity gives the level, and is an attribute as its `state` is.

use super::Stamped;
use super::scan::{attribute, bracketed, event, level, until, word};
use crate::{Level, LogEvent, level_names};

/// The name of this format in [`LogEvent::format`].
const FORMAT: &str = "mssql";

/// Where the text begins behind the blank after the time.
const SOURCE_BYTES: usize = 12;

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let has_hundredths = stamped.line.len() - stamped.rest.len() == b"2023-11-14 22:13:20.12".len();
    let text = stamped.rest.strip_prefix(b" ").filter(|_| has_hundredths)?;
    let (source, behind) = word(text)?;
    let is_filled = behind.starts_with(b"  ") || source.len() + 1 >= SOURCE_BYTES;
    if !is_filled || !is_source(source) {
        return None;
    }
    let message = text.get(SOURCE_BYTES.max(source.len() + 1)..)?.trim_ascii_start();
    let in_brackets = bracketed(message).and_then(|(word, _)| level_names::from_word(word));
    let before_colon = || level(message).filter(|(_, rest)| rest.starts_with(b": ")).map(|(level, _)| level);
    let stated = in_brackets.or_else(before_colon).unwrap_or(Level::Unknown);
    let mut event = event(FORMAT, Some(stamped.at), stated, message);
    attribute(&mut event, "thread", source);
    if let Some((number, severity, state)) = error(message) {
        event.level = level_of(severity)?;
        event.msg_id = number.into();
        attribute(&mut event, "severity", severity);
        attribute(&mut event, "state", state);
    }
    Some(event)
}

/// `Server`, `Logon`, `Backup`, or a session: `spid51`, and `spid9s` for the server's own.
fn is_source(source: &str) -> bool {
    let session = source.strip_prefix("spid").map(|number| number.strip_suffix('s').unwrap_or(number));
    matches!(source, "Server" | "Logon" | "Backup")
        || session.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// `Error: 18456, Severity: 14, State: 8.`
fn error(message: &[u8]) -> Option<(&str, &str, &str)> {
    let (number, rest) = until(message.strip_prefix(b"Error: ")?, b", Severity: ")?;
    let (severity, rest) = until(rest, b", State: ")?;
    let (state, _) = until(rest, b".")?;
    Some((number, severity, state))
}

/// Up to 10 are notes, from 20 on the connection is lost.
fn level_of(severity: &str) -> Option<Level> {
    Some(match severity.parse::<u8>().ok()? {
        0..=10 => Level::Info,
        11..=19 => Level::Error,
        _ => Level::Fatal,
    })
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn who_says_it_and_the_severity_are_read() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20.12 Server      UTC adjustment: 0:00",
                "mssql UNKNOWN 22:13:20.120 thread=Server | UTC adjustment: 0:00",
            ),
            (
                "2023-11-14 22:13:20.12 Logon       Error: 18456, Severity: 14, State: 8.",
                "mssql ERROR 22:13:20.120 msgid=18456 thread=Logon severity=14 state=8 | Error: 18456, Severity: 14, State: 8.",
            ),
            (
                "2023-11-14 22:13:20.12 Logon       Login failed for user 'bob'. Reason: no. [CLIENT: 192.0.2.7]",
                "mssql UNKNOWN 22:13:20.120 user=bob ip=192.0.2.7 thread=Logon outcome=failure | Login failed for user 'bob'. Reason: no. [CLIENT: 192.0.2.7]",
            ),
            (
                "2023-11-14 22:13:20.12 spid9s      [INFO] Created session 'x'",
                "mssql INFO 22:13:20.120 thread=spid9s | [INFO] Created session 'x'",
            ),
            (
                "2023-11-14 22:13:20.12 spid51      Warning: The join order has been enforced.",
                "mssql WARN 22:13:20.120 thread=spid51 | Warning: The join order has been enforced.",
            ),
            (
                "2023-11-14 22:13:20.12 spid51      Error: 823, Severity: 24, State: 2.",
                "mssql FATAL 22:13:20.120 msgid=823 thread=spid51 severity=24 state=2 | Error: 823, Severity: 24, State: 2.",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for rest in [
            ".12 Server is up",
            ".123 Server      up",
            ".12 Servers     up",
            ".12 spid        up",
            ".12 spidx9      up",
        ] {
            let line = format!("2023-11-14 22:13:20{rest}");
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("mssql"), "{line}");
        }
    }
}
