//! `logseal tail`: prints matching records as they arrive.
//!
//! A lost connection is made again, from the last record that was seen, for as long as the command runs.
//! What could not be shown is said in the place where it is missing.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use super::client::{Api, accepted, broken_transfer};
use super::filter::Which;
use super::record_line::Lines;
use super::safe_text::{OneLine, PLAIN, YELLOW};
use super::sse::{Event, Events};
use super::{Daemon, INTERRUPTED, OutputError};
use crate::printing::remark_line;

/// Between two attempts to connect.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// The arguments of `logseal tail`.
#[derive(Debug, Args)]
pub struct TailArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    pub(super) daemon: Daemon,
    /// Print the records as JSON, one a line.
    #[arg(long)]
    json: bool,
}

/// How many records a slow reader missed.
#[derive(Debug, Deserialize)]
struct Gap {
    #[serde(alias = "count", alias = "records")]
    missed: u64,
}

/// Where the tail is.
struct Position {
    last_id: Option<String>,
    /// Whether this connection has given anything: then the next attempt may come soon.
    has_received: bool,
}

/// Runs the command until Ctrl-C, which is an interruption as of any other command.
///
/// # Errors
/// Where the daemon is not there at first, or refuses, or the output cannot be written.
pub(super) async fn run(args: TailArgs) -> anyhow::Result<ExitCode> {
    tokio::select! {
        outcome = follow(&args) => outcome,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

async fn follow(args: &TailArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    let mut lines = Lines::new(args.json);
    let mut position = Position { last_id: None, has_received: false };
    let mut response = connect(&api, args, &position).await.map_err(Refusal::into_error)?;
    loop {
        let ended = read(response, &mut position, &mut lines, args.json).await?;
        remark_line(format_args!("{YELLOW}{}; connecting again{PLAIN}", OneLine(&ended)));
        let mut pause = RETRY_FIRST;
        if !std::mem::take(&mut position.has_received) {
            pause = RETRY_MAX;
        }
        response = loop {
            tokio::time::sleep(pause).await;
            match connect(&api, args, &position).await {
                Ok(response) => break response,
                Err(Refusal::Final(error)) => return Err(error),
                Err(Refusal::Later(_)) => pause = (pause * 2).min(RETRY_MAX),
            }
        };
        remark_line(format_args!("{YELLOW}connected again{PLAIN}"));
    }
}

/// Why a connection was not made.
enum Refusal {
    /// It may be made later.
    Later(anyhow::Error),
    /// The daemon says that it will never be.
    Final(anyhow::Error),
}

impl Refusal {
    fn into_error(self) -> anyhow::Error {
        match self {
            Self::Later(error) | Self::Final(error) => error,
        }
    }
}

async fn connect(api: &Api, args: &TailArgs, position: &Position) -> Result<reqwest::Response, Refusal> {
    let url = api.url("/api/v1/logs/tail", &args.which.parameters());
    let mut request = api.http().get(url).header("Accept", "text/event-stream");
    if let Some(id) = &position.last_id {
        request = request.header("Last-Event-ID", id);
    }
    let response = request.send().await.map_err(|error| Refusal::Later(api.unreachable(error)))?;
    let status = response.status();
    let may_pass = status.is_server_error() || status.as_u16() == 429;
    accepted(response, &args.which.query).await.map_err(if may_pass { Refusal::Later } else { Refusal::Final })
}

/// Prints events until the connection ends; returns why it did.
async fn read(
    mut response: reqwest::Response,
    position: &mut Position,
    lines: &mut Lines,
    as_json: bool,
) -> anyhow::Result<String> {
    let mut parser = Events::default();
    let mut events = Vec::new();
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok("the daemon ended the tail".to_owned()),
            Err(error) => return Ok(broken_transfer(error).to_string()),
        };
        parser.feed(&chunk, &mut events);
        position.has_received |= !events.is_empty();
        print(&events, position, lines, as_json).map_err(OutputError)?;
        events.clear();
        for _ in 0..std::mem::take(&mut parser.dropped) {
            remark_line(format_args!("{YELLOW}a record was too large to show{PLAIN}"));
        }
    }
}

fn print(events: &[Event], position: &mut Position, lines: &mut Lines, as_json: bool) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(anstream::stdout().lock());
    for event in events {
        if event.kind == "gap" {
            // Between the lines where it belongs; beside the records where programs read those.
            let text = gap_text(&event.data);
            if as_json { remark_line(text) } else { writeln!(out, "{text}")? }
        } else {
            writeln!(out, "{}", lines.line(&event.data))?;
        }
        if let Some(id) = &event.id {
            position.last_id = Some(id.clone()).filter(|id| !id.is_empty());
        }
    }
    out.flush()
}

fn gap_text(data: &str) -> String {
    let missed = match serde_json::from_str::<Gap>(data) {
        Ok(gap) => format!("{} records are missing here", gap.missed),
        Err(_) => format!("records are missing here: {}", OneLine(data)),
    };
    format!("{YELLOW}--- {missed}; `logseal query` finds them ---{PLAIN}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_states_its_size() {
        let plain = |data: &str| anstream::adapter::strip_str(&gap_text(data)).to_string();
        assert_eq!(plain(r#"{"missed":12}"#), "--- 12 records are missing here; `logseal query` finds them ---");
        assert_eq!(plain("\x1b"), "--- records are missing here: \\x1b; `logseal query` finds them ---");
    }
}
