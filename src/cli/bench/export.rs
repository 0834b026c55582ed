//! All that is stored, as CSV, read as fast as it comes.

use std::time::Instant;

use anyhow::bail;

use super::table::Row;
use super::{Bench, Processes};
use crate::cli::client::broken_transfer;
use crate::cli::export::{ExportFormat, RowCounter};
use crate::cli::progress::{Progress, bytes, count};

/// Measures the export.
///
/// # Errors
/// Where it breaks off, or has fewer records than are stored.
pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Row> {
    let processes = Processes::of_daemon(bench.args.pid)?;
    processes.rest(Instant::now() + bench.args.deadline).await;
    processes.reset_peaks();
    let total = bench.page(&[("size", "1".to_owned())]).await?.total;
    let cpu_before = processes.cpu();
    let started = Instant::now();
    let parameters = [("format", ExportFormat::Csv.as_str().to_owned())];
    let mut response = bench.api.open("/api/v1/logs/export", &parameters, "").await?;
    let first_byte = started.elapsed();
    let mut rows = RowCounter::new(ExportFormat::Csv);
    let mut received = 0;
    let progress = Progress::new(Some(total));
    while let Some(chunk) = response.chunk().await.map_err(broken_transfer)? {
        received += chunk.len() as u64;
        rows.feed(&chunk);
        progress.update(rows.rows(), |seconds| {
            format!("{} records, {}/s", count(rows.rows()), bytes((received as f64 / seconds) as u64))
        });
    }
    progress.clear();
    let elapsed = started.elapsed();
    if rows.rows() < total {
        bail!("the export has {} records, and {total} are stored", rows.rows());
    }
    Ok(Row {
        name: "export".to_owned(),
        records: Some(rows.rows()),
        acked: Some(elapsed),
        cpu: processes.cpu().since(cpu_before),
        peak: processes.peak(),
        remark: format!("{}; first byte after {} ms", bytes(received), first_byte.as_millis()),
        ..Row::default()
    })
}
