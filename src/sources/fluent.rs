//! Fluentd's Forward protocol: Fluentd, Fluent Bit, Docker's fluentd driver, and loggers of many languages.
//!
//! A message with a `chunk` is acknowledged once all its records are durable. With a shared key a client must know it (HELO, PING,
//! PONG); users and passwords are not asked for.

use anyhow::Context as _;
use logseal_parsers::fluent::{self, Entries};
use logseal_parsers::msgpack::{Extent, Reader, Token};
use sha2::{Digest as _, Sha512};
use subtle::ConstantTimeEq as _;

use super::dialogue::{Dialogue, Next};
use super::gathered::Gathered;
use super::inflate::inflate;

/// The longest message.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The most that a compressed message may hold.
const INFLATED_BYTES_MAX: usize = 32 << 20;
/// What is said in the place of a host name: a client refuses a server that has its own.
const SERVER_NAME: &str = "logseal";

/// One connection.
pub(super) struct Fluent {
    /// Where a client has yet to prove that it knows the key.
    handshake: Option<Handshake>,
    extent: Extent,
    /// How much of the entries of the message at the front of the buffer is taken.
    taken: usize,
    /// Its entries, where they were compressed.
    inflated: Option<Vec<u8>>,
}

struct Handshake {
    shared_key: String,
    nonce: String,
}

impl Fluent {
    /// `nonce` must not have been used before; an empty key is none.
    pub(super) fn new(shared_key: &str, nonce: [u8; 16]) -> Self {
        let handshake = (!shared_key.is_empty())
            .then(|| Handshake { shared_key: shared_key.to_owned(), nonce: hex::encode(nonce) });
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
            anyhow::ensure!(pong.knows_key, "Fluent Forward: the client does not know the shared key");
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

struct Pong {
    answer: Vec<u8>,
    knows_key: bool,
}

impl Handshake {
    /// `["HELO", {"nonce": …, "auth": "", "keepalive": true}]`
    fn hello(&self) -> Vec<u8> {
        let mut hello = b"\x92\xa4HELO\x83\xa5nonce".to_vec();
        fluent::put_text(self.nonce.as_bytes(), &mut hello);
        hello.extend_from_slice(b"\xa4auth\xa0\xa9keepalive\xc3");
        hello
    }

    /// The answer to `["PING", host, salt, digest, user, password]`: `["PONG", whether, why not, host, digest]`.
    fn answer(&self, ping: &[u8]) -> anyhow::Result<Pong> {
        let unexpected =
            || anyhow::anyhow!("Fluent Forward: the client does not begin with PING, as the shared key demands");
        let mut reader = Reader::new(ping);
        anyhow::ensure!(matches!(reader.token(), Ok(Token::Array(4..))), unexpected());
        let mut text = || match reader.token() {
            Ok(Token::Text(text) | Token::Binary(text)) => Ok(text),
            _ => Err(unexpected()),
        };
        anyhow::ensure!(text()? == b"PING", unexpected());
        let (host, salt, digest) = (text()?, text()?, text()?);
        let knows_key = bool::from(self.digest(salt, host).as_bytes().ct_eq(digest));
        let mut answer = b"\x95\xa4PONG".to_vec();
        if knows_key {
            answer.extend_from_slice(b"\xc3\xa0");
            fluent::put_text(SERVER_NAME.as_bytes(), &mut answer);
            fluent::put_text(self.digest(salt, SERVER_NAME.as_bytes()).as_bytes(), &mut answer);
        } else {
            answer.push(0xc2);
            fluent::put_text(b"shared_key mismatch", &mut answer);
            answer.extend_from_slice(b"\xa0\xa0");
        }
        Ok(Pong { answer, knows_key })
    }

    fn digest(&self, salt: &[u8], host: &[u8]) -> String {
        let mut hash = Sha512::new();
        for part in [salt, host, self.nonce.as_bytes(), self.shared_key.as_bytes()] {
            hash.update(part);
        }
        hex::encode(hash.finalize())
    }
}
