//! Finds whole frames in the bytes of a segment, and says exactly where there is none.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};

use crate::spool::format::{FRAME_HEADER_LEN, FrameHeader};

/// Bytes asked of the file at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// One step through a segment.
#[derive(Debug)]
pub enum Scanned {
    /// A frame whose checksums are right and whose ids continue upwards.
    Frame(FrameHeader, Bytes),
    /// Bytes that are no frame.
    Damage(Damage),
}

/// A stretch of bytes that is no whole frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// Where it begins in the file.
    pub offset: u64,
    /// How long it is.
    pub len: u64,
    /// Whether it looks like the beginning of a write that was not finished: the file ends within
    /// a frame that is right as far as it goes, or there are only zeros.
    pub unfinished: bool,
}

/// Reads frames with memory for one frame and one chunk, whatever the bytes are.
#[derive(Debug)]
pub struct Scanner<R> {
    file: R,
    mark: u64,
    buffer: BytesMut,
    /// Offset in the file of the buffer's first byte.
    offset: u64,
    /// No valid frame may begin with a smaller id.
    next_id: u64,
    at_end: bool,
}

impl<R: Read> Scanner<R> {
    /// Scans `file`, which stands at `offset`, for frames with this mark and ids from `next_id`.
    pub fn new(file: R, offset: u64, mark: u64, next_id: u64) -> Self {
        Self { file, mark, buffer: BytesMut::new(), offset, next_id, at_end: false }
    }

    /// Offset behind what was returned last.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame or damage; `None` at the end of the file.
    pub fn step(&mut self) -> io::Result<Option<Scanned>> {
        self.fill(FRAME_HEADER_LEN)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let Some(header) = self.header_at(0) else {
            return self.skip_to_header().map(|d| Some(Scanned::Damage(d)));
        };
        self.fill(header.frame_len())?;
        if self.buffer.len() < header.frame_len() {
            // The header is checksummed, so the length is true and the file ends too early.
            // A frame may still follow: a length is true also when bytes were cut out before it.
            let mut damage = self.skip_to_header()?;
            damage.unfinished |= self.at_end && self.buffer.is_empty();
            return Ok(Some(Scanned::Damage(damage)));
        }
        let mut frame = self.take(header.frame_len());
        let payload = frame.split_off(FRAME_HEADER_LEN).freeze();
        if crc32c::crc32c(&payload) != header.payload_crc {
            let len = header.frame_len() as u64;
            let offset = self.offset - len;
            return Ok(Some(Scanned::Damage(Damage { offset, len, unfinished: false })));
        }
        self.next_id = header.end_id();
        Ok(Some(Scanned::Frame(header, payload)))
    }

    /// Skips at least one byte, up to the next valid frame header or the end.
    fn skip_to_header(&mut self) -> io::Result<Damage> {
        let offset = self.offset;
        let mut zeros = true;
        let mark_only = {
            let mark = self.mark.to_le_bytes();
            let short = self.buffer.len() < FRAME_HEADER_LEN;
            short && self.buffer.iter().zip(mark).all(|(a, b)| *a == b)
        };
        let mut skip_first = true;
        loop {
            self.fill(CHUNK_BYTES)?;
            let from = usize::from(skip_first);
            let found = self.find_header(from);
            // The last bytes of a chunk may be the beginning of a header.
            let keep = if self.at_end { 0 } else { FRAME_HEADER_LEN - 1 };
            let len = found.unwrap_or(self.buffer.len().saturating_sub(keep));
            let skipped = self.take(len);
            zeros &= skipped.iter().all(|b| *b == 0);
            skip_first = false;
            if found.is_some() || self.at_end {
                let len = self.offset - offset;
                let unfinished = self.buffer.is_empty() && (zeros || mark_only);
                return Ok(Damage { offset, len, unfinished });
            }
        }
    }

    fn find_header(&self, from: usize) -> Option<usize> {
        let mark = self.mark.to_le_bytes();
        let candidates = self.buffer.get(from..)?.windows(mark.len()).enumerate();
        candidates
            .filter(|(_, window)| *window == mark)
            .map(|(at, _)| at + from)
            .find(|at| self.header_at(*at).is_some())
    }

    fn header_at(&self, at: usize) -> Option<FrameHeader> {
        let header = FrameHeader::decode(self.buffer.get(at..)?, self.mark)?;
        (header.first_id >= self.next_id).then_some(header)
    }

    fn take(&mut self, len: usize) -> BytesMut {
        self.offset += len as u64;
        self.buffer.split_to(len)
    }

    /// Reads until the buffer has `wanted` bytes or the file ends.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let Some(missing) = wanted.checked_sub(self.buffer.len()).filter(|missing| *missing > 0 && !self.at_end) else {
            return Ok(());
        };
        let asked = CHUNK_BYTES.max(missing);
        // Room that is not filled with zeros first: that would cost as much as the reading.
        let mut bytes = Vec::with_capacity(self.buffer.len() + asked);
        bytes.extend_from_slice(&self.buffer);
        let read = (&mut self.file).take(asked as u64).read_to_end(&mut bytes);
        self.buffer = BytesMut::from(Bytes::from(bytes));
        self.at_end = read? < asked;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::format::FrameKind;

    #[test]
    fn a_frame_behind_damage_is_found_wherever_a_chunk_ends() {
        let mark = 0x1122_3344_5566_7788;
        let header = FrameHeader {
            acked_len: 0,
            first_id: 7,
            rows: 1,
            payload_len: 3,
            kind: FrameKind::Data,
            payload_crc: crc32c::crc32c(b"abc"),
        };
        for damage in CHUNK_BYTES - 60..CHUNK_BYTES + 60 {
            let mut bytes = vec![0x88; damage];
            bytes.extend_from_slice(&header.encode(mark));
            bytes.extend_from_slice(b"abc");
            let mut scanner = Scanner::new(&bytes[..], 0, mark, 1);
            let Some(Scanned::Damage(found)) = scanner.step().unwrap() else {
                panic!("damage comes first");
            };
            assert_eq!((found.offset, found.len), (0, damage as u64));
            let Some(Scanned::Frame(found, payload)) = scanner.step().unwrap() else {
                panic!("then the frame, behind {damage} bytes");
            };
            assert_eq!((found, &payload[..]), (header, &b"abc"[..]));
            assert!(scanner.step().unwrap().is_none());
        }
    }
}
