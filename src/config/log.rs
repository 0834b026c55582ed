//! The keys of `[log]` and `[operation_log]`.

use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// The daemon's own log, on standard error.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `info`, or directives such as `info,logseal::sources=debug`.
    pub level: String,
    pub format: LogFormat,
}

/// How a line of the daemon's own log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Human,
    Json,
}

/// The log of what people and programs did.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperationLog {
    /// Whether each entry also becomes a log record of source `logseal.audit`.
    pub publish: bool,
}

impl Default for OperationLog {
    fn default() -> Self {
        Self { publish: true }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Human }
    }
}

impl Log {
    /// # Errors
    /// The key that is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let level = &self.level;
        // A bare word that is none of the levels would be taken for the name of a target, of which alone is then logged.
        let is_wrong = |word: &&str| !word.is_empty() && !word.contains('=') && word.parse::<LevelFilter>().is_err();
        if let Some(word) = level.split(',').find(is_wrong) {
            let detail = format!(
                "\"{word}\" is no level: write off, error, warn, info, debug or trace, or directives such as info,logseal::sources=debug"
            );
            return Err(("log.level", detail));
        }
        EnvFilter::builder().parse(level).map(drop).map_err(|error| ("log.level", format!("\"{level}\": {error}")))
    }
}
