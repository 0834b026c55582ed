//! RFC 5424: `<PRI>VERSION TIME HOST APP PROCID MSGID STRUCTURED-DATA MESSAGE`.
//!
//! Stricter than the RFC nowhere; more lenient where real senders are: any version up to 999, a time without
//! a zone or with more than six digits of fraction, bytes above 127 in the names, process and message ids of any
//! length, parameters without quotes, Check Point's pairs in the place of structured data and its times with a blank, text in that place
//! behind a priority and a time, and no priority at all where a version and a
//! time begin the line.

use std::borrow::Cow;

use super::priority::{self, Priority};
use super::{ParseError, field_text, structured_data, without_trailer};
use crate::{Context, LogEvent, divided, timestamp};

const HOST_MAX: usize = 255;
const APP_MAX: usize = 48;
const NIL: &str = "-";
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Reads one RFC 5424 message.
///
/// Each parameter of the structured data becomes the attribute `sd-id.name` (an element without parameters the
/// attribute `sd-id` without value), repeated ones included. The message is borrowed from `line`, without
/// its byte order mark and without line ends and NULs behind it.
///
/// # Errors
///
/// The part of the line that is not as the RFC has it.
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Result<LogEvent<'a>, ParseError> {
    let line = without_trailer(line);
    let (priority, behind) = priority::read(line);
    let rest = version(line, priority, behind)?;
    let mut event = LogEvent::default();
    after_version(&mut event, priority, rest, cx)?;
    Ok(event)
}

/// Reads a message that begins with its time, as in a file, without priority and version.
pub(crate) fn parse_from_time<'a>(line: &'a [u8], cx: &Context) -> Result<LogEvent<'a>, ParseError> {
    let mut event = LogEvent::default();
    after_version(&mut event, Priority::Absent, without_trailer(line), cx)?;
    Ok(event)
}

/// Reads what follows the version into `event`, which is empty before, and is of no use behind an error. An event is large: it is not passed on.
pub(super) fn after_version<'a>(
    event: &mut LogEvent<'a>,
    priority: Priority,
    rest: &'a [u8],
    cx: &Context,
) -> Result<(), ParseError> {
    event.format = "rfc5424";
    priority.apply(event);
    let (stamp, names) = field(rest, usize::MAX, ParseError::Timestamp)?;
    let (stamp, names) = match instant(stamp, cx) {
        Ok(stamp) => (stamp, names),
        Err(error) => check_points(rest, cx).map(|(stamp, names)| (Some(stamp), names)).ok_or(error)?,
    };
    event.timestamp = stamp;
    let (host, rest) = field(names, HOST_MAX, ParseError::Host)?;
    let (app, rest) = field(rest, APP_MAX, ParseError::App)?;
    let (proc_id, rest) = field(rest, usize::MAX, ParseError::ProcId)?;
    let (msg_id, rest) = field(rest, usize::MAX, ParseError::MsgId)?;
    [event.host, event.app, event.proc_id, event.msg_id] = texts(names, [host, app, proc_id, msg_id]);
    if divided::begins_bracketed(rest) {
        // Check Point's pairs in a bracket, which are no structured data.
        event.message = Cow::Borrowed(rest);
        return Ok(());
    }
    if is_text(rest) && event.timestamp.is_some() && event.severity.is_some() {
        event.message = Cow::Borrowed(rest);
        return Ok(());
    }
    let rest = structured_data::read(rest, &mut event.attributes).ok_or(ParseError::StructuredData)?;
    let message = match rest {
        [] => rest,
        [b' ', message @ ..] => message,
        _ => return Err(ParseError::StructuredData),
    };
    event.message = Cow::Borrowed(message.strip_prefix(BOM).unwrap_or(message));
    Ok(())
}

/// Whether what stands in the place of structured data is the message, as Heroku's drains leave the data out.
fn is_text(rest: &[u8]) -> bool {
    !matches!(rest.first(), None | Some(b'-' | b'[' | b' '))
}

/// The time that `rest` begins with and what follows it, where a blank divides it and Check Point's name stands behind the host.
#[cold]
fn check_points<'a>(rest: &'a [u8], cx: &Context) -> Option<(i64, &'a [u8])> {
    let (stamp, behind) = timestamp::iso_prefix(rest, cx.zone).filter(|_| rest.get(10) == Some(&b' '))?;
    let names = behind.strip_prefix(b" ")?;
    let (_, behind_host) = field(names, HOST_MAX, ParseError::Host).ok()?;
    behind_host.starts_with(b"CheckPoint ").then_some((stamp, names))
}

/// The fields that `names` begins with, a space behind each, as text. Whether they are UTF-8 is found out for all at once.
fn texts<'a, const N: usize>(names: &'a [u8], fields: [&'a [u8]; N]) -> [Cow<'a, str>; N] {
    let length: usize = fields.iter().map(|field| field.len() + 1).sum();
    let Some(mut rest) = names.get(..length).and_then(|names| std::str::from_utf8(names).ok()) else {
        return fields.map(field_text);
    };
    fields.map(|field| {
        let (name, after) = rest.split_at_checked(field.len()).unwrap_or_default();
        rest = after.get(1..).unwrap_or_default();
        Cow::Borrowed(if name == NIL { "" } else { name })
    })
}

/// Whether `rest`, behind the version, is at least the beginning of a time or the nil value.
#[cold]
pub(super) fn begins_like_time(rest: &[u8]) -> bool {
    // Meraki's access points put seconds since 1970 behind a version: no time of RFC 5424.
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let has_fraction = digits == 9 && rest.get(9) == Some(&b'.');
    // "<166>101 21: %SYS-5-RESTART: …": IOS' number and uptime.
    let has_colon = digits > 0 && rest.get(digits) == Some(&b':');
    digits < 10 && !has_fraction && !has_colon && rest.first().is_none_or(|b| b.is_ascii_digit() || *b == b'-')
}

/// Reads the version in `rest`, which follows the priority of `line` (and which a time must follow if there is none); returns what follows
/// the space behind it.
pub(super) fn version<'a>(line: &[u8], priority: Priority, rest: &'a [u8]) -> Result<&'a [u8], ParseError> {
    if priority == Priority::Invalid || line.starts_with(b"<0") && !line.starts_with(b"<0>") {
        return Err(ParseError::Priority);
    }
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let starts_with_zero = rest.first() == Some(&b'0');
    let (Some(after), 1..=3, false) = (rest.get(digits..), digits, starts_with_zero) else {
        return Err(if priority == Priority::Absent { ParseError::Priority } else { ParseError::Version });
    };
    let after = match after {
        [] => after,
        [b' ', after @ ..] => after,
        _ => return Err(ParseError::Version),
    };
    // Without a priority, only a date tells a version from any other number.
    let dated = matches!(after, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..]);
    if priority == Priority::Absent && !dated {
        return Err(ParseError::Priority);
    }
    Ok(after)
}

/// The field that `rest` begins with, and what follows the space behind it.
fn field(rest: &[u8], max: usize, error: ParseError) -> Result<(&[u8], &[u8]), ParseError> {
    let end = memchr::memchr(b' ', rest).ok_or(error)?;
    let (field, after) = rest.split_at_checked(end).ok_or(error)?;
    // Without an early end: fields are short and nearly always printable.
    let printable = field.iter().fold(true, |printable, b| printable & (*b > b' ') & (*b != 0x7F));
    if field.is_empty() || field.len() > max || !printable {
        return Err(error);
    }
    Ok((field, after.get(1..).unwrap_or_default()))
}

fn instant(stamp: &[u8], cx: &Context) -> Result<Option<i64>, ParseError> {
    if stamp == b"-" {
        return Ok(None);
    }
    let separated = matches!(stamp.get(10), Some(b'T' | b't'));
    match timestamp::iso_prefix(stamp, cx.zone) {
        Some((micros, [])) if separated => Ok(Some(micros)),
        _ => Err(ParseError::Timestamp),
    }
}
