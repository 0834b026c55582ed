//! Finds out which format a line is in.
//!
//! Each parser refuses lines of other formats, but to ask all of them costs more than to read most lines. The first byte and one
//! search for the two bytes without which most formats do not do (a bracket, a tab) leave only a few that are worth asking. A date
//! at the front is read once for all that begin with one.
//!
//! What this leaves out would refuse the line; so the outcome is that of asking every parser in its turn.

use crate::syslog::shape;
#[rustfmt::skip]
use crate::{
    Context, LogEvent,
    access,
    apache_error,
    app,
    content,
    cri,
    elb,
    haproxy,
    json,
    ltsv,
    nginx_error,
    squid,
    syslog,
    timestamp,
    winevent,
};

/// The marks are searched for in this much of a line; a longer one counts as marked.
const NEAR_BYTES: usize = 1024;

/// Reads a line of which no format is stated; see [`format::parse`](crate::format::parse).
pub(crate) fn read<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start();
    match text.first() {
        Some(b'{') => return json::parse(line, cx),
        Some(b'<') if shape::has_priority(text) => return syslog(line, cx),
        Some(b'A'..=b'Z') if shape::has_bsd_stamp(text) || shape::has_dated_stamp(text, cx) => return syslog(line, cx),
        Some(b'1') if shape::has_version(text, cx) => return syslog(line, cx),
        _ => {}
    }
    if let Some(event) = content::parse_labelled(line, cx) {
        return event;
    }
    let is_marked = text.len() > NEAR_BYTES || memchr::memchr2(b'[', b'\t', text).is_some();
    if let Some((at, rest)) = timestamp::iso_prefix(line, cx.zone) {
        return date_first(line, at, rest, is_marked, cx);
    }
    for parse in if is_marked || text.first() == Some(&b'<') { MARKED } else { UNMARKED } {
        if let Some(event) = parse(line, cx) {
            return event;
        }
    }
    content::parse(line, cx)
}

type Parser = for<'a> fn(&'a [u8], &Context) -> Option<LogEvent<'a>>;

/// Those that may take a line with a bracket or a tab, or one that begins with an angle bracket, in the order in which they are asked.
#[rustfmt::skip]
const MARKED: &[Parser] = &[
    access::parse,
    apache_error::parse,
    elb::parse,
    haproxy::parse,
    ltsv::parse_plain,
    squid::parse,
    // Behind those whose lines are alike.
    app::parse,
    winevent::parse,
];

/// Those that may take any other line.
const UNMARKED: &[Parser] = &[elb::parse, squid::parse, app::parse];

/// Reads a syslog record and what its message holds.
pub(crate) fn syslog<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let mut event = syslog::parse(line, cx);
    if event.parse_error.is_none() {
        content::complete(&mut event, line, cx);
    }
    event
}

/// A line that begins with a date and a time in ISO 8601; `rest` follows them.
fn date_first<'a>(line: &'a [u8], at: i64, rest: &'a [u8], is_marked: bool, cx: &Context) -> LogEvent<'a> {
    // A container runtime's lines come first, for they hold those of other formats.
    if let Some(event) = cri::after_stamp(line, at, rest, cx) {
        return event;
    }
    // Before an access log's time stands no other date, but for one in slashes.
    if is_marked
        && line.get(4) != Some(&b'-')
        && let Some(event) = access::parse(line, cx)
    {
        return event;
    }
    if line.first() != Some(&b'0')
        && let Some(event) = elb::after_stamp(line, b"", at, rest)
    {
        return event;
    }
    for parse in if is_marked { DATED_AND_MARKED } else { &[] } {
        if let Some(event) = parse(line, cx) {
            return event;
        }
    }
    if let Some(event) = app::parse_dated(line, at, rest, cx) {
        return event;
    }
    if is_marked && let Some(event) = winevent::parse(line, cx) {
        return event;
    }
    if line.get(10) == Some(&b'T') && shape::follows_iso_stamp(rest) {
        return syslog(line, cx);
    }
    content::parse(line, cx)
}

/// What else may take a line with a date at its front and a bracket or a tab behind it.
const DATED_AND_MARKED: &[Parser] = &[haproxy::parse, ltsv::parse_plain, nginx_error::parse];

#[cfg(test)]
mod tests;
