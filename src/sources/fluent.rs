//! Fluentd's Forward protocol: Fluentd, Fluent Bit, Docker's fluentd driver, and loggers of many languages.
//!
//! A message with a `chunk` is acknowledged once all its records are durable. A client may have to prove first who it is.

use anyhow::Context as _;
use logseal_parsers::fluent::{self, Entries};
use logseal_parsers::msgpack::Extent;

use super::dialogue::{Dialogue, Next};
use super::fluent_handshake::Handshake;
use super::gathered::Gathered;
use super::inflate::inflate;

/// The longest message.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The most that a compressed message may hold.
const INFLATED_BYTES_MAX: usize = 32 << 20;

/// One connection.
pub(super) struct Fluent {
    /// Where a client has yet to prove who it is.
    handshake: Option<Handshake>,
    extent: Extent,
    /// How much of the entries of the message at the front of the buffer is taken.
    taken: usize,
    /// Its entries, where they were compressed.
    inflated: Option<Vec<u8>>,
}

impl Fluent {
    /// Without a `handshake` every client is let in.
    pub(super) fn new(handshake: Option<Handshake>) -> Self {
        Self { handshake, extent: Extent::default(), taken: 0, inflated: None }
    }

    /// Takes the entries of a whole message; whether these were all.
    fn take(&mut self, bytes: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<bool> {
        let message = fluent::message(bytes).context("Fluent Forward")?;
        match message.entries {
            Entries::Bare(raw) => gathered.add_fluent(&fluent::bare_entry(raw), &message.tag),
            Entries::Several(entries) => {
                if !take_entries(entries, &mut self.taken, &message.tag, gathered) {
                    return Ok(false);
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
                            return Ok(false);
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
        Ok(true)
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
        let Some(length) = self.extent.measure(unread).context("Fluent Forward")? else {
            anyhow::ensure!(
                unread.len() < MESSAGE_BYTES_MAX,
                "Fluent Forward: a message is longer than {MESSAGE_BYTES_MAX} bytes"
            );
            return Ok(Next::NeedMore(0));
        };
        let bytes = unread.get(..length).unwrap_or_default();
        if let Some(handshake) = &self.handshake {
            let pong = handshake.answer(bytes)?;
            gathered.answer(&pong.answer);
            if let Some(why) = pong.refused {
                anyhow::bail!("Fluent Forward: the client is refused: {why}");
            }
            self.handshake = None;
        } else if bytes != [0xc0] && !self.take(bytes, gathered)? {
            // Not nil, which is a heartbeat, and there is more of it.
            return Ok(Next::Took(0));
        }
        self.extent = Extent::default();
        self.taken = 0;
        Ok(Next::Took(length))
    }

    fn is_within_message(&self) -> bool {
        self.inflated.is_some()
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
