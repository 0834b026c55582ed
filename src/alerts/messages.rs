//! From what the outbox holds to what channels are told.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::meta::{Alert, AlertStatus, Delivery, DeliveryEvent, Severity};
use crate::notify::message::{self, AlertFacts, Event, Message};

/// What was not told because of a channel's limit.
#[derive(Deserialize)]
struct Limited {
    dropped: u64,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// What `delivery` tells. `public_url` is where people reach the API, without a slash at its end.
///
/// # Errors
/// In words, where its payload is not one of this version.
pub(super) fn message(delivery: &Delivery, public_url: &str, now: DateTime<Utc>) -> Result<Message, String> {
    let alert = || Alert::deserialize(&delivery.payload).map_err(|error| format!("its alert cannot be read: {error}"));
    match delivery.event {
        DeliveryEvent::Raised => Ok(Message { event: Event::Raised, alert: facts(alert()?, public_url) }),
        DeliveryEvent::Resolved => Ok(Message { event: Event::Resolved, alert: facts(alert()?, public_url) }),
        DeliveryEvent::Test => Ok(Message::test(public_url, now)),
        DeliveryEvent::Limited => {
            let limited = Limited::deserialize(&delivery.payload);
            Ok(limited_message(&limited.map_err(|error| format!("it cannot be read: {error}"))?, delivery, public_url))
        }
    }
}

fn facts(alert: Alert, public_url: &str) -> AlertFacts {
    AlertFacts {
        id: alert.id.to_string(),
        rule_code: alert.rule_code,
        rule_name: alert.rule_name,
        severity: severity(alert.severity),
        status: match alert.status {
            AlertStatus::New => message::Status::New,
            AlertStatus::Processing => message::Status::Processing,
            AlertStatus::Resolved => message::Status::Resolved,
        },
        triggered_at: alert.triggered_at,
        last_seen_at: alert.last_seen_at,
        resolved_at: alert.resolved_at,
        log_count: u64::try_from(alert.log_count).unwrap_or_default(),
        group: alert.group,
        related_ip: alert.related_ip.map(|ip| ip.to_string()),
        related_user: alert.related_user,
        hosts: alert.hosts,
        cluster: alert.cluster,
        description: alert.description,
        tags: alert.tags,
        sample_log_ids: alert.sample_log_ids,
        url: format!("{public_url}/api/v1/alerts/{}", alert.id),
    }
}

/// Told as an alert of its own, so that every kind of channel can say it.
fn limited_message(limited: &Limited, delivery: &Delivery, public_url: &str) -> Message {
    let alert = AlertFacts {
        id: format!("limited-{}", delivery.id),
        rule_code: "logseal.channel-limit".to_owned(),
        rule_name: "Alerts beyond the limit of this channel".to_owned(),
        severity: message::Severity::Medium,
        status: message::Status::New,
        triggered_at: limited.since,
        last_seen_at: limited.until,
        resolved_at: None,
        log_count: limited.dropped,
        group: Vec::new(),
        related_ip: None,
        related_user: None,
        hosts: Vec::new(),
        cluster: None,
        description: format!("{} further alerts were raised in this hour and not told here.", limited.dropped),
        tags: Vec::new(),
        sample_log_ids: Vec::new(),
        url: format!("{public_url}/api/v1/alerts"),
    };
    Message { event: Event::Raised, alert }
}

fn severity(severity: Severity) -> message::Severity {
    match severity {
        Severity::Info => message::Severity::Info,
        Severity::Low => message::Severity::Low,
        Severity::Medium => message::Severity::Medium,
        Severity::High => message::Severity::High,
        Severity::Critical => message::Severity::Critical,
    }
}
