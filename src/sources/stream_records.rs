//! The records of one connection: from buffered bytes over frames to submitted batches.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use logseal_parsers::StreamFormat;
use logseal_parsers::framing::delimited::DelimitedFramer;
use logseal_parsers::framing::{Framer, Step};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::inflate::unzipped;
use super::intake::{Intake, Whole};
use super::joined_lines::JoinedLines;
use super::pass::{Pass, ended};
use super::sender_rate::SenderRate;
use super::stream_buffer::Buffer;
use super::whose::Whose;
use crate::clock::now_micros;
use crate::config::spool_rules::GATHERED_BYTES_MAX;
use crate::ingest::{Rejected, WhenFull};
use crate::metrics::DropReason;
use crate::record::{Batch, Room};

/// A batch is submitted at this size, or as soon as nothing more has arrived.
const BATCH_ROWS_MAX: usize = 8192;
pub(super) const BATCH_BYTES_MAX: usize = GATHERED_BYTES_MAX;

/// After such a pause text without a delimiter is taken as a whole record: some senders delimit nothing.
const PAUSE: Duration = Duration::from_secs(3);
/// After such a one that of a sender which has delimited others: the network may have stood still within this one.
const PAUSE_OF_DELIMITING: Duration = Duration::from_secs(30);

/// Who is at the other end.
pub(super) struct Sender<'a> {
    pub(super) peer: IpAddr,
    pub(super) rate: &'a SenderRate,
    /// Where it acts as an API token, and that is known before the protocol begins.
    pub(super) pass: Option<Pass>,
}

/// How a stream is cut into frames.
pub(super) enum Framing {
    Syslog(Framer),
    Delimited(DelimitedFramer),
    Joined(JoinedLines),
}

impl Framing {
    fn step<'b>(&mut self, buf: &'b [u8], what: Take) -> Step<'b> {
        match (self, what) {
            (Self::Syslog(framer), Take::Whole) => framer.next(buf),
            (Self::Syslog(framer), Take::AfterPause) => framer.flush_idle(buf),
            (Self::Syslog(framer), Take::All | Take::AllAtStop) => framer.finish(buf),
            (Self::Delimited(framer), Take::Whole) => framer.next(buf),
            (Self::Delimited(framer), Take::AfterPause | Take::All | Take::AllAtStop) => framer.finish(buf),
            (Self::Joined(lines), what) => lines.step(buf, what),
        }
    }

    /// After such a pause [`Take::AfterPause`] is wanted.
    fn pause(&self) -> Duration {
        match self {
            Self::Syslog(_) | Self::Delimited(_) => PAUSE,
            Self::Joined(lines) => lines.wait(),
        }
    }

    /// The content of a frame that rsyslog compressed by itself.
    fn unzipped(&self, frame: &[u8], max: usize) -> Option<Vec<u8>> {
        match self {
            Self::Syslog(_) => unzipped(frame, max),
            Self::Delimited(_) | Self::Joined(_) => None,
        }
    }
}

/// Which frames are wanted of what is buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    Whole,
    /// Text without a delimiter too.
    AfterPause,
    /// All, at the end of the stream.
    All,
    /// All, though the stream goes on.
    AllAtStop,
}

/// What is read of a connection and not yet submitted.
pub(super) struct Records<'a> {
    pub(super) buffer: Buffer,
    /// What is wanted when nothing has come for a while.
    pub(super) after_pause: Take,
    framing: Framing,
    /// The sender has delimited a record.
    is_delimiting: bool,
    /// What its records are in, where no format is stated.
    format: StreamFormat,
    batch: Batch,
    batch_bytes: usize,
    /// What the last batch held, if it was full: a sender that is fast will fill the next one.
    full: Option<Room>,
    /// Held with a batch.
    place: Option<OwnedSemaphorePermit>,
    /// Arrival of the whole batch, so that no batch lies across midnight.
    received_at: i64,
    rate: &'a SenderRate,
    peer: IpAddr,
    pub(super) whose: Whose,
    intake: &'a Intake,
    stop: &'a CancellationToken,
}

/// Whether it is time to submit `batch`, whose records arrived as `bytes`.
pub(super) fn is_full(batch: &Batch, bytes: usize) -> bool {
    batch.rows() >= BATCH_ROWS_MAX || bytes >= BATCH_BYTES_MAX || batch.attribute_bytes() >= BATCH_BYTES_MAX
}

impl<'a> Records<'a> {
    /// `buffer_bytes` are what `framing` needs.
    pub(super) fn new(
        sender: Sender<'a>,
        framing: Framing,
        buffer_bytes: usize,
        intake: &'a Intake,
        stop: &'a CancellationToken,
    ) -> Self {
        Self {
            buffer: Buffer::new(buffer_bytes),
            after_pause: Take::AfterPause,
            framing,
            is_delimiting: false,
            format: StreamFormat::default(),
            batch: Batch::default(),
            batch_bytes: 0,
            full: None,
            place: None,
            received_at: 0,
            rate: sender.rate,
            peer: sender.peer,
            whose: Whose { pass: sender.pass, ..Whose::at(sender.peer) },
            intake,
            stop,
        }
    }

    /// By which the sender sends.
    pub(super) fn pass(&self) -> Option<&Pass> {
        self.whose.pass.as_ref()
    }

    /// Whether it sends by a pass that is not good any more.
    pub(super) fn has_ended(&self) -> bool {
        self.pass().is_some_and(|pass| pass.check().is_err())
    }

    /// How long to wait for bytes.
    pub(super) fn pause(&self) -> Duration {
        self.framing.pause()
    }

    /// Whether text without an end is to be taken after nothing came for `silent`.
    pub(super) fn is_overdue(&self, silent: Duration) -> bool {
        let delimits = self.is_delimiting && !matches!(self.framing, Framing::Joined(_));
        !delimits || silent >= PAUSE_OF_DELIMITING
    }

    /// Moves all frames that are wanted from the buffer to the batch, which is submitted whenever it is full.
    ///
    /// # Errors
    /// [`Rejected`] if a full batch could not be queued.
    pub(super) async fn take(&mut self, what: Take) -> anyhow::Result<()> {
        loop {
            if self.place.is_none() {
                self.place = Some(self.wait_for_place().await?);
            }
            if !self.fill(what) {
                return Ok(());
            }
            self.full = Some(self.batch.room());
            self.submit().await?;
            // A sender that is never waited for must not keep others from their turn.
            tokio::task::yield_now().await;
        }
    }

    /// Waits until this connection may hold a batch.
    async fn wait_for_place(&mut self) -> anyhow::Result<OwnedSemaphorePermit> {
        let places = Arc::clone(&self.intake.batch_places);
        let place = tokio::select! {
            place = places.acquire_owned() => place.ok(),
            () = self.intake.too_late.cancelled() => None,
        };
        place.ok_or_else(|| self.drop_all(0, Rejected::Stopping))
    }

    /// Takes and submits all that is left.
    ///
    /// # Errors
    /// [`Rejected`] if it could not be queued.
    pub(super) async fn finish(&mut self, rest: Take) -> anyhow::Result<()> {
        self.take(rest).await?;
        self.submit().await
    }

    /// Hands the batch to the sequencer, and waits where the sender is too fast.
    ///
    /// # Errors
    /// [`Rejected`] if it could not be queued; what is buffered is dropped with it then, and counted.
    pub(super) async fn submit(&mut self) -> anyhow::Result<()> {
        let place = self.place.take();
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        let rows = batch.rows();
        self.intake.count(&batch, std::mem::take(&mut self.batch_bytes));
        let queued = tokio::select! {
            queued = self.intake.ingest.enqueue(batch, WhenFull::Wait) => queued,
            () = self.intake.too_late.cancelled() => Err(Rejected::Stopping),
        };
        // Plain syslog has no acknowledgement to give: nobody waits for the receipt.
        queued.map_err(|reason| self.drop_all(rows, reason))?;
        drop(place);
        let slowed = async {
            self.rate.slow_down(self.peer, rows).await;
            if let Some(pass) = self.pass() {
                pass.count_batch().await;
            }
        };
        tokio::select! {
            () = slowed => {}
            () = self.stop.cancelled() => {}
            // Reading ends by it.
            _ = ended(self.pass()) => {}
        }
        Ok(())
    }

    /// Moves frames to the batch until it is full (then there may be more) or none is left.
    fn fill(&mut self, what: Take) -> bool {
        if self.batch.is_empty() {
            self.received_at = now_micros();
            if let Some(room) = self.full.take().filter(|_| !self.buffer.unread().is_empty()) {
                self.batch = Batch::with_room(room);
            }
        }
        let is_joined = matches!(self.framing, Framing::Joined(_));
        while !is_full(&self.batch, self.batch_bytes) {
            let unread = self.buffer.unread();
            match self.framing.step(unread, what) {
                Step::Frame(frame) => {
                    let is_ended = frame.consumed.checked_sub(1).and_then(|last| unread.get(last)) == Some(&b'\n');
                    let whole = match (frame.truncated, what) {
                        (true, _) if is_joined => Whole::GoesOn,
                        (true, Take::All | Take::AllAtStop) if frame.consumed == unread.len() => Whole::NotAtEnd,
                        (true, _) => Whole::NotAtLimit,
                        (false, Take::AllAtStop) if !(is_joined && is_ended) => Whole::UnknownAtStop,
                        (false, _) => Whole::Yes,
                    };
                    let unzipped = self.framing.unzipped(frame.bytes, self.intake.frame_bytes_max);
                    let (bytes, whole) = match unzipped.as_deref() {
                        None => (frame.bytes, whole),
                        Some(content) => match content.get(..self.intake.frame_bytes_max) {
                            Some(kept) if kept.len() < content.len() => (kept, Whole::NotAtLimit),
                            _ => (content, whole),
                        },
                    };
                    self.intake.add(&mut self.batch, bytes, &mut self.format, whole, &self.whose, self.received_at);
                    self.batch_bytes += bytes.len();
                    self.is_delimiting |= what == Take::Whole;
                    self.buffer.consume(frame.consumed);
                }
                Step::NeedMore { consumed } => {
                    self.buffer.consume(consumed);
                    return false;
                }
            }
        }
        true
    }

    /// Drops what is buffered, and counts it with the `rows` that could not be queued.
    fn drop_all(&mut self, rows: usize, reason: Rejected) -> anyhow::Error {
        let mut dropped = rows;
        loop {
            let more = self.fill(Take::All);
            dropped += std::mem::take(&mut self.batch).rows();
            self.batch_bytes = 0;
            if !more {
                break;
            }
        }
        self.intake.metrics.drop_records(DropReason::Shutdown, dropped as u64);
        anyhow::Error::new(reason).context(format!("{dropped} records could not be queued"))
    }
}
