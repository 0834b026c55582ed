//! Finds out which format a line is in.
//!
//! Each parser refuses lines of other formats, but to ask all of them costs more than to read most lines. The first byte and one
//! search for the two bytes without which most formats do not do (a bracket, a tab) leave only a few that are worth asking. A date
//! at the front is read once for all that begin with one.
//!
//! What this leaves out would refuse the line; so the outcome is that of asking every parser in its turn. Text that can be in no
//! format is known as such by its first words ([`prose`]). Of a stream or file the format is chosen from its lines ([`StreamFormat`]).

mod chosen;
pub(crate) mod coloured;
pub(crate) mod prose;
mod stream;

use self::prose::{Prose, Time};
pub use self::stream::StreamFormat;
use crate::find::find_by;
use crate::syslog::shape;
use crate::table::headless;
#[rustfmt::skip]
use crate::{
    Context, Format, LogEvent,
    access,
    apache_error,
    app,
    compose,
    content,
    cri,
    elb,
    haproxy,
    iptables,
    json,
    ltsv,
    nginx_error,
    pan_os,
    plain,
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
        Some(b'1' | b'2') if shape::has_year_first(text, cx) => return syslog(line, cx),
        Some(b'%' | b'*' | b'.' | b'0'..=b'9') if shape::is_ciscos(text, cx) => return syslog(line, cx),
        Some(b'W') if text.starts_with(b"WinEvtLog: ") => return syslog(line, cx),
        _ => {}
    }
    if coloured::is(line)
        && let Some(event) = coloured::parse(line, cx)
    {
        return event;
    }
    if let Some(event) = content::parse_labelled(line, cx) {
        return event;
    }
    if let Some(event) = app::parse_headed(line, cx) {
        return event;
    }
    if let Some(prose) = prose::undated(line) {
        return read_prose(prose, line, cx);
    }
    // nginx's date in slashes, with a level and the ids of a process behind it, is nobody else's.
    if line.get(4) == Some(&b'/')
        && let Some(event) = nginx_error::parse(line, cx)
    {
        return event;
    }
    if let Some((at, rest)) = timestamp::iso_prefix(line, cx.zone) {
        return date_first(line, at, rest, cx);
    }
    let marks = Marks::of(text, line);
    for (_, parse) in UNDATED.iter().filter(|(needed, _)| marks.has_one_of(*needed)) {
        if let Some(event) = parse(line, cx) {
            return event;
        }
    }
    content::parse(line, cx)
}

/// What a format's lines do not do without, as bits.
#[derive(Clone, Copy)]
struct Marks(u8);

const BRACKET_OR_TAB: u8 = 1;
const FIRST_ANGLE: u8 = 2;
const FIRST_DIGIT_OR_BLANK: u8 = 4;
const ALWAYS: u8 = 8;

impl Marks {
    /// Those of `line`; `text` is what follows its mark of byte order and its blanks.
    fn of(text: &[u8], line: &[u8]) -> Self {
        // Of a long line the beginning would have to be searched far: it counts as marked.
        let is_marked = text.len() > NEAR_BYTES || memchr::memchr2(b'[', b'\t', text).is_some();
        let is_digit_or_blank = line.first().is_some_and(|b| b.is_ascii_digit() || b.is_ascii_whitespace());
        let bits = [
            (is_marked, BRACKET_OR_TAB),
            (text.first() == Some(&b'<'), FIRST_ANGLE),
            (is_digit_or_blank, FIRST_DIGIT_OR_BLANK),
        ];
        Self(bits.iter().fold(ALWAYS, |all, (is_set, bit)| if *is_set { all | bit } else { all }))
    }

    fn has_one_of(self, needed: u8) -> bool {
        self.0 & needed != 0
    }
}

/// Reads `line` by the parser of `format` alone, where that is sure to give what [`read`] gives; `None` where it is not.
///
/// The lines of a stream are nearly all in one format, so what the last one was is worth asking first: if it takes the line, no other
/// parser is asked. Formats whose lines others may claim before it are not asked so; of two web servers' formats that could both take a
/// line, which one may quote in the other, it is the stream's.
pub(crate) fn read_as<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if is_wrapped(line) {
        return None;
    }
    match format {
        Format::Access => unstamped(line, cx).then(|| access::parse(line, cx))?,
        Format::ApacheError => apache_error::parse(line, cx),
        Format::Cef | Format::Leef => content::parse_labelled(line, cx),
        Format::Elb => elb::parse(line, cx),
        Format::Haproxy => haproxy::parse(line, cx),
        // A stamp before a colon, and CEF's own name, may pass for a label; with a bracket the line may be a web server's.
        Format::Ltsv if line.first().is_some_and(u8::is_ascii_lowercase) && !may_be_web_servers(line) => {
            ltsv::parse_plain(line, cx)
        }
        Format::NginxError => nginx_error::parse(line, cx),
        Format::Squid => squid::parse(line, cx),
        Format::Logfmt => content::parse_pairs(line, cx),
        Format::Auditd => content::parse_audit(line, cx),
        Format::CiscoAsa if line.first() == Some(&b'%') && !app::has_mark(line) => content::parse_tagged(line, cx),
        Format::Iptables if line.starts_with(b"IN=") => iptables::parse(line, cx),
        Format::PanOs if line.starts_with(b"1,20") && memchr::memchr(b'[', line).is_none() => pan_os::parse(line, cx),
        Format::Rfc3164 => syslog_file(line, cx),
        _ => app::read_as(format, line, cx),
    }
}

/// Whether `line` begins with what syslog or JSON may be behind, or with what is cut off before a line is looked at.
#[inline]
fn is_wrapped(line: &[u8]) -> bool {
    line.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'{' | b'<' | 0xef)) || coloured::is(line)
}

/// Reads a line of prose, as [`read`] does.
// Called for each line of a stream of text, where to hand over what is known would cost as much as a look at some words.
#[inline(always)]
pub(crate) fn read_prose<'a>(prose: Prose<'a>, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let Prose { time, level, is_without_address } = prose;
    match (time, is_without_address) {
        (Time::Read(at, rest), true) => plain::parse_dated(line, at, rest, level),
        (Time::Read(at, rest), false) => content::parse_plain_dated(line, at, rest, level, cx),
        (Time::Absent, true) => plain::parse_untimed(line, level),
        (Time::Absent, false) => content::parse_plain_untimed(line, level, cx),
        (Time::Unknown, true) => plain::parse(line, cx),
        (Time::Unknown, false) => content::parse_plain(line, cx),
    }
}

/// Whether `line` may be one of an access log or HAProxy's, which have a time in a bracket, behind it a request in quotes or a client
/// alone before it.
fn may_be_web_servers(line: &[u8]) -> bool {
    memchr::memchr(b'[', line).is_some()
        && (memchr::memchr(b'"', line).is_some()
            || memchr::memchr(b' ', line).is_some_and(|blank| line.get(blank + 1) == Some(&b'[')))
}

/// A line of a file that a syslog daemon wrote, with its stamp at the front.
fn syslog_file<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    /// PostgreSQL's prefix is looked at this far.
    const PREFIX_BYTES_MAX: usize = 300;
    if shape::has_bsd_stamp(line) {
        return Some(syslog(line, cx));
    }
    // `2023-11-14T22:13:20.123456+01:00 web1 shop[7]: text`: with a host, behind which only PostgreSQL's severity tells another format.
    let [b'1'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', ..] = line else { return None };
    let (stamp, rest) = line.split_at_checked(memchr::memchr(b' ', line.get(..40).unwrap_or(line))?)?;
    let behind_second = stamp.get(19..)?;
    let fraction = behind_second
        .strip_prefix(b".")
        .map_or(0, |digits| 1 + digits.iter().take_while(|b| b.is_ascii_digit()).count());
    let is_stamp = fraction != 1
        && matches!(
            behind_second.get(fraction..)?,
            [b'Z'] | [b'+' | b'-', b'0'..=b'9', b'0'..=b'9', b':', b'0'..=b'9', b'0'..=b'9']
        );
    // Android's tags have a slash behind the letter of a level.
    let is_host =
        rest.get(1).is_some_and(u8::is_ascii_alphabetic) && rest.get(2) != Some(&b'/') && !rest.starts_with(b" std");
    let near = line.get(..PREFIX_BYTES_MAX).unwrap_or(line);
    if !is_stamp
        || !is_host
        || find_by(0, near, b":  ").is_some()
        || shape::follows_stamp_as_5424(rest)
        || !shape::follows_iso_stamp(rest)
    {
        return None;
    }
    Some(syslog(line, cx)).filter(|event| event.timestamp.is_some() && event.parse_error.is_none())
}

/// Whether `line` does not begin with syslog's stamp.
fn unstamped(line: &[u8], cx: &Context) -> bool {
    !line.first().is_some_and(u8::is_ascii_uppercase)
        || !(shape::has_bsd_stamp(line) || shape::has_dated_stamp(line, cx))
}

type Parser = for<'a> fn(&'a [u8], &Context) -> Option<LogEvent<'a>>;

/// The parsers of lines that no date begins, in the order in which they are asked, with the marks of which a line has to have one.
#[rustfmt::skip]
const UNDATED: &[(u8, Parser)] = &[
    // The line of a container behind its name, whatever that is.
    (ALWAYS, compose::parse),
    // Before other web servers, whose lines have more between client and time.
    (BRACKET_OR_TAB, haproxy::parse),
    (BRACKET_OR_TAB, access::parse),
    (BRACKET_OR_TAB, apache_error::parse),
    (ALWAYS, elb::parse),
    (BRACKET_OR_TAB, headless::tabbed),
    (BRACKET_OR_TAB, ltsv::parse_plain),
    (FIRST_DIGIT_OR_BLANK, squid::parse),
    // Behind those whose lines are alike.
    (ALWAYS, app::parse),
    (BRACKET_OR_TAB | FIRST_ANGLE, winevent::parse),
];

/// Reads a syslog record and what its message holds.
pub(crate) fn syslog<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let mut event = syslog::parse(line, cx);
    if event.parse_error.is_none() {
        content::complete(&mut event, line, cx);
        return event;
    }
    // Devices and loggers send to a port of syslog what says of itself what it is, without any header.
    let own = if event.severity.is_none() { headerless(line, cx) } else { None };
    own.unwrap_or(event)
}

/// A line that has no header of syslog's and needs none.
#[cold]
fn headerless<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match line.first()? {
        b'{' => json::parse_object(line, cx).ok(),
        _ => content::parse_labelled(line, cx),
    }
}

/// A line that begins with a date and a time in ISO 8601; `rest` follows them. A date is no client of HAProxy's and no label.
fn date_first<'a>(line: &'a [u8], at: i64, rest: &'a [u8], cx: &Context) -> LogEvent<'a> {
    if shape::begins_as_5424(line, rest)
        && let Ok(mut event) = syslog::rfc5424::parse_from_time(line, cx)
    {
        content::complete(&mut event, line, cx);
        return event;
    }
    if shape::names_host(line, rest) {
        return syslog(line, cx);
    }
    if headless::may_follow(rest)
        && let Some(event) = headless::after_stamp(line, cx)
    {
        return event;
    }
    if let Some(prose) = prose::dated(line, at, rest) {
        return read_prose(prose, line, cx);
    }
    // A container runtime's lines come first, for they hold those of other formats.
    if let Some(event) = cri::after_stamp(line, at, rest, cx) {
        return event;
    }
    // Before an access log's time stands no other date, but for one in slashes.
    if line.get(4) != Some(&b'-')
        && let Some(event) = access::parse(line, cx)
    {
        return event;
    }
    if line.first() != Some(&b'0')
        && let Some(event) = elb::after_stamp(line, b"", at, rest)
    {
        return event;
    }
    if let Some(event) = app::parse_dated(line, at, rest, cx) {
        return event;
    }
    if let Some(event) = winevent::parse(line, cx) {
        return event;
    }
    if line.get(10) == Some(&b'T') && shape::follows_iso_stamp(rest) {
        return syslog(line, cx);
    }
    content::parse_dated(line, at, rest, cx)
}

#[cfg(test)]
mod tests;
