//! The outbox: what is due is told to its channel, again and ever less often where that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;
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

/// So much is told to one channel at once: one that hangs delays nothing but what is to be told to it.
const AT_ONCE_PER_CHANNEL: usize = 4;
/// So much is told to all of them at once, which more channels than anybody has would have to hang for.
const AT_ONCE: usize = 256;
/// Longer than telling one takes: what is not settled by then, because its daemon was killed, is taken by another.
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

/// What is being told. Each task gives its channel's id back.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<i64>,
    per_channel: BTreeMap<i64, usize>,
}

impl UnderWay {
    /// How much more may be told to the channel now.
    fn places(&self, channel_id: i64) -> usize {
        let of_channel = AT_ONCE_PER_CHANNEL.saturating_sub(self.per_channel.get(&channel_id).copied().unwrap_or(0));
        of_channel.min(AT_ONCE.saturating_sub(self.tasks.len()))
    }

    fn begin(&mut self, deliver: &Arc<Deliver>, delivery: Delivery) {
        let deliver = Arc::clone(deliver);
        *self.per_channel.entry(delivery.channel_id).or_default() += 1;
        self.tasks.spawn(async move {
            deliver.settle(&delivery).await;
            delivery.channel_id
        });
    }

    /// Waits until a place is free again; for ever where all are.
    async fn next_end(&mut self) {
        let Some(ended) = self.tasks.join_next().await else { return std::future::pending().await };
        // It panics only by a fault of ours, which ends this task as well.
        let channel_id = ended.expect("telling a channel does not panic");
        if let Some(count) = self.per_channel.get_mut(&channel_id) {
            *count -= 1;
            if *count == 0 {
                self.per_channel.remove(&channel_id);
            }
        }
    }
}

impl Deliver {
    /// Tells what is due, until `stop`. What is under way then is told again at the next start, if the receiver did not get it in time.
    pub async fn run(self, stop: CancellationToken) {
        let deliver = Arc::new(self);
        let mut under_way = UnderWay::default();
        tokio::select! {
            () = deliver.tell_all(&mut under_way) => {}
            () = stop.cancelled() => {}
        }
        under_way.tasks.shutdown().await;
    }

    async fn tell_all(self: &Arc<Self>, under_way: &mut UnderWay) {
        let mut has_failed = false;
        loop {
            let begun = self.begin_due(under_way).await;
            if let Err(error) = &begun
                && !has_failed
            {
                warn!(error = %chain(error), "what is to be told of alerts waits for the metadata database");
            }
            has_failed = begun.is_err();
            if has_failed {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            tokio::select! {
                () = under_way.next_end() => {}
                () = self.alerts.0.deliveries.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Takes as much of what is due as there are places, and begins to tell it.
    async fn begin_due(self: &Arc<Self>, under_way: &mut UnderWay) -> Result<(), MetaError> {
        for channel_id in self.meta.channels_due(now()).await? {
            let places = u32::try_from(under_way.places(channel_id)).unwrap_or(u32::MAX);
            if places == 0 {
                continue;
            }
            for delivery in self.meta.claim_deliveries(channel_id, now(), LEASE, places).await? {
                under_way.begin(self, delivery);
            }
        }
        Ok(())
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
