//! Sessions: what an access token is bound to.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::column::{Ip, Maybe, Time};
use super::role::names;
use super::transaction::Tx;
use super::users::target;
use super::{Action, Actor, Meta, MetaError, Role, UserStatus, both, text};

/// How old "last seen" may be.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A sign-in. Where it comes from is taken from who does it.
#[derive(Clone, Copy)]
pub struct NewSession {
    pub user_id: i64,
    pub refresh_hash: [u8; 32],
    pub refresh_expires_at: DateTime<Utc>,
}

/// A session as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Session {
    pub id: i64,
    pub user_id: i64,
    #[sqlx(try_from = "Maybe<Ip>")]
    #[schema(value_type = Option<String>, examples("10.0.0.7"))]
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    #[sqlx(try_from = "Time")]
    pub last_seen_at: DateTime<Utc>,
    #[sqlx(try_from = "Time")]
    pub expires_at: DateTime<Utc>,
}

/// Whose requests those of a live session are.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionAccess {
    pub session_id: i64,
    pub user_id: i64,
    pub username: String,
    pub role: Role,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    Logout,
    /// The user ended it from another one.
    Revoked,
    RefreshReused,
    PasswordChanged,
    RoleChanged,
    StatusChanged,
}

names!(
    EndReason: "the reasons for the end of a session",
    Logout = "logout",
    Revoked = "revoked",
    RefreshReused = "refresh_reused",
    PasswordChanged = "password_changed",
    RoleChanged = "role_changed",
    StatusChanged = "status_changed"
);

impl Meta {
    /// Opens a session after a password was right, and notes the user's last login. The entry names the user whoever `by` says.
    ///
    /// # Errors
    /// [`MetaError::NotFound`] where the user is gone or disabled.
    pub async fn open_session(&self, new: &NewSession, by: &Actor, now: DateTime<Utc>) -> Result<Session, MetaError> {
        let mut tx = self.begin().await?;
        let username: String = both!(in tx, db => sqlx::query_scalar(
            "UPDATE users SET last_login_at = $2 WHERE id = $1 AND status = $3 RETURNING username")
            .bind(new.user_id)
            .bind(Time(now))
            .bind(UserStatus::Active)
            .fetch_one(db)
            .await?)?;
        let session: Session = both!(in tx, db => sqlx::query_as(
            "INSERT INTO sessions (user_id, ip, user_agent, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)
             RETURNING id, user_id, ip, user_agent, created_at, last_seen_at, expires_at")
            .bind(new.user_id)
            .bind(by.ip.map(Ip))
            .bind(by.user_agent.as_deref().map(text::clean))
            .bind(Time(now))
            .bind(Time(new.refresh_expires_at))
            .fetch_one(db)
            .await?)?;
        tx.add_refresh_token(session.id, &new.refresh_hash, new.refresh_expires_at, now).await?;
        let user = Actor { user_id: Some(new.user_id), username: Some(username), ..by.clone() };
        tx.record(Action::Login, Some(&target(new.user_id)), json!({ "session": session.id }), &user, now).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Whose session it is: `None` where it ended or expired, or its user is disabled or gone. One query by primary keys.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn session_access(&self, id: i64, now: DateTime<Utc>) -> Result<Option<SessionAccess>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT s.id AS session_id, u.id AS user_id, u.username, u.role FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND u.status = $3")
            .bind(id)
            .bind(Time(now))
            .bind(UserStatus::Active)
            .fetch_optional(db)
            .await?)
    }

    /// The live sessions of a user, the last opened first.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn sessions_of(&self, user_id: i64, now: DateTime<Utc>) -> Result<Vec<Session>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT id, user_id, ip, user_agent, created_at, last_seen_at, expires_at FROM sessions
             WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY id DESC")
            .bind(user_id)
            .bind(Time(now))
            .fetch_all(db)
            .await?)
    }

    /// Signs out. `false` where the session had ended before; nothing is written then.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn end_session(
        &self,
        id: i64,
        reason: EndReason,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool, MetaError> {
        let mut tx = self.begin().await?;
        let Some(user_id) = end(&mut tx, id, None, reason, now).await? else { return Ok(false) };
        tx.record_end(id, user_id, reason, by, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends session `id` of user `user_id`.
    ///
    /// # Errors
    /// [`MetaError::NotFound`] where it is not a live session of this user.
    pub async fn end_session_of(&self, user_id: i64, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        end(&mut tx, id, Some(user_id), EndReason::Revoked, now).await?.ok_or(MetaError::NotFound)?;
        tx.record_end(id, user_id, EndReason::Revoked, by, now).await?;
        tx.commit().await
    }

    /// Notes that a session is in use, where that was last noted more than a minute ago. Bookkeeping: no entry.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn touch_session(&self, id: i64, now: DateTime<Utc>) -> Result<(), MetaError> {
        both!(at self, db => sqlx::query("UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at <= $3")
            .bind(id)
            .bind(Time(now))
            .bind(Time(now - SEEN_EVERY))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }
}

impl Tx {
    async fn record_end(
        &mut self,
        id: i64,
        user_id: i64,
        reason: EndReason,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<i64, MetaError> {
        let action = match reason {
            EndReason::Logout => Action::Logout,
            EndReason::RefreshReused => Action::RefreshReused,
            _ => Action::SessionEnded,
        };
        let detail = json!({ "session": id, "reason": reason.to_string() });
        self.record(action, Some(&target(user_id)), detail, by, now).await
    }
}

/// Ends a live session (of `user_id` where one is given), and says whose it was.
pub(super) async fn end(
    tx: &mut Tx,
    id: i64,
    user_id: Option<i64>,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<Option<i64>, MetaError> {
    both!(in tx, db => sqlx::query_scalar(
        "UPDATE sessions SET ended_at = $2, end_reason = $3
         WHERE id = $1 AND ended_at IS NULL AND user_id = COALESCE($4, user_id) RETURNING user_id")
        .bind(id)
        .bind(Time(now))
        .bind(reason)
        .bind(user_id)
        .fetch_optional(db)
        .await?)
}

/// Ends the sessions of a user but `kept`, and says how many there were.
pub(super) async fn end_sessions(
    tx: &mut Tx,
    user_id: i64,
    kept: Option<i64>,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<u64, MetaError> {
    both!(in tx, db => sqlx::query(
        "UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL AND id <> $4")
        .bind(user_id)
        .bind(Time(now))
        .bind(reason)
        // Ids begin at 1.
        .bind(kept.unwrap_or(0))
        .execute(db)
        .await?
        .rows_affected())
}
