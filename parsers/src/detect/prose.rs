//! Tells at a glance the lines that can only be plain text, so that the parsers of formats need not be asked for each.
//!
//! Nearly all plain text begins with a word, alone, in a bracket or behind a date, and no format's lines begin so but those that hold
//! a mark further on (a bracket, a tab, a quote). Only such lines are called prose; what is not so sure is for the parsers to say.
//!
//! The look for marks tells as well whether an address may stand in the line, for which plain text is searched otherwise.

mod behind;

use self::behind::{Behind, Thread};
use crate::find::{find, find_by};
use crate::plain::Sought;
use crate::syslog::shape;
use crate::{Context, Level, access, leading, signs, timestamp};

/// A line of prose.
pub(crate) struct Prose<'a> {
    /// The time at its front.
    pub time: Time<'a>,
    /// Its level behind the time, as far as that is known.
    pub level: Sought,
    /// Whether it holds no address.
    pub is_without_address: bool,
}

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
    if !line.first()?.is_ascii_digit() || line.get(4) != Some(&b'-') {
        return undated(line);
    }
    let (at, rest) = timestamp::iso_prefix(line, cx.zone)?;
    dated(line, at, rest)
}

/// Tells whether `line`, which no date begins, is prose.
#[inline]
pub(super) fn undated<'a>(line: &[u8]) -> Option<Prose<'a>> {
    if line.first()?.is_ascii_alphabetic() { worded(line, line) } else { unworded(line) }
}

/// As [`undated`], for a line that no letter begins.
#[inline(never)]
fn unworded<'a>(line: &[u8]) -> Option<Prose<'a>> {
    match line.first()? {
        b'[' => bracketed(line),
        b' ' | b'\t' => worded(line, line.trim_ascii_start()),
        b'0'..=b'9' => numbered(line),
        b'-' => ruled(line),
        _ => None,
    }
}

/// `text`, which is `line` or what is behind its blanks, begins with a word.
#[inline]
fn worded<'a>(line: &[u8], text: &[u8]) -> Option<Prose<'a>> {
    let behind = Behind::word(text)?;
    if behind.may_be_dated(text) || is_known(text, &behind) {
        return None;
    }
    let signs = signs::of(text, [(b'[', MARK), (b'\t', MARK)])?;
    let is_prose = signs.seen == 0 || (!behind.has_colon && signs::has_words_in_brackets(text));
    let time = Time::absent_if(behind.has_no_time(text));
    // A level far behind blanks is none.
    let level = if line.len() == text.len() { behind.level(text, line) } else { Sought::From(0) };
    is_prose.then_some(Prose { time, level, is_without_address: signs.is_without_address })
}

/// `--- end of the report ---`, and rules.
fn ruled<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let dashes = leading::of_one(b'-', line);
    match line.get(dashes..)? {
        _ if dashes < 2 => None,
        [] => Some(Prose { time: Time::Absent, level: Sought::Found(Level::Unknown), is_without_address: true }),
        [b' ', b'A'..=b'Z' | b'a'..=b'z', ..] => unmarked(line, Time::Absent),
        _ => None,
    }
}

/// `1234 items were counted`: a number and at least three words.
fn numbered<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = line.get(digits..)?.strip_prefix(b" ")?;
    let word = |text| Behind::word(text).filter(|word| !word.has_colon).map(|word| word.rest);
    let behind = word(word(word(text)?)?)?;
    let is_worded = behind.first().is_some_and(u8::is_ascii_alphabetic);
    // A time that begins with a number has one of its dividers near, where words are here.
    is_worded.then(|| unmarked(line, Time::Absent))?
}

/// Whether a format's lines begin with the first word of `line`.
#[inline]
fn is_known(line: &[u8], behind: &Behind<'_>) -> bool {
    match line.first() {
        // The names of load balancers' protocols, before a date.
        Some(b'g' | b'h') => behind.is_number(),
        Some(b'w') => behind.is_number() || is_wireguard(line),
        Some(b'a') => line.starts_with(b"audit: "),
        // Rails' `Started GET "/x" for …`.
        Some(b'S') => line.starts_with(b"Started "),
        _ => false,
    }
}

#[inline(never)]
fn is_wireguard(line: &[u8]) -> bool {
    find(line.get(..40).unwrap_or(line), b"wireguard: ").is_some()
}

/// The bit of the bytes without which most formats do not do, and those of the bytes which divide names from values.
const MARK: u8 = 1;
const COLON: u8 = 2;
const EQUALS: u8 = 4;

/// `text`, a line or what is in its first bracket, as prose without a date, if nothing is marked, tabulated or assigned in it.
#[inline]
fn unmarked<'a>(text: &[u8], time: Time<'a>) -> Option<Prose<'a>> {
    let signs = signs::of(text, [(b'[', MARK), (b'\t', MARK), (b'=', MARK)]).filter(|signs| signs.seen == 0)?;
    Some(Prose { time, level: Sought::From(0), is_without_address: signs.is_without_address })
}

/// `[worker 3] text`: with no mark but the bracket, and no pairs such as a packet filter's.
fn bracketed<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let inside = line.get(1..)?;
    // The names of months and days have three letters.
    let may_be_prose = inside.first().is_some_and(u8::is_ascii_alphabetic)
        && !matches!(inside.get(3), None | Some(b' '))
        && !access::gin::begins(line);
    if !may_be_prose {
        return None;
    }
    // Behind the ids of processes a time may stand, and these are in hexadecimal digits. One of the first two is none.
    let has_no_time = matches!(inside, [b'g'..=b'z', ..] | [b'a'..=b'f', b'g'..=b'z', ..]);
    unmarked(inside, Time::absent_if(has_no_time))
}

/// Tells whether `line`, which begins with the date and time `at` (`rest` is what follows), has a word behind them and is prose.
#[inline]
pub(super) fn dated<'a>(line: &[u8], at: i64, rest: &'a [u8]) -> Option<Prose<'a>> {
    let behind_stamp = rest.strip_prefix(b" ").filter(|_| line.get(4) == Some(&b'-'))?;
    let thread = if behind_stamp.first() == Some(&b'[') { Some(Thread::of(behind_stamp)?) } else { None };
    let text = thread.as_ref().map_or(behind_stamp, |thread| thread.rest);
    let word = Behind::word(text).filter(|word| !word.has_colon)?;
    let (behind, is_in_capitals) = (word.rest, Behind::is_in_capitals(text));
    if is_in_capitals {
        // Behind a level the name of a logger may stand, and a dash, a colon or a bracket behind that.
        let word = Behind::word(behind.trim_ascii_start()).filter(|word| !word.has_colon)?;
        if thread.is_some() || !word.rest.first().is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
    } else if text.starts_with(b"std") || !behind.first().is_some_and(u8::is_ascii_alphabetic) {
        // A container runtime's lines; a syslog daemon's, whose message is an object or a device's list.
        return None;
    }
    let sought = [(b'[', MARK), (b'\t', MARK), (b'"', MARK), (b':', COLON), (b'=', EQUALS)];
    let signs = signs::behind(line, line.len().checked_sub(text.len())?, sought)?;
    let is_prose = match signs.seen {
        0 => is_in_capitals || !behind.starts_with(b"firewall,"),
        seen => {
            // Behind two words only PostgreSQL and packet filters have anything of theirs, and a logger of Rust's, whose dates have a `T`.
            let is_worded = || is_in_capitals || Behind::word(behind).is_some_and(|word| !word.has_colon);
            let may_be_rusts = is_in_capitals && line.get(10) != Some(&b' ');
            (seen & MARK == 0 || is_worded()) && !may_be_rusts && is_signed_prose(line, text, rest, seen)
        }
    };
    let level = match thread {
        Some(thread) if !thread.is_without_capitals() => Sought::From(0),
        _ => word.level(text, rest),
    };
    is_prose.then_some(Prose { time: Time::Read(at, rest), level, is_without_address: signs.is_without_address })
}

/// Whether `text`, which holds a colon or a sign of equality, is prose behind a date and a time; they end before `rest`.
fn is_signed_prose(line: &[u8], text: &[u8], rest: &[u8], signs: u8) -> bool {
    // With a `T` between date and time the line may be a syslog daemon's, or that of one of Rust's loggers.
    let is_plainly_divided = line.get(10) == Some(&b' ');
    // PostgreSQL's severity, a packet filter's pairs, and syslog's tag.
    let is_postgresqls = signs & COLON != 0 && find_by(0, text, b":  ").is_some();
    let is_filters = signs & EQUALS != 0 && find_by(0, text, b"IN=").is_some();
    !is_postgresqls && !is_filters && (is_plainly_divided || !shape::follows_iso_stamp(rest))
}
