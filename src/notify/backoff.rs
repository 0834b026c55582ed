//! When a message that was not taken is tried again. Pure.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

/// The wait after the first attempt; it doubles up to the longest.
const WAIT_MIN: Duration = Duration::from_secs(2);
const WAIT_MAX: Duration = Duration::from_secs(600);
/// A message as old as this is news no more.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// What is known of a message that was not taken.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The delivery's id: those that failed together are spread by it.
    pub delivery: &'a str,
    pub created_at: DateTime<Utc>,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// How long the receiver wants to be left alone.
    pub after: Option<Duration>,
}

/// When to try again; `None`: it is given up, 24 hours after it was made.
#[must_use]
pub fn next(failed: &Failed<'_>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wait = wait(failed.delivery, failed.attempts).max(failed.after.unwrap_or_default());
    let due = now.checked_add_signed(TimeDelta::from_std(wait).ok()?)?;
    (due <= failed.created_at.checked_add_signed(GIVEN_UP_AFTER)?).then_some(due)
}

/// 2 s after the first attempt, doubling to 10 min, of which up to a quarter is taken off.
fn wait(delivery: &str, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(20);
    let whole = (WAIT_MIN * 2_u32.pow(doublings)).min(WAIT_MAX);
    whole - whole.mul_f64(share(delivery, attempts) / 4.0)
}

/// A number from 0 up to 1 that is always the same for one attempt at one delivery.
fn share(delivery: &str, attempts: u32) -> f64 {
    let mut hash = Sha256::new();
    hash.update(delivery.as_bytes());
    hash.update(attempts.to_be_bytes());
    let first = hash.finalize().first_chunk::<4>().map_or(0, |first| u32::from_be_bytes(*first));
    f64::from(first) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn failed(attempts: u32) -> Failed<'static> {
        Failed { delivery: "d-1", created_at: at(0), attempts, after: None }
    }

    #[test]
    fn the_wait_doubles_from_two_seconds_to_ten_minutes() {
        for (attempts, whole) in [(0, 2), (1, 2), (2, 4), (3, 8), (9, 512), (10, 600), (11, 600), (u32::MAX, 600)] {
            let wait = next(&failed(attempts), at(0)).unwrap() - at(0);
            let (least, most) = (TimeDelta::milliseconds(whole * 750), TimeDelta::seconds(whole));
            assert!(wait > least && wait <= most, "{attempts}: {wait}");
        }
    }

    #[test]
    fn deliveries_that_failed_together_are_spread_and_each_always_falls_on_the_same_time() {
        let due = |delivery| next(&Failed { delivery, ..failed(10) }, at(0));
        assert_eq!(due("a"), due("a"));
        assert_ne!(due("a"), due("b"));
    }

    #[test]
    fn a_receiver_that_wants_to_be_left_alone_is() {
        let after = |seconds| Failed { after: Some(Duration::from_secs(seconds)), ..failed(1) };
        assert_eq!(next(&after(3600), at(0)), Some(at(3600)));
        assert_eq!(next(&after(0), at(0)), next(&failed(1), at(0)));
        assert_eq!(next(&after(u64::MAX), at(0)), None);
    }

    #[test]
    fn after_a_day_it_is_given_up() {
        const DAY: i64 = 86_400;
        assert!(next(&failed(100), at(DAY - 600)).is_some());
        assert_eq!(next(&failed(100), at(DAY)), None);
        assert_eq!(next(&Failed { created_at: DateTime::<Utc>::MAX_UTC, ..failed(1) }, DateTime::<Utc>::MAX_UTC), None);
    }
}
