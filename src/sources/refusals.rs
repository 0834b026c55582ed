//! Clients that are refused, and come again and again: the log names each once in a while.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The same client is named for the same reason at most so often; the metric counts every time.
const NAME_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// Beyond so many all are forgotten, and named again.
const REMEMBERED_MAX: usize = 1000;

/// Those of one listener.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<(IpAddr, String), Instant>>);

/// Why a connection ended before it began.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct Refused {
    why: String,
    /// Whether the log has not just said so of the same client.
    pub(super) is_news: bool,
}

impl Refusals {
    /// Notes that `peer` was refused `now`.
    pub(super) fn note(&self, peer: IpAddr, why: String, now: Instant) -> Refused {
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (peer, why.clone());
        let is_news = named.get(&key).is_none_or(|at| now.duration_since(*at) >= NAME_AGAIN_AFTER);
        if is_news {
            if named.len() >= REMEMBERED_MAX {
                named.clear();
            }
            named.insert(key, now);
        }
        Refused { why, is_news }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_same_client_is_named_once_a_minute_for_each_reason_in_bounded_memory() {
        let refusals = Refusals::default();
        let start = Instant::now();
        let is_news = |address: u32, why: &str, seconds: u64| {
            let now = start + Duration::from_secs(seconds);
            refusals.note(Ipv4Addr::from_bits(address).into(), why.to_owned(), now).is_news
        };
        assert!(is_news(1, "revoked", 0) && is_news(2, "revoked", 0) && is_news(1, "not mapped", 0));
        assert!(!is_news(1, "revoked", 59));
        assert!(is_news(1, "revoked", 60));
        assert!(!is_news(1, "revoked", 61));
        for address in 0..3 * REMEMBERED_MAX as u32 {
            is_news(address, "revoked", 62);
        }
        assert!(refusals.0.lock().unwrap().len() <= REMEMBERED_MAX);
    }
}
