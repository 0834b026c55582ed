//! The daemon's own log, on standard error.

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::ChronoUtc;

use crate::config::log::{Log, LogFormat};

/// Sets up the process's log.
///
/// # Errors
/// `log.level` is not a level or a list of directives.
pub fn set_up(config: &Log) -> anyhow::Result<()> {
    let filter =
        EnvFilter::builder().parse(&config.level).with_context(|| format!("log.level \"{}\"", config.level))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_timer(ChronoUtc::new("%Y-%m-%dT%H:%M:%S%.3fZ".to_owned()))
        // It would be said on standard error, which is what failed, and end in a panic there.
        .log_internal_errors(false)
        .with_target(false);
    match config.format {
        LogFormat::Human => subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
    Ok(())
}

/// An error with all its causes, in one line, for where it stops travelling.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
