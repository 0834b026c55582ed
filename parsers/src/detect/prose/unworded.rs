//! Text that begins with something else than a word of letters alone: a bracket, a number, a rule, a sign, a name.

use super::{Behind, MARK, NOTHING, Prose, Time, is_wireguard, worded};
use crate::plain::Sought;
use crate::signs::{self, Signs};
use crate::{access, leading};

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
        b'#' if matches!(text, [_, b' ' | b'#', ..]) && memchr::memchr(b':', text).is_none() => {
            unmarked(text, Time::Absent)
        }
        // What markup, syslog, JSON, devices' tags, and a mark of byte order begin with, or a time may stand behind.
        b'#' | b'<' | b'{' | b'%' | b'(' | 0xef => None,
        0x80.. | b'!'..=b'~' => unmarked(text, Time::Absent),
        _ => None,
    }
}

/// Tells whether `text`, which begins with a letter but with no word of letters alone, is prose: `cart-service started`, `done.`
#[inline(never)]
pub(super) fn named<'a>(text: &[u8]) -> Option<Prose<'a>> {
    const NAME_BYTES_MAX: usize = 64;
    let is_sure = match text {
        // Formats' own lines begin with one of these, or have a time behind the first word.
        [b'a', b'u', b'd', b'i', b't', ..] | [b'h', b'2', b' ', ..] => false,
        [b'f', ..] if text.starts_with(b"firewall,") => false,
        [b'w', ..] if is_wireguard(text) => false,
        [b'a'..=b'z', ..] => {
            let name = leading::before(b' ', text.get(..NAME_BYTES_MAX).unwrap_or(text));
            let behind = text.get(name..).unwrap_or_default().trim_ascii_start();
            name < NAME_BYTES_MAX && !behind.first().is_some_and(u8::is_ascii_digit)
        }
        // Four letters are the name of no month, day or zone.
        [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b'a'..=b'z', ..] => true,
        _ => false,
    };
    is_sure.then(|| unmarked(text, Time::Absent))?
}

/// `--- end of the report ---`, and rules, of dashes or signs of equality.
fn ruled<'a>(sign: u8, line: &[u8]) -> Option<Prose<'a>> {
    let signs = leading::of_one(sign, line);
    match line.get(signs..)? {
        _ if signs < 2 => None,
        [] => Some(NOTHING),
        [b' ', text @ ..] if text.first().is_some_and(u8::is_ascii_alphabetic) => {
            let end = text.iter().rposition(|b| *b != sign).map_or(0, |last| last + 1);
            unmarked(text.get(..end)?, Time::Absent)
        }
        _ => None,
    }
}

/// `1234 items were counted`, `42: the end of the report`: a number and at least three words.
fn numbered<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = line.get(digits..)?;
    let text = text.strip_prefix(b":").unwrap_or(text).strip_prefix(b" ")?;
    let word = |text| Behind::word(text).filter(|word| !word.has_colon).map(|word| word.rest);
    let behind = word(word(word(text)?)?)?;
    let is_worded = behind.first().is_some_and(u8::is_ascii_alphabetic);
    // A time that begins with a number has one of its dividers near, where words are here.
    is_worded.then(|| unmarked(line, Time::Absent))?
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

/// The brackets and tabs of a long text.
#[inline(never)]
pub(super) fn far_marks(text: &[u8]) -> Signs {
    let seen = if memchr::memchr2(b'[', b'\t', text).is_some() { MARK } else { 0 };
    Signs { seen, is_without_address: false }
}

/// `text`, a line or what is in its first bracket, as prose without a date, if nothing is marked, tabulated or assigned in it.
#[inline]
fn unmarked<'a>(text: &[u8], time: Time<'a>) -> Option<Prose<'a>> {
    let sought = [(b'[', MARK), (b'\t', MARK), (b'=', MARK)];
    let signs = signs::of(text, sought).unwrap_or_else(|| {
        let has_pair = memchr::memchr(b'=', text).is_some();
        if has_pair { Signs { seen: MARK, is_without_address: false } } else { far_marks(text) }
    });
    (signs.seen == 0).then_some(Prose { time, level: Sought::From(0), is_without_address: signs.is_without_address })
}
