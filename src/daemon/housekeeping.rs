//! What is done now and then beside the stream: dropping old days, refreshing gauges.

use std::time::Duration;

use chrono::{DateTime, Datelike, Days, Utc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Retention;
use crate::engine::supervisor::EngineState;
use crate::metrics::Metrics;
use crate::spool::ledger::Monitor;
use crate::store::LogStore;

const RETENTION_EVERY: Duration = Duration::from_secs(3600);
/// After a failed run, for example because the store is away.
const RETENTION_RETRY: Duration = Duration::from_secs(60);
const GAUGES_EVERY: Duration = Duration::from_millis(500);

/// Drops the days that are older than the retention, now and every hour, until `stop`.
pub(super) async fn retain(store: LogStore, retention: Retention, stop: CancellationToken) {
    loop {
        #[expect(clippy::disallowed_methods, reason = "retention is measured against the real date")]
        let now = std::time::SystemTime::now();
        let first_kept = first_kept_day(DateTime::<Utc>::from(now), retention.days.get());
        // Dropping a day is one statement: the store does it whole or not at all, whoever still waits for it.
        let dropped = tokio::select! {
            dropped = store.drop_days_before(first_kept) => dropped,
            () = stop.cancelled() => return,
        };
        let wait = match dropped {
            Ok(days) => {
                for day in days {
                    info!(day = %day.day, rows = day.rows, "dropped the {} records of {}: older than {} days", day.rows, day.day, retention.days);
                }
                RETENTION_EVERY
            }
            Err(error) => {
                warn!(%error, "dropping old days failed and is tried again");
                RETENTION_RETRY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// The oldest day that is kept, as `YYYYMMDD`: today and the `days` whole days before it.
fn first_kept_day(now: DateTime<Utc>, days: u32) -> u32 {
    let day = now.date_naive().checked_sub_days(Days::new(days.into())).unwrap_or_default();
    day.year().unsigned_abs() * 10_000 + day.month() * 100 + day.day()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_and_the_days_before_it_are_kept() {
        let now = "2026-03-01T00:00:00Z".parse().unwrap();
        assert_eq!(first_kept_day(now, 1), 20_260_228);
        assert_eq!(first_kept_day(now, 184), 20_250_829);
    }
}
