//! Kills a query whose client has gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::execute::Engine;

/// How often a query is killed before it is left to its time limit: the first attempt may come before the engine lists it.
const ATTEMPTS_MAX: u32 = 20;
/// The time between two attempts.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(250);

/// Kills its query when it is dropped before the query's end was seen.
pub(super) struct CancelGuard {
    armed: bool,
    engine: Arc<Engine>,
    tag: String,
    cancelled: Arc<AtomicBool>,
    /// Closed when the job has ended.
    ended: watch::Receiver<()>,
    tasks: TaskTracker,
}

impl CancelGuard {
    /// A guard for the job with this tag. The sender belongs to the job and is dropped with it.
    pub(super) fn new(
        engine: Arc<Engine>,
        tag: String,
        tasks: TaskTracker,
    ) -> (Self, Arc<AtomicBool>, watch::Sender<()>) {
        let (job_lives, ended) = watch::channel(());
        let cancelled = Arc::new(AtomicBool::new(false));
        let guard = Self { armed: true, engine, tag, cancelled: Arc::clone(&cancelled), ended, tasks };
        (guard, cancelled, job_lives)
    }

    /// The query has ended; there is nothing to kill.
    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        self.cancelled.store(true, Ordering::Release);
        let (engine, tag) = (Arc::clone(&self.engine), std::mem::take(&mut self.tag));
        let mut ended = self.ended.clone();
        let tasks = self.tasks.clone();
        self.tasks.spawn(async move {
            for _ in 0..ATTEMPTS_MAX {
                if ended.has_changed().is_err() {
                    return;
                }
                let (engine, tag) = (Arc::clone(&engine), tag.clone());
                let killed = tasks.spawn_blocking(move || engine.kill(&tag)).await;
                if let Err(error) = killed {
                    tracing::warn!("kill a query whose client has gone: {error}");
                }
                // Ends early when the job does.
                if let Ok(Err(_)) = tokio::time::timeout(BETWEEN_ATTEMPTS, ended.changed()).await {
                    return;
                }
            }
        });
    }
}
