//! A message of Fluent Forward that is longer than the buffer: its entries are taken while it arrives.
//!
//! A forwarder that could not send for hours has chunks of up to 256 MiB, each of which is one message. It is acknowledged at its end, as
//! others are; where the connection breaks off before, its entries so far are stored, and will be again when it is sent again.

use anyhow::Context as _;
use logseal_parsers::fluent;
use logseal_parsers::fluent_front::{Arriving, Front};
use logseal_parsers::msgpack::{Extent, Fault, Passage};

use super::gathered::Gathered;
use super::inflate::InflateError;
use super::unpacking::Unpacking;
use crate::config::spool_rules::MESSAGE_BYTES_MAX;

/// The longest entry.
pub(super) const ENTRY_BYTES_MAX: usize = MESSAGE_BYTES_MAX;
/// The most that is read of a message's compressed entries; it is not in memory at once.
pub(super) const INFLATED_BYTES_MAX: usize = 1 << 30;
/// The most entries of those: a few bytes may be millions of empty ones.
pub(super) const ENTRIES_MAX: usize = INFLATED_BYTES_MAX / 256;

/// A message whose front is read.
pub(super) struct Flow {
    tag: String,
    has_options: bool,
    left: Left,
    /// Of the entry at the front, or of the options.
    extent: Extent,
    /// Over the entry at the front, which is too long; over what is undone of it, where it is compressed.
    passage: Option<Passage>,
}

/// What is still to come of it.
enum Left {
    /// The time and the record of the only one, which is too long.
    Bare,
    Entries(u32),
    Packed(usize),
    Compressed(Box<Compressed>),
    /// Bytes that cannot be read.
    Skipped(usize),
    Options,
}

struct Compressed {
    left: usize,
    inflated: usize,
    entries: usize,
    /// It holds what is undone and not taken yet.
    decoder: Unpacking,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Took(usize),
    /// It took so many bytes, and has use for more.
    NeedMore(usize),
    /// It took so many bytes, and the message is at its end.
    Done(usize),
}

impl Flow {
    pub(super) fn new(front: &Front<'_>) -> Self {
        let left = match front.entries {
            Arriving::Bare => Left::Bare,
            Arriving::Array(entries) => Left::Entries(entries),
            Arriving::Packed(octets) => Left::Packed(octets as usize),
            Arriving::Compressed(octets, packing) => Left::Compressed(Box::new(Compressed {
                left: octets as usize,
                inflated: 0,
                entries: 0,
                decoder: Unpacking::new(packing),
            })),
        };
        let (tag, has_options) = (front.tag.clone().into_owned(), front.has_options);
        Self { tag, has_options, left, extent: Extent::default(), passage: None }
    }

    /// Whether it holds what was read already.
    pub(super) fn holds_bytes(&self) -> bool {
        matches!(&self.left, Left::Compressed(compressed) if !compressed.decoder.content().is_empty())
    }

    /// Takes what has come of the message.
    ///
    /// # Errors
    /// What follows cannot be told apart.
    pub(super) fn take(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Step> {
        // What is compressed has to be undone to be passed over.
        if !matches!(self.left, Left::Compressed(_))
            && let Some(passage) = self.passage.take()
        {
            return self.pass_over(passage, unread, gathered);
        }
        match &mut self.left {
            Left::Bare => {
                self.left = Left::Entries(1);
                Ok(self.begin_to_pass(2, unread, gathered))
            }
            Left::Entries(0) | Left::Packed(0) | Left::Skipped(0) => {
                self.left = Left::Options;
                self.extent = Extent::default();
                Ok(if self.has_options { Step::Took(0) } else { Step::Done(0) })
            }
            Left::Entries(_) => self.take_of_array(unread, gathered),
            Left::Packed(left) => {
                let all = *left;
                let entries = unread.get(..all).unwrap_or(unread);
                Ok(self.take_packed(entries, all, gathered))
            }
            Left::Compressed(_) => Ok(self.take_compressed(unread, gathered)),
            Left::Skipped(left) => {
                let taken = unread.len().min(*left);
                *left -= taken;
                Ok(if taken > 0 { Step::Took(taken) } else { Step::NeedMore(0) })
            }
            Left::Options => {
                let Some(length) = self.extent.measure(unread).context("Fluent Forward: options")? else {
                    anyhow::ensure!(unread.len() < ENTRY_BYTES_MAX, "Fluent Forward: the options are too long");
                    return Ok(Step::NeedMore(0));
                };
                if let Some(chunk) = fluent::chunk_of(unread).context("Fluent Forward: options")? {
                    gathered.answer(&fluent::acknowledgement(chunk));
                }
                Ok(Step::Done(length))
            }
        }
    }

    fn take_of_array(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Step> {
        let Some(length) = self.extent.measure(unread).context("Fluent Forward: an entry")? else {
            let is_too_long = unread.len() >= ENTRY_BYTES_MAX;
            return Ok(if is_too_long { self.begin_to_pass(1, unread, gathered) } else { Step::NeedMore(0) });
        };
        gathered.add_fluent(&fluent::entry(unread.get(..length).unwrap_or_default()), &self.tag);
        self.extent = Extent::default();
        if let Left::Entries(left) = &mut self.left {
            *left -= 1;
        }
        Ok(Step::Took(length))
    }

    /// Takes the first of `entries`, which are what has come of `all` bytes.
    fn take_packed(&mut self, entries: &[u8], all: usize, gathered: &mut Gathered<'_>) -> Step {
        let strays = fluent::strays(entries);
        if strays > 0 {
            gathered.add_strays(entries.get(..strays).unwrap_or_default(), &self.tag);
            self.extent = Extent::default();
            self.left = Left::Packed(all - strays);
            return Step::Took(strays);
        }
        let fault = match self.extent.measure(entries) {
            Ok(Some(length)) => {
                gathered.add_fluent(&fluent::entry(entries.get(..length).unwrap_or_default()), &self.tag);
                self.extent = Extent::default();
                self.left = Left::Packed(all - length);
                return Step::Took(length);
            }
            Ok(None) if entries.len() < all && entries.len() < ENTRY_BYTES_MAX => return Step::NeedMore(0),
            Ok(None) if entries.len() < all => return self.begin_to_pass(1, entries, gathered),
            Ok(None) => Fault::CutOff.to_string(),
            Err(fault) => fault.to_string(),
        };
        gathered.add_unread(entries, &left_out(&fault), fluent::FORMAT, Some(&self.tag));
        self.left = Left::Skipped(all - entries.len());
        Step::Took(entries.len())
    }

    /// Keeps the beginning of the entry at the front, which is too long: the next so many `values`.
    fn begin_to_pass(&mut self, values: u64, unread: &[u8], gathered: &mut Gathered<'_>) -> Step {
        gathered.add_unread(unread, &too_long(), fluent::FORMAT, Some(&self.tag));
        self.extent = Extent::default();
        self.passage = Some(Passage::over(values));
        Step::Took(0)
    }

    /// Passes over what has come of an entry that is too long.
    fn pass_over(&mut self, mut passage: Passage, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Step> {
        let Left::Packed(all) = self.left else {
            let passed = passage.pass(unread).context("Fluent Forward: an entry")?;
            if !passage.is_done() {
                self.passage = Some(passage);
                return Ok(if passed > 0 { Step::Took(passed) } else { Step::NeedMore(0) });
            }
            if let Left::Entries(left) = &mut self.left {
                *left -= 1;
            }
            return Ok(Step::Took(passed));
        };
        let entries = unread.get(..all).unwrap_or(unread);
        match passage.pass(entries) {
            Ok(passed) if passage.is_done() => {
                self.left = Left::Packed(all - passed);
                Ok(Step::Took(passed))
            }
            // It ends behind the end of all entries: nothing follows it.
            Ok(_) if entries.len() == all => {
                self.left = Left::Skipped(0);
                Ok(Step::Took(all))
            }
            Ok(passed) => {
                self.left = Left::Packed(all - passed);
                self.passage = Some(passage);
                Ok(if passed > 0 { Step::Took(passed) } else { Step::NeedMore(0) })
            }
            Err(fault) => {
                gathered.add_unread(entries, &left_out(&fault.to_string()), fluent::FORMAT, Some(&self.tag));
                self.left = Left::Skipped(all - entries.len());
                Ok(Step::Took(entries.len()))
            }
        }
    }

    fn take_compressed(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> Step {
        let Left::Compressed(compressed) = &mut self.left else { return Step::Took(0) };
        let mut taken = 0;
        let problem = loop {
            let inflated = compressed.decoder.content_mut();
            let mut at = 0;
            let problem = loop {
                let rest = inflated.get(at..).unwrap_or_default();
                if let Some(passage) = &mut self.passage {
                    match passage.pass(rest) {
                        Ok(passed) => at += passed,
                        Err(fault) => break Some(fault.to_string()),
                    }
                    if !passage.is_done() {
                        break None;
                    }
                    self.passage = None;
                    continue;
                }
                let strays = if gathered.is_full() { 0 } else { fluent::strays(rest) };
                if strays > 0 {
                    gathered.add_strays(rest.get(..strays).unwrap_or_default(), &self.tag);
                    self.extent = Extent::default();
                    at += strays;
                    continue;
                }
                match self.extent.measure(rest) {
                    Ok(Some(_)) if compressed.entries == ENTRIES_MAX => {
                        break Some(InflateError::TooMany(ENTRIES_MAX).to_string());
                    }
                    Ok(Some(length)) if !gathered.is_full() => {
                        compressed.entries += 1;
                        gathered.add_fluent(&fluent::entry(rest.get(..length).unwrap_or_default()), &self.tag);
                        at += length;
                        self.extent = Extent::default();
                    }
                    Ok(None) if rest.len() >= ENTRY_BYTES_MAX => {
                        gathered.add_unread(rest, &too_long(), fluent::FORMAT, Some(&self.tag));
                        self.extent = Extent::default();
                        self.passage = Some(Passage::over(1));
                    }
                    Ok(_) => break None,
                    Err(fault) => break Some(fault.to_string()),
                }
            };
            inflated.drain(..at);
            if problem.is_some() {
                break problem;
            }
            if gathered.is_full() {
                return Step::Took(taken);
            }
            if compressed.left == 0 {
                let is_whole = compressed.decoder.is_whole() && compressed.decoder.content().is_empty();
                break if is_whole { None } else { Some(Fault::CutOff.to_string()) };
            }
            let more = unread.get(taken..).unwrap_or_default();
            let fed = more.get(..compressed.decoder.feed_bytes().min(compressed.left)).unwrap_or(more);
            if fed.is_empty() {
                return Step::NeedMore(taken);
            }
            let before = compressed.decoder.content().len();
            let undone = compressed.decoder.feed(fed);
            compressed.inflated += compressed.decoder.content().len() - before;
            let fault = if undone.is_err() {
                Some(InflateError::Damaged)
            } else {
                (compressed.inflated > INFLATED_BYTES_MAX).then_some(InflateError::TooLarge(INFLATED_BYTES_MAX))
            };
            if let Some(fault) = fault {
                break Some(fault.to_string());
            }
            taken += fed.len();
            compressed.left -= fed.len();
        };
        if let Some(problem) = problem {
            // What is undone, or else what cannot be.
            let inflated = compressed.decoder.content();
            let kept = if inflated.is_empty() { unread.get(taken..).unwrap_or_default() } else { inflated };
            let why = left_out(&format!("compressed entries: {problem}"));
            gathered.add_unread(kept, &why, fluent::FORMAT, Some(&self.tag));
        }
        self.passage = None;
        self.left = Left::Skipped(compressed.left);
        Step::Took(taken)
    }
}

pub(super) fn too_long() -> String {
    format!("an entry of more than {ENTRY_BYTES_MAX} bytes")
}

fn left_out(why: &str) -> String {
    format!("{why}; what follows in its message is left out")
}
