//! Which jobs are open: the oldest waiting ones. A few of them read at a time, by turns.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::follow::Reconciled;
use super::run::run;
use super::{Jobs, Pipeline};
use crate::clock::now;
use crate::meta::{Job, JobId, MetaError};
use crate::telemetry::chain;

/// Waiting jobs are looked for this often though nobody woke us: another daemon may have queued one of ours again.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Runs jobs as they come, until `stop`. Those that are on their way are left where they are then, and go on at the next start.
pub async fn schedule(jobs: Jobs, pipeline: Pipeline, reconciled: Reconciled, stop: CancellationToken) {
    tokio::select! {
        // Never sent where the follower has ended, which it does only at a stop.
        found = reconciled => if found.is_err() { return },
        () = stop.cancelled() => return,
    }
    let pipeline = Arc::new(pipeline);
    let mut runs: JoinSet<JobId> = JoinSet::new();
    let mut has_failed = false;
    loop {
        if let Err(error) = look(&jobs, &pipeline, &mut runs, &stop).await {
            if !std::mem::replace(&mut has_failed, true) {
                warn!(error = %chain(&error), "uploads wait for the metadata database");
            }
        } else {
            has_failed = false;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = jobs.0.queued.notified() => {}
            Some(ended) = runs.join_next(), if !runs.is_empty() => forget(&jobs, ended),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    while let Some(ended) = runs.join_next().await {
        forget(&jobs, ended);
    }
}

async fn look(
    jobs: &Jobs,
    pipeline: &Arc<Pipeline>,
    runs: &mut JoinSet<JobId>,
    stop: &CancellationToken,
) -> Result<(), MetaError> {
    end_cancelled(jobs).await?;
    fill(jobs, pipeline, runs, stop).await
}

/// Cancelled jobs that nobody reads are at their end: those of an earlier run of the daemon, or queued again and then cancelled.
async fn end_cancelled(jobs: &Jobs) -> Result<(), MetaError> {
    for id in jobs.0.meta.stopping_jobs().await? {
        let run = jobs.running().get(&id).cloned().flatten();
        if let Some(run) = run {
            // Cancelled on another daemon, perhaps; nobody here was told.
            run.cancel();
        } else {
            jobs.0.meta.end_cancelled_job(id, now()).await?;
            jobs.tell();
        }
    }
    Ok(())
}

async fn fill(
    jobs: &Jobs,
    pipeline: &Arc<Pipeline>,
    runs: &mut JoinSet<JobId>,
    stop: &CancellationToken,
) -> Result<(), MetaError> {
    // Each has a thread, two pieces that are read ahead, the memory of its decoders, and its copy where it lies in a bucket.
    let open_max = jobs.limits().open_max.get();
    if runs.len() >= open_max {
        return Ok(());
    }
    for job in jobs.0.meta.unfinished_jobs().await? {
        if runs.len() >= open_max {
            break;
        }
        // One that was cancelled and queued again may still be settling.
        if jobs.running().contains_key(&job.id) {
            continue;
        }
        let Some(job) = jobs.0.meta.start_job(job.id, now()).await? else { continue };
        start(jobs, pipeline, runs, job, stop);
    }
    Ok(())
}

fn start(jobs: &Jobs, pipeline: &Arc<Pipeline>, runs: &mut JoinSet<JobId>, job: Job, stop: &CancellationToken) {
    let (id, leave, stop) = (job.id, stop.child_token(), stop.clone());
    jobs.running().insert(id, Some(leave.clone()));
    jobs.tell();
    let (jobs, pipeline) = (jobs.clone(), Arc::clone(pipeline));
    runs.spawn(async move {
        let running = Running { jobs: jobs.clone(), id };
        run(jobs, pipeline, job, leave, stop).await;
        drop(running);
        id
    });
}

/// Takes the job off the list of those that run. One whose run panics stays there, as one that is not read: it would do so again and again.
struct Running {
    jobs: Jobs,
    id: JobId,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.jobs.running();
        if std::thread::panicking() {
            running.insert(self.id, None);
        } else {
            running.remove(&self.id);
        }
    }
}

fn forget(jobs: &Jobs, ended: Result<JobId, tokio::task::JoinError>) {
    if let Err(error) = ended {
        warn!(%error, "the run of an upload failed by a fault of ours");
    }
    jobs.tell();
}
