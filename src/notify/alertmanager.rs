//! Prometheus' Alertmanager: `POST /api/v2/alerts`.
//!
//! Alertmanager takes an alert for resolved once its `endsAt` has passed; without one it does so after five minutes, for Prometheus
//! would have sent it again by then. We tell it once. So a raised alert ends in a week, and the message that it is resolved ends it
//! earlier. Labels are its identity and are the same in both messages; what may change stands in annotations.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::http_post::Post;
use super::message::{AlertFacts, Event, Message};
use super::send_error::SendError;
use super::target::{Alertmanager, Login};
use super::words::milliseconds;

const ENDS_BY_ITSELF_AFTER: TimeDelta = TimeDelta::days(7);
const TEST_LASTS: TimeDelta = TimeDelta::minutes(5);

pub(super) fn post<'a>(
    channel: &'a Alertmanager,
    message: &Message,
    now: DateTime<Utc>,
    mut secrets: Vec<String>,
) -> Result<Post<'a>, SendError> {
    let mut headers = HeaderMap::new();
    let login = match &channel.login {
        Login::None => None,
        Login::Bearer { token } => Some(format!("Bearer {}", token.expose())),
        Login::Basic { username, password } => {
            let both = STANDARD.encode(format!("{username}:{}", password.expose()));
            secrets.push(both.clone());
            Some(format!("Basic {both}"))
        }
    };
    if let Some(login) = login {
        let mut value = HeaderValue::from_str(&login)
            .map_err(|_| SendError::refused("the channel's login cannot stand in a header"))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    let path = format!("{}/api/v2/alerts", channel.url.path().trim_end_matches('/'));
    let body = serde_json::to_vec(&body(message, now)).expect("a value can be written as JSON");
    Ok(Post { url: &channel.url, path: Some(path), headers, body, secrets })
}

fn body(message: &Message, now: DateTime<Utc>) -> Value {
    let alert = &message.alert;
    let ends_at = match message.event {
        Event::Raised => now + ENDS_BY_ITSELF_AFTER,
        Event::Test => now + TEST_LASTS,
        // Not before its start, which would be refused.
        Event::Resolved => alert.resolved_at.unwrap_or(now).max(alert.triggered_at),
    };
    json!([{
        "labels": labels(alert),
        "annotations": annotations(alert),
        "startsAt": milliseconds(alert.triggered_at),
        "endsAt": milliseconds(ends_at),
        "generatorURL": alert.url,
    }])
}

fn labels(alert: &AlertFacts) -> BTreeMap<String, &str> {
    let mut labels = BTreeMap::new();
    for (name, value) in &alert.group {
        labels.insert(format!("group_{}", label_name(name)), value.as_str());
    }
    labels.insert("alertname".to_owned(), alert.rule_name.as_str());
    labels.insert("alert_id".to_owned(), alert.id.as_str());
    labels.insert("rule".to_owned(), alert.rule_code.as_str());
    labels.insert("severity".to_owned(), alert.severity.name());
    labels.insert("cluster".to_owned(), alert.cluster.as_deref().unwrap_or_default());
    labels.retain(|_, value| !value.is_empty());
    labels
}

fn annotations(alert: &AlertFacts) -> BTreeMap<&'static str, String> {
    let samples: Vec<String> = alert.sample_log_ids.iter().map(u64::to_string).collect();
    let mut annotations = BTreeMap::from([
        ("summary", alert.rule_name.clone()),
        ("description", alert.description.clone()),
        ("hosts", alert.hosts.join(", ")),
        ("ip", alert.related_ip.clone().unwrap_or_default()),
        ("user", alert.related_user.clone().unwrap_or_default()),
        ("tags", alert.tags.join(", ")),
        ("records", alert.log_count.to_string()),
        ("sample_log_ids", samples.join(", ")),
        ("status", alert.status.name().to_owned()),
    ]);
    annotations.retain(|_, value| !value.is_empty());
    annotations
}

/// Letters, digits and `_`, the only ones that every version takes.
fn label_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::sample;
    use crate::notify::web_address::WebAddress;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_700, 0).unwrap()
    }

    fn channel(url: &str, login: Login) -> Alertmanager {
        Alertmanager { url: WebAddress::parse(url).unwrap(), login }
    }

    #[test]
    fn an_alert_is_told_and_ended() {
        let pretty = |event| serde_json::to_string_pretty(&body(&sample(event), now())).unwrap();
        insta::assert_snapshot!("alertmanager_raised", pretty(Event::Raised));
        insta::assert_snapshot!("alertmanager_resolved", pretty(Event::Resolved));
    }

    #[test]
    fn both_messages_have_the_same_labels() {
        assert_eq!(labels(&sample(Event::Raised).alert), labels(&sample(Event::Resolved).alert));
    }

    #[test]
    fn no_alert_ends_before_it_starts() {
        let mut message = sample(Event::Resolved);
        message.alert.resolved_at = Some(message.alert.triggered_at - TimeDelta::hours(1));
        let body = body(&message, now());
        assert_eq!(body[0]["startsAt"], body[0]["endsAt"]);
    }

    #[test]
    fn the_path_is_put_behind_that_of_the_address() {
        for (url, path) in [
            ("https://am.example", "/api/v2/alerts"),
            ("https://am.example/", "/api/v2/alerts"),
            ("https://am.example/mimir/alertmanager/", "/mimir/alertmanager/api/v2/alerts"),
        ] {
            let channel = channel(url, Login::None);
            let post = post(&channel, &sample(Event::Raised), now(), Vec::new()).unwrap();
            assert_eq!(post.path.as_deref(), Some(path), "{url}");
            assert!(post.headers.is_empty());
        }
    }

    #[test]
    fn a_login_is_sent_and_is_among_the_secrets_in_the_form_that_is_sent() {
        let basic = Login::Basic { username: "am".to_owned(), password: "pass word".into() };
        let channel = channel("https://am.example", basic);
        let post = post(&channel, &sample(Event::Raised), now(), Vec::new()).unwrap();
        assert_eq!(post.headers.get("authorization").unwrap(), "Basic YW06cGFzcyB3b3Jk");
        assert_eq!(post.secrets, ["YW06cGFzcyB3b3Jk"]);
    }
}
