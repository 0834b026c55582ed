//! What the operation log is told of searches and exports: who asked for what, and what was handed out.

use axum::http::Uri;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::caller::By;
use super::error::ApiError;
use super::state::Api;
use crate::clock::now;
use crate::meta::{Action, Meta, MetaError};

/// Credentials, not a part of what was asked.
const NOT_RECORDED: &str = "access_token";

/// Records a search before its answer is given: what cannot be recorded is not shown.
///
/// # Errors
/// 503 while the metadata database cannot be reached.
pub(super) async fn searched(api: &Api, by: &By, uri: &Uri, found: Option<u64>) -> Result<(), ApiError> {
    let detail = json!({ "path": uri.path(), "parameters": parameters(uri), "found": found });
    api.accounts.meta.record(Action::LogsSearched, None, detail, &by.0, now()).await?;
    Ok(())
}

/// An export under way. It has an entry when it begins, and one when all of it was handed out; where the second is missing, the
/// transfer was aborted.
pub(super) struct ExportRecord {
    meta: Meta,
    by: By,
    begun: i64,
    hash: Sha256,
    bytes: u64,
}

impl ExportRecord {
    /// # Errors
    /// 503 while the metadata database cannot be reached: nothing is exported then.
    pub(super) async fn begin(api: &Api, by: By, uri: &Uri, rows: u64) -> Result<Self, ApiError> {
        let detail = json!({ "state": "started", "parameters": parameters(uri), "rows": rows });
        let meta = api.accounts.meta.clone();
        let begun = meta.record(Action::LogsExported, None, detail, &by.0, now()).await?;
        Ok(Self { meta, by, begun, hash: Sha256::new(), bytes: 0 })
    }

    /// `chunk` is handed out.
    pub(super) fn add(&mut self, chunk: &[u8]) {
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
    }

    /// All was handed out. To be called before the transfer ends, so that no complete file is without its entry.
    pub(super) async fn complete(&self, rows: u64) -> Result<(), MetaError> {
        let sha256 = hex::encode(self.hash.clone().finalize());
        let detail = json!({ "state": "completed", "started_by": self.begun, "rows": rows, "bytes": self.bytes, "sha256": sha256 });
        self.meta.record(Action::LogsExported, None, detail, &self.by.0, now()).await.map(drop)
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
}
