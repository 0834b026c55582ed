//! `logseal bench`: drives a running daemon with realistic records and measures it.
//!
//! Everything that is sent is the same in each run with the same seed. Times end when the daemon's own
//! counters say that the records are durable, and when they are stored; CPU time is read when the engine's merges
//! have come to rest, so that their cost is in it.

mod counters;
mod disk;
mod export;
mod generator;
mod http1;
mod ingest;
mod processes;
mod queries;
mod single;
mod syslog;
mod table;
mod templates;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use serde::Deserialize;

use self::generator::Generator;
use self::processes::Processes;
use self::table::Row;
use super::client::Api;
use super::progress::{count, duration};
use super::{Daemon, OutputError};
use crate::printing::remark_line;

/// The arguments of `logseal bench`.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    #[command(flatten)]
    pub(super) daemon: Daemon,
    /// The daemon's syslog listener.
    #[arg(long, value_name = "ADDRESS", default_value = "tcp://127.0.0.1:5514")]
    syslog: String,
    /// The daemon's process, to measure its and its engine's CPU time and memory.
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// What to measure, in this order.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_enum,
        default_values_t = [Scenario::Bulk, Scenario::Queries, Scenario::SyslogTcp, Scenario::Single, Scenario::Queries, Scenario::Export])]
    scenario: Vec<Scenario>,
    /// Records to send over syslog. With those in bulk and one by one they are 5 million by default.
    #[arg(long, value_name = "N", default_value_t = 3_800_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    records: u64,
    /// Records to send in bulk.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    bulk: u64,
    /// Records to post one by one.
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    singles: u64,
    /// Connections that post single records.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// How syslog records are told apart.
    #[arg(long, value_enum, default_value_t = Framing::Octet)]
    framing: Framing,
    /// How often each query runs; the table shows the median.
    #[arg(long, value_name = "N", default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..=1000))]
    runs: u16,
    /// The span of time before now over which the records' own times are spread.
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = duration)]
    span: Duration,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to wait for records to be stored, and for merges to come to rest.
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = duration)]
    deadline: Duration,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// RFC 5424 over one TCP connection.
    SyslogTcp,
    /// NDJSON in large requests.
    Bulk,
    /// One record a request, over many connections.
    Single,
    /// Searches and statistics over what is stored.
    Queries,
    /// All that is stored, as CSV.
    Export,
}

/// The framings of RFC 6587.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Framing {
    /// A count before each record (section 3.4.1).
    Octet,
    /// A line feed behind each record (section 3.4.2).
    Lf,
}

/// What all scenarios work with.
struct Bench {
    args: BenchArgs,
    api: Api,
    now: DateTime<Utc>,
}

/// The parts of a page of records that a measurement needs.
#[derive(Debug, Deserialize)]
struct PageHead {
    total: u64,
    list: Vec<RecordHead>,
}

#[derive(Debug, Deserialize)]
struct RecordHead {
    id: u64,
    timestamp: DateTime<Utc>,
}

/// Runs the command.
///
/// # Errors
/// Where the daemon is not there, refuses records, or does not store them in time.
pub(super) async fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    anyhow::ensure!(args.daemon.url().scheme() == "http", "bench measures without TLS only: name an http:// address");
    // A wrong process id is told before anything is sent.
    Processes::of_daemon(args.pid)?;
    let bench = Bench { api, now: Utc::now(), args };
    let mut rows: Vec<Row> = Vec::new();
    for scenario in bench.args.scenario.clone() {
        let name = scenario.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        remark_line(format_args!("measuring {name} …"));
        let measured = bench.measure(scenario).await.with_context(|| format!("measure {name}"));
        match measured {
            Ok(measured) => rows.extend(measured),
            // What was measured before took its time, and is shown all the same.
            Err(error) if !rows.is_empty() => {
                bench.finish(&rows)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    bench.finish(&rows)?;
    bench.say_disk_use().await?;
    Ok(ExitCode::SUCCESS)
}

impl Bench {
    async fn measure(&self, scenario: Scenario) -> anyhow::Result<Vec<Row>> {
        Ok(match scenario {
            Scenario::SyslogTcp => vec![syslog::measure(self).await?],
            Scenario::Bulk => vec![ingest::measure_bulk(self).await?],
            Scenario::Single => vec![single::measure(self).await?],
            Scenario::Queries => queries::measure(self).await?,
            Scenario::Export => vec![export::measure(self).await?],
        })
    }

    fn finish(&self, rows: &[Row]) -> Result<(), OutputError> {
        use std::io::Write as _;
        let mut out = anstream::stdout();
        out.write_all(table::render(rows).as_bytes()).and_then(|()| out.flush()).map_err(OutputError)
    }

    /// Records whose own times are spread over the span before now.
    fn generator(&self, stream: u64, records: u64) -> Generator {
        let span = TimeDelta::from_std(self.args.span).unwrap_or(TimeDelta::days(1));
        let last = self.now.timestamp_micros();
        let first = last.saturating_sub(span.num_microseconds().unwrap_or(i64::MAX));
        Generator::new(self.args.seed.wrapping_mul(1_000_003).wrapping_add(stream), first, last, records)
    }

    async fn page(&self, parameters: &[(&str, String)]) -> anyhow::Result<PageHead> {
        self.api.get_json("/api/v1/logs", parameters, "").await
    }

    async fn say_disk_use(&self) -> anyhow::Result<()> {
        let Some(folder) = self.args.daemon.data_dir() else { return Ok(()) };
        let records = self.page(&[("size", "1".to_owned())]).await?.total;
        if records == 0 {
            return Err(anyhow!("the store is empty, so what a record takes cannot be told"));
        }
        let used = disk::active_bytes(&folder.join("engine"))?;
        let mut out = anstream::stdout();
        let text =
            format!("on disk: {:.1} bytes a record, {} records stored\n", used as f64 / records as f64, count(records));
        std::io::Write::write_all(&mut out, text.as_bytes()).map_err(OutputError)?;
        Ok(())
    }
}
