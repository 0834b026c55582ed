//! Counters of the spool, for the caller to publish as metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The live counters. Each is only ever read on its own, so relaxed order is enough.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) groups: AtomicU64,
    pub(super) frames: AtomicU64,
    pub(super) rows: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) sync_nanos: AtomicU64,
    pub(super) refused_full: AtomicU64,
    pub(super) sealed: AtomicU64,
    pub(super) deleted: AtomicU64,
    pub(super) delete_failures: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) sealed_bytes: AtomicU64,
    pub(super) open_bytes: AtomicU64,
    pub(super) last_id: AtomicU64,
}

/// What the counters said at one moment. Totals count since the spool was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Groups appended, which is the number of acknowledging fsyncs.
    pub groups_total: u64,
    /// Frames appended.
    pub frames_total: u64,
    /// Rows appended.
    pub rows_total: u64,
    /// Bytes appended, headers included.
    pub bytes_total: u64,
    /// Nanoseconds spent waiting for `fdatasync` and directory fsync of appends.
    pub sync_nanos_total: u64,
    /// Appends refused for want of room.
    pub refused_full_total: u64,
    /// Segments sealed.
    pub sealed_total: u64,
    /// Segments deleted after every follower had passed them.
    pub deleted_total: u64,
    /// Deletions that failed; each is tried again with the next one.
    pub delete_failures_total: u64,
    /// Segments that a follower has rejected.
    pub rejected_total: u64,
    /// Bytes in sealed segments now.
    pub sealed_bytes: u64,
    /// Bytes in the open segment now.
    pub open_bytes: u64,
    /// The id of the last row appended; 0 before the first.
    pub last_id: u64,
}

impl Stats {
    /// Bytes on disk now, which the spool's limit bounds.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        self.sealed_bytes + self.open_bytes
    }
}

impl Counters {
    pub(super) fn read(&self) -> Stats {
        Stats {
            groups_total: self.groups.load(Relaxed),
            frames_total: self.frames.load(Relaxed),
            rows_total: self.rows.load(Relaxed),
            bytes_total: self.bytes.load(Relaxed),
            sync_nanos_total: self.sync_nanos.load(Relaxed),
            refused_full_total: self.refused_full.load(Relaxed),
            sealed_total: self.sealed.load(Relaxed),
            deleted_total: self.deleted.load(Relaxed),
            delete_failures_total: self.delete_failures.load(Relaxed),
            rejected_total: self.rejected.load(Relaxed),
            sealed_bytes: self.sealed_bytes.load(Relaxed),
            open_bytes: self.open_bytes.load(Relaxed),
            last_id: self.last_id.load(Relaxed),
        }
    }
}

pub(super) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Relaxed);
}
