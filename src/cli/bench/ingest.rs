//! Measures what it costs to take records in, from the first byte until merges have come to rest.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use super::table::{Row, percentile};
use super::{Bench, Generator, Processes, counters};
use crate::cli::client::accepted;
use crate::cli::progress::{Progress, count};

/// The size of a bulk request.
const BODY_BYTES: usize = 4 << 20;
/// Requests that wait for their answers.
const IN_FLIGHT_MAX: usize = 3;

/// Runs `work`, which sends `records` records and may time its requests, and measures the daemon meanwhile.
///
/// # Errors
/// Those of `work`, and where the records are not stored in time.
pub(super) async fn measure(
    bench: &Bench,
    name: &str,
    records: u64,
    work: impl Future<Output = anyhow::Result<Vec<Duration>>>,
) -> anyhow::Result<Row> {
    let processes = Processes::of_daemon(bench.args.pid)?;
    let is_at_rest = processes.rest(Instant::now() + bench.args.deadline).await;
    processes.reset_peaks();
    let (before, cpu_before) = (counters::read(bench).await?, processes.cpu());
    let started = Instant::now();
    let mut times = tokio::time::timeout(bench.args.deadline.saturating_mul(4), work)
        .await
        .context("send the records in time")??;
    let reached = counters::wait(bench, before, records, started).await?;
    let is_drained = processes.rest(Instant::now() + bench.args.deadline).await;
    let now = counters::read(bench).await?;
    let mut remarks = Vec::new();
    if !is_at_rest || !is_drained {
        remarks.push("merges did not come to rest".to_owned());
    }
    if now.acked > before.acked + records {
        remarks.push(format!("{} records of others in between", count(now.acked - before.acked - records)));
    }
    Ok(Row {
        name: name.to_owned(),
        records: Some(records),
        acked: Some(reached.acked),
        stored: Some(reached.stored),
        cpu: processes.cpu().since(cpu_before),
        p50: percentile(&mut times, 0.5),
        p99: percentile(&mut times, 0.99),
        peak: processes.peak(),
        remark: remarks.join("; "),
    })
}

/// NDJSON in requests of about 4 MiB, some at once.
///
/// # Errors
/// Where the daemon refuses a request or does not store all records in time.
pub(super) async fn measure_bulk(bench: &Bench) -> anyhow::Result<Row> {
    let records = bench.args.bulk;
    measure(bench, "bulk", records, send_bulk(bench, records)).await
}

async fn send_bulk(bench: &Bench, records: u64) -> anyhow::Result<Vec<Duration>> {
    let mut generator = bench.generator(2, records);
    let (to_sender, mut bodies) = mpsc::channel::<Bytes>(2);
    let generating = tokio::task::spawn_blocking(move || {
        let mut left = records;
        while left > 0 {
            let body = bulk_body(&mut generator, &mut left);
            if to_sender.blocking_send(body).is_err() {
                break;
            }
        }
    });
    let progress = Progress::new(None);
    let mut in_flight = FuturesUnordered::new();
    let mut times = Vec::new();
    let mut has_more = true;
    while has_more || !in_flight.is_empty() {
        // Both are cancel-safe: a body stays in the channel and an answer in its future until it is taken.
        tokio::select! {
            Some(time) = in_flight.next(), if !in_flight.is_empty() => {
                times.push(time?);
                let sent = times.len() * BODY_BYTES;
                progress.update(sent as u64, |seconds| format!("{} MB/s", (sent as f64 / seconds / 1e6) as u64));
            }
            body = bodies.recv(), if has_more && in_flight.len() < IN_FLIGHT_MAX => match body {
                Some(body) => in_flight.push(post(bench, body)),
                None => has_more = false,
            },
        }
    }
    progress.clear();
    generating.await.context("make the records")?;
    Ok(times)
}

fn bulk_body(generator: &mut Generator, left: &mut u64) -> Bytes {
    let mut body = Vec::with_capacity(BODY_BYTES + 1024);
    while *left > 0 && body.len() < BODY_BYTES {
        generator.put_json(None, &mut body);
        body.push(b'\n');
        *left -= 1;
    }
    Bytes::from(body)
}

async fn post(bench: &Bench, body: Bytes) -> anyhow::Result<Duration> {
    let url = bench.api.url("/api/v1/logs/bulk", &[("source", "bench".to_owned())]);
    // A daemon under full load may say that it has no room; that it does so is part of what is measured.
    for _ in 0..1000 {
        let started = Instant::now();
        let request =
            bench.api.http().post(url.clone()).header("Content-Type", "application/x-ndjson").body(body.clone());
        let response = request.send().await.map_err(|error| bench.api.unreachable(error))?;
        if response.status() == reqwest::StatusCode::SERVICE_UNAVAILABLE
            && !response.headers().contains_key("x-logseal-stored")
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        let mut response = accepted(response, "").await?;
        while response.chunk().await?.is_some() {}
        return Ok(started.elapsed());
    }
    bail!("the daemon had no room for a request in 1000 attempts")
}
