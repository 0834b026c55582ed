//! A day of a month with a time of day, and the year that is meant where none is stated.

use crate::timestamp;

const DAY_MICROS: i64 = 86_400_000_000;

/// What `Oct 11 22:14:15.123456` states.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayTime {
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) micros: i64,
}

impl DayTime {
    /// What a wall clock shows then in `year`, in microseconds since 1970; `None` where there is no such day.
    pub(crate) fn in_year(self, year: i64) -> Option<i64> {
        let Self { month, day, hour, minute, second, micros } = self;
        timestamp::wall_clock(year, month, day, hour, minute, second).map(|wall| wall + micros)
    }

    /// The instant in the latest year that does not put it more than a day after `received_at`.
    ///
    /// A day is granted for zones and for clocks that are ahead; anything later is taken for last year's.
    #[inline]
    pub(crate) fn nearest(self, to_utc: impl Fn(i64) -> i64, received_at: i64) -> Option<i64> {
        let latest = received_at.saturating_add(DAY_MICROS);
        // A zone may put the wall clock ahead of that by up to 99 hours.
        let last = year_of(latest.saturating_add(5 * DAY_MICROS));
        // Eight years before the arrival's there is always a leap year, for 29 February.
        let years = (last - 9..=last).rev();
        years.filter_map(|year| self.in_year(year).map(&to_utc)).find(|instant| *instant <= latest)
    }
}

/// The year (in UTC) of an instant in microseconds since 1970.
fn year_of(instant: i64) -> i64 {
    // Days are counted from 1 March of the year 0, so that a leap day is the last day of its year.
    let days = instant.div_euclid(DAY_MICROS) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let after_december = day_of_year >= 306;
    era * 400 + year_of_era + i64::from(after_december)
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, TimeZone, Utc};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_year_of_an_instant_is_that_of_the_calendar(
            instant in -60_000_000_000_000_000_i64..250_000_000_000_000_000,
        ) {
            prop_assert_eq!(year_of(instant), i64::from(Utc.timestamp_micros(instant).unwrap().year()));
        }
    }
}
