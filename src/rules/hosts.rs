//! The hosts of records that count for a group before there is an alert, so that the alert names all of them.

use serde::{Deserialize, Serialize};

use super::effect::NAMED_MAX;

/// Up to [`NAMED_MAX`] hosts, each with the time of its newest record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hosts(Vec<(Box<str>, i64)>);

impl Hosts {
    /// Adds the host of a record, and forgets those that were last seen up to `forget`. Of more than fit the first ones are kept.
    pub(super) fn add(&mut self, host: &str, time: i64, forget: i64) {
        if let Some((_, newest)) = self.0.iter_mut().find(|(known, _)| **known == *host) {
            *newest = time.max(*newest);
            return;
        }
        self.0.retain(|(_, newest)| *newest > forget);
        if self.0.len() < NAMED_MAX && !host.is_empty() {
            self.0.push((host.into(), time));
        }
        // What is counted is what is taken.
        self.0.shrink_to_fit();
    }

    /// Takes all of them out, and names those that were seen after `after`.
    pub(super) fn take(&mut self, after: i64) -> Vec<String> {
        let hosts = std::mem::take(&mut self.0).into_iter();
        hosts.filter(|(_, newest)| *newest > after).map(|(host, _)| host.into()).collect()
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        // A short text takes an allocation of its own.
        self.0.iter().map(|(host, _)| size_of::<(Box<str>, i64)>() + host.len() + 16).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_hosts_of_the_window_are_kept() {
        let mut hosts = Hosts::default();
        for n in 0..100 {
            hosts.add(&format!("h{n}"), n, i64::MIN);
        }
        hosts.add("h0", 500, i64::MIN);
        hosts.add("", 500, i64::MIN);
        assert_eq!(hosts.0.len(), NAMED_MAX);
        // Those of long ago make room.
        hosts.add("new", 501, 18);
        let bytes = hosts.heap_bytes();
        assert_eq!(hosts.take(18), ["h0", "h19", "new"]);
        assert!(bytes < 200 && hosts == Hosts::default());
    }
}
