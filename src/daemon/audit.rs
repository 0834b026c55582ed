//! The operation log as log records: each entry goes through the pipeline with source `logseal.audit`, so that it is searched,
//! exported and kept like all others.
//!
//! An entry waits in the outbox, which is written in its own transaction, until its record is durable. Where the daemon dies between
//! the two, the record comes once more: `attributes.operation_id` tells.

use std::borrow::Cow;
use std::time::Duration;

use logseal_parsers::{Attributes, Level, LogEvent};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::ingest::{Ingest, Rejected, WhenFull};
use crate::meta::{Action, Meta, MetaError, Operation};
use crate::record::{Batch, Origin};
use crate::telemetry::chain;

const SOURCE: &str = "logseal.audit";
const ORIGIN: &str = "audit";
const APP: &str = "logseal";
const FORMAT: &str = "audit";
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After a failure.
const RETRY_AFTER: Duration = Duration::from_secs(5);
const ENTRIES_AT_ONCE: u32 = 200;

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Meta(#[from] MetaError),
    #[error("the pipeline takes no records: {0:?}")]
    Pipeline(Rejected),
}

/// Publishes entries as they are written, until `stop`, and once more then.
pub(super) async fn publish(meta: Meta, ingest: Ingest, stop: CancellationToken) {
    let mut was_failing = false;
    loop {
        let is_last = stop.is_cancelled();
        let published = publish_waiting(&meta, &ingest).await;
        if let Err(error) = &published
            && !was_failing
        {
            warn!(error = %chain(error), "entries of the operation log wait to be published as records");
        }
        was_failing = published.is_err();
        if is_last {
            return;
        }
        let wait = if was_failing { RETRY_AFTER } else { LOOK_EVERY };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn publish_waiting(meta: &Meta, ingest: &Ingest) -> Result<(), Failed> {
    loop {
        let entries = meta.outbox(ENTRIES_AT_ONCE).await?;
        if entries.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::default();
        let received_at = crate::clock::now_micros();
        for entry in &entries {
            let raw = serde_json::to_vec(entry).expect("an entry has text keys only");
            let origin = Origin { source: SOURCE, origin: ORIGIN, peer: "", received_at };
            batch.push(&event(entry), &raw, &origin);
        }
        ingest.submit(batch, WhenFull::Refuse).await.map_err(Failed::Pipeline)?;
        meta.outbox_done(&entries.iter().map(|entry| entry.id).collect::<Vec<_>>()).await?;
    }
}

fn event(entry: &Operation) -> LogEvent<'_> {
    let who = entry.username.as_deref().unwrap_or(APP);
    let target = entry.target.as_deref().map(|target| format!(" {target}")).unwrap_or_default();
    let mut attributes = Attributes::default();
    attributes.push("operation_id", &entry.id.to_string());
    attributes.push("action", &entry.action);
    for (name, value) in [("target", &entry.target), ("user_agent", &entry.user_agent)] {
        if let Some(value) = value {
            attributes.push(name, value);
        }
    }
    if let Value::Object(members) = &entry.detail {
        for (name, value) in members {
            let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
            attributes.push_scoped("detail", name, &text);
        }
    }
    LogEvent {
        timestamp: Some(entry.created_at.timestamp_micros()),
        level: level(&entry.action),
        app: Cow::Borrowed(APP),
        ip: entry.ip,
        user_name: Cow::Borrowed(entry.username.as_deref().unwrap_or_default()),
        message: Cow::Owned(format!("{who}: {}{target}", entry.action).into_bytes()),
        attributes,
        format: FORMAT,
        ..LogEvent::default()
    }
}

fn level(action: &str) -> Level {
    match action.parse() {
        Ok(Action::LoginFailed | Action::RefreshReused | Action::CodeRefused | Action::EngineRestarted) => Level::Warn,
        _ => Level::Info,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_a_record_that_can_be_searched() {
        let entry = Operation {
            id: 7,
            node: 0,
            user_id: Some(3),
            username: Some("eve".to_owned()),
            token_id: None,
            action: "login_failed".to_owned(),
            target: Some("user 3".to_owned()),
            ip: Some("10.0.0.7".parse().unwrap()),
            user_agent: None,
            created_at: "2026-11-20T10:20:30Z".parse().unwrap(),
            detail: json!({ "username": "eve", "before": {"role": "user"} }),
        };
        let event = event(&entry);
        assert_eq!((event.level, &*event.message), (Level::Warn, &b"eve: login_failed user 3"[..]));
        assert_eq!((&*event.user_name, event.ip), ("eve", entry.ip));
        let attributes: Vec<_> = event.attributes.iter().collect();
        assert_eq!(
            attributes,
            [
                ("operation_id", "7"),
                ("action", "login_failed"),
                ("target", "user 3"),
                ("detail.username", "eve"),
                ("detail.before", r#"{"role":"user"}"#),
            ]
        );
    }
}
