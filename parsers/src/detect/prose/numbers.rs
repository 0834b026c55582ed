//! Text that begins with a number: a count, the time of a day, a version, a few bytes in hexadecimal digits.
//!
//! What stands behind the first digits tells the dates of all formats from other text.

use super::behind::{Behind, behind_three};
use super::unworded::{behind_all, digits, far_marks, unmarked};
use super::{COLON, EQUALS, MARK, Prose, Time, level_by_signs, names};
use crate::app;
use crate::find::find;
use crate::plain::Sought;
use crate::signs::{self, Signs};
use crate::syslog::shape;

/// Longer numbers may be times, in seconds since 1970.
pub(super) const SMALL_NUMBER_DIGITS: usize = 8;

/// What the digits at the front of a line may be.
enum Number {
    /// The beginning of no format's line but for those with a mark behind it.
    Count,
    /// Part of a date, which has a time of the day behind it, or of an address.
    Part,
}

/// Tells whether `line`, which a digit begins, is prose.
pub(super) fn numbered<'a>(line: &[u8]) -> Option<Prose<'a>> {
    if let [b'0'..=b'9', b'0'..=b'9', b':', _, _, b':', b'0'..=b'9', b'0'..=b'9', behind @ ..] = line {
        return timed(line, behind);
    }
    if let Some(ascii) = behind_dump(line) {
        return dumped(line, ascii);
    }
    // A stamp behind its year, or behind a device's number.
    if shape::begins_with_year(line) || shape::may_be_ciscos(line) {
        return None;
    }
    let count = digits(line);
    let behind = line.get(count..)?;
    if behind.is_empty() {
        return unmarked(line, Time::Absent, Sought::From(line.len()));
    }
    let number = number(line, count, behind)?;
    let is_encoded = matches!(behind, [b'a'..=b'z' | b'A'..=b'Z', ..]);
    let text = if is_encoded { without_padding(line) } else { line };
    let sought = [(b'[', MARK), (b'\t', MARK), (b'|', MARK), (b'=', MARK), (b':', COLON)];
    let Signs { seen, is_without_address } = signs::of(text, sought)
        .or_else(|| Some(far_marks(text)).filter(|_| matches!(number, Number::Count) && !has_any(text, b'|', b'=')))?;
    let is_prose = match number {
        Number::Count => seen & MARK == 0,
        Number::Part => seen == 0,
    };
    if !is_prose {
        return None;
    }
    let level = match level_by_signs(line) {
        Sought::From(_) => Sought::From(names::without_level(line)),
        found @ Sought::Found(_) => found,
    };
    // The ids of a session may stand before a time.
    Some(Prose { time: Time::absent_if(!app::may_be_session(line)), level, is_without_address })
}

fn has_any(text: &[u8], a: u8, b: u8) -> bool {
    memchr::memchr2(a, b, text).is_some()
}

/// What the first `count` digits of `line` are, if no format's line can have `behind` behind them without a bracket, a tab, a bar or a sign of
/// equality; `None` where one can.
fn number(line: &[u8], count: usize, behind: &[u8]) -> Option<Number> {
    let number = match behind {
        // Only before words in small letters a long number is no time.
        [b' ', words @ ..] if count > SMALL_NUMBER_DIGITS && digits(behind_three(words)?) == 0 => Number::Count,
        [b'.', decimals @ ..] if count > SMALL_NUMBER_DIGITS => {
            let words = behind_all(u8::is_ascii_digit, decimals).strip_prefix(b" ")?;
            if digits(behind_three(words)?) > 0 {
                return None;
            }
            Number::Count
        }
        _ if count > SMALL_NUMBER_DIGITS => return None,
        // A time of the day without seconds.
        [b':', b'0'..=b'9', b'0'..=b'9', b' ', words @ ..] if count == 2 && behind_three(words).is_some() => {
            Number::Count
        }
        // A month, be it in small letters.
        [b' ', b'a'..=b'z', _, _, b' ', b' ' | b'0'..=b'9', ..] if count < 3 => return None,
        [b' ', b'a'..=b'z', ..] => Number::Count,
        // Hadoop's time has no dividers.
        [b' ', ..] if count == 6 => return None,
        // A threat log's line.
        [b',', b'2', b'0', ..] => return None,
        [b',' | b')' | b'%' | b';' | b'!' | b'?' | b'\'', ..] | [b':', b' ', ..] => Number::Count,
        // A date without a time is none.
        [b'-', _, _, b'-', _, _, b' ', b'a'..=b'z', ..] if count == 4 => Number::Count,
        [b'.', decimals @ ..] if matches!(behind_all(u8::is_ascii_digit, decimals), [b' ', b'a'..=b'z', ..]) => {
            Number::Count
        }
        // ISO 8601's basic form.
        [b'T' | b't', ..] if count == 8 => return None,
        // An address, behind which a date may stand.
        [b'.', ..] if is_followed_by_number(behind) => return None,
        _ => Number::Part,
    };
    // IBM's programs write the date as the machine's language has it.
    let may_be_ibms = matches!(line.get(2), Some(b'.' | b'/')) && line.contains(&b'(');
    // The records of machines have a time further on, which is a number, those of Amazon's networks a status at their end.
    let may_be_record = behind.first() == Some(&b' ')
        && (has_long_number(behind) || (line.starts_with(b"2 ") && matches!(line.last(), Some(b'K' | b'A'))));
    (!may_be_ibms && !may_be_record).then_some(number)
}

/// Whether a digit follows the first blank of `text`.
fn is_followed_by_number(text: &[u8]) -> bool {
    memchr::memchr(b' ', text).is_some_and(|blank| text.get(blank + 1).is_some_and(u8::is_ascii_digit))
}

/// Whether somewhere in `text` so many digits follow each other that they may be a time.
fn has_long_number(text: &[u8]) -> bool {
    const DIGITS: usize = SMALL_NUMBER_DIGITS + 1;
    // One of so many bytes is the first, second, … or last digit of any such number.
    let lasts = text.iter().enumerate().skip(DIGITS - 1).step_by(DIGITS);
    lasts.filter(|(_, byte)| byte.is_ascii_digit()).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default().iter().rev().take_while(|b| b.is_ascii_digit()).count();
        before + digits(text.get(at..).unwrap_or_default()) >= DIGITS
    })
}

/// `text` without the signs that fill up its last bytes in base64.
pub(super) fn without_padding(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"=").unwrap_or(text);
    text.strip_suffix(b"=").unwrap_or(text)
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

/// What follows the bytes of a line of a dump: `00000010  7f 45 4c 46  |.ELF|`, `0010: 7f45 4c46  .ELF`. Behind the offset stand a colon or two
/// blanks, and bytes by one or two.
fn behind_dump(line: &[u8]) -> Option<&[u8]> {
    let offset = match line {
        [b'0', b'x', offset @ ..] => offset,
        _ => line,
    };
    let bytes = match (offset.get(4..)?, offset.get(8..).unwrap_or_default()) {
        ([b':', b' ', bytes @ ..] | [b' ', b' ', bytes @ ..], _)
        | (_, [b':', b' ', bytes @ ..] | [b' ', b' ', bytes @ ..]) => bytes,
        _ => return None,
    };
    let length = offset.len() - bytes.len() - 2;
    let is_hex = |text: &[u8]| text.iter().all(u8::is_ascii_hexdigit);
    let mut rest = bytes.strip_prefix(b" ").unwrap_or(bytes);
    let width = if rest.get(2).is_none_or(|b| *b == b' ') { 2 } else { 4 };
    if !is_hex(offset.get(..length)?) {
        return None;
    }
    let mut groups = 0;
    while let Some((_, behind)) = rest.split_at_checked(width).filter(|(group, _)| is_hex(group)) {
        rest = match behind {
            [] => behind,
            [b' ', behind @ ..] => behind.strip_prefix(b" ").unwrap_or(behind),
            _ => break,
        };
        groups += 1;
    }
    (groups > 1).then_some(rest)
}

/// A line of a dump; `ascii` are the characters that its bytes stand for. So few hold no time.
fn dumped<'a>(line: &[u8], ascii: &[u8]) -> Option<Prose<'a>> {
    const ASCII_BYTES_MAX: usize = 20;
    let signs = signs::of(line, [(b'\t', MARK), (b'=', EQUALS)])?;
    let is_prose = ascii.len() <= ASCII_BYTES_MAX
        && !ascii.starts_with(b"| ")
        && find(ascii, b" | ").is_none()
        && signs.seen & MARK == 0
        && !(signs.seen & EQUALS != 0 && signs::may_be_packet_filters(line));
    let level = Sought::From(line.len() - ascii.len());
    is_prose.then_some(Prose { time: Time::Absent, level, is_without_address: signs.is_without_address })
}
