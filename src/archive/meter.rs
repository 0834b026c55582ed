//! How much was unpacked so far.

use std::cell::Cell;

use super::limits::Limits;
use super::problem::EntryProblem;
use super::source::Source;

/// What all decoders of one reading share.
pub(super) struct Meter<'l> {
    pub(super) limits: &'l Limits,
    upload: &'l Source<'l>,
    unpacked: Cell<u64>,
    part: Cell<Part>,
    /// What is left of the bytes that are free of the ratio, once for the whole upload.
    free_left: Cell<u64>,
}

/// A part of the upload that grows by itself: a member of a zip with all that is in it, or else the whole upload. A bomb
/// among the members takes what is free, and nothing from members that keep to the ratio.
#[derive(Clone, Copy)]
struct Part {
    /// Bytes that had been unpacked, and read of the upload, where it began.
    unpacked_before: u64,
    read_before: u64,
}

impl<'l> Meter<'l> {
    pub(super) fn new(limits: &'l Limits, upload: &'l Source<'l>) -> Self {
        Self {
            limits,
            upload,
            unpacked: Cell::new(0),
            part: Cell::new(Part { unpacked_before: 0, read_before: 0 }),
            free_left: Cell::new(limits.ratio_free_bytes),
        }
    }

    /// Adds what one of the decoders put out.
    pub(super) fn add(&self, bytes: u64) -> Result<(), EntryProblem> {
        self.unpacked.set(self.unpacked.get().saturating_add(bytes));
        self.exceeded().map_or(Ok(()), Err)?;
        // However archives are nested, what comes of them is measured against what was uploaded.
        if self.excess() > self.free_left.get() { Err(self.ratio_too_high()) } else { Ok(()) }
    }

    /// The problem that ends the reading as a whole, once it is met.
    pub(super) fn exceeded(&self) -> Option<EntryProblem> {
        let limit = self.limits.total_bytes_max;
        (self.unpacked.get() > limit).then_some(EntryProblem::TotalTooLarge { limit })
    }

    /// Whether `unpacked` bytes are too many for the `packed` ones they came from.
    pub(super) fn check_ratio(&self, unpacked: u64, packed: u64) -> Result<(), EntryProblem> {
        let is_bomb = unpacked > self.limits.ratio_free_bytes && unpacked > self.allowed(packed);
        if is_bomb { Err(self.ratio_too_high()) } else { Ok(()) }
    }

    /// Another member begins, if `source` is the upload itself: a nested archive is a part as a whole.
    pub(super) fn begin_member(&self, source: &Source<'_>) {
        if !std::ptr::addr_eq(source, self.upload) {
            return;
        }
        self.free_left.set(self.free_left.get().saturating_sub(self.excess()));
        self.part.set(Part { unpacked_before: self.unpacked.get(), read_before: self.upload.bytes_read() });
    }

    /// By how much the part that is read now goes beyond the ratio.
    fn excess(&self) -> u64 {
        let part = self.part.get();
        let unpacked = self.unpacked.get().saturating_sub(part.unpacked_before);
        unpacked.saturating_sub(self.allowed(self.upload.bytes_read().saturating_sub(part.read_before)))
    }

    fn allowed(&self, packed: u64) -> u64 {
        self.limits.ratio_max.saturating_mul(packed)
    }

    fn ratio_too_high(&self) -> EntryProblem {
        EntryProblem::RatioTooHigh { limit: self.limits.ratio_max }
    }
}
