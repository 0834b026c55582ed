//! `logseal rules`: alert rules, tried on the past and listed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::{Args, Subcommand};
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::Value;

use super::client::{Api, accepted, read_whole};
use super::safe_text;
use super::since::{Moment, moment};
use super::{Daemon, OutputError};

/// A rule or a report is not larger.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// The daemon takes no larger one.
const RULE_BYTES_MAX: u64 = 4 << 20;

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Shows the rules.
    List(ListArgs),
    /// Takes Sigma rules as they are, from files and folders (*.yml, *.yaml), and sums up what became of them.
    Import(ImportArgs),
    /// Tells what a rule would have raised among the stored records. Nothing is raised, and the rule is not kept.
    Backtest(BacktestArgs),
}

/// The arguments of `logseal rules list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub(super) daemon: Daemon,
    /// Print them as JSON, one a line.
    #[arg(long)]
    json: bool,
}

/// The arguments of `logseal rules backtest`.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// A rule as a JSON file, or the code of one that the daemon has.
    #[arg(value_name = "FILE|CODE")]
    rule: String,
    /// The first moment: 7d (ago), 2026-11-20, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "30d")]
    from: Moment,
    /// The first moment that is too late.
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "now")]
    to: Moment,
    #[command(flatten)]
    pub(super) daemon: Daemon,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// The arguments of `logseal rules import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Files, and folders that are walked.
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Keep nothing, only tell what would be.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not evaluate new rules yet.
    #[arg(long)]
    pub(super) disabled: bool,
    #[command(flatten)]
    pub(super) daemon: Daemon,
    /// Print what became of each file as JSON, one a line.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Deserialize)]
struct Page {
    total: u64,
    list: Vec<Value>,
}

#[derive(Deserialize)]
struct Report {
    raised: u64,
    by_day: std::collections::BTreeMap<String, u64>,
    alerts: Vec<Fired>,
    records: u64,
    late: u64,
    evicted: u64,
    milliseconds: u64,
}

#[derive(Deserialize)]
struct Fired {
    triggered_at: String,
    log_count: u64,
    description: String,
}

impl RulesCommand {
    pub(super) fn daemon(&mut self) -> &mut Daemon {
        match self {
            Self::List(args) => &mut args.daemon,
            Self::Import(args) => &mut args.daemon,
            Self::Backtest(args) => &mut args.daemon,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Where the daemon is not there or refuses, the file cannot be read, or the output cannot be written.
pub(super) async fn run(command: RulesCommand) -> anyhow::Result<ExitCode> {
    match command {
        RulesCommand::List(args) => list(&args).await,
        RulesCommand::Import(args) => super::rules_import::run(&args).await,
        RulesCommand::Backtest(args) => backtest(&args).await,
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    let mut out = anstream::stdout().lock();
    let mut shown = 0;
    for page in 1.. {
        let parameters = [("page", page.to_string()), ("size", "1000".to_owned())];
        let answer: Page = api.get_json("/api/v1/rules", &parameters, "").await?;
        shown += answer.list.len() as u64;
        for rule in &answer.list {
            let text = |field: &str| safe_text::sentence(rule[field].as_str().unwrap_or_default());
            if args.json {
                writeln!(out, "{rule}").map_err(OutputError)?;
            } else {
                let state = if rule["enabled"] == true { "on" } else { "off" };
                let (code, kind, severity, name) = (text("code"), text("kind"), text("severity"), text("name"));
                writeln!(out, "{state:3} {severity:8} {kind:10} {code:32} {name}").map_err(OutputError)?;
            }
        }
        if answer.list.is_empty() || shown >= answer.total {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn backtest(args: &BacktestArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    let now = Utc::now();
    let span = [("start_time", args.from.rfc3339(now)), ("end_time", args.to.rfc3339(now))];
    let (path, body) = match rule_file(&args.rule)? {
        Some(rule) => ("/api/v1/rules/backtest".to_owned(), rule),
        None => (format!("/api/v1/rules/{}/backtest", args.rule), Vec::new()),
    };
    let request = api.http().post(api.url(&path, &span)).header(CONTENT_TYPE, "application/json").body(body);
    let response = request.send().await.map_err(|error| api.unreachable(error))?;
    let answer = read_whole(accepted(response, "").await?, ANSWER_BYTES_MAX).await?;
    let mut out = anstream::stdout().lock();
    if args.json {
        out.write_all(&answer).and_then(|()| writeln!(out)).map_err(OutputError)?;
        return Ok(ExitCode::SUCCESS);
    }
    let report: Report = serde_json::from_slice(&answer).context("understand the daemon's report")?;
    print(&report, &mut out).map_err(OutputError)?;
    Ok(ExitCode::SUCCESS)
}

/// The text of the rule, where `name` is a file's.
fn rule_file(name: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let path = Path::new(name);
    let is_path = path.components().count() > 1 || path.extension().is_some_and(|ending| ending == "json");
    if !is_path && !path.exists() {
        return Ok(None);
    }
    let path = PathBuf::from(name);
    let bytes = std::fs::metadata(&path).with_context(|| format!("read the rule {name}"))?.len();
    if bytes > RULE_BYTES_MAX {
        bail!("{name} has {bytes} bytes; a rule has at most {RULE_BYTES_MAX}");
    }
    std::fs::read(&path).with_context(|| format!("read the rule {name}")).map(Some)
}

fn print(report: &Report, out: &mut impl std::io::Write) -> std::io::Result<()> {
    for (day, count) in &report.by_day {
        writeln!(out, "{day}  {count}")?;
    }
    for fired in &report.alerts {
        let text = safe_text::sentence(&fired.description);
        writeln!(out, "{}  {text} ({} records)", safe_text::sentence(&fired.triggered_at), fired.log_count)?;
    }
    let shown = report.alerts.len() as u64;
    if shown < report.raised {
        writeln!(out, "… and {} more", report.raised - shown)?;
    }
    let seconds = report.milliseconds as f64 / 1000.0;
    writeln!(out, "{} alerts from {} records in {seconds:.1} s", report.raised, report.records)?;
    if report.late > 0 {
        writeln!(out, "{} records came too late to count in windows", report.late)?;
    }
    if report.evicted > 0 {
        writeln!(out, "{} groups were forgotten for want of room", report.evicted)?;
    }
    Ok(())
}
