//! The priority that begins a syslog message: `<34>` is facility 4, severity 2 (RFC 5424, section 6.2.1).

use super::shape;
use crate::{Level, LogEvent, level_names};

/// The highest value: facility 23, severity 7.
const MAX: u16 = 191;

/// `authpriv.warning` is shorter.
const WORDS_BYTES_MAX: usize = 20;

/// What stands where the priority belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    /// A number from 0 to 191.
    Valid {
        /// 0 to 23.
        facility: u8,
        /// 0 to 7.
        severity: u8,
    },
    /// Angle brackets that are empty or hold a number out of range.
    Invalid,
    /// No angle brackets with a number.
    Absent,
}

impl Priority {
    /// Writes facility, severity and level into `event` where they are known.
    pub(super) fn apply(self, event: &mut LogEvent<'_>) {
        if let Self::Valid { facility, severity } = self {
            event.facility = Some(facility);
            event.severity = Some(severity);
            event.level = Level::from_severity(severity);
        }
    }
}

/// The priority of `line` and what follows it (all of `line` where it has none).
pub(super) fn read(line: &[u8]) -> (Priority, &[u8]) {
    const DIGITS_MAX: usize = 20;
    let number = line.strip_prefix(b"<").unwrap_or_default();
    let count = number.iter().take(DIGITS_MAX).take_while(|b| b.is_ascii_digit()).count();
    let (Some(digits), Some([b'>', rest @ ..])) = (number.get(..count), number.get(count..)) else {
        return in_words(line).unwrap_or((Priority::Absent, line));
    };
    let value = digits.iter().fold(0_u16, |value, b| value.saturating_mul(10).saturating_add(u16::from(b - b'0')));
    if matches!(digits.len(), 1..=3) && value <= MAX {
        (Priority::Valid { facility: (value / 8) as u8, severity: (value % 8) as u8 }, rest)
    } else {
        (Priority::Invalid, rest)
    }
}

/// The priority that socklog writes in words, `auth.err: Nov 14 22:13:20 shop: text`, and what follows it.
fn in_words(line: &[u8]) -> Option<(Priority, &[u8])> {
    line.first().filter(|b| b.is_ascii_lowercase())?;
    let near = line.get(..WORDS_BYTES_MAX).unwrap_or(line);
    let end = memchr::memchr(b':', near)?;
    let (facility, severity) = std::str::from_utf8(near.get(..end)?).ok()?.split_once('.')?;
    let (facility, severity) = (level_names::facility_keyword(facility)?, level_names::severity_keyword(severity)?);
    let rest = line.get(end + 1..)?.strip_prefix(b" ")?;
    shape::has_bsd_stamp(rest).then_some((Priority::Valid { facility, severity }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facility_and_severity_come_from_the_number() {
        assert_eq!(read(b"<0>x"), (Priority::Valid { facility: 0, severity: 0 }, &b"x"[..]));
        assert_eq!(read(b"<34>"), (Priority::Valid { facility: 4, severity: 2 }, &b""[..]));
        assert_eq!(
            read(b"auth.err: Nov 14 22:13:20 shop: text"),
            (Priority::Valid { facility: 4, severity: 3 }, &b"Nov 14 22:13:20 shop: text"[..])
        );
        for line in [&b"auth.err: text"[..], b"auth.high: Nov 14 22:13:20 x", b"a.err: Nov 14 22:13:20 x", b"auth"] {
            assert_eq!(read(line), (Priority::Absent, line));
        }
        assert_eq!(read(b"<191>x"), (Priority::Valid { facility: 23, severity: 7 }, &b"x"[..]));
    }

    #[test]
    fn brackets_without_a_number_in_range_are_invalid_and_other_text_is_no_priority() {
        for line in [&b"<192>x"[..], b"<>x", b"<0013>x", b"<99999999999999999999>x"] {
            assert_eq!(read(line), (Priority::Invalid, &b"x"[..]), "{}", String::from_utf8_lossy(line));
        }
        for line in [&b""[..], b"<", b"<1", b"<1x>", b"<W>x", b"13>x", b"<999999999999999999999>x"] {
            assert_eq!(read(line), (Priority::Absent, line), "{}", String::from_utf8_lossy(line));
        }
    }
}
