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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::meta::{Actor, AlertEffect, AlertPatch, AlertStatus, Location, RaisedAlert, Severity};

    #[tokio::test]
    async fn what_was_applied_before_the_start_is_known_and_what_was_resolved_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let meta = Meta::open(&Location::Sqlite(dir.path().join("meta.sqlite")), 3).await.unwrap();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let raised = RaisedAlert {
            episode: "door-1".to_owned(),
            rule_code: "door".to_owned(),
            rule_name: "A door opened".to_owned(),
            severity: Severity::Low,
            tags: Vec::new(),
            group: Vec::new(),
            triggered_at: now,
            last_seen_at: now,
            count: 1,
            description: "opened".to_owned(),
            ip: None,
            user: None,
            hosts: Vec::new(),
            samples: Vec::new(),
        };
        let applied = meta.apply_effects(Some(9), &[AlertEffect::Raised(raised)], now).await.unwrap();
        let mut closing = Closing::start(&meta, Some(0)).await.unwrap();
        assert!(closing.was_applied(9) && !closing.was_applied(10));
        assert!(closing.resolved(&meta).await.unwrap().is_empty(), "it is open");
        let before = closing.version;
        let patch = AlertPatch { status: Some(AlertStatus::Resolved), comment: None };
        meta.patch_alert(applied.raised[0].id, &patch, &Actor::default(), now).await.unwrap();
        let expected = Episodes::from([("door".to_owned(), BTreeSet::from(["door-1".to_owned()]))]);
        assert_eq!(closing.resolved(&meta).await.unwrap(), expected);
        assert!(closing.resolved(&meta).await.unwrap().is_empty());
        // After a crash it goes on from what was remembered; where nothing lasts, there is nothing to hear of.
        assert_eq!(Closing::start(&meta, Some(before)).await.unwrap().resolved(&meta).await.unwrap(), expected);
        assert!(Closing::start(&meta, None).await.unwrap().resolved(&meta).await.unwrap().is_empty());
    }
}
