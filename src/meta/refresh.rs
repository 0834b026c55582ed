//! Refresh tokens: each is good for one use, and one that comes back ends its session.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::column::Time;
use super::sessions::end;
use super::transaction::Tx;
use super::users::target;
use super::{Action, Actor, EndReason, Meta, MetaError, SessionAccess, UserStatus, both};

/// What became of a refresh token that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It is spent, the new one is valid.
    Rotated(SessionAccess),
    /// There is no such token.
    Unknown,
    /// The token or its session is over, or its user is disabled.
    Expired,
    /// It was spent before: somebody else has it, too. Its session has ended.
    Reused { session_id: i64, user_id: i64 },
}

impl Meta {
    /// Takes the token with `old_hash` for one with `new_hash`. Of two uses at once one wins, and the other is a reuse.
    ///
    /// A rotation has no entry in the operation log; the end of a session by reuse has.
    ///
    /// # Errors
    /// [`MetaError`]; the old token is still good then, unless the answer of the database was lost.
    pub async fn rotate_refresh(
        &self,
        old_hash: &[u8; 32],
        new_hash: &[u8; 32],
        expires_at: DateTime<Utc>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<RefreshOutcome, MetaError> {
        let mut tx = self.begin().await?;
        // The row is held from here on: another use of the token waits, and then finds it spent.
        let spent: Option<(i64, Time)> = both!(in tx, db => sqlx::query_as(
            "UPDATE refresh_tokens SET spent_at = $2 WHERE hash = $1 AND spent_at IS NULL RETURNING session_id, expires_at")
            .bind(old_hash.as_slice())
            .bind(Time(now))
            .fetch_optional(db)
            .await?)?;
        let Some((session_id, Time(was_good_until))) = spent else {
            return refuse(tx, old_hash, by, now).await;
        };
        if was_good_until <= now {
            return Ok(RefreshOutcome::Expired);
        }
        let Some(access) = prolong(&mut tx, session_id, expires_at, now).await? else {
            return Ok(RefreshOutcome::Expired);
        };
        tx.add_refresh_token(session_id, new_hash, expires_at, now).await?;
        tx.commit().await?;
        Ok(RefreshOutcome::Rotated(access))
    }
}

impl Tx {
    pub(super) async fn add_refresh_token(
        &mut self,
        session_id: i64,
        hash: &[u8; 32],
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query(
            "INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(hash.as_slice())
            .bind(session_id)
            .bind(Time(now))
            .bind(Time(expires_at))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }
}

/// A token that is not there, or was spent.
async fn refuse(mut tx: Tx, hash: &[u8; 32], by: &Actor, now: DateTime<Utc>) -> Result<RefreshOutcome, MetaError> {
    let known: Option<(i64, i64, String)> = both!(in tx, db => sqlx::query_as(
        "SELECT s.id, u.id, u.username FROM refresh_tokens t
         JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id WHERE t.hash = $1")
        .bind(hash.as_slice())
        .fetch_optional(db)
        .await?)?;
    let Some((session_id, user_id, username)) = known else { return Ok(RefreshOutcome::Unknown) };
    // It is told once, by the use that ended the session.
    if end(&mut tx, session_id, None, EndReason::RefreshReused, now).await?.is_some() {
        let user = Actor { user_id: Some(user_id), username: Some(username), ..by.clone() };
        tx.record(Action::RefreshReused, Some(&target(user_id)), json!({ "session": session_id }), &user, now).await?;
        tx.commit().await?;
    }
    Ok(RefreshOutcome::Reused { session_id, user_id })
}

/// Lets a live session of an active user live on.
async fn prolong(
    tx: &mut Tx,
    session_id: i64,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<SessionAccess>, MetaError> {
    let live: Option<i64> = both!(in tx, db => sqlx::query_scalar(
        "UPDATE sessions SET expires_at = $2, last_seen_at = $3 WHERE id = $1 AND ended_at IS NULL AND expires_at > $3 RETURNING id")
        .bind(session_id)
        .bind(Time(expires_at))
        .bind(Time(now))
        .fetch_optional(db)
        .await?)?;
    if live.is_none() {
        return Ok(None);
    }
    both!(in tx, db => sqlx::query_as(
        "SELECT s.id AS session_id, u.id AS user_id, u.username, u.role FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND u.status = $2")
        .bind(session_id)
        .bind(UserStatus::Active)
        .fetch_optional(db)
        .await?)
}
