//! The way from a source to the spool: one bounded queue, one sequencer, one definition of "acknowledged".
//!
//! A source hands over a [`Batch`]; the [`Receipt`] resolves once its records are written and
//! fdatasynced, or says why they are not. The queue is bounded in bytes, so that a slow disk
//! slows the senders down instead of filling the memory.

mod sequencer;
mod tail;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::record::Batch;

pub use sequencer::{Limits, Poisoned, Sequencer};
pub use tail::{Committed, Tail, TailError, Watcher};

/// Submissions that may wait; their bytes are bounded apart, by the semaphore.
const QUEUE_SUBMISSIONS_MAX: usize = 4096;
/// The queue's room is counted in units of this many bytes.
const ROOM_UNIT_BYTES: usize = 1024;

/// The numbers that a batch's records got, both inclusive; both 0, which is no id, for a batch without records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    pub first: u64,
    pub last: u64,
}

/// What becomes of records that come while the spool is at its disk limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// They are refused at once: the sender can be told and will come again.
    Refuse,
    /// They wait, and with them the sender, until there is room.
    Wait,
}

/// Why records were not made durable. None of them is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The queue stayed full for the whole wait; worth another try soon.
    #[error("the queue before the spool is full")]
    QueueFull,
    /// The spool is at its limit, or its disk is full; worth another try later.
    #[error("the spool is full: records wait for the store, or the disk has no room")]
    SpoolFull,
    /// The daemon is stopping.
    #[error("the daemon is stopping")]
    Stopping,
    /// Writing failed in a way that only a restart can mend.
    #[error("the spool cannot be written")]
    Poisoned,
}

pub(crate) struct Submission {
    batch: Batch,
    when_full: WhenFull,
    receipt: oneshot::Sender<Result<Ids, Rejected>>,
    /// Given back when the records are durable or refused.
    _room: OwnedSemaphorePermit,
}

/// The receiving end of the queue, for the sequencer.
pub struct Queue {
    submissions: mpsc::Receiver<Submission>,
}

/// Resolves when a batch's fate is known.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<Ids, Rejected>>);

impl Receipt {
    /// Waits until the records are durable.
    ///
    /// # Errors
    /// [`Rejected`] says why they are not.
    pub async fn durable(mut self) -> Result<Ids, Rejected> {
        self.answer().await
    }

    /// As [`Receipt::durable`], for who waits for something else too: nothing is lost where the wait is given up. Asked once after its answer.
    ///
    /// # Errors
    /// [`Rejected`] says why they are not.
    pub async fn answer(&mut self) -> Result<Ids, Rejected> {
        (&mut self.0).await.unwrap_or(Err(Rejected::Stopping))
    }
}

/// Where sources submit. Cloning is cheap; the sequencer ends when the last clone is dropped.
#[derive(Clone)]
pub struct Ingest {
    submissions: mpsc::Sender<Submission>,
    room: Arc<Semaphore>,
    room_units: u32,
    wait: Duration,
}

impl Ingest {
    /// A queue for `bytes_max` of records; those who do not wait for ever wait `wait` for room.
    #[must_use]
    pub fn new(bytes_max: usize, wait: Duration) -> (Self, Queue) {
        let (sender, receiver) = mpsc::channel(QUEUE_SUBMISSIONS_MAX);
        let room_units =
            u32::try_from((bytes_max / ROOM_UNIT_BYTES).max(1)).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS as u32);
        let ingest =
            Self { submissions: sender, room: Arc::new(Semaphore::new(room_units as usize)), room_units, wait };
        (ingest, Queue { submissions: receiver })
    }

    /// Queues `batch`; returns once there is room for it.
    ///
    /// # Errors
    /// [`Rejected::QueueFull`] where `when_full` is [`WhenFull::Refuse`] and there was no room in time;
    /// [`Rejected::Stopping`] once the sequencer has ended.
    pub async fn enqueue(&self, batch: Batch, when_full: WhenFull) -> Result<Receipt, Rejected> {
        let room = Arc::clone(&self.room).acquire_many_owned(self.units(&batch));
        let room = match when_full {
            WhenFull::Wait => room.await,
            WhenFull::Refuse => tokio::time::timeout(self.wait, room).await.map_err(|_| Rejected::QueueFull)?,
        };
        let (submission, receipt) = submission(batch, when_full, room.map_err(|_| Rejected::Stopping)?);
        self.submissions.send(submission).await.map_err(|_| Rejected::Stopping)?;
        Ok(receipt)
    }

    /// Queues `batch` if there is room for it right now; for senders that cannot be made to wait.
    ///
    /// # Errors
    /// [`Rejected::QueueFull`] or [`Rejected::Stopping`].
    pub fn try_enqueue(&self, batch: Batch) -> Result<Receipt, Rejected> {
        let room =
            Arc::clone(&self.room).try_acquire_many_owned(self.units(&batch)).map_err(|_| Rejected::QueueFull)?;
        let (submission, receipt) = submission(batch, WhenFull::Refuse, room);
        self.submissions.try_send(submission).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Rejected::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Rejected::Stopping,
        })?;
        Ok(receipt)
    }

    /// How much of the queue `batch` takes; one larger than the whole takes all of it.
    fn units(&self, batch: &Batch) -> u32 {
        u32::try_from(batch.bytes() / ROOM_UNIT_BYTES + 1).unwrap_or(u32::MAX).min(self.room_units)
    }

    /// Queues `batch` and waits until it is durable.
    ///
    /// # Errors
    /// [`Rejected`] says why it is not.
    pub async fn submit(&self, batch: Batch, when_full: WhenFull) -> Result<Ids, Rejected> {
        self.enqueue(batch, when_full).await?.durable().await
    }
}

fn submission(batch: Batch, when_full: WhenFull, room: OwnedSemaphorePermit) -> (Submission, Receipt) {
    let (receipt, receiver) = oneshot::channel();
    (Submission { batch, when_full, receipt, _room: room }, Receipt(receiver))
}
