//! Stamps that name their month: the common log format's, and that of C's `asctime`.

use super::{finish, fraction, number, wall_clock};
use crate::Zone;

/// Reads the `10/Oct/2000:13:55:36 -0700` that `bytes` begin with; returns it and what follows it.
///
/// A fraction may follow the seconds (HAProxy), and the zone may be missing.
pub(crate) fn common_log_prefix(bytes: &[u8], zone: Zone) -> Option<(i64, &[u8])> {
    let [_, _, b'/', a, b, c, b'/', _, _, _, _, b':', _, _, b':', _, _, b':', ..] = bytes else {
        return None;
    };
    let month = month([*a, *b, *c])?;
    let part = |at: usize, digits: usize| number(bytes.get(at..)?, digits);
    let wall = wall_clock(part(7, 4)?, month, part(0, 2)?, part(12, 2)?, part(15, 2)?, part(18, 2)?)?;
    finish(wall, bytes.get(20..)?, zone)
}

/// Reads `10/Oct/2000:13:55:36 -0700`, with or without the square brackets.
pub(super) fn common_log(bytes: &[u8], zone: Zone) -> Option<i64> {
    let bytes = bytes.strip_prefix(b"[").and_then(|b| b.strip_suffix(b"]")).unwrap_or(bytes);
    let (micros, rest) = common_log_prefix(bytes, zone)?;
    rest.is_empty().then_some(micros)
}

/// Reads `Wed Oct 11 14:32:52 2000`, where a fraction may follow the seconds.
pub(crate) fn asctime(bytes: &[u8], zone: Zone) -> Option<i64> {
    let (a, b, c, tens, ones, clock) = match bytes {
        [_, _, _, b' ', a, b, c, b' ', tens, ones, b' ', clock @ ..] => (a, b, c, tens, ones, clock),
        // Some do not fill the day up.
        [_, _, _, b' ', a, b, c, b' ', ones, b' ', clock @ ..] => (a, b, c, &b' ', ones, clock),
        _ => return None,
    };
    let month = month([*a, *b, *c])?;
    let day = match tens {
        b' ' => number(&[*ones], 1)?,
        _ => number(&[*tens, *ones], 2)?,
    };
    let [_, _, b':', _, _, b':', ..] = clock else {
        return None;
    };
    let part = |at: usize| number(clock.get(at..)?, 2);
    let (micros, rest) = fraction(clock.get(8..)?);
    let year = rest.strip_prefix(b" ").filter(|year| year.len() == 4)?;
    let wall = wall_clock(number(year, 4)?, month, day, part(0)?, part(3)?, part(6)?)?;
    Some(zone.to_utc(wall + micros))
}

/// The number of a month by the three letters of its English name, in any case.
pub(crate) fn month(name: [u8; 3]) -> Option<i64> {
    Some(match &name.map(|letter| letter | 0x20) {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

    #[test]
    fn a_common_log_stamp_is_read_up_to_its_end() {
        for (text, micros, rest) in [
            ("14/Nov/2023:22:13:20 +0000] x", T, "] x"),
            ("14/nov/2023:23:13:20 +0100", T, ""),
            ("14/Nov/2023:22:13:20.125] x", T + 125_000, "] x"),
        ] {
            assert_eq!(common_log_prefix(text.as_bytes(), Zone::UTC), Some((micros, rest.as_bytes())), "{text}");
        }
        for text in ["14/Nov/2023 22:13:20", "14/Foo/2023:22:13:20", "31/Nov/2023:22:13:20", "1/Nov/2023:22:13:20", ""]
        {
            assert_eq!(common_log_prefix(text.as_bytes(), Zone::UTC), None, "{text}");
        }
    }

    #[test]
    fn asctime_has_the_year_behind_the_time() {
        for (text, micros) in [
            ("Tue Nov 14 22:13:20 2023", Some(T)),
            ("Tue Nov 14 22:13:20.000125 2023", Some(T + 125)),
            ("Sat Nov  4 22:13:20 2023", Some(T - 864_000_000_000)),
            ("Tue Nov 14 22:13:20", None),
            ("Tue Nov 14 22:13:20 2023 x", None),
            ("Tue Nov 31 22:13:20 2023", None),
        ] {
            assert_eq!(asctime(text.as_bytes(), Zone::UTC), micros, "{text}");
        }
        assert_eq!(asctime(b"Tue Nov 14 22:13:20 2023", Zone::Fixed(3600)), Some(T - 3_600_000_000));
    }
}
