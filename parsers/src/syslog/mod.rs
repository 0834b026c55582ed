//! Syslog: RFC 5424, and RFC 3164 with the dialects that real devices made of it.
//!
//! [`parse`] tells the two apart and never fails. [`rfc5424::parse`] and [`rfc3164::parse`] read one
//! of them and say why they cannot. In an understood line the message is always a slice of that line,
//! so that the line can be stored once, as what precedes the message, the message, and what follows it.

mod aix;
pub(crate) mod big_ip;
mod busybox;
pub(crate) mod cisco;
pub(crate) mod day_time;
mod freebsd;
mod priority;
pub mod rfc3164;
pub mod rfc5424;
pub(crate) mod shape;
pub(crate) mod stamp;
mod structured_data;
pub(crate) mod tag;
pub(crate) mod zone_names;

use std::borrow::Cow;

use crate::{Context, LogEvent, cursor};
use priority::Priority;

/// The part of a line in which reading it as syslog failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum ParseError {
    /// There is neither a priority nor a time nor a tag: the line is no syslog.
    Header,
    /// The number in angle brackets is missing where it must stand, or is not 0 to 191.
    Priority,
    /// The version is not 1 to 999.
    Version,
    /// The time is none, or no such day exists.
    Timestamp,
    /// The host name is missing, too long, or has control characters.
    Host,
    /// The program's name is missing, too long, or has control characters.
    App,
    /// The process id is missing or has control characters.
    ProcId,
    /// The message id is missing or has control characters.
    MsgId,
    /// The structured data is missing or broken.
    StructuredData,
}

impl ParseError {
    /// The error as the short fixed text that [`LogEvent::parse_error`] holds.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "no syslog header",
            Self::Priority => "invalid syslog priority",
            Self::Version => "invalid syslog version",
            Self::Timestamp => "invalid syslog timestamp",
            Self::Host => "invalid syslog host name",
            Self::App => "invalid syslog app name",
            Self::ProcId => "invalid syslog process id",
            Self::MsgId => "invalid syslog message id",
            Self::StructuredData => "invalid syslog structured data",
        }
    }
}

/// Reads one syslog message: RFC 5424 where a version follows the priority, else RFC 3164 and its kin.
///
/// Never fails. A line that is not understood comes back whole as the message, with level `Unknown`, format
/// `plain`, the [`ParseError`]'s text as its `parse_error`, and the priority where at least that could be read.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let trimmed = without_trailer(line);
    let (priority, behind) = priority::read(trimmed);
    let outcome = match rfc5424::version(trimmed, priority, behind) {
        Ok(rest) => {
            let mut event = LogEvent::default();
            let Err(error) = rfc5424::after_version(&mut event, priority, rest, cx) else { return event };
            // "<13>42 is the answer" only looks as if it stated a version.
            let other = error == ParseError::Timestamp && !rfc5424::begins_like_time(rest);
            if other { rfc3164::after_priority(priority, behind, cx) } else { Err(error) }
        }
        Err(_) => rfc3164::after_priority(priority, behind, cx),
    };
    outcome.unwrap_or_else(|error| not_understood(line, error))
}

fn not_understood(line: &[u8], error: ParseError) -> LogEvent<'_> {
    let (facility, severity) = match priority::read(line) {
        (Priority::Valid { facility, severity }, _) => (Some(facility), Some(severity)),
        _ => (None, None),
    };
    LogEvent {
        facility,
        severity,
        message: Cow::Borrowed(line),
        format: "plain",
        parse_error: Some(Cow::Borrowed(error.as_str())),
        ..LogEvent::default()
    }
}

/// `line` without the line ends and NULs that senders leave behind a message.
fn without_trailer(line: &[u8]) -> &[u8] {
    let kept = line.iter().rposition(|b| !matches!(b, b'\n' | b'\r' | 0)).map_or(0, |last| last + 1);
    line.get(..kept).unwrap_or(line)
}

/// `text` without the blanks at its front.
fn without_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|b| **b == b' ').count();
    text.get(blanks..).unwrap_or_default()
}

/// A header field as text: empty for the nil value `-`, and with replacement characters for what is not UTF-8.
#[inline]
fn field_text(field: &[u8]) -> Cow<'_, str> {
    if field == b"-" { Cow::Borrowed("") } else { cursor::text(field) }
}
