//! The searches and statistics that people wait for, each as the median of some runs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{SecondsFormat, TimeDelta};

use super::generator::{address, user_name};
use super::table::{Row, percentile};
use super::templates::{COMMON_PART, COMMON_WORD, RARE_WORD};
use super::{Bench, Processes};
use crate::cli::progress::count;

/// The size of the pages that are fetched.
const PAGE: &str = "50";

/// One request.
struct Request {
    name: String,
    path: String,
    parameters: Vec<(&'static str, String)>,
}

/// Measures each request over all that is stored.
///
/// # Errors
/// Where nothing is stored, or a request fails.
pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let processes = Processes::of_daemon(bench.args.pid)?;
    processes.rest(Instant::now() + bench.args.deadline).await;
    processes.reset_peaks();
    let (requests, total) = requests(bench).await?;
    let mut rows = Vec::new();
    for request in requests {
        let mut times = Vec::new();
        let mut answer_bytes = 0;
        // The first run, which reads from disk what the others find in memory, is not counted.
        for run in 0..=bench.args.runs {
            let started = Instant::now();
            let body = bench
                .api
                .get_bytes(&request.path, &request.parameters, "")
                .await
                .with_context(|| request.name.clone())?;
            let time: Duration = started.elapsed();
            answer_bytes = body.len();
            if run > 0 {
                times.push(time);
            }
        }
        rows.push(Row {
            name: request.name,
            p50: percentile(&mut times, 0.5),
            p99: percentile(&mut times, 0.99),
            peak: processes.peak(),
            remark: format!("of {} records; {answer_bytes} B", count(total)),
            ..Row::default()
        });
    }
    Ok(rows)
}

/// All requests, about what is stored; and how many records that are.
async fn requests(bench: &Bench) -> anyhow::Result<(Vec<Request>, u64)> {
    let end_of = |order: &str| [("size", "1".to_owned()), ("order", order.to_owned())];
    let newest = bench.page(&end_of("desc")).await?;
    let oldest = bench.page(&end_of("asc")).await?;
    let (Some(last), Some(first)) = (newest.list.first(), oldest.list.first()) else {
        bail!("the store is empty: run the scenarios that fill it first");
    };
    let rfc3339 = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let middle = first.timestamp + (last.timestamp - first.timestamp) / 2;
    let six_hours =
        [("start_time", rfc3339(middle - TimeDelta::hours(3))), ("end_time", rfc3339(middle + TimeDelta::hours(3)))];
    // A week at most, so that the number of columns is that of a screen.
    let chart_begin = first.timestamp.max(last.timestamp - TimeDelta::days(7));
    let pages = [
        ("newest page", vec![]),
        ("6 h page", six_hours.to_vec()),
        ("rare token", vec![("q", RARE_WORD.to_owned())]),
        ("substring page", vec![("keyword", COMMON_PART.to_owned())]),
        ("by ip", vec![("ip", address(1_000))]),
        ("by user", vec![("user_name", user_name(500))]),
    ];
    let logs = |name, parameters| Request { name, path: "/api/v1/logs".to_owned(), parameters };
    let number_of =
        |name: &str, word: &str| logs(name.to_owned(), vec![("q", word.to_owned()), ("total", "only".to_owned())]);
    let mut requests = vec![number_of("keyword count", COMMON_WORD), number_of("rare token count", RARE_WORD)];
    for (name, mut parameters) in pages {
        parameters.push(("size", PAGE.to_owned()));
        let with_total = logs(format!("{name}, total"), parameters.clone());
        parameters.push(("total", "false".to_owned()));
        requests.extend([logs(name.to_owned(), parameters), with_total]);
    }
    let by_id = format!("/api/v1/logs/{}", last.id / 2 + first.id / 2);
    requests.extend([
        Request { name: "by level".to_owned(), path: "/api/v1/stats/logs-by-level".to_owned(), parameters: Vec::new() },
        Request {
            name: "per hour".to_owned(),
            path: "/api/v1/stats/logs-by-time".to_owned(),
            parameters: vec![
                ("bucket", "hour".to_owned()),
                ("start_time", rfc3339(chart_begin)),
                ("end_time", rfc3339(last.timestamp)),
            ],
        },
        Request { name: "by id".to_owned(), path: by_id, parameters: Vec::new() },
    ]);
    Ok((requests, newest.total))
}
