//! The zone of a sender's clock, for stamps that do not state one.

use std::fmt;
use std::str::FromStr;

use chrono::{LocalResult, NaiveDateTime, TimeZone};

/// A fixed offset from UTC, or a named zone with its daylight saving rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    /// A zone of the IANA database.
    Named(chrono_tz::Tz),
}

/// A text that names no zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone \"{0}\": use UTC, an offset such as +02:00, or a name such as Europe/Berlin")]
pub struct UnknownZone(pub String);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Fixed(0);

    /// The instant at which a clock in this zone shows `wall`, both in microseconds since 1970.
    ///
    /// Where daylight saving makes a wall time occur twice, the earlier one is meant; one that
    /// is skipped is read with the offset that held before the gap.
    #[must_use]
    pub fn to_utc(self, wall: i64) -> i64 {
        match self {
            Self::Fixed(offset) => wall.saturating_sub(i64::from(offset) * 1_000_000),
            Self::Named(tz) => wall.saturating_sub(offset_micros(tz, wall)),
        }
    }
}

fn offset_micros(tz: chrono_tz::Tz, wall: i64) -> i64 {
    const HOUR: i64 = 3_600_000_000;
    let Some(local) = naive(wall) else { return 0 };
    let instant = match tz.from_local_datetime(&local) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => t,
        LocalResult::None => {
            // In the gap of a spring change: an hour or two earlier the old offset still holds.
            let Some(before) = naive(wall.saturating_sub(3 * HOUR)) else {
                return 0;
            };
            match tz.from_local_datetime(&before) {
                LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => t,
                LocalResult::None => return 0,
            }
        }
    };
    (instant.naive_local() - instant.naive_utc()).num_microseconds().unwrap_or(0)
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp_micros(micros).map(|t| t.naive_utc())
}

impl fmt::Display for Zone {
    /// As [`Zone::from_str`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(0) => f.write_str("UTC"),
            Self::Fixed(offset) => {
                let (sign, seconds) = if *offset < 0 { ('-', -offset) } else { ('+', *offset) };
                write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
            }
            Self::Named(tz) => f.write_str(tz.name()),
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Accepts `UTC`, `Z`, offsets (`+02:00`, `-0530`) and IANA names.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Ok(Self::UTC);
        }
        if text.starts_with(['+', '-']) {
            return text
                .parse()
                .map(|o: chrono::FixedOffset| Self::Fixed(o.local_minus_utc()))
                .map_err(|_| UnknownZone(text.to_owned()));
        }
        text.parse().map(Self::Named).map_err(|_| UnknownZone(text.to_owned()))
    }
}
