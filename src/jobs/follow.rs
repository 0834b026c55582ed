//! The uploads' follower of the spool: it keeps segments until the checkpoints in them are written, and finds those that were not.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::holdback::Holdback;
use super::place;
use crate::meta::{JobId, Meta, RecordMark};
use crate::record::block;
use crate::spool::follower::Follower;
use crate::spool::frames::{Entry, ReadError};
use crate::spool::segment::SealedSegment;
use crate::telemetry::chain;

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Tells that every checkpoint of an earlier run is right: jobs may go on.
pub type Reconciled = oneshot::Receiver<()>;

/// The follower before it runs.
pub struct Follow {
    pub follower: Follower,
    pub meta: Meta,
    pub holdback: Holdback,
    /// Records below this were written before this start.
    pub first_new_id: u64,
}

impl Follow {
    /// What jobs wait for, and the follower itself, which runs until the spool's writer is gone and all is passed, or until `end`.
    pub fn start(self, end: CancellationToken) -> (Reconciled, impl Future<Output = ()>) {
        let (sender, reconciled) = oneshot::channel();
        (reconciled, async move {
            tokio::select! {
                () = self.run(sender) => {}
                () = end.cancelled() => {}
            }
            debug!("the uploads' follower ended");
        })
    }

    async fn run(mut self, reconciled: oneshot::Sender<()>) {
        self.holdback.start(self.follower.passed());
        let mut reconciled = Some(reconciled);
        loop {
            // All that an earlier run wrote is sealed: a segment behind it shows that it is passed, and so does none.
            let segment = tokio::select! {
                biased;
                segment = self.follower.next() => segment,
                () = std::future::ready(()), if reconciled.is_some() => {
                    reconciled.take().map(|sender| sender.send(()).ok());
                    continue;
                }
            };
            let Some(segment) = segment else { return };
            if segment.first_id < self.first_new_id && reconciled.is_some() {
                self.raise_marks(&segment).await;
            } else if let Some(sender) = reconciled.take() {
                sender.send(()).ok();
            }
            self.holdback.pass(segment.last_id).await;
            while let Err(error) = self.follower.advance(&segment).await {
                warn!(segment.id = %segment.id, error = %chain(&error), "the uploads' cursor could not be written");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }

    /// Raises the checkpoints of unfinished jobs to what `segment` holds of them.
    async fn raise_marks(&self, segment: &SealedSegment) {
        let mut warned = false;
        while let Err(error) = self.try_raise_marks(segment).await {
            if !std::mem::replace(&mut warned, true) {
                warn!(segment.id = %segment.id, "uploads wait: {error:#}");
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    async fn try_raise_marks(&self, segment: &SealedSegment) -> anyhow::Result<()> {
        let of = segment.clone();
        let marks = tokio::task::spawn_blocking(move || marks(&of)).await??;
        for (job, mark) in marks {
            info!(job = %job, "upload goes on behind line {} of {}", mark.line, mark.file);
            self.meta.raise_job_mark(job, &mark).await?;
        }
        Ok(())
    }
}

/// The last record of each job in `segment`.
fn marks(segment: &SealedSegment) -> Result<HashMap<JobId, RecordMark>, ReadError> {
    let mut marks = HashMap::new();
    for entry in segment.frames()? {
        let payload = match entry {
            Ok(Entry::Frame { payload, .. }) => payload,
            // Told where it was found; it says nothing of what is whole.
            Ok(Entry::Lost { .. }) | Err(ReadError::Corrupt { .. }) => continue,
            Err(error @ ReadError::Io(_)) => return Err(error),
        };
        let Ok(records) = block::decode(&payload) else { continue };
        marks.extend(records.iter().filter_map(place::read));
    }
    Ok(marks)
}
