//! The one writer of the spool: numbers the records, commits them in groups, seals segments.
//!
//! It takes whatever queued while the last fdatasync ran, so groups grow with the load and an
//! idle daemon acknowledges after one fdatasync. It runs on a thread of its own, because all it
//! does is encode and wait for the disk.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::runtime::Handle;
use tracing::{error, info, warn};

use super::{Committed, Ids, Queue, Rejected, Submission, Tail, WhenFull};
use crate::metrics::{DropReason, Metrics};
use crate::record::{Batch, MAX_BATCH_ROWS};
use crate::spool::group::Frame;
use crate::spool::refusal::{AppendError, FullCause, SealError};
use crate::spool::writer::{Moment, Spool};

/// Batches smaller than this are joined into one block: the store pays per block.
const SMALL_BATCH_ROWS: usize = 2048;
/// How long a full spool is left alone before the next try.
const RETRY_FULL_AFTER: Duration = Duration::from_millis(200);
/// A device that refused a write need not show when it takes the next one: it is taken for full so long, unless a write succeeds before.
const DEVICE_FULL_FOR: Duration = Duration::from_secs(10);
/// What has waited for room is written in groups of about this size: more may wait than the whole disk can hold.
const PARKED_GROUP_BYTES: usize = 1 << 20;

/// When groups and segments end.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub group_bytes_max: usize,
    pub seal_after: Duration,
}

/// The spool cannot be written any more; the process must end and recover at its next start.
#[derive(Debug, thiserror::Error)]
#[error("the spool can no longer be written; records acknowledged so far are safe")]
pub struct Poisoned(#[source] pub AppendError);

/// The state of the sequencer's thread.
pub struct Sequencer {
    spool: Spool,
    limits: Limits,
    metrics: Metrics,
    tail: Tail,
    /// Submissions whose senders wait until the spool has room again.
    parked: VecDeque<Submission>,
    /// Set while the spool is full: no write is tried before then.
    full_until: Option<Instant>,
    /// Set from the first refusal on until records are taken again or there is room for them, whether or not somebody sends: who asks for
    /// the daemon's health relies on it. When it is looked next.
    look_for_room_at: Option<Instant>,
    /// The day of arrival of the open segment's records; a segment never crosses midnight.
    open_day: Option<i64>,
}

/// Submissions that become one block.
struct Block {
    first: Submission,
    others: Vec<Submission>,
    /// The columns of all of them, once there is more than one.
    joined: Option<Batch>,
}

impl Block {
    fn batch(&self) -> &Batch {
        self.joined.as_ref().unwrap_or(&self.first.batch)
    }

    fn takes(&self, next: &Batch) -> bool {
        let mine = self.batch();
        next.rows() < SMALL_BATCH_ROWS
            && mine.rows() + next.rows() <= MAX_BATCH_ROWS
            && mine.last_day() == next.first_day()
    }

    fn join(&mut self, next: Submission) {
        // The members keep their own columns: they are given back if the spool turns out to be full.
        self.joined.get_or_insert_with(|| self.first.batch.clone()).extend(&next.batch);
        self.others.push(next);
    }

    fn into_members(self) -> impl Iterator<Item = Submission> {
        std::iter::once(self.first).chain(self.others)
    }
}

impl Sequencer {
    #[must_use]
    pub fn new(spool: Spool, limits: Limits, metrics: Metrics, tail: Tail) -> Self {
        Self {
            spool,
            limits,
            metrics,
            tail,
            parked: VecDeque::new(),
            full_until: None,
            look_for_room_at: None,
            open_day: None,
        }
    }

    /// Works until every [`super::Ingest`] is gone and the queue is drained, then seals.
    ///
    /// # Errors
    /// [`Poisoned`] after a failed fdatasync. All waiting senders have been told.
    pub fn run(mut self, mut queue: Queue, runtime: &Handle) -> Result<(), Poisoned> {
        loop {
            let deadline = self.next_deadline();
            let first = runtime.block_on(async {
                match deadline {
                    Some(at) => tokio::time::timeout_at(at.into(), queue.submissions.recv()).await.ok(),
                    None => Some(queue.submissions.recv().await),
                }
            });
            match first {
                Some(Some(submission)) => {
                    let group = self.gather(submission, &mut queue);
                    self.commit_or_hold(group)?;
                }
                Some(None) => break,
                None => self.retry_parked()?,
            }
            self.seal_if_due()?;
            self.look_for_room();
        }
        self.finish()
    }

    /// When something is to be done though nobody submits.
    fn next_deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        let seal = self.spool.open_age(now).map(|age| now + self.limits.seal_after.saturating_sub(age));
        let retry = self.full_until.filter(|_| !self.parked.is_empty());
        // A seal that failed for want of room waits like all else.
        let seal = seal.map(|at| self.full_until.map_or(at, |until| at.max(until)));
        [seal, retry, self.look_for_room_at].into_iter().flatten().min()
    }

    /// `first` and what else has queued, up to the group's limit.
    fn gather(&self, first: Submission, queue: &mut Queue) -> VecDeque<Submission> {
        let mut bytes = first.batch.bytes();
        let mut group = VecDeque::from([first]);
        while bytes < self.limits.group_bytes_max {
            let Ok(next) = queue.submissions.try_recv() else { break };
            bytes += next.batch.bytes();
            group.push_back(next);
        }
        group
    }

    fn commit_or_hold(&mut self, group: VecDeque<Submission>) -> Result<(), Poisoned> {
        if self.full_until.is_some_and(|until| Instant::now() < until) {
            self.hold(group);
            return Ok(());
        }
        self.retry_parked()?;
        if self.full_until.is_some() {
            self.hold(group);
            return Ok(());
        }
        self.commit(group)
    }

    fn retry_parked(&mut self) -> Result<(), Poisoned> {
        if self.full_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        self.full_until = None;
        let mut parked = std::mem::take(&mut self.parked);
        while !parked.is_empty() && self.full_until.is_none() {
            self.commit(front_group(&mut parked, self.limits.group_bytes_max))?;
            self.seal_if_due()?;
        }
        // Behind what turned out not to fit, which is parked again.
        self.parked.append(&mut parked);
        Ok(())
    }

    /// Refuses those who want to be told; keeps the others, in their order, for later.
    fn hold(&mut self, group: impl IntoIterator<Item = Submission>) {
        for submission in group {
            match submission.when_full {
                WhenFull::Refuse => answer(submission, Err(Rejected::SpoolFull)),
                WhenFull::Wait => self.parked.push_back(submission),
            }
        }
    }

    /// Commits `group` in its order; a change of day seals the segment in between.
    fn commit(&mut self, group: VecDeque<Submission>) -> Result<(), Poisoned> {
        let mut blocks: VecDeque<Block> = join_small(group).into();
        while let Some(block) = blocks.front() {
            let day = block.batch().first_day();
            if self.open_day.is_some() && self.open_day != day {
                self.seal()?;
                if self.open_day.is_some() {
                    // There was no room to seal it: a segment must not cross midnight.
                    self.hold(blocks.into_iter().flat_map(Block::into_members));
                    return Ok(());
                }
            }
            let same_day = blocks.iter().take_while(|b| b.batch().first_day() == day).count();
            let rest = blocks.split_off(same_day);
            self.open_day = day;
            match self.append(&blocks) {
                Ok(first_id) => self.acknowledge(blocks, first_id),
                Err(AppendError::Full(cause)) => {
                    self.note_full(&cause);
                    self.hold(blocks.into_iter().chain(rest).flat_map(Block::into_members));
                    // What is sealed can be stored and deleted: that is where the room comes from.
                    return self.seal();
                }
                Err(fatal) => return Err(self.poison(blocks.into_iter().chain(rest), fatal)),
            }
            blocks = rest;
        }
        Ok(())
    }

    /// Writes and syncs `blocks` as one group; the first record's id.
    fn append(&mut self, blocks: &VecDeque<Block>) -> Result<u64, AppendError> {
        let started = Instant::now();
        let first_id = self.spool.next_id();
        let segment = self.spool.open_segment_id();
        let mut encoded = Vec::with_capacity(blocks.len());
        let mut next_id = first_id;
        for block in blocks {
            encoded.push((next_id, block.batch().rows(), block.batch().encode(next_id, &segment)));
            next_id += block.batch().rows() as u64;
        }
        let pieces: Vec<_> = encoded.iter().map(|(_, _, block)| block.pieces()).collect();
        let frames: Vec<_> = encoded
            .iter()
            .zip(&pieces)
            .map(|((first_id, rows, _), payload)| Frame { first_id: *first_id, rows: *rows as u32, payload })
            .collect();
        self.spool.append(&frames, moment())?;
        self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        if self.tail.is_watched() {
            for (first_id, rows, block) in &encoded {
                let block = Bytes::from(block.to_vec());
                self.tail.announce(Committed { first_id: *first_id, rows: *rows as u64, block });
            }
        }
        Ok(first_id)
    }

    fn acknowledge(&mut self, blocks: VecDeque<Block>, mut first_id: u64) {
        self.note_room();
        for submission in blocks.into_iter().flat_map(Block::into_members) {
            let rows = submission.batch.rows() as u64;
            self.metrics.acked.inc_by(rows);
            answer(submission, Ok(Ids { first: first_id, last: first_id + rows - 1 }));
            first_id += rows;
        }
    }

    fn note_full(&mut self, cause: &FullCause) {
        let now = Instant::now();
        let look_after = match cause {
            FullCause::Device(_) => DEVICE_FULL_FOR,
            FullCause::DiskCap | FullCause::FreeSpace => RETRY_FULL_AFTER,
        };
        // The log tells of it once for each time, not for each try.
        if self.look_for_room_at.replace(now + look_after).is_none() {
            self.metrics.spool_full.set(1);
            let device = std::error::Error::source(cause).map(|source| format!(": {source}")).unwrap_or_default();
            warn!("the spool takes no more, senders are refused or wait: {cause}{device}");
        }
        self.full_until = Some(now + RETRY_FULL_AFTER);
    }

    fn note_room(&mut self) {
        if self.look_for_room_at.take().is_some() {
            self.metrics.spool_full.set(0);
            info!("the spool has room again");
        }
    }

    /// Nobody may send any more because the spool was full, so that no append would tell.
    fn look_for_room(&mut self) {
        let now = Instant::now();
        if self.look_for_room_at.is_none_or(|at| now < at) {
            return;
        }
        if self.spool.has_room() {
            self.note_room();
        } else {
            self.look_for_room_at = Some(now + RETRY_FULL_AFTER);
        }
    }

    fn seal_if_due(&mut self) -> Result<(), Poisoned> {
        let now = Instant::now();
        if self.full_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        let due = self.spool.open_age(now).is_some_and(|age| age >= self.limits.seal_after);
        if due || self.spool.open_is_full() { self.seal() } else { Ok(()) }
    }

    fn seal(&mut self) -> Result<(), Poisoned> {
        match self.spool.seal() {
            Ok(_) => {
                self.open_day = None;
                Ok(())
            }
            // Stays open and is tried again; its records are durable as they are.
            Err(SealError::Full(source)) => {
                self.note_full(&FullCause::Device(source));
                Ok(())
            }
            Err(SealError::Poisoned(source)) => {
                let fatal = AppendError::Poisoned(source);
                Err(self.poison(std::iter::empty(), fatal))
            }
        }
    }

    /// Tells all who wait, and ends.
    fn poison(&mut self, blocks: impl Iterator<Item = Block>, fatal: AppendError) -> Poisoned {
        error!(error = %fatal, "the spool cannot be written");
        let parked = std::mem::take(&mut self.parked);
        for submission in blocks.flat_map(Block::into_members).chain(parked) {
            answer(submission, Err(Rejected::Poisoned));
        }
        Poisoned(fatal)
    }

    /// The last try for those who wait, and the last seal.
    fn finish(mut self) -> Result<(), Poisoned> {
        self.full_until = None;
        self.retry_parked()?;
        let lost: u64 = self.parked.iter().map(|s| s.batch.rows() as u64).sum();
        if lost > 0 {
            error!(
                records = lost,
                "stopping with a full spool: what was not acknowledged is dropped, and senders that expect no acknowledgement lose it"
            );
            self.metrics.drop_records(DropReason::Shutdown, lost);
        }
        self.seal()
    }
}

fn answer(submission: Submission, fate: Result<Ids, Rejected>) {
    // A sender that left does not hear it; its records are as durable as all others.
    submission.receipt.send(fate).ok();
}

/// Takes the first submissions of `parked`, one at least, up to [`PARKED_GROUP_BYTES`] or the limit of every group.
fn front_group(parked: &mut VecDeque<Submission>, group_bytes_max: usize) -> VecDeque<Submission> {
    let mut bytes = 0;
    let mut group = VecDeque::new();
    while group.is_empty() || bytes < PARKED_GROUP_BYTES.min(group_bytes_max) {
        let Some(next) = parked.pop_front() else { break };
        bytes += next.batch.bytes();
        group.push_back(next);
    }
    group
}

/// Groups submissions into blocks, joining neighbours that are small.
fn join_small(group: VecDeque<Submission>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for submission in group {
        if submission.batch.is_empty() {
            answer(submission, Ok(Ids { first: 0, last: 0 }));
            continue;
        }
        match blocks.last_mut() {
            Some(block) if block.takes(&submission.batch) => block.join(submission),
            _ => blocks.push(Block { first: submission, others: Vec::new(), joined: None }),
        }
    }
    blocks
}

fn moment() -> Moment {
    #[expect(clippy::disallowed_methods, reason = "the sequencer is where time enters the spool")]
    let now = SystemTime::now();
    let unix_ms = now.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64);
    Moment { unix_ms, at: Instant::now() }
}
