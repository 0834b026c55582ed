//! The event logs of large machines, as the public failure data archives keep them: an alert's tag (`-` for none), the
//! time as a count and as a date, the node, and the line that the node wrote.
//!
//! ```text
//! - 1700000000 2023.11.14 R1-M0 2023-11-14-22.13.20.123456 R1-M0 RAS KERNEL INFO text   Blue Gene's RAS events
//! - 1700000000 2023.11.14 n1 Nov 14 22:13:20 n1/n1 sshd[7]: text                        syslog of a cluster
//! 2594656 node-1 unix.hw state.change 1700000000 1 text                                 HPC4
//! ```
//!
//! What the message of a program says of users and addresses is read as behind syslog's own header.

use super::scan::{attribute, capital_level, digits, event, some_blanks, span, until, word};
use super::trimmed;
use crate::{Context, Level, LogEvent, content, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "cluster";

/// Reads a line of one of these logs; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    if text.first()?.is_ascii_digit() { hpc(text) } else { tagged(text, cx) }
}

/// Lines that begin with an alert's tag.
pub(super) fn tagged<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (tag, rest) = span(text, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))?;
    let (seconds, rest) = digits(rest.strip_prefix(b" ")?)?;
    let at = timestamp::epoch(seconds)?;
    let (date, rest) = word(rest.strip_prefix(b" ")?)?;
    let is_date = date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (node, rest) = word(rest.strip_prefix(b" ")?).filter(|_| is_date)?;
    let rest = some_blanks(rest)?;
    let mut record = event(FORMAT, Some(at), Level::Unknown, rest);
    if !matches!(node, "NULL" | "UNKNOWN_LOCATION") {
        record.host = node.into();
    }
    attribute(&mut record, "alert", tag);
    if rest.first()?.is_ascii_digit() {
        ras(&mut record, rest)?;
    } else {
        syslog(&mut record, rest)?;
        content::complete_named(&mut record, cx);
    }
    Some(record)
}

/// `2023-11-14-22.13.20.123456 R1-M0 RAS KERNEL INFO text`.
fn ras<'a>(record: &mut LogEvent<'a>, text: &'a [u8]) -> Option<()> {
    let (_, rest) = word(text)?;
    let (_, rest) = word(some_blanks(rest)?)?;
    let (kind, rest) = word(some_blanks(rest)?)?;
    let (component, rest) = word(some_blanks(rest)?)?;
    let (level, rest) = capital_level(some_blanks(rest)?)?;
    record.level = level;
    record.message = some_blanks(rest).unwrap_or(rest).into();
    attribute(record, "type", kind);
    attribute(record, "component", component);
    Some(())
}

/// `Nov 14 22:13:20 n1/n1 sshd[7]: text`: the time is known already.
fn syslog<'a>(record: &mut LogEvent<'a>, text: &'a [u8]) -> Option<()> {
    let mut rest = text;
    for _ in 0..4 {
        rest = some_blanks(word(rest)?.1)?;
    }
    let Some((tag, message)) = until(rest, b": ") else {
        record.message = rest.into();
        return Some(());
    };
    let (app, pid) = tag.strip_suffix(']').and_then(|tag| tag.rsplit_once('[')).unwrap_or((tag, ""));
    if app.contains(' ') {
        record.message = rest.into();
        return Some(());
    }
    record.app = app.into();
    record.proc_id = pid.into();
    record.message = message.into();
    Some(())
}

/// `2594656 node-1 unix.hw state.change 1700000000 1 text`.
pub(super) fn hpc(text: &[u8]) -> Option<LogEvent<'_>> {
    let (id, rest) = digits(text)?;
    let (node, rest) = word(rest.strip_prefix(b" ")?)?;
    let (component, rest) = word(rest.strip_prefix(b" ")?)?;
    let (state, rest) = word(rest.strip_prefix(b" ")?)?;
    let (seconds, rest) = digits(rest.strip_prefix(b" ")?)?;
    let at = timestamp::epoch(seconds).filter(|_| seconds.len() == 10)?;
    let (flag, rest) = digits(rest.strip_prefix(b" ")?)?;
    let mut record = event(FORMAT, Some(at), Level::Unknown, rest.strip_prefix(b" ")?);
    record.host = node.into();
    for (name, value) in [("id", id), ("component", component), ("state", state), ("flag", flag)] {
        attribute(&mut record, name, value);
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_three_kinds_are_read() {
        for (line, expected) in [
            (
                "KERNDTLB 1700000000 2023.11.14 R1-M0 2023-11-14-22.13.20.1 R1-M0 RAS KERNEL FATAL data TLB: x",
                "cluster FATAL 22:13:20 host=R1-M0 alert=KERNDTLB type=RAS component=KERNEL | data TLB: x",
            ),
            (
                "- 1700000000 2023.11.14 NULL 2023-11-14-22.13.20.1 NULL RAS MMCS FAILURE it ended",
                "cluster ERROR 22:13:20 type=RAS component=MMCS | it ended",
            ),
            (
                "- 1700000000 2023.11.14 n1 Nov 14 22:13:20 n1/n1 sshd[7]: Local disconnected: x",
                "cluster UNKNOWN 22:13:20 host=n1 app=sshd pid=7 | Local disconnected: x",
            ),
            (
                "2594656 node-1 unix.hw net.down 1700000000 1 NIFF: no",
                "cluster UNKNOWN 22:13:20 host=node-1 id=2594656 component=unix.hw state=net.down flag=1 | NIFF: no",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn the_message_of_a_program_names_its_user() {
        let line = "- 1700000000 2023.11.14 n1 Nov 14 22:13:20 n1/n1 crond(pam_unix)[7]: session opened for user bob by (uid=0)";
        assert_eq!(&*parse(line.as_bytes(), &CX).unwrap().user_name, "bob");
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "-", "- 1700000000 a b c", "7 a b c d e f", "- a list", "- 1700000000 2023.11.14 n1"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
