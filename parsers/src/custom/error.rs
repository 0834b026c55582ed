//! Why a pattern cannot be compiled.

use std::fmt;

/// What is wrong with a pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// What is wrong, in a few words.
    pub what: String,
    /// The column of the pattern, in characters from 1; `None` where it is the pattern as a whole.
    pub column: Option<usize>,
}

impl PatternError {
    pub(super) fn new(what: impl Into<String>, column: Option<usize>) -> Self {
        Self { what: what.into(), column }
    }

    /// What the last step refuses: what is wrong at one place has been found before it.
    pub(super) fn of_regex(error: &regex::Error) -> Self {
        match error {
            regex::Error::CompiledTooBig(_) => Self::new("too large when compiled: use smaller repetitions", None),
            regex::Error::Syntax(text) => Self::new(text.lines().last().unwrap_or_default().trim(), None),
            other => Self::new(other.to_string(), None),
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "pattern: {} at column {column}", self.what),
            None => write!(f, "pattern: {}", self.what),
        }
    }
}

impl std::error::Error for PatternError {}
