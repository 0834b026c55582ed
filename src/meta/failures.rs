//! Failed logins, on which a lock-out rests that holds over restarts and on all daemons.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::column::{Ip, Maybe, Time};
use super::{Action, Actor, Meta, MetaError, both, text};

/// Failures since a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Under that name, from wherever.
    pub of_user: FailureCount,
    /// From that address, under whatever name.
    pub of_address: FailureCount,
}

/// How many, and the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct FailureCount {
    #[sqlx(try_from = "i64")]
    pub count: u64,
    #[sqlx(try_from = "Maybe<Time>")]
    pub latest: Option<DateTime<Utc>>,
}

impl Meta {
    /// Notes a login that was refused under the name that was typed, whether or not a user has it. The address is that of `by`.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn record_login_failure(&self, username: &str, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        both!(in tx, db => sqlx::query("INSERT INTO login_failures (username_key, ip, failed_at) VALUES ($1, $2, $3)")
            .bind(text::key(username))
            .bind(by.ip.map(Ip))
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)?;
        tx.record(Action::LoginFailed, None, json!({ "username": text::clean(username) }), by, now).await?;
        tx.commit().await
    }

    /// Failures from `since` on.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn failures_since(
        &self,
        username: &str,
        ip: Option<IpAddr>,
        since: DateTime<Utc>,
    ) -> Result<Failures, MetaError> {
        let of_user = both!(at self, db => sqlx::query_as(
            "SELECT COUNT(*) AS count, MAX(failed_at) AS latest FROM login_failures WHERE username_key = $1 AND failed_at >= $2")
            .bind(text::key(username))
            .bind(Time(since))
            .fetch_one(db)
            .await?)?;
        let of_address = both!(at self, db => sqlx::query_as(
            "SELECT COUNT(*) AS count, MAX(failed_at) AS latest FROM login_failures WHERE ip = $1 AND failed_at >= $2")
            .bind(ip.map(Ip))
            .bind(Time(since))
            .fetch_one(db)
            .await?)?;
        Ok(Failures { of_user, of_address })
    }

    /// Forgets the failures under a name, after a login. The entry of the login tells of it.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn clear_failures(&self, username: &str) -> Result<(), MetaError> {
        both!(at self, db => sqlx::query("DELETE FROM login_failures WHERE username_key = $1")
            .bind(text::key(username))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }
}
