//! What can go wrong with objects, by what the caller may do about it.

use std::path::PathBuf;

use super::key::Key;

/// A cause, told by the file system or by the other side.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the place for objects cannot be used; nothing but another configuration helps.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{doing} {path}, which uploaded files are kept in")]
    Folder { doing: &'static str, path: PathBuf, source: std::io::Error },
    #[error("storage.ca: use the certificates of {path}")]
    Authorities { path: PathBuf, source: Cause },
    #[error("storage: set up the way to {url}")]
    S3 { url: String, source: Cause },
}

/// Why an object could not be read, written or removed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not exist, or no longer.
    #[error("there is no object {key}")]
    NotFound { key: Key },
    /// There is no room on this machine; there may be later.
    #[error("{doing} the object {key}: no room is left on the disk")]
    Full { doing: &'static str, key: Key, source: std::io::Error },
    /// The storage does not let us: keys and rights are to be looked at.
    #[error("{doing} the object {key}: the storage refuses it")]
    Refused { doing: &'static str, key: Key, source: Cause },
    /// The storage is away or fails; it was tried several times, and may work later.
    #[error("{doing} the object {key}")]
    Failed { doing: &'static str, key: Key, source: Cause },
    /// Its content ended early, and would be wrong to use.
    #[error("the object {key} has {expected} bytes, and {found} came")]
    Incomplete { key: Key, expected: u64, found: u64 },
}

/// Why an object was not written. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum PutError<E> {
    /// The body has more bytes than it may.
    #[error("it has more than {bytes_max} bytes")]
    TooLarge { bytes_max: u64 },
    /// The body failed.
    #[error("the body ended early")]
    Body(#[source] E),
    /// There is no room on this machine; there may be later.
    #[error("no room is left on the disk")]
    Full(#[source] std::io::Error),
    /// The storage failed.
    #[error(transparent)]
    Store(StoreError),
}

impl<E> From<StoreError> for PutError<E> {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { source, .. } => Self::Full(source),
            other => Self::Store(other),
        }
    }
}

impl StoreError {
    /// Whether the same may work later though nobody does anything about it: no connection, no answer in time, 5xx, 429, or an answer that broke off.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Failed { .. } | Self::Incomplete { .. } => true,
            // Room is made by people, and a file that is larger than the disk never fits.
            Self::NotFound { .. } | Self::Full { .. } | Self::Refused { .. } => false,
        }
    }

    /// What the file system answered while `doing` something with the object.
    pub(super) fn disk(doing: &'static str, key: &Key, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, NotFound, PermissionDenied, QuotaExceeded, StorageFull};
        let key = key.clone();
        match source.kind() {
            NotFound => Self::NotFound { key },
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full { doing, key, source },
            PermissionDenied => Self::Refused { doing, key, source: source.into() },
            _ => Self::Failed { doing, key, source: source.into() },
        }
    }

    /// What S3 answered while `doing` something with the object.
    pub(super) fn s3(doing: &'static str, key: &Key, error: &object_store::Error) -> Self {
        use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
        let key = key.clone();
        // As a text: it holds its causes already, and its `source` would say them again.
        let source = Cause::from(error.to_string());
        match error {
            PermissionDenied { .. } | Unauthenticated { .. } => Self::Refused { doing, key, source },
            NotFound { .. } => Self::NotFound { key },
            _ => Self::Failed { doing, key, source },
        }
    }
}
