//! NUL bytes that stand where a crash kept text from being written.

use memchr::memmem;

/// Fewer than these in a row are a part of the text.
const RUN: [u8; 8] = [0; 8];

/// Finds runs of NUL bytes in a buffer that grows at its end and is dropped from its front.
#[derive(Clone, Debug, Default)]
pub(super) struct Padding {
    /// So many bytes at the front hold no run, as far as is known.
    clean: usize,
    /// A run begins behind them.
    is_found: bool,
    /// The front of the buffer is within a run.
    is_within: bool,
}

/// What stands at the front of a buffer.
pub(super) enum Front<'b> {
    /// So many bytes of padding.
    Padding(usize),
    /// Text; whether padding follows, which ends it.
    Text(&'b [u8], bool),
}

impl Padding {
    /// Looks at the front of `buffer`; with `is_end` nothing follows it.
    pub(super) fn front<'b>(&mut self, buffer: &'b [u8], is_end: bool) -> Front<'b> {
        let zeros = || buffer.iter().take_while(|b| **b == 0).count();
        if self.is_within {
            match zeros() {
                0 => self.is_within = buffer.is_empty(),
                count => return Front::Padding(count),
            }
        }
        if !self.is_found && self.clean < buffer.len() {
            let from = self.clean.saturating_sub(RUN.len() - 1);
            let found = memmem::find(buffer.get(from..).unwrap_or_default(), &RUN);
            self.is_found = found.is_some();
            self.clean = found.map_or(buffer.len(), |at| from + at);
        }
        if self.is_found && self.clean == 0 {
            (self.is_found, self.is_within) = (false, true);
            return Front::Padding(zeros());
        }
        let text = buffer.get(..self.clean).unwrap_or(buffer);
        if self.is_found {
            return Front::Text(text, true);
        }
        // They may be the first ones of a run.
        let zeros = if is_end { 0 } else { text.iter().rev().take_while(|b| **b == 0).count() };
        Front::Text(text.get(..text.len() - zeros).unwrap_or(text), is_end)
    }

    /// Goes on behind the first `count` bytes of the buffer.
    pub(super) fn drop_front(&mut self, count: usize) {
        self.clean = self.clean.saturating_sub(count);
    }
}
