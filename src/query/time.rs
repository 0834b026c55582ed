//! Times as people write them in queries.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// 0001-01-01 and 10000-01-01: beyond them a time cannot be written with a year of four digits.
const FIRST: i64 = -62_135_596_800 * SECOND;
const END: i64 = 253_402_300_800 * SECOND;

/// A time in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// One instant.
    Instant(i64),
    /// A whole day (UTC): its first microsecond, and the first of the next day.
    Day(i64, i64),
}

/// Reads one instant, in microseconds since 1970 (UTC): RFC 3339 with any offset, the same without
/// one (UTC), a date (its midnight in UTC), or relative to `now`: `now`, `now-1h`, `now-1d/d`.
#[must_use]
pub fn parse_instant(text: &str, now: i64) -> Option<i64> {
    match parse_when(text, now)? {
        When::Instant(micros) | When::Day(micros, _) => Some(micros),
    }
}

/// Microseconds as RFC 3339 in UTC with six digits, as [`parse_instant`] reads it.
#[must_use]
pub fn show_instant(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

pub(super) fn parse_when(text: &str, now: i64) -> Option<When> {
    let when = match text.strip_prefix("now") {
        Some(rest) => When::Instant(relative(rest, now)?),
        None => absolute(text)?,
    };
    let (When::Instant(micros) | When::Day(micros, _)) = when;
    (FIRST..END).contains(&micros).then_some(when)
}

fn absolute(text: &str) -> Option<When> {
    // Four digits first: the calendar library would also take signs and longer years.
    let year = text.get(..4)?;
    if !year.bytes().all(|b| b.is_ascii_digit()) || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(When::Instant(time.timestamp_micros()));
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let start = date.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        return Some(When::Day(start, start.checked_add(DAY)?));
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|time| When::Instant(time.and_utc().timestamp_micros()))
}

/// What follows `now`: steps such as `-1h` or `+30m`, then optionally `/d` to round down.
fn relative(rest: &str, now: i64) -> Option<i64> {
    let (steps, rounding) = match rest.split_once('/') {
        Some((steps, unit)) => (steps, Some(unit)),
        None => (rest, None),
    };
    let mut time = now;
    let mut left = steps;
    while !left.is_empty() {
        let sign = if left.starts_with('-') { -1 } else { 1 };
        let step = left.strip_prefix(['-', '+'])?;
        let unit_at = step.find(|c: char| !c.is_ascii_digit())?;
        let (count, tail) = step.split_at_checked(unit_at)?;
        let unit = tail.get(..1)?;
        left = tail.get(1..)?;
        let amount = count.parse::<i64>().ok()?.checked_mul(unit_micros(unit)?)?;
        time = time.checked_add(amount.checked_mul(sign)?)?;
    }
    match rounding {
        // A week has no natural start in this count of microseconds, so it is no unit to round to.
        Some(unit) if unit != "w" => {
            let unit = unit_micros(unit)?;
            time.checked_sub(time.rem_euclid(unit))
        }
        Some(_) => None,
        None => Some(time),
    }
}

fn unit_micros(unit: &str) -> Option<i64> {
    match unit {
        "s" => Some(SECOND),
        "m" => Some(60 * SECOND),
        "h" => Some(3600 * SECOND),
        "d" => Some(DAY),
        "w" => Some(7 * DAY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let now = parse_instant("2026-11-20T10:20:30.5Z", 0).unwrap();
        let check = |text: &str, shown: &str| {
            assert_eq!(parse_instant(text, now).map(show_instant).as_deref(), Some(shown), "{text}");
        };
        check("2026-11-20T10:20:30+02:00", "2026-11-20T08:20:30.000000Z");
        check("2026-11-20T10:20:30.1234567", "2026-11-20T10:20:30.123456Z");
        check("2026-11-20T10:20", "2026-11-20T10:20:00.000000Z");
        check("2026-11-20", "2026-11-20T00:00:00.000000Z");
        check("now", "2026-11-20T10:20:30.500000Z");
        check("now-1d+30m", "2026-11-19T10:50:30.500000Z");
        check("now-1d/d", "2026-11-19T00:00:00.000000Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now-",
            "now1h",
            "now-1y",
            "now-1é",
            "now/x",
            "now-99999999999999999999d",
            "now-9999999w",
            "+2026-11-20",
            "2026-13-01",
            "20é6-11-20",
        ] {
            assert_eq!(parse_instant(text, 0), None, "{text}");
        }
    }
}
