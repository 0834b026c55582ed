//! Records whose first line says it all: a line of pairs, of a web server or of a device, and below it a stack trace that the
//! multi-line rule joined to it.
//!
//! The parsers of such formats read what they are given to its end, and would take the trace for a part of the last value, or
//! refuse the record because of it. They are shown the first line, and the lines below it are added to the message.

use std::borrow::Cow;

use crate::app::klog;
use crate::logfmt::begins_with_pair;
use crate::{
    Context, Format, LogEvent, StreamFormat, access, cef, cisco_asa, detect, elb, filterlog, format, haproxy, iptables,
    leef, logfmt, ltsv, nginx_error, pan_os, squid,
};

/// The formats whose records are one line.
const ONE_LINE: [&str; 14] = [
    access::FORMAT,
    cef::FORMAT,
    cisco_asa::FORMAT,
    elb::FORMAT,
    filterlog::FORMAT,
    haproxy::FORMAT,
    iptables::FORMAT,
    klog::FORMAT,
    leef::FORMAT,
    logfmt::FORMAT,
    ltsv::FORMAT,
    nginx_error::FORMAT,
    pan_os::FORMAT,
    squid::FORMAT,
];

/// Reads `record`, the next one of `stream`, by its first line, where it has several and its format has but one; `None` where all of it is to be read.
#[inline]
pub(crate) fn read<'a>(format: Format, record: &'a [u8], stream: &StreamFormat, cx: &Context) -> Option<LogEvent<'a>> {
    let end = memchr::memchr(b'\n', record)?;
    read_several(format, record, end, stream, cx)
}

/// As [`read`], for a record whose first line ends at `end`.
#[cold]
fn read_several<'a>(
    format: Format,
    record: &'a [u8],
    end: usize,
    stream: &StreamFormat,
    cx: &Context,
) -> Option<LogEvent<'a>> {
    let (first, below) = (record.get(..end)?, record.get(end + 1..)?);
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    // JSON says itself where it ends.
    if first.is_empty() || first.first() == Some(&b'{') || below.trim_ascii().is_empty() || goes_on(first, below) {
        return None;
    }
    let mut event = if format == Format::Auto { stream.peek(first, cx) } else { format::parse(format, first, cx) };
    let is_read = event.parse_error.is_none()
        && match event.format {
            "rfc3164" | "rfc5424" => holds_one_line(&event, cx),
            found => ONE_LINE.contains(&found),
        };
    if !is_read {
        return None;
    }
    event.message = with_lines_below(event.message, record, first, end);
    Some(event)
}

/// Whether a value of the first line, or its pairs, go on in the lines below.
fn goes_on(first: &[u8], below: &[u8]) -> bool {
    let is_plain = |at: &usize| at.checked_sub(1).and_then(|before| first.get(before)) != Some(&b'\\');
    let is_quoting = memchr::memchr_iter(b'"', first).filter(is_plain).count() % 2 == 1;
    // klog's values of several lines, and the message of an error that nginx quotes up to its end.
    first.ends_with(b"=<") || begins_with_pair(below.trim_ascii_start()) || is_quoting
}

/// Whether the message behind a syslog header is in one of these formats.
fn holds_one_line(event: &LogEvent<'_>, cx: &Context) -> bool {
    // What begins such a line passes for the name of a program.
    let is_named = event.app.contains('=') || matches!(&*event.app, "CEF" | "LEEF");
    let message = &*event.message;
    let may_be_one_line = !matches!(message.first(), None | Some(b'{' | b'<' | b'@'));
    is_named || may_be_one_line && ONE_LINE.contains(&detect::read(message, cx).format)
}

/// The message that the first line of `record` gave, and the lines below it.
fn with_lines_below<'a>(message: Cow<'a, [u8]>, record: &'a [u8], first: &[u8], end: usize) -> Cow<'a, [u8]> {
    if let Cow::Borrowed(text) = message
        && let Some(start) = text.as_ptr().addr().checked_sub(record.as_ptr().addr())
        && first.get(start + text.len()..).is_some_and(|behind| behind.trim_ascii().is_empty())
        && let Some(whole) = record.get(start..)
    {
        return Cow::Borrowed(whole.trim_ascii_end());
    }
    let mut whole = message.into_owned();
    whole.extend_from_slice(record.get(end..).unwrap_or_default().trim_ascii_end());
    Cow::Owned(whole)
}

#[cfg(test)]
mod tests;
