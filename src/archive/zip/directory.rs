//! The central directory: where it is, and its headers one after the other.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read as _};

use super::super::buffered::Buffered;
use super::super::entry::EntryKind;
use super::super::problem::EntryProblem;
use super::super::source::{Range, Source};
use super::ZipEntry;
use super::header::{CENTRAL, Extra, IN_ZIP64, LOCAL, u16_at, u32_at, u64_at};

const END: &[u8; 4] = b"PK\x05\x06";
const END_BYTES: u64 = 22;
const COMMENT_BYTES_MAX: u64 = u16::MAX as u64;

/// Where the directory stands.
#[derive(Debug)]
pub(super) struct Directory {
    start: u64,
    end: u64,
    /// How many headers it has; only the lowest 16 bits count.
    count: u64,
    /// Added to each offset in it: how much was put in front of the archive after it was made.
    shift: u64,
}

impl Directory {
    /// Finds it from the file's end.
    pub(super) fn find(source: &Source<'_>) -> io::Result<Result<Self, EntryProblem>> {
        let tail_at = source.len().saturating_sub(END_BYTES + COMMENT_BYTES_MAX);
        let mut tail = Vec::new();
        source.aside(tail_at, source.len()).read_to_end(&mut tail)?;
        for at in memchr::memmem::rfind_iter(&tail, END) {
            let record = tail.get(at..).unwrap_or_default();
            if record.len() < END_BYTES as usize + usize::from(u16_at(record, 20)) {
                continue;
            }
            if let Some(directory) = Self::of_end(source, tail_at + at as u64, record)? {
                return Ok(directory);
            }
        }
        Ok(Err(EntryProblem::Damaged("its directory is missing; the entries were searched for")))
    }

    /// Whether there are headers in it; the first one was seen then.
    pub(super) fn has_entries(&self) -> bool {
        self.count > 0
    }

    /// What the end record at `at` says, if that can be true.
    fn of_end(source: &Source<'_>, at: u64, record: &[u8]) -> io::Result<Option<Result<Self, EntryProblem>>> {
        let (disk, count) = (u16_at(record, 4), u16_at(record, 10));
        let (size, start) = (u32_at(record, 12), u32_at(record, 16));
        let (mut end, mut count, mut size, mut start) = (at, u64::from(count), u64::from(size), u64::from(start));
        if disk == u16::MAX || count == u64::from(u16::MAX) || size.max(start) == u64::from(IN_ZIP64) {
            if let Some((record_at, record)) = zip64_end(source, at)? {
                end = record_at;
                (count, size, start) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
            }
        } else if disk != 0 {
            return Ok(Some(Err(EntryProblem::UnsupportedFormat("a part of a zip that is split over files"))));
        }
        let Some(should_start) = end.checked_sub(size) else { return Ok(None) };
        let is_there = |at| Ok::<_, io::Error>(count == 0 || source.bytes_at(at)? == Some(CENTRAL));
        if start <= should_start && is_there(start)? {
            return Ok(Some(Ok(Self { start, end, count, shift: 0 })));
        }
        let shift = should_start.checked_sub(start);
        match shift {
            Some(shift) if is_there(should_start)? => Ok(Some(Ok(Self { start: should_start, end, count, shift }))),
            _ => Ok(None),
        }
    }
}

/// The zip64 end record, which a locator right before the end record points to.
fn zip64_end(source: &Source<'_>, end_at: u64) -> io::Result<Option<(u64, [u8; 56])>> {
    let Some(locator_at) = end_at.checked_sub(20) else { return Ok(None) };
    let Some(locator) = source.bytes_at::<20>(locator_at)? else { return Ok(None) };
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    // Where the pointer is wrong because something was put in front, the record still stands before its locator.
    for at in [Some(u64_at(&locator, 8)), locator_at.checked_sub(56)].into_iter().flatten() {
        if let Some(record) = source.bytes_at::<56>(at)?.filter(|record| record.starts_with(b"PK\x06\x06")) {
            return Ok(Some((at, record)));
        }
    }
    Ok(None)
}

/// Reads the directory's headers.
pub(super) struct Central<'s> {
    source: &'s Source<'s>,
    headers: Buffered<Range<'s>>,
    directory: Directory,
    seen: u64,
    /// Where entries begin, and the directory itself: no entry reaches beyond the next of them.
    starts: BTreeSet<u64>,
}

impl<'s> Central<'s> {
    /// Goes through the directory once, to know where its first `entries_max` entries begin.
    pub(super) fn new(source: &'s Source<'s>, directory: Directory, entries_max: u64) -> io::Result<Self> {
        let headers = |directory: &Directory| Buffered::new(source.aside(directory.start, directory.end));
        let starts = BTreeSet::from([directory.start]);
        let mut central = Self { source, headers: headers(&directory), directory, seen: 0, starts };
        for _ in 0..entries_max {
            match central.header() {
                Ok(entry) => central.starts.insert(entry.header_at),
                Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) => break,
                Err(error) => return Err(error),
            };
        }
        central.headers = headers(&central.directory);
        Ok(central)
    }

    /// The next entry, nothing at the directory's end, or why the directory cannot be read on.
    pub(super) fn next(&mut self) -> io::Result<Result<Option<ZipEntry>, EntryProblem>> {
        const BROKEN: EntryProblem = EntryProblem::Damaged("its directory is broken; the entries were searched for");
        if !self.headers.peek(4).starts_with(&CENTRAL) {
            // Programs that know no zip64 count modulo 2^16.
            let is_whole = self.seen & 0xffff == self.directory.count & 0xffff;
            return Ok(if is_whole { Ok(None) } else { Err(BROKEN) });
        }
        match self.header() {
            Ok(entry) => {
                self.seen += 1;
                let mut entry = self.locate(entry)?;
                if entry.problem.is_none() {
                    self.cut(&mut entry)?;
                }
                Ok(Ok(Some(entry)))
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Err(BROKEN)),
            Err(error) => Err(error),
        }
    }

    fn header(&mut self) -> io::Result<ZipEntry> {
        let mut fixed = [0; 46];
        self.headers.read_exact(&mut fixed)?;
        if !fixed.starts_with(&CENTRAL) {
            return Err(ErrorKind::InvalidData.into());
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
        let mut variable = vec![0; name + extra + comment];
        self.headers.read_exact(&mut variable)?;
        let (name, rest) = variable.split_at_checked(name).unwrap_or_default();
        let mut extra = Extra::parse(rest.get(..extra).unwrap_or_default());
        let flags = u16_at(&fixed, 8);
        // The order of the fields in the zip64 extra field.
        let size = extra.zip64_or(u32_at(&fixed, 24));
        let compressed_size = extra.zip64_or(u32_at(&fixed, 20));
        let header_at = extra.zip64_or(u32_at(&fixed, 42));
        Ok(ZipEntry {
            name: extra.name(name, flags),
            flags,
            method: u16_at(&fixed, 10),
            crc: Some(u32_at(&fixed, 16)),
            compressed_size,
            size: Some(size),
            modified: extra.modified(u16_at(&fixed, 12), u16_at(&fixed, 14)),
            kind: kind(name, u16_at(&fixed, 4), u32_at(&fixed, 38)),
            header_at: header_at.saturating_add(self.directory.shift),
            data_at: 0,
            is_overrunning: false,
            problem: None,
        })
    }

    /// Where the data begins, the local header alone tells.
    fn locate(&self, mut entry: ZipEntry) -> io::Result<ZipEntry> {
        let header = self.source.bytes_at::<30>(entry.header_at)?.filter(|header| header.starts_with(&LOCAL));
        match header {
            Some(header) => {
                let names = 30 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
                entry.data_at = entry.header_at.saturating_add(names);
            }
            None => entry.problem = Some(EntryProblem::Damaged("it is not where the directory says")),
        }
        Ok(entry)
    }
}

impl Central<'_> {
    /// Cuts an entry that says that it is so long that it has bytes of the next one, which is not to blame.
    fn cut(&mut self, entry: &mut ZipEntry) -> io::Result<()> {
        while let Some(&next) = self.starts.range(entry.header_at + 1..entry.end()).next() {
            if next != self.directory.start && self.source.bytes_at(next)? != Some(LOCAL) {
                // The directory is wrong about that one, which says nothing against this one.
                self.starts.remove(&next);
                continue;
            }
            let Some(bytes) = next.checked_sub(entry.data_at) else {
                entry.problem = Some(EntryProblem::Overlapping);
                break;
            };
            // A descriptor may stand behind the data, which says itself where it ends unless it is stored.
            let size = entry.size.filter(|_| entry.method == 0).unwrap_or(bytes);
            (entry.compressed_size, entry.is_overrunning) = (bytes.min(size), true);
            break;
        }
        Ok(())
    }
}

/// What an entry is, by its name and, if it was made on Unix or macOS, by its mode.
pub(super) fn kind(name: &[u8], made_by: u16, attributes: u32) -> EntryKind {
    const DOS_DIRECTORY: u32 = 0x10;
    let mode = if matches!(made_by >> 8, 3 | 19) { attributes >> 16 & 0o170_000 } else { 0 };
    match mode {
        0o120_000 => EntryKind::Symlink,
        0o020_000 | 0o060_000 | 0o140_000 => EntryKind::Special,
        // `zip` keeps the mode of the pipe that it was given a file's content through.
        0o100_000 | 0o010_000 => EntryKind::File,
        _ if name.ends_with(b"/") || name.ends_with(b"\\") || attributes & DOS_DIRECTORY != 0 => EntryKind::Directory,
        _ => EntryKind::File,
    }
}
