//! Lists what an upload holds, without reading the content of a zip's entries. A tar is read from end to end.

use std::io;

use super::buffered::{Buffered, Stream};
use super::entry::{EntryInfo, EntryKind, Listing};
use super::file_type::{FileType, Magic, PEEKED_BYTES};
use super::limits::Limits;
use super::meter::Meter;
use super::name::{UniqueNames, harmless};
use super::packed::Unpacked;
use super::problem::{ArchiveError, EntryProblem};
use super::source::{ReadAt, Source};
use super::tar::TarReader;
use super::zip::ZipReader;

/// Lists the members; an archive among them is one entry. A file that is no archive has one entry, under its own `name`.
/// Where the upload is damaged, the listing has what could be read, and says so.
pub fn list(file: &dyn ReadAt, name: &str, limits: &Limits) -> Result<Listing, ArchiveError> {
    let source = Source::new(file, None).map_err(ArchiveError::Read)?;
    let meter = Meter::new(limits, &source);
    let mut stream: Stream<'_> = Buffered::new(Box::new(source.range(0, source.len())));
    let mut lister = Lister { limits, entries: Vec::new(), names: UniqueNames::default() };
    let magic = Magic::of_upload(stream.peek(PEEKED_BYTES), &source).map_err(ArchiveError::Read)?;
    let (file_type, problem) = match magic {
        Magic::Zip => (FileType::Zip, lister.zip(&source)),
        Magic::Tar => (FileType::Tar, lister.tar(stream)),
        Magic::Plain => {
            let size = Some(source.len());
            (FileType::Single, lister.one(name, size, source.len(), None))
        }
        Magic::Foreign(what) => {
            let problem = Some(EntryProblem::UnsupportedFormat(what));
            (FileType::Single, lister.one(name, None, source.len(), problem))
        }
        Magic::Packed(packing) => {
            let mut unpacked: Stream<'_> = Buffered::new(Box::new(Unpacked::new(packing, stream, &meter, &source)));
            match Magic::of(unpacked.peek(PEEKED_BYTES)) {
                Magic::Tar => (FileType::Tar, lister.tar(unpacked)),
                // How large it is unpacked, only unpacking it would tell: gzip counts modulo 2^32, and members add up.
                _ => (packing.file_type(), lister.one(name, None, source.len(), None)),
            }
        }
    };
    if let Some(error) = source.failure() {
        return Err(ArchiveError::Read(error));
    }
    let problem = problem.or_else(|error| EntryProblem::of(&error).map(Some).ok_or(ArchiveError::Read(error)))?;
    Ok(Listing { file_type, entries: lister.entries, compressed_size: source.len(), problem })
}

struct Lister<'l> {
    limits: &'l Limits,
    entries: Vec<EntryInfo>,
    names: UniqueNames,
}

impl Lister<'_> {
    fn one(
        &mut self,
        name: &str,
        size: Option<u64>,
        compressed_size: u64,
        problem: Option<EntryProblem>,
    ) -> io::Result<Option<EntryProblem>> {
        let mut entry = self.entry(name, EntryKind::File);
        (entry.size, entry.compressed_size, entry.problem) = (size, Some(compressed_size), problem);
        self.entries.push(entry);
        Ok(None)
    }

    fn zip(&mut self, source: &Source<'_>) -> io::Result<Option<EntryProblem>> {
        let mut members = ZipReader::new(source, self.limits)?;
        while let Some(member) = members.next()? {
            if let Some(problem) = self.too_many() {
                return Ok(Some(problem));
            }
            let mut entry = self.entry(&member.name, member.kind);
            entry.size = member.size;
            entry.compressed_size = Some(member.compressed_size);
            entry.modified = member.modified;
            entry.problem = member.problem(entry.kind, self.limits);
            self.entries.push(entry);
        }
        Ok(members.problem())
    }

    fn tar(&mut self, stream: Stream<'_>) -> io::Result<Option<EntryProblem>> {
        let mut members = TarReader::new(stream);
        while let Some(member) = members.next()? {
            if let Some(problem) = self.too_many() {
                return Ok(Some(problem));
            }
            let mut entry = self.entry(&member.name, member.kind);
            entry.size = Some(member.size);
            entry.modified = member.modified;
            entry.problem = member.problem(entry.kind, self.limits);
            self.entries.push(entry);
        }
        Ok(members.problem())
    }

    fn too_many(&self) -> Option<EntryProblem> {
        let limit = self.limits.entries_max;
        (self.entries.len() as u64 >= limit).then_some(EntryProblem::TooManyEntries { limit })
    }

    /// The next entry, of which nothing but the name is known.
    fn entry(&mut self, raw_name: &str, kind: EntryKind) -> EntryInfo {
        let name = harmless(raw_name, self.limits.name_bytes_max);
        EntryInfo {
            number: self.entries.len() as u64 + 1,
            path: self.names.unique(&name.shown),
            renamed_from: name.renamed_from,
            kind: kind.or_mac_metadata(&name.shown),
            size: None,
            compressed_size: None,
            modified: None,
            problem: None,
        }
    }
}
