//! Names that text begins with: words of more than letters, as programs, classes, files and addresses of mail have.

use super::behind::small_words;
use super::unworded::unbracketed;
use super::{Prose, Time};
use crate::plain::Sought;
use crate::{apache_error, app, compose, leading, level_names};

/// Tells whether `text`, `line` or what is behind its blanks, which begins with a letter but with no word of letters alone, is prose:
/// `cart-service started`, `done.`
#[inline(never)]
pub(super) fn named<'a>(line: &[u8], text: &[u8]) -> Option<Prose<'a>> {
    const NAME_BYTES_MAX: usize = 128;
    let time = match text {
        // Formats' own lines begin with one of these.
        [b'a', b'u', b'd', b'i', b't', ..] | [b'h', b'2', b' ', ..] => return None,
        [b'f', ..] if text.starts_with(b"firewall,") => return None,
        [b'a'..=b'f', ..] if app::freeswitch::begins_with_call(text) => return None,
        [b'a'..=b'z', ..] => Time::absent_if(!app::may_be_session(text)),
        // The names of months and days have three letters, behind which a blank, a comma or a dash stands.
        [b'A'..=b'Z', b'a'..=b'z', _, b',' | b'-', b' ' | b'0'..=b'9', ..] => Time::Unknown,
        [b'A'..=b'Z', b'a'..=b'z', _, fourth, ..] if *fourth != b' ' => Time::Absent,
        // A path, as Windows has it.
        [b'A'..=b'Z', b':', b'\\', ..] => Time::Absent,
        _ => return None,
    };
    let near = text.get(..NAME_BYTES_MAX).unwrap_or(text);
    let name = plain_name(near);
    // A virtual host before the time of Apache's error log.
    if let Some([b' ', b'[', inside @ ..]) = text.get(name..)
        && apache_error::begins_with_asctime(inside)
    {
        return None;
    }
    let level = match behind_name(line, text, name) {
        Some(level) => level,
        None => {
            let (first, behind) = text.split_at_checked(name + leading::before(b' ', near.get(name..)?))?;
            let may_be_dated = behind.trim_ascii_start().first().is_some_and(u8::is_ascii_digit);
            if compose::may_follow_name(behind) {
                return None;
            }
            // Pairs begin with a name and a sign of equality.
            if first.len() >= NAME_BYTES_MAX || may_be_dated || memchr::memchr(b'=', first).is_some() {
                return None;
            }
            Sought::From(0)
        }
    };
    unbracketed(text, time, level)
}

/// How many bytes of a name `text` begins with that state no level, nor make one of the word behind them.
#[inline]
fn plain_name(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some((byte, behind)) = text.get(length..).and_then(<[u8]>::split_first) {
        let is_plain = is_plain(*byte)
            || match (byte, behind.first()) {
                (b'A'..=b'Z', Some(next)) => next.is_ascii_lowercase(),
                (b'(', Some(next)) => next.is_ascii_digit(),
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

/// Whether the level may be assigned to `name`: `log.level: error`, `severity: error`.
pub(super) fn is_label(name: &[u8]) -> bool {
    matches!(name.last(), Some(b'l' | b'y'))
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
                b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b',' | b'/' | b'@' | b'+' | b';' | b'!' | b'?' | b'\'' | b')'
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
