//! Stamps that state a date and a time: ISO 8601 and RFC 3339 in the spellings of real loggers,
//! the common log format, RFC 2822, and counts since 1970.
//!
//! All results are microseconds since 1970 (UTC); finer digits are cut off, not rounded.

mod epoch;
pub(crate) mod named_month;

pub use epoch::epoch;
pub(crate) use named_month::{asctime, common_log_prefix};

use std::ops::RangeInclusive;

use crate::Zone;
use crate::syslog::zone_names;

/// The times that a record may have, the years 1900 to 2299: what ClickHouse's `DateTime64(6)` can hold and show.
pub const STORABLE: RangeInclusive<i64> = -2_208_988_800_000_000..=10_413_791_999_999_999;
const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads `text` as a stamp: an ISO 8601 date and time, a count since 1970, the common log format's
/// `10/Oct/2000:13:55:36 -0700`, or RFC 2822. A stamp that states no zone is read in `zone`.
///
/// `None` unless the whole text is a stamp.
#[must_use]
pub fn parse(text: &str, zone: Zone) -> Option<i64> {
    let bytes = text.as_bytes();
    if let Some((micros, rest)) = iso_prefix(bytes, zone) {
        return if rest.is_empty() { Some(micros) } else { behind_offset(bytes, rest).then_some(micros) };
    }
    let other = || named_month::common_log(bytes, zone).or_else(|| asctime(bytes, zone)).or_else(|| rfc2822(text));
    compact(bytes, zone).or_else(|| epoch(text)).or_else(other)
}

/// `20231114221320`, also with a fraction. As a count of milliseconds it would be after the year 2500.
fn compact(bytes: &[u8], zone: Zone) -> Option<i64> {
    let (digits, rest) = bytes.split_at_checked(14)?;
    let may_be = digits.starts_with(b"19") || digits.starts_with(b"20");
    if !may_be || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let part = |at: usize| number(digits.get(at..)?, 2);
    let (micros, rest) = fraction(rest);
    let wall = wall_clock(number(digits, 4)?, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?)?;
    rest.is_empty().then(|| zone.to_utc(wall + micros))
}

/// Whether `rest` is what Go prints of a time behind its offset: the name of the zone (`-0400 EDT`, `+0300 +03`), and the reading of the
/// monotonic clock (`m=+0.01`); or the name of the zone in brackets, as Java prints it.
fn behind_offset(bytes: &[u8], rest: &[u8]) -> bool {
    let stamp = bytes.get(..bytes.len() - rest.len()).unwrap_or_default();
    if let [b'[', name @ .., b']'] = rest {
        // Java's name of the zone whose offset stands before it.
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"/_-+:".contains(b);
        return (1..=40).contains(&name.len()) && name.iter().all(is_part);
    }
    let [.., b'+' | b'-', h1, h2, m1, m2] = stamp else { return false };
    let is_name = |word: &[u8]| match word {
        [b'+' | b'-', digits @ ..] => matches!(digits.len(), 2 | 4) && digits.iter().all(u8::is_ascii_digit),
        letters => (3..=5).contains(&letters.len()) && letters.iter().all(u8::is_ascii_uppercase),
    };
    let mut words = rest.split(|b| *b == b' ').skip(1);
    [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit())
        && rest.first() == Some(&b' ')
        && words.next().is_some_and(is_name)
        && words.next().is_none_or(|clock| clock.starts_with(b"m=+") || clock.starts_with(b"m=-"))
        && words.next().is_none()
}

/// Reads the ISO 8601 stamp that `bytes` begin with; returns it and what follows it.
///
/// Between date and time stand a `T`, a `_` or one space, and a space may fill an hour of one digit; `/` may divide the date; `.` or `,` begins
/// the fraction; the zone is `Z`, `UTC`, `GMT` or an offset (`+02`, `+0200`, `+02:00`), which a space may
/// precede. A second of 60 (a leap second) is read as the second that follows it.
#[must_use]
pub fn iso_prefix(bytes: &[u8], zone: Zone) -> Option<(i64, &[u8])> {
    let year = number(bytes, 4)?;
    let divider = *bytes.get(4)?;
    if divider != b'-' && divider != b'/' {
        return basic_prefix(bytes, zone);
    }
    let month = number(bytes.get(5..)?, 2)?;
    let day = number(bytes.get(8..)?, 2)?;
    let between = *bytes.get(10)?;
    if *bytes.get(7)? != divider || !matches!(between, b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let hour = match number(bytes.get(11..)?, 2) {
        Some(hour) => hour,
        // MariaDB fills an hour of one digit with a blank.
        None if between == b' ' && bytes.get(11) == Some(&b' ') => number(bytes.get(12..)?, 1)?,
        None => return None,
    };
    let minute = number(bytes.get(14..)?, 2)?;
    if *bytes.get(13)? != b':' {
        return None;
    }
    let rest = bytes.get(16..)?;
    let (second, rest) = match rest {
        [b':', more @ ..] => (number(more, 2)?, more.get(2..)?),
        _ => (0, rest),
    };
    finish(wall_clock(year, month, day, hour, minute, second)?, rest, zone)
}

/// ISO 8601's basic form, `20231114T221320Z`.
fn basic_prefix(bytes: &[u8], zone: Zone) -> Option<(i64, &[u8])> {
    if !matches!(bytes.get(8)?, b'T' | b't') {
        return None;
    }
    let pair = |at: usize| number(bytes.get(at..)?, 2);
    let wall = wall_clock(number(bytes, 4)?, pair(4)?, pair(6)?, pair(9)?, pair(11)?, pair(13)?)?;
    finish(wall, bytes.get(15..)?, zone)
}

/// Adds the fraction and the zone that follow a time of day; a wall clock without one is in `zone`.
pub(crate) fn finish(wall: i64, rest: &[u8], zone: Zone) -> Option<(i64, &[u8])> {
    let (micros, rest) = fraction(rest);
    let wall = wall + micros;
    Some(match offset_prefix(rest) {
        Some((offset_seconds, rest)) => (wall - offset_seconds * MICROS_PER_SECOND, rest),
        None => {
            let (zone, rest) = place_prefix(rest).unwrap_or((zone, rest));
            (zone.to_utc(wall), rest)
        }
    })
}

/// The zone of the IANA database that a name behind a space states (` Europe/Berlin`), and what follows.
fn place_prefix(bytes: &[u8]) -> Option<(Zone, &[u8])> {
    let [b' ', b'A' | b'E' | b'I' | b'P', b'a'..=b'z', ..] = bytes else { return None };
    let name = bytes.get(1..)?;
    // Most often a word of the message stands here.
    let area = name.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    if name.get(area) != Some(&b'/') {
        return None;
    }
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+');
    let length = name.iter().take(40).take_while(is_part).count();
    let (name, rest) = name.split_at_checked(length)?;
    Some((std::str::from_utf8(name).ok()?.parse().ok()?, rest))
}

/// The microseconds of `.123456789` or `,123`, and what follows.
fn fraction(bytes: &[u8]) -> (i64, &[u8]) {
    let [b'.' | b',', digits @ ..] = bytes else {
        return (0, bytes);
    };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return (0, bytes);
    }
    let mut micros = 0;
    for place in 0..6 {
        let digit = if place < count { digits.get(place).map_or(0, |b| i64::from(b - b'0')) } else { 0 };
        micros = micros * 10 + digit;
    }
    (micros, digits.get(count..).unwrap_or_default())
}

/// The zone that `bytes` begin with, in seconds east of UTC, and what follows.
fn offset_prefix(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let spaced = bytes.strip_prefix(b" ");
    let bytes = spaced.unwrap_or(bytes);
    match bytes {
        // Java's spelling of a zone that has no name.
        [b'U', b'T', b'C', offset @ ..] | [b'G', b'M', b'T', offset @ ..]
            if matches!(offset, [b'+' | b'-', _, _, b':', ..]) =>
        {
            offset_prefix(offset)
        }
        [b'U', b'T', b'C', rest @ ..] | [b'G', b'M', b'T', rest @ ..] | [b'Z' | b'z', rest @ ..] => {
            let ends = rest.first().is_none_or(|b| !b.is_ascii_alphanumeric());
            ends.then_some((0, rest))
        }
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let hours = number(rest, 2)?;
            let rest = rest.get(2..)?;
            let after_colon = rest.strip_prefix(b":").unwrap_or(rest);
            let (minutes, rest) = match number(after_colon, 2) {
                Some(minutes) => (minutes, after_colon.get(2..)?),
                None => (0, rest),
            };
            // After a space a bare "-05" is more likely text (a range, a list) than a zone.
            let known = hours <= 18 && minutes < 60 && rest.first().is_none_or(|b| !b.is_ascii_digit());
            let seconds = hours * 3600 + minutes * 60;
            known.then_some((if *sign == b'-' { -seconds } else { seconds }, rest))
        }
        [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z', ..] if spaced.is_some() => {
            let length = bytes.iter().take(7).take_while(|b| b.is_ascii_uppercase()).count();
            let (name, rest) = bytes.split_at_checked(length)?;
            let ends = rest.first().is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'/' | b'.'));
            if ends { Some((zone_names::offset_seconds(name)?, rest)) } else { None }
        }
        _ => None,
    }
}

fn rfc2822(text: &str) -> Option<i64> {
    // Only what can be one ("Fri, 08 Dec 2023 00:28:15 GMT") is handed to the slow reader.
    let likely =
        (16..=40).contains(&text.len()) && text.bytes().filter(|&b| b == b':').count() >= 1 && text.contains(' ');
    if !likely {
        return None;
    }
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|stamp| stamp.timestamp_micros())
}

/// A wall clock's microseconds since 1970; `None` where a part is out of its range.
pub(crate) fn wall_clock(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    let valid = year >= 1
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !valid {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    Some(seconds * MICROS_PER_SECOND)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1 January 1970 to a date of the Gregorian calendar (years from 1 on).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years are counted from March, so that a leap day is the last day of its year.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// The value of exactly `count` leading digits.
fn number(bytes: &[u8], count: usize) -> Option<i64> {
    let mut value = 0;
    for byte in bytes.get(..count)? {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

    #[test]
    fn iso_spellings_of_one_instant_are_read_alike() {
        for text in [
            "2023-11-14T22:13:20Z",
            "2023-11-14t22:13:20z",
            "2023-11-14 22:13:20 UTC",
            "2023-11-14 17:13:20 EST",
            "2023-11-14 23:13:20 GMT+01:00",
            "2023-11-14 22:13:20",
            "2023-11-14_22:13:20",
            "2023/11/14 22:13:20",
            "2023-11-14T22:13:20.000000999Z",
            "2023-11-15T00:13:20+02:00",
            "2023-11-15T00:13:20+0200",
            "2023-11-15T00:13:20+02",
            "2023-11-14 17:13:20 -0500",
            "2023-11-14 17:13:20.000000123 -0500 EST",
            "2023-11-15 01:13:20 +0300 +03 m=+0.012",
            "20231114T221320Z",
            "14/Nov/2023:22:13:20 +0000",
            "[14/Nov/2023:22:13:20 +0000]",
            "Tue, 14 Nov 2023 22:13:20 GMT",
            "1700000000",
            "1700000000.0",
            "1700000000000",
            "1700000000000000",
            "1700000000000000000",
            "1.7e9",
        ] {
            assert_eq!(parse(text, Zone::UTC), Some(T), "{text}");
        }
    }

    #[test]
    fn fourteen_digits_that_are_a_date_and_a_time_are_no_count() {
        assert_eq!(parse("20231114221320", Zone::UTC), Some(T));
        assert_eq!(parse("20231114221320.123", Zone::UTC), Some(T + 123_000));
        assert_eq!(parse("20231114231320", Zone::Fixed(3600)), Some(T));
        // Not a month: milliseconds.
        assert_eq!(parse("20231514221320", Zone::UTC), Some(20_231_514_221_320_000));
        assert_eq!(parse("Sat Nov 4 22:13:20 2023", Zone::UTC), Some(T - 864_000_000_000));
    }

    #[test]
    fn fractions_are_cut_to_microseconds() {
        assert_eq!(parse("2023-11-14 22:13:20,896", Zone::UTC), Some(T + 896_000));
        assert_eq!(parse("2023-11-14T22:13:20.123456789Z", Zone::UTC), Some(T + 123_456));
        assert_eq!(parse("1700000000.5077024", Zone::UTC), Some(T + 507_702));
        assert_eq!(parse("1700000000123.25", Zone::UTC), Some(T + 123_250));
        assert_eq!(parse("1700000000123456789", Zone::UTC), Some(T + 123_456));
    }

    #[test]
    fn a_stamp_without_a_zone_is_read_in_the_given_one() {
        assert_eq!(parse("2023-11-14T22:13:20", Zone::Fixed(3600)), Some(T - 3_600_000_000));
        assert_eq!(parse("2023-11-14T22:13:20Z", Zone::Fixed(3600)), Some(T));
        assert_eq!(parse("2023-11-14 17:13:20 America/New_York", Zone::Fixed(3600)), Some(T));
        assert_eq!(parse("2023-11-14 22:13:20 Europe/Atlantis", Zone::UTC), None);
    }

    #[test]
    fn what_is_no_stamp_is_refused() {
        for text in [
            "",
            "-",
            "0",
            "12",
            "0.003",
            "99999999",
            "2023-11-14",
            "2023-11-14 17:13:20 -0500 EST later",
            "2023-11-14 17:13:20 -0500 x",
            "2023-13-14T22:13:20Z",
            "2023-02-29T00:00:00Z",
            "2023-11-14T24:13:20Z",
            "2023-11-14T22:13:20Zulu",
            "2023-11-14T22:13:20 and more",
            "yesterday",
            "1e400",
            "1700000000x",
            "-1700000000",
            "0000-01-01T00:00:00Z",
            "99999999999999999999999",
            "Nov 14 22:13:20",
        ] {
            assert_eq!(parse(text, Zone::UTC), None, "{text}");
        }
    }

    #[test]
    fn leap_days_and_leap_seconds_count() {
        assert_eq!(parse("2024-02-29T00:00:00Z", Zone::UTC), Some(1_709_164_800_000_000));
        assert_eq!(parse("2016-12-31T23:59:60Z", Zone::UTC), Some(1_483_228_800_000_000));
        assert_eq!(parse("1970-01-01T00:00:00Z", Zone::UTC), Some(0));
        assert_eq!(parse("1969-12-31T23:59:59Z", Zone::UTC), Some(-1_000_000));
        assert_eq!(parse("0001-01-01T00:00:00Z", Zone::UTC), Some(-62_135_596_800_000_000));
    }

    #[test]
    fn a_prefix_is_read_up_to_its_end() {
        let (micros, rest) = iso_prefix(b"2023-11-14T22:13:20.5Z stdout F text", Zone::UTC).unwrap();
        assert_eq!((micros, rest), (T + 500_000, &b" stdout F text"[..]));
        let (_, rest) = iso_prefix(b"2023-11-14 22:13:20 ERROR text", Zone::UTC).unwrap();
        assert_eq!(rest, b" ERROR text");
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_chrono_on_every_instant(seconds in -60_000_000_000_i64..250_000_000_000, micros in 0_i64..1_000_000) {
            let instant = seconds * 1_000_000 + micros;
            let text = chrono::DateTime::from_timestamp_micros(instant).unwrap().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
            proptest::prop_assert_eq!(parse(&text, Zone::UTC), Some(instant));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC*", bytes: Vec<u8>) {
            let is_stamp = parse(&text, Zone::UTC).is_some();
            proptest::prop_assert!(!is_stamp || text.bytes().any(|b| b.is_ascii_digit()));
            let prefix = iso_prefix(&bytes, Zone::Named(chrono_tz::Europe::Berlin));
            proptest::prop_assert!(prefix.is_none_or(|(_, rest)| bytes.ends_with(rest)));
        }
    }
}
