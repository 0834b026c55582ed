//! The daemon's counters, from its metrics (Prometheus text).

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::Bench;

const EVERY: Duration = Duration::from_millis(50);

/// Records since the daemon's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counters {
    pub(super) acked: u64,
    pub(super) stored: u64,
}

/// When records were durable and when they were stored, since some begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) acked: Duration,
    pub(super) stored: Duration,
}

/// Reads the daemon's counters.
///
/// # Errors
/// Where the daemon is not there, or has no such counters.
pub(super) async fn read(bench: &Bench) -> anyhow::Result<Counters> {
    let body = bench.api.get_bytes("/metrics", &[], "").await?;
    let text = String::from_utf8_lossy(&body);
    let counter = |name: &str| value(&text, name).with_context(|| format!("the daemon's metrics have no {name}"));
    Ok(Counters { acked: counter("logseal_records_acked_total")?, stored: counter("logseal_records_stored_total")? })
}

/// Waits until `records` more than `before` are durable and stored.
///
/// # Errors
/// Where that takes longer than the deadline.
pub(super) async fn wait(bench: &Bench, before: Counters, records: u64, started: Instant) -> anyhow::Result<Reached> {
    let deadline = Instant::now() + bench.args.deadline;
    let mut acked = None;
    loop {
        let now = read(bench).await?;
        let elapsed = started.elapsed();
        if now.acked >= before.acked + records {
            let acked = *acked.get_or_insert(elapsed);
            if now.stored >= before.stored + records {
                return Ok(Reached { acked, stored: elapsed });
            }
        }
        if Instant::now() >= deadline {
            let (acked, stored) = (now.acked.saturating_sub(before.acked), now.stored.saturating_sub(before.stored));
            bail!(
                "of {records} records only {acked} were durable and {stored} stored within {:?}",
                bench.args.deadline
            );
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The value of the sample `name` without labels.
fn value(text: &str, name: &str) -> Option<u64> {
    let sample = text.lines().filter_map(|line| line.strip_prefix(name)).find_map(|rest| rest.strip_prefix(' '))?;
    let number = sample.split(' ').next()?;
    number.parse().ok().or_else(|| number.parse::<f64>().ok().filter(|n| *n >= 0.0).map(|n| n as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_found_by_its_whole_name() {
        let text = "# TYPE a counter\na_total_more 7\na_total{x=\"y\"} 9\na_total 12\nb_total 1.5e3 170000\n";
        assert_eq!(value(text, "a_total"), Some(12));
        assert_eq!(value(text, "b_total"), Some(1500));
        assert_eq!(value(text, "c_total"), None);
    }
}
