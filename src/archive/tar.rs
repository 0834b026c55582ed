//! A tar, read from its beginning to its end (POSIX pax, and GNU's and the older formats).
//!
//! The `tar` crate reads the headers' fields. Its reader is not used: it takes extended headers of any size into memory,
//! and ends at the first damaged header.

use std::io::{self, BufRead as _, Read};

use super::buffered::{Stream, skip};
use super::entry::EntryKind;
use super::limits::Limits;
use super::pax::{Pax, micros};
use super::problem::EntryProblem;

const BLOCK_BYTES: u64 = 512;
/// Of extended headers; their names are cut to much less.
const EXTENSION_BYTES_MAX: u64 = 1 << 20;

/// Whether a block is a header: its checksum is right.
pub(super) fn is_header(block: &[u8; 512]) -> bool {
    let header = tar::Header::from_byte_slice(block);
    let Ok(told) = header.cksum() else { return false };
    // The field itself counts as spaces. Some old programs took the bytes for signed ones.
    let bytes = || block.iter().enumerate().map(|(at, &byte)| if (148..156).contains(&at) { b' ' } else { byte });
    let unsigned: u32 = bytes().map(u32::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    !is_zero(block) && (told == unsigned || i64::from(told) == signed)
}

fn is_zero(block: &[u8; 512]) -> bool {
    block.iter().all(|&byte| byte == 0)
}

/// A member.
pub(super) struct TarEntry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified: Option<i64>,
    pub(super) kind: EntryKind,
    pub(super) is_sparse: bool,
}

impl TarEntry {
    /// Why it will not be read, if it is of this `kind`.
    pub(super) fn problem(&self, kind: EntryKind, limits: &Limits) -> Option<EntryProblem> {
        let limit = limits.entry_bytes_max;
        match kind {
            EntryKind::File if self.is_sparse => Some(EntryProblem::UnsupportedFormat("a sparse file in a tar")),
            EntryKind::File => (self.size > limit).then_some(EntryProblem::TooLarge { limit }),
            kind => Some(EntryProblem::NotALog(kind)),
        }
    }
}

/// The members of a tar, one after the other.
pub(super) struct TarReader<'a> {
    stream: Stream<'a>,
    /// Bytes of the member that were not read yet, and those that fill its last block.
    left: u64,
    padding: u64,
    has_ended: bool,
    problem: Option<EntryProblem>,
}

impl<'a> TarReader<'a> {
    pub(super) fn new(stream: Stream<'a>) -> Self {
        Self { stream, left: 0, padding: 0, has_ended: false, problem: None }
    }

    /// Why members may be missing; the first reason that was met.
    pub(super) fn problem(&self) -> Option<EntryProblem> {
        self.problem
    }

    fn note(&mut self, problem: EntryProblem) {
        self.problem.get_or_insert(problem);
    }

    /// The next member. What is left of the one before is skipped. A damaged header is noted, and the next one that is
    /// whole is searched for. Tars behind one another are read as one.
    pub(super) fn next(&mut self) -> io::Result<Option<TarEntry>> {
        let rest = self.left.saturating_add(self.padding);
        (self.left, self.padding) = (0, 0);
        let skipped = skip(&mut self.stream, rest)?;
        if skipped < rest {
            self.note(EntryProblem::Damaged("it ends within an entry"));
            return Ok(None);
        }
        let mut long_name = None;
        let mut pax = Pax::default();
        while let Some(block) = self.block()? {
            if is_zero(&block) {
                self.has_ended = true;
                continue;
            }
            let header = tar::Header::from_byte_slice(&block);
            let size = if is_header(&block) { header.entry_size().ok() } else { None };
            let Some(size) = size else {
                if self.has_ended {
                    self.note(EntryProblem::TrailingBytes);
                    skip(&mut self.stream, u64::MAX)?;
                    return Ok(None);
                }
                self.note(EntryProblem::Damaged("a header in it is wrong; entries may be missing"));
                (long_name, pax) = (None, Pax::default());
                continue;
            };
            self.has_ended = false;
            match header.entry_type().as_byte() {
                b'L' => long_name = Some(self.extension(size)?),
                b'x' | b'X' => pax = Pax::parse(&self.extension(size)?),
                b'K' | b'g' => drop(self.extension(size)?),
                _ => return self.entry(header, size, long_name, pax).map(Some),
            }
        }
        if !self.has_ended {
            self.note(EntryProblem::Damaged("it ends without an end mark; entries may be missing"));
        }
        Ok(None)
    }

    /// The content of the member that [`next`](Self::next) told last.
    pub(super) fn content(&mut self) -> TarContent<'_, 'a> {
        TarContent { reader: self }
    }

    fn entry(&mut self, header: &tar::Header, size: u64, long_name: Option<Vec<u8>>, pax: Pax) -> io::Result<TarEntry> {
        let type_byte = header.entry_type().as_byte();
        let name = pax.path.or_else(|| long_name.map(|name| until_zero(&name).to_vec()));
        let name = name.unwrap_or_else(|| header.path_bytes().into_owned());
        let kind = match type_byte {
            // Before POSIX a directory was a file whose name ends so.
            0 | b'0' if name.ends_with(b"/") => EntryKind::Directory,
            0 | b'0' | b'7' | b'S' => EntryKind::File,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::Symlink,
            b'5' | b'D' => EntryKind::Directory,
            _ => EntryKind::Special,
        };
        // GNU tar's extra headers of a sparse file stand before its data.
        if type_byte == b'S' && header.as_gnu().is_some_and(tar::GnuHeader::is_extended) {
            while self.block()?.is_some_and(|block| block.get(504).is_some_and(|&more| more == 1)) {}
        }
        // As GNU tar does: some programs tell the size of what is linked, with no data behind it.
        let size = if kind == EntryKind::HardLink { 0 } else { pax.size.unwrap_or(size) };
        self.left = size;
        self.padding = (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
        Ok(TarEntry {
            name: String::from_utf8_lossy(&name).into_owned(),
            size,
            modified: pax.modified.or_else(|| header.mtime().ok().and_then(micros)),
            kind,
            is_sparse: type_byte == b'S' || pax.is_sparse,
        })
    }

    /// The next block; none at the end, where a part of one is noted.
    fn block(&mut self) -> io::Result<Option<[u8; 512]>> {
        let mut block = [0; 512];
        let mut filled = 0;
        while let Some(free @ [_, ..]) = block.get_mut(filled..) {
            let count = self.stream.read(free)?;
            if count == 0 {
                if filled > 0 && !self.has_ended {
                    self.note(EntryProblem::Damaged("it ends within a header"));
                }
                return Ok(None);
            }
            filled += count;
        }
        Ok(Some(block))
    }

    /// The content of an extended header, as much of it as is taken into memory.
    fn extension(&mut self, size: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self.stream).take(size.min(EXTENSION_BYTES_MAX)).read_to_end(&mut bytes)?;
        let padded = size.saturating_add((BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES);
        skip(&mut self.stream, padded.saturating_sub(bytes.len() as u64))?;
        Ok(bytes)
    }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// What [`TarReader::content`] reads from.
pub(super) struct TarContent<'r, 'a> {
    reader: &'r mut TarReader<'a>,
}

impl Read for TarContent<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.reader;
        if reader.left == 0 || out.is_empty() {
            return Ok(0);
        }
        let there = reader.stream.fill_buf()?.len();
        if there == 0 {
            return Err(EntryProblem::Damaged("it is cut").into());
        }
        let wanted = out.len().min(usize::try_from(reader.left).unwrap_or(usize::MAX));
        let count = reader.stream.read(out.get_mut(..wanted).unwrap_or_default())?;
        reader.left -= count as u64;
        Ok(count)
    }
}
