//! The keys of `[alerts]`: what alert rules may use, and where people may be told.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

/// Limits of the evaluation of rules, and of where alerts may be sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// A record whose timestamp is further behind its arrival counts in no window.
    pub lateness_seconds: u32,
    /// Groups that are remembered of one rule; beyond, the one that was used least recently is forgotten, and an alert says so.
    pub groups_per_rule_max: NonZeroUsize,
    /// What they may take, together.
    pub bytes_per_rule_max: NonZeroUsize,
    /// Whether channels may be on this machine or in a private network.
    pub private_targets: bool,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            lateness_seconds: 300,
            groups_per_rule_max: NonZeroUsize::new(100_000).expect("it is not 0"),
            bytes_per_rule_max: NonZeroUsize::new(16 << 20).expect("it is not 0"),
            private_targets: false,
        }
    }
}
