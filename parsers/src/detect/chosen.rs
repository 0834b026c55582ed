//! Lines of a stream whose format is chosen: its parser is asked alone.

use super::{is_wrapped, read_as};
use crate::{Context, Format, LogEvent, app, content, iptables, level_names, ltsv, syslog, winevent};

/// Reads `line` by the parser of `format` alone, which is that of the lines before it; `None` where it refuses the line.
///
/// Unlike [`read_as`] this may give something else than [`read`](super::read): for a line that several formats' parsers take.
#[inline]
pub(super) fn read_chosen<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if is_wrapped(line) {
        return None;
    }
    match (format, line.first()?) {
        (Format::CiscoAsa, b'%') => content::parse_tagged(line, cx),
        (Format::Iptables, b'I' | b'[') if !line.starts_with(b"INFO") => iptables::parse(line, cx),
        (Format::Ltsv, b'a'..=b'z') => ltsv::parse_plain(line, cx),
        (Format::Winevent, b'M') => winevent::parse(line, cx),
        (Format::Auditd, b't') | (Format::Cef, b'C') | (Format::Leef, b'L') => read_as(format, line, cx),
        (
            Format::Access
            | Format::ApacheError
            | Format::Elb
            | Format::Haproxy
            | Format::Logfmt
            | Format::NginxError
            | Format::PanOs
            | Format::Squid,
            _,
        ) => read_as(format, line, cx),
        _ => app::read_chosen(format, line, cx),
    }
}

/// Whether `line` may be one of a file in `format` that a syslog daemon wrote, without a priority.
#[inline]
pub(super) fn may_be_syslogs(format: Format, line: &[u8]) -> bool {
    match format {
        Format::Rfc3164 => matches!(
            line,
            [b'1'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b'T', ..]
                | [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', _, _, b' ', _, _, b':', _, _, b':', _, _, ..]
        ),
        Format::Rfc5424 => line.starts_with(b"1 "),
        _ => false,
    }
}

/// Reads the header of such a line, which has no priority.
// The event is large: it is not passed on.
#[inline(always)]
pub(super) fn read_syslogs_header<'a>(
    format: Format,
    line: &'a [u8],
    cx: &Context,
) -> Result<LogEvent<'a>, syslog::ParseError> {
    match format {
        Format::Rfc5424 => syslog::rfc5424::parse(line, cx),
        _ => syslog::rfc3164::parse(line, cx),
    }
}

/// Whether `header`, which was read of such a line, is plainly in `format`.
#[inline]
pub(super) fn is_syslogs(format: Format, line: &[u8], header: &LogEvent<'_>) -> bool {
    // Nobody else has the version, or the stamp with the name of a month.
    if format == Format::Rfc5424 {
        return true;
    }
    if !line.first().is_some_and(u8::is_ascii_digit) {
        return header.timestamp.is_some();
    }
    // `2023-11-14T22:13:20.123456+01:00 web1 shop[7]: text`
    let head = line.len().checked_sub(header.message.len()).and_then(|length| line.get(..length));
    let is_read = header.timestamp.is_some() && !header.host.is_empty() && !header.app.is_empty();
    // Other programs write a level behind a stamp, and a container runtime the name of a stream.
    // From its end on, where most hosts have a number.
    let may_be_word = header.host.bytes().rev().all(|b| b.is_ascii_alphabetic());
    let is_word = may_be_word && (header.host.starts_with("std") || level_names::from_word(&header.host).is_some());
    is_read && !is_word && head.is_some_and(|head| head.ends_with(b": "))
}
