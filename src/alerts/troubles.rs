//! logseal's own troubles, as alerts: what keeps it from its work must not be seen by a rule over the records alone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Alerts;
use crate::clock::now;
use crate::meta::{AlertEffect, EndedAlert, Meta, RaisedAlert, Severity};
use crate::metrics::Metrics;
use crate::spool::ledger::Monitor;
use crate::telemetry::chain;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The spool fills up when it holds more than this share of what it may.
const SPOOL_PERCENT: u64 = 80;
/// A trouble is over when it was not seen for so long.
const QUIET: TimeDelta = TimeDelta::minutes(5);

/// What is looked at, at one moment. Totals are since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) spool_bytes: u64,
    pub(super) spool_bytes_max: u64,
    pub(super) engine_restarts: u64,
    pub(super) records_dropped: u64,
    pub(super) segments_rejected: u64,
}

/// Which trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    SpoolFilling,
    EngineRestarted,
    RecordsDropped,
    SegmentRejected,
}

impl Trouble {
    const ALL: [Self; 4] = [Self::SpoolFilling, Self::EngineRestarted, Self::RecordsDropped, Self::SegmentRejected];

    fn code(self) -> &'static str {
        match self {
            Self::SpoolFilling => "logseal.spool-filling",
            Self::EngineRestarted => "logseal.engine-restarts",
            Self::RecordsDropped => "logseal.records-dropped",
            Self::SegmentRejected => "logseal.segment-rejected",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::SpoolFilling => "The spool fills up",
            Self::EngineRestarted => "The embedded engine was restarted",
            Self::RecordsDropped => "Records were dropped",
            Self::SegmentRejected => "The store refused a segment",
        }
    }

    fn severity(self) -> Severity {
        match self {
            Self::SpoolFilling | Self::RecordsDropped => Severity::High,
            Self::EngineRestarted => Severity::Medium,
            Self::SegmentRejected => Severity::Critical,
        }
    }

    /// What there is to say, where `after` shows it and `before` was the last look.
    fn seen(self, before: &Figures, after: &Figures) -> Option<String> {
        let more = |before: u64, after: u64| Some(after.saturating_sub(before)).filter(|more| *more > 0);
        match self {
            Self::SpoolFilling => {
                let percent = after.spool_bytes.saturating_mul(100) / after.spool_bytes_max.max(1);
                (percent >= SPOOL_PERCENT).then(|| {
                    format!("The spool holds {percent} % of spool.disk_bytes_max: at 100 % senders are refused. Is the store away?")
                })
            }
            Self::EngineRestarted => more(before.engine_restarts, after.engine_restarts).map(|count| {
                format!("The embedded engine ended and was started again ({count} times); nothing was lost.")
            }),
            Self::RecordsDropped => more(before.records_dropped, after.records_dropped).map(|count| {
                format!("{count} records were lost before they were acknowledged; the metric records_dropped says why.")
            }),
            Self::SegmentRejected => more(before.segments_rejected, after.segments_rejected)
                .map(|count| format!("{count} segments were moved to spool/rejected, each with its reason beside it.")),
        }
    }
}

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

    /// What begins and what ends, by a look at `figures`. Pure.
    pub(super) fn look(&mut self, figures: Figures, now: DateTime<Utc>) -> Vec<AlertEffect> {
        let mut effects = Vec::new();
        for (trouble, open) in Trouble::ALL.into_iter().zip(&mut self.open) {
            match (trouble.seen(&self.before, &figures), &mut *open) {
                (Some(_), Some((_, last_seen))) => *last_seen = now,
                (Some(text), None) => {
                    let episode = format!("{}:{}:{}", trouble.code(), self.node, now.timestamp_micros());
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
        let mut has_failed = false;
        loop {
            waiting.extend(troubles.look(self.figures(), now()));
            if !waiting.is_empty() {
                match self.meta.apply_effects(None, &waiting, now()).await {
                    Ok(_) => {
                        waiting.clear();
                        has_failed = false;
                        self.alerts.changed();
                    }
                    Err(error) if !std::mem::replace(&mut has_failed, true) => {
                        warn!(error = %chain(&error), "alerts of our own troubles wait for the metadata database");
                    }
                    Err(_) => {}
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    fn figures(&self) -> Figures {
        let stats = self.monitor.stats();
        Figures {
            spool_bytes: stats.sealed_bytes + stats.open_bytes,
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
}
