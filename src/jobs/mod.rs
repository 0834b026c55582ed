//! Uploads as jobs: a file that is kept as an object is read into records, each of them once.
//!
//! ```text
//! object ─ archive::walk ─ FileReader ─ Batch ─► ingest ─► durable ─► checkpoint in `meta`
//! └──────── a thread of its own ──────┘ (read)   └──────── a task (run) ────────┘
//! ```
//!
//! **Exactly once.** Each record carries where it comes from: its origin is `upload:JOB`, and the attributes `upload.file`,
//! `upload.line` and `upload.part` (where a line holds several) name its place. A job's checkpoint, written after its records are
//! durable, is the place of the last one. What became durable behind the checkpoint before a crash is still in the spool, for the
//! uploads have a follower there that passes a segment only once all checkpoints in it are written (`holdback`, `follow`). At the
//! next start this follower reads what it has not passed, and raises the checkpoints to what it finds; only then jobs go on.
//! A file is read again from its front, the same way, and what is stored already is left out.
//!
//! **Fair.** Few jobs are read at once, each on a thread of low priority with few batches under way; they take turns with the next
//! that are open, so that a small file does not wait for the end of large ones. And reading waits while much waits for the store, so
//! that live senders never meet a spool that uploads have filled.

mod analyse;
mod entry;
mod follow;
mod holdback;
mod place;
mod read;
mod run;
mod scheduler;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use logseal_parsers::Formats;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::config::uploads::{Analysers, Uploads};
use crate::ingest::Ingest;
use crate::meta::{JobId, Meta};
use crate::metrics::Metrics;
use crate::objects::{Key, Objects};
use crate::spool::ledger::Monitor;

pub use analyse::{AnalyserClient, tell};
pub use follow::{Follow, Reconciled};
pub use holdback::Holdback;
pub use read::archive_limits;
pub use scheduler::schedule;

/// The name of the uploads' follower of the spool.
pub const FOLLOWER: &str = "uploads";

/// What all jobs share. Cloning is cheap.
#[derive(Clone)]
pub struct Jobs(Arc<Shared>);

struct Shared {
    meta: Meta,
    objects: Objects,
    limits: Uploads,
    analysers: Analysers,
    /// The formats that uploads can name.
    formats: Formats,
    /// Where copies of objects lie that cannot be read in place.
    copies: PathBuf,
    /// A job waits for its turn.
    queued: Notify,
    /// Counts what has changed about any job of this daemon, for those who watch.
    changes: watch::Sender<u64>,
    /// What ends the run of each; `None` where it has ended by a fault.
    running: Mutex<HashMap<JobId, Option<CancellationToken>>>,
    /// Who of those that run may read, in the order in which they asked.
    turns: Arc<Semaphore>,
}

/// What it takes to run them.
pub struct Pipeline {
    pub ingest: Ingest,
    pub metrics: Metrics,
    pub monitor: Monitor,
    /// The last id that the store has taken.
    pub stored: watch::Receiver<u64>,
    pub holdback: Holdback,
}

impl Jobs {
    #[must_use]
    pub fn new(
        meta: Meta,
        objects: Objects,
        limits: Uploads,
        analysers: Analysers,
        formats: Formats,
        copies: PathBuf,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(limits.reading_max.get()));
        Self(Arc::new(Shared {
            meta,
            objects,
            limits,
            analysers,
            formats,
            copies,
            queued: Notify::new(),
            changes: watch::Sender::new(0),
            running: Mutex::default(),
            turns,
        }))
    }

    /// Where the files are.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    #[must_use]
    pub fn limits(&self) -> &Uploads {
        &self.0.limits
    }

    /// Who is told of uploads that were read.
    #[must_use]
    pub fn analysers(&self) -> &Analysers {
        &self.0.analysers
    }

    #[must_use]
    pub fn copies(&self) -> &std::path::Path {
        &self.0.copies
    }

    /// The key of a job's file.
    #[must_use]
    pub fn object_key(id: JobId) -> Key {
        Key::upload(id.0)
    }

    /// A job was queued.
    pub fn wake(&self) {
        self.0.queued.notify_one();
        self.tell();
    }

    /// A job was cancelled: its reading ends now and not at its next checkpoint.
    pub fn cancelled(&self, id: JobId) {
        if let Some(Some(run)) = self.running().get(&id) {
            run.cancel();
        }
        // Where nobody reads it, the scheduler says that it is at its end.
        self.wake();
    }

    /// Something about a job has changed.
    pub fn tell(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }

    /// Wakes when something about a job of this daemon has changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Option<CancellationToken>>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
