//! The keys of `[log]` and `[operation_log]`.

use serde::{Deserialize, Serialize};

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
