//! Which rules must be asked about a record.

use super::rule::Compiled;
use crate::record::LogRow;

pub(super) struct Prefilter {
    rules: usize,
}

impl Prefilter {
    pub(super) fn new<'a>(rules: impl Iterator<Item = &'a Compiled>) -> Self {
        Self { rules: rules.count() }
    }

    pub(super) fn asked(&self, _row: &LogRow<'_>) -> std::ops::Range<usize> {
        0..self.rules
    }
}
