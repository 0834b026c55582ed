//! What was measured, as one table: aligned for people, and Markdown for documents.

use std::time::Duration;

use super::processes::{Cpu, Peak};
use crate::cli::progress::count;

/// One line of the table; what was not measured is `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) records: Option<u64>,
    /// From the first byte until the last record was durable (or, of an export, received).
    pub(super) acked: Option<Duration>,
    pub(super) stored: Option<Duration>,
    pub(super) cpu: Cpu,
    pub(super) p50: Option<Duration>,
    pub(super) p99: Option<Duration>,
    pub(super) peak: Peak,
    /// What a reader must know to judge the figures.
    pub(super) remark: String,
}

const HEADS: [&str; 12] = [
    "what",
    "records",
    "records/s",
    "stored/s",
    "daemon µs",
    "engine µs",
    "both µs",
    "p50 ms",
    "p99 ms",
    "daemon MB",
    "engine MB",
    "remark",
];

/// The table, with a line feed behind each row.
pub(super) fn render(rows: &[Row]) -> String {
    let cells: Vec<[String; 12]> = rows.iter().map(cells).collect();
    let heads = HEADS.map(str::to_owned);
    let mut widths = heads.clone().map(|head| head.chars().count());
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = line(&heads, &widths);
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(at, width)| if is_text(at) { "-".repeat(*width) } else { format!("{}:", "-".repeat(width - 1)) })
        .collect();
    text.push_str(&format!("| {} |\n", rule.join(" | ")));
    for row in &cells {
        text.push_str(&line(row, &widths));
    }
    text
}

fn is_text(column: usize) -> bool {
    column == 0 || column == HEADS.len() - 1
}

fn line(cells: &[String; 12], widths: &[usize; 12]) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(at, (cell, width))| if is_text(at) { format!("{cell:<width$}") } else { format!("{cell:>width$}") })
        .collect();
    format!("| {} |\n", padded.join(" | "))
}

fn cells(row: &Row) -> [String; 12] {
    let rate = |time: Option<Duration>| Some(count((row.records? as f64 / time?.as_secs_f64().max(1e-6)) as u64));
    let each = |time: Option<Duration>| {
        Some(format!("{:.2}", time?.as_secs_f64() * 1e6 / row.records.filter(|n| *n > 0)? as f64))
    };
    let both = row.cpu.daemon.zip(row.cpu.engine).map(|(daemon, engine)| daemon + engine);
    let millis = |time: Option<Duration>| Some(format!("{:.1}", time?.as_secs_f64() * 1e3));
    let megabytes = |bytes: Option<u64>| Some(format!("{}", bytes? / 1_000_000));
    let shown = |text: Option<String>| text.unwrap_or_default();
    [
        row.name.clone(),
        shown(row.records.map(count)),
        shown(rate(row.acked)),
        shown(rate(row.stored)),
        shown(each(row.cpu.daemon)),
        shown(each(row.cpu.engine)),
        shown(each(both)),
        shown(millis(row.p50)),
        shown(millis(row.p99)),
        shown(megabytes(row.peak.daemon)),
        shown(megabytes(row.peak.engine)),
        row.remark.clone(),
    ]
}

/// The time below which this share of `times` lies; `None` of none. Sorts them.
pub(super) fn percentile(times: &mut [Duration], share: f64) -> Option<Duration> {
    times.sort_unstable();
    let rank = (share * times.len() as f64).ceil() as usize;
    times.get(rank.max(1) - 1).or(times.last()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lines_have_the_same_width_and_rates_are_right() {
        let row = Row {
            name: "syslog-tcp".to_owned(),
            records: Some(1_000_000),
            acked: Some(Duration::from_secs(2)),
            cpu: Cpu { daemon: Some(Duration::from_millis(1_500)), engine: Some(Duration::from_secs(4)) },
            p99: Some(Duration::from_micros(1_250)),
            ..Row::default()
        };
        let text = render(&[row, Row { name: "by id".to_owned(), ..Row::default() }]);
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
        for figure in [" 1,000,000 |", " 500,000 |", " 1.50 |", " 4.00 |", " 5.50 |"] {
            assert!(text.contains(figure), "{figure} in\n{text}");
        }
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let mut times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 0.5), Some(Duration::from_millis(50)));
        assert_eq!(percentile(&mut times, 0.99), Some(Duration::from_millis(99)));
        assert_eq!(percentile(&mut [Duration::from_millis(7)], 0.99), Some(Duration::from_millis(7)));
        assert_eq!(percentile(&mut [], 0.5), None);
    }
}
