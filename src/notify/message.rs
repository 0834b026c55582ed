//! What people are told of: an alert as it was when the message was made.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One thing to tell, the same for all channels. Stored as JSON until every channel has it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Message {
    pub event: Event,
    pub alert: AlertFacts,
}

/// Why people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    Raised,
    Resolved,
    /// Somebody tries out the channel; the alert is an invented one.
    Test,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// How far people have come with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    New,
    Processing,
    Resolved,
}

/// An alert. Text of it may come from log records, that is from anybody: each channel makes it harmless in its own way.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct AlertFacts {
    pub id: String,
    pub rule_code: String,
    pub rule_name: String,
    pub severity: Severity,
    pub status: Status,
    pub triggered_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    #[serde(default)]
    pub resolved_at: Option<DateTime<Utc>>,
    pub log_count: u64,
    /// Fields that the rule groups by, with their values, in the rule's order.
    #[serde(default)]
    pub group: Vec<(String, String)>,
    #[serde(default)]
    pub related_ip: Option<String>,
    #[serde(default)]
    pub related_user: Option<String>,
    #[serde(default)]
    pub hosts: Vec<String>,
    #[serde(default)]
    pub cluster: Option<String>,
    /// The rule's message, filled in.
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub sample_log_ids: Vec<u64>,
    /// The alert in the API.
    pub url: String,
}

impl Event {
    /// As it stands in payloads.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

impl Severity {
    /// As it stands in payloads.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Status {
    /// As it stands in payloads.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Processing => "processing",
            Self::Resolved => "resolved",
        }
    }
}

impl Message {
    /// What a channel is tried out with. `url` is where people find the API.
    #[must_use]
    pub fn test(url: &str, now: DateTime<Utc>) -> Self {
        let alert = AlertFacts {
            id: "test".to_owned(),
            rule_code: "logseal.test".to_owned(),
            rule_name: "Test of this channel".to_owned(),
            severity: Severity::Info,
            status: Status::New,
            triggered_at: now,
            last_seen_at: now,
            resolved_at: None,
            log_count: 0,
            group: Vec::new(),
            related_ip: None,
            related_user: None,
            hosts: Vec::new(),
            cluster: None,
            description: "Somebody tries out this channel. Nothing has happened.".to_owned(),
            tags: Vec::new(),
            sample_log_ids: Vec::new(),
            url: url.to_owned(),
        };
        Self { event: Event::Test, alert }
    }
}

/// An alert that has everything, for the tests of payloads.
#[cfg(test)]
pub(super) fn sample(event: Event) -> Message {
    let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 250_000_000).unwrap();
    let is_resolved = event == Event::Resolved;
    Message {
        event,
        alert: AlertFacts {
            id: "8812".to_owned(),
            rule_code: "ssh-brute-force".to_owned(),
            rule_name: "SSH <brute> force & \"more\"".to_owned(),
            severity: Severity::High,
            status: if is_resolved { Status::Resolved } else { Status::New },
            triggered_at: at(0),
            last_seen_at: at(60),
            resolved_at: is_resolved.then(|| at(600)),
            log_count: 23,
            group: vec![
                ("user_name".to_owned(), "root]\\\"".to_owned()),
                ("attributes.src-port".to_owned(), "2é".to_owned()),
            ],
            related_ip: Some("203.0.113.9".to_owned()),
            related_user: Some("root".to_owned()),
            hosts: vec!["web1".to_owned(), "web2".to_owned()],
            cluster: Some("web".to_owned()),
            description: "23 failed logins within 5 min\r\nBcc: <!channel> [click](https://evil.example)".to_owned(),
            tags: vec!["attack.t1110".to_owned()],
            sample_log_ids: vec![41, 42],
            url: "https://logs.example.net/api/v1/alerts/8812".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_being_stored() {
        for event in [Event::Raised, Event::Resolved, Event::Test] {
            let message = sample(event);
            let stored = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<Message>(&stored).unwrap(), message);
        }
    }

    #[test]
    fn names_are_those_of_the_stored_form() {
        for event in [Event::Raised, Event::Resolved, Event::Test] {
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
        }
        for severity in [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical] {
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.name());
        }
        for status in [Status::New, Status::Processing, Status::Resolved] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
        }
        assert!(Severity::Critical > Severity::High && Severity::Low > Severity::Info);
    }
}
