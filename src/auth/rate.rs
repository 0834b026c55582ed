//! Rate limits: how many requests a second a user, a token or an address may make.
//!
//! Every client has a second's worth of credit, 10^9 units, which refills at one unit in a nanosecond. A request at a limit of `n`
//! a second costs 10^9 / n. So each client may have a limit of its own, and it may change at any time, without a limiter for each.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// A second's worth; with it one unit is a nanosecond.
const CREDIT: NonZeroU32 = NonZeroU32::new(1_000_000_000).expect("10^9 is not 0");
/// So many clients are remembered. An entry takes some 50 bytes.
const CLIENTS_MAX: usize = 100_000;
/// Those that have all their credit are looked for above this.
const TIDY_ABOVE_MIN: usize = 10_000;
/// The clients are counted at every so many checks, which is as many as can be too many.
const CHECKS_BETWEEN_COUNTS: u32 = 1024;

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    User(i64),
    Token(i64),
    Address(Network),
    /// All addresses, while too many are remembered.
    Crowd,
}

/// An IPv4 address, or the 64 high bits of an IPv6 address: the rest is its holder's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(u64);

impl Client {
    /// The client behind an address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(Network(match address.to_canonical() {
            // Below 2^32 lies no IPv6 network that is given to anyone.
            IpAddr::V4(address) => u64::from(address.to_bits()),
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        }))
    }
}

/// Whether a request may go on, and what its answer says of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub allowed: bool,
    /// `RateLimit-Limit`: requests a second.
    pub limit: u32,
    /// `RateLimit-Remaining`: so many may be made at once, now.
    pub remaining: u32,
    /// `RateLimit-Reset`, and `Retry-After` of a refusal: until all of the limit is there again; when refused, until the next
    /// request may be made.
    pub reset_seconds: u32,
}

type Limiter<C> = RateLimiter<Client, DefaultKeyedStateStore<Client>, C, StateInformationMiddleware>;

/// Counts the requests of all clients, with bounded memory. A check takes well under a microsecond.
pub struct RateLimits<C: Clock = DefaultClock> {
    clients: Limiter<C>,
    checks: AtomicU32,
    tidy_above: AtomicUsize,
    crowded: AtomicBool,
}

impl RateLimits {
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(DefaultClock::default())
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock> RateLimits<C> {
    fn with_clock(clock: C) -> Self {
        let quota = Quota::per_second(CREDIT);
        Self {
            clients: RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock),
            checks: AtomicU32::new(0),
            tidy_above: AtomicUsize::new(TIDY_ABOVE_MIN),
            crowded: AtomicBool::new(false),
        }
    }

    /// Counts a request of `client`, whose limit is `per_second`, if it may be made.
    ///
    /// While more than 100,000 clients have been active within the last second, all addresses share one limit.
    pub fn check(&self, client: Client, per_second: NonZeroU32) -> Verdict {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(CHECKS_BETWEEN_COUNTS) {
            self.tidy();
        }
        let client = match client {
            // Users and tokens are as many as have been made, which an attacker cannot change.
            Client::Address(_) if self.crowded.load(Ordering::Relaxed) => Client::Crowd,
            client => client,
        };
        self.count(client, per_second)
    }

    /// Counts a request of `client` as [`RateLimits::check`] does, for one that can be kept waiting.
    ///
    /// # Errors
    /// How long until the next one may be made; this one is not counted.
    pub fn claim(&self, client: Client, per_second: NonZeroU32) -> Result<(), Duration> {
        let cost = cost(per_second);
        match self.clients.check_key_n(&client, cost) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(not_until)) => Err(not_until.wait_time_from(self.clients.clock().now())),
            Err(_) => unreachable!("no request costs more than a second's credit"),
        }
    }

    fn count(&self, client: Client, per_second: NonZeroU32) -> Verdict {
        let cost = cost(per_second);
        let limit = per_second.get();
        match self.clients.check_key_n(&client, cost) {
            Ok(Ok(state)) => {
                let credit = state.remaining_burst_capacity();
                let missing = Duration::from_nanos(u64::from(CREDIT.get() - credit.min(CREDIT.get())));
                Verdict { allowed: true, limit, remaining: credit / cost, reset_seconds: whole_seconds(missing) }
            }
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(self.clients.clock().now());
                Verdict { allowed: false, limit, remaining: 0, reset_seconds: whole_seconds(wait).max(1) }
            }
            Err(_) => unreachable!("no request costs more than a second's credit"),
        }
    }

    /// Forgets clients that have all their credit, for nothing is known of them that is not known of a stranger.
    ///
    /// The next time is when there are twice as many as are left, so that a flood does not make each request pay for all.
    fn tidy(&self) {
        if self.clients.len() > self.tidy_above.load(Ordering::Relaxed) {
            self.clients.retain_recent();
            self.clients.shrink_to_fit();
            let left = self.clients.len();
            self.tidy_above.store((left * 2).clamp(TIDY_ABOVE_MIN, CLIENTS_MAX), Ordering::Relaxed);
            self.crowded.store(left > CLIENTS_MAX, Ordering::Relaxed);
        }
    }
}

/// What one request takes of a second's credit.
fn cost(per_second: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(CREDIT.get() / per_second).unwrap_or(NonZeroU32::MIN)
}

fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn per_second(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    fn limits() -> (RateLimits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (RateLimits::with_clock(clock.clone()), clock)
    }

    #[test]
    fn a_second_gives_as_many_as_the_limit_says() {
        for limit in [1, 2, 3, 7, 50, 999, 15_000] {
            let (limits, clock) = limits();
            for second in 0..3 {
                let allowed =
                    (0..2 * limit).filter(|_| limits.check(Client::User(1), per_second(limit)).allowed).count();
                assert_eq!(allowed, limit as usize, "in second {second}");
                clock.advance(Duration::from_secs(1));
            }
        }
    }

    #[test]
    fn the_verdict_says_what_the_headers_need() {
        let (limits, clock) = limits();
        let verdict = |allowed, remaining, reset_seconds| Verdict { allowed, limit: 2, remaining, reset_seconds };
        assert_eq!(limits.check(Client::User(1), per_second(2)), verdict(true, 1, 1));
        assert_eq!(limits.check(Client::User(1), per_second(2)), verdict(true, 0, 1));
        assert_eq!(limits.check(Client::User(1), per_second(2)), verdict(false, 0, 1));
        clock.advance(Duration::from_millis(500));
        assert_eq!(limits.check(Client::User(1), per_second(2)), verdict(true, 0, 1));
        clock.advance(Duration::from_secs(5));
        assert_eq!(limits.check(Client::User(1), per_second(2)), verdict(true, 1, 1));
    }

    #[test]
    fn who_waits_as_long_as_told_goes_on_and_shares_the_limit_with_others() {
        let (limits, clock) = limits();
        assert!(limits.check(Client::Token(1), per_second(2)).allowed);
        assert_eq!(limits.claim(Client::Token(1), per_second(2)), Ok(()));
        assert_eq!(limits.claim(Client::Token(1), per_second(2)), Err(Duration::from_millis(500)));
        clock.advance(Duration::from_millis(500));
        assert_eq!(limits.claim(Client::Token(1), per_second(2)), Ok(()));
    }

    #[test]
    fn clients_do_not_share_and_each_has_its_own_limit() {
        let (limits, _) = limits();
        assert!(limits.check(Client::User(1), per_second(1)).allowed);
        assert!(!limits.check(Client::User(1), per_second(1)).allowed);
        assert!(limits.check(Client::User(2), per_second(1)).allowed);
        assert!(limits.check(Client::Token(1), per_second(100)).allowed);
        assert_eq!(limits.check(Client::Token(1), per_second(100)).remaining, 98);
        // A raised limit holds at once.
        assert_eq!(limits.check(Client::Token(1), per_second(1000)).remaining, 979);
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let at = |text: &str| Client::at(text.parse().unwrap());
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_ne!(at("10.0.0.1"), at("10.0.0.2"));
        assert_eq!(at("10.0.0.1"), at("::ffff:10.0.0.1"));
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory_and_does_not_touch_users() {
        let (limits, clock) = limits();
        let address = |n: u32| Client::at(IpAddr::V6(Ipv6Addr::from_bits(u128::from(n) << 64)));
        for n in 0..2 * CLIENTS_MAX as u32 {
            limits.check(address(n), per_second(1));
        }
        assert!(limits.clients.len() <= CLIENTS_MAX + CHECKS_BETWEEN_COUNTS as usize, "{}", limits.clients.len());
        assert!(!limits.check(address(0), per_second(1)).allowed, "the crowd's limit is spent");
        assert!(limits.check(Client::User(1), per_second(1)).allowed);

        clock.advance(Duration::from_secs(2));
        for _ in 0..=CHECKS_BETWEEN_COUNTS {
            limits.check(Client::User(2), per_second(1));
        }
        assert!(limits.clients.len() < 10);
        let v4 = Client::at(IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(limits.check(v4, per_second(5)).remaining, 4, "addresses are told apart again");
    }
}
