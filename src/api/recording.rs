//! What the operation log is told of searches and exports: who asked for what, and what was handed out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::Uri;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::caller::By;
use super::error::ApiError;
use super::state::Api;
use crate::clock::now;
use crate::meta::{Action, Meta, MetaError};
use crate::telemetry::chain;

/// So long the same numbers, asked for by the same caller, are one entry.
const SAME_FOR: Duration = Duration::from_secs(60);
/// So many are remembered, some 50 bytes each.
const COUNTS_MAX: usize = 10_000;
/// Credentials, not a part of what was asked.
const NOT_RECORDED: &str = "access_token";

/// Records a search before its answer is given: what cannot be recorded is not shown.
///
/// # Errors
/// 503 while the metadata database cannot be reached.
pub(super) async fn searched(api: &Api, by: &By, uri: &Uri, found: Option<u64>) -> Result<(), ApiError> {
    write(api, by, json!({ "path": uri.path(), "parameters": parameters(uri), "found": found })).await
}

async fn write(api: &Api, by: &By, detail: Value) -> Result<(), ApiError> {
    api.accounts.meta.record(Action::LogsSearched, None, detail, &by.0, now()).await?;
    Ok(())
}

/// Records that records were counted, as [`searched`] does; `found` is how many. Who asks the same again within [`SAME_FOR`] is not recorded
/// again: a page that shows numbers asks for each of them every few seconds.
///
/// # Errors
/// 503 while the metadata database cannot be reached.
pub(super) async fn counted(api: &Api, by: &By, uri: &Uri, found: u64) -> Result<(), ApiError> {
    let question = question(by, uri);
    if api.recorded_counts.has(&question, Instant::now()) {
        return Ok(());
    }
    searched(api, by, uri, Some(found)).await?;
    api.recorded_counts.note(question, Instant::now());
    Ok(())
}

/// Records that stored records were shown to `rule`: its code, or all of a rule that is not kept.
///
/// # Errors
/// 503 while the metadata database cannot be reached.
pub(super) async fn backtested(api: &Api, by: &By, uri: &Uri, rule: Value, found: u64) -> Result<(), ApiError> {
    write(api, by, json!({ "path": uri.path(), "parameters": parameters(uri), "rule": rule, "found": found })).await
}

/// Who asked for which numbers, as a hash.
type Question = [u8; 32];

fn question(by: &By, uri: &Uri) -> Question {
    let asked = json!([by.0.user_id, by.0.token_id, by.0.ip, uri.path(), parameters(uri)]);
    Sha256::digest(asked.to_string()).into()
}

/// Counts that were recorded a moment ago.
#[derive(Default)]
pub(super) struct RecordedCounts(Mutex<HashMap<Question, Instant>>);

impl RecordedCounts {
    fn has(&self, question: &Question, now: Instant) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(question).is_some_and(|at| now.duration_since(*at) < SAME_FOR)
    }

    fn note(&self, question: Question, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= COUNTS_MAX {
            known.retain(|_, at| now.duration_since(*at) < SAME_FOR);
        }
        // To forget one costs an entry more, no more than that.
        if known.len() >= COUNTS_MAX {
            known.clear();
        }
        known.insert(question, now);
    }
}

/// An export under way. It has an entry when it begins, and one when all of it was handed out or when it ends before; where the second is
/// missing, the daemon was killed meanwhile.
pub(super) struct ExportRecord {
    meta: Meta,
    by: By,
    begun: i64,
    hash: Sha256,
    rows: u64,
    bytes: u64,
    is_complete: bool,
    /// Where an entry is written that nobody waits for.
    tasks: TaskTracker,
}

impl ExportRecord {
    /// # Errors
    /// 503 while the metadata database cannot be reached: nothing is exported then.
    pub(super) async fn begin(api: &Api, by: By, uri: &Uri, rows: u64) -> Result<Self, ApiError> {
        let detail = json!({ "state": "started", "parameters": parameters(uri), "rows": rows });
        let meta = api.accounts.meta.clone();
        let begun = meta.record(Action::LogsExported, None, detail, &by.0, now()).await?;
        let tasks = api.side.clone();
        Ok(Self { meta, by, begun, hash: Sha256::new(), rows: 0, bytes: 0, is_complete: false, tasks })
    }

    /// `chunk` is handed out, with which it is `rows` in all.
    pub(super) fn add(&mut self, chunk: &[u8], rows: u64) {
        self.hash.update(chunk);
        self.rows = rows;
        self.bytes += chunk.len() as u64;
    }

    /// All was handed out. To be called before the transfer ends, so that no complete file is without its entry.
    pub(super) async fn complete(&mut self) -> Result<(), MetaError> {
        self.meta.record(Action::LogsExported, None, self.end("completed"), &self.by.0, now()).await?;
        self.is_complete = true;
        Ok(())
    }

    fn end(&self, state: &str) -> Value {
        let sha256 = hex::encode(self.hash.clone().finalize());
        json!({ "state": state, "started_by": self.begun, "rows": self.rows, "bytes": self.bytes, "sha256": sha256 })
    }
}

impl Drop for ExportRecord {
    /// What a client was given before it cut the transfer, or before that failed, is recorded too.
    fn drop(&mut self) {
        // Without a runtime the process is ending.
        let Some(runtime) = Handle::try_current().ok().filter(|_| !self.is_complete) else { return };
        let (meta, by, detail) = (self.meta.clone(), self.by.clone(), self.end("aborted"));
        let told = async move {
            if let Err(error) = meta.record(Action::LogsExported, None, detail, &by.0, now()).await {
                warn!("the end of an export is not in the operation log: {}", chain(&error));
            }
        };
        self.tasks.spawn_on(told, &runtime);
    }
}

fn parameters(uri: &Uri) -> Value {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let parameters: Map<String, Value> = pairs
        .filter(|(name, _)| name != NOT_RECORDED)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Value::Object(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_recorded() {
        let uri = Uri::from_static("/api/v1/logs/tail?q=a%20b&access_token=secret&size=5");
        assert_eq!(parameters(&uri), json!({ "q": "a b", "size": "5" }));
    }

    #[test]
    fn the_same_numbers_are_recorded_again_after_a_minute_and_other_ones_at_once() {
        let by = |user_id| By(crate::meta::Actor { user_id: Some(user_id), ..crate::meta::Actor::default() });
        let uri = Uri::from_static("/api/v1/stats/top?field=ip");
        let (counts, start) = (RecordedCounts::default(), Instant::now());
        let asked = question(&by(1), &uri);
        assert!(!counts.has(&asked, start));
        counts.note(asked, start);
        assert!(counts.has(&asked, start + SAME_FOR / 2));
        assert!(!counts.has(&asked, start + SAME_FOR));
        assert!(!counts.has(&question(&by(2), &uri), start), "somebody else");
        for other in ["/api/v1/stats/top?field=host", "/api/v1/stats/patterns?field=ip"] {
            assert!(!counts.has(&question(&by(1), &Uri::from_static(other)), start), "{other}");
        }
    }

    #[test]
    fn no_more_counts_are_remembered_than_there_is_room_for() {
        let (counts, now) = (RecordedCounts::default(), Instant::now());
        for n in 0..=COUNTS_MAX as u64 {
            counts.note(Sha256::digest(n.to_string()).into(), now);
        }
        assert!(counts.0.lock().unwrap().len() <= COUNTS_MAX);
    }
}
