//! Counts since 1970, in the unit that their magnitude tells.

/// Counts below this are durations and small numbers, not stamps (it is March 1973 in seconds).
const EPOCH_MIN: u64 = 100_000_000;
/// Counts below this are seconds (until the year 5138), then milliseconds, then microseconds, then nanoseconds.
const EPOCH_SECONDS_BELOW: u64 = 100_000_000_000;
const EPOCH_MILLIS_BELOW: u64 = EPOCH_SECONDS_BELOW * 1_000;
const EPOCH_MICROS_BELOW: u64 = EPOCH_MILLIS_BELOW * 1_000;

/// Reads a count since 1970, whole or with a fraction, in seconds, milli-, micro- or nanoseconds,
/// told apart by magnitude (seconds until the year 5138).
///
/// `None` where `text` is not a plain number or is too small to be a date after March 1973.
#[must_use]
pub fn epoch(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !digits(whole) || !digits(fraction) {
        return exponent_form(text);
    }
    let whole: u64 = whole.parse().ok()?;
    let (micros_per_unit, places) = match whole {
        0..EPOCH_MIN => return None,
        EPOCH_MIN..EPOCH_SECONDS_BELOW => (1_000_000, 6),
        EPOCH_SECONDS_BELOW..EPOCH_MILLIS_BELOW => (1_000, 3),
        EPOCH_MILLIS_BELOW..EPOCH_MICROS_BELOW => (1, 0),
        EPOCH_MICROS_BELOW.. => return i64::try_from(whole / 1_000).ok(),
    };
    let mut part = 0;
    for place in 0..places {
        part = part * 10 + fraction.as_bytes().get(place).map_or(0, |b| u64::from(b - b'0'));
    }
    i64::try_from(whole * micros_per_unit + part).ok()
}

/// `1.7008342315e9`, as some encoders write large floats: told apart by magnitude like the others.
fn exponent_form(text: &str) -> Option<i64> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+'));
    if !is_number || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let micros_per_unit = match value {
        v if v < EPOCH_MIN as f64 => return None,
        v if v < EPOCH_SECONDS_BELOW as f64 => 1e6,
        v if v < EPOCH_MILLIS_BELOW as f64 => 1e3,
        v if v < EPOCH_MICROS_BELOW as f64 => 1.0,
        v if v < 1e19 => 1e-3,
        _ => return None,
    };
    Some((value * micros_per_unit) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_magnitude_tells_the_unit_up_to_its_bounds() {
        for (text, micros) in [
            ("99999999", None),
            ("100000000", Some(100_000_000_000_000)),
            ("99999999999.9999999", Some(99_999_999_999_999_999)),
            ("100000000000", Some(100_000_000_000_000)),
            ("99999999999999", Some(99_999_999_999_999_000)),
            ("100000000000000", Some(100_000_000_000_000)),
            ("100000000000000000", Some(100_000_000_000_000)),
            ("9999999999999999999", Some(9_999_999_999_999_999)),
            ("18446744073709551616", None),
            ("1.7e18", Some(1_700_000_000_000_000)),
            ("1e30", None),
            (".5", None),
            ("1700000000.", Some(1_700_000_000_000_000)),
        ] {
            assert_eq!(epoch(text), micros, "{text}");
        }
    }
}
