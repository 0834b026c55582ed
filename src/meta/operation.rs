//! One entry of the operation log, which is only ever added to.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::column::{Ip, Maybe, Time};
use super::role::names;
use super::transaction::Tx;
use super::{Actor, Meta, MetaError, both, text};

const MICROS_OF_DAY: i64 = 86_400_000_000;
/// In the counts: entries without a user, and those of all users together.
const NOBODY: i64 = 0;
pub(super) const EVERYBODY: i64 = -1;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Login,
    LoginFailed,
    Logout,
    SessionEnded,
    RefreshReused,
    PasswordChanged,
    CodeSent,
    CodeRefused,
    UserCreated,
    UserUpdated,
    UserDeleted,
    TokenCreated,
    TokenRevoked,
    ConfigChanged,
    LogsSearched,
    LogsExported,
    RetentionRun,
    EngineRestarted,
    DaemonStarted,
    DaemonStopped,
    RuleCreated,
    RuleUpdated,
    RuleDeleted,
    AlertUpdated,
    SilenceCreated,
    SilenceDeleted,
    ChannelCreated,
    ChannelUpdated,
    ChannelDeleted,
    ChannelTested,
    ClusterCreated,
    ClusterUpdated,
    ClusterDeleted,
    JobCreated,
    JobUpdated,
    JobDeleted,
    JobFileRead,
    JobAnalysed,
}

names!(
    Action: "the actions of the operation log",
    Login = "login",
    LoginFailed = "login_failed",
    Logout = "logout",
    SessionEnded = "session_ended",
    RefreshReused = "refresh_reused",
    PasswordChanged = "password_changed",
    CodeSent = "code_sent",
    CodeRefused = "code_refused",
    UserCreated = "user_created",
    UserUpdated = "user_updated",
    UserDeleted = "user_deleted",
    TokenCreated = "token_created",
    TokenRevoked = "token_revoked",
    ConfigChanged = "config_changed",
    LogsSearched = "logs_searched",
    LogsExported = "logs_exported",
    RetentionRun = "retention_run",
    EngineRestarted = "engine_restarted",
    DaemonStarted = "daemon_started",
    DaemonStopped = "daemon_stopped",
    RuleCreated = "rule_created",
    RuleUpdated = "rule_updated",
    RuleDeleted = "rule_deleted",
    AlertUpdated = "alert_updated",
    SilenceCreated = "silence_created",
    SilenceDeleted = "silence_deleted",
    ChannelCreated = "channel_created",
    ChannelUpdated = "channel_updated",
    ChannelDeleted = "channel_deleted",
    ChannelTested = "channel_tested",
    ClusterCreated = "cluster_created",
    ClusterUpdated = "cluster_updated",
    ClusterDeleted = "cluster_deleted",
    JobCreated = "job_created",
    JobUpdated = "job_updated",
    JobDeleted = "job_deleted",
    JobFileRead = "job_file_read",
    JobAnalysed = "job_analysed"
);

/// An entry as it is read.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Operation {
    pub id: i64,
    /// The daemon that wrote it.
    pub node: i64,
    pub user_id: Option<i64>,
    /// As it was then: the user may be gone.
    pub username: Option<String>,
    pub token_id: Option<i64>,
    /// The text of an [`Action`], or one that a newer daemon wrote.
    pub action: String,
    /// What it was done to, as `user 7` or `token shipper`.
    pub target: Option<String>,
    #[sqlx(try_from = "Maybe<Ip>")]
    #[schema(value_type = Option<String>, examples("10.0.0.7"))]
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    #[sqlx(json)]
    pub detail: Value,
}

impl Meta {
    /// Writes an entry for what was not done in this database. `detail` has no secrets in it.
    ///
    /// # Errors
    /// [`MetaError`]; nothing was written.
    pub async fn record(
        &self,
        action: Action,
        target: Option<&str>,
        detail: Value,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<i64, MetaError> {
        let mut tx = self.begin().await?;
        let id = tx.record(action, target, detail, by, now).await?;
        tx.commit().await?;
        Ok(id)
    }
}

impl Tx {
    /// Writes the entry of what this transaction does, as the last thing in it: entries of one action wait for each other to the end.
    pub(super) async fn record(
        &mut self,
        action: Action,
        target: Option<&str>,
        detail: Value,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<i64, MetaError> {
        let node = i64::from(self.node);
        let id: i64 = both!(in self, db => sqlx::query_scalar(
            "INSERT INTO operation_logs (node, user_id, username, token_id, action, target, ip, user_agent, created_at, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id")
            .bind(node)
            .bind(by.user_id)
            .bind(by.username.as_deref().map(text::clean))
            .bind(by.token_id)
            .bind(action)
            .bind(target.map(text::clean))
            .bind(by.ip.map(Ip))
            .bind(by.user_agent.as_deref().map(text::clean))
            .bind(Time(now))
            .bind(Json(text::clean_json(detail)))
            .fetch_one(db)
            .await?)?;
        both!(in self, db => sqlx::query("INSERT INTO operation_log_outbox (operation_id, node) VALUES ($1, $2)")
            .bind(id)
            .bind(node)
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)?;
        both!(in self, db => sqlx::query(
            "INSERT INTO operation_log_counts (user_id, action, day, entries) VALUES ($1, $2, $3, 1), ($4, $2, $3, 1)
             ON CONFLICT (user_id, action, day) DO UPDATE SET entries = operation_log_counts.entries + 1")
            .bind(by.user_id.unwrap_or(NOBODY))
            .bind(action)
            .bind(day(now))
            // The one that others wait for comes last.
            .bind(EVERYBODY)
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)?;
        Ok(id)
    }
}

/// Days since 1970.
pub(super) fn day(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros().div_euclid(MICROS_OF_DAY)
}

/// The first moment of a day, or the last that there is.
pub(super) fn day_begins(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(day.saturating_mul(MICROS_OF_DAY)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
