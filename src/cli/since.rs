//! Points in time as people type them: `1h`, `30m`, `now`, RFC 3339, a date.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};

/// A point in time that was typed; resolved against the clock of the command's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// This long before now.
    Ago(TimeDelta),
    At(DateTime<Utc>),
}

impl Moment {
    /// RFC 3339 in UTC with microseconds, as the API reads it.
    pub(super) fn rfc3339(self, now: DateTime<Utc>) -> String {
        let time = match self {
            Self::Ago(span) => now.checked_sub_signed(span).unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
            Self::At(time) => time,
        };
        time.to_rfc3339_opts(SecondsFormat::Micros, true)
    }
}

/// Reads a [`Moment`].
///
/// # Errors
/// A sentence that says what may be written.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    if text == "now" {
        return Ok(Moment::Ago(TimeDelta::zero()));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(Moment::At(time.to_utc()));
    }
    // Without an offset it is UTC, as everywhere in the API.
    if let Ok(time) = text.replacen(' ', "T", 1).parse::<NaiveDateTime>() {
        return Ok(Moment::At(time.and_utc()));
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(Moment::At(day.and_time(chrono::NaiveTime::MIN).and_utc()));
    }
    span(text.strip_prefix("now-").unwrap_or(text)).map(Moment::Ago).ok_or_else(|| {
        format!(
            "\"{text}\" is no time: write a span (90s, 30m, 1h, 7d, 2w), a date (2026-11-20), or 2026-11-20T10:20:30Z"
        )
    })
}

/// A number and its unit.
pub(super) fn span(text: &str) -> Option<TimeDelta> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: i64 = number.parse().ok()?;
    match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" | "min" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        "w" => TimeDelta::try_weeks(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        let now = DateTime::parse_from_rfc3339("2026-11-20T10:00:00Z").unwrap().to_utc();
        let check = |text: &str, expected: &str| assert_eq!(moment(text).unwrap().rfc3339(now), expected, "{text}");
        check("1h", "2026-11-20T09:00:00.000000Z");
        check("now-90s", "2026-11-20T09:58:30.000000Z");
        check("now", "2026-11-20T10:00:00.000000Z");
        check("2026-11-19", "2026-11-19T00:00:00.000000Z");
        check("2026-11-20T10:00:00.5+02:00", "2026-11-20T08:00:00.500000Z");
        check("2026-11-20T10:00:00", "2026-11-20T10:00:00.000000Z");
        check("2026-11-20 10:00:00.5", "2026-11-20T10:00:00.500000Z");
        check("999999999d", "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "h", "1", "1y", "-1h", "1h30m", "99999999999999999999d", "yesterday", "ü"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
