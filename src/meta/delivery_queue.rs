//! What is to be told of alerts, put into the outbox within the transaction that changes them.
//!
//! A channel is told of a limited number of alerts in any hour. What is beyond is kept as dropped, and one more delivery at the end of the
//! clock's hour says how many those were. The end of what was told is always told: some receivers would wait for it for ever.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;

use super::column::Time;
use super::transaction::Tx;
use super::{Alert, Channel, DeliveryEvent, DeliveryStatus, MetaError, Silence, both};

const HOUR: TimeDelta = TimeDelta::hours(1);
const HOUR_MICROS: i64 = 3_600_000_000;

/// The outbox as one transaction fills it.
pub(super) struct DeliveryQueue {
    now: DateTime<Utc>,
    /// Read once they are needed.
    channels: Option<Vec<Channel>>,
    silences: Option<Vec<Silence>>,
    /// How many alerts each channel was told of in the last hour.
    told: BTreeMap<i64, i64>,
    /// Channels with something beyond their limit.
    limited: BTreeSet<i64>,
}

/// A row to be put into the outbox, unless one with its key is there.
pub(super) struct NewDelivery<'a> {
    pub(super) channel_id: i64,
    pub(super) alert_id: Option<i64>,
    pub(super) event: DeliveryEvent,
    pub(super) dedup_key: &'a str,
    pub(super) payload: &'a Value,
    pub(super) status: DeliveryStatus,
    pub(super) due_at: DateTime<Utc>,
    pub(super) last_error: Option<&'a str>,
}

impl DeliveryQueue {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { now, channels: None, silences: None, told: BTreeMap::new(), limited: BTreeSet::new() }
    }

    /// The first silence that holds now and is of this alert.
    pub(super) async fn silenced_by(&mut self, tx: &mut Tx, alert: &Alert) -> Result<Option<i64>, MetaError> {
        if self.silences.is_none() {
            self.silences = Some(tx.silences_at(self.now).await?);
        }
        let silences = self.silences.iter().flatten();
        Ok(silences.into_iter().find(|silence| silence.covers(alert)).map(|silence| silence.id))
    }

    /// Tells the channels that want it of a new alert.
    pub(super) async fn raised(&mut self, tx: &mut Tx, alert: &Alert) -> Result<(), MetaError> {
        for (channel_id, per_hour_max) in self.channels_for(tx, alert, Channel::wants).await? {
            let told = self.told(tx, channel_id).await?;
            let within = told < per_hour_max;
            let mut new = self.of_alert(channel_id, alert, DeliveryEvent::Raised);
            if within {
                self.told.insert(channel_id, told + 1);
            } else {
                new.status = DeliveryStatus::Dropped;
                new.last_error = Some("more than the channel is told of in an hour");
                self.limited.insert(channel_id);
            }
            let (key, payload) = (key(alert, DeliveryEvent::Raised, channel_id), json!(alert));
            tx.queue(&NewDelivery { dedup_key: &key, payload: &payload, ..new }, self.now).await?;
        }
        Ok(())
    }

    /// Tells those of its end that were told of the alert, or are about to be, and that want it.
    pub(super) async fn resolved(&mut self, tx: &mut Tx, alert: &Alert) -> Result<(), MetaError> {
        let told: Vec<i64> = both!(in tx, db => sqlx::query_scalar(
            "SELECT channel_id FROM deliveries WHERE alert_id = $1 AND event = 'raised' AND status IN ('queued', 'sent')")
            .bind(alert.id)
            .fetch_all(db)
            .await?)?;
        if told.is_empty() {
            return Ok(());
        }
        for (channel_id, _) in self.channels_for(tx, alert, |channel, _| channel.tell_resolved).await? {
            if told.contains(&channel_id) {
                let new = self.of_alert(channel_id, alert, DeliveryEvent::Resolved);
                let (key, payload) = (key(alert, DeliveryEvent::Resolved, channel_id), json!(alert));
                tx.queue(&NewDelivery { dedup_key: &key, payload: &payload, ..new }, self.now).await?;
            }
        }
        Ok(())
    }

    /// Notes for each channel how much it was not told in this hour.
    pub(super) async fn write_summaries(&self, tx: &mut Tx) -> Result<(), MetaError> {
        let hour = self.now.timestamp_micros().div_euclid(HOUR_MICROS);
        let moment = |hour: i64| DateTime::from_timestamp_micros(hour * HOUR_MICROS).unwrap_or(self.now);
        let (since, until) = (moment(hour), moment(hour + 1));
        for &channel_id in &self.limited {
            let dropped: i64 = both!(in tx, db => sqlx::query_scalar(
                "SELECT COUNT(*) FROM deliveries WHERE channel_id = $1 AND created_at >= $2 AND event = 'raised' AND status = 'dropped'")
                .bind(channel_id)
                .bind(Time(since))
                .fetch_one(db)
                .await?)?;
            let key = format!("limited {channel_id} {hour}");
            let payload = json!({ "dropped": dropped, "since": since, "until": until });
            let new = NewDelivery {
                channel_id,
                alert_id: None,
                event: DeliveryEvent::Limited,
                dedup_key: &key,
                payload: &payload,
                status: DeliveryStatus::Queued,
                due_at: until,
                last_error: None,
            };
            tx.queue(&new, self.now).await?;
            both!(in tx, db => sqlx::query("UPDATE deliveries SET payload = $2 WHERE dedup_key = $1 AND status = 'queued'")
                .bind(&key)
                .bind(Json(&payload))
                .execute(db)
                .await?
                .rows_affected())
            .map(drop)?;
        }
        Ok(())
    }

    fn of_alert(&self, channel_id: i64, alert: &Alert, event: DeliveryEvent) -> NewDelivery<'static> {
        NewDelivery {
            channel_id,
            alert_id: Some(alert.id),
            event,
            dedup_key: "",
            payload: &Value::Null,
            status: DeliveryStatus::Queued,
            due_at: self.now,
            last_error: None,
        }
    }

    /// The enabled channels that are to be told, with their limits.
    async fn channels_for(
        &mut self,
        tx: &mut Tx,
        alert: &Alert,
        wants: impl Fn(&Channel, &Alert) -> bool,
    ) -> Result<Vec<(i64, i64)>, MetaError> {
        if self.channels.is_none() {
            self.channels = Some(tx.enabled_channels().await?);
        }
        let channels = self.channels.iter().flatten().filter(|channel| wants(channel, alert));
        Ok(channels.map(|channel| (channel.id, channel.per_hour_max)).collect())
    }

    async fn told(&mut self, tx: &mut Tx, channel_id: i64) -> Result<i64, MetaError> {
        if let Some(told) = self.told.get(&channel_id) {
            return Ok(*told);
        }
        let told: i64 = both!(in tx, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM deliveries WHERE channel_id = $1 AND created_at > $2 AND event = 'raised' AND status <> 'dropped'")
            .bind(channel_id)
            .bind(Time(self.now - HOUR))
            .fetch_one(db)
            .await?)?;
        self.told.insert(channel_id, told);
        Ok(told)
    }
}

impl Tx {
    pub(super) async fn queue(&mut self, new: &NewDelivery<'_>, now: DateTime<Utc>) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query(
            "INSERT INTO deliveries (channel_id, alert_id, event, dedup_key, payload, status, due_at, last_error, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (dedup_key) DO NOTHING")
            .bind(new.channel_id)
            .bind(new.alert_id)
            .bind(new.event)
            .bind(new.dedup_key)
            .bind(Json(new.payload))
            .bind(new.status)
            .bind(Time(new.due_at))
            .bind(new.last_error)
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// What waits for a channel is not told any more.
    pub(super) async fn drop_queued(&mut self, channel_id: i64) -> Result<(), MetaError> {
        both!(in self, db => sqlx::query(
            "UPDATE deliveries SET status = 'dropped', claimed_until = NULL, last_error = 'the channel was disabled'
             WHERE channel_id = $1 AND status = 'queued'")
            .bind(channel_id)
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }
}

fn key(alert: &Alert, event: DeliveryEvent, channel_id: i64) -> String {
    format!("{event} {} {channel_id}", alert.id)
}
