//! Visits the entries of an upload.

use std::fs::File;
use std::io::{self, BufRead, Read, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use super::buffered::{Buffered, Stream};
use super::entry::{Entry, EntryKind};
use super::file_type::{Magic, PEEKED_BYTES};
use super::limits::Limits;
use super::meter::Meter;
use super::name::{Name, UniqueNames, harmless};
use super::packed::Unpacked;
use super::problem::{ArchiveError, EntryProblem};
use super::source::Source;
use super::tar::TarReader;
use super::zip::{ZipContent, ZipReader};

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// The uploaded file.
    pub file: &'a File,
    /// Its name, which is the path of its one entry if it is no archive.
    pub name: &'a str,
    /// The folder for temporary files, which have no name in it.
    pub scratch: &'a Path,
    /// Is set to how many bytes of the file are done with, read or skipped; it never falls.
    pub consumed: &'a AtomicU64,
}

/// Hands each entry to `visit`, in the order of the archive, until it breaks off. Entries that are no logs and those with
/// a problem are visited too. An error comes after all that could be read.
///
/// To go on where an earlier walk ended, skip as many entries by not reading them. In a zip this is cheap: its members
/// are read as far as is needed to know what they are.
pub fn walk(
    upload: Upload<'_>,
    limits: &Limits,
    visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> Result<(), ArchiveError> {
    let source = Source::new(upload.file, Some(upload.consumed)).map_err(ArchiveError::Read)?;
    let meter = Meter::new(limits, &source);
    let place = Place::top(harmless(upload.name, limits.name_bytes_max));
    let mut walker = Walker {
        meter: &meter,
        scratch: upload.scratch,
        names: UniqueNames::default(),
        number: 0,
        incomplete: None,
        visit,
    };
    match walker.upload(place, &source) {
        Ok(()) => {
            source.reached(source.len());
            walker.incomplete.map_or(Ok(()), |problem| Err(ArchiveError::Incomplete(problem)))
        }
        Err(Stop::Visitor) => Ok(()),
        Err(Stop::Failed(error)) => Err(ArchiveError::Read(error)),
        Err(Stop::Ended(problem)) => Err(ArchiveError::Incomplete(problem)),
    }
}

/// Why nothing more is visited.
enum Stop {
    Visitor,
    Failed(io::Error),
    Ended(EntryProblem),
}

/// An entry, or an archive, and where it stands.
#[derive(Clone)]
struct Place {
    name: Name,
    /// What stands before the names of its own entries.
    prefix: String,
    kind: EntryKind,
    size: Option<u64>,
    modified: Option<i64>,
    is_top: bool,
}

impl Place {
    fn top(name: Name) -> Self {
        let prefix = String::new();
        Self { name, prefix, kind: EntryKind::File, size: None, modified: None, is_top: true }
    }

    /// What stands before the names of its own entries, where that is not what its archive calls it.
    fn renamed_prefix(&self) -> Option<String> {
        let from = self.name.renamed_from.as_ref().filter(|_| !self.is_top)?;
        Some(format!("{from}/"))
    }

    fn within(&self, member: Member<'_>, limits: &Limits) -> Self {
        let name = harmless(member.raw_name, limits.name_bytes_max);
        let kind = member.kind.or_mac_metadata(&name.shown);
        let renamed_from = match (self.renamed_prefix(), &name.renamed_from) {
            (None, None) => None,
            (prefix, from) => {
                let (prefix, from) =
                    (prefix.unwrap_or_else(|| self.prefix.clone()), from.as_ref().unwrap_or(&name.shown));
                Some(format!("{prefix}{from}"))
            }
        };
        let name = Name { shown: format!("{}{}", self.prefix, name.shown), renamed_from };
        let prefix = format!("{}/", name.shown);
        Self { name, prefix, kind, size: member.size, modified: member.modified, is_top: false }
    }
}

/// What an archive says of a member.
struct Member<'m> {
    raw_name: &'m str,
    kind: EntryKind,
    size: Option<u64>,
    modified: Option<i64>,
}

struct Walker<'w> {
    meter: &'w Meter<'w>,
    scratch: &'w Path,
    names: UniqueNames,
    number: u64,
    /// The problem of the upload itself.
    incomplete: Option<EntryProblem>,
    visit: &'w mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
}

impl<'w> Walker<'w> {
    fn upload(&mut self, place: Place, source: &Source<'_>) -> Result<(), Stop> {
        // A look at the beginning is no progress: a small zip would be done with.
        let mut beginning = Buffered::new(source.aside(0, source.len()));
        match Magic::of_upload(beginning.peek(PEEKED_BYTES), source).map_err(Stop::Failed)? {
            Magic::Zip => {
                let problem = self.zip(&place, source, 1)?;
                self.archive_ended(&place, problem)
            }
            _ => self.content(place, Buffered::new(Box::new(source.range(0, source.len()))), source, 0),
        }
    }

    /// Visits what `stream` holds, which stands within `level` packed files and archives.
    fn content(&mut self, place: Place, mut stream: Stream<'_>, source: &Source<'_>, level: u8) -> Result<(), Stop> {
        let limit = self.meter.limits.nesting_max;
        let magic = Magic::of(stream.peek(PEEKED_BYTES));
        match magic {
            Magic::Plain => self.visit(&place, Ok(&mut stream), Some(source)),
            Magic::Foreign(what) => self.visit(&place, Err(EntryProblem::UnsupportedFormat(what)), None),
            _ if level > limit => self.visit(&place, Err(EntryProblem::NestedTooDeep { limit }), None),
            Magic::Tar => self.tar(&place, stream, source, level + 1),
            Magic::Zip => self.nested_zip(&place, stream, level + 1),
            Magic::Packed(packing) => {
                let unpacked = Unpacked::new(packing, stream, self.meter, source);
                let mut unpacked: Stream<'_> = Buffered::new(Box::new(unpacked));
                match Magic::of(unpacked.peek(PEEKED_BYTES)) {
                    Magic::Tar => self.tar(&place, unpacked, source, level + 1),
                    Magic::Zip => self.nested_zip(&place, unpacked, level + 1),
                    _ => self.content(place, unpacked, source, level + 1),
                }
            }
        }
    }

    fn tar(&mut self, archive: &Place, stream: Stream<'_>, source: &Source<'_>, level: u8) -> Result<(), Stop> {
        let mut members = TarReader::new(stream);
        loop {
            let entry = match members.next() {
                Ok(Some(entry)) => entry,
                Ok(None) => return self.archive_ended(archive, members.problem()),
                Err(error) => {
                    let problem = self.problem_of(error)?;
                    return self.archive_ended(archive, Some(problem));
                }
            };
            let (kind, size) = (entry.kind, Some(entry.size));
            let member = Member { raw_name: &entry.name, kind, size, modified: entry.modified };
            let place = archive.within(member, self.meter.limits);
            match entry.problem(place.kind, self.meter.limits) {
                Some(problem) => self.visit(&place, Err(problem), None)?,
                None => self.content(place, Buffered::new(Box::new(members.content())), source, level)?,
            }
        }
    }

    /// Visits the members; the result is why some may be missing.
    fn zip(&mut self, archive: &Place, source: &Source<'_>, level: u8) -> Result<Option<EntryProblem>, Stop> {
        let mut members = ZipReader::new(source, self.meter.limits).map_err(Stop::Failed)?;
        while let Some(entry) = members.next().map_err(Stop::Failed)? {
            self.meter.begin_member(source);
            let (kind, size) = (entry.kind, entry.size);
            let member = Member { raw_name: &entry.name, kind, size, modified: entry.modified };
            let place = archive.within(member, self.meter.limits);
            let content = match entry.problem(place.kind, self.meter.limits) {
                Some(problem) => Err(problem),
                None => match ZipContent::open(&entry, source, self.meter) {
                    Ok(content) => Ok(content),
                    Err(error) => Err(self.problem_of(error)?),
                },
            };
            match content {
                Err(problem) => self.visit(&place, Err(problem), None)?,
                Ok(content) => self.content(place, Buffered::new(Box::new(content)), source, level)?,
            }
            source.reached(entry.end());
        }
        source.failure().map_or(Ok(members.problem()), |error| Err(Stop::Failed(error)))
    }

    /// A zip is read from its end, which a stream has not: it is copied.
    fn nested_zip(&mut self, place: &Place, mut stream: Stream<'_>, level: u8) -> Result<(), Stop> {
        let mut copy = tempfile::tempfile_in(self.scratch).map_err(Stop::Failed)?;
        let limit = self.meter.limits.scratch_bytes_max;
        let no_room = EntryProblem::NoRoom { free_min: self.meter.limits.scratch_free_bytes_min };
        let mut copied: u64 = 0;
        // What was copied before damage is still worth reading.
        let damage = loop {
            let bytes = match stream.fill_buf() {
                Ok([]) => break None,
                Ok(bytes) => bytes,
                Err(error) => break Some(self.problem_of(error)?),
            };
            copied = copied.saturating_add(bytes.len() as u64);
            if copied > limit {
                return self.visit(place, Err(EntryProblem::TooLarge { limit }), None);
            }
            let free = free_bytes(&copy).map_err(Stop::Failed)?;
            if free < self.meter.limits.scratch_free_bytes_min.saturating_add(bytes.len() as u64) {
                return self.visit(place, Err(no_room), None);
            }
            match copy.write_all(bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                    return self.visit(place, Err(no_room), None);
                }
                Err(error) => return Err(Stop::Failed(error)),
            }
            let count = bytes.len();
            stream.consume(count);
        };
        let source = Source::new(&copy, None).map_err(Stop::Failed)?;
        let problem = self.zip(place, &source, level)?;
        self.archive_ended(place, damage.or(problem))
    }

    /// Tells why an archive lacks entries: of one that is nested as an entry, of the upload as the walk's result.
    fn archive_ended(&mut self, archive: &Place, problem: Option<EntryProblem>) -> Result<(), Stop> {
        let Some(problem) = problem else { return Ok(()) };
        if archive.is_top {
            self.incomplete = Some(problem);
            return Ok(());
        }
        let place = Place { kind: EntryKind::Archive, ..archive.clone() };
        self.visit(&place, Err(problem), None)
    }

    fn problem_of(&self, error: io::Error) -> Result<EntryProblem, Stop> {
        match (self.meter.exceeded(), EntryProblem::of(&error)) {
            (Some(problem), _) => Err(Stop::Ended(problem)),
            (None, Some(problem)) => Ok(problem),
            (None, None) => Err(Stop::Failed(error)),
        }
    }

    /// Visits one entry. `source` is what its content comes from.
    fn visit(
        &mut self,
        place: &Place,
        content: Result<&mut Stream<'_>, EntryProblem>,
        source: Option<&Source<'_>>,
    ) -> Result<(), Stop> {
        self.number += 1;
        let limit = self.meter.limits.entries_max;
        let too_many = (self.number > limit).then_some(EntryProblem::TooManyEntries { limit });
        let content = too_many.map_or(content, Err);
        let limit = self.meter.limits.entry_bytes_max;
        let mut bounded = content.map(|stream| Bounded { stream, left: limit, limit });
        let unique_path = self.names.unique(&place.name.shown);
        let flow = (self.visit)(Entry {
            number: self.number,
            path: &place.name.shown,
            unique_path: &unique_path,
            renamed_from: place.name.renamed_from.as_deref(),
            kind: place.kind,
            is_whole: place.is_top,
            size: place.size,
            modified: place.modified,
            content: bounded.as_mut().map(|bounded| bounded as &mut dyn BufRead).map_err(|problem| *problem),
        });
        if flow.is_break() {
            return Err(Stop::Visitor);
        }
        if let Some(error) = source.and_then(Source::failure) {
            return Err(Stop::Failed(error));
        }
        too_many.or(self.meter.exceeded()).map_or(Ok(()), |problem| Err(Stop::Ended(problem)))
    }
}

/// What is free on the disk that `file` is on.
fn free_bytes(file: &File) -> io::Result<u64> {
    let stat = rustix::fs::fstatvfs(file)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Content of an entry, up to the limit for one.
struct Bounded<'s, 'a> {
    stream: &'s mut Stream<'a>,
    left: u64,
    limit: u64,
}

impl BufRead for Bounded<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.stream.fill_buf()?;
        if self.left == 0 && !bytes.is_empty() {
            return Err(EntryProblem::TooLarge { limit: self.limit }.into());
        }
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(bytes.get(..bytes.len().min(left)).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.stream.consume(count);
    }
}

impl Read for Bounded<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}
