//! Beside the stream: gauges that are refreshed now and then, and word of the engine's restarts.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::clock::now;
use crate::engine::supervisor::EngineState;
use crate::meta::{Action, Actor, Meta};
use crate::metrics::Metrics;
use crate::spool::ledger::Monitor;
use crate::telemetry::chain;

const GAUGES_EVERY: Duration = Duration::from_millis(500);
/// After the metadata database did not take an entry.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Keeps the engine's gauges fresh until `stop`.
pub(super) async fn watch_engine(mut state: watch::Receiver<EngineState>, metrics: Metrics, stop: CancellationToken) {
    let mut starts: i64 = 0;
    loop {
        let up = *state.borrow_and_update() == EngineState::Up;
        metrics.engine_up.set(i64::from(up));
        if up {
            starts += 1;
            metrics.engine_restarts.set(starts - 1);
        }
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return },
            () = stop.cancelled() => return,
        }
    }
}

/// Writes each restart of the engine into the operation log, until `stop`.
pub(super) async fn record_engine_restarts(
    mut state: watch::Receiver<EngineState>,
    meta: Meta,
    stop: CancellationToken,
) {
    let (mut starts, mut written): (u64, u64) = (0, 0);
    let mut was_failing = false;
    let mut is_new = true;
    loop {
        if is_new {
            starts += u64::from(*state.borrow_and_update() == EngineState::Up);
        }
        let restarts = starts.saturating_sub(1);
        while written < restarts {
            let detail = json!({ "restarts": written + 1 });
            let entry = meta.record(Action::EngineRestarted, None, detail, &Actor::default(), now()).await;
            if let Err(error) = &entry
                && !was_failing
            {
                warn!(error = %chain(error), "a restart of the engine waits to be written into the operation log");
            }
            was_failing = entry.is_err();
            if was_failing {
                break;
            }
            written += 1;
        }
        is_new = tokio::select! {
            changed = state.changed() => if changed.is_err() { return } else { true },
            () = tokio::time::sleep(RETRY_AFTER), if written < restarts => false,
            () = stop.cancelled() => return,
        }
    }
}

/// Keeps the spool's gauges fresh until `stop`.
pub(super) async fn watch_spool(monitor: Monitor, metrics: Metrics, stop: CancellationToken) {
    loop {
        // A segment stays until every follower has passed it, so the slowest one counts.
        let stats = monitor.stats();
        metrics.spool_bytes.set(stats.disk_bytes() as i64);
        let lag = monitor.lag();
        metrics.spool_segments.set(lag.iter().map(|lag| lag.segments).max().unwrap_or(0) as i64);
        #[expect(clippy::disallowed_methods, reason = "an age is measured against the real time")]
        let now = std::time::SystemTime::now();
        let now_ms = now.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64);
        let oldest = lag.iter().filter_map(|lag| lag.oldest_created_at_ms).min();
        let age_ms = oldest.map_or(0, |created| now_ms.saturating_sub(created));
        metrics.spool_oldest_seconds.set(age_ms as f64 / 1e3);
        tokio::select! {
            () = tokio::time::sleep(GAUGES_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}
