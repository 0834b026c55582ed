//! Why the writer refuses: later, never again, or not like this.

use std::io;

/// Why a group was not appended. Nothing of it is acknowledged or will be seen by a follower, except after
/// `Poisoned`, where the next start may find it written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// No room now. The spool is as it was; the same append may work later.
    #[error("the spool is full")]
    Full(#[source] FullCause),
    /// The disk failed in a way that leaves unknown what is on it. The spool refuses everything
    /// from now on: stop the process, the next start recovers.
    #[error(transparent)]
    Poisoned(Poisoned),
    /// The group does not begin at, or go on from, the next id. The program is wrong.
    #[error("a frame begins at id {got} where id {expected} is next")]
    NotNext {
        /// The id that has to come.
        expected: u64,
        /// The id that the frame has.
        got: u64,
    },
    /// A frame has no rows or too large a payload: split the batch.
    #[error("a frame of {rows} rows and {bytes} bytes is not possible")]
    Frame {
        /// Its rows.
        rows: u32,
        /// Its payload's bytes.
        bytes: u64,
    },
}

/// Which limit was reached.
#[derive(Debug, thiserror::Error)]
pub enum FullCause {
    /// `disk_bytes_max`: followers are behind.
    #[error("the segments have reached the spool's size limit")]
    DiskCap,
    /// `disk_free_bytes_min`: the filesystem is nearly full.
    #[error("the filesystem has too little free space")]
    FreeSpace,
    /// The filesystem said that it is full, or would not create a file.
    #[error("write to the open segment")]
    Device(#[source] io::Error),
}

/// Why the open segment was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No room now. The segment stays open and can be appended to; try again later.
    #[error("no room to seal the open segment")]
    Full(#[source] io::Error),
    /// As [`AppendError::Poisoned`]. What was acknowledged is safe.
    #[error(transparent)]
    Poisoned(Poisoned),
}

/// The disk failed where it may not be asked twice.
#[derive(Debug, thiserror::Error)]
#[error("the spool refuses everything since its disk failed to {during}")]
pub struct Poisoned {
    /// What was tried.
    pub during: &'static str,
    /// What the disk said; only the call that failed has it.
    pub source: Option<io::Error>,
}
