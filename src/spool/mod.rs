//! The spool: what is acknowledged is here, on disk, before it is acknowledged.
//!
//! One [`writer::Spool`], owned by one thread, appends groups of frames to the open segment, one
//! `fdatasync` a group. A sealed segment never changes again. Every [`follower::Follower`] sees each
//! sealed segment in order, at least once; a segment is deleted when all of them have passed it.
//! The spool knows nothing of what a payload means. Ids number rows; they only ever grow.
//!
//! ```text
//! <dir>/lock                                    flock held by the one daemon, holds its pid
//! <dir>/sequence                                highest id ever used, for when no segment is left
//! <dir>/segments/{first:016x}-{uuid}.open       at most one
//! <dir>/segments/{first:016x}-{last:016x}-{uuid}.sealed
//! <dir>/cursors/<follower>                      last id this follower has passed
//! <dir>/rejected/…                              what was refused, damaged or cut, each with a .reason
//! ```
//!
//! # A segment file (integers little endian)
//!
//! ```text
//!    0 ┌──────────────────────────────────────────────────────────────────────┐
//!      │ magic "LSSPOOL1" 8 │ version u32 │ node u32 │ uuid 16 │ first_id u64 │
//!      │ created_at_ms u64 │ crc32c u32 of the 48 bytes before                │ zeros to 512
//!  512 ├──────────────────────────────────────────────────────────────────────┤
//!      │ seal: magic "LSSEALED" 8 │ rows u64 │ bytes u64 │ last_id u64        │
//!      │ crc32c u32 of the segment uuid and the 32 bytes before               │ zeros to 1024
//! 1024 ├──────────────────────────────────────────────────────────────────────┤
//!      │ frame: mark u64 │ acked_len u64 │ first_id u64 │ rows u32            │
//!      │ payload_len u32 │ kind u32 │ payload crc32c u32                      │
//!      │ crc32c u32 of the 40 bytes before │ payload …                        │
//!      ├──────────────────────────────────────────────────────────────────────┤
//!      │ next frame …                                     to `bytes` of the seal
//! ```
//!
//! - The **seal record** is what a footer is elsewhere. It has its own sector in front, so that sealing
//!   needs no new disk block: a full disk can always seal, followers drain it, and deletion makes room.
//!   The last id is in the file name too, so a damaged record or a shortened file cannot hide a loss.
//! - `mark` is derived from the segment's random uuid. After damage the reader looks for the next mark
//!   with a valid header; a sender cannot plant a frame in a payload, for it cannot guess the mark.
//! - `acked_len` is the length of the file that was fsynced when the frame's group was written.
//! - `kind` is 0 for data, 1 for a hole: ids that recovery found destroyed, without a payload.
//!
//! # What recovery can tell, and what it cannot
//!
//! A group is written only after the group before it was fsynced, and says so (`acked_len`). So all
//! but the last group of an open segment is known to have been acknowledged. Damage
//! with a whole frame behind it, or anywhere in a sealed segment, is corruption: what is whole is kept
//! under its old ids, the hole is marked and reported, the original is kept in `rejected/`. Damage
//! with nothing whole behind it can only be in the last group (one frame of an older group proves
//! nothing about the newest); it is cut as a torn write, which is what it is after a crash. **The limit**: bits that rot in
//! the last group between its fsync and the next start, with no whole frame behind them, look the same
//! as a torn write. Therefore a cut of anything but a plainly unfinished write (a short frame, or
//! zeros) keeps the cut bytes in `rejected/` and is reported as suspicious. No damage is ever returned as data: each byte
//! of a frame is under a CRC-32C, which finds every error of up to 3 bits or one burst of up to 32.
//!
//! Sealed segments are checked at start by name, header, seal record and length only, so that a
//! long backlog does not delay it. Their frames are verified at every read.

pub mod disk;
pub mod follower;
pub mod format;
pub mod frames;
pub mod group;
pub mod ledger;
pub mod name;
pub mod recovery;
pub mod refusal;
pub mod restore;
pub mod salvage;
pub mod scan;
pub mod segment;
pub mod slot;
pub mod stats;
pub mod survey;
#[cfg(test)]
mod tests;
pub mod writer;

use std::path::PathBuf;

/// Where the spool lives and how large it may grow.
#[derive(Debug, Clone)]
pub struct SpoolConfig {
    /// The spool's own directory; created with mode 0700 when it does not exist.
    pub dir: PathBuf,
    /// Number of this daemon among those that write to one store; recorded in each segment.
    pub node: u16,
    /// Rows at which [`writer::Spool::open_is_full`] says that it is time to seal.
    pub segment_rows_max: u64,
    /// File length in bytes at which it is time to seal.
    pub segment_bytes_max: u64,
    /// Bytes that all segments together may have; an append beyond is refused as full.
    pub disk_bytes_max: u64,
    /// Bytes that must stay free on the filesystem; an append that would go below is refused as full.
    pub disk_free_bytes_min: u64,
}
