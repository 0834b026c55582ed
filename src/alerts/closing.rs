//! Alerts that people resolved while they lasted: their groups are closed before the next record is judged.
//!
//! What was applied once must come out the same when it is judged again after a crash. So nothing is closed before segments whose effects
//! are applied already, and what is closed is remembered before the next segment is judged.

use std::collections::{BTreeMap, BTreeSet};

use crate::meta::{Meta, MetaError};

/// Which changes of alerts were looked at.
pub(super) struct Closing {
    /// The last change that was.
    pub(super) version: i64,
    /// Up to this record effects were applied before the start.
    applied_to: u64,
}

/// Episodes by the codes of their rules.
pub(super) type Episodes = BTreeMap<String, BTreeSet<String>>;

impl Closing {
    /// `version` is what was looked at before the start; `None` where nothing lasts of which there may be news.
    ///
    /// # Errors
    /// [`MetaError`].
    pub(super) async fn start(meta: &Meta, version: Option<i64>) -> Result<Self, MetaError> {
        let version = match version {
            Some(version) => version,
            None => meta.alerts_version().await?,
        };
        Ok(Self { version, applied_to: meta.alert_cursor().await? })
    }

    /// Whether the records up to `last_id` were judged before, and their effects applied.
    pub(super) fn was_applied(&self, last_id: u64) -> bool {
        last_id <= self.applied_to
    }

    /// The episodes whose alerts were resolved since the last call, of whichever daemon.
    ///
    /// # Errors
    /// [`MetaError`]; the next call tells of them.
    pub(super) async fn resolved(&mut self, meta: &Meta) -> Result<Episodes, MetaError> {
        let resolved = meta.resolved_episodes(self.version).await?;
        self.version = resolved.version;
        let mut episodes = Episodes::new();
        for (rule, episode) in resolved.episodes {
            episodes.entry(rule).or_default().insert(episode);
        }
        Ok(episodes)
    }
}
