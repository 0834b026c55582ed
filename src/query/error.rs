//! Why a query text was refused, and where.

/// A fault in a query text. Shown to the person who wrote it, so it says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct QueryError {
    /// Where the fault is: the first character is column 1. Counts characters, not bytes.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl QueryError {
    pub(super) fn at(offset: usize, message: impl Into<String>) -> Self {
        Self { column: offset.saturating_add(1), message: message.into() }
    }
}
