//! Reads a sealed segment frame by frame, and notices every id that is not there.

use std::fs::File;
use std::io::{self, Read, Take};

use bytes::Bytes;

use crate::spool::format::{FRAMES_AT, FrameKind, mark};
use crate::spool::scan::{Scanned, Scanner};
use crate::spool::segment::SealedSegment;

/// One frame of a sealed segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Rows and the payload they were appended with; its checksum was right.
    Frame {
        /// Id of the first row.
        first_id: u64,
        /// Number of rows.
        rows: u32,
        /// The bytes.
        payload: Bytes,
    },
    /// Rows that recovery found destroyed. It reported them and kept the original file.
    Lost {
        /// Id of the first row.
        first_id: u64,
        /// Number of rows.
        rows: u32,
    },
}

/// Why a frame cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// These ids were acknowledged and their bytes are damaged: reject the segment. The iterator
    /// goes on with the next whole frame, so the caller may also use the rest.
    #[error("ids {first_id} to {last_id} of a sealed segment are damaged")]
    Corrupt {
        /// First id that is not readable.
        first_id: u64,
        /// Last id that is not readable.
        last_id: u64,
    },
    /// The disk did not answer: try again later. The iterator has ended.
    #[error("read a sealed segment")]
    Io(#[source] io::Error),
}

/// The frames of a segment in order. Memory is bounded by the largest frame and one chunk of 256 KiB.
#[derive(Debug)]
pub struct Frames {
    scanner: Scanner<Take<File>>,
    /// The id that has to come next.
    next_id: u64,
    /// The id behind the segment's last.
    end_id: u64,
    /// The frame behind a hole, for the call after the one that reported the hole.
    behind_hole: Option<Entry>,
    ended: bool,
}

impl Frames {
    /// `file` stands at the first frame of `segment`.
    pub(super) fn new(file: File, segment: &SealedSegment) -> Self {
        let file = file.take(segment.bytes.saturating_sub(FRAMES_AT));
        Self {
            scanner: Scanner::new(file, FRAMES_AT, mark(segment.id), segment.first_id),
            next_id: segment.first_id,
            end_id: segment.last_id.saturating_add(1),
            behind_hole: None,
            ended: false,
        }
    }

    /// The next frame that belongs to the segment, with its first id and the id behind it.
    fn scan(&mut self) -> io::Result<Option<(u64, u64, Entry)>> {
        while let Some(scanned) = self.scanner.step()? {
            // Damage needs no case of its own: the ids it destroyed are missed below.
            let Scanned::Frame(header, payload) = scanned else {
                continue;
            };
            if header.end_id() > self.end_id {
                continue;
            }
            let (first_id, rows) = (header.first_id, header.rows);
            let entry = match header.kind {
                FrameKind::Data => Entry::Frame { first_id, rows, payload },
                FrameKind::Hole => Entry::Lost { first_id, rows },
            };
            return Ok(Some((first_id, header.end_id(), entry)));
        }
        Ok(None)
    }

    /// Reports ids up to `end_id` as damaged, if any are missing.
    fn missing(&mut self, end_id: u64) -> Option<ReadError> {
        let first_id = std::mem::replace(&mut self.next_id, end_id);
        (first_id < end_id).then(|| ReadError::Corrupt { first_id, last_id: end_id - 1 })
    }
}

impl Iterator for Frames {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.behind_hole.take() {
            return Some(Ok(entry));
        }
        if self.ended {
            return None;
        }
        match self.scan() {
            Ok(Some((first_id, end_id, entry))) => {
                let missing = self.missing(first_id);
                self.next_id = end_id;
                if let Some(error) = missing {
                    self.behind_hole = Some(entry);
                    return Some(Err(error));
                }
                Some(Ok(entry))
            }
            Ok(None) => {
                self.ended = true;
                self.missing(self.end_id).map(Err)
            }
            Err(e) => {
                self.ended = true;
                Some(Err(ReadError::Io(e)))
            }
        }
    }
}
