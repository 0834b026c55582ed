//! Binary event logs of Windows (`.evtx`): bytes in, records out.
//!
//! ```text
//! file    0        4096             +65536
//!         | header | chunk 1        | chunk 2        | …          header: `ElfFile\0`, then counts that nothing here needs
//!
//! chunk   0        512                                    65536
//!         | header | record | record | … | free               header: `ElfChnk\0`, first and last ids, where the free part
//!                                                              begins, CRC-32 of the records (52) and of the header (124)
//! record  0        4        8        16       24     size - 4
//!         | `**\0\0` | size   | id     | time   | BinXml | size |
//! ```
//!
//! The crate `evtx` turns the BinXml of a record into text. That text is the record: it is read as the same event in XML would
//! be, and is its raw bytes. Each record counts as a line, so that its place in the file is its number.
//!
//! What is damaged costs itself alone, and is told by a record of its own with a `parse_error` that names chunk and record. The
//! events of a chunk whose checksum is wrong are read, and each of them says so; so are records that a chunk's header does not count.
//!
//! Only one chunk is in memory at a time, with what it is made into; both are bounded.

pub mod either;

mod chunk;
mod report;
pub mod sequence;
mod uncounted;

use std::sync::Arc;

use evtx::ParserSettings;
use logseal_parsers::{Context, FileRecord};

use self::sequence::{Missing, Sequence};

/// What the file begins with.
pub const MAGIC: &[u8] = b"ElfFile\0";
const HEADER_BYTES: usize = 4096;
const CHUNK_BYTES: usize = 64 << 10;
const CHUNK_HEADER_BYTES: usize = 512;
const RECORD_MAGIC: &[u8] = b"**\0\0";
const RECORD_HEADER_BYTES: usize = 24;

/// Reads the records of one binary event log.
#[derive(Debug)]
pub struct EventLog {
    settings: Arc<ParserSettings>,
    /// Where in the file the front of the buffer is.
    offset: u64,
    /// Chunks and records so far; those that are damaged count.
    chunks: u64,
    records: u64,
    ids: Sequence,
    is_damaged: bool,
}

impl Default for EventLog {
    /// For a file from its beginning.
    fn default() -> Self {
        // Checksums are looked at here: a chunk whose own is wrong is worth reading.
        let settings = ParserSettings::default().indent(false).validate_checksums(false);
        Self {
            settings: Arc::new(settings),
            offset: 0,
            chunks: 0,
            records: 0,
            ids: Sequence::default(),
            is_damaged: false,
        }
    }
}

impl EventLog {
    /// Whether anything of what was read so far is damaged. What exactly, its records say.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// The ids that are missing between the records that were read so far. That is no damage: see [`sequence`].
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        self.ids.missing()
    }

    /// Takes the chunks at the front of `buffer`, gives each of their records to `emit`, and says how many bytes of the buffer
    /// are done with: the caller drops them, and appends what it reads next. With `is_end` nothing comes after the buffer, and
    /// nothing of it is left; otherwise less than a chunk is.
    pub fn feed(&mut self, buffer: &[u8], is_end: bool, cx: &Context, emit: &mut dyn FnMut(FileRecord<'_>)) -> usize {
        let mut at = 0;
        loop {
            let rest = buffer.get(at..).unwrap_or_default();
            let is_header = self.offset == 0;
            let size = if is_header { HEADER_BYTES } else { CHUNK_BYTES };
            let block = rest.get(..size).unwrap_or(rest);
            if block.is_empty() || (block.len() < size && !is_end) {
                return at;
            }
            // Nothing in the header is needed: each chunk says itself what it holds, and a log that is copied while Windows
            // writes it has an old one.
            if !is_header {
                self.chunk(block, cx, emit);
            }
            self.offset += block.len() as u64;
            at += block.len();
        }
    }
}

#[cfg(test)]
#[path = "../../tests/support/evtx.rs"]
mod evtx_writer;
#[cfg(test)]
mod tests;
