//! A group of frames on its way to the disk: checked, with its headers, in pieces.

use std::fs::File;
use std::io::{self, IoSlice, Write};

use crate::spool::format::{FRAME_HEADER_LEN, FrameHeader, FrameKind, PAYLOAD_BYTES_MAX};
use crate::spool::refusal::AppendError;

/// Rows to append, encoded as one payload.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Id of the first row.
    pub first_id: u64,
    /// Number of rows, at least 1.
    pub rows: u32,
    /// The payload in pieces, written without being copied. Together at most [`PAYLOAD_BYTES_MAX`].
    pub payload: &'a [IoSlice<'a>],
}

pub(super) fn payload_len(frame: &Frame<'_>) -> u64 {
    frame.payload.iter().map(|piece| piece.len() as u64).sum()
}

/// Checks the ids and sizes of a group and encodes its frame headers.
pub(super) fn frame_headers(
    frames: &[Frame<'_>],
    mut next_id: u64,
    mark: u64,
    acked_len: u64,
) -> Result<Vec<[u8; FRAME_HEADER_LEN]>, AppendError> {
    let mut headers = Vec::with_capacity(frames.len());
    for frame in frames {
        let bytes = payload_len(frame);
        let (rows, first_id) = (frame.rows, frame.first_id);
        let end_id = first_id.checked_add(u64::from(rows));
        let fits = u32::try_from(bytes).ok().filter(|len| *len <= PAYLOAD_BYTES_MAX);
        let (Some(payload_len), Some(end_id), 1..) = (fits, end_id, rows) else {
            return Err(AppendError::Frame { rows, bytes });
        };
        if first_id != next_id {
            return Err(AppendError::NotNext { expected: next_id, got: first_id });
        }
        let payload_crc = (frame.payload.iter()).fold(0, |crc, piece| crc32c::crc32c_append(crc, piece));
        let kind = FrameKind::Data;
        let header = FrameHeader { acked_len, first_id, rows, payload_len, kind, payload_crc };
        headers.push(header.encode(mark));
        next_id = end_id;
    }
    Ok(headers)
}

/// `write_vectored` until all is written.
pub(super) fn write_all(mut file: &File, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    let mut rest = slices;
    // Empty pieces in front would make a write of 0 bytes look like a full disk.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::StorageFull.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
