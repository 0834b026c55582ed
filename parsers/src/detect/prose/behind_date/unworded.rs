//! Text behind a date that begins with something else than two words.
//!
//! The first byte tells which formats may go on so, and most have a bracket, a tab or a bar further on.

use crate::detect::prose::behind::{Behind, behind_three};
use crate::detect::prose::unworded::digits;
use crate::detect::prose::{COLON, EQUALS, LEVEL, MARK, Prose, QUOTE, ROUND, Time, names};
use crate::plain::{self, Sought};
use crate::signs::{self, Signs};
use crate::syslog::shape;
use crate::table::headless;
use crate::{Level, elb, leading, level_names};

/// Tells whether `text`, with which `line` ends behind its date and time `at` (`rest` is what follows that), is prose.
#[inline(never)]
pub(super) fn unworded<'a>(line: &[u8], at: i64, rest: &'a [u8], text: &[u8]) -> Option<Prose<'a>> {
    let is_plain = match text {
        // `x = 7`: names with more letters are words.
        [b'a'..=b'z', b' ', b'=', b' ', value @ ..] => {
            let level = |_| Sought::From(rest.len() - value.len());
            return signed(line, at, rest, text, level);
        }
        [b'A'..=b'Z' | b'a'..=b'z', ..] => return named(line, at, rest, text),
        [b'0'..=b'9', ..] => begins_with_count(text) && !may_be_exims(text),
        [b':', b' ', ..] => true,
        // Programs divide the parts of their lines so.
        [b'-', b' ', b'a'..=b'z', ..] => !signs::has_dash_behind_blank(text),
        [b'[' | b'-' | b':' | b'|' | b',' | 0x7f, ..] => false,
        [first, ..] => *first > b' ',
        [] => return None,
    };
    let level = |signs| level_by(signs, text, || level_behind(names::without_level(text), text, rest));
    is_plain.then(|| signed(line, at, rest, text, level))?
}

/// What is known of the level of `text`, in which `signs` were found: `otherwise`, if it may state one.
#[inline]
pub(super) fn level_by(signs: Signs, text: &[u8], otherwise: impl FnOnce() -> Sought) -> Sought {
    if plain::may_be_stated(text, signs, &LEVEL) { otherwise() } else { Sought::Found(Level::Unknown) }
}

/// That the level of `rest` stands behind the first `stateless` bytes of `text`, with which it ends.
fn level_behind(stateless: usize, text: &[u8], rest: &[u8]) -> Sought {
    match stateless {
        0 => Sought::From(0),
        all if all == text.len() => Sought::Found(Level::Unknown),
        some => Sought::From(rest.len() - text.len() + some),
    }
}

/// As [`unworded`], for text that begins with a letter.
fn named<'a>(line: &[u8], at: i64, rest: &'a [u8], text: &[u8]) -> Option<Prose<'a>> {
    let letters = leading::letters(text);
    let (word, behind) = text.split_at_checked(letters)?;
    let is_plain = match (text, behind) {
        // `ERROR: text`, `HTTP/1.1 was`: behind a level a blank would stand, behind a zone a comma.
        ([_, b'A'..=b'Z', ..], [b':', b' ', ..] | [b'/' | b'-' | b'_' | b'.' | b'\'', ..]) => {
            text.first()?.is_ascii_uppercase()
        }
        // `I have`: behind a letter that stands for a level there is a name in capitals.
        ([b'A'..=b'Z', b' ', b'a'..=b'z', ..], _) => true,
        // ESXi's severity stands before a bracket.
        ([b'A'..=b'Z', b'a'..=b'z', ..], [first, ..]) => *first != b'(',
        // Node's loggers write a level and a colon.
        ([b'a'..=b'z', ..], [b':', b' ', ..]) => word != b"http" && level_names::from_bytes(word).is_none(),
        // A container runtime, ESXi's kernel, SQL Server, Sidekiq, Fail2ban.
        ([b's', b't', b'd', ..] | [b'c', b'p', b'u', ..] | [b's', b'p', b'i', b'd', ..], _)
        | ([b'p', b'i', b'd', b'=', ..] | [b'f', b'a', b'i', b'l', b'2', b'b', ..], _) => false,
        ([b'a'..=b'z', ..], _) => true,
        _ => false,
    };
    if !is_plain || may_be_exims(text) {
        return None;
    }
    let stated = if behind.first() == Some(&b':') { plain::level_in_capitals(word) } else { None };
    let looked_for = |signs| level_by(signs, text, || level_behind(names::without_level(text), text, rest));
    let level = |signs| stated.map_or_else(|| looked_for(signs), Sought::Found);
    signed(line, at, rest, text, level)
}

/// Whether `text`, which begins with a digit, does not go on as behind the number of a process or of a level.
fn begins_with_count(text: &[u8]) -> bool {
    let count = digits(text);
    match text.get(count..).unwrap_or_default() {
        // Axigen's level has two digits, behind which the name of a host stands.
        [b' ', words @ ..] if count == 2 && matches!(text, [b'0' | b'1', ..]) => behind_three(words).is_some(),
        [b' ', first, ..] => first.is_ascii_lowercase(),
        _ => true,
    }
}

/// Whether `text` begins with the id of a message of Exim's, or with one of its authenticators.
#[inline]
fn may_be_exims(text: &[u8]) -> bool {
    const DASH: Option<&u8> = Some(&b'-');
    const SHORTEST: &[u8] = b"a authenticator ";
    if text.len() < SHORTEST.len() {
        return false;
    }
    let has_id = text.get(6) == DASH && (text.get(13) == DASH || text.get(18) == DASH);
    let near = text.get(..64).unwrap_or(text);
    let behind = near.get(leading::before(b' ', near)..).unwrap_or_default();
    has_id || (matches!(behind, [b' ', b'a', b'u', ..]) && behind.starts_with(b" authenticator "))
}

/// `ERROR 500 was returned`: behind the level the number of a process may stand, and then the name of a logger before a colon, a dash or a bracket.
#[inline(never)]
pub(super) fn counted_level<'a>(line: &[u8], at: i64, rest: &'a [u8], word: &Behind<'_>) -> Option<Prose<'a>> {
    let count = digits(word.rest);
    let is_count = count > 0 && matches!(word.rest.get(count..), Some([b' ', b'a'..=b'z', ..]));
    let text = rest.get(1..).filter(|_| is_count)?;
    let sought = [(b'[', MARK), (b'\t', MARK), (b'"', MARK), (b'=', MARK), (b'|', MARK), (b':', MARK), (b'(', MARK)];
    let signs = signs::behind(line, line.len().checked_sub(text.len())?, sought)?;
    let is_prose = signs.seen == 0 && !signs::has_dash_behind_blank(text);
    let is_without_address = signs.is_without_address;
    is_prose.then_some(Prose { time: Time::Read(at, rest), level: word.level(text, rest), is_without_address })
}

/// Tells whether `text`, with which `line` ends behind its date and time and whose first bytes no format has, is prose; `level` says what is
/// known of the level by what stands in the text.
#[inline(never)]
pub(super) fn signed<'a>(
    line: &[u8],
    at: i64,
    rest: &'a [u8],
    text: &[u8],
    level: impl FnOnce(Signs) -> Sought,
) -> Option<Prose<'a>> {
    if headless::may_follow(rest) {
        return None;
    }
    #[rustfmt::skip]
    let sought = [
        (b'[', MARK), (b'\t', MARK), (b'|', MARK), (b'"', QUOTE), (b'=', EQUALS), (b':', COLON), (b'(', ROUND), (b'<', ROUND),
    ];
    let start = line.len().checked_sub(text.len())?;
    let signs = signs::behind_with_capitals(line, start, sought).unwrap_or_else(|| far_signs(text));
    let seen = signs.seen;
    // PostgreSQL's severity has a colon and two blanks, a load balancer's request quotes, and with a `T` between date and time the line may be a
    // syslog daemon's.
    let is_prose = seen & MARK == 0
        && !(seen & COLON != 0 && signs::has_two_blanks(text))
        && !(seen & EQUALS != 0 && signs::may_be_packet_filters(text))
        && !(seen & QUOTE != 0 && elb::may_follow(rest))
        && (line.get(10) == Some(&b' ') || !(shape::may_follow_iso_stamp(rest) && shape::follows_iso_stamp(rest)));
    if !is_prose {
        return None;
    }
    Some(Prose { time: Time::Read(at, rest), level: level(signs), is_without_address: signs.is_without_address })
}

/// What may stand in a long text.
fn far_signs(text: &[u8]) -> Signs {
    let mark = if memchr::memchr3(b'[', b'\t', b'|', text).is_some() { MARK } else { 0 };
    Signs { seen: mark | QUOTE | EQUALS | COLON | ROUND | signs::CAPITAL, is_without_address: false }
}
