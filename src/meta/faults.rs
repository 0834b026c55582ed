//! Faults: alerts that are likely to have one cause. They come and go with their alerts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::alerts::alerts;
use super::column::{Maybe, Time};
use super::role::names;
use super::{Alert, AlertEvent, Meta, MetaError, Severity, both};

/// Whether any of its alerts is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultStatus {
    Open,
    Resolved,
}

names!(FaultStatus: "open, resolved", Open = "open", Resolved = "resolved");

/// Alerts that are likely to have one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Fault {
    pub id: i64,
    /// What began it, and where.
    pub title: String,
    pub status: FaultStatus,
    /// The highest of its alerts.
    pub severity: Severity,
    #[sqlx(try_from = "Time")]
    pub started_at: DateTime<Utc>,
    #[sqlx(try_from = "Time")]
    pub last_seen_at: DateTime<Utc>,
    #[sqlx(try_from = "Maybe<Time>")]
    pub resolved_at: Option<DateTime<Utc>>,
    /// Of its alerts, at most 200.
    #[sqlx(json)]
    pub hosts: Vec<String>,
    /// Those that have the hosts.
    #[sqlx(json)]
    pub clusters: Vec<String>,
}

/// A fault with what it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FaultHistory {
    #[serde(flatten)]
    pub fault: Fault,
    /// The first triggered first; at most 1,000.
    pub alerts: Vec<Alert>,
    /// What became of all of them, in the order of time; at most 5,000.
    pub timeline: Vec<AlertEvent>,
}

/// A part of the list of faults.
#[derive(Clone, Debug)]
pub struct FaultPage {
    pub total: u64,
    pub list: Vec<Fault>,
}

/// A query for whole faults. The columns are those of [`Fault`].
macro_rules! faults {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, title, status, severity, started_at, last_seen_at, resolved_at, hosts, clusters ",
            $after
        )
    };
}

impl Meta {
    /// Page `page` (from 1), the last started first, of those with `status` (`None`: all).
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn faults(&self, status: Option<FaultStatus>, page: u32, size: u32) -> Result<FaultPage, MetaError> {
        let mut tx = self.snapshot().await?;
        let total: i64 = both!(in tx, db => sqlx::query_scalar("SELECT COUNT(*) FROM faults WHERE status = $1 OR $1 IS NULL")
            .bind(status)
            .fetch_one(db)
            .await?)?;
        let list = both!(in tx, db => sqlx::query_as(faults!(
            "SELECT", "FROM faults WHERE status = $1 OR $1 IS NULL ORDER BY started_at DESC, id DESC LIMIT $2 OFFSET $3"))
            .bind(status)
            .bind(i64::from(size))
            .bind(i64::from(page.max(1) - 1) * i64::from(size))
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(FaultPage { total: u64::try_from(total).unwrap_or_default(), list })
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn fault(&self, id: i64) -> Result<FaultHistory, MetaError> {
        let mut tx = self.snapshot().await?;
        let fault = both!(in tx, db => sqlx::query_as(faults!("SELECT", "FROM faults WHERE id = $1")).bind(id).fetch_one(db).await?)?;
        let alerts = both!(in tx, db => sqlx::query_as(alerts!(
            "SELECT", "FROM alerts WHERE fault_id = $1 ORDER BY triggered_at, id LIMIT 1000"))
            .bind(id)
            .fetch_all(db)
            .await?)?;
        let timeline = both!(in tx, db => sqlx::query_as(
            "SELECT e.alert_id, e.number, e.at, e.username, e.user_id, e.from_status, e.to_status, e.comment
             FROM alert_events e JOIN alerts a ON a.id = e.alert_id
             WHERE a.fault_id = $1 ORDER BY e.at, e.alert_id, e.number LIMIT 5000")
            .bind(id)
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(FaultHistory { fault, alerts, timeline })
    }
}
