//! logseal's own troubles, as alerts: what keeps it from its work must not be seen by a rule over the records alone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Alerts;
use super::trouble::{Figures, Trouble};
use crate::clock::now;
use crate::meta::{AlertEffect, EndedAlert, Meta, MetaError, RaisedAlert};
use crate::metrics::Metrics;
use crate::spool::ledger::Monitor;
use crate::telemetry::chain;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A trouble is over when it was not seen for so long.
const QUIET: TimeDelta = TimeDelta::minutes(5);

/// Which troubles there are, and since when nothing was seen of them.
pub(super) struct Troubles {
    node: u16,
    before: Figures,
    /// By [`Trouble::ALL`]: its episode, and when it was last seen.
    open: [Option<(String, DateTime<Utc>)>; Trouble::ALL.len()],
}

impl Troubles {
    pub(super) fn new(node: u16, first: Figures) -> Self {
        Self { node, before: first, open: Default::default() }
    }

    /// Takes over what this node has told before its last stop and never ended: it ends when it is not seen for long enough from `now` on.
    /// `lasting` are the episodes of a trouble, of all nodes, the newest last.
    fn take_over(&mut self, lasting: &[(Trouble, Vec<String>)], now: DateTime<Utc>) -> Vec<AlertEffect> {
        let mut effects = Vec::new();
        for (trouble, episodes) in lasting {
            let own = self.prefix(*trouble);
            let mut own: Vec<&String> = episodes.iter().filter(|episode| episode.starts_with(&own)).collect();
            let newest = own.pop().cloned();
            for episode in own {
                let ended = EndedAlert { episode: episode.clone(), at: now, resolve_when_quiet: true };
                effects.push(AlertEffect::Ended(ended));
            }
            if let (Some(episode), Some(open)) = (newest, self.open.get_mut(*trouble as usize)) {
                *open = Some((episode, now));
            }
        }
        effects
    }

    /// What the episodes of this node's trouble begin with.
    fn prefix(&self, trouble: Trouble) -> String {
        format!("{}:{}:", trouble.code(), self.node)
    }

    /// What begins and what ends, by a look at `figures`. Pure.
    pub(super) fn look(&mut self, figures: Figures, now: DateTime<Utc>) -> Vec<AlertEffect> {
        let mut effects = Vec::new();
        let prefixes = Trouble::ALL.map(|trouble| self.prefix(trouble));
        for ((trouble, open), prefix) in Trouble::ALL.into_iter().zip(&mut self.open).zip(prefixes) {
            match (trouble.seen(&self.before, &figures), &mut *open) {
                (Some(_), Some((_, last_seen))) => *last_seen = now,
                (Some(text), None) => {
                    let episode = format!("{prefix}{}", now.timestamp_micros());
                    effects.push(AlertEffect::Raised(raised(trouble, self.node, &episode, text, now)));
                    *open = Some((episode, now));
                }
                (None, Some((episode, last_seen))) if now - *last_seen >= QUIET => {
                    let episode = std::mem::take(episode);
                    effects.push(AlertEffect::Ended(EndedAlert { episode, at: now, resolve_when_quiet: true }));
                    *open = None;
                }
                (None, _) => {}
            }
        }
        self.before = figures;
        effects
    }
}

fn raised(trouble: Trouble, node: u16, episode: &str, text: String, now: DateTime<Utc>) -> RaisedAlert {
    RaisedAlert {
        episode: episode.to_owned(),
        rule_code: trouble.code().to_owned(),
        rule_name: trouble.name().to_owned(),
        severity: trouble.severity(),
        tags: vec!["logseal".to_owned()],
        group: vec![("node".to_owned(), node.to_string())],
        triggered_at: now,
        last_seen_at: now,
        count: 1,
        description: text,
        ip: None,
        user: None,
        hosts: Vec::new(),
        samples: Vec::new(),
    }
}

/// What the watch looks at.
pub struct WatchTroubles {
    pub meta: Meta,
    pub alerts: Alerts,
    pub monitor: Monitor,
    pub metrics: Metrics,
    pub node: u16,
    pub spool_bytes_max: u64,
}

impl WatchTroubles {
    /// Looks every few seconds, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut troubles = Troubles::new(self.node, Figures::default());
        let mut waiting: Vec<AlertEffect> = Vec::new();
        let (mut has_begun, mut has_failed) = (false, false);
        loop {
            match self.look(&mut troubles, &mut waiting, &mut has_begun).await {
                Ok(()) => has_failed = false,
                Err(error) if !std::mem::replace(&mut has_failed, true) => {
                    warn!(error = %chain(&error), "alerts of our own troubles wait for the metadata database");
                }
                Err(_) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Looks once, and tells what `waiting` holds. Before the first look what lasts from before the start is taken over, so that it is
    /// not told again.
    async fn look(
        &self,
        troubles: &mut Troubles,
        waiting: &mut Vec<AlertEffect>,
        has_begun: &mut bool,
    ) -> Result<(), MetaError> {
        if !*has_begun {
            waiting.extend(troubles.take_over(&self.lasting().await?, now()));
            *has_begun = true;
        }
        waiting.extend(troubles.look(self.figures(), now()));
        if !waiting.is_empty() {
            self.meta.apply_effects(None, waiting, now()).await?;
            waiting.clear();
            self.alerts.changed();
        }
        Ok(())
    }

    /// The episodes of each trouble that have not ended, of whichever node.
    async fn lasting(&self) -> Result<Vec<(Trouble, Vec<String>)>, MetaError> {
        let mut lasting = Vec::new();
        for trouble in Trouble::ALL {
            lasting.push((trouble, self.meta.lasting_episodes(trouble.code()).await?));
        }
        Ok(lasting)
    }

    fn figures(&self) -> Figures {
        let stats = self.monitor.stats();
        Figures {
            spool_bytes: stats.disk_bytes(),
            spool_bytes_max: self.spool_bytes_max,
            engine_restarts: u64::try_from(self.metrics.engine_restarts.get()).unwrap_or_default(),
            records_dropped: self.metrics.dropped_total(),
            segments_rejected: stats.rejected_total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Location;
    use crate::spool::SpoolConfig;
    use crate::spool::writer::Spool;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap()
    }

    fn codes(effects: &[AlertEffect]) -> Vec<String> {
        let code = |effect: &AlertEffect| match effect {
            AlertEffect::Raised(raised) => format!("+{}", raised.rule_code),
            AlertEffect::Continued(continued) => format!("={}", continued.episode),
            AlertEffect::Ended(ended) => format!("-{}", ended.episode.split(':').next().unwrap()),
        };
        effects.iter().map(code).collect()
    }

    #[test]
    fn a_trouble_is_told_once_and_is_over_when_it_was_not_seen_for_five_minutes() {
        let quiet = Figures { spool_bytes: 799, spool_bytes_max: 1000, ..Figures::default() };
        let mut troubles = Troubles::new(3, quiet);
        assert_eq!(troubles.look(quiet, at(0)), []);
        let filling = Figures { spool_bytes: 800, ..quiet };
        assert_eq!(codes(&troubles.look(filling, at(1))), ["+logseal.spool-filling"]);
        assert_eq!(troubles.look(filling, at(2)), []);
        let dropping = Figures { records_dropped: 5, engine_restarts: 1, ..quiet };
        assert_eq!(codes(&troubles.look(dropping, at(3))), ["+logseal.engine-restarts", "+logseal.records-dropped"]);
        // The totals stay; they do not grow.
        assert_eq!(troubles.look(dropping, at(6)), []);
        assert_eq!(codes(&troubles.look(dropping, at(7))), ["-logseal.spool-filling"]);
        assert_eq!(codes(&troubles.look(dropping, at(8))), ["-logseal.engine-restarts", "-logseal.records-dropped"]);
        let rejected = Figures { segments_rejected: 1, ..dropping };
        let effects = troubles.look(rejected, at(9));
        assert_eq!(codes(&effects), ["+logseal.segment-rejected"]);
        assert!(matches!(&effects[0], AlertEffect::Raised(raised) if raised.description.starts_with("1 segments")));
    }

    #[test]
    fn what_was_told_before_a_restart_ends_and_is_not_told_again() {
        let rejecting = Figures { segments_rejected: 1, ..Figures::default() };
        let mut before = Troubles::new(3, Figures::default());
        let effects = before.look(rejecting, at(0));
        let [AlertEffect::Raised(raised)] = &effects[..] else { panic!("{effects:?}") };
        let of_another_node = raised.episode.replace(":3:", ":31:");
        let older = raised.episode.replace(":3:1", ":3:0");
        let lasting = [(Trouble::SegmentRejected, vec![of_another_node, older.clone(), raised.episode.clone()])];

        let mut after = Troubles::new(3, Figures::default());
        let ended = |episode: &str, at| {
            let episode = episode.to_owned();
            AlertEffect::Ended(EndedAlert { episode, at, resolve_when_quiet: true })
        };
        // One that was left over by an older version ends at once.
        assert_eq!(after.take_over(&lasting, at(10)), [ended(&older, at(10))]);
        assert_eq!(after.look(rejecting, at(11)), [], "it is told already");
        assert_eq!(after.look(rejecting, at(15)), []);
        assert_eq!(after.look(rejecting, at(16)), [ended(&raised.episode, at(16))]);
        let again = Figures { segments_rejected: 2, ..rejecting };
        assert_eq!(codes(&after.look(again, at(17))), ["+logseal.segment-rejected"]);
    }

    #[tokio::test]
    async fn at_the_start_what_is_left_over_in_the_database_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let meta = Meta::open(&Location::Sqlite(dir.path().join("meta.sqlite")), 3).await.unwrap();
        let code = Trouble::EngineRestarted.code();
        let episodes = [format!("{code}:3:1"), format!("{code}:3:2"), format!("{code}:4:1")];
        for episode in &episodes {
            let raised = raised(Trouble::EngineRestarted, 3, episode, "x".to_owned(), at(0));
            meta.apply_effects(None, &[AlertEffect::Raised(raised)], at(0)).await.unwrap();
        }
        let spool = SpoolConfig {
            dir: dir.path().join("spool"),
            node: 3,
            segment_rows_max: 1000,
            segment_bytes_max: 1 << 20,
            disk_bytes_max: 1 << 30,
            disk_free_bytes_min: 0,
        };
        let (spool, _) = Spool::open(spool).unwrap();
        let (alerts, metrics) = (Alerts::default(), Metrics::new());
        // It is restarted once more before the first look: that is of the alert that there is.
        metrics.engine_restarts.set(1);
        let (monitor, mut changes) = (spool.monitor(), alerts.changes());
        let watch = WatchTroubles { meta: meta.clone(), alerts, monitor, metrics, node: 3, spool_bytes_max: 1 << 30 };
        let told = tokio::time::timeout(Duration::from_secs(20), changes.changed());
        tokio::select! {
            () = watch.run(CancellationToken::new()) => panic!("it ended by itself"),
            told = told => told.expect("it tells in time").unwrap(),
        }
        assert_eq!(meta.lasting_episodes(code).await.unwrap(), episodes[1..]);
    }
}
