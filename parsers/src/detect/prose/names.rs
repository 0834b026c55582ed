//! Names that text begins with: words of more than letters, as programs, classes, files and addresses of mail have.

use super::behind::{small_words, stateless_words};
use super::numbers::without_padding;
use super::unworded::{far_marks, unbracketed};
use super::{MARK, Prose, Time};
use crate::plain::{self, Sought, is_label};
use crate::signs;
use crate::{apache_error, app, compose, leading, level_names};

/// Longer names are for the parsers to look at.
const NAME_BYTES_MAX: usize = 128;

/// Names are looked at byte by byte that are no longer than this.
const PLAIN_BYTES_MAX: usize = 40;

/// Tells whether `text`, `line` or what is behind its blanks, which begins with a letter but with no word of letters alone, is prose:
/// `cart-service started`, `done.`
#[inline(never)]
pub(super) fn named<'a>(line: &[u8], text: &[u8]) -> Option<Prose<'a>> {
    let time = match text {
        // Formats' own lines begin with one of these.
        [b'a', b'u', b'd', b'i', b't', ..] | [b'h', b'2', b' ', ..] => return None,
        [b'f', ..] if text.starts_with(b"firewall,") => return None,
        [b'E', b'v', b'e', b'n', b't', b'[', ..] => return None,
        [b'a'..=b'f', ..] if app::freeswitch::begins_with_call(text) => return None,
        [b'a'..=b'z', ..] => Time::absent_if(!app::may_be_session(text)),
        // The names of months and days have three letters, behind which a blank, a comma or a dash stands.
        [b'A'..=b'Z', b'a'..=b'z', _, b',' | b'-', b' ' | b'0'..=b'9', ..] => Time::Unknown,
        [b'A'..=b'Z', b'a'..=b'z', _, fourth, ..] if *fourth != b' ' => Time::Absent,
        // A path, as Windows has it.
        [b'A'..=b'Z', b':', b'\\', ..] => Time::Absent,
        // The letter of a level, as APT has it.
        [b'A'..=b'Z', b':', b' ', b'A'..=b'Z' | b'a'..=b'z', ..] => Time::Absent,
        _ => return in_capitals(line, text),
    };
    let near = text.get(..NAME_BYTES_MAX).unwrap_or(text);
    // To look at each byte of longer names takes as long as to look for a level in them.
    let end = leading::before(b' ', near);
    let name = if end > PLAIN_BYTES_MAX { 0 } else { plain_name(near) };
    // A virtual host before the time of Apache's error log.
    let may_be_apaches = |behind: Option<&[u8]>| matches!(behind, Some([b' ', b'[', inside @ ..]) if apache_error::begins_with_asctime(inside));
    if may_be_apaches(text.get(name..)) || may_be_apaches(text.get(end..)) {
        return None;
    }
    let level = behind_name(line, text, name);
    if level.is_none() {
        let (first, behind) = text.split_at_checked(end)?;
        let may_be_dated = behind.trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
        // Pairs begin with a name and a sign of equality.
        let name = if behind.is_empty() { without_padding(first) } else { first };
        let is_known = first.len() >= NAME_BYTES_MAX || may_be_dated || memchr::memchr(b'=', name).is_some();
        if is_known || compose::may_follow_name(behind) {
            return None;
        }
    }
    let signs = signs::of(text, [(b'[', MARK), (b'\t', MARK)]).unwrap_or_else(|| far_marks(text));
    let is_prose = signs.seen == 0 || signs::has_ids_in_brackets(text);
    let level =
        || level.unwrap_or_else(|| Sought::From(if line.len() == text.len() { without_level(text) } else { 0 }));
    is_prose.then(|| Prose { time, level: level(), is_without_address: signs.is_without_address })
}

/// Tells whether `text`, which begins with a capital and something else than a small letter, is prose: `HTTP/1.1 was`, base64. Alone, or before a
/// blank, a comma, a slash or digits a capital may stand for a level; behind a whole word for one a colon, a bar or a time may stand.
fn in_capitals<'a>(line: &[u8], text: &[u8]) -> Option<Prose<'a>> {
    /// A bracket that ends a time behind the name of a zone is this near.
    const TIME_BYTES_MAX: usize = 48;
    match text {
        [b'I' | b'W' | b'E' | b'F', b'0'..=b'2', b'0'..=b'9', ..] => return None,
        [b'A'..=b'Z', b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'+' | b'.' | b'\'' | 0x80.., ..] => {}
        _ => return None,
    }
    let near = text.get(..NAME_BYTES_MAX).unwrap_or(text);
    let (first, behind) = near.split_at_checked(leading::before(b' ', near))?;
    let name = if behind.is_empty() { without_padding(first) } else { first };
    let may_be_dated = behind.trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
    // The logs of Junos' filters.
    let is_known = name.starts_with(b"PFE_FW_") || may_be_dated || compose::may_follow_name(behind);
    if is_known || name.len() >= NAME_BYTES_MAX || memchr::memchr3(b':', b'=', b'|', name).is_some() {
        return None;
    }
    let level = if line.len() == text.len() { without_level(text) } else { 0 };
    let has_no_time = !matches!(name.get(3), Some(b'-' | b','))
        && memchr::memchr(b']', text.get(..TIME_BYTES_MAX).unwrap_or(text)).is_none();
    unbracketed(text, Time::absent_if(has_no_time), Sought::From(level))
}

/// How many bytes `text` begins with that state no level: those of a name and of the words in small letters behind it; none where no word is among
/// them, for the first may be a level before a colon.
#[inline]
pub(super) fn without_level(text: &[u8]) -> usize {
    let near = text.get(..NAME_BYTES_MAX).unwrap_or(text);
    let start = match near {
        // Other words in capitals are none but before a colon.
        [b'A'..=b'Z', b'A'..=b'Z', ..] => {
            let letters = leading::letters(near);
            if near.get(..letters).and_then(plain::level_in_capitals).is_some() { 0 } else { letters }
        }
        [b'A'..=b'Z', b' ', ..] => 1,
        [b'A'..=b'Z', ..] => plain_name(near),
        [b':', b' ', ..] => 2,
        _ => 0,
    };
    let end = start + leading::unmarked(near.get(start..).unwrap_or_default());
    if end == text.len() {
        return end;
    }
    let Some(blank) = near.get(..end).and_then(|known| known.iter().rposition(|b| *b == b' ')) else {
        return match text.get(end..) {
            Some([b':', b' ', words @ ..]) if !may_state(near.get(..end).unwrap_or_default()) => {
                text.len() - words.len() + stateless_words(words)
            }
            _ => match first_word(near) {
                0 => 0,
                first => first + text.get(first..).map_or(0, stateless_words),
            },
        };
    };
    let has_word = near.get(..blank).is_some_and(|known| known.iter().any(u8::is_ascii_alphanumeric));
    if has_word { blank + 1 } else { 0 }
}

/// Whether `name`, behind which a colon stands, states a level or may be what one is assigned to.
fn may_state(name: &[u8]) -> bool {
    is_label(name) || ends_with_level(name) || !name.iter().any(u8::is_ascii_alphanumeric)
}

/// How many bytes the letters and digits take that `text` begins with, if they are no level: a word that begins with a digit is none, nor is a long one.
fn first_word(text: &[u8]) -> usize {
    const LEVEL_BYTES_MAX: usize = 16;
    let length = leading::alphanumerics(text);
    let is_whole = !text.get(length).is_some_and(|b| *b == b'_' || !b.is_ascii());
    let is_no_level = length > LEVEL_BYTES_MAX || text.first().is_some_and(u8::is_ascii_digit);
    if is_whole && is_no_level { length } else { 0 }
}

/// Whether the only word of `name` is one for a level.
fn ends_with_level(name: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let word = name.iter().position(is_part).and_then(|start| name.get(start..));
    word.is_some_and(|word| level_names::from_bytes(word).is_some())
}

/// How many bytes of a name `text` begins with that state no level, nor make one of the word behind them.
#[inline]
fn plain_name(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some((byte, behind)) = text.get(length..).and_then(<[u8]>::split_first) {
        let is_plain = is_plain(*byte)
            || match (byte, behind.first()) {
                (b'A'..=b'Z', Some(next)) => next.is_ascii_lowercase(),
                (b'(', Some(next)) => next.is_ascii_digit() || *next == b')',
                // A level with a colon is stated.
                (b':', Some(b'/' | b'0'..=b'9')) => {
                    text.get(..length).is_some_and(|word| level_names::from_bytes(word).is_none())
                }
                _ => false,
            };
        if !is_plain {
            break;
        }
        length += 1;
    }
    length
}

/// Whether `byte` is part of names, and no mark of levels.
fn is_plain(byte: u8) -> bool {
    #[expect(clippy::indexing_slicing, reason = "runs when the crate is compiled")]
    const IS_PLAIN: [bool; 256] = {
        let mut is_plain = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            is_plain[byte] = matches!(
                byte as u8,
                b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b',' | b'/' | b'@' | b'+' | b';' | b'!' | b'?' | b'\'' | b')' | b'%'
            );
            byte += 1;
        }
        is_plain
    };
    IS_PLAIN.get(usize::from(byte)).is_some_and(|is_plain| *is_plain)
}

/// What is known of the level of `text`, with which `line` ends, if a name of `name` bytes, which state none, is all of it or has a word behind
/// it: `cart-service started`, `java.lang.Error: text`.
#[inline]
fn behind_name(line: &[u8], text: &[u8], name: usize) -> Option<Sought> {
    let (name, behind) = text.split_at_checked(name)?;
    let behind = match behind {
        [] => behind,
        [b' ', rest @ ..] => rest,
        [b':', b' ', rest @ ..] if !is_label(name) => rest,
        _ => return None,
    };
    // Behind a file's name or a protocol's a time may stand.
    let may_be_dated = || name.contains(&b'.') || matches!(name, [b'g' | b'h' | b'w', ..]);
    let is_worded = behind.first().is_none_or(|b| b.is_ascii_alphabetic() || (b.is_ascii_digit() && !may_be_dated()));
    is_worded.then(|| Sought::From(line.len() - behind.len() + small_words(behind)))
}
