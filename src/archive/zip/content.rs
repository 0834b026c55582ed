//! The content of a member.

use std::io::{self, Read};

use super::super::buffered::{Buffered, Stream};
use super::super::codec::{After, Codec};
use super::super::decoding::Decoding;
use super::super::meter::Meter;
use super::super::problem::{EntryProblem, repeated};
use super::super::source::Source;
use super::ZipEntry;
use super::header::{LZMA_END_MARKER, u16_at, u32_at};

const STORED: u16 = 0;
const DEFLATE: u16 = 8;
const DEFLATE64: u16 = 9;
const BZIP2: u16 = 12;
const LZMA: u16 = 14;
const ZSTD_FORMER: u16 = 20;
const ZSTD: u16 = 93;
const XZ: u16 = 95;

/// Whether members of this method can be read.
pub(super) fn is_supported(method: u16) -> bool {
    matches!(method, STORED | DEFLATE | DEFLATE64 | BZIP2 | LZMA | ZSTD_FORMER | ZSTD | XZ)
}

/// Reads the content; at its end it is compared with what the archive says of it.
pub(in super::super) struct ZipContent<'a> {
    decoding: Decoding<'a>,
    crc: flate2::Crc,
    crc_told: Option<u32>,
    size: u64,
    size_told: Option<u64>,
    is_overrunning: bool,
    is_at_end: bool,
    failure: Option<io::Error>,
}

impl<'a> ZipContent<'a> {
    /// Opens an entry that has no [`problem`](ZipEntry::problem).
    pub(in super::super) fn open(entry: &ZipEntry, source: &'a Source<'a>, meter: &'a Meter<'a>) -> io::Result<Self> {
        let mut input: Stream<'a> = Buffered::new(Box::new(source.range(entry.data_at, entry.end())));
        let codec = match entry.method {
            DEFLATE => Codec::deflate(),
            DEFLATE64 => Codec::deflate64(),
            BZIP2 => Codec::bzip2(),
            ZSTD | ZSTD_FORMER => Codec::zstd(meter.limits),
            XZ => Codec::xz(meter.limits),
            LZMA => lzma(&mut input, entry, meter)?,
            _ => Codec::Stored,
        };
        Ok(Self {
            decoding: Decoding::new(input, codec, meter, source),
            crc: flate2::Crc::new(),
            crc_told: entry.crc,
            size: 0,
            size_told: entry.size,
            // Some programs say "deflated" of nothing and write nothing.
            is_at_end: entry.compressed_size == 0 && entry.size == Some(0) && !entry.is_overrunning,
            is_overrunning: entry.is_overrunning,
            failure: None,
        })
    }

    /// Takes note of what was read, and says what is wrong with it.
    fn check(&mut self, bytes: &[u8], after: After) -> Result<(), EntryProblem> {
        self.crc.update(bytes);
        self.size = self.size.saturating_add(bytes.len() as u64);
        self.is_at_end = after == After::End;
        if self.size_told.is_some_and(|told| self.size > told) {
            return Err(EntryProblem::Damaged("it is longer than the archive says"));
        }
        if self.is_at_end && self.is_overrunning {
            return Err(EntryProblem::Damaged("its data ends before the archive says, where another entry begins"));
        }
        if self.is_at_end && self.size_told.is_some_and(|told| self.size < told) {
            return Err(EntryProblem::Damaged("it is shorter than the archive says"));
        }
        if self.is_at_end && self.crc_told.is_some_and(|told| self.crc.sum() != told) {
            return Err(EntryProblem::ChecksumMismatch);
        }
        Ok(())
    }
}

impl Read for ZipContent<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = &self.failure {
            return Err(repeated(failure));
        }
        if out.is_empty() || self.is_at_end {
            return Ok(0);
        }
        let (count, after) = self.decoding.read(out)?;
        // The bytes are handed out before it is said what is wrong with them.
        self.failure = self.check(out.get(..count).unwrap_or_default(), after).err().map(io::Error::from);
        match &self.failure {
            Some(failure) if count == 0 => Err(repeated(failure)),
            _ => Ok(count),
        }
    }
}

/// LZMA data begins with a version, the size of the properties, and the properties (5.8.8).
fn lzma(input: &mut Stream<'_>, entry: &ZipEntry, meter: &Meter<'_>) -> Result<Codec, EntryProblem> {
    let mut head = [0; 9];
    let is_whole = input.read_exact(&mut head).is_ok() && u16_at(&head, 2) == 5;
    let [.., properties, _, _, _, _] = head;
    if !is_whole {
        return Err(EntryProblem::Damaged("its LZMA properties are wrong"));
    }
    let size = entry.size.filter(|_| entry.flags & LZMA_END_MARKER == 0);
    Codec::lzma(properties, u32_at(&head, 5), size, meter.limits)
}
