//! TeamSpeak's server, whose lines are columns between bars:
//!
//! ```text
//! 2023-11-14 22:13:20.123456|INFO    |Query         |   |query from 11 192.0.2.7:5000 attempted to login with account "bob" and failed!
//! ```
//!
//! Attributes: `channel` (the third column) and `server` (the number of the virtual server).

use super::Stamped;
use super::scan::{attribute, event};
use crate::{LogEvent, level_names, programs};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "teamspeak";

/// Bytes of the columns for the level, the channel and the server.
const WIDTHS: [usize; 3] = [8, 14, 3];

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let mut rest = stamped.rest.strip_prefix(b"|")?;
    let mut columns = [""; WIDTHS.len()];
    for (column, width) in columns.iter_mut().zip(WIDTHS) {
        let (cell, after) = rest.split_at_checked(width)?;
        *column = std::str::from_utf8(cell).ok()?.trim_ascii_end();
        rest = after.strip_prefix(b"|")?;
    }
    let [level, channel, server] = columns;
    let level = level_names::from_word(level)?;
    let mut event = event(FORMAT, Some(stamped.at), level, rest);
    attribute(&mut event, "channel", channel);
    attribute(&mut event, "server", server.trim_ascii());
    programs::complete(&mut event, "teamspeak");
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    fn parse(line: &str) -> Option<LogEvent<'_>> {
        after_stamp(&Stamped::read(line.as_bytes(), &CX)?)
    }

    #[test]
    fn a_failed_login_names_its_account() {
        for (address, ip) in [("192.0.2.7:5000", "192.0.2.7"), ("[2001:db8::7]:5000", "2001:db8::7")] {
            let text = format!("query from 11 {address} attempted to login with account \"bob\" and failed!");
            let line = format!("2023-11-14 22:13:20.123456|INFO    |Query         |  1|{text}");
            let expected = format!(
                "teamspeak INFO 22:13:20.123456 user=bob ip={ip} channel=Query server=1 outcome=failure | {text}"
            );
            check(parse(&line), &line, &expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "2023-11-14 22:13:20.123456|INFO|Query|text",
            "2023-11-14 22:13:20.123456|INFO    |Query         |text",
            "2023-11-14 22:13:20.123456|        |Query         |   |text",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
