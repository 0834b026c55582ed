//! The seven levels of a record, and what syslog severities map to.

use std::fmt;
use std::str::FromStr;

/// How grave a record is. The order is that of gravity, with `Unknown` lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The record's format was not understood, or it states no level.
    #[default]
    Unknown,
    /// Finest detail.
    Trace,
    /// Debugging detail (syslog 7).
    Debug,
    /// Normal operation (syslog 5 and 6).
    Info,
    /// Something looks wrong (syslog 4).
    Warn,
    /// Something failed (syslog 3).
    Error,
    /// The program or the machine cannot go on (syslog 0 to 2).
    Fatal,
}

/// A word that names no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown level \"{0}\": use TRACE, DEBUG, INFO, WARN, ERROR, FATAL or UNKNOWN")]
pub struct UnknownLevel(pub String);

impl Level {
    /// All levels, gravest last.
    pub const ALL: [Self; 7] =
        [Self::Unknown, Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// The name in upper case, as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// The level of a syslog severity (RFC 5424, section 6.2.1): 0 to 2 FATAL, 3 ERROR,
    /// 4 WARN, 5 and 6 INFO, 7 DEBUG; any other number is UNKNOWN.
    #[must_use]
    pub const fn from_severity(severity: u8) -> Self {
        match severity {
            0..=2 => Self::Fatal,
            3 => Self::Error,
            4 => Self::Warn,
            5 | 6 => Self::Info,
            7 => Self::Debug,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Accepts the names of [`Level::as_str`] in any case.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownLevel(word.to_owned()))
    }
}
