//! The octet count before a frame (RFC 6587, section 3.4.1), and the means to tell it from text.

use super::After;
use super::delimiter::{is_delimiter, priority};

/// More digits than any frame needs are text.
pub(super) const DIGITS_MAX: usize = 9;

/// A count of so many times the longest frame is a wrong count or text, not a frame to be skipped.
const COUNT_LIMIT_FACTOR: usize = 16;

/// What stands at the front of a buffer where a count may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// A count and a blank; the counted octets begin at `start`.
    Counted { start: usize, count: usize },
    /// Digits, or a count and a blank, and no more yet.
    Partial,
    /// No count.
    Text,
}

/// Which counted frames a stream has had.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// Some frame was counted.
    pub(super) before: bool,
    /// The last one was, and no delimiter has followed it.
    pub(super) right_before: bool,
}

/// Reads the count at the front of `front`. One that exceeds `max_frame` counts only before a `<`.
pub(super) fn header(front: &[u8], max_frame: usize) -> Header {
    let digits = front.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > DIGITS_MAX || front.first() == Some(&b'0') {
        return Header::Text;
    }
    let start = digits + 1;
    match (front.get(digits), front.get(start)) {
        (None, _) => return Header::Partial,
        (Some(b' '), None) => return Header::Partial,
        (Some(b' '), Some(_)) => {}
        (Some(_), _) => return Header::Text,
    }
    let count = front.iter().take(digits).fold(0, |value, b| value * 10 + usize::from(b - b'0'));
    let limit = if front.get(start) == Some(&b'<') { max_frame.saturating_mul(COUNT_LIMIT_FACTOR) } else { max_frame };
    if count > limit { Header::Text } else { Header::Counted { start, count } }
}

/// Whether the octets counted before something else than a priority can be a frame; `None` if more must be seen.
///
/// They can if no line end stands among them but at their end, and if a next frame, the end of the stream or,
/// on streams that had counts before, a delimiter follows. Right behind a counted frame, where hardly anything but a
/// count can stand, line ends among them prove nothing.
pub(super) fn is_consistent(front: &[u8], start: usize, count: usize, stream: Counts, after: After) -> Option<bool> {
    let end = start + count;
    let seen = front.get(start..end.min(front.len())).unwrap_or_default();
    let line_end = seen.iter().position(|b| matches!(b, b'\n' | 0));
    let is_inside = line_end.is_some_and(|at| at + 1 < count);
    if is_inside && !stream.right_before {
        return Some(false);
    }
    if front.len() < end {
        return if after == After::More { None } else { Some(false) };
    }
    if line_end.is_some() && !is_inside {
        return Some(true);
    }
    match front.get(end..) {
        Some([b'<', ..]) => Some(true),
        Some([first, ..]) if is_delimiter(*first) => Some(stream.before),
        Some(next @ [first, ..]) if first.is_ascii_digit() => match header(next, usize::MAX) {
            Header::Counted { .. } => Some(true),
            Header::Partial if after == After::More => None,
            Header::Partial => Some(true),
            Header::Text => Some(false),
        },
        Some([_, ..]) => Some(false),
        _ if after == After::More => None,
        _ => Some(true),
    }
}

/// Where, behind the first byte, a count with a priority behind it stands in `text`.
pub(super) fn embedded(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', text).find_map(|at| {
        let before = text.get(..at)?.strip_suffix(b" ")?;
        let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).take(DIGITS_MAX).count();
        let begin = before.len() - digits;
        let is_header = digits > 0 && begin > 0 && before.get(begin) != Some(&b'0');
        let is_priority = matches!(priority(text.get(at..)?), Some(Some(_)));
        (is_header && is_priority).then_some(begin)
    })
}
