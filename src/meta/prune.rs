//! Removes what nobody can use any more. The operation log is never pruned.

use chrono::{DateTime, TimeDelta, Utc};

use super::column::Time;
use super::{Meta, MetaError, both};

/// A session is kept so long after its end, for who asks where it came from.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);
/// Longer than any limit that looks back at them.
const FAILURES_KEPT: TimeDelta = TimeDelta::days(2);
const CODES_KEPT: TimeDelta = TimeDelta::days(2);

/// How much was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub sessions: u64,
    pub refresh_tokens: u64,
    pub codes: u64,
    pub failures: u64,
}

impl Meta {
    /// Removes old sessions, expired refresh tokens, codes and login failures. Bookkeeping: no entry.
    ///
    /// # Errors
    /// [`MetaError`]; what was removed before it stays removed.
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<Pruned, MetaError> {
        let sessions = both!(at self, db => sqlx::query("DELETE FROM sessions WHERE expires_at < $1 OR ended_at < $1")
            .bind(Time(now - SESSIONS_KEPT))
            .execute(db)
            .await?
            .rows_affected())?;
        // A spent one that comes back later than this is unknown, and refused all the same.
        let refresh_tokens = both!(at self, db => sqlx::query("DELETE FROM refresh_tokens WHERE expires_at < $1")
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())?;
        let codes = both!(at self, db => sqlx::query("DELETE FROM verification_codes WHERE created_at < $1")
            .bind(Time(now - CODES_KEPT))
            .execute(db)
            .await?
            .rows_affected())?;
        let failures = both!(at self, db => sqlx::query("DELETE FROM login_failures WHERE failed_at < $1")
            .bind(Time(now - FAILURES_KEPT))
            .execute(db)
            .await?
            .rows_affected())?;
        Ok(Pruned { sessions, refresh_tokens, codes, failures })
    }
}
