//! The outbox: what is due is told to its channel, again and ever less often where that fails.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::{self, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Alerts;
use super::messages::message;
use crate::clock::now;
use crate::meta::{Channel, Delivery, Meta, MetaError};
use crate::notify::backoff::{self, Failed};
use crate::notify::send_error::SendError;
use crate::notify::sender::Sender;
use crate::notify::target::{ChannelConfig, Kind};
use crate::telemetry::chain;

/// Told at once.
const AT_ONCE: usize = 8;
/// Taken in one go.
const DUE_MAX: u32 = 64;
/// Longer than one round takes: what is not settled by then, because its daemon was killed, is taken by another.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// Something may be due this soon, or another daemon may have put it there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The delivery before it runs.
pub struct Deliver {
    pub meta: Meta,
    pub alerts: Alerts,
    pub sender: Sender,
    /// Where people reach the API, without a slash at its end.
    pub public_url: String,
}

impl Deliver {
    /// Tells what is due, until `stop`. What is under way then is told again at the next start, if the receiver did not get it in time.
    pub async fn run(self, stop: CancellationToken) {
        let mut has_failed = false;
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                () = stop.cancelled() => return,
            };
            if let Err(error) = &round
                && !has_failed
            {
                warn!(error = %chain(error), "what is to be told of alerts waits for the metadata database");
            }
            has_failed = round.is_err();
            if matches!(round, Ok(told) if told == DUE_MAX as usize) {
                continue;
            }
            tokio::select! {
                () = self.alerts.0.deliveries.notified(), if !has_failed => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn round(&self) -> Result<usize, MetaError> {
        let due = self.meta.claim_deliveries(now(), LEASE, DUE_MAX).await?;
        stream::iter(&due).for_each_concurrent(AT_ONCE, |delivery| self.settle(delivery)).await;
        Ok(due.len())
    }

    /// Tells one, and notes what became of it.
    async fn settle(&self, delivery: &Delivery) {
        let told = match self.meta.channel(delivery.channel_id).await {
            Ok(channel) => self.tell(&channel, delivery).await,
            Err(MetaError::NotFound) => Err(SendError::Refused("the channel was deleted".to_owned())),
            Err(error) => Err(SendError::Later { text: chain(&error), after: None }),
        };
        let noted = match told {
            Ok(()) => self.meta.delivery_done(delivery, now()).await,
            Err(SendError::Refused(text)) => {
                warn!(channel = delivery.channel_id, delivery = delivery.id, "a channel refused to be told: {text}");
                self.meta.delivery_failed(delivery, &text, None).await
            }
            Err(SendError::Later { text, after }) => {
                let failed = Failed {
                    delivery: &delivery.dedup_key,
                    created_at: delivery.created_at,
                    attempts: u32::try_from(delivery.attempts).unwrap_or(u32::MAX),
                    after,
                };
                let again = backoff::next(&failed, now());
                match again {
                    Some(at) => {
                        info!(channel = delivery.channel_id, delivery = delivery.id, again = %at, "a channel was not told: {text}");
                    }
                    None => {
                        warn!(
                            channel = delivery.channel_id,
                            delivery = delivery.id,
                            "telling a channel is given up: {text}"
                        );
                    }
                }
                self.meta.delivery_failed(delivery, &text, again).await
            }
        };
        if let Err(error) = noted {
            warn!(delivery = delivery.id, error = %chain(&error), "whether a channel was told could not be noted; it may be told again");
        }
    }

    async fn tell(&self, channel: &Channel, delivery: &Delivery) -> Result<(), SendError> {
        let refused = |text: String| SendError::Refused(text);
        let config = config_of(channel).map_err(refused)?;
        let message = message(delivery, &self.public_url, now()).map_err(refused)?;
        self.sender.send(&config, &message, &delivery.dedup_key, now()).await
    }
}

/// How a stored channel is reached.
///
/// # Errors
/// In words, where this version does not understand it.
pub fn config_of(channel: &Channel) -> Result<ChannelConfig, String> {
    let kind = channel.kind.to_string();
    let kind = Kind::from_name(&kind).ok_or_else(|| format!("channels of the kind {kind} are not known"))?;
    ChannelConfig::read(kind, &channel.config, None).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.problem)).collect();
        format!("the channel's configuration is not understood: {}", faults.join("; "))
    })
}
