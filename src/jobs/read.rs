//! The reading side of a job, on a thread of its own: entries of the file, records of the entries, batches of the records.

use std::fs::File;
use std::io::{self, BufRead};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use logseal_parsers::multiline::Rule;
use logseal_parsers::{Context, FileOptions, FileRecord, Formats, Zone};
use tokio::sync::mpsc;

use super::entry::Tally;
use super::place;
use crate::archive::entry::Entry;
use crate::archive::limits::Limits;
use crate::archive::problem::EntryProblem;
use crate::archive::walk::{Upload, walk};
use crate::clock;
use crate::config::uploads::Uploads;
use crate::event_log::either::FileReader;
use crate::meta::{EntryStatus, Job, JobEntry, RecordMark};
use crate::record::{Batch, Origin};

/// The thread gives way to those that serve live senders.
const NICENESS: i32 = 5;
const BATCH_ROWS_MAX: usize = 8192;
const BATCH_BYTES_MAX: usize = 1 << 20;
/// Read from an entry at once.
const READ_BYTES: usize = 256 << 10;
/// Entries that end without a record are told of in groups.
const ENTRIES_MAX: usize = 100;
/// What is damaged in it costs itself alone: the rest was gone through.
const EVENT_LOG_DAMAGE: EntryProblem =
    EntryProblem::Damaged("not all of the event log could be read, as its errors say");
/// The year before which no archive was made.
const EARLIEST_MODIFIED: i64 = 315_532_800_000_000;

/// An entry that an earlier run came to the end of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finished {
    pub(super) number: i64,
    pub(super) status: EntryStatus,
    pub(super) inserted: i64,
    pub(super) failed: i64,
}

/// How a file is to be read.
pub(super) struct Plan {
    file_name: String,
    origin: String,
    source: String,
    options: FileOptions,
    /// Of stamps that state none.
    zone: Zone,
    /// What stamps without a year are completed by, where the entry does not say when it was written: the same in every run.
    uploaded_at: i64,
    finished: Vec<Finished>,
    /// What is up to here is stored already.
    resume: Option<RecordMark>,
    limits: Limits,
}

impl Plan {
    /// # Errors
    /// What of the job is not known here, in words.
    pub(super) fn of(job: &Job, finished: Vec<Finished>, limits: Limits, formats: &Formats) -> Result<Self, String> {
        let format = formats.find(&job.format).map_err(|error| error.to_string())?;
        let multiline: Rule =
            job.multiline.parse().map_err(|error: logseal_parsers::multiline::UnknownRule| error.to_string())?;
        Ok(Self {
            file_name: job.file_name.clone(),
            origin: place::origin(job.id),
            source: job.source.clone(),
            options: FileOptions { format, multiline, ..FileOptions::default() },
            zone: job.zone.parse().map_err(|error: logseal_parsers::UnknownZone| error.to_string())?,
            uploaded_at: job.created_at.timestamp_micros(),
            finished,
            resume: job.mark(),
            limits,
        })
    }
}

/// The limits of archives, as they are configured.
#[must_use]
pub fn archive_limits(uploads: &Uploads) -> Limits {
    Limits {
        entries_max: uploads.entries_max,
        entry_bytes_max: uploads.entry_bytes_max,
        total_bytes_max: uploads.total_bytes_max,
        ratio_max: uploads.ratio_max,
        ..Limits::default()
    }
}

/// Records that become durable together, and how far the job is then.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) batch: Batch,
    pub(super) rows: u64,
    /// The place of the last record; without its id.
    pub(super) mark: RecordMark,
    pub(super) bytes_read: u64,
    pub(super) inserted: u64,
    pub(super) failed: u64,
    pub(super) step: String,
    /// Entries that have changed.
    pub(super) entries: Vec<JobEntry>,
}

/// Reads the file on its own thread.
pub(super) struct Reader {
    file: File,
    /// For what has to be unpacked before it can be read.
    scratch: PathBuf,
    plan: Plan,
}

/// Why an entry was not read on.
enum Stop {
    /// Nobody takes the pieces any more.
    Gone,
    /// The machine failed.
    Failed(io::Error),
}

impl Reader {
    pub(super) fn new(file: File, scratch: PathBuf, plan: Plan) -> Self {
        Self { file, scratch, plan }
    }

    /// Gives the pieces to `sender` until the file's end, or until nobody takes them.
    pub(super) fn spawn(self, sender: mpsc::Sender<Piece>) -> io::Result<JoinHandle<anyhow::Result<()>>> {
        std::thread::Builder::new().name("upload-reader".to_owned()).spawn(move || {
            // Refused only in the strangest of sandboxes; then it is merely less polite.
            rustix::process::setpriority_process(None, NICENESS).ok();
            self.read(sender)
        })
    }

    fn read(self, sender: mpsc::Sender<Piece>) -> anyhow::Result<()> {
        let consumed = Arc::new(AtomicU64::new(0));
        let mut flow = Flow::new(self.plan, sender, Arc::clone(&consumed));
        let (limits, name) = (flow.plan.limits.clone(), flow.plan.file_name.clone());
        let upload = Upload { file: &self.file, name: &name, scratch: &self.scratch, consumed: &consumed };
        let mut stop = None;
        let walked = walk(upload, &limits, &mut |entry| match flow.entry(entry) {
            Ok(()) => ControlFlow::Continue(()),
            Err(reason) => {
                stop = Some(reason);
                ControlFlow::Break(())
            }
        });
        match stop {
            Some(Stop::Gone) => return Ok(()),
            Some(Stop::Failed(error)) => return Err(error).context("read the uploaded file"),
            None => {}
        }
        // Where nobody takes it, the job was left.
        if flow.send().is_ok() {
            walked?;
            if let Some(problem) = flow.incomplete {
                bail!("the file could not be read whole: {problem}");
            }
            if let Some(mark) = &flow.resume {
                bail!("the file does not hold {} any more, of which a part is stored", mark.file);
            }
        }
        Ok(())
    }
}

/// From entries to pieces.
struct Flow {
    plan: Plan,
    sender: mpsc::Sender<Piece>,
    consumed: Arc<AtomicU64>,
    /// What is up to here is stored already, and is only counted.
    resume: Option<RecordMark>,
    piece: Piece,
    received_at: i64,
    /// Records of entries that are at an end.
    inserted: i64,
    failed: i64,
    /// Why the upload, which is no archive, was not gone through to its end.
    incomplete: Option<EntryProblem>,
}

impl Flow {
    fn new(plan: Plan, sender: mpsc::Sender<Piece>, consumed: Arc<AtomicU64>) -> Self {
        let resume = plan.resume.clone();
        let (piece, received_at, inserted, failed, incomplete) = (Piece::default(), 0, 0, 0, None);
        Self { plan, sender, consumed, resume, piece, received_at, inserted, failed, incomplete }
    }

    fn entry(&mut self, entry: Entry<'_>) -> Result<(), Stop> {
        let known = self.plan.finished.iter().find(|known| u64::try_from(known.number) == Ok(entry.number));
        // What failed as a whole is what a retry is for: what is stored of it is only counted.
        let known = known.filter(|known| !(entry.is_whole && known.status == EntryStatus::Failed));
        if let Some(known) = known.copied() {
            self.inserted += known.inserted;
            self.failed += known.failed;
            self.resume.take_if(|mark| mark.file == entry.unique_path);
            return Ok(());
        }
        let mut tally = Tally::new(entry.number, entry.unique_path);
        if let Some(from) = entry.renamed_from {
            // Whoever reads the results should know of a name that would harm another program.
            tally.warn(format!("its own name is \"{from}\""));
        }
        let modified = entry.modified.filter(|at| (EARLIEST_MODIFIED..=self.plan.uploaded_at).contains(at));
        let cx = Context { received_at: modified.unwrap_or(self.plan.uploaded_at), zone: self.plan.zone };
        let problem = match entry.content {
            Ok(content) => self.records(content, entry.unique_path, &mut tally, &cx)?,
            Err(problem) => Some(problem),
        };
        // All that is stored of this entry has gone by.
        self.resume.take_if(|mark| mark.file == entry.unique_path);
        if entry.is_whole {
            self.incomplete =
                problem.filter(|found| !matches!(found, EntryProblem::NotALog(_)) && *found != EVENT_LOG_DAMAGE);
        }
        let (status, problem) = match problem {
            None => (EntryStatus::Completed, None),
            Some(problem @ EntryProblem::NotALog(_)) => (EntryStatus::Skipped, Some(problem.to_string())),
            Some(problem) => (EntryStatus::Failed, Some(problem.to_string())),
        };
        let ended = tally.ended(status, problem);
        self.inserted += ended.inserted;
        self.failed += ended.failed;
        self.piece.entries.push(ended);
        self.count(0, 0);
        if self.piece.entries.len() >= ENTRIES_MAX { self.send() } else { Ok(()) }
    }

    /// All records of an entry; what is wrong with it, if anything.
    fn records(
        &mut self,
        content: &mut dyn BufRead,
        file: &str,
        tally: &mut Tally,
        cx: &Context,
    ) -> Result<Option<EntryProblem>, Stop> {
        let mut reader = FileReader::new(self.plan.options.clone());
        let mut buffer = Vec::new();
        let (mut bytes, mut problem, mut is_end) = (0, None, false);
        while !is_end {
            match read_some(content, &mut buffer) {
                Ok(count) => {
                    bytes += count as u64;
                    is_end = count == 0;
                }
                // What was read before it is as good as any other part.
                Err(error) => {
                    problem = Some(EntryProblem::of(&error).ok_or(Stop::Failed(error))?);
                    is_end = true;
                }
            }
            tally.read(bytes);
            let taken = reader.feed(&buffer, is_end, cx, &mut |record| self.add(record, file, tally));
            buffer.drain(..taken);
            if self.piece.batch.rows() >= BATCH_ROWS_MAX || self.piece.batch.bytes() >= BATCH_BYTES_MAX {
                let so_far = tally.so_far();
                let (inserted, failed) = (so_far.inserted, so_far.failed);
                self.piece.entries.push(so_far);
                self.count(inserted, failed);
                self.send()?;
            }
        }
        if let Some(missing) = reader.missing() {
            tally.warn(missing.to_string());
        }
        Ok(problem.or(reader.is_damaged().then_some(EVENT_LOG_DAMAGE)))
    }

    fn add(&mut self, record: FileRecord<'_>, file: &str, tally: &mut Tally) {
        let FileRecord { mut event, raw, line, last_line, part, .. } = record;
        let part = u64::from(part);
        tally.add(&event, raw, line, last_line);
        if let Some(mark) = &self.resume {
            let is_stored = mark.file != file || (line, part) <= (mark.line, mark.part);
            if is_stored {
                return;
            }
            self.resume = None;
        }
        place::write(&mut event, file, line, part);
        if self.piece.batch.is_empty() {
            // One arrival for a whole batch, which must not cross midnight.
            self.received_at = clock::now_micros();
        }
        let origin =
            Origin { source: &self.plan.source, origin: &self.plan.origin, peer: "", received_at: self.received_at };
        self.piece.batch.push(&event, raw, &origin);
        if self.piece.mark.file != file {
            file.clone_into(&mut self.piece.mark.file);
        }
        (self.piece.mark.line, self.piece.mark.part) = (line, part);
    }

    /// How far it is, with so many records of an entry that has not ended.
    fn count(&mut self, inserted: i64, failed: i64) {
        let total = |ended: i64, going: i64| u64::try_from(ended + going).unwrap_or_default();
        self.piece.inserted = total(self.inserted, inserted);
        self.piece.failed = total(self.failed, failed);
        self.piece.bytes_read = self.consumed.load(Ordering::Relaxed);
        self.piece.step = match self.piece.entries.last() {
            Some(entry) => format!("reads {}", entry.path),
            None => "reads".to_owned(),
        };
    }

    fn send(&mut self) -> Result<(), Stop> {
        if self.piece.batch.is_empty() && self.piece.entries.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(std::mem::take(&mut self.piece)).map_err(|_| Stop::Gone)
    }
}

/// Adds what comes next to `buffer`, up to [`READ_BYTES`]; 0 at the end.
fn read_some(content: &mut dyn BufRead, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let bytes = content.fill_buf()?;
    let count = bytes.len().min(READ_BYTES);
    buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
    content.consume(count);
    Ok(count)
}
