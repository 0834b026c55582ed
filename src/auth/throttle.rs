//! How long a login has to wait after failures, by user and by address.
//!
//! Of the failures of the last 15 minutes the first three cost nothing. After the third the next try has to wait for a second
//! since the last failure, after the fourth for two, then 4, 8, 16, 32 and 64. At the tenth the user is locked out until fewer than
//! ten failures lie within the last 15 minutes, that is, until 15 minutes after the tenth-last (and 64 s after the last). A try that
//! is refused by this is not made and **must not be recorded as a failure**; so a lock-out ends by itself, however often somebody tries.
//!
//! An address has the same ladder with ten failures to each step: free up to 30, locked out at 100. So one person who forgot a
//! password does not shut out everyone behind the same NAT, while one who tries many users from one place is slowed down, too.
//!
//! [`super::attempt`] sees to it that the tries of one user come one after the other, as this needs.
//!
//! A login succeeds or fails by both: the longer wait counts. A successful login does not clear the failures of the address;
//! whether it clears those of the user is for the caller, who then leaves them out.

use chrono::{DateTime, Duration, Utc};

/// Failures that are older do not count.
pub const WINDOW: Duration = Duration::minutes(15);
/// So many of the latest failures of one user or address decide; older ones need not be read.
pub const FAILURES_MAX: usize = LOCKED_AT * ADDRESS_STEP;

const FREE: usize = 3;
const LOCKED_AT: usize = 10;
const USER_STEP: usize = 1;
const ADDRESS_STEP: usize = 10;

/// Whether a login may be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttle {
    Allowed,
    /// There were some failures.
    WaitUntil(DateTime<Utc>),
    /// There were too many.
    LockedUntil(DateTime<Utc>),
}

impl Throttle {
    /// How many whole seconds to wait, for `Retry-After`; 0 when allowed.
    #[must_use]
    pub fn seconds(self, now: DateTime<Utc>) -> u64 {
        let wait = self.until().map_or(Duration::zero(), |until| until - now);
        wait.num_milliseconds().max(0).unsigned_abs().div_ceil(1000)
    }

    fn until(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Allowed => None,
            Self::WaitUntil(until) | Self::LockedUntil(until) => Some(until),
        }
    }
}

/// Decides by the times of failure, in any order, of the user and of the address. Older ones than [`WINDOW`] are left out here.
#[must_use]
pub fn decide(of_user: &[DateTime<Utc>], of_address: &[DateTime<Utc>], now: DateTime<Utc>) -> Throttle {
    let (user, address) = (ladder(of_user, USER_STEP, now), ladder(of_address, ADDRESS_STEP, now));
    // `None` is the least.
    if user.until() >= address.until() { user } else { address }
}

fn ladder(failures: &[DateTime<Utc>], step: usize, now: DateTime<Utc>) -> Throttle {
    // Another daemon's clock may be ahead.
    let mut latest: Vec<_> = failures.iter().map(|at| (*at).min(now)).filter(|at| *at > now - WINDOW).collect();
    latest.sort_unstable_by(|a, b| b.cmp(a));
    let Some(last) = latest.first() else { return Throttle::Allowed };
    let steps = (latest.len() / step).min(LOCKED_AT - 1);
    let Some(doublings) = steps.checked_sub(FREE) else { return Throttle::Allowed };
    let until = *last + Duration::seconds(1 << doublings);
    if let Some(at) = latest.get(LOCKED_AT * step - 1) {
        return Throttle::LockedUntil(until.max(*at + WINDOW));
    }
    if until > now { Throttle::WaitUntil(until) } else { Throttle::Allowed }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    /// Failures one after the other, the last at 0.
    fn failures(n: i64) -> Vec<DateTime<Utc>> {
        (0..n).map(|i| at(-i)).collect()
    }

    #[test]
    fn the_wait_doubles_after_three_failures_and_ends_in_a_lock_out() {
        for n in 0..3 {
            assert_eq!(decide(&failures(n), &[], at(0)), Throttle::Allowed, "{n}");
        }
        for (n, seconds) in [(3, 1), (4, 2), (5, 4), (6, 8), (7, 16), (8, 32), (9, 64)] {
            assert_eq!(decide(&failures(n), &[], at(0)), Throttle::WaitUntil(at(seconds)), "{n}");
            assert_eq!(decide(&failures(n), &[], at(seconds)), Throttle::Allowed, "{n}");
        }
        assert_eq!(decide(&failures(10), &[], at(0)), Throttle::LockedUntil(at(900 - 9)));
    }

    #[test]
    fn a_lock_out_ends_fifteen_minutes_after_the_tenth_last_failure() {
        let failures: Vec<_> = (0..12).map(|i| at(i * 10)).collect();
        assert_eq!(decide(&failures, &[], at(110)), Throttle::LockedUntil(at(920)));
        assert_eq!(decide(&failures, &[], at(919)), Throttle::LockedUntil(at(920)));
        assert_eq!(decide(&failures, &[], at(920)), Throttle::Allowed);
    }

    #[test]
    fn a_lock_out_is_no_shorter_than_the_wait_before_it() {
        let failures: Vec<_> = (0..9).map(|_| at(0)).chain([at(-890)]).collect();
        assert_eq!(decide(&failures, &[], at(0)), Throttle::LockedUntil(at(64)));
        assert_eq!(decide(&failures, &[], at(64)), Throttle::Allowed);
    }

    #[test]
    fn an_address_may_fail_ten_times_as_often() {
        assert_eq!(decide(&[], &failures(29), at(0)), Throttle::Allowed);
        assert_eq!(decide(&[], &failures(30), at(0)), Throttle::WaitUntil(at(1)));
        assert_eq!(decide(&[], &failures(40), at(0)), Throttle::WaitUntil(at(2)));
        assert_eq!(decide(&[], &failures(99), at(0)), Throttle::WaitUntil(at(64)));
        assert_eq!(decide(&[], &failures(100), at(0)), Throttle::LockedUntil(at(900 - 99)));
    }

    #[test]
    fn the_longer_wait_counts() {
        assert_eq!(decide(&failures(5), &failures(30), at(0)), Throttle::WaitUntil(at(4)));
        assert_eq!(decide(&failures(3), &failures(99), at(0)), Throttle::WaitUntil(at(64)));
    }

    #[test]
    fn a_clock_that_is_ahead_locks_nobody_out_for_longer() {
        assert_eq!(decide(&[at(9999); 4], &[], at(0)), Throttle::WaitUntil(at(2)));
        assert_eq!(decide(&[at(9999); 10], &[], at(0)), Throttle::LockedUntil(at(900)));
    }

    #[test]
    fn seconds_are_rounded_up() {
        let now = at(0);
        assert_eq!(Throttle::Allowed.seconds(now), 0);
        assert_eq!(Throttle::WaitUntil(now + Duration::milliseconds(1)).seconds(now), 1);
        assert_eq!(Throttle::LockedUntil(now + Duration::milliseconds(2000)).seconds(now), 2);
        assert_eq!(Throttle::WaitUntil(now - Duration::seconds(5)).seconds(now), 0);
    }

    fn times() -> impl Strategy<Value = Vec<DateTime<Utc>>> {
        prop::collection::vec((-1000_i64..=0).prop_map(at), 0..130)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_more_failure_never_shortens_the_wait(mut user in times(), address in times()) {
            let before = decide(&user, &address, at(0)).until();
            user.push(at(0));
            prop_assert!(decide(&user, &address, at(0)).until() >= before);
        }

        #[test]
        fn every_wait_ends_within_the_window(user in times(), address in times()) {
            let decision = decide(&user, &address, at(0));
            if let Some(until) = decision.until() {
                prop_assert!(until > at(0) && until <= at(0) + WINDOW);
            }
            prop_assert_eq!(decide(&user, &address, at(0) + WINDOW), Throttle::Allowed);
        }

        #[test]
        fn waiting_helps(user in times(), later in 0_i64..1000) {
            if decide(&user, &[], at(0)) == Throttle::Allowed {
                prop_assert_eq!(decide(&user, &[], at(later)), Throttle::Allowed);
            }
        }

        #[test]
        fn the_order_does_not_matter(user in times()) {
            let reversed: Vec<_> = user.iter().rev().copied().collect();
            prop_assert_eq!(decide(&user, &[], at(0)), decide(&reversed, &[], at(0)));
        }

        #[test]
        fn the_latest_failures_are_enough(mut address in times()) {
            address.sort_unstable_by(|a, b| b.cmp(a));
            let latest = &address[..address.len().min(FAILURES_MAX)];
            prop_assert_eq!(decide(&[], &address, at(0)), decide(&[], latest, at(0)));
        }
    }
}
