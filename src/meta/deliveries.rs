//! The outbox of alerts: what is to be told to channels, claimed by one daemon at a time. Bookkeeping, but for tests: no entries.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::channels::target;
use super::column::{Maybe, Time};
use super::delivery_queue::NewDelivery;
use super::role::names;
use super::{Action, Actor, Meta, MetaError, both, text};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryEvent {
    Raised,
    Resolved,
    /// Somebody wants to see whether the channel works.
    Test,
    /// How many alerts the channel was not told of in an hour: its payload has `dropped`, `since` and `until`.
    Limited,
}

names!(
    DeliveryEvent: "raised, resolved, test, limited",
    Raised = "raised",
    Resolved = "resolved",
    Test = "test",
    Limited = "limited"
);

/// Whether it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It is to be told, for the first time or again.
    Queued,
    Sent,
    /// It was given up.
    Failed,
    /// Nobody tried: it was beyond the channel's limit, or the channel was disabled.
    Dropped,
}

names!(
    DeliveryStatus: "queued, sent, failed, dropped",
    Queued = "queued",
    Sent = "sent",
    Failed = "failed",
    Dropped = "dropped"
);

/// Something to be told to a channel.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Delivery {
    pub id: i64,
    pub channel_id: i64,
    /// `None` for what is not of one alert.
    pub alert_id: Option<i64>,
    pub event: DeliveryEvent,
    /// Unique; receivers may know by it what they were told already.
    pub dedup_key: String,
    /// The alert as it was then, where it is of one.
    #[sqlx(json)]
    #[schema(value_type = Object)]
    pub payload: Value,
    pub status: DeliveryStatus,
    /// How often somebody began to tell it.
    pub attempts: i64,
    #[sqlx(try_from = "Time")]
    pub due_at: DateTime<Utc>,
    pub last_error: Option<String>,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    #[sqlx(try_from = "Maybe<Time>")]
    pub sent_at: Option<DateTime<Utc>>,
}

/// A part of a channel's list of deliveries.
#[derive(Clone, Debug)]
pub struct DeliveryPage {
    pub total: u64,
    pub list: Vec<Delivery>,
}

/// A query for whole deliveries. The columns are those of [`Delivery`].
macro_rules! deliveries {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, channel_id, alert_id, event, dedup_key, payload, status, attempts, due_at, last_error, created_at, sent_at ",
            $after
        )
    };
}

impl Meta {
    /// The channels for which something is due that nobody has taken.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn channels_due(&self, now: DateTime<Utc>) -> Result<Vec<i64>, MetaError> {
        both!(at self, db => sqlx::query_scalar(
            "SELECT DISTINCT channel_id FROM deliveries
             WHERE status = 'queued' AND due_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY channel_id")
            .bind(Time(now))
            .fetch_all(db)
            .await?)
    }

    /// Takes deliveries of a channel that are due, of whichever daemon, the longest waiting first. Nobody else gets them for `lease`; then,
    /// if nothing was said of them, they are due again.
    ///
    /// # Errors
    /// [`MetaError`]; those that were taken, if the answer was lost, are due again after `lease`.
    pub async fn claim_deliveries(
        &self,
        channel_id: i64,
        now: DateTime<Utc>,
        lease: TimeDelta,
        count_max: u32,
    ) -> Result<Vec<Delivery>, MetaError> {
        // The condition stands there twice: of two daemons at once, the second waits for the first one's row and then asks the outer one anew.
        let mut claimed: Vec<Delivery> = both!(at self, db => sqlx::query_as(deliveries!(
            "UPDATE deliveries SET claimed_until = $2, attempts = attempts + 1
             WHERE status = 'queued' AND due_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1) AND id IN (
                 SELECT id FROM deliveries
                 WHERE channel_id = $4 AND status = 'queued' AND due_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
                 ORDER BY due_at, id LIMIT $3)
             RETURNING", ""))
            .bind(Time(now))
            .bind(Time(now + lease))
            .bind(i64::from(count_max))
            .bind(channel_id)
            .fetch_all(db)
            .await?)?;
        claimed.sort_by_key(|delivery| (delivery.due_at, delivery.id));
        Ok(claimed)
    }

    /// It was told.
    ///
    /// # Errors
    /// [`MetaError`]; it may be told once more then.
    pub async fn delivery_done(&self, delivery: &Delivery, now: DateTime<Utc>) -> Result<(), MetaError> {
        both!(at self, db => sqlx::query(
            "UPDATE deliveries SET status = 'sent', sent_at = $2, claimed_until = NULL, last_error = NULL
             WHERE id = $1 AND status IN ('queued', 'dropped')")
            .bind(delivery.id)
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// It could not be told, and is tried again at `retry_at`; `None` gives it up. Who holds it no longer changes nothing.
    ///
    /// # Errors
    /// [`MetaError`]; it is due again after its lease then.
    pub async fn delivery_failed(
        &self,
        delivery: &Delivery,
        error: &str,
        retry_at: Option<DateTime<Utc>>,
    ) -> Result<(), MetaError> {
        let status = if retry_at.is_some() { DeliveryStatus::Queued } else { DeliveryStatus::Failed };
        // Each claim raises the attempts: with others, somebody else holds it.
        both!(at self, db => sqlx::query(
            "UPDATE deliveries SET status = $3, due_at = $4, claimed_until = NULL, last_error = $5
             WHERE id = $1 AND attempts = $2 AND status = 'queued'")
            .bind(delivery.id)
            .bind(delivery.attempts)
            .bind(status)
            .bind(Time(retry_at.unwrap_or(delivery.due_at)))
            .bind(text::clean(error))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// Lets somebody see whether a channel works, whether it is enabled or not.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn test_channel(&self, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<Delivery, MetaError> {
        let key = format!("test {id} {}", now.timestamp_micros());
        let payload = json!({ "by": by.username });
        let mut tx = self.begin().await?;
        let name: String = both!(in tx, db => sqlx::query_scalar("SELECT name FROM channels WHERE id = $1")
            .bind(id)
            .fetch_one(db)
            .await?)?;
        let new = NewDelivery {
            channel_id: id,
            alert_id: None,
            event: DeliveryEvent::Test,
            dedup_key: &key,
            payload: &payload,
            status: DeliveryStatus::Queued,
            due_at: now,
            last_error: None,
        };
        tx.queue(&new, now).await?;
        let delivery = both!(in tx, db => sqlx::query_as(deliveries!("SELECT", "FROM deliveries WHERE dedup_key = $1"))
            .bind(&key)
            .fetch_one(db)
            .await?)?;
        tx.record(Action::ChannelTested, Some(&target(id)), json!({ "name": name }), by, now).await?;
        tx.commit().await?;
        Ok(delivery)
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn delivery(&self, id: i64) -> Result<Delivery, MetaError> {
        both!(at self, db => sqlx::query_as(deliveries!("SELECT", "FROM deliveries WHERE id = $1")).bind(id).fetch_one(db).await?)
    }

    /// Page `page` (from 1) of a channel's deliveries, the newest first, of those with `status` (`None`: all).
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn deliveries(
        &self,
        channel_id: i64,
        status: Option<DeliveryStatus>,
        page: u32,
        size: u32,
    ) -> Result<DeliveryPage, MetaError> {
        let mut tx = self.snapshot().await?;
        let total: i64 = both!(in tx, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM deliveries WHERE channel_id = $1 AND (status = $2 OR $2 IS NULL)")
            .bind(channel_id)
            .bind(status)
            .fetch_one(db)
            .await?)?;
        let list = both!(in tx, db => sqlx::query_as(deliveries!(
            "SELECT",
            "FROM deliveries WHERE channel_id = $1 AND (status = $2 OR $2 IS NULL) ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4"))
            .bind(channel_id)
            .bind(status)
            .bind(i64::from(size))
            .bind(i64::from(page.max(1) - 1) * i64::from(size))
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(DeliveryPage { total: u64::try_from(total).unwrap_or_default(), list })
    }
}
