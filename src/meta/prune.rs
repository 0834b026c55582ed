//! Removes what nobody can use any more. The operation log is never pruned.

use chrono::{DateTime, TimeDelta, Utc};

use super::column::Time;
use super::{Meta, MetaError, both};

/// A session is kept so long after its end, for who asks where it came from.
const SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);
/// Longer than any limit that looks back at them.
const FAILURES_KEPT: TimeDelta = TimeDelta::days(2);
const CODES_KEPT: TimeDelta = TimeDelta::days(2);
/// What channels were told, and the episodes of alerts: nobody looks further back.
const DELIVERIES_KEPT: TimeDelta = TimeDelta::days(30);
const EPISODES_KEPT: TimeDelta = TimeDelta::days(30);

/// How much was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub sessions: u64,
    pub refresh_tokens: u64,
    pub codes: u64,
    pub failures: u64,
    pub deliveries: u64,
    pub episodes: u64,
}

impl Meta {
    /// Removes old sessions, expired refresh tokens, codes, login failures, deliveries of alerts and joined episodes. Bookkeeping: no entry.
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
        // Of an open alert they say who is to be told of its end.
        let deliveries = both!(at self, db => sqlx::query(
            "DELETE FROM deliveries
             WHERE created_at < $1 AND status <> 'queued'
               AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.id = deliveries.alert_id AND a.status <> 'resolved')")
            .bind(Time(now - DELIVERIES_KEPT))
            .execute(db)
            .await?
            .rows_affected())?;
        // The first one of an alert stays with it.
        let episodes = both!(at self, db => sqlx::query(
            "DELETE FROM alert_episodes
             WHERE ended_at < $1 AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.episode = alert_episodes.episode)")
            .bind(Time(now - EPISODES_KEPT))
            .execute(db)
            .await?
            .rows_affected())?;
        Ok(Pruned { sessions, refresh_tokens, codes, failures, deliveries, episodes })
    }
}
