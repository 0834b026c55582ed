//! Tells at a glance the lines that can only be plain text, so that the parsers of formats need not be asked for each.
//!
//! Nearly all plain text begins with a word, alone, in a bracket or behind a date, and no format's lines begin so but those that hold
//! a mark further on (a bracket, a tab, a quote). Only such lines are called prose; what is not so sure is for the parsers to say.
//!
//! The look for marks tells as well whether an address may stand in the line, for which plain text is searched otherwise.

use crate::find::{find, find_by};
use crate::syslog::shape;
use crate::{Context, access, app, level_names, signs, timestamp};

/// A line of prose.
pub(crate) struct Prose<'a> {
    /// The date and time at its front, and what follows them.
    pub stamped: Option<(i64, &'a [u8])>,
    /// Whether it holds no address.
    pub is_without_address: bool,
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
    if line.first()?.is_ascii_alphabetic() { worded(line) } else { unworded(line) }
}

/// As [`undated`], for a line that no letter begins.
#[inline(never)]
fn unworded<'a>(line: &[u8]) -> Option<Prose<'a>> {
    match line.first()? {
        b'[' => bracketed(line),
        b' ' | b'\t' => worded(line.trim_ascii_start()),
        b'0'..=b'9' => numbered(line),
        b'-' => ruled(line),
        _ => None,
    }
}

/// `text`, a line or what is behind its blanks, begins with a word.
#[inline]
fn worded<'a>(text: &[u8]) -> Option<Prose<'a>> {
    let behind = Behind::word(text)?;
    if behind.may_be_dated(text) || is_known(text, &behind) {
        return None;
    }
    let signs = signs::of(text, [(b'[', MARK), (b'\t', MARK)])?;
    let is_prose = signs.seen == 0 || (!behind.has_colon && signs::has_words_in_brackets(text));
    is_prose.then_some(Prose { stamped: None, is_without_address: signs.is_without_address })
}

/// `--- end of the report ---`, and rules.
fn ruled<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let dashes = line.iter().take_while(|b| **b == b'-').count();
    let is_text = dashes > 1 && matches!(line.get(dashes..)?, [] | [b' ', b'A'..=b'Z' | b'a'..=b'z', ..]);
    is_text.then(|| unmarked(line, [(b'[', MARK), (b'\t', MARK), (b'=', MARK)]))?
}

/// `1234 items were counted`: a number and at least three words.
fn numbered<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = line.get(digits..)?.strip_prefix(b" ")?;
    let word = |text| Behind::word(text).filter(|word| !word.has_colon).map(|word| word.rest);
    let behind = word(word(word(text)?)?)?;
    let is_worded = behind.first().is_some_and(u8::is_ascii_alphabetic);
    is_worded.then(|| unmarked(line, [(b'[', MARK), (b'\t', MARK), (b'=', MARK)]))?
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

/// `line` as prose without a date, if none of `marks` stands in it and it is short enough to be looked through.
#[inline]
fn unmarked<'a, const N: usize>(line: &[u8], marks: [(u8, u8); N]) -> Option<Prose<'a>> {
    let signs = signs::of(line, marks).filter(|signs| signs.seen == 0)?;
    Some(Prose { stamped: None, is_without_address: signs.is_without_address })
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
    #[inline]
    fn word(text: &'a [u8]) -> Option<Self> {
        let letters = signs::letters(text);
        let (has_colon, rest) = match text.get(letters..)? {
            [b' ', rest @ ..] => (false, rest),
            [b':', b' ', rest @ ..] => (true, rest),
            _ => return None,
        };
        (letters > 1).then_some(Self { letters, has_colon, rest })
    }

    #[inline]
    fn is_number(&self) -> bool {
        !self.rest.first().is_some_and(u8::is_ascii_alphabetic)
    }

    /// Whether a date may stand behind the word: behind the name of a month or a day (`Nov 14`), or behind a level or an alert's name in
    /// capitals; uvicorn pads these (`INFO:     text`).
    #[inline]
    fn may_be_dated(&self, text: &[u8]) -> bool {
        let is_in_capitals = text.get(1).is_some_and(u8::is_ascii_uppercase);
        // C's `asctime` begins with the names of a day and a month.
        let is_day = self.letters == 3 && text.get(7) == Some(&b' ');
        is_day || ((self.letters == 3 || is_in_capitals) && (self.is_number() || (self.has_colon && self.letters == 8)))
    }
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
    unmarked(inside, [(b'[', MARK), (b'\t', MARK), (b'=', MARK)])
}

/// Tells whether `line`, which begins with the date and time `at` (`rest` is what follows), has a word behind them and is prose.
#[inline]
pub(super) fn dated<'a>(line: &[u8], at: i64, rest: &'a [u8]) -> Option<Prose<'a>> {
    let behind_stamp = rest.strip_prefix(b" ").filter(|_| line.get(4) == Some(&b'-'))?;
    let text = if behind_stamp.first() == Some(&b'[') { behind_thread(behind_stamp)? } else { behind_stamp };
    let Behind { has_colon: false, rest: behind, .. } = Behind::word(text)? else { return None };
    let is_in_capitals = text.get(1).is_some_and(u8::is_ascii_uppercase);
    if is_in_capitals {
        // Behind a level the name of a logger may stand, and a dash, a colon or a bracket behind that.
        let word = Behind::word(behind.trim_ascii_start()).filter(|word| !word.has_colon)?;
        if text.len() != behind_stamp.len() || !word.rest.first().is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
    } else if text.starts_with(b"std") || !behind.first().is_some_and(u8::is_ascii_alphabetic) {
        // A container runtime's lines; a syslog daemon's, whose message is an object or a device's list.
        return None;
    }
    let signs = signs::of(text, [(b'[', MARK), (b'\t', MARK), (b'"', MARK), (b':', COLON), (b'=', EQUALS)])?;
    let is_prose = match signs.seen {
        0 => is_in_capitals || !behind.starts_with(b"firewall,"),
        seen => {
            // Behind two words only PostgreSQL and packet filters have anything of theirs, and a logger of Rust's, whose dates have a `T`.
            let is_worded = || is_in_capitals || Behind::word(behind).is_some_and(|word| !word.has_colon);
            let may_be_rusts = is_in_capitals && line.get(10) != Some(&b' ');
            (seen & MARK == 0 || is_worded()) && !may_be_rusts && is_signed_prose(line, text, rest, seen)
        }
    };
    is_prose.then_some(Prose { stamped: Some((at, rest)), is_without_address: signs.is_without_address })
}

/// Whether `text`, which holds a colon or a sign of equality, is prose behind a date and a time; they end before `rest`.
fn is_signed_prose(line: &[u8], text: &[u8], rest: &[u8], signs: u8) -> bool {
    // With a `T` between date and time the line may be a syslog daemon's, or that of one of Rust's loggers.
    let is_plainly_divided = line.get(10) == Some(&b' ');
    // PostgreSQL's severity, a packet filter's pairs, and syslog's tag.
    let is_postgresqls = signs & COLON != 0 && find_by(0, text, b":  ").is_some();
    let is_filters = signs & EQUALS != 0 && find_by(2, text, b"IN=").is_some();
    !is_postgresqls && !is_filters && (is_plainly_divided || !shape::follows_iso_stamp(rest))
}

/// What stands behind `[worker 3] `, which is no level and no name that tells a format. Behind it no word in capitals may stand.
fn behind_thread(text: &[u8]) -> Option<&[u8]> {
    let inside = text.get(1..)?;
    let letters = signs::letters(inside);
    let more = inside.get(letters..)?.iter().take(64);
    let length = letters + more.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_')).count();
    let (name, behind) = inside.split_at_checked(length).filter(|_| letters > 0)?;
    let text = behind.strip_prefix(b"] ")?;
    // Names that tell a format, and levels: one word, which has a digit at the most and may be filled with blanks.
    let may_be_known = length < letters + 2 || name.ends_with(b" ");
    let is_level = || std::str::from_utf8(name).is_ok_and(|name| level_names::from_word(name.trim()).is_some());
    let is_known = may_be_known && (name == b"System" || is_level());
    (!is_known && !app::mongodb::begins_with_context(name)).then_some(text)
}
