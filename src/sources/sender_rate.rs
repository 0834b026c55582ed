//! The limit of records a second from one address.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::{DefaultKeyedRateLimiter, Quota};

/// So many addresses are remembered before those that have been quiet are forgotten.
const SENDERS_MIN: usize = 10_000;

/// Counts the records of each sender; one burst of a second's worth is allowed.
pub(super) struct SenderRate(Option<Limiter>);

struct Limiter {
    senders: DefaultKeyedRateLimiter<IpAddr>,
    /// Quiet addresses are looked for once there are more than this.
    tidy_above: AtomicUsize,
}

impl SenderRate {
    /// `per_second` of 0 is no limit.
    pub(super) fn new(per_second: u32) -> Self {
        Self(NonZeroU32::new(per_second).map(|n| Limiter {
            senders: DefaultKeyedRateLimiter::keyed(Quota::per_second(n)),
            tidy_above: AtomicUsize::new(SENDERS_MIN),
        }))
    }

    /// Whether `sender` may send one more record now; counts it if so.
    pub(super) fn allows(&self, sender: IpAddr) -> bool {
        let Some(limiter) = &self.0 else { return true };
        limiter.tidy();
        limiter.senders.check_key(&sender).is_ok()
    }

    /// Waits until `sender` may have sent `records`; counts them.
    pub(super) async fn slow_down(&self, sender: IpAddr, records: usize) {
        let Some(limiter) = &self.0 else { return };
        limiter.tidy();
        for _ in 0..records {
            limiter.senders.until_key_ready(&sender).await;
        }
    }
}

impl Limiter {
    /// Forgets addresses whose burst is theirs again.
    ///
    /// The next time is when there are twice as many as are left, so that a flood of forged addresses, none of them quiet
    /// yet, does not make each datagram pay for all of them.
    fn tidy(&self) {
        if self.senders.len() > self.tidy_above.load(Ordering::Relaxed) {
            self.senders.retain_recent();
            self.senders.shrink_to_fit();
            self.tidy_above.store((self.senders.len() * 2).max(SENDERS_MIN), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn addresses_that_have_been_quiet_are_forgotten() {
        // At this rate an address has its burst back after a microsecond.
        let rate = SenderRate::new(1_000_000);
        for address in 0..5 * SENDERS_MIN as u32 {
            assert!(rate.allows(IpAddr::V4(Ipv4Addr::from_bits(address))));
        }
        assert!(rate.0.unwrap().senders.len() <= SENDERS_MIN + 1);
    }

    #[test]
    fn addresses_that_have_not_been_quiet_are_kept() {
        let rate = SenderRate::new(1);
        for address in 0..3 * SENDERS_MIN as u32 {
            assert!(rate.allows(IpAddr::V4(Ipv4Addr::from_bits(address))));
        }
        // The last one spent its only record a moment ago.
        assert!(!rate.allows(IpAddr::V4(Ipv4Addr::from_bits(3 * SENDERS_MIN as u32 - 1))));
    }

    #[test]
    fn no_rate_is_no_limit() {
        let rate = SenderRate::new(0);
        assert!((0..100_000).all(|_| rate.allows(IpAddr::V4(Ipv4Addr::LOCALHOST))));
    }
}
