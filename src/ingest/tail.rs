//! The live tail: durable blocks, handed to whoever watches, lossy by design.

use bytes::Bytes;
use tokio::sync::broadcast;

/// Blocks that a slow reader may lag behind before it misses some.
const TAIL_BLOCKS_MAX: usize = 256;

/// A block of records that has just become durable.
#[derive(Clone, Debug)]
pub struct Committed {
    /// The first record's id.
    pub first_id: u64,
    /// The number of records.
    pub rows: u64,
    /// As [`crate::record::block::decode`] reads it.
    pub block: Bytes,
}

/// Why a watcher got no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailError {
    /// It was too slow, and went on with the oldest block that is still held.
    #[error("blocks were missed")]
    Missed,
    /// The daemon is stopping.
    #[error("no more blocks will come")]
    Ended,
}

/// Where durable blocks are announced and watched.
#[derive(Clone, Debug)]
pub struct Tail(broadcast::Sender<Committed>);

impl Tail {
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(TAIL_BLOCKS_MAX))
    }

    /// Whether anyone watches: if not, a block need not be copied.
    pub(super) fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(super) fn announce(&self, committed: Committed) {
        // No receiver is no fault: the last watcher may have just left.
        drop(self.0.send(committed));
    }

    /// Watches from now on.
    #[must_use]
    pub fn watch(&self) -> Watcher {
        Watcher(self.0.subscribe())
    }
}

impl Default for Tail {
    fn default() -> Self {
        Self::new()
    }
}

/// One reader of the live tail.
#[derive(Debug)]
pub struct Watcher(broadcast::Receiver<Committed>);

impl Watcher {
    /// The next block. Cancel-safe.
    ///
    /// # Errors
    /// [`TailError::Missed`] where the reader was too slow; the next call goes on.
    pub async fn next(&mut self) -> Result<Committed, TailError> {
        self.0.recv().await.map_err(|error| match error {
            broadcast::error::RecvError::Lagged(_) => TailError::Missed,
            broadcast::error::RecvError::Closed => TailError::Ended,
        })
    }
}
