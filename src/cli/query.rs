//! `logseal query`: searches, and prints what it finds.

use std::io::{BufWriter, Write as _};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Api;
use super::filter::{When, Which};
use super::record_line::Lines;
use super::{Daemon, OutputError};
use crate::printing::remark_line;

/// The most records of one answer of the API.
const PAGE_MAX: u32 = 1000;

/// The arguments of `logseal query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    pub(super) daemon: Daemon,
    /// Show at most this many records. For more than 100000 use `logseal export`.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Which records, where there are more than the limit; they are always printed newest last.
    #[arg(long, value_enum, default_value_t = Order::Newest)]
    order: Order,
    /// Print the records as JSON, one a line.
    #[arg(long)]
    json: bool,
    /// Print only how many records there are.
    #[arg(long, conflicts_with_all = ["json", "order", "limit"])]
    count: bool,
}

/// Which end of time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    Newest,
    Oldest,
}

/// One answer of the API's list.
#[derive(Debug, Deserialize)]
struct Page {
    /// Asked for with the first page.
    #[serde(default)]
    total: Option<u64>,
    list: Vec<Box<RawValue>>,
    #[serde(default)]
    next_cursor: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Where the daemon is not there or refuses, or the output cannot be written.
pub(super) async fn run(args: QueryArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    let mut parameters = args.which.parameters();
    parameters.extend(args.when.parameters(chrono::Utc::now()));
    if args.count {
        parameters.push(("total", "only".to_owned()));
        let page: Page = api.get_json("/api/v1/logs", &parameters, &args.which.query).await?;
        writeln!(anstream::stdout(), "{}", page.total.unwrap_or_default()).map_err(OutputError)?;
        return Ok(ExitCode::SUCCESS);
    }
    parameters.push(("order", if args.order == Order::Newest { "desc" } else { "asc" }.to_owned()));
    let (mut records, total) = collect(&api, parameters, args.limit, &args.which.query).await?;
    if args.order == Order::Newest {
        records.reverse();
    }
    print(&records, args.json).map_err(OutputError)?;
    let shown = records.len() as u64;
    if shown < total && !args.json {
        remark_line(format_args!("{shown} of {total} records; --limit shows more"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Follows the cursor until there are `limit` records or no more.
async fn collect(
    api: &Api,
    parameters: Vec<(&'static str, String)>,
    limit: u32,
    query: &str,
) -> anyhow::Result<(Vec<Box<RawValue>>, u64)> {
    let mut records: Vec<Box<RawValue>> = Vec::new();
    let mut total = 0;
    let mut cursor: Option<String> = None;
    loop {
        let wanted = limit.saturating_sub(u32::try_from(records.len()).unwrap_or(u32::MAX)).min(PAGE_MAX);
        let mut parameters = parameters.clone();
        parameters.push(("size", wanted.to_string()));
        if let Some(cursor) = cursor.take() {
            parameters.extend([("cursor", cursor), ("total", "false".to_owned())]);
        }
        let page: Page = api.get_json("/api/v1/logs", &parameters, query).await?;
        total = page.total.unwrap_or(total);
        let is_last = page.list.is_empty() || page.next_cursor.is_none();
        records.extend(page.list);
        if is_last || records.len() >= limit as usize {
            records.truncate(limit as usize);
            return Ok((records, total));
        }
        cursor = page.next_cursor;
    }
}

fn print(records: &[Box<RawValue>], as_json: bool) -> std::io::Result<()> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    let mut lines = Lines::new(as_json);
    if !as_json {
        records.iter().for_each(|record| lines.make_room(record.get()));
    }
    for record in records {
        writeln!(out, "{}", lines.line(record.get()))?;
    }
    out.flush()
}
