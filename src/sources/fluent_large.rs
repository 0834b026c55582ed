//! A message of Fluent Forward that is larger than memory is given to it: its entries are taken as they come.
//!
//! Fluentd's chunks in files have 256 MiB by default. A client whose message ends the connection would send the same again for ever.

use logseal_parsers::fluent::{self, Announced, FORMAT};
use logseal_parsers::msgpack::{Extent, Fault};

use super::gathered::Gathered;

/// The longest entry.
pub(super) const ENTRY_BYTES_MAX: usize = 16 << 20;

/// Such a message, whose head is read.
pub(super) struct Large {
    tag: String,
    left: Left,
    has_option: bool,
    /// Of the entry, or the option, at the front of the buffer.
    extent: Extent,
}

/// What is still to come of the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// Entries of an array.
    Entries(u32),
    /// Bytes of packed entries.
    Bytes(usize),
    /// Bytes of packed entries that are compressed.
    Compressed(usize),
    /// Bytes that are passed over, because what they are cannot be told.
    Passed(usize),
    /// The option, if there is one.
    Option,
}

/// What became of the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Took(usize),
    NeedMore,
    /// The message ends behind so many bytes.
    Ended(usize),
}

impl Large {
    /// The message at the front of `bytes`, and the length of its head; `None` where it has no entries that can be taken one by one.
    pub(super) fn of(bytes: &[u8]) -> Option<(Self, usize)> {
        let head = fluent::head(bytes)?;
        let behind = bytes.get(head.length..).unwrap_or_default();
        let left = match head.entries {
            Announced::Entries(count) => Left::Entries(count),
            Announced::Bytes(count) if behind.starts_with(&fluent::GZIP_MAGIC) => Left::Compressed(count as usize),
            Announced::Bytes(count) => Left::Bytes(count as usize),
        };
        let large = Self { tag: head.tag.into_owned(), left, has_option: head.has_option, extent: Extent::default() };
        Some((large, head.length))
    }

    /// Takes what comes next.
    ///
    /// # Errors
    /// Where the message ends cannot be told any more.
    pub(super) fn step(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> Result<Step, Fault> {
        match self.left {
            Left::Entries(0) | Left::Bytes(0) | Left::Compressed(0) | Left::Passed(0) => {
                self.left = Left::Option;
                self.step(unread, gathered)
            }
            Left::Option if !self.has_option => Ok(Step::Ended(0)),
            Left::Option => {
                let Some(length) = self.extent.measure(unread)? else { return Ok(Step::NeedMore) };
                if let Some(chunk) = fluent::chunk_of(unread.get(..length).unwrap_or_default())? {
                    gathered.answer(&fluent::acknowledgement(chunk));
                }
                Ok(Step::Ended(length))
            }
            Left::Entries(count) => {
                let Some(length) = self.extent.measure(unread)? else { return Ok(Step::NeedMore) };
                self.take(unread.get(..length).unwrap_or_default(), gathered);
                self.left = Left::Entries(count - 1);
                Ok(Step::Took(length))
            }
            Left::Bytes(left) => Ok(self.packed(unread, left, gathered)),
            Left::Compressed(left) => {
                let why = format!("compressed entries of {left} bytes are too many");
                Ok(self.give_up(unread, left, &why, gathered))
            }
            Left::Passed(left) => {
                let passed = unread.len().min(left);
                self.left = Left::Passed(left - passed);
                Ok(if passed == 0 { Step::NeedMore } else { Step::Took(passed) })
            }
        }
    }

    /// The first of the packed entries, of which `left` bytes are to come. Behind damage the others cannot be told apart.
    fn packed(&mut self, unread: &[u8], left: usize, gathered: &mut Gathered<'_>) -> Step {
        let packed = unread.get(..left).unwrap_or(unread);
        let why = match self.extent.measure(packed) {
            Ok(Some(length)) => {
                self.take(packed.get(..length).unwrap_or_default(), gathered);
                self.left = Left::Bytes(left - length);
                return Step::Took(length);
            }
            Ok(None) if packed.len() < left && packed.len() < ENTRY_BYTES_MAX => return Step::NeedMore,
            Ok(None) if packed.len() < left => {
                format!("an entry of more than {ENTRY_BYTES_MAX} bytes, and what is behind it")
            }
            Ok(None) => Fault::CutOff.to_string(),
            Err(fault) => fault.to_string(),
        };
        self.give_up(packed, left, &why, gathered)
    }

    /// Keeps as much of what comes as is kept of any record that cannot be read, and passes over the rest.
    fn give_up(&mut self, unread: &[u8], left: usize, why: &str, gathered: &mut Gathered<'_>) -> Step {
        let wanted = left.min(gathered.unread_bytes_max() + 1).min(ENTRY_BYTES_MAX);
        if unread.len() < wanted {
            return Step::NeedMore;
        }
        let kept = unread.get(..left).unwrap_or(unread);
        gathered.add_unread(kept, why, FORMAT, Some(&self.tag));
        self.extent = Extent::default();
        self.left = Left::Passed(left);
        Step::Took(0)
    }

    fn take(&mut self, entry: &[u8], gathered: &mut Gathered<'_>) {
        self.extent = Extent::default();
        match fluent::next_entry(entry) {
            Ok((entry, _)) => gathered.add_fluent(&entry, &self.tag),
            Err(fault) => gathered.add_unread(entry, &fault.to_string(), FORMAT, Some(&self.tag)),
        }
    }
}
