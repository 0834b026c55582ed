//! Fluentd's Forward protocol: Fluentd, Fluent Bit, Docker's fluentd driver, and loggers of many languages.
//!
//! A message with a `chunk` is acknowledged once all its records are durable. A client may have to prove first who it is.

use anyhow::Context as _;
use logseal_parsers::fluent::{self, Entries};
use logseal_parsers::fluent_front::front;
use logseal_parsers::msgpack::Extent;

use super::dialogue::{Dialogue, Next};
use super::fluent_flow::{Flow, Step};
use super::fluent_handshake::Handshake;
use super::gathered::Gathered;
use super::inflate::{InflateError, inflate};

/// The longest message that is read as a whole, and the longest entry of one that is not.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The most that a compressed message may hold that is read as a whole.
const INFLATED_BYTES_MAX: usize = 32 << 20;

const NIL: [u8; 1] = [0xc0];

/// One connection.
pub(super) struct Fluent {
    /// Where a client has yet to prove who it is.
    handshake: Option<Handshake>,
    extent: Extent,
    /// How much of the entries of the message at the front of the buffer is taken.
    taken: usize,
    /// Its entries, where they were compressed.
    inflated: Option<Vec<u8>>,
    /// A message that is longer than the buffer.
    flow: Option<Flow>,
}

impl Fluent {
    /// Without a `handshake` every client is let in.
    pub(super) fn new(handshake: Option<Handshake>) -> Self {
        Self { handshake, extent: Extent::default(), taken: 0, inflated: None, flow: None }
    }

    /// Takes the entries of a whole message, and says how many of its bytes are done with: none where there are more entries.
    fn take(&mut self, bytes: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<usize> {
        let message = fluent::message(bytes).context("Fluent Forward")?;
        match message.entries {
            Entries::Bare(raw) => gathered.add_fluent(&fluent::bare_entry(raw), &message.tag),
            Entries::Several(entries) => {
                if !take_entries(entries, &mut self.taken, &message.tag, gathered) {
                    return Ok(0);
                }
            }
            Entries::Compressed(compressed) => {
                let inflated = match self.inflated.take() {
                    Some(inflated) => Ok(inflated),
                    None => inflate(compressed, INFLATED_BYTES_MAX).map(Into::into),
                };
                match inflated {
                    Ok(entries) => {
                        if !take_entries(&entries, &mut self.taken, &message.tag, gathered) {
                            self.inflated = Some(entries);
                            return Ok(0);
                        }
                    }
                    Err(InflateError::TooLarge(_)) => {
                        if let Some(front) = front(bytes).context("Fluent Forward")? {
                            self.flow = Some(Flow::new(&front, MESSAGE_BYTES_MAX));
                            return Ok(front.length);
                        }
                    }
                    // A client that is not answered would send the same again for ever.
                    Err(error) => {
                        gathered.add_unread(compressed, &format!("compressed entries: {error}"), &message.tag)
                    }
                }
            }
        }
        if let Some(chunk) = message.chunk {
            gathered.answer(&fluent::acknowledgement(chunk));
        }
        Ok(bytes.len())
    }
}

impl Dialogue for Fluent {
    fn buffer_bytes(&self) -> usize {
        MESSAGE_BYTES_MAX
    }

    fn greeting(&self) -> Vec<u8> {
        self.handshake.as_ref().map(Handshake::hello).unwrap_or_default()
    }

    fn next(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Next> {
        if let Some(flow) = &mut self.flow {
            return Ok(match flow.take(unread, gathered)? {
                Step::Took(bytes) => Next::Took(bytes),
                Step::NeedMore(bytes) => Next::NeedMore(bytes),
                Step::Done(bytes) => {
                    self.flow = None;
                    Next::Took(bytes)
                }
            });
        }
        let Some(length) = self.extent.measure(unread).context("Fluent Forward")? else {
            if unread.len() < MESSAGE_BYTES_MAX {
                return Ok(Next::NeedMore(0));
            }
            // Nobody is let in by a long message.
            let front = if self.handshake.is_none() { front(unread).context("Fluent Forward")? } else { None };
            let front = front.with_context(|| format!("Fluent Forward: longer than {MESSAGE_BYTES_MAX} bytes"))?;
            self.flow = Some(Flow::new(&front, MESSAGE_BYTES_MAX));
            self.extent = Extent::default();
            return Ok(Next::Took(front.length));
        };
        let bytes = unread.get(..length).unwrap_or_default();
        let done = if let Some(handshake) = &self.handshake {
            let pong = handshake.answer(bytes)?;
            gathered.answer(&pong.answer);
            if let Some(why) = pong.refused {
                anyhow::bail!("Fluent Forward: the client is refused: {why}");
            }
            self.handshake = None;
            length
        } else if bytes == NIL {
            // A heartbeat.
            length
        } else {
            self.take(bytes, gathered)?
        };
        if done > 0 {
            self.extent = Extent::default();
            self.taken = 0;
        }
        Ok(Next::Took(done))
    }

    fn is_within_message(&self) -> bool {
        self.inflated.is_some() || self.flow.as_ref().is_some_and(Flow::holds_bytes)
    }

    fn goodbye(&self) -> &'static [u8] {
        b""
    }
}

/// Takes `entries` from `taken` on until a batch is full; whether none is left.
fn take_entries(entries: &[u8], taken: &mut usize, tag: &str, gathered: &mut Gathered<'_>) -> bool {
    loop {
        let rest = entries.get(*taken..).unwrap_or_default();
        if rest.is_empty() {
            return true;
        }
        if gathered.is_full() {
            return false;
        }
        match fluent::next_entry(rest) {
            Ok((entry, behind)) => {
                gathered.add_fluent(&entry, tag);
                *taken = entries.len() - behind.len();
            }
            Err(fault) => {
                gathered.add_unread(rest, &fault.to_string(), tag);
                *taken = entries.len();
            }
        }
    }
}
