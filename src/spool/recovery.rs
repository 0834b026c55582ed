//! Brings a spool directory back to order after a crash. What can be told and what cannot is in the
//! module doc of `spool`. Running it twice, or being killed within it, changes nothing more.

use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::spool::SpoolConfig;
use crate::spool::disk::{self, Layout, LockError};
use crate::spool::ledger::{self, Ledger};
use crate::spool::restore::Restorer;
use crate::spool::slot::{self, Found, Slot};

/// Why the spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another daemon has this directory: stop it, or use another directory.
    #[error("the spool {dir} is in use by process {pid}", dir = .dir.display(), pid = .pid.map_or("?".to_owned(), |pid| pid.to_string()))]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// The process that holds it, if it could be read.
        pid: Option<u32>,
    },
    /// The disk refused. Nothing is lost by it; the next start begins again. To repair damage takes
    /// room for a copy of the damaged segment.
    #[error("{doing} {path}", path = .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
}

/// What was found at start. Everything but `fresh`, `next_id` and `sealed` is empty after a clean stop.
#[derive(Debug, Default)]
pub struct Recovered {
    /// No id was ever used here: the caller must know from elsewhere which ids are taken.
    pub fresh: bool,
    /// The id that the next row gets.
    pub next_id: u64,
    /// Sealed segments that are there, with those recovered now.
    pub sealed: usize,
    /// Ends of open segments that were cut off.
    pub cuts: Vec<Cut>,
    /// Rows that are destroyed. Followers see them as `Entry::Lost`.
    pub losses: Vec<Loss>,
    /// Damaged originals that were rewritten, in `rejected/`; also those where no row was lost.
    pub repaired: Vec<PathBuf>,
    /// Ids between two segments: a segment file is missing, or ids were raised while segments were left.
    pub gaps: Vec<RangeInclusive<u64>>,
    /// The `sequence` file was unreadable: the caller must ask elsewhere which ids are taken.
    pub sequence_damaged: bool,
    /// Files in `segments/` that are not ours; left alone.
    pub foreign: Vec<PathBuf>,
}

/// The end of an open segment that was no whole frame and had none behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The segment.
    pub segment: Uuid,
    /// Where it was cut.
    pub offset: u64,
    /// Bytes cut off.
    pub bytes: u64,
    /// First id that may have been in them.
    pub first_id: u64,
    /// Where the bytes are kept, if they do not look like a plainly unfinished write.
    pub kept: Option<PathBuf>,
}

/// Destroyed rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The segment.
    pub segment: Uuid,
    /// First id.
    pub first_id: u64,
    /// Last id.
    pub last_id: u64,
    /// Whether they are known to have been acknowledged. If not, they were in the last group
    /// before a crash, which may not have been fsynced.
    pub acknowledged: bool,
    /// Where the original bytes are.
    pub kept: PathBuf,
}

/// Takes the lock and recovers everything.
pub(super) fn recover(cfg: &SpoolConfig) -> Result<(Ledger, Recovered), OpenError> {
    let at_dir = |doing| io_error(doing, &cfg.dir);
    let layout = Layout::create(&cfg.dir).map_err(at_dir("create the spool directory"))?;
    let lock = disk::lock(&cfg.dir).map_err(|e| match e {
        LockError::Held(pid) => OpenError::Locked { dir: cfg.dir.clone(), pid },
        LockError::Io(source) => at_dir("lock the spool directory")(source),
    })?;
    ledger::remove_leftovers(&layout).map_err(at_dir("remove temporary files in"))?;
    let (sequence, found) = Slot::open(&cfg.dir.join("sequence")).map_err(at_dir("open the sequence file in"))?;

    let mut restorer = Restorer { layout: &layout, node: cfg.node, report: Recovered::default() };
    let segments = restorer.segments()?;
    let mut report = restorer.report;
    let cursors = highest_cursor(&layout).map_err(at_dir("read the cursors in"))?;
    let last_id = segments.last().map_or(0, |s| s.last_id);
    report.next_id = last_id.max(cursors).max(sequence.value()).saturating_add(1);
    report.fresh = report.next_id == 1;
    report.sealed = segments.len();
    report.sequence_damaged = found == Found::Damaged;
    Ok((Ledger::new(layout, lock, sequence, segments), report))
}

pub(super) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_path_buf();
    move |source| OpenError::Io { doing, path, source }
}

/// The highest id that any follower has passed, registered or not: it was used.
fn highest_cursor(layout: &Layout) -> io::Result<u64> {
    let mut highest = 0;
    for entry in fs::read_dir(&layout.cursors)? {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        if let Some((_, value)) = slot::read(&entry.path())? {
            highest = highest.max(value);
        }
    }
    Ok(highest)
}
