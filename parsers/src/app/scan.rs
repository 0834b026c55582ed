//! Small steps over the head of a line: each takes what it finds off the front and gives what is left.

use std::borrow::Cow;

use crate::find::find;
use crate::{Attributes, Level, LogEvent, level_names};

/// No part of a head is longer; what is not found within it is not looked for any further.
const PART_BYTES_MAX: usize = 512;

/// `text` without the blanks at its front.
pub(super) fn blanks(text: &[u8]) -> &[u8] {
    let count = text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    text.get(count..).unwrap_or_default()
}

/// `text` without the blanks at its front, of which there must be one.
pub(super) fn some_blanks(text: &[u8]) -> Option<&[u8]> {
    matches!(text.first(), Some(b' ' | b'\t')).then(|| blanks(text))
}

/// Takes the bytes that `belongs` says yes to; there must be one.
pub(super) fn span(text: &[u8], belongs: impl Fn(u8) -> bool) -> Option<(&str, &[u8])> {
    let near = text.get(..PART_BYTES_MAX).unwrap_or(text);
    let end = near.iter().position(|b| !belongs(*b)).unwrap_or(near.len());
    taken(text, end)
}

/// Takes what stands before the first white space.
pub(super) fn word(text: &[u8]) -> Option<(&str, &[u8])> {
    span(text, |b| !b.is_ascii_whitespace())
}

/// Takes decimal digits, as many as a 64-bit number has at the most.
pub(super) fn digits(text: &[u8]) -> Option<(&str, &[u8])> {
    span(text, |b| b.is_ascii_digit()).filter(|(digits, _)| digits.len() <= 19)
}

/// Takes what stands before `end` on the first line, and `end`.
pub(super) fn until<'a>(text: &'a [u8], end: &[u8]) -> Option<(&'a str, &'a [u8])> {
    let near = text.get(..PART_BYTES_MAX).unwrap_or(text);
    let at = find(near, end)?;
    let (part, rest) = text.split_at_checked(at)?;
    if part.contains(&b'\n') {
        return None;
    }
    Some((std::str::from_utf8(part).ok()?, rest.get(end.len()..)?))
}

/// Takes what stands in square brackets (other brackets may stand inside), without the blanks around it.
pub(super) fn bracketed(text: &[u8]) -> Option<(&str, &[u8])> {
    enclosed(text, b'[', b']')
}

/// Takes what stands between `open` and its `close`, without the blanks around it.
pub(super) fn enclosed(text: &[u8], open: u8, close: u8) -> Option<(&str, &[u8])> {
    if text.first() != Some(&open) {
        return None;
    }
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate().take(PART_BYTES_MAX) {
        match *byte {
            b'\n' => return None,
            b if b == open => depth += 1,
            b if b == close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let inner = std::str::from_utf8(text.get(1..at)?).ok()?;
            return Some((inner.trim(), text.get(at + 1..)?));
        }
    }
    None
}

/// Takes a word that names a level, where no letter or digit follows it.
pub(super) fn level(text: &[u8]) -> Option<(Level, &[u8])> {
    let (word, rest) = span(text, |b| b.is_ascii_alphanumeric())?;
    Some((level_names::from_word(word)?, rest))
}

/// Takes a word in capitals that names a level.
pub(super) fn capital_level(text: &[u8]) -> Option<(Level, &[u8])> {
    text.first().filter(|b| b.is_ascii_uppercase())?;
    // Most words in this place are none, and their second letter says so.
    let letters = text.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
    text.get(letters).filter(|b| b.is_ascii_lowercase()).is_none().then(|| level(text))?
}

/// Takes the first `end` bytes, of which there must be one.
pub(super) fn taken(text: &[u8], end: usize) -> Option<(&str, &[u8])> {
    if end == 0 {
        return None;
    }
    let (part, rest) = text.split_at_checked(end)?;
    Some((std::str::from_utf8(part).ok()?, rest))
}

/// An event with what every line states.
pub(super) fn event<'a>(format: &'static str, timestamp: Option<i64>, level: Level, message: &'a [u8]) -> LogEvent<'a> {
    // Room for the few attributes that most lines have, so that they do not grow one by one.
    let attributes = Attributes::with_capacity(96, 4);
    LogEvent { timestamp, level, message: Cow::Borrowed(message), attributes, format, ..LogEvent::default() }
}

/// Adds an attribute, unless its value is absent.
pub(super) fn attribute(event: &mut LogEvent<'_>, name: &str, value: &str) {
    if !matches!(value, "" | "-") {
        event.attributes.push(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_may_stand_in_brackets() {
        assert_eq!(bracketed(b"[a[b]c ] d"), Some(("a[b]c", &b" d"[..])));
        assert_eq!(bracketed(b"[a[b] c"), None);
        assert_eq!(bracketed(b"[a\n]"), None);
        assert_eq!(enclosed(b"(x) y", b'(', b')'), Some(("x", &b" y"[..])));
    }

    #[test]
    fn a_level_is_a_whole_word() {
        assert_eq!(level(b"warn: x"), Some((Level::Warn, &b": x"[..])));
        assert_eq!(level(b"warned"), None);
        assert_eq!(capital_level(b"warn x"), None);
        assert_eq!(capital_level(b"DEBUG1 x"), Some((Level::Debug, &b" x"[..])));
    }
}
