//! Text behind a date: two words, or anything else that no format has there.

mod unworded;

use self::unworded::{counted_level, level_by, signed, unworded};
use super::behind::{Behind, Thread};
use super::{COLON, EQUALS, MARK, Prose, Time, names};
use crate::find::find;
use crate::plain::Sought;
use crate::signs;
use crate::syslog::shape;

/// Tells whether `line`, which begins with the date and time `at` (`rest` is what follows), is prose.
#[inline]
pub(in crate::detect) fn dated<'a>(line: &[u8], at: i64, rest: &'a [u8]) -> Option<Prose<'a>> {
    if line.get(4) != Some(&b'-') || (rest.starts_with(b"  ") && shape::follows_stamp_as_macos(rest)) {
        return None;
    }
    let Some(behind_stamp) = rest.strip_prefix(b" ") else { return unworded(line, at, rest, rest) };
    if is_of_database(behind_stamp) {
        return None;
    }
    let thread = if behind_stamp.first() == Some(&b'[') { Some(Thread::of(behind_stamp)?) } else { None };
    let text = thread.as_ref().map_or(behind_stamp, |thread| thread.rest);
    let Some(word) = Behind::word(text).filter(|word| !word.has_colon) else {
        return if thread.is_none() { unworded(line, at, rest, text) } else { None };
    };
    let (behind, is_in_capitals) = (word.rest, Behind::is_in_capitals(text));
    let second = Behind::word(if is_in_capitals { behind.trim_ascii_start() } else { behind });
    let (second, labelled) = match second {
        Some(second) if second.has_colon => (None, Some(second)),
        second => (second, None),
    };
    // Exim names one of its authenticators before it.
    if behind.starts_with(b"authenticator ") {
        return None;
    }
    if is_in_capitals {
        let Some(second) = second.as_ref() else {
            return if thread.is_none() { counted_level(line, at, rest, &word) } else { None };
        };
        // Behind a level the name of a logger may stand, and a dash, a colon or a bracket behind that.
        if thread.is_some()
            || !second.rest.first().is_some_and(u8::is_ascii_alphanumeric)
            || shape::is_labelled_event(second.rest)
        {
            return None;
        }
    } else {
        // A container runtime's lines; a syslog daemon's, whose message is an object, the list of a device's topics, or an event in CEF.
        let is_devices = || behind.starts_with(b"firewall,") || shape::is_labelled_event(behind);
        if text.starts_with(b"std") || (second.is_none() && is_devices()) {
            return None;
        }
        if !behind.first().is_some_and(u8::is_ascii_alphabetic) {
            let is_plain = thread.is_none() && behind.first() != Some(&b' ');
            let level = |signs| level_by(signs, text, || Sought::From(word.end(rest) + names::without_level(behind)));
            return if is_plain { signed(line, at, rest, text, level) } else { None };
        }
    }
    let is_without_address = is_prose_behind_date(line, text, is_in_capitals, second.is_some(), rest)?;
    let level = match (thread, second) {
        (Some(thread), _) if !thread.is_without_capitals() => Sought::From(0),
        (_, Some(second)) if !is_in_capitals && behind.first().is_some_and(u8::is_ascii_lowercase) => {
            second.no_level(rest)
        }
        (_, None) if !is_in_capitals => match labelled {
            Some(second) if behind.first().is_some_and(u8::is_ascii_lowercase) && !second.is_labels(behind) => {
                second.no_level(rest)
            }
            _ => Sought::From(word.end(rest)),
        },
        _ => word.level(text, rest),
    };
    Some(Prose { time: Time::Read(at, rest), level, is_without_address })
}

/// Whether `text` is InnoDB's or Ceph's, which have a thread in hexadecimal digits before it, or of the scripts and signals of MySQL.
fn is_of_database(text: &[u8]) -> bool {
    match text.first() {
        Some(b'm') => text.starts_with(b"mysqld_safe "),
        Some(b'U') => text.starts_with(b"UTC - mysqld got "),
        Some(b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
            // Words and counts are told apart by their next bytes.
            if !matches!(text.get(1), Some(b'x'))
                && !text.get(1..3).is_some_and(|next| next.iter().all(u8::is_ascii_hexdigit))
            {
                return false;
            }
            let end = text.iter().take(20).position(|b| *b == b' ').unwrap_or(text.len());
            let behind = text.get(end..).unwrap_or_default().trim_ascii_start();
            let is_thread = matches!(text, [b'7' | b'f', b'f', ..]) && end >= 10;
            behind.starts_with(b"InnoDB: ") || (is_thread && matches!(behind, [b'-' | b'0'..=b'9', ..]))
        }
        _ => false,
    }
}

/// Whether `text`, which stands behind the date and the time of `line` and begins with a word, holds no address, if it is prose; `None` if it
/// may be something else. `rest` is what follows the time.
#[inline(always)]
fn is_prose_behind_date(
    line: &[u8],
    text: &[u8],
    is_in_capitals: bool,
    has_two_words: bool,
    rest: &[u8],
) -> Option<bool> {
    /// PostgreSQL's prefix is looked at so far behind the time and the name of a zone, and a packet filter's less far.
    const PREFIX_BYTES_MAX: usize = 310;
    /// To look through a longer text would take longer than what is saved by it.
    const SEARCHED_BYTES_MAX: usize = 128;
    // With a `T` between date and time the line may be a syslog daemon's, or that of one of Rust's loggers.
    let is_plainly_divided = line.get(10) == Some(&b' ');
    let may_be_rusts = is_in_capitals && !is_plainly_divided;
    if has_two_words && !may_be_rusts && text.len() > SEARCHED_BYTES_MAX {
        return (!is_divided(text.get(..PREFIX_BYTES_MAX).unwrap_or(text))).then_some(false);
    }
    let sought = [(b'[', MARK), (b'\t', MARK), (b'"', MARK), (b':', COLON), (b'=', EQUALS)];
    let signs = signs::behind(line, line.len().checked_sub(text.len())?, sought)?;
    let is_prose = match signs.seen {
        0 => true,
        // Behind two words only PostgreSQL and packet filters have anything of theirs.
        seen => {
            (seen & MARK == 0 || has_two_words)
                && !may_be_rusts
                && !(seen & COLON != 0 && signs::has_two_blanks(text) && find(text, b":  ").is_some())
                && !(seen & EQUALS != 0 && signs::may_be_packet_filters(line))
                && (is_plainly_divided || has_two_words || !shape::follows_iso_stamp(rest))
        }
    };
    is_prose.then_some(signs.is_without_address)
}

/// Whether in a text, as far as PostgreSQL's prefix or a packet filter's may reach, stands what follows that one's severity, or this one's
/// first name.
fn is_divided(near: &[u8]) -> bool {
    memchr::memchr2_iter(b':', b'=', near).any(|at| match near.get(at..) {
        Some([b':', behind @ ..]) => behind.starts_with(b"  "),
        _ => near.get(..at).is_some_and(|before| before.ends_with(b"IN")),
    })
}
