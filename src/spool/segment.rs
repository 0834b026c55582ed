//! A sealed segment: immutable, and known by what its header and seal record say.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::spool::format::{FRAMES_AT, SealRecord, SegmentHeader};
use crate::spool::frames::{Frames, ReadError};
use crate::spool::name::SegmentName;

/// A segment that will never change again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSegment {
    /// Random id, the same for ever.
    pub id: Uuid,
    /// Id of its first row.
    pub first_id: u64,
    /// Id of its last row; all ids between are in it, as data or as a reported hole.
    pub last_id: u64,
    /// Number of rows, holes included.
    pub rows: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Wall clock when it was opened, milliseconds since 1970.
    pub created_at_ms: u64,
    /// The daemon that wrote it.
    pub node: u16,
    /// Where it is until every follower has passed it.
    pub path: PathBuf,
}

impl SealedSegment {
    pub(super) fn new(header: &SegmentHeader, seal: &SealRecord, path: PathBuf) -> Self {
        Self {
            id: header.id,
            first_id: header.first_id,
            last_id: seal.last_id,
            rows: seal.rows,
            bytes: seal.bytes,
            created_at_ms: header.created_at_ms,
            node: header.node,
            path,
        }
    }

    /// Reads and verifies the frames from the beginning. This blocks on the disk: call it, and the
    /// iterator, on a blocking thread.
    pub fn frames(&self) -> Result<Frames, ReadError> {
        let mut file = File::open(&self.path).map_err(ReadError::Io)?;
        file.seek(SeekFrom::Start(FRAMES_AT)).map_err(ReadError::Io)?;
        Ok(Frames::new(file, self))
    }
}

/// The header block of a segment file and the file's length. The block is short when the file is.
pub(super) fn read_block(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let mut file = File::open(path)?;
    let mut block = Vec::with_capacity(FRAMES_AT as usize);
    file.by_ref().take(FRAMES_AT).read_to_end(&mut block)?;
    Ok((block, file.metadata()?.len()))
}

/// Checks name, header, seal record and length of a sealed file against each other, without
/// reading its frames. `None` when any of them does not fit.
pub(super) fn check(path: &Path, name: &SegmentName) -> io::Result<Option<SealedSegment>> {
    let (block, len) = read_block(path)?;
    let header = SegmentHeader::decode(&block);
    let seal = SealRecord::decode(&block, name.id);
    let (Some(header), Some(seal)) = (header, seal) else {
        return Ok(None);
    };
    let rows = (seal.last_id).checked_sub(header.first_id).and_then(|rows| rows.checked_add(1));
    let fits = header.id == name.id
        && header.first_id == name.first_id
        && Some(seal.last_id) == name.last_id
        && Some(seal.rows) == rows
        && seal.bytes == len;
    Ok(fits.then(|| SealedSegment::new(&header, &seal, path.to_path_buf())))
}
