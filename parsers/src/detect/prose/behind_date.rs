//! Text behind a date that begins with something else than two words.

use super::behind::{Behind, behind_three, small_words};
use super::unworded::behind_all;
use super::{COLON, MARK, Prose, Time, names};
use crate::plain::Sought;
use crate::{level_names, signs};

/// Tells whether `text`, with which `line` ends behind its date and time `at` (`rest` is what follows that), is prose.
#[inline(never)]
pub(super) fn unworded<'a>(line: &[u8], at: i64, rest: &'a [u8], text: &[u8]) -> Option<Prose<'a>> {
    // With a `T` between date and time the line may be a syslog daemon's.
    if line.get(10) != Some(&b' ') {
        return None;
    }
    // Where the words that state no level end.
    let behind = match text {
        [b'A'..=b'Z', b'A'..=b'Z', ..] if is_labelled(text) => rest,
        [b'a'..=b'z' | b'A'..=b'Z', ..] => behind_name(text)?,
        [b'0'..=b'9', ..] => behind_three(behind_all(u8::is_ascii_digit, text).strip_prefix(b" ")?)?,
        [b':', b' ', text @ ..] => behind_three(text)?,
        // Programs divide the parts of their lines so.
        [b'-', b' ', words @ ..] if words.first()?.is_ascii_lowercase() && !signs::has_dash_behind_blank(text) => {
            behind_three(words).unwrap_or(rest)
        }
        [b'/' | b'*' | b'.' | b'(' | b'\'' | b'`' | b'>' | b'$' | b'+' | b'~' | 0x80.., ..] => rest,
        _ => return None,
    };
    let sought = [(b'[', MARK), (b'\t', MARK), (b'"', MARK), (b'=', MARK), (b'|', MARK), (b':', COLON)];
    let signs = signs::behind(line, line.len().checked_sub(text.len())?, sought)?;
    let level = Sought::From(rest.len().checked_sub(behind.len())?);
    let is_without_address = signs.is_without_address;
    // PostgreSQL's severity has a colon and two blanks.
    let is_prose = signs.seen & MARK == 0 && (signs.seen & COLON == 0 || !signs::has_two_blanks(text));
    is_prose.then_some(Prose { time: Time::Read(at, rest), level, is_without_address })
}

/// Whether a word, a colon and another word stand at the front of `text`: `ERROR: text`.
fn is_labelled(text: &[u8]) -> bool {
    Behind::word(text).is_some_and(|word| word.has_colon && word.rest.first().is_some_and(u8::is_ascii_lowercase))
}

/// What stands behind the words of `text` that state no level, if it begins with a name that is no format's: `cart-service`, `I`, `done`, or
/// `worker: ` and three words.
fn behind_name(text: &[u8]) -> Option<&[u8]> {
    let is_part = |b: &&u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    let letter = usize::from(matches!(text, [b'I' | b'A', b' ', ..]));
    let name = text.iter().skip(letter).take_while(is_part).count() + letter;
    let (name, behind) = text.split_at_checked(name)?;
    match behind {
        [] => Some(behind),
        // Exim names one of its authenticators so.
        [b' ', rest @ ..] if rest.starts_with(b"authenticator ") => None,
        [b' ', rest @ ..] if !text.starts_with(b"std") && rest.first()?.is_ascii_lowercase() => {
            rest.get(small_words(rest)..)
        }
        // The level may be assigned to a label: `log-level: error`.
        [b':', b' ', rest @ ..] if !names::is_label(name) && level_names::from_bytes(name).is_none() => {
            behind_three(rest)
        }
        _ => None,
    }
}
