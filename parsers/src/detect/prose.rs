//! Tells at a glance the lines that can only be plain text, so that the parsers of formats need not be asked for each.
//!
//! Nearly all plain text begins with a word, alone, in a bracket or behind a date, and no format's lines begin so but those that hold
//! a mark further on (a bracket, a tab, a quote). Only such lines are called prose; what is not so sure is for the parsers to say.

use crate::find::find;
use crate::syslog::shape;
use crate::{access, app, level_names};

use super::NEAR_BYTES;

/// Whether `line` begins with a word, or with one in a bracket, and can be in no format.
pub(super) fn is_undated(line: &[u8]) -> bool {
    let Some(first) = line.first() else { return false };
    if *first == b'[' {
        return is_bracketed(line);
    }
    let Some(behind) = first.is_ascii_alphabetic().then(|| Behind::word(line)).flatten() else { return false };
    let is_known = match first {
        // The names of load balancers' protocols, before a date.
        b'g' | b'h' => behind.is_number(),
        b'w' => behind.is_number() || find(line.get(..40).unwrap_or(line), b"wireguard: ").is_some(),
        b'a' => line.starts_with(b"audit: "),
        // Rails' `Started GET "/x" for …`.
        b'S' => line.starts_with(b"Started "),
        _ => false,
    };
    !is_known && !behind.may_be_dated(line) && is_unmarked(line)
}

/// What stands behind the first word of a text.
struct Behind<'a> {
    letters: usize,
    has_colon: bool,
    /// What follows the blank.
    rest: &'a [u8],
}

impl<'a> Behind<'a> {
    /// Looks behind the word of at least two letters that `text` begins with: there has to be a blank, or a colon and one.
    fn word(text: &'a [u8]) -> Option<Self> {
        let letters = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (has_colon, rest) = match text.get(letters..)? {
            [b' ', rest @ ..] => (false, rest),
            [b':', b' ', rest @ ..] => (true, rest),
            _ => return None,
        };
        (letters > 1).then_some(Self { letters, has_colon, rest })
    }

    fn is_number(&self) -> bool {
        !self.rest.first().is_some_and(u8::is_ascii_alphabetic)
    }

    /// Whether a date may stand behind the word: behind the name of a month or a day (`Nov 14`), or behind a level or an alert's name in
    /// capitals; uvicorn pads these (`INFO:     text`).
    fn may_be_dated(&self, text: &[u8]) -> bool {
        let is_in_capitals = text.get(1).is_some_and(u8::is_ascii_uppercase);
        // C's `asctime` begins with the names of a day and a month.
        let is_day = self.letters == 3 && text.get(7) == Some(&b' ');
        is_day || ((self.letters == 3 || is_in_capitals) && (self.is_number() || (self.has_colon && self.letters == 8)))
    }
}

/// `[worker 3] text`: with no mark but the bracket, and no pairs such as a packet filter's.
fn is_bracketed(line: &[u8]) -> bool {
    let Some(inside) = line.get(1..) else { return false };
    // The names of months and days have three letters.
    inside.first().is_some_and(u8::is_ascii_alphabetic)
        && !matches!(inside.get(3), None | Some(b' '))
        && is_unmarked(inside)
        && memchr::memchr(b'=', inside).is_none()
        && !access::gin::begins(line)
}

/// Whether `line`, which begins with a date and a time (`rest` is what follows), has a word behind them and can be in no format.
pub(super) fn is_dated(line: &[u8], rest: &[u8]) -> bool {
    let Some(text) = rest.strip_prefix(b" ").filter(|_| line.get(4) == Some(&b'-')) else { return false };
    // With a `T` between date and time the line may be a syslog daemon's, or that of one of Rust's loggers.
    let is_plainly_divided = line.get(10) == Some(&b' ');
    let Some(text) = text.strip_prefix(b"[").map_or(Some(text), behind_thread) else { return false };
    let Some(Behind { has_colon: false, rest: behind, .. }) = Behind::word(text) else { return false };
    if line.len() > NEAR_BYTES || memchr::memchr3(b'[', b'\t', b'"', text).is_some() {
        return false;
    }
    let has_signs = || memchr::memchr2(b':', b'=', text).is_some();
    if text.get(1).is_some_and(u8::is_ascii_uppercase) {
        // Behind a level the name of a logger may stand, and a dash, a colon or a bracket behind that.
        let behind = behind.trim_ascii_start();
        return text.len() == rest.len() - 1
            && Behind::word(behind)
                .is_some_and(|word| !word.has_colon && word.rest.first().is_some_and(u8::is_ascii_alphanumeric))
            && !has_signs();
    }
    // A container runtime's lines; a syslog daemon's, whose message is an object or a device's list.
    if text.starts_with(b"std") || !behind.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    if !has_signs() {
        return !behind.starts_with(b"firewall,");
    }
    // PostgreSQL's severity, a packet filter's pairs, and syslog's tag.
    find(text, b":  ").is_none()
        && find(text, b"IN=").is_none()
        && (is_plainly_divided || !shape::follows_iso_stamp(rest))
}

/// What stands behind `worker 3] `, which is no level and no name that tells a format. Behind it no word in capitals may stand.
fn behind_thread(inside: &[u8]) -> Option<&[u8]> {
    let name =
        inside.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_')).count();
    let (name, behind) = inside.split_at_checked(name)?;
    let is_level = std::str::from_utf8(name).is_ok_and(|name| level_names::from_word(name.trim()).is_some());
    let is_known = is_level || name == b"System" || app::mongodb::begins_with_context(name.trim_ascii_start());
    let text = behind.strip_prefix(b"] ")?;
    (name.first()?.is_ascii_alphabetic() && !is_known).then_some(text)
}

/// Whether no bracket and no tab stands in `text`, which is short enough to be searched.
fn is_unmarked(text: &[u8]) -> bool {
    text.len() < NEAR_BYTES && memchr::memchr2(b'[', b'\t', text).is_none()
}
