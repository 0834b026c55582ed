//! The command line: every command, and those that work without being the daemon.
//!
//! `serve` (the default), `check-config` and `engine` are declared here and run by `main.rs`; the
//! others ([`ClientCommand`]) read files or speak to a running daemon over its HTTP API.
//!
//! Exit codes: 0 the command did all that it was asked to; 1 it failed, and said why on standard error;
//! 2 the command line is wrong; 130 it was interrupted, and said what is done and what is not.

pub mod accounts;
mod api_error;
mod bench;
mod client;
mod export;
mod filter;
mod import;
mod input;
mod lines;
mod output_file;
mod parse;
mod pieces;
mod progress;
mod query;
mod record_line;
mod rule_files;
mod rules;
mod rules_import;
mod safe_text;
mod since;
mod sse;
mod tail;
mod token;
mod trust;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use logseal_parsers::Formats;

use crate::config::api::Api as ApiConfig;
use crate::printing::{OutputError, has_no_reader, remark_line};

/// Where the daemon listens that is not configured.
const URL: &str = "http://127.0.0.1:8080";
/// The exit code of a command that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Takes logs in, makes them durable, finds them again.
#[derive(Debug, Parser)]
#[command(
    name = "logseal",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."
)]
pub struct Cli {
    /// The configuration file of the daemon.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

impl Cli {
    /// What is asked for: `serve` where nothing is named.
    #[must_use]
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Serve)
    }
}

/// One command with its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the daemon (the default).
    Serve,
    /// Reads the configuration, says what is wrong with it, and ends.
    CheckConfig,
    /// Manages the embedded ClickHouse engine.
    #[command(subcommand)]
    Engine(EngineCommand),
    /// Makes, lists and disables users, in the metadata database itself.
    #[command(subcommand)]
    User(accounts::UserCommand),
    /// Makes, lists and revokes API tokens, in the metadata database itself.
    #[command(subcommand)]
    Token(accounts::TokenCommand),
    #[command(flatten)]
    Client(Box<ClientCommand>),
}

/// What can be done with the embedded engine.
#[derive(Debug, Subcommand)]
pub enum EngineCommand {
    /// Fetches the engine's library into the cache and checks it.
    Install {
        /// Takes the package from this file instead of fetching it.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Offers the engine as ClickHouse's HTTP interface, for other tools.
    Serve {
        /// Where to listen.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8123")]
        listen: SocketAddr,
    },
    /// The child process of the daemon; not for people.
    #[command(hide = true)]
    Run {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        arguments: Vec<OsString>,
    },
}

/// A command that needs nothing of the daemon but, at most, its address.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Prints the record that each line becomes, without a daemon.
    Parse(parse::ParseArgs),
    /// Searches, and prints what it finds, newest last.
    Query(query::QueryArgs),
    /// Prints matching records as they arrive, until Ctrl-C.
    Tail(tail::TailArgs),
    /// Writes all matching records as CSV or NDJSON.
    Export(export::ExportArgs),
    /// Sends files through the running daemon.
    Import(import::ImportArgs),
    /// Lists alert rules and tries them on the past.
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Measures a running daemon.
    Bench(bench::BenchArgs),
}

/// Where the daemon is.
#[derive(Clone, Args)]
pub struct Daemon {
    /// The address of the daemon's API [default: where --config has it listen, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", value_parser = client::base_url)]
    url: Option<reqwest::Url>,
    /// Where the daemon of the same configuration listens, on this machine.
    #[arg(skip)]
    configured: Option<reqwest::Url>,
    /// The file of the certificate that it shows.
    #[arg(skip)]
    certificate: Option<PathBuf>,
    /// With https://: whose certificates are trusted, a PEM file [default: the certificate in --config; with --url the public authorities]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// A file with the token to send; else LOGSEAL_TOKEN, else cli.token in the data folder.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// For scripts. Not as an argument: those stand in the list of processes.
    #[arg(env = "LOGSEAL_TOKEN", hide = true, hide_env_values = true, long = "token-from-environment")]
    token: Option<String>,
    /// The daemon's data folder, for its token (and for what `bench` measures on disk) [default: that of --config, else data].
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl Daemon {
    fn url(&self) -> reqwest::Url {
        let known = self.url.as_ref().or(self.configured.as_ref()).cloned();
        known.unwrap_or_else(|| URL.parse().expect("it is an address"))
    }

    /// Whether no address was named but that of the configuration, which is this machine's own whatever it is.
    fn is_configured(&self) -> bool {
        self.url.is_none() && self.configured.is_some()
    }

    fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }
}

impl std::fmt::Debug for Daemon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Daemon").field("url", &self.url().as_str()).finish_non_exhaustive()
    }
}

impl ClientCommand {
    /// The same command, which asks at `api`'s address and looks into `data_dir` where it was told of no other address and data folder.
    #[must_use]
    pub fn or_daemon(mut self, api: &ApiConfig, data_dir: PathBuf) -> Self {
        if let Some(daemon) = self.daemon() {
            daemon.configured = api.local_url().parse().ok();
            daemon.certificate = api.tls.as_ref().map(|tls| tls.certificate.clone());
            daemon.data_dir.get_or_insert(data_dir);
        }
        self
    }

    /// The same command, which knows these formats too.
    #[must_use]
    pub fn with_formats(mut self, formats: Formats) -> Self {
        if let Self::Parse(args) = &mut self {
            args.formats = formats;
        }
        self
    }

    fn daemon(&mut self) -> Option<&mut Daemon> {
        match self {
            Self::Parse(_) => None,
            Self::Query(args) => Some(&mut args.daemon),
            Self::Tail(args) => Some(&mut args.daemon),
            Self::Export(args) => Some(&mut args.daemon),
            Self::Import(args) => Some(&mut args.daemon),
            Self::Rules(command) => Some(command.daemon()),
            Self::Bench(args) => Some(&mut args.daemon),
        }
    }

    /// Runs the command to its end; what went wrong is said on standard error.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let outcome = match self {
            Self::Parse(args) => parse::run(&args),
            Self::Query(args) => block_on(query::run(args)),
            Self::Tail(args) => block_on(tail::run(args)),
            Self::Export(args) => block_on(export::run(args)),
            Self::Import(args) => block_on(import::run(args)),
            Self::Rules(command) => block_on(rules::run(command)),
            Self::Bench(args) => block_on(bench::run(args)),
        };
        outcome.unwrap_or_else(|error| report(&error))
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the asynchronous runtime")?;
    let outcome = runtime.block_on(work);
    // A thread that waits for standard input must not keep an ended command alive.
    runtime.shutdown_background();
    outcome
}

/// Says on standard error why a command failed, and gives its exit code. A reader that has seen enough is no failure.
#[must_use]
pub fn report(error: &anyhow::Error) -> ExitCode {
    if has_no_reader(error) {
        return ExitCode::SUCCESS;
    }
    let text = safe_text::sentence(&format!("{error:#}"));
    remark_line(format_args!("{}logseal:{} {text}", safe_text::RED, safe_text::PLAIN));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_commands_is_sound() {
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_daemon_is_meant() {
        let cli = Cli::parse_from(["logseal", "--config", "a.toml"]);
        assert_eq!(cli.config, Some(PathBuf::from("a.toml")));
        assert!(matches!(cli.command(), Command::Serve));
    }
}
