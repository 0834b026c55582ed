//! What an evaluator tells of alerts.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The most hosts, and the most sample records, that are named of one alert.
pub const NAMED_MAX: usize = 20;

/// The rule that tells of a rule which has more groups, or records of one, than fit its limits.
pub const LIMIT_RULE: &str = "logseal.rule-limit";

/// A step in the life of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It begins.
    Raised(Raised),
    /// More of it was seen.
    Continued(Continued),
    /// Nothing of it was seen for the rule's quiet time.
    Ended(Ended),
}

/// An alert begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Names it among all, and is the same when the same records are evaluated again.
    pub episode: String,
    /// The rule's code.
    pub rule: String,
    /// The fields of the group with their values.
    pub group: Vec<(String, String)>,
    /// When the record that raised it counts.
    pub triggered_at: i64,
    /// The latest time of the records that count.
    pub last_seen_at: i64,
    /// How many records count, or values, if the rule counts those.
    pub count: u64,
    /// The rule's message with all values in place.
    pub message: String,
    /// The address that it is about.
    pub ip: Option<IpAddr>,
    /// The user that it is about.
    pub user: Option<String>,
    /// The hosts that told of it.
    pub hosts: Vec<String>,
    /// The first records that count.
    pub samples: Vec<u64>,
}

/// More of an alert was seen. To be told of it again, or of an earlier one, changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continued {
    /// The alert's episode.
    pub episode: String,
    /// The rule's code.
    pub rule: String,
    /// So many records count from the one on that raised it, or values, if the rule counts those.
    pub total: u64,
    /// The latest time of the records that count.
    pub last_seen_at: i64,
    /// The address, if none was known before.
    pub ip: Option<IpAddr>,
    /// The user, if none was known before.
    pub user: Option<String>,
    /// Hosts that were not named before.
    pub hosts: Vec<String>,
    /// Further records that count, while fewer than [`NAMED_MAX`] were named.
    pub samples: Vec<u64>,
}

/// An alert ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The alert's episode.
    pub episode: String,
    /// The rule's code.
    pub rule: String,
    /// When it did.
    pub at: i64,
}

impl Effect {
    /// The episode that it is about.
    #[must_use]
    pub fn episode(&self) -> &str {
        match self {
            Self::Raised(raised) => &raised.episode,
            Self::Continued(continued) => &continued.episode,
            Self::Ended(ended) => &ended.episode,
        }
    }

    /// The code of the rule that it is of.
    #[must_use]
    pub fn rule(&self) -> &str {
        match self {
            Self::Raised(raised) => &raised.rule,
            Self::Continued(continued) => &continued.rule,
            Self::Ended(ended) => &ended.rule,
        }
    }
}
