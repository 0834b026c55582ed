//! One job from its file to its end: batches on their way, and a checkpoint behind what is durable.

use std::collections::VecDeque;
use std::fs::File;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;
use tokio::time::error::Elapsed;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::holdback::Hold;
use super::read::{Finished, Piece, Plan, Reader, archive_limits};
use super::{Jobs, Pipeline};
use crate::archive::limits::Limits;
use crate::clock::now;
use crate::ingest::{Receipt, Rejected, WhenFull};
use crate::meta::{Checkpoint, Job, JobEnd, MetaError};
use crate::metrics::OriginLabel;
use crate::store::FOLLOWER;
use crate::telemetry::chain;

/// Batches of one job that wait for their fdatasync.
const IN_FLIGHT_MAX: usize = 3;
/// Pieces that are read ahead.
const READ_AHEAD: usize = 2;
const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);
/// How long a stop waits for what is on its way.
const SETTLE_MAX: Duration = Duration::from_secs(2);
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The first pause of a job whose storage is away, and the longest.
const STORAGE_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// A job that has read for so long lets another one read that waits.
const TURN: Duration = Duration::from_millis(500);
/// How often a waiting job looks whether the store has caught up.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The origin under which the records of all uploads are counted.
const ORIGIN: &str = "upload";

/// Why a run ended before its file did.
enum Broken {
    /// Someone cancelled it, or the daemon stops: it says nothing of its end.
    Left,
    /// It cannot go on.
    Failed(String),
}

impl From<Rejected> for Broken {
    /// Records wait for room, so it is the daemon that ends.
    fn from(_: Rejected) -> Self {
        Self::Left
    }
}

/// A running job.
struct Run<'p> {
    jobs: Jobs,
    pipeline: &'p Pipeline,
    job: Job,
    /// Someone cancelled it, or the daemon stops.
    leave: CancellationToken,
    /// The daemon stops.
    stop: CancellationToken,
    hold: Hold,
    in_flight: VecDeque<(Receipt, Piece)>,
    /// What is durable and may not be written yet.
    durable: Checkpoint,
    written_at: Instant,
}

/// Runs `job` to its end, or until `leave`, which `stop` cancels too. What goes wrong is said of the job.
pub(super) async fn run(
    jobs: Jobs,
    pipeline: Arc<Pipeline>,
    job: Job,
    leave: CancellationToken,
    stop: CancellationToken,
) {
    let id = job.id;
    let hold = pipeline.holdback.of(id);
    let durable = begun(&job);
    let mut run = Run {
        jobs: jobs.clone(),
        pipeline: &pipeline,
        job,
        leave,
        stop,
        hold,
        in_flight: VecDeque::new(),
        durable,
        written_at: Instant::now(),
    };
    let ended = run.work().await;
    let is_noted = run.settle_all().await;
    let analysers: Vec<&str> = jobs.analysers().keys().map(String::as_str).collect();
    let end = match &ended {
        Ok(()) => Some(JobEnd::Completed { analysers: &analysers }),
        Err(Broken::Failed(reason)) => Some(JobEnd::Failed(reason)),
        Err(Broken::Left) => None,
    };
    // The next start finds in the spool how far it came.
    let end = end.filter(|_| is_noted);
    match run.finish(end, is_noted).await {
        Ok(()) if is_noted => run.hold.release(),
        Ok(()) => info!(job = %id, "an upload goes on at the next start: the spool did not take all of it in time"),
        // The hold stays, and with it the segments: the next start finds in them what could not be noted.
        Err(error) => warn!(job = %id, error = %chain(&error), "how far an upload came could not be noted"),
    }
    run.jobs.tell();
}

impl Run<'_> {
    /// Reads the whole file.
    async fn work(&mut self) -> Result<(), Broken> {
        let reader = self.open().await?;
        let (sender, mut pieces) = mpsc::channel(READ_AHEAD);
        let reading =
            reader.spawn(sender).map_err(|error| Broken::Failed(format!("no thread could be started: {error}")))?;
        let flowed = self.flow(&mut pieces).await;
        // The thread ends where nobody takes its pieces any more.
        drop(pieces);
        let read = tokio::task::spawn_blocking(move || reading.join()).await;
        flowed?;
        match read {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(Broken::Failed(format!("{error:#}"))),
            Ok(Err(_)) | Err(_) => Err(Broken::Failed("reading it failed by a fault of ours".to_owned())),
        }
    }

    async fn open(&mut self) -> Result<Reader, Broken> {
        let file = self.fetch().await?;
        self.check_size(&file)?;
        let finished = retried(&self.leave, || self.jobs.0.meta.finished_entries(self.job.id)).await?;
        let finished = finished
            .into_iter()
            .map(|(number, status, inserted, failed)| Finished { number, status, inserted, failed })
            .collect();
        let limits = Limits {
            scratch_free_bytes_min: self.jobs.objects().disk_free_bytes_min(),
            ..archive_limits(self.jobs.limits())
        };
        let plan = Plan::of(&self.job, finished, limits, &self.jobs.0.formats).map_err(Broken::Failed)?;
        Ok(Reader::new(file, self.jobs.copies().to_owned(), plan))
    }

    /// What was changed where it is kept is not what was uploaded.
    fn check_size(&self, file: &File) -> Result<(), Broken> {
        let found =
            file.metadata().map_err(|error| Broken::Failed(format!("look at the uploaded file: {error}")))?.len();
        let uploaded = self.job.file_size;
        if i64::try_from(found) == Ok(uploaded) {
            return Ok(());
        }
        let reason = format!("the stored file has {found} bytes, and {uploaded} were uploaded: nothing of it is read");
        Err(Broken::Failed(reason))
    }

    /// The file, of which a bucket gives a copy. Storage that is away is waited for, as the metadata database is.
    async fn fetch(&mut self) -> Result<File, Broken> {
        let key = Jobs::object_key(self.job.id);
        let (objects, copies) = (self.jobs.objects().clone(), self.jobs.copies().to_owned());
        let (mut pause, pause_max) = STORAGE_PAUSES;
        let mut has_waited = false;
        loop {
            let file = tokio::select! {
                file = objects.open_local(&key, &copies) => file,
                () = self.leave.cancelled() => return Err(Broken::Left),
            };
            match file {
                Ok(file) => {
                    if has_waited {
                        info!(job = %self.job.id, "the storage gives the file of an upload again");
                        self.tell_step(self.job.current_step.clone()).await?;
                    }
                    return Ok(file);
                }
                Err(error) if error.may_pass() => {
                    if !std::mem::replace(&mut has_waited, true) {
                        warn!(job = %self.job.id, error = %chain(&error), "an upload waits for the storage of its file");
                        self.tell_step(format!("waits for the storage: {}", chain(&error))).await?;
                    }
                }
                Err(error) => {
                    error!(job = %self.job.id, error = %chain(&error), "the file of an upload cannot be read");
                    return Err(Broken::Failed(format!("the uploaded file cannot be read: {}", chain(&error))));
                }
            }
            tokio::select! {
                () = self.leave.cancelled() => return Err(Broken::Left),
                () = tokio::time::sleep(pause) => {}
            }
            pause = pause_max.min(pause * 2);
        }
    }

    async fn flow(&mut self, pieces: &mut mpsc::Receiver<Piece>) -> Result<(), Broken> {
        let mut turn = self.wait_for_turn().await?;
        let mut began = Instant::now();
        loop {
            if began.elapsed() >= TURN {
                // Those who wait are served in their order; where nobody does, it is this job's turn again at once.
                drop(turn);
                turn = self.wait_for_turn().await?;
                began = Instant::now();
            }
            let piece = tokio::select! {
                biased;
                () = self.leave.cancelled() => return Err(Broken::Left),
                piece = pieces.recv() => piece,
                // Alone it would only be seen when the next piece has been read.
                waited = for_first_receipt(&mut self.in_flight), if !self.in_flight.is_empty() => {
                    self.waited(waited).await?;
                    continue;
                }
            };
            let Some(piece) = piece else { break };
            self.submit(piece).await?;
        }
        drop(turn);
        self.settle_down_to(0).await
    }

    /// Waits until it is one of the few jobs that read. Its thread stands still meanwhile, for nobody takes its pieces.
    async fn wait_for_turn(&mut self) -> Result<OwnedSemaphorePermit, Broken> {
        let turns = Arc::clone(&self.jobs.0.turns);
        if let Ok(turn) = Arc::clone(&turns).try_acquire_owned() {
            return Ok(turn);
        }
        // In line before the checkpoint is written, so that the wait is no longer than it has to be.
        let mut turn = pin!(turns.acquire_owned());
        let early = (&mut turn).now_or_never();
        // Its checkpoints are written, so that it holds no segment while it waits.
        self.settle_down_to(0).await?;
        self.tell_step("waits for its turn".to_owned()).await?;
        self.hold.release();
        let turn = match early {
            Some(turn) => turn,
            None => tokio::select! {
                turn = turn => turn,
                () = self.leave.cancelled() => return Err(Broken::Left),
            },
        };
        turn.map_err(|_| Broken::Left)
    }

    async fn submit(&mut self, mut piece: Piece) -> Result<(), Broken> {
        self.settle_down_to(IN_FLIGHT_MAX - 1).await?;
        if piece.batch.is_empty() {
            // Nothing of it has to become durable, but what is before it does.
            self.settle_down_to(0).await?;
            self.note(0, piece);
            return self.write_if_due().await;
        }
        self.wait_for_the_store().await?;
        self.hold.begin();
        let batch = std::mem::take(&mut piece.batch);
        piece.rows = batch.rows() as u64;
        let receipt = tokio::select! {
            receipt = self.pipeline.ingest.enqueue(batch, WhenFull::Wait) => receipt?,
            () = self.leave.cancelled() => return Err(Broken::Left),
        };
        self.in_flight.push_back((receipt, piece));
        Ok(())
    }

    /// Live senders come first: what uploads put into the spool never fills it.
    async fn wait_for_the_store(&mut self) -> Result<(), Broken> {
        let lag_bytes_max = self.jobs.limits().lag_bytes_max;
        let mut stored = self.pipeline.stored.clone();
        let mut is_told = false;
        loop {
            stored.borrow_and_update();
            if self.pipeline.monitor.lag_of(FOLLOWER).is_none_or(|lag| lag.bytes <= lag_bytes_max) {
                return Ok(());
            }
            // Its checkpoints are written, so that it holds no segment while it waits.
            self.settle_down_to(0).await?;
            if !std::mem::replace(&mut is_told, true) {
                self.tell_step("waits until the store has caught up".to_owned()).await?;
                self.hold.release();
            }
            tokio::select! {
                () = self.leave.cancelled() => return Err(Broken::Left),
                _ = stored.changed() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Waits until no more than `count` batches are on their way.
    async fn settle_down_to(&mut self, count: usize) -> Result<(), Broken> {
        while self.in_flight.len() > count {
            tokio::select! {
                waited = for_first_receipt(&mut self.in_flight) => self.waited(waited).await?,
                // A full spool takes nothing until there is room.
                () = self.leave.cancelled() => return Err(Broken::Left),
            }
        }
        Ok(())
    }

    /// What is on its way becomes durable, whatever else happened; it is noted, so that a later run does not repeat it. Only a stop
    /// of the daemon does not wait for a full spool: this says whether all of it was noted.
    async fn settle_all(&mut self) -> bool {
        let stop = self.stop.clone();
        let too_late = async {
            stop.cancelled().await;
            tokio::time::sleep(SETTLE_MAX).await;
        };
        let mut too_late = pin!(too_late);
        while !self.in_flight.is_empty() {
            tokio::select! {
                waited = for_first_receipt(&mut self.in_flight) => match waited {
                    Ok(Some((Ok(last_id), piece))) => self.note(last_id, piece),
                    Ok(_) => {}
                    Err(_) => if self.write_meanwhile().await.is_err() { return false },
                },
                () = &mut too_late => return false,
            }
        }
        true
    }

    /// Writes what is noted while more is on its way, and lets segments go in which nothing can be that is not: what is sealed was
    /// answered before, so what has no answer yet will be in a later segment. A database that is away is asked again by whoever waits next.
    async fn write_meanwhile(&mut self) -> Result<(), Broken> {
        let sealed = self.pipeline.monitor.sealed_through();
        while let Some(settled) = first_receipt(&mut self.in_flight).now_or_never() {
            let Some((last_id, piece)) = settled else { break };
            self.note(last_id?, piece);
        }
        if self.jobs.0.meta.checkpoint_job(self.job.id, &self.durable).await.is_ok() {
            self.wrote(sealed);
        }
        Ok(())
    }

    /// The checkpoint is written, and up to `last_id` there is no record that it does not tell of.
    fn wrote(&mut self, last_id: u64) {
        self.durable.entries.clear();
        self.written_at = Instant::now();
        self.hold.written(last_id.max(self.durable.mark.id));
        self.jobs.tell();
    }

    /// What to do when [`for_first_receipt`] has waited: a full spool has no room while segments are held.
    async fn waited(&mut self, waited: Result<Option<Settled>, Elapsed>) -> Result<(), Broken> {
        let Ok(settled) = waited else { return self.write_meanwhile().await };
        let Some((last_id, piece)) = settled else { return Ok(()) };
        self.note(last_id?, piece);
        self.write_if_due().await
    }

    /// `piece` is durable, its last record as `last_id` (0: it has none).
    fn note(&mut self, last_id: u64, piece: Piece) {
        let origin = OriginLabel { origin: ORIGIN.to_owned() };
        self.pipeline.metrics.received.get_or_create(&origin).inc_by(piece.rows);
        let durable = &mut self.durable;
        durable.bytes_read = piece.bytes_read;
        durable.inserted = piece.inserted;
        durable.failed = piece.failed;
        durable.current_step = piece.step;
        if last_id > 0 {
            durable.mark = piece.mark;
            durable.mark.id = last_id;
        }
        for entry in piece.entries {
            match durable.entries.iter_mut().find(|known| known.number == entry.number) {
                Some(known) => *known = entry,
                None => durable.entries.push(entry),
            }
        }
    }

    async fn tell_step(&mut self, step: String) -> Result<(), Broken> {
        self.durable.current_step = step;
        self.write().await
    }

    async fn write_if_due(&mut self) -> Result<(), Broken> {
        if self.written_at.elapsed() < CHECKPOINT_EVERY { Ok(()) } else { self.write().await }
    }

    async fn write(&mut self) -> Result<(), Broken> {
        let (meta, id) = (&self.jobs.0.meta, self.job.id);
        let goes_on = retried(&self.leave, || meta.checkpoint_job(id, &self.durable)).await?;
        self.wrote(0);
        // Cancelled on another daemon, perhaps; nobody here was told.
        if goes_on { Ok(()) } else { Err(Broken::Left) }
    }

    /// Notes what is durable, and the end. Tries until the daemon stops: while it is not noted, segments are held. Where not all that is
    /// on its way `is_noted`, the next start has more to say of it.
    async fn finish(&mut self, end: Option<JobEnd<'_>>, is_noted: bool) -> Result<(), MetaError> {
        let (meta, id) = (&self.jobs.0.meta, self.job.id);
        if let Some(end) = end {
            let step = if matches!(end, JobEnd::Completed { .. }) { "completed" } else { "failed" };
            step.clone_into(&mut self.durable.current_step);
        }
        let mut warned = false;
        loop {
            let noted = match end {
                Some(end) => meta.finish_job(id, end, &self.durable, now()).await.map(drop),
                None if is_noted => meta.leave_job(id, &self.durable, now()).await,
                None => meta.checkpoint_job(id, &self.durable).await.map(drop),
            };
            let Err(error) = noted else { break };
            if self.stop.is_cancelled() {
                return Err(error);
            }
            if !std::mem::replace(&mut warned, true) {
                warn!(job = %id, error = %chain(&error), "how far an upload came is noted once the metadata database takes it");
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(RETRY_AFTER) => {}
            }
        }
        let (inserted, failed) = (self.durable.inserted, self.durable.failed);
        match end {
            Some(JobEnd::Completed { .. }) => info!(job = %id, inserted, failed, "an upload is read"),
            Some(JobEnd::Failed(reason)) => warn!(job = %id, inserted, failed, "an upload failed: {reason}"),
            None => info!(job = %id, inserted, failed, "an upload is left where it is"),
        }
        Ok(())
    }
}

/// How far earlier runs have noted the job: what this one has not passed yet is durable all the same.
fn begun(job: &Job) -> Checkpoint {
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    Checkpoint {
        bytes_read: count(job.bytes_read),
        inserted: count(job.inserted),
        failed: count(job.failed),
        current_step: job.current_step.clone(),
        ..Checkpoint::default()
    }
}

/// A batch that was answered: its last id, or why it is not durable.
type Settled = (Result<u64, Rejected>, Piece);

/// The first batch on its way, once it is answered; it is not waited for longer than a checkpoint may be late.
async fn for_first_receipt(in_flight: &mut VecDeque<(Receipt, Piece)>) -> Result<Option<Settled>, Elapsed> {
    tokio::time::timeout(CHECKPOINT_EVERY, first_receipt(in_flight)).await
}

/// Waits for the oldest batch that is on its way. Cancel-safe: it is taken out only with its answer.
async fn first_receipt(in_flight: &mut VecDeque<(Receipt, Piece)>) -> Option<Settled> {
    let durable = in_flight.front_mut()?.0.answer().await;
    let (_, piece) = in_flight.pop_front()?;
    Some((durable.map(|ids| ids.last), piece))
}

/// Tries until the metadata database answers; a job waits as long as it takes.
async fn retried<T, F: Future<Output = Result<T, MetaError>>>(
    leave: &CancellationToken,
    mut ask: impl FnMut() -> F,
) -> Result<T, Broken> {
    let mut warned = false;
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(MetaError::Unavailable(source)) => {
                if !std::mem::replace(&mut warned, true) {
                    warn!(error = %chain(&source), "an upload waits for the metadata database");
                }
            }
            Err(error) => return Err(Broken::Failed(format!("the metadata database refuses it: {}", chain(&error)))),
        }
        tokio::select! {
            () = leave.cancelled() => return Err(Broken::Left),
            () = tokio::time::sleep(RETRY_AFTER) => {}
        }
    }
}
