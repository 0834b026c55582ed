//! Tells at a glance the lines that can only be plain text, so that the parsers of formats need not be asked for each.
//!
//! Nearly all plain text begins with a word, alone, in a bracket or behind a date, and no format's lines begin so but those that hold
//! a mark further on (a bracket, a tab, a quote). Only such lines are called prose; what is not so sure is for the parsers to say.
//!
//! The look for marks tells as well whether an address may stand in the line, for which plain text is searched otherwise.

mod behind;
mod behind_date;
mod names;
mod unworded;

use self::behind::{Behind, Thread};
use self::names::named;
use self::unworded::{far_marks, unworded};
use crate::find::find;
use crate::plain::Sought;
use crate::signs;
use crate::syslog::shape;
use crate::{Context, Level, access, apache_error, timestamp};

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
    if !line.first().is_some_and(u8::is_ascii_digit) || line.get(4) != Some(&b'-') {
        return undated(line);
    }
    match timestamp::iso_prefix(line, cx.zone) {
        // A syslog record without its priority.
        Some((_, rest)) if super::begins_as_5424(line, rest) => None,
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
        Some(b'w') => behind.is_protocol() || line.starts_with(b"wireguard: "),
        Some(b't') => line.starts_with(b"tls "),
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

/// Tells whether `line`, which begins with the date and time `at` (`rest` is what follows), has a word behind them and is prose.
#[inline]
pub(super) fn dated<'a>(line: &[u8], at: i64, rest: &'a [u8]) -> Option<Prose<'a>> {
    if line.get(4) != Some(&b'-') || (rest.starts_with(b"  ") && shape::follows_stamp_as_macos(rest)) {
        return None;
    }
    let Some(behind_stamp) = rest.strip_prefix(b" ") else { return behind_date::unworded(line, at, rest, rest) };
    let thread = if behind_stamp.first() == Some(&b'[') { Some(Thread::of(behind_stamp)?) } else { None };
    let text = thread.as_ref().map_or(behind_stamp, |thread| thread.rest);
    let Some(word) = Behind::word(text).filter(|word| !word.has_colon) else {
        return if thread.is_none() { behind_date::unworded(line, at, rest, text) } else { None };
    };
    let (behind, is_in_capitals) = (word.rest, Behind::is_in_capitals(text));
    let second = Behind::word(if is_in_capitals { behind.trim_ascii_start() } else { behind });
    let second = second.filter(|second| !second.has_colon);
    // Exim names one of its authenticators before it.
    if behind.starts_with(b"authenticator ") {
        return None;
    }
    if is_in_capitals {
        // Behind a level the name of a logger may stand, and a dash, a colon or a bracket behind that.
        let behind_second = second.as_ref()?.rest;
        if thread.is_some()
            || !behind_second.first().is_some_and(u8::is_ascii_alphanumeric)
            || shape::is_labelled_event(behind_second)
        {
            return None;
        }
    } else {
        // A container runtime's lines; a syslog daemon's, whose message is an object, the list of a device's topics, or an event in CEF.
        let is_others = text.starts_with(b"std") || !behind.first().is_some_and(u8::is_ascii_alphabetic);
        let is_devices = || behind.starts_with(b"firewall,") || shape::is_labelled_event(behind);
        if is_others || (second.is_none() && is_devices()) {
            return None;
        }
    }
    let is_without_address = is_prose_behind_date(line, text, is_in_capitals, second.is_some(), rest)?;
    let level = match (thread, second) {
        (Some(thread), _) if !thread.is_without_capitals() => Sought::From(0),
        (_, Some(second)) if !is_in_capitals && behind.first().is_some_and(u8::is_ascii_lowercase) => {
            second.no_level(rest)
        }
        (_, None) if !is_in_capitals => Sought::From(word.end(rest)),
        _ => word.level(text, rest),
    };
    Some(Prose { time: Time::Read(at, rest), level, is_without_address })
}

/// Whether `text`, which stands behind the date and the time of `line` and begins with a word, holds no address, if it is prose; `None` if it
/// may be something else. `rest` is what follows the time.
#[inline(always)]
fn is_prose_behind_date(
    line: &[u8],
    text: &[u8],
    is_in_capitals: bool,
    has_two_words: bool,
    rest: &[u8],
) -> Option<bool> {
    /// PostgreSQL's prefix is looked at so far behind the time and the name of a zone, and a packet filter's less far.
    const PREFIX_BYTES_MAX: usize = 310;
    /// To look through a longer text would take longer than what is saved by it.
    const SEARCHED_BYTES_MAX: usize = 128;
    // With a `T` between date and time the line may be a syslog daemon's, or that of one of Rust's loggers.
    let is_plainly_divided = line.get(10) == Some(&b' ');
    let may_be_rusts = is_in_capitals && !is_plainly_divided;
    if has_two_words && !may_be_rusts && text.len() > SEARCHED_BYTES_MAX {
        return (!is_divided(text.get(..PREFIX_BYTES_MAX).unwrap_or(text))).then_some(false);
    }
    let sought = [(b'[', MARK), (b'\t', MARK), (b'"', MARK), (b':', COLON), (b'=', EQUALS)];
    let signs = signs::behind(line, line.len().checked_sub(text.len())?, sought)?;
    let is_prose = match signs.seen {
        0 => true,
        // Behind two words only PostgreSQL and packet filters have anything of theirs.
        seen => {
            (seen & MARK == 0 || has_two_words)
                && !may_be_rusts
                && !(seen & COLON != 0 && signs::has_two_blanks(text) && find(text, b":  ").is_some())
                && !(seen & EQUALS != 0 && signs::may_be_packet_filters(line))
                && (is_plainly_divided || has_two_words || !shape::follows_iso_stamp(rest))
        }
    };
    is_prose.then_some(signs.is_without_address)
}

/// Whether in a text, as far as PostgreSQL's prefix or a packet filter's may reach, stands what follows that one's severity, or this one's
/// first name.
fn is_divided(near: &[u8]) -> bool {
    memchr::memchr2_iter(b':', b'=', near).any(|at| match near.get(at..) {
        Some([b':', behind @ ..]) => behind.starts_with(b"  "),
        _ => near.get(..at).is_some_and(|before| before.ends_with(b"IN")),
    })
}
