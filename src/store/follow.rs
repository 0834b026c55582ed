//! The store's follower: every sealed segment, in order, into the store, once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::LogStore;
use super::StoreError;
use super::indexes::Day;
use super::insert::{Damaged, Indexing, InsertError};
use crate::metrics::Metrics;
use crate::spool::follower::Follower;
use crate::spool::frames::ReadError;
use crate::spool::ledger::Monitor;
use crate::spool::segment::SealedSegment;
use crate::telemetry::chain;

/// The first wait after a failed insert; it doubles up to the longest.
const RETRY_AFTER: Duration = Duration::from_millis(100);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// What became of a segment.
enum Outcome {
    Stored,
    /// Its whole frames are stored; the others are damaged on disk.
    StoredInPart(String),
    /// It will be refused each time.
    Refused(String),
    /// `give_up` came first.
    GaveUp,
}

/// Segments are not waiting for so long before the indexes that were put off are built.
const CAUGHT_UP_FOR: Duration = Duration::from_secs(2);

impl LogStore {
    /// Stores segments as they are sealed, until the spool's writer is gone and all are stored, or until `give_up`.
    pub async fn follow(self, mut follower: Follower, monitor: Monitor, metrics: Metrics, give_up: CancellationToken) {
        // Days with records whose text index was put off.
        let mut put_off: BTreeSet<Day> = BTreeSet::new();
        loop {
            let segment = tokio::select! {
                segment = follower.next() => segment,
                () = tokio::time::sleep(CAUGHT_UP_FOR), if !put_off.is_empty() => {
                    tokio::select! {
                        () = self.build_put_off(&mut put_off) => continue,
                        () = give_up.cancelled() => None,
                    }
                }
                () = give_up.cancelled() => None,
            };
            let Some(segment) = segment else { break };
            let indexing = indexing(&monitor, follower.name());
            let passed = match self.insert_until_done(&segment, indexing, &metrics, &give_up).await {
                Outcome::Stored => {
                    metrics.stored.inc_by(segment.rows);
                    if indexing == Indexing::Later {
                        put_off.insert(Day::of_millis(segment.created_at_ms));
                    }
                    follower.advance(&segment).await
                }
                Outcome::StoredInPart(reason) => {
                    metrics.rejected_segments.inc();
                    error!(
                        segment.id = %segment.id,
                        "segment {} is damaged: what is whole is stored, the original is kept in rejected/: {reason}", segment.id,
                    );
                    follower.reject(&segment, &reason).await.map(drop)
                }
                Outcome::Refused(reason) => {
                    metrics.rejected_segments.inc();
                    error!(segment.id = %segment.id, rows = segment.rows, "segment {} is kept in rejected/: {reason}", segment.id);
                    follower.reject(&segment, &reason).await.map(drop)
                }
                Outcome::GaveUp => break,
            };
            if let Err(error) = passed {
                // The segment will be offered again; the insert's token makes that harmless.
                warn!(segment.id = %segment.id, error = %chain(&error), "the store's cursor could not be written");
                tokio::time::sleep(RETRY_AFTER_MAX).await;
            }
        }
        debug!("the store's follower ended");
    }

    /// Merges build what is missed here, so a failure is no reason to try again.
    async fn build_put_off(&self, days: &mut BTreeSet<Day>) {
        for day in std::mem::take(days) {
            if let Err(error) = self.build_text_index(day).await {
                debug!(error = %chain(&error), "building a text index was not started");
            }
        }
    }

    /// A daemon that started while the store was away has not prepared it; it may even be an empty one that came back.
    async fn prepare_again(&self) {
        if let Err(error) = self.prepare().await {
            debug!(error = %chain(&error), "preparing the store failed");
        }
    }

    async fn insert_until_done(
        &self,
        segment: &SealedSegment,
        indexing: Indexing,
        metrics: &Metrics,
        give_up: &CancellationToken,
    ) -> Outcome {
        let mut wait = RETRY_AFTER;
        let mut failing_since: Option<Instant> = None;
        // Set once the segment turned out to be damaged.
        let mut damage: Option<String> = None;
        loop {
            let started = Instant::now();
            let damaged = if damage.is_some() { Damaged::LeaveOut } else { Damaged::Refuse };
            let inserted = tokio::select! {
                inserted = self.insert(segment, indexing, damaged) => inserted,
                () = give_up.cancelled() => return Outcome::GaveUp,
            };
            let failure = match inserted {
                Ok(()) => {
                    metrics.insert_seconds.observe(started.elapsed().as_secs_f64());
                    if let Some(since) = failing_since {
                        info!(segment.id = %segment.id, "the store takes records again after {:?}", since.elapsed());
                    }
                    return damage.map_or(Outcome::Stored, Outcome::StoredInPart);
                }
                Err(InsertError::Read { source: source @ ReadError::Corrupt { .. }, .. }) => {
                    damage = Some(chain(&source));
                    continue;
                }
                Err(InsertError::Store(StoreError::Refused(source))) => return Outcome::Refused(chain(&source)),
                Err(failure) => failure,
            };
            metrics.insert_failures.inc();
            if failing_since.is_none() {
                failing_since = Some(started);
                warn!(segment.id = %segment.id, error = %chain(&failure), "storing failed; records wait in the spool and it is tried again");
            }
            let pause = async {
                tokio::time::sleep(wait).await;
                if matches!(failure, InsertError::Store(StoreError::Failed(_))) {
                    self.prepare_again().await;
                }
            };
            tokio::select! {
                () = pause => {}
                () = give_up.cancelled() => return Outcome::GaveUp,
            }
            wait = (wait * 2).min(RETRY_AFTER_MAX);
        }
    }
}

/// While more segments wait behind the one at hand, the text index is put off.
fn indexing(monitor: &Monitor, follower: &str) -> Indexing {
    let waiting = monitor.lag_of(follower).map_or(0, |lag| lag.segments);
    if waiting > 1 { Indexing::Later } else { Indexing::AtOnce }
}
