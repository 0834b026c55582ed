//! A zip, read by its central directory and, where that is missing or broken, by its local headers (APPNOTE.TXT 6.3.10).
//!
//! The `zip` crate is not used: it takes the whole directory into memory, whatever its size, refuses all of an archive
//! one of whose headers is wrong, and forgets all but one of the entries that share a name.

mod content;
mod directory;
mod header;
mod scan;

use std::collections::BTreeMap;
use std::io;

use self::directory::{Central, Directory};
use self::scan::Scan;
use super::entry::EntryKind;
use super::limits::Limits;
use super::problem::EntryProblem;
use super::source::Source;

pub(super) use self::content::ZipContent;

/// A member, as the central directory or its local header tells of it.
#[derive(Clone, Debug)]
pub(super) struct ZipEntry {
    pub(super) name: String,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: Option<u32>,
    pub(super) compressed_size: u64,
    pub(super) size: Option<u64>,
    pub(super) modified: Option<i64>,
    pub(super) kind: EntryKind,
    /// Where the local header and where the data stands.
    pub(super) header_at: u64,
    pub(super) data_at: u64,
    /// It claims bytes of the entry behind it, and was cut where that one begins.
    pub(super) is_overrunning: bool,
    /// Why its data cannot be read at all.
    pub(super) problem: Option<EntryProblem>,
}

impl ZipEntry {
    /// Where its data ends.
    pub(super) fn end(&self) -> u64 {
        self.data_at.saturating_add(self.compressed_size)
    }

    /// Why it will not be read, if it is of this `kind`.
    pub(super) fn problem(&self, kind: EntryKind, limits: &Limits) -> Option<EntryProblem> {
        if kind != EntryKind::File {
            return Some(EntryProblem::NotALog(kind));
        }
        if self.problem.is_some() {
            return self.problem;
        }
        if self.flags & header::ENCRYPTED != 0 || self.method == header::AES {
            return Some(EntryProblem::Encrypted);
        }
        if !content::is_supported(self.method) {
            return Some(EntryProblem::UnsupportedMethod(self.method));
        }
        let limit = limits.entry_bytes_max;
        self.size.is_some_and(|size| size > limit).then_some(EntryProblem::TooLarge { limit })
    }
}

/// Whether a zip with something in it ends where the file does, whatever stands before it.
pub(super) fn is_at_end_of(source: &Source<'_>) -> io::Result<bool> {
    Ok(Directory::find(source)?.is_ok_and(|directory| directory.has_entries()))
}

/// The members of a zip, one after the other.
pub(super) struct ZipReader<'s> {
    source: &'s Source<'s>,
    stage: Stage<'s>,
    taken: Taken,
    problem: Option<EntryProblem>,
}

enum Stage<'s> {
    Central(Central<'s>),
    Scan(Scan<'s>),
}

impl<'s> ZipReader<'s> {
    pub(super) fn new(source: &'s Source<'s>, limits: &Limits) -> io::Result<Self> {
        let (stage, problem) = match Directory::find(source)? {
            Ok(directory) => (Stage::Central(Central::new(source, directory, limits.entries_max)?), None),
            Err(problem) => (Stage::Scan(Scan::new(source)), Some(problem)),
        };
        Ok(Self { source, stage, taken: Taken::default(), problem })
    }

    /// Why members may be missing; with one, they were read by their local headers.
    pub(super) fn problem(&self) -> Option<EntryProblem> {
        self.problem
    }

    /// The next member. Memory grows by some 70 bytes with each, to know which bytes of the file were taken, and where the
    /// others begin.
    pub(super) fn next(&mut self) -> io::Result<Option<ZipEntry>> {
        if let Stage::Central(central) = &mut self.stage {
            match central.next()? {
                Ok(Some(mut entry)) => {
                    if entry.problem.is_none() && !self.taken.take(entry.header_at, entry.end()) {
                        entry.problem = Some(EntryProblem::Overlapping);
                    }
                    return Ok(Some(entry));
                }
                Ok(None) => return Ok(None),
                Err(problem) => {
                    self.problem = Some(problem);
                    self.stage = Stage::Scan(Scan::new(self.source));
                }
            }
        }
        let Stage::Scan(scan) = &mut self.stage else { return Ok(None) };
        let entry = scan.next(&self.taken)?;
        if let Some(entry) = &entry {
            self.taken.take(entry.header_at, entry.end());
        }
        Ok(entry)
    }
}

/// Which bytes of the file belong to entries that were met: none may belong to two, or a small file holds any number of
/// large entries (D. Fifield, "A better zip bomb", 2019).
#[derive(Default)]
struct Taken(BTreeMap<u64, u64>);

impl Taken {
    /// Takes the bytes from `start` to `end`, unless some of them are taken.
    fn take(&mut self, start: u64, end: u64) -> bool {
        let is_free = self.0.range(..end).next_back().is_none_or(|(_, &before)| before <= start);
        if is_free {
            self.0.insert(start, end);
        }
        is_free
    }

    /// The end of what begins at `start`.
    fn end_of(&self, start: u64) -> Option<u64> {
        self.0.get(&start).copied()
    }
}
