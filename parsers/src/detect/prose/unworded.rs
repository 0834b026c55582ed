//! Text that begins with something else than a word of letters alone: a bracket, a rule, a sign.

use super::behind::behind_three;
use super::numbers::{SMALL_NUMBER_DIGITS, numbered};
use super::{MARK, NOTHING, Prose, Time, level_by_signs, worded};
use crate::plain::Sought;
use crate::signs::{self, Signs};
use crate::syslog::shape;
use crate::{access, app, leading, level_names};

/// Tells whether `line`, which no letter begins, is prose.
#[inline(never)]
pub(super) fn unworded<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let text = line.trim_ascii_start();
    let Some(first) = text.first() else { return Some(NOTHING) };
    match first {
        b'a'..=b'z' | b'A'..=b'Z' => worded(line, text),
        // Behind blanks other lines begin so.
        b'[' | b'0'..=b'9' | b'=' if line.len() != text.len() => None,
        // Syncthing has the first letters of its device there.
        b'[' if line.get(6..8) == Some(b"] ") && line.get(12) == Some(&b'/') => None,
        b'[' => bracketed(line),
        b'0'..=b'9' => numbered(line),
        b'-' => dashed(text),
        b'=' => ruled(line),
        // The first line of a script.
        b'#' if text.starts_with(b"#!") => unbracketed(text, Time::Absent, level_by_signs(text)),
        // A comment, which MySQL's slow queries have their facts in: those have a colon.
        b'#' if matches!(text, [_, b' ' | b'#', ..]) && memchr::memchr(b':', text).is_none() => {
            unmarked(text, Time::Absent, level_by_signs(text))
        }
        // A step of a trace.
        b'#' if matches!(text, [_, b'0'..=b'9', ..]) => unmarked(text, Time::Absent, level_by_signs(text)),
        // A label of TAI64N.
        b'@' if text.starts_with(b"@4") => unmarked(text, Time::Unknown, Sought::From(0)),
        b'<' if matches!(line, [b'<', b'l', ..]) && app::begins_log4js(line) => None,
        b'<' if matches!(line, [b'<', b'a'..=b'z' | b'/', ..]) => tagged(line),
        // The head of a document, with nothing of it behind.
        b'<' if matches!(line, [b'<', b'?' | b'!', rest @ ..] if memchr::memchr(b'<', rest).is_none()) => tagged(line),
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
    let time = Time::absent_if(has_no_time);
    // WatchGuard's firewalls put their time into the bracket, before pairs.
    if line.first() == Some(&b'(') {
        unmarked(line, time, Sought::From(0))
    } else {
        let letters = leading::letters(line.get(1..)?);
        let (word, behind) = line.get(1..)?.split_at_checked(letters)?;
        let level = match (level_names::from_bytes(word), behind.first()) {
            (Some(level), Some(b'>')) => Sought::Found(level),
            (None, _) if letters > 0 => Sought::From(1 + letters),
            _ => Sought::From(0),
        };
        unbracketed(line, time, level)
    }
}

/// `- an item`, `--- end of the report ---`, `-----BEGIN CERTIFICATE-----`, and rules. Behind the tag of a cluster's records, which may be
/// a dash, a number of seconds stands.
fn dashed<'a>(text: &[u8]) -> Option<Prose<'a>> {
    let dashes = leading::of_one(b'-', text);
    if dashes == text.len() {
        return Some(NOTHING);
    }
    let is_tag = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let behind = behind_all(is_tag, text.get(dashes..)?);
    let may_be_clusters = behind.strip_prefix(b" ").is_some_and(|behind| digits(behind) > SMALL_NUMBER_DIGITS);
    if may_be_clusters { None } else { unbracketed(text, Time::Absent, Sought::From(0)) }
}

/// `=== end of the report ===`, and rules.
fn ruled<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let signs = leading::of_one(b'=', line);
    match line.get(signs..)? {
        _ if signs < 2 => None,
        [] => Some(NOTHING),
        [b' ', text @ ..] if text.first().is_some_and(u8::is_ascii_alphabetic) => {
            let end = text.iter().rposition(|b| *b != b'=').map_or(0, |last| last + 1);
            unmarked(text.get(..end)?, Time::Absent, Sought::From(0))
        }
        _ => None,
    }
}

/// How many digits `text` begins with.
pub(super) fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// What follows the bytes that `is_one` knows, with which `text` begins.
pub(super) fn behind_all(is_one: impl Fn(&u8) -> bool, text: &[u8]) -> &[u8] {
    let length = text.iter().take_while(|b| is_one(b)).count();
    text.get(length..).unwrap_or_default()
}

/// `[worker 3] text`: with no mark but the bracket, and no pairs such as a packet filter's.
fn bracketed<'a>(line: &[u8]) -> Option<Prose<'a>> {
    let inside = line.get(1..)?;
    match inside.first()? {
        b'0'..=b'9' if inside.get(4) == Some(&b'-') => return date_in_bracket(line, inside),
        b'0'..=b'9' => return number_in_bracket(line, inside),
        b' ' | b'=' | b'#' | b'-' | b'*' | b'.' | b'+' | b'!' | b'?' | b'~' => return sign_in_bracket(inside),
        _ => {}
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

/// `[  OK  ] Started the shop`, `[====>   ] 57%`, `[*] text`: `inside` is what follows the bracket. Behind blanks a number may be the kernel's time.
fn sign_in_bracket<'a>(inside: &[u8]) -> Option<Prose<'a>> {
    /// So wide are bars.
    const BYTES_MAX: usize = 128;
    let near = inside.get(..BYTES_MAX).unwrap_or(inside);
    let (bar, text) = inside.split_at_checked(leading::before(b']', near))?;
    let is_plain = text.first() == Some(&b']')
        && bar.trim_ascii_start().first().is_some_and(|b| !b.is_ascii_digit())
        && !signs::may_be_packet_filters(bar)
        && memchr::memchr(b'=', text).is_none();
    if is_plain { unbracketed(inside, Time::Absent, Sought::From(0)) } else { None }
}

/// `[2023-11-14 22:13:20] the cart was opened`: `inside` is what follows the bracket. Behind the time loggers have names, levels and signs.
fn date_in_bracket<'a>(line: &[u8], inside: &[u8]) -> Option<Prose<'a>> {
    const TIME_BYTES_MAX: usize = 40;
    let near = inside.get(..TIME_BYTES_MAX).unwrap_or(inside);
    let text = inside.get(leading::before(b']', near)..)?.strip_prefix(b"] ")?;
    behind_three(text)?;
    let sought = [(b'[', MARK), (b'\t', MARK), (b'=', MARK), (b':', MARK), (b'"', MARK), (b'|', MARK)];
    let signs = signs::behind(line, line.len() - text.len(), sought)?;
    // The time has two colons.
    (signs.seen == 0).then_some(Prose { time: Time::Unknown, level: Sought::From(0), is_without_address: false })
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
pub(super) fn unmarked<'a>(text: &[u8], time: Time<'a>, level: Sought) -> Option<Prose<'a>> {
    let sought = [(b'[', MARK), (b'\t', MARK), (b'=', MARK)];
    let signs = signs::of(text, sought).unwrap_or_else(|| {
        let has_pair = memchr::memchr(b'=', text).is_some();
        if has_pair { Signs { seen: MARK, is_without_address: false } } else { far_marks(text) }
    });
    (signs.seen == 0).then_some(Prose { time, level, is_without_address: signs.is_without_address })
}
