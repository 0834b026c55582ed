//! Settings that change while the daemons run, as text under their keys. What keys there are is not known here.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::column::Time;
use super::transaction::{Lock, Tx};
use super::{Action, Actor, Meta, MetaError, both, text};

/// One setting's new value; `None` takes it away, so that its default holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    pub key: String,
    pub value: Option<String>,
}

impl Meta {
    /// All that are set, in the order of keys.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn settings(&self) -> Result<Vec<(String, String)>, MetaError> {
        both!(at self, db => sqlx::query_as("SELECT key, value FROM settings ORDER BY key").fetch_all(db).await?)
    }

    /// A number that grows with every change: a daemon asks for it to see whether another one changed something.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn settings_version(&self) -> Result<i64, MetaError> {
        both!(at self, db => sqlx::query_scalar("SELECT version FROM versions WHERE name = 'settings'").fetch_one(db).await?)
    }

    /// Applies all changes or none, and returns the new version. Where nothing differs nothing is written.
    ///
    /// # Errors
    /// [`MetaError`]; nothing was changed.
    pub async fn put_settings(
        &self,
        changes: &[SettingChange],
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<i64, MetaError> {
        let mut tx = self.begin().await?;
        let version = tx.lock(Lock::Settings).await?;
        let (mut was, mut is) = (BTreeMap::new(), BTreeMap::new());
        for SettingChange { key, value } in changes {
            let before: Option<String> = both!(in tx, db => sqlx::query_scalar("SELECT value FROM settings WHERE key = $1")
                .bind(key)
                .fetch_optional(db)
                .await?)?;
            if before != *value {
                set(&mut tx, key, value.as_deref(), by, now).await?;
                was.entry(key).or_insert(before);
                is.insert(key, value);
            }
        }
        if is.is_empty() {
            return Ok(version - 1);
        }
        tx.record(Action::ConfigChanged, None, json!({ "before": was, "after": is }), by, now).await?;
        tx.commit().await?;
        Ok(version)
    }
}

async fn set(tx: &mut Tx, key: &str, value: Option<&str>, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
    match value {
        Some(value) => both!(in tx, db => sqlx::query(
            "INSERT INTO settings (key, value, updated_at, updated_by) VALUES ($1, $2, $3, $4)
             ON CONFLICT (key) DO UPDATE SET value = $2, updated_at = $3, updated_by = $4")
            .bind(key)
            .bind(value)
            .bind(Time(now))
            .bind(by.username.as_deref().map(text::clean))
            .execute(db)
            .await?
            .rows_affected()),
        None => both!(in tx, db => sqlx::query("DELETE FROM settings WHERE key = $1")
            .bind(key)
            .execute(db)
            .await?
            .rows_affected()),
    }
    .map(drop)
}
