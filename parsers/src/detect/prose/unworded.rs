//! Text that begins with something else than a word of letters alone: a bracket, a number, a rule, a sign, a name.

use super::behind::behind_three;
use super::{Behind, MARK, NOTHING, Prose, Time, worded};
use crate::plain::Sought;
use crate::signs::{self, Signs};
use crate::syslog::shape;
use crate::{access, leading};

/// Longer numbers may be times, in seconds since 1970.
const SMALL_NUMBER_DIGITS: usize = 8;

/// Tells whether `line`, which no letter begins, is prose.
#[inline(never)]
pub(super) fn unworded<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let text = line.trim_ascii_start();
    let Some(first) = text.first() else { return Some(NOTHING) };
    match first {
        b'a'..=b'z' | b'A'..=b'Z' => worded(line, text),
        // Behind blanks other lines begin so.
        b'[' | b'0'..=b'9' | b'-' | b'=' if line.len() != text.len() => None,
        b'[' => bracketed(line),
        b'0'..=b'9' => numbered(line),
        b'-' | b'=' => ruled(*first, line),
        // A comment, which MySQL's slow queries have their facts in: those have a colon.
        b'#' if matches!(text, [_, b' ' | b'#' | b'!', ..]) && memchr::memchr(b':', text).is_none() => {
            unmarked(text, Time::Absent, Sought::From(0))
        }
        // A label of TAI64N.
        b'@' if text.starts_with(b"@4") => unmarked(text, Time::Unknown, Sought::From(0)),
        b'<' if matches!(line, [b'<', b'a'..=b'z' | b'/', ..]) => tagged(line),
        b'(' if line.len() == text.len() => tagged(line),
        // What markup, syslog, JSON, devices' tags, and a mark of byte order begin with.
        b'#' | b'<' | b'{' | b'%' | b'(' | 0xef => None,
        b'*' | b'.' if shape::may_be_ciscos(text) => None,
        0x80.. | b'!'..=b'~' => unmarked(text, Time::Absent, Sought::From(0)),
        _ => None,
    }
}

/// `<b>text</b>`, `(7 rows)`: behind the first bracket, where its end is near, a time may stand. No pair's name begins so.
fn tagged<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let near = line.get(..8).unwrap_or(line);
    let behind = near.iter().position(|b| matches!(b, b'>' | b')' | b'"')).and_then(|at| line.get(at..));
    let has_no_time = matches!(behind, None | Some([_, b' ', b'a'..=b'z', ..] | [_]));
    unbracketed(line, Time::absent_if(has_no_time), Sought::From(0))
}

/// `--- end of the report ---`, and rules, of dashes or signs of equality.
fn ruled<'a>(sign: u8, line: &[u8]) -> Option<Prose<'a>> {
    let signs = leading::of_one(sign, line);
    match line.get(signs..)? {
        // An item of a list.
        [b' ', b'a'..=b'z', ..] if line.starts_with(b"- ") => unmarked(line, Time::Absent, Sought::From(0)),
        _ if signs < 2 => None,
        [] => Some(NOTHING),
        [b' ', text @ ..] if text.first().is_some_and(u8::is_ascii_alphabetic) => {
            let end = text.iter().rposition(|b| *b != sign).map_or(0, |last| last + 1);
            unmarked(text.get(..end)?, Time::Absent, Sought::From(0))
        }
        _ => None,
    }
}

/// `1234 items were counted`, `42: the end of the report`, `99.5% of them`, `0x7f was freed`, `22:13:20 INFO the end`: a number or the time of
/// a day, and three words at least. A date has one of its dividers near, where words are here.
fn numbered<'a>(line: &[u8]) -> Option<Prose<'a>> {
    if let [b'0'..=b'9', b'0'..=b'9', b':', _, _, b':', b'0'..=b'9', b'0'..=b'9', behind @ ..] = line {
        return timed(line, behind);
    }
    // A stamp behind its year, or behind a device's number.
    if shape::begins_with_year(line) || shape::may_be_ciscos(line) {
        return None;
    }
    let text = match line {
        [b'0', b'x', digits @ ..] => behind_all(u8::is_ascii_hexdigit, digits),
        // A date without a time is none.
        [_, _, _, _, b'-', _, _, b'-', _, _, behind @ ..] => behind,
        _ => {
            let behind = behind_all(u8::is_ascii_digit, line);
            behind.strip_prefix(b".").map_or(behind, |digits| behind_all(u8::is_ascii_digit, digits))
        }
    };
    if text.is_empty() {
        return unmarked(line, Time::Absent, Sought::From(line.len()));
    }
    let text = text.strip_prefix(b"%").unwrap_or(text);
    // Mosquitto's time is a number with a colon.
    if text.starts_with(b":") && line.len() - text.len() > SMALL_NUMBER_DIGITS {
        return None;
    }
    let text = text.strip_prefix(b":").unwrap_or(text).strip_prefix(b" ")?;
    let behind = behind_three(text)?;
    // A cluster's records have three names and a time that is a number.
    let may_be_time = behind.len() - behind_all(u8::is_ascii_digit, behind).len() > SMALL_NUMBER_DIGITS;
    let level = Sought::From(line.len() - behind.len());
    if may_be_time { None } else { unmarked(line, Time::Absent, level) }
}

/// `behind` is what follows the time of a day, with which `line` begins.
fn timed<'a>(line: &[u8], behind: &[u8]) -> Option<Prose<'a>> {
    let fraction = match behind {
        [b'.' | b',', digits @ ..] => behind_all(u8::is_ascii_digit, digits),
        _ => behind,
    };
    let text = fraction.strip_prefix(b" ")?;
    let level = Behind::word(text).filter(|word| !word.has_colon && Behind::is_in_capitals(text));
    let behind = behind_three(level.as_ref().map_or(text, |level| level.rest))?;
    let unstated = if level.is_some() { text } else { behind };
    // Loggers' lines have a name and a colon or a dash there.
    let sought = [(b'[', MARK), (b'\t', MARK), (b'=', MARK), (b':', MARK), (b'"', MARK), (b'-', MARK)];
    let signs = signs::behind(line, line.len() - text.len(), sought)?;
    let level = Sought::From(line.len() - unstated.len());
    // The time has two colons.
    (signs.seen == 0).then_some(Prose { time: Time::Absent, level, is_without_address: false })
}

/// What follows the bytes that `is_one` knows, with which `text` begins.
pub(super) fn behind_all(is_one: impl Fn(&u8) -> bool, text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|b| is_one(b)).count();
    text.get(length..).unwrap_or_default()
}

/// `[worker 3] text`: with no mark but the bracket, and no pairs such as a packet filter's.
fn bracketed<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let inside = line.get(1..)?;
    if inside.first().is_some_and(u8::is_ascii_digit) {
        return number_in_bracket(line, inside);
    }
    // The names of months and days have three letters.
    let may_be_prose = inside.first().is_some_and(u8::is_ascii_alphabetic)
        && !matches!(inside.get(3), None | Some(b' '))
        // Tornado's letter of a level before its time.
        && !matches!(inside, [_, b' ', b'0'..=b'9', ..])
        && !access::gin::begins(line);
    if !may_be_prose {
        return None;
    }
    // Behind the ids of processes a time may stand, and these are in hexadecimal digits; behind a zone or a day in the same bracket.
    let (word, rest) = inside.split_at_checked(leading::letters(inside))?;
    // CouchDB's time stands behind its level, NestJS' behind the id of the process.
    if matches!(rest, [b']', b' ', b'2', b'0', _, _, b'-', ..]) || (word == b"Nest" && rest.first() == Some(&b']')) {
        return None;
    }
    // CoreDNS' client.
    if matches!(rest, [b']', b' ', b'[' | b'0'..=b'9', ..]) && rest.contains(&b'"') {
        return None;
    }
    let has_no_time = matches!(inside, [b'g'..=b'z', ..] | [b'a'..=b'f', b'g'..=b'z', ..])
        || (rest.first() == Some(&b']') && !word.iter().all(u8::is_ascii_hexdigit));
    unmarked(inside, Time::absent_if(has_no_time), Sought::From(0))
}

/// `[7] the third worker`, `[22:13:20] the third worker`: `inside` is what follows the bracket.
fn number_in_bracket<'a>(line: &[u8], inside: &[u8]) -> Option<Prose<'a>> {
    // Nagios' time is a number.
    let behind = behind_all(u8::is_ascii_digit, inside);
    if inside.len() - behind.len() > SMALL_NUMBER_DIGITS {
        return None;
    }
    let has_dividers = matches!(behind, [b':' | b'.', ..]);
    let text = behind_all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'), behind).strip_prefix(b"] ")?;
    let behind = behind_three(text)?;
    let sought = [(b'[', MARK), (b'\t', MARK), (b'=', MARK), (b':', MARK), (b'"', MARK)];
    let signs = signs::behind(line, line.len() - text.len(), sought)?;
    let is_without_address = signs.is_without_address && !has_dividers;
    let level = Sought::From(line.len() - behind.len());
    (signs.seen == 0).then_some(Prose { time: Time::Absent, level, is_without_address })
}

/// The brackets and tabs of a long text.
#[inline(never)]
pub(super) fn far_marks(text: &[u8]) -> Signs {
    let seen = if memchr::memchr2(b'[', b'\t', text).is_some() { MARK } else { 0 };
    Signs { seen, is_without_address: false }
}

/// `text` as prose without a date, if nothing is marked or tabulated in it.
#[inline]
pub(super) fn unbracketed<'a>(text: &[u8], time: Time<'a>, level: Sought) -> Option<Prose<'a>> {
    let signs = signs::of(text, [(b'[', MARK), (b'\t', MARK)]).unwrap_or_else(|| far_marks(text));
    (signs.seen == 0).then_some(Prose { time, level, is_without_address: signs.is_without_address })
}

/// As [`unbracketed`], for a line or what is in its first bracket, if nothing is assigned in it either.
#[inline]
fn unmarked<'a>(text: &[u8], time: Time<'a>, level: Sought) -> Option<Prose<'a>> {
    let sought = [(b'[', MARK), (b'\t', MARK), (b'=', MARK)];
    let signs = signs::of(text, sought).unwrap_or_else(|| {
        let has_pair = memchr::memchr(b'=', text).is_some();
        if has_pair { Signs { seen: MARK, is_without_address: false } } else { far_marks(text) }
    });
    (signs.seen == 0).then_some(Prose { time, level, is_without_address: signs.is_without_address })
}
