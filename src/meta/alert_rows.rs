//! The rows of an alert: itself, its episodes, its events.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::alerts::alerts;
use super::column::{Ip, Time};
use super::transaction::Tx;
use super::{Actor, Alert, AlertStatus, MetaError, both, text};

/// What became of an alert, as it is to be noted.
pub(super) struct Step<'a> {
    pub(super) at: DateTime<Utc>,
    /// `None` where it came by itself.
    pub(super) by: Option<&'a Actor>,
    pub(super) from: Option<AlertStatus>,
    pub(super) comment: Option<&'a str>,
}

impl Tx {
    /// The alert that the episode raised or joined.
    pub(super) async fn alert_by_episode(&mut self, episode: &str) -> Result<Option<Alert>, MetaError> {
        both!(in self, db => sqlx::query_as(alerts!(
            "SELECT", "FROM alerts WHERE id = (SELECT alert_id FROM alert_episodes WHERE episode = $1)"))
            .bind(text::whole(episode))
            .fetch_optional(db)
            .await?)
    }

    /// The same, and how many of the episode's records count on it.
    pub(super) async fn counted_alert(&mut self, episode: &str) -> Result<Option<(Alert, i64)>, MetaError> {
        let Some(alert) = self.alert_by_episode(episode).await? else { return Ok(None) };
        let counted = both!(in self, db => sqlx::query_scalar("SELECT counted FROM alert_episodes WHERE episode = $1")
            .bind(text::whole(episode))
            .fetch_one(db)
            .await?)?;
        Ok(Some((alert, counted)))
    }

    pub(super) async fn alert_by_open_key(&mut self, key: &str) -> Result<Option<Alert>, MetaError> {
        both!(in self, db => sqlx::query_as(alerts!("SELECT", "FROM alerts WHERE open_key = $1"))
            .bind(key)
            .fetch_optional(db)
            .await?)
    }

    /// Writes what may change of an alert. Resolved, it does not hold its rule and group any more.
    pub(super) async fn update_alert(&mut self, alert: &Alert) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query(
            "UPDATE alerts SET version = $2, status = $3, lasting = $4, last_seen_at = $5, log_count = $6, related_ip = $7,
                               related_user = $8, hosts = $9, sample_log_ids = $10, resolved_at = $11,
                               open_key = CASE WHEN $3 = 'resolved' THEN NULL ELSE open_key END
             WHERE id = $1")
            .bind(alert.id)
            .bind(alert.version)
            .bind(alert.status)
            .bind(alert.lasting)
            .bind(Time(alert.last_seen_at))
            .bind(alert.log_count)
            .bind(alert.related_ip.map(Ip))
            .bind(alert.related_user.as_deref())
            .bind(Json(&alert.hosts))
            .bind(Json(&alert.sample_log_ids))
            .bind(alert.resolved_at.map(Time))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// So many changes there were, of all alerts.
    pub(super) async fn set_alerts_version(&mut self, version: i64) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query("UPDATE versions SET version = $1 WHERE name = 'alerts'")
            .bind(version)
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// `counted` of its records count on the alert.
    pub(super) async fn add_episode(&mut self, episode: &str, alert: i64, counted: i64) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query("INSERT INTO alert_episodes (episode, alert_id, counted) VALUES ($1, $2, $3)")
            .bind(episode)
            .bind(alert)
            .bind(counted)
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// Says whether it went on until now.
    pub(super) async fn end_episode(&mut self, episode: &str, at: DateTime<Utc>) -> Result<bool, MetaError> {
        both!(in self, db => sqlx::query("UPDATE alert_episodes SET ended_at = $2 WHERE episode = $1 AND ended_at IS NULL")
            .bind(text::whole(episode))
            .bind(Time(at))
            .execute(db)
            .await?
            .rows_affected() > 0)
    }

    /// Lets it go on with the alert of `other`, on which `counted` of its records and those before count.
    pub(super) async fn move_episode(&mut self, episode: &str, other: &str, counted: i64) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query(
            "UPDATE alert_episodes SET ended_at = NULL, counted = $3, alert_id = (SELECT o.alert_id FROM alert_episodes o WHERE o.episode = $2)
             WHERE episode = $1")
            .bind(text::whole(episode))
            .bind(text::whole(other))
            .bind(counted)
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// Ends all of an alert.
    pub(super) async fn end_episodes(&mut self, alert: i64, at: DateTime<Utc>) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query("UPDATE alert_episodes SET ended_at = $2 WHERE alert_id = $1 AND ended_at IS NULL")
            .bind(alert)
            .bind(Time(at))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// How many of an alert go on.
    pub(super) async fn count_lasting_episodes(&mut self, alert: i64) -> Result<i64, MetaError> {
        both!(in self, db => sqlx::query_scalar("SELECT COUNT(*) FROM alert_episodes WHERE alert_id = $1 AND ended_at IS NULL")
            .bind(alert)
            .fetch_one(db)
            .await?)
    }

    /// Adds an event that led to the status that the alert has.
    pub(super) async fn note(&mut self, alert: &Alert, step: &Step<'_>) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query(
            "INSERT INTO alert_events (alert_id, number, at, username, user_id, from_status, to_status, comment)
             SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM alert_events WHERE alert_id = $1")
            .bind(alert.id)
            .bind(Time(step.at))
            .bind(step.by.and_then(|by| by.username.as_deref()).map(text::clean))
            .bind(step.by.and_then(|by| by.user_id))
            .bind(step.from)
            .bind(alert.status)
            .bind(step.comment.map(text::whole))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }
}
