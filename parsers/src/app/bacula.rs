//! The log of Bacula and Bareos, the backup programs:
//!
//! ```text
//! 14-Nov 22:13 web1-dir JobId 7: Start Backup JobId 7, Job=web1.2023-11-14_22.13.00_05
//! 14-Nov-2023 22:13 web1-sd: Volume V1 previously written, moving to end of data.
//! ```
//!
//! The daemon's name, which mostly is that of its machine, is the host, the job's number the attribute `JobId`. The words with which a message
//! begins are its level.

use super::scan::{attribute, blanks, digits, event, span};
use super::stamp;
use crate::{Context, Level, LogEvent};

/// The name of this format in [`LogEvent::format`].
const FORMAT: &str = "bacula";

/// Reads such a line; `None` where it is none.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let [b'0'..=b'3', b'0'..=b'9', b'-', b'A'..=b'Z', ..] = text else { return None };
    let (at, rest) = [&b"d-b H:M"[..], b"d-b-Y H:M"].iter().find_map(|shape| stamp::shaped(text, shape, cx))?;
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let (host, rest) = span(rest.strip_prefix(b" ")?, is_part)?;
    let (job, rest) = match rest.strip_prefix(b" JobId ") {
        Some(rest) => digits(rest)?,
        None => ("", rest),
    };
    // "JobId 7, Job web1 marked to be canceled."
    let message = rest.strip_prefix(b": ").or_else(|| rest.strip_prefix(b", ").filter(|_| !job.is_empty()))?;
    let message = blanks(message);
    let mut event = event(FORMAT, Some(at), level_of(message), message);
    event.host = host.into();
    attribute(&mut event, "JobId", job);
    Some(event)
}

fn level_of(message: &[u8]) -> Level {
    for (words, level) in [
        (&b"Fatal error: "[..], Level::Fatal),
        (b"Error: ", Level::Error),
        (b"Warning: ", Level::Warn),
        (b"ERROR", Level::Error),
    ] {
        if message.starts_with(words) {
            return level;
        }
    }
    Level::Info
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn messages_of_jobs_and_of_daemons_are_read() {
        for (line, expected) in [
            (
                "14-Nov 22:13 web1-dir JobId 7: Start Backup",
                "bacula INFO 22:13:00 host=web1-dir JobId=7 | Start Backup",
            ),
            (
                "14-Nov 22:13 web1-fd JobId 7:      Could not stat /x",
                "bacula INFO 22:13:00 host=web1-fd JobId=7 | Could not stat /x",
            ),
            (
                "14-Nov 22:13 web1-sd JobId 7, Job a.1 marked to be canceled.",
                "bacula INFO 22:13:00 host=web1-sd JobId=7 | Job a.1 marked to be canceled.",
            ),
            (
                "14-Nov-2023 22:13 web1.a.example: Fatal error: no",
                "bacula FATAL 22:13:00 host=web1.a.example | Fatal error: no",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_with_such_a_date_are_none() {
        for line in ["14-Nov 22:13 we left", "14-Nov 22:13: x", "14-Nov-2023 22:13:20 web1: x", "14-Now 22:13 web1: x"]
        {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
