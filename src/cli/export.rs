//! `logseal export`: all matching records as a stream, whole or visibly broken.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::client::{Api, broken_transfer};
use super::filter::{When, Which};
use super::output_file::OutputFile;
use super::progress::{Progress, bytes, count};
use super::safe_text::TerminalWriter;
use super::{Daemon, INTERRUPTED, OutputError};
use crate::printing::remark_line;

/// The arguments of `logseal export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    pub(super) daemon: Daemon,
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    format: ExportFormat,
    /// The columns of the CSV.
    #[arg(long, value_name = "NAME,…")]
    columns: Option<String>,
    /// Leave cells as they are that a spreadsheet would run as a formula.
    #[arg(long)]
    raw: bool,
    /// Where to write; `-` is standard output. A pipe or a device is written directly, a file appears when it is whole.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// How the records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    Csv,
    Ndjson,
}

impl ExportFormat {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Where the daemon is not there, refuses, or breaks off; where the file cannot be written.
pub(super) async fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    let mut parameters = args.which.parameters();
    parameters.extend(args.when.parameters(chrono::Utc::now()));
    parameters.push(("format", args.format.as_str().to_owned()));
    parameters.extend(args.columns.as_ref().map(|columns| ("columns", columns.clone())));
    if args.raw {
        parameters.push(("raw", "true".to_owned()));
    }
    let response = api.open("/api/v1/logs/export", &parameters, &args.which.query).await?;
    let promised = promised_rows(&response);
    let mut rows = RowCounter::new(args.format);
    // By its other name it could be a file that a shell appends to.
    if args.output.as_os_str() == "-" || args.output == Path::new("/dev/stdout") {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let mut out: Box<dyn Write> =
            if is_terminal { Box::new(TerminalWriter::new(stdout)) } else { Box::new(BufWriter::new(stdout)) };
        let code = transfer(response, &mut out, &mut rows, false).await?;
        if code == ExitCode::SUCCESS {
            check_rows(&rows, promised)?;
        }
        return Ok(code);
    }
    let mut out = OutputFile::create(&args.output)?;
    let partial = out.partial().map(Path::to_owned);
    let outcome = transfer(response, &mut out, &mut rows, true).await;
    let kept = || {
        let place = partial.as_deref().unwrap_or(&args.output).display();
        format!("the export is not complete; {place} holds the first {} records", count(rows.rows()))
    };
    match outcome {
        Ok(code) if code == ExitCode::SUCCESS => {}
        Ok(code) => {
            remark_line(format_args!("logseal: {}", kept()));
            return Ok(code);
        }
        // A pipe or a device keeps nothing that could be counted here.
        Err(error) if partial.is_none() => return Err(error),
        Err(error) => return Err(error.context(kept())),
    }
    check_rows(&rows, promised).with_context(kept)?;
    out.publish().with_context(kept)?;
    let noun = if rows.rows() == 1 { "record" } else { "records" };
    remark_line(format_args!("{} {noun} in {}", count(rows.rows()), args.output.display()));
    Ok(ExitCode::SUCCESS)
}

/// How many records the daemon says that there will be.
fn promised_rows(response: &reqwest::Response) -> Option<u64> {
    response.headers().get("x-logseal-rows")?.to_str().ok()?.parse().ok()
}

/// # Errors
/// Where fewer or more records came than were promised.
fn check_rows(rows: &RowCounter, promised: Option<u64>) -> anyhow::Result<()> {
    if let Some(promised) = promised.filter(|promised| *promised != rows.rows()) {
        bail!("the daemon promised {promised} records and sent {}", rows.rows());
    }
    Ok(())
}

/// Copies the body of `response` until its end; Ctrl-C ends it before.
async fn transfer(
    mut response: reqwest::Response,
    out: &mut dyn Write,
    rows: &mut RowCounter,
    has_progress: bool,
) -> anyhow::Result<ExitCode> {
    let progress = Progress::new(None);
    let mut received = 0_u64;
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    let outcome = loop {
        // Both are cancel-safe: reading a chunk is given up only when nothing more is wanted.
        let chunk = tokio::select! {
            chunk = response.chunk() => chunk,
            _ = &mut interrupt => break Ok(ExitCode::from(INTERRUPTED)),
        };
        let chunk = match chunk {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break Ok(ExitCode::SUCCESS),
            Err(error) => break Err(broken_transfer(error)),
        };
        out.write_all(&chunk).map_err(OutputError)?;
        rows.feed(&chunk);
        received += chunk.len() as u64;
        if has_progress {
            let rows = rows.rows();
            progress.update(received, |seconds| {
                format!(
                    "{} records, {}, {} records/s",
                    count(rows),
                    bytes(received),
                    count((rows as f64 / seconds) as u64)
                )
            });
        }
    };
    progress.clear();
    out.flush().map_err(OutputError)?;
    outcome
}

/// Counts the records of an export as it passes by.
#[derive(Debug)]
pub(super) struct RowCounter {
    format: ExportFormat,
    in_quotes: bool,
    line_ends: u64,
}

impl RowCounter {
    pub(super) fn new(format: ExportFormat) -> Self {
        Self { format, in_quotes: false, line_ends: 0 }
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        if self.format == ExportFormat::Ndjson {
            self.line_ends += memchr::memchr_iter(b'\n', chunk).count() as u64;
            return;
        }
        for at in memchr::memchr2_iter(b'"', b'\n', chunk) {
            // An escaped quote is two quotes, which change nothing together.
            if chunk.get(at) == Some(&b'"') {
                self.in_quotes = !self.in_quotes;
            } else if !self.in_quotes {
                self.line_ends += 1;
            }
        }
    }

    /// Whole records so far; the header of a CSV is none.
    pub(super) fn rows(&self) -> u64 {
        match self.format {
            ExportFormat::Csv => self.line_ends.saturating_sub(1),
            ExportFormat::Ndjson => self.line_ends,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_and_not_lines() {
        let csv = b"a,b\r\n1,\"two\nlines \"\"q\"\"\n\"\r\n2,x\r\n";
        for size in 1..csv.len() {
            let mut rows = RowCounter::new(ExportFormat::Csv);
            csv.chunks(size).for_each(|chunk| rows.feed(chunk));
            assert_eq!(rows.rows(), 2, "in pieces of {size}");
        }
        assert_eq!(RowCounter::new(ExportFormat::Csv).rows(), 0);
    }
}
