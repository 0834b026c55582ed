//! Gauges that are refreshed now and then, beside the stream.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::supervisor::EngineState;
use crate::metrics::Metrics;
use crate::spool::ledger::Monitor;

const GAUGES_EVERY: Duration = Duration::from_millis(500);

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

/// Keeps the spool's gauges fresh until `stop`.
pub(super) async fn watch_spool(monitor: Monitor, metrics: Metrics, stop: CancellationToken) {
    loop {
        for lag in monitor.lag() {
            metrics.spool_bytes.set(lag.bytes as i64);
            metrics.spool_segments.set(lag.segments as i64);
            #[expect(clippy::disallowed_methods, reason = "an age is measured against the real time")]
            let now = std::time::SystemTime::now();
            let now_ms = now.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64);
            let age_ms = lag.oldest_created_at_ms.map_or(0, |created| now_ms.saturating_sub(created));
            metrics.spool_oldest_seconds.set(age_ms as f64 / 1e3);
        }
        tokio::select! {
            () = tokio::time::sleep(GAUGES_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}
