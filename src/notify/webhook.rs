//! Webhooks: JSON that is signed, for programs.
//!
//! `X-Logseal-Signature: t=SECONDS,v1=HEX` has the HMAC-SHA-256 of `SECONDS.BODY` under the channel's secret. The time is part of what
//! is signed, so that a receiver can turn down what somebody recorded and sends again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};
use sha2::Sha256;

use super::http_post::Post;
use super::message::{AlertFacts, Event, Message, Severity, Status};
use super::send_error::SendError;
use super::target::Webhook;
use super::words::milliseconds;

const DELIVERY: HeaderName = HeaderName::from_static("x-logseal-delivery");
const EVENT: HeaderName = HeaderName::from_static("x-logseal-event");
const SIGNATURE: HeaderName = HeaderName::from_static("x-logseal-signature");
/// Raised when a field changes its meaning or goes away; new fields may come at any time.
const VERSION: u32 = 1;

/// The body.
#[derive(Serialize)]
struct Payload<'a> {
    version: u32,
    event: Event,
    delivery: &'a str,
    sent_at: String,
    alert: Alert<'a>,
}

#[derive(Serialize)]
struct Alert<'a> {
    id: &'a str,
    rule: Rule<'a>,
    severity: Severity,
    status: Status,
    triggered_at: String,
    last_seen_at: String,
    resolved_at: Option<String>,
    log_count: u64,
    #[serde(serialize_with = "as_object")]
    group: &'a [(String, String)],
    related_ip: Option<&'a str>,
    related_user: Option<&'a str>,
    hosts: &'a [String],
    cluster: Option<&'a str>,
    description: &'a str,
    tags: &'a [String],
    sample_log_ids: &'a [u64],
    url: &'a str,
}

#[derive(Serialize)]
struct Rule<'a> {
    code: &'a str,
    name: &'a str,
}

pub(super) fn post<'a>(
    channel: &'a Webhook,
    message: &Message,
    delivery: &str,
    now: DateTime<Utc>,
    secrets: Vec<String>,
) -> Result<Post<'a>, SendError> {
    let body = body(message, delivery, now);
    let mut headers = HeaderMap::new();
    for (name, value) in &channel.headers {
        headers.insert(header_name(name)?, header_value(value.expose())?);
    }
    headers.insert(DELIVERY, header_value(delivery)?);
    headers.insert(EVENT, HeaderValue::from_static(message.event.name()));
    if let Some(secret) = &channel.secret {
        let at = now.timestamp();
        let signature = format!("t={at},v1={}", signature(secret.expose(), at, &body));
        headers.insert(SIGNATURE, header_value(&signature)?);
    }
    Ok(Post { url: &channel.url, path: None, headers, body, secrets })
}

fn body(message: &Message, delivery: &str, now: DateTime<Utc>) -> Vec<u8> {
    let payload =
        Payload { version: VERSION, event: message.event, delivery, sent_at: milliseconds(now), alert: alert(message) };
    serde_json::to_vec(&payload).expect("text, numbers and lists can be written as JSON")
}

fn alert(message: &Message) -> Alert<'_> {
    let facts: &AlertFacts = &message.alert;
    Alert {
        id: &facts.id,
        rule: Rule { code: &facts.rule_code, name: &facts.rule_name },
        severity: facts.severity,
        status: facts.status,
        triggered_at: milliseconds(facts.triggered_at),
        last_seen_at: milliseconds(facts.last_seen_at),
        resolved_at: facts.resolved_at.map(milliseconds),
        log_count: facts.log_count,
        group: &facts.group,
        related_ip: facts.related_ip.as_deref(),
        related_user: facts.related_user.as_deref(),
        hosts: &facts.hosts,
        cluster: facts.cluster.as_deref(),
        description: &facts.description,
        tags: &facts.tags,
        sample_log_ids: &facts.sample_log_ids,
        url: &facts.url,
    }
}

/// `hex(hmac_sha256(secret, "at.body"))`
fn signature(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of HMAC has any length");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn as_object<S: Serializer>(group: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    // A name that is there twice would be a key that is there twice.
    let once: BTreeMap<&str, &str> = group.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    serializer.collect_map(once)
}

fn header_name(name: &str) -> Result<HeaderName, SendError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| SendError::refused("a header of the channel has no valid name"))
}

fn header_value(value: &str) -> Result<HeaderValue, SendError> {
    let mut value =
        HeaderValue::from_str(value).map_err(|_| SendError::refused("a header of the channel has no valid value"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::sample;
    use crate::notify::web_address::WebAddress;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_700, 0).unwrap()
    }

    #[test]
    fn the_payload_has_every_field() {
        let body = |message: &Message| {
            let body: serde_json::Value = serde_json::from_slice(&body(message, "d-1", now())).unwrap();
            serde_json::to_string_pretty(&body).unwrap()
        };
        insta::assert_snapshot!("webhook_raised", body(&sample(Event::Raised)));
        insta::assert_snapshot!("webhook_resolved", body(&sample(Event::Resolved)));
        insta::assert_snapshot!("webhook_test", body(&Message::test("https://logs.example.net", now())));
    }

    /// Computed with Python's `hmac` and with `openssl dgst -sha256 -hmac`.
    #[test]
    fn signatures_are_those_of_other_implementations() {
        for (secret, at, body, expected) in [
            (
                "0123456789abcdef",
                1_800_000_000,
                &b"{}"[..],
                "1313ae9c874eb1a0868ad0b65f841c4243c23fdcfad69a3ada227726fad9960e",
            ),
            (
                "a secret with \u{e9} and more than sixty-four bytes so that HMAC hashes it first",
                0,
                b"",
                "319542734996a141c7c98ff7b41696516a4fc10e69f0d1b94298a01471da0c4f",
            ),
            (
                "0123456789abcdef",
                1_800_000_000,
                "{\"a\":\"é\"}".as_bytes(),
                "16a45361696a6ef182e5c197a756347caccd89cdcc01dbb87481102d64e8097c",
            ),
        ] {
            assert_eq!(signature(secret, at, body), expected);
        }
    }

    #[test]
    fn ours_come_before_headers_of_the_channel_and_only_a_secret_makes_a_signature() {
        let url = WebAddress::parse("https://hooks.example/x").unwrap();
        let mut channel =
            Webhook { url, secret: None, headers: vec![("Authorization".to_owned(), "Bearer abc".into())] };
        let bare = post(&channel, &sample(Event::Raised), "d-1", now(), Vec::new()).unwrap();
        assert!(!bare.headers.contains_key(SIGNATURE));
        assert_eq!(bare.headers.get("authorization").unwrap(), "Bearer abc");
        assert_eq!(bare.headers.get(EVENT).unwrap(), "raised");
        assert_eq!(bare.headers.get(DELIVERY).unwrap(), "d-1");
        channel.secret = Some("0123456789abcdef".into());
        let signed = post(&channel, &sample(Event::Raised), "d-1", now(), Vec::new()).unwrap();
        let expected = format!("t=1800000700,v1={}", signature("0123456789abcdef", 1_800_000_700, &signed.body));
        assert_eq!(signed.headers.get(SIGNATURE).unwrap(), expected.as_str());
    }
}
