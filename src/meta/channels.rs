//! Channels: who is told of alerts, and how. What a configuration says is not known here.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::column::Time;
use super::role::names;
use super::transaction::Tx;
use super::{Action, Actor, Alert, Meta, MetaError, Severity, both, text};

/// By what people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    Webhook,
    Email,
    Slack,
    Teams,
    Alertmanager,
    Syslog,
}

names!(
    ChannelKind: "webhook, email, slack, teams, alertmanager, syslog",
    Webhook = "webhook",
    Email = "email",
    Slack = "slack",
    Teams = "teams",
    Alertmanager = "alertmanager",
    Syslog = "syslog"
);

/// Who is told, of what.
#[derive(Clone, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Channel {
    pub id: i64,
    pub name: String,
    pub kind: ChannelKind,
    /// With its secrets: it is not given out as it is.
    #[serde(skip)]
    #[sqlx(json)]
    pub config: Value,
    pub enabled: bool,
    /// It is not told of less.
    pub severity_min: Severity,
    /// It is told of these rules' alerts alone; empty: of all.
    #[sqlx(json)]
    pub rule_codes: Vec<String>,
    /// Whether it is told of the end of what it was told.
    pub tell_resolved: bool,
    /// It is told of so many alerts in an hour. The number of those beyond is told at its end.
    pub per_hour_max: i64,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    #[sqlx(try_from = "Time")]
    pub updated_at: DateTime<Utc>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Channel {
    /// Whether it is to be told of this alert, by what it is of. Silences and the rate are another matter.
    #[must_use]
    pub fn wants(&self, alert: &Alert) -> bool {
        self.enabled
            && alert.severity >= self.severity_min
            && (self.rule_codes.is_empty() || self.rule_codes.contains(&alert.rule_code))
    }
}

/// A channel as it is to be.
#[derive(Clone, Copy)]
pub struct NewChannel<'a> {
    pub name: &'a str,
    pub kind: ChannelKind,
    /// Whole, with its secrets.
    pub config: &'a Value,
    pub enabled: bool,
    pub severity_min: Severity,
    pub rule_codes: &'a [String],
    pub tell_resolved: bool,
    /// Not 0.
    pub per_hour_max: u32,
}

/// A query for whole channels. The columns are those of [`Channel`].
macro_rules! channels {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, name, kind, config, enabled, severity_min, rule_codes, tell_resolved, per_hour_max, created_at, updated_at ",
            $after
        )
    };
}

impl Meta {
    /// All of them, by name.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn channels(&self) -> Result<Vec<Channel>, MetaError> {
        both!(at self, db => sqlx::query_as(channels!("SELECT", "FROM channels ORDER BY name")).fetch_all(db).await?)
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn channel(&self, id: i64) -> Result<Channel, MetaError> {
        both!(at self, db => sqlx::query_as(channels!("SELECT", "FROM channels WHERE id = $1")).bind(id).fetch_one(db).await?)
    }

    /// # Errors
    /// [`MetaError::Conflict`] of `name`.
    pub async fn create_channel(
        &self,
        new: &NewChannel<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Channel, MetaError> {
        let mut tx = self.begin().await?;
        let channel: Channel = both!(in tx, db => sqlx::query_as(channels!(
            "INSERT INTO channels (name, kind, config, enabled, severity_min, rule_codes, tell_resolved, per_hour_max, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING", ""))
            .bind(text::clean(new.name))
            .bind(new.kind)
            .bind(Json(text::clean_json(new.config.clone())))
            .bind(new.enabled)
            .bind(new.severity_min)
            .bind(Json(text::clean_all(new.rule_codes)))
            .bind(new.tell_resolved)
            .bind(i64::from(new.per_hour_max))
            .bind(Time(now))
            .fetch_one(db)
            .await?)?;
        let detail = json!({ "after": described(&channel) });
        tx.record(Action::ChannelCreated, Some(&target(channel.id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(channel)
    }

    /// What waits for a channel that is disabled by this is dropped. Without a difference nothing is written.
    ///
    /// # Errors
    /// [`MetaError::NotFound`], [`MetaError::Conflict`] of `name`.
    pub async fn replace_channel(
        &self,
        id: i64,
        new: &NewChannel<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Channel, MetaError> {
        let mut tx = self.begin().await?;
        let before: Channel = both!(in tx, db => sqlx::query_as(channels!("SELECT", "FROM channels WHERE id = $1"))
            .bind(id)
            .fetch_one(db)
            .await?)?;
        let after: Channel = both!(in tx, db => sqlx::query_as(channels!(
            "UPDATE channels SET name = $2, kind = $3, config = $4, enabled = $5, severity_min = $6, rule_codes = $7, tell_resolved = $8,
                                 per_hour_max = $9, updated_at = $10
             WHERE id = $1 RETURNING", ""))
            .bind(id)
            .bind(text::clean(new.name))
            .bind(new.kind)
            .bind(Json(text::clean_json(new.config.clone())))
            .bind(new.enabled)
            .bind(new.severity_min)
            .bind(Json(text::clean_all(new.rule_codes)))
            .bind(new.tell_resolved)
            .bind(i64::from(new.per_hour_max))
            .bind(Time(now))
            .fetch_one(db)
            .await?)?;
        let config = (before.config != after.config).then_some("changed");
        let detail = json!({ "before": described(&before), "after": described(&after), "config": config });
        if config.is_none() && described(&before) == described(&after) {
            return Ok(before);
        }
        if before.enabled && !after.enabled {
            tx.drop_queued(id).await?;
        }
        tx.record(Action::ChannelUpdated, Some(&target(id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes a channel with all its deliveries.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn delete_channel(&self, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        let gone: Channel = both!(in tx, db => sqlx::query_as(channels!("DELETE FROM channels WHERE id = $1 RETURNING", ""))
            .bind(id)
            .fetch_one(db)
            .await?)?;
        tx.record(Action::ChannelDeleted, Some(&target(id)), json!({ "before": described(&gone) }), by, now).await?;
        tx.commit().await
    }
}

impl Tx {
    /// Those that are told at all.
    pub(super) async fn enabled_channels(&mut self) -> Result<Vec<Channel>, MetaError> {
        both!(in self, db => sqlx::query_as(channels!("SELECT", "FROM channels WHERE enabled ORDER BY id")).fetch_all(db).await?)
    }
}

pub(super) fn target(id: i64) -> String {
    format!("channel {id}")
}

/// Without the configuration: it has secrets.
fn described(channel: &Channel) -> Value {
    json!({
        "name": channel.name, "kind": channel.kind, "enabled": channel.enabled, "severity_min": channel.severity_min,
        "rule_codes": channel.rule_codes, "tell_resolved": channel.tell_resolved, "per_hour_max": channel.per_hour_max,
    })
}
