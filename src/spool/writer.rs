//! The write side: one thread appends groups of frames and seals segments.

use std::fs::{self, File};
use std::io::{self, IoSlice, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

use crate::spool::SpoolConfig;
use crate::spool::disk::{self, Sync};
use crate::spool::follower::{self, Follower, RegisterError};
use crate::spool::format::{FRAME_HEADER_LEN, FRAMES_AT, SEAL_AT, SealRecord, SegmentHeader, mark};
use crate::spool::group::{Frame, frame_headers, payload_len, write_all};
use crate::spool::ledger::{Ledger, Monitor};
use crate::spool::name::SegmentName;
use crate::spool::recovery::{self, OpenError, Recovered};
use crate::spool::refusal::{AppendError, FullCause, Poisoned, SealError};
use crate::spool::segment::SealedSegment;
use crate::spool::stats::add;

/// Both clocks, read by the caller.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Wall clock, milliseconds since 1970; only recorded.
    pub unix_ms: u64,
    /// The clock that ages are measured with.
    pub at: Instant,
}

/// The one writer of a spool directory. Dropping it does not seal what is open: the next start does.
#[derive(Debug)]
pub struct Spool {
    cfg: SpoolConfig,
    ledger: Arc<Ledger>,
    sealed: watch::Sender<u64>,
    registered: bool,
    next_id: u64,
    open: OpenSegment,
    poisoned: Option<&'static str>,
    /// What the last group that was refused for want of room takes.
    refused_bytes: u64,
    pub(super) sync: Sync,
}

/// The segment that is written to. Its file is created with its first group.
#[derive(Debug)]
struct OpenSegment {
    id: Uuid,
    written: Option<Written>,
}

/// The acknowledged part of the open segment.
#[derive(Debug)]
struct Written {
    file: File,
    path: PathBuf,
    header: SegmentHeader,
    since: Instant,
    /// Length that is fsynced and acknowledged.
    len: u64,
    rows: u64,
}

impl OpenSegment {
    fn new() -> Self {
        Self { id: Uuid::new_v4(), written: None }
    }
}

impl Spool {
    /// Locks and recovers the directory. An open segment of before is sealed. Followers see nothing
    /// before [`Self::register`]; read [`Recovered`] and call [`Self::raise_next_id`] first.
    pub fn open(cfg: SpoolConfig) -> Result<(Self, Recovered), OpenError> {
        let (ledger, recovered) = recovery::recover(&cfg)?;
        let spool = Self {
            cfg,
            ledger: Arc::new(ledger),
            sealed: watch::Sender::new(0),
            registered: false,
            next_id: recovered.next_id,
            open: OpenSegment::new(),
            poisoned: None,
            refused_bytes: 0,
            sync: Sync::Real,
        };
        Ok((spool, recovered))
    }

    /// Makes the next id at least `min`, durably. Ids never go back.
    pub fn raise_next_id(&mut self, min: u64) -> Result<(), SealError> {
        if min <= self.next_id {
            return Ok(());
        }
        // A segment has no holes, so the ids behind one begin a new segment.
        self.seal()?;
        match self.ledger.raise_sequence(min - 1) {
            Ok(()) => self.next_id = min,
            Err(e) => return Err(self.seal_failed("write the sequence file", e)),
        }
        Ok(())
    }

    /// Registers all followers, once. From here on a segment is deleted when each of them has passed it.
    /// Cursor files of other names are ignored.
    pub fn register<const N: usize>(&mut self, names: [&str; N]) -> Result<[Follower; N], RegisterError> {
        if self.registered {
            return Err(RegisterError::List("it was given before"));
        }
        let followers = follower::register(&self.ledger, &self.sealed, names)?;
        self.registered = true;
        Ok(followers)
    }

    /// A handle to counters and lag.
    pub fn monitor(&self) -> Monitor {
        Monitor(Arc::clone(&self.ledger))
    }

    /// The id that the next row gets.
    pub fn next_id(&self) -> u64 {
        self.next_id
    }

    /// The segment that the next group will be in. It changes with a successful [`Self::seal`] only.
    pub fn open_segment_id(&self) -> Uuid {
        self.open.id
    }

    /// Acknowledged rows in the open segment.
    pub fn open_rows(&self) -> u64 {
        self.open.written.as_ref().map_or(0, |w| w.rows)
    }

    /// Length of the open segment's file; 0 while it is empty.
    pub fn open_bytes(&self) -> u64 {
        self.open.written.as_ref().map_or(0, |w| w.len)
    }

    /// Time since the open segment's first group; `None` while it is empty.
    pub fn open_age(&self, now: Instant) -> Option<Duration> {
        let written = self.open.written.as_ref()?;
        Some(now.saturating_duration_since(written.since))
    }

    /// Whether the open segment has reached its limit of rows or bytes. Limits are soft: a group is
    /// never split.
    pub fn open_is_full(&self) -> bool {
        self.open_rows() >= self.cfg.segment_rows_max || self.open_bytes() >= self.cfg.segment_bytes_max
    }

    /// Writes all frames and makes them durable with one `fdatasync` (the first group of a segment
    /// also syncs the directory). `Ok` means: acknowledge. An empty group does nothing.
    pub fn append(&mut self, frames: &[Frame<'_>], now: Moment) -> Result<(), AppendError> {
        self.check_poison().map_err(AppendError::Poisoned)?;
        if frames.is_empty() {
            return Ok(());
        }
        let acked_len = self.open.written.as_ref().map_or(FRAMES_AT, |w| w.len);
        let headers = frame_headers(frames, self.next_id, mark(self.open.id), acked_len)?;
        let payload_bytes: u64 = frames.iter().map(payload_len).sum();
        let bytes = payload_bytes + (headers.len() * FRAME_HEADER_LEN) as u64;
        self.refused_bytes = bytes;
        self.check_room(bytes).map_err(|cause| self.full(cause))?;

        let mut written = match self.open.written.take() {
            Some(written) => written,
            None => self.create(now)?,
        };
        let is_first = written.len == 0;
        let block = is_first.then(|| written.header.encode());
        let mut slices = Vec::with_capacity(2 * frames.len() + 1);
        slices.extend(block.as_deref().map(IoSlice::new));
        for (frame, header) in frames.iter().zip(&headers) {
            slices.push(IoSlice::new(header));
            slices.extend_from_slice(frame.payload);
        }
        if let Err(e) = write_all(&written.file, &mut slices) {
            return Err(self.undo(written, e));
        }
        self.make_durable(&written, is_first).map_err(AppendError::Poisoned)?;
        let rows: u64 = frames.iter().map(|f| u64::from(f.rows)).sum();
        written.len = acked_len + bytes;
        written.rows += rows;
        self.next_id += rows;
        self.refused_bytes = 0;
        self.count(frames.len(), rows, bytes, written.len);
        self.open.written = Some(written);
        Ok(())
    }

    /// Whether there seems to be room for the group that was refused last. Only an append can tell for sure: a device that refuses for
    /// another reason than its free space does not show it.
    pub fn has_room(&self) -> bool {
        self.check_room(self.refused_bytes).is_ok()
    }

    /// Makes the open segment immutable and shows it to the followers; returns its id, or `None`
    /// when it was empty.
    pub fn seal(&mut self) -> Result<Option<Uuid>, SealError> {
        self.check_poison().map_err(SealError::Poisoned)?;
        let Some(written) = self.open.written.take() else {
            return Ok(None);
        };
        match self.seal_written(&written) {
            Ok(segment) => {
                let (id, last_id) = (segment.id, segment.last_id);
                self.open = OpenSegment::new();
                self.ledger.counters.open_bytes.store(0, Relaxed);
                self.ledger.publish(segment);
                self.sealed.send_replace(last_id);
                Ok(Some(id))
            }
            Err(error) => {
                self.open.written = Some(written);
                Err(error)
            }
        }
    }

    fn seal_written(&mut self, written: &Written) -> Result<SealedSegment, SealError> {
        let header = &written.header;
        let seal = SealRecord { rows: written.rows, bytes: written.len, last_id: self.next_id - 1 };
        // Until the rename the file is an open segment, in which recovery does not rely on a seal
        // record. So a failure up to there changes nothing, and appends may go on.
        (written.file)
            .write_all_at(&seal.encode(header.id), SEAL_AT)
            .map_err(|e| self.seal_failed("write the seal record", e))?;
        (self.sync.data(&written.file)).map_err(|e| SealError::Poisoned(self.poison("fsync a segment to seal", e)))?;
        let name = SegmentName { first_id: header.first_id, last_id: Some(seal.last_id), id: header.id };
        let path = self.ledger.layout.segments.join(name.file_name());
        fs::rename(&written.path, &path).map_err(|e| self.seal_failed("rename a segment to seal", e))?;
        (self.sync.dir(&self.ledger.layout.segments))
            .map_err(|e| SealError::Poisoned(self.poison("fsync the segments directory", e)))?;
        Ok(SealedSegment::new(header, &seal, path))
    }

    fn create(&mut self, now: Moment) -> Result<Written, AppendError> {
        let header =
            SegmentHeader { id: self.open.id, first_id: self.next_id, created_at_ms: now.unix_ms, node: self.cfg.node };
        let name = SegmentName { first_id: header.first_id, last_id: None, id: header.id };
        let path = self.ledger.layout.segments.join(name.file_name());
        match disk::create_private(&path) {
            Ok(file) => Ok(Written { file, path, header, since: now.at, len: 0, rows: 0 }),
            // Nothing was changed, whatever the reason: too many open files pass as well.
            Err(e) => Err(self.full(FullCause::Device(e))),
        }
    }

    fn check_room(&self, bytes: u64) -> Result<(), FullCause> {
        let needed = match self.open.written {
            Some(_) => bytes,
            None => bytes + FRAMES_AT,
        };
        if self.ledger.disk_bytes().saturating_add(needed) > self.cfg.disk_bytes_max {
            return Err(FullCause::DiskCap);
        }
        let free = (self.sync).free_bytes(&self.ledger.layout.segments).map_err(FullCause::Device)?;
        if free < needed.saturating_add(self.cfg.disk_free_bytes_min) {
            return Err(FullCause::FreeSpace);
        }
        Ok(())
    }

    fn make_durable(&mut self, written: &Written, is_first: bool) -> Result<(), Poisoned> {
        let begin = Instant::now();
        (self.sync.data(&written.file)).map_err(|e| self.poison("fsync the open segment", e))?;
        if is_first {
            (self.sync.dir(&self.ledger.layout.segments))
                .map_err(|e| self.poison("fsync the segments directory", e))?;
        }
        let nanos = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        add(&self.ledger.counters.sync_nanos, nanos);
        Ok(())
    }

    /// Takes back what an append has written before it failed. It is synced, so that rows whose sender
    /// was told "no" do not come back after a power failure.
    fn undo(&mut self, mut written: Written, error: io::Error) -> AppendError {
        let undone = (self.sync.truncate(&written.file, written.len))
            .and_then(|()| written.file.seek(SeekFrom::Start(written.len)))
            .and_then(|_| self.sync.data(&written.file));
        if let Err(e) = undone {
            return AppendError::Poisoned(self.poison("undo an append", e));
        }
        if written.len > 0 {
            self.open.written = Some(written);
        } else if let Err(e) = fs::remove_file(&written.path) {
            return AppendError::Poisoned(self.poison("undo the creation of a segment", e));
        }
        if disk::is_full(&error) {
            return self.full(FullCause::Device(error));
        }
        AppendError::Poisoned(self.poison("write to the open segment", error))
    }

    fn full(&self, cause: FullCause) -> AppendError {
        add(&self.ledger.counters.refused_full, 1);
        AppendError::Full(cause)
    }

    fn seal_failed(&mut self, during: &'static str, error: io::Error) -> SealError {
        if disk::is_full(&error) {
            return SealError::Full(error);
        }
        SealError::Poisoned(self.poison(during, error))
    }

    fn poison(&mut self, during: &'static str, error: io::Error) -> Poisoned {
        self.poisoned = Some(during);
        Poisoned { during, source: Some(error) }
    }

    fn check_poison(&self) -> Result<(), Poisoned> {
        match self.poisoned {
            Some(during) => Err(Poisoned { during, source: None }),
            None => Ok(()),
        }
    }

    fn count(&self, frames: usize, rows: u64, bytes: u64, open_bytes: u64) {
        let counters = &self.ledger.counters;
        add(&counters.groups, 1);
        add(&counters.frames, frames as u64);
        add(&counters.rows, rows);
        add(&counters.bytes, bytes);
        counters.open_bytes.store(open_bytes, Relaxed);
        counters.last_id.store(self.next_id - 1, Relaxed);
    }
}
