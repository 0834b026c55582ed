//! How much was unpacked so far.

use std::cell::Cell;

use super::limits::Limits;
use super::problem::EntryProblem;

/// What all decoders of one reading share.
pub(super) struct Meter<'l> {
    pub(super) limits: &'l Limits,
    unpacked: Cell<u64>,
}

impl<'l> Meter<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, unpacked: Cell::new(0) }
    }

    /// Adds what one of the decoders put out.
    pub(super) fn add(&self, bytes: u64) -> Result<(), EntryProblem> {
        self.unpacked.set(self.unpacked.get().saturating_add(bytes));
        self.exceeded().map_or(Ok(()), Err)
    }

    /// The problem that ends the reading as a whole, once it is met.
    pub(super) fn exceeded(&self) -> Option<EntryProblem> {
        let limit = self.limits.total_bytes_max;
        (self.unpacked.get() > limit).then_some(EntryProblem::TotalTooLarge { limit })
    }

    /// Whether `unpacked` bytes are too many for the `packed` ones they came from.
    pub(super) fn check_ratio(&self, unpacked: u64, packed: u64) -> Result<(), EntryProblem> {
        let limit = self.limits.ratio_max;
        let is_bomb = unpacked > self.limits.ratio_free_bytes && unpacked > limit.saturating_mul(packed);
        if is_bomb { Err(EntryProblem::RatioTooHigh { limit }) } else { Ok(()) }
    }
}
