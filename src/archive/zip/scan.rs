//! Entries by their local headers, for a zip that lacks its directory.

use std::io::{self, Read as _};

use super::super::problem::EntryProblem;
use super::super::source::Source;
use super::directory::kind;
use super::header::{CENTRAL, DESCRIPTOR, Extra, LOCAL, SIZES_FOLLOW, u16_at, u32_at, u64_at};
use super::{Taken, ZipEntry};

const CHUNK_BYTES: u64 = 64 << 10;

/// Searches the file from its beginning, jumping over what belongs to entries.
pub(super) struct Scan<'s> {
    source: &'s Source<'s>,
    at: u64,
}

impl<'s> Scan<'s> {
    pub(super) fn new(source: &'s Source<'s>) -> Self {
        Self { source, at: 0 }
    }

    /// The next entry that is not `taken` yet.
    pub(super) fn next(&mut self, taken: &Taken) -> io::Result<Option<ZipEntry>> {
        while let Some((at, _)) = find(self.source, self.at, &[LOCAL])? {
            if let Some(end) = taken.end_of(at) {
                self.at = end.max(at + 4);
                continue;
            }
            if let Some(entry) = self.entry(at)? {
                self.at = entry.end();
                return Ok(Some(entry));
            }
            self.at = at + 4;
        }
        Ok(None)
    }

    /// The entry whose local header stands at `at`, if it looks like one.
    fn entry(&self, at: u64) -> io::Result<Option<ZipEntry>> {
        let Some(fixed) = self.source.bytes_at::<30>(at)? else { return Ok(None) };
        let (name, extra) = (usize::from(u16_at(&fixed, 26)), u16_at(&fixed, 28));
        let data_at = at + 30 + name as u64 + u64::from(extra);
        let mut variable = Vec::new();
        self.source.aside(at + 30, data_at).read_to_end(&mut variable)?;
        let (flags, method) = (u16_at(&fixed, 6), u16_at(&fixed, 8));
        if name == 0 || method > 99 || data_at > self.source.len() {
            return Ok(None);
        }
        let (name, extra) = variable.split_at_checked(name).unwrap_or_default();
        let mut extra = Extra::parse(extra);
        let size = extra.zip64_or(u32_at(&fixed, 22));
        let mut entry = ZipEntry {
            name: extra.name(name, flags),
            flags,
            method,
            crc: Some(u32_at(&fixed, 14)),
            size: Some(size),
            compressed_size: extra.zip64_or(u32_at(&fixed, 18)),
            modified: extra.modified(u16_at(&fixed, 10), u16_at(&fixed, 12)),
            kind: kind(name, 0, 0),
            header_at: at,
            data_at,
            is_overrunning: false,
            problem: None,
        };
        if flags & SIZES_FOLLOW != 0 {
            self.sizes_that_follow(&mut entry)?;
        }
        Ok(Some(entry))
    }

    /// The descriptor behind the data has the sizes; the one whose size is its distance is the right one. Without one
    /// the data ends where the next header is.
    fn sizes_that_follow(&self, entry: &mut ZipEntry) -> io::Result<()> {
        let mut from = entry.data_at;
        loop {
            let found = find(self.source, from, &[DESCRIPTOR, LOCAL, CENTRAL])?;
            let (at, signature) = found.unwrap_or((self.source.len(), LOCAL));
            entry.compressed_size = at - entry.data_at;
            if signature != DESCRIPTOR {
                (entry.crc, entry.size) = (None, None);
                if entry.method == 0 {
                    entry.problem = Some(EntryProblem::Damaged("where it ends is not known"));
                }
                return Ok(());
            }
            let field = self.source.bytes_at::<16>(at)?.unwrap_or_default();
            let zip64_field = self.source.bytes_at::<24>(at)?.unwrap_or_default();
            let size = if u64::from(u32_at(&field, 8)) == entry.compressed_size {
                Some(u32_at(&field, 12).into())
            } else if u64_at(&zip64_field, 8) == entry.compressed_size {
                Some(u64_at(&zip64_field, 16))
            } else {
                None
            };
            if size.is_some() {
                (entry.crc, entry.size) = (Some(u32_at(&field, 4)), size);
                return Ok(());
            }
            from = at + 4;
        }
    }
}

/// The first of the signatures from a place on.
fn find(source: &Source<'_>, from: u64, signatures: &[[u8; 4]]) -> io::Result<Option<(u64, [u8; 4])>> {
    let finder = memchr::memmem::Finder::new(b"PK");
    let mut chunk = Vec::new();
    let mut chunk_at = from;
    while chunk_at < source.len() {
        chunk.clear();
        // A signature that the chunk's end cuts is seen whole in the next one.
        source.aside(chunk_at, chunk_at.saturating_add(CHUNK_BYTES + 3)).read_to_end(&mut chunk)?;
        for at in finder.find_iter(&chunk) {
            let found = chunk.get(at..).and_then(<[u8]>::first_chunk).copied();
            if let Some(signature) = found.filter(|signature| signatures.contains(signature)) {
                return Ok(Some((chunk_at + at as u64, signature)));
            }
        }
        chunk_at = chunk_at.saturating_add(CHUNK_BYTES);
    }
    Ok(None)
}
