//! Why somebody was not told, as a decision for the caller: give up, or try again.

use std::time::Duration;

/// Neither of them shows a secret of the channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The same message would be refused again: somebody has to change the channel.
    #[error("{0}")]
    Refused(String),
    /// Another time it may work, and not before `after` where the receiver said so.
    #[error("{text}")]
    Later { text: String, after: Option<Duration> },
}

impl SendError {
    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    pub(super) fn later(text: impl Into<String>) -> Self {
        Self::Later { text: text.into(), after: None }
    }
}
