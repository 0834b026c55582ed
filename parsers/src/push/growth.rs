//! A bound on what a body grows to where many records share what is written once.

use super::fault::BodyFault;

/// How much the records of one body may take beyond their own text.
pub(super) const BYTES_MAX: usize = 256 << 20;
/// What a record takes at the least, however little it says.
const RECORD_BYTES: usize = 128;

/// What is left of [`BYTES_MAX`].
#[derive(Debug)]
pub(super) struct Growth {
    left: usize,
}

impl Growth {
    pub(super) fn new() -> Self {
        Self { left: BYTES_MAX }
    }

    /// Counts a record that repeats `shared` bytes.
    ///
    /// # Errors
    /// [`BodyFault::TooLarge`] where nothing is left.
    pub(super) fn spend(&mut self, shared: usize) -> Result<(), BodyFault> {
        self.left = self.left.checked_sub(shared.saturating_add(RECORD_BYTES)).ok_or(BodyFault::TooLarge)?;
        Ok(())
    }
}
