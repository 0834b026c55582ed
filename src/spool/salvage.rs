//! Rewrites a damaged segment: what is whole keeps its ids and the segment keeps its id, a hole
//! takes the place of what is destroyed. The caller keeps the original in `rejected/` before.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::spool::disk;
use crate::spool::format::{FRAMES_AT, FrameHeader, FrameKind, SEAL_AT, SealRecord, SegmentHeader, mark};
use crate::spool::name::SegmentName;
use crate::spool::scan::{Scanned, Scanner};
use crate::spool::segment::SealedSegment;

/// A damaged segment and what is known of it from elsewhere.
#[derive(Debug)]
pub(super) struct Damaged<'a> {
    /// The damaged file, in `segments/`.
    pub(super) path: &'a Path,
    /// What to write as its header.
    pub(super) header: SegmentHeader,
    /// The last id that was in it.
    pub(super) last_id: u64,
}

/// Writes the sealed segment that replaces the damaged one. The replacement is complete and durable
/// before the damaged file loses its name in `segments/`; after a crash in between the work is done again.
pub(super) fn rewrite(damaged: &Damaged<'_>, segments: &Path) -> io::Result<SealedSegment> {
    let temporary = disk::temporary(damaged.path);
    disk::remove_if_there(&temporary)?;
    let file = disk::create_private(&temporary)?;
    let seal = copy_whole_frames(damaged, &file)?;
    file.write_all_at(&seal.encode(damaged.header.id), SEAL_AT)?;
    file.sync_all()?;

    let name = SegmentName { first_id: damaged.header.first_id, last_id: Some(seal.last_id), id: damaged.header.id };
    let path = segments.join(name.file_name());
    // First over the damaged file, so that there is never a moment with both in `segments/`.
    fs::rename(&temporary, damaged.path)?;
    disk::sync_dir(segments)?;
    fs::rename(damaged.path, &path)?;
    disk::sync_dir(segments)?;
    Ok(SealedSegment::new(&damaged.header, &seal, path))
}

fn copy_whole_frames(damaged: &Damaged<'_>, to: &File) -> io::Result<SealRecord> {
    let mark = mark(damaged.header.id);
    let end_id = damaged.last_id.saturating_add(1);
    let mut source = File::open(damaged.path)?;
    source.seek(SeekFrom::Start(FRAMES_AT))?;
    let mut scanner = Scanner::new(source, FRAMES_AT, mark, damaged.header.first_id);

    let mut out = BufWriter::new(to);
    out.write_all(&damaged.header.encode())?;
    let mut bytes = FRAMES_AT;
    let mut next_id = damaged.header.first_id;
    while let Some(scanned) = scanner.step()? {
        let Scanned::Frame(header, payload) = scanned else {
            continue;
        };
        if header.end_id() > end_id {
            continue;
        }
        bytes += write_holes(&mut out, mark, next_id, header.first_id)?;
        let copied = FrameHeader { acked_len: FRAMES_AT, ..header };
        out.write_all(&copied.encode(mark))?;
        out.write_all(&payload)?;
        bytes += header.frame_len() as u64;
        next_id = header.end_id();
    }
    bytes += write_holes(&mut out, mark, next_id, end_id)?;
    out.flush()?;
    let rows = end_id.saturating_sub(damaged.header.first_id);
    Ok(SealRecord { rows, bytes, last_id: damaged.last_id })
}

/// Marks the ids from `next_id` to before `end_id` as lost; returns the bytes written.
fn write_holes(out: &mut impl Write, mark: u64, next_id: u64, end_id: u64) -> io::Result<u64> {
    let mut bytes = 0;
    let mut first_id = next_id;
    while first_id < end_id {
        let rows = u32::try_from(end_id - first_id).unwrap_or(u32::MAX);
        let hole =
            FrameHeader { acked_len: FRAMES_AT, first_id, rows, payload_len: 0, kind: FrameKind::Hole, payload_crc: 0 };
        out.write_all(&hole.encode(mark))?;
        bytes += hole.frame_len() as u64;
        first_id = hole.end_id();
    }
    Ok(bytes)
}
