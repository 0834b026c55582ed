//! Tells at a glance the lines that can only be plain text, so that the parsers of formats need not be asked for each.
//!
//! Nearly all plain text begins with a word, alone, in a bracket or behind a date, and no format's lines begin so but those that hold
//! a mark further on (a bracket, a tab, a quote). Only such lines are called prose; what is not so sure is for the parsers to say.
//!
//! The look for marks tells as well whether an address may stand in the line, for which plain text is searched otherwise.

mod behind;
mod behind_date;
mod names;
mod numbers;
mod unworded;

use self::behind::Behind;
pub(super) use self::behind_date::dated;
use self::names::named;
use self::unworded::{far_marks, unworded};
use super::coloured;
use crate::plain::{self, Sought};
use crate::signs;
use crate::syslog::shape;
use crate::{Context, Level, access, apache_error, timestamp, winevent};

/// A line of prose.
pub(crate) struct Prose<'a> {
    /// The time at its front.
    pub time: Time<'a>,
    /// Its level behind the time, as far as that is known.
    pub level: Sought,
    /// Whether it holds no address.
    pub is_without_address: bool,
}

/// A line that says nothing.
const NOTHING: Prose<'static> =
    Prose { time: Time::Absent, level: Sought::Found(Level::Unknown), is_without_address: true };

/// What is known of the time that plain text may begin with.
pub(crate) enum Time<'a> {
    /// There is none, in no spelling.
    Absent,
    /// A date and a time in ISO 8601, read as such, and what follows them.
    Read(i64, &'a [u8]),
    /// There may be one in another spelling.
    Unknown,
}

impl Time<'_> {
    fn absent_if(is_absent: bool) -> Self {
        if is_absent { Self::Absent } else { Self::Unknown }
    }
}

/// Tells whether `line` is prose; `None` where that is for the parsers to say.
#[inline]
pub(crate) fn of<'a>(line: &'a [u8], cx: &Context) -> Option<Prose<'a>> {
    if coloured::is(line) {
        return None;
    }
    if !line.first().is_some_and(u8::is_ascii_digit) || line.get(4) != Some(&b'-') {
        return undated(line);
    }
    match timestamp::iso_prefix(line, cx.zone) {
        // A syslog record without its priority.
        Some((_, rest)) if shape::begins_as_5424(line, rest) => None,
        Some((at, rest)) => dated(line, at, rest),
        None => undated(line),
    }
}

/// Tells whether `line`, which no date begins, is prose.
#[inline]
pub(super) fn undated<'a>(line: &[u8]) -> Option<Prose<'a>> {
    if line.first().is_some_and(u8::is_ascii_alphabetic) { worded(line, line) } else { unworded(line) }
}

/// `text`, which is `line` or what is behind its blanks, begins with a word.
#[inline]
fn worded<'a>(line: &[u8], text: &[u8]) -> Option<Prose<'a>> {
    let Some(behind) = Behind::first_word(text) else { return named(line, text) };
    if behind.may_be_dated(text) || is_known(text, &behind) || behind.may_be_containers() {
        return None;
    }
    // No format has its first mark further on, but for labelled values, whose label ends with a colon.
    let near = text.get(..access::HEAD_BYTES_MAX).filter(|_| !behind.has_colon).unwrap_or(text);
    let signs = signs::of(text, [(b'[', MARK), (b'\t', MARK)]).unwrap_or_else(|| far_marks(near));
    let is_prose = signs.seen == 0
        || (!behind.has_colon && signs::has_words_in_brackets(near))
        || (!behind.is_label() && signs::has_ids_in_brackets(near));
    let time = Time::absent_if(behind.has_no_time(text));
    // A level far behind blanks is none.
    let is_at_front = matches!(time, Time::Absent) && line.len() == text.len();
    let level = if is_at_front { behind.level(text, line) } else { Sought::From(0) };
    is_prose.then_some(Prose { time, level, is_without_address: signs.is_without_address })
}

/// What is known of the level of `text` from what stands in it: that it states none, or nothing.
#[inline(never)]
fn level_by_signs(text: &[u8]) -> Sought {
    let sought = [(b'=', EQUALS), (b':', COLON), (b'(', ROUND), (b'<', ROUND), (b'[', MARK), (b'|', MARK)];
    match signs::behind_with_capitals(text, 0, sought) {
        Some(signs) if signs.seen & (MARK | signs::CAPITAL) == 0 && !plain::may_be_stated(text, signs, &LEVEL) => {
            Sought::Found(Level::Unknown)
        }
        _ => Sought::From(0),
    }
}

/// Whether a format's lines begin with the first word of `line`.
#[inline]
fn is_known(line: &[u8], behind: &Behind<'_>) -> bool {
    // The name of a virtual host before the time of Apache's error log.
    if let [b'[', inside @ ..] = behind.rest
        && apache_error::begins_with_asctime(inside)
    {
        return true;
    }
    match line.first() {
        // The names of load balancers' protocols, before a date.
        Some(b'g' | b'h') => behind.is_protocol(),
        Some(b'W') => line.starts_with(b"WinEvtLog: "),
        Some(b'I' | b'L' | b'M' | b'P' | b'T') => winevent::text::may_be(line),
        Some(b'w') => behind.is_protocol() || line.starts_with(b"wireguard: "),
        Some(b't') => line.starts_with(b"tls "),
        Some(b'f') => line.starts_with(b"firewall: "),
        Some(b'F') => line.starts_with(b"FW: "),
        Some(b'a') => line.starts_with(b"audit: "),
        // Rails' `Started GET "/x" for …`.
        Some(b'S') => line.starts_with(b"Started "),
        _ => false,
    }
}

/// The bit of the bytes without which most formats do not do, and those of the bytes which divide names from values.
const MARK: u8 = 1;
const COLON: u8 = 2;
const EQUALS: u8 = 4;
const QUOTE: u8 = 8;
/// The bit of round and angle brackets.
const ROUND: u8 = 16;
/// Those of the bytes behind which a level may stand.
const LEVEL: plain::Marks = plain::Marks { signs: COLON | EQUALS, brackets: ROUND };
