//! Fluentd's Forward protocol: Fluentd, Fluent Bit, Docker's fluentd driver, and loggers of many languages.
//!
//! A message with a `chunk` is acknowledged once all its records are durable. A client may have to prove first who it is.

use anyhow::Context as _;
use logseal_parsers::fluent::{self, Entries};
use logseal_parsers::fluent_front::front;
use logseal_parsers::msgpack::{Extent, Fault, Passage};

use super::dialogue::{Dialogue, Next};
use super::fluent_flow::{ENTRIES_MAX, ENTRY_BYTES_MAX, Flow, INFLATED_BYTES_MAX, Step, too_long};
use super::fluent_handshake::{Entry, Handshake};
use super::fluent_json::FluentJson;
use super::gathered::Gathered;
use super::inflate::InflateError;
use super::inflating::Inflating;

/// The longest message that is read at once; larger ones are read entry by entry.
const MESSAGE_BYTES_MAX: usize = ENTRY_BYTES_MAX;
const NIL: [u8; 1] = [0xc0];

/// So much of a compressed entry is undone to pass over it: others wait for the processor meanwhile, and a few kilobytes may hold a gigabyte.
const PASSED_BYTES_MAX: usize = 64 << 20;

/// One connection.
pub(super) struct Fluent {
    /// Where a client has yet to prove who it is.
    handshake: Option<Handshake>,
    extent: Extent,
    /// How much of the entries of the message at the front of the buffer is taken.
    taken: usize,
    /// Its entries, where they are compressed.
    inflating: Option<Inflating>,
    /// The message that is read entry by entry, because it is longer than the buffer.
    flow: Option<Flow>,
    /// Over a value that is longer than the buffer and no message.
    passage: Option<Passage>,
    /// Whether it speaks JSON instead, which its first byte tells.
    json: Json,
}

/// In which form a client speaks.
enum Json {
    Unknown,
    No,
    Yes(FluentJson),
}

impl Fluent {
    /// Without a `handshake` every client is let in.
    pub(super) fn new(handshake: Option<Handshake>) -> Self {
        Self {
            handshake,
            extent: Extent::default(),
            taken: 0,
            inflating: None,
            flow: None,
            passage: None,
            json: Json::Unknown,
        }
    }

    /// Takes the entries of a whole value; whether these were all. One that is no message is kept unparsed.
    fn take(&mut self, bytes: &[u8], gathered: &mut Gathered<'_>) -> bool {
        let Ok(message) = fluent::message(bytes) else {
            let (tag, chunk) = fluent::stray_message(bytes);
            gathered.add_unread(bytes, fluent::NO_MESSAGE, fluent::FORMAT, tag.as_deref());
            if let Some(chunk) = chunk {
                gathered.answer(&fluent::acknowledgement(chunk));
            }
            return true;
        };
        match message.entries {
            Entries::Bare(raw) => {
                gathered.add_fluent(&fluent::bare_entry(raw).with_metadata(message.metadata), &message.tag);
            }
            Entries::Several(entries) => {
                if !take_entries(entries, &mut self.taken, &message.tag, gathered) {
                    return false;
                }
            }
            Entries::Compressed(compressed) => {
                let inflating = self.inflating.take();
                let mut inflating = inflating.unwrap_or_else(|| Inflating::new(compressed, INFLATED_BYTES_MAX));
                if !take_inflated(&mut inflating, compressed, &message.tag, gathered) {
                    self.inflating = Some(inflating);
                    return false;
                }
            }
        }
        if let Some(chunk) = message.chunk {
            gathered.answer(&fluent::acknowledgement(chunk));
        }
        true
    }

    /// Begins with the value at the front, which is longer than the buffer.
    fn begin_long(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> Next {
        self.extent = Extent::default();
        if let Ok(front) = front(unread) {
            self.flow = Some(Flow::new(&front));
            return Next::Took(front.length);
        }
        gathered.add_unread(unread, fluent::NO_MESSAGE, fluent::FORMAT, None);
        self.passage = Some(Passage::over(1));
        Next::Took(0)
    }
}

impl Dialogue for Fluent {
    fn buffer_bytes(&self) -> usize {
        MESSAGE_BYTES_MAX
    }

    fn greeting(&self) -> Vec<u8> {
        self.handshake.as_ref().map(Handshake::hello).unwrap_or_default()
    }

    fn is_let_in(&self) -> bool {
        self.handshake.is_none()
    }

    fn next(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Next> {
        if matches!(self.json, Json::Unknown) && !unread.is_empty() {
            let is_json = FluentJson::is_begun_by(unread.first());
            anyhow::ensure!(
                !is_json || self.handshake.is_none(),
                "Fluent Forward: JSON of a client that has not shown who it is"
            );
            self.json = if is_json { Json::Yes(FluentJson::default()) } else { Json::No };
        }
        if let Json::Yes(json) = &mut self.json {
            return Ok(json.next(unread, gathered));
        }
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
        if let Some(passage) = &mut self.passage {
            let passed = passage.pass(unread).context("Fluent Forward")?;
            if passage.is_done() {
                self.passage = None;
            } else if passed == 0 {
                return Ok(Next::NeedMore(0));
            }
            return Ok(Next::Took(passed));
        }
        // Many of them are one record.
        let strays = if self.handshake.is_none() && unread.first() != NIL.first() { fluent::strays(unread) } else { 0 };
        if strays > 0 {
            let strays = unread.get(..strays).unwrap_or_default();
            gathered.add_unread(strays, fluent::NO_MESSAGE, fluent::FORMAT, None);
            self.extent = Extent::default();
            return Ok(Next::Took(strays.len()));
        }
        let Some(length) = self.extent.measure(unread).context("Fluent Forward")? else {
            if unread.len() < MESSAGE_BYTES_MAX {
                return Ok(Next::NeedMore(0));
            }
            // Nobody is let in by a long message.
            anyhow::ensure!(
                self.handshake.is_none(),
                "Fluent Forward: more than {MESSAGE_BYTES_MAX} bytes of a client that has not shown who it is"
            );
            return Ok(self.begin_long(unread, gathered));
        };
        let bytes = unread.get(..length).unwrap_or_default();
        if let Some(handshake) = &self.handshake {
            let pong = handshake.answer(bytes)?;
            gathered.answer(&pong.answer);
            match pong.entry {
                Entry::LetIn(pass) => gathered.admit(pass),
                Entry::Unproved(why) => anyhow::bail!("Fluent Forward: the client is refused: {why}"),
                Entry::Refused(refusal) => return Err(gathered.refuse(&refusal).into()),
            }
            self.handshake = None;
        } else if bytes != NIL && !self.take(bytes, gathered) {
            // Not nil, which is a heartbeat, and there is more of it.
            return Ok(Next::Took(0));
        }
        self.extent = Extent::default();
        self.taken = 0;
        Ok(Next::Took(length))
    }

    fn is_within_message(&self) -> bool {
        self.inflating.is_some() || self.flow.as_ref().is_some_and(Flow::holds_bytes)
    }

    fn goodbye(&self) -> &'static [u8] {
        b""
    }
}

/// Takes entries of the `compressed` ones until a batch is full; whether none is left.
///
/// What cannot be read is kept: a client that is not answered would send the same again for ever.
fn take_inflated(inflating: &mut Inflating, compressed: &[u8], tag: &str, gathered: &mut Gathered<'_>) -> bool {
    let mut extent = Extent::default();
    while !gathered.is_full() {
        let rest = inflating.unread();
        let strays = fluent::strays(rest);
        if strays > 0 {
            gathered.add_strays(rest.get(..strays).unwrap_or_default(), tag);
            inflating.consume(strays);
            extent = Extent::default();
            continue;
        }
        let why = match extent.measure(rest) {
            Ok(Some(_)) if inflating.records_taken() == ENTRIES_MAX => InflateError::TooMany(ENTRIES_MAX).to_string(),
            Ok(Some(length)) => {
                gathered.add_fluent(&fluent::entry(rest.get(..length).unwrap_or_default()), tag);
                inflating.consume(length);
                inflating.count_record();
                extent = Extent::default();
                continue;
            }
            Ok(None) if rest.len() >= ENTRY_BYTES_MAX => {
                gathered.add_unread(rest, &too_long(), fluent::FORMAT, Some(tag));
                extent = Extent::default();
                match pass_over(inflating) {
                    Ok(()) => continue,
                    Err(why) => why,
                }
            }
            Ok(None) => match inflating.fill() {
                Ok(true) => continue,
                Ok(false) if inflating.unread().is_empty() => return true,
                Ok(false) => Fault::CutOff.to_string(),
                Err(error) => error.to_string(),
            },
            Err(fault) => fault.to_string(),
        };
        let rest = if inflating.unread().is_empty() { compressed } else { inflating.unread() };
        gathered.add_unread(rest, &format!("compressed entries: {why}"), fluent::FORMAT, Some(tag));
        return true;
    }
    false
}

/// Passes over the entry at the front, which is too long, or over all that is left where it does not end.
///
/// # Errors
/// Why what follows cannot be read.
fn pass_over(inflating: &mut Inflating) -> Result<(), String> {
    let mut passage = Passage::over(1);
    let mut all = 0;
    loop {
        let passed = passage.pass(inflating.unread()).map_err(|fault| fault.to_string())?;
        inflating.consume(passed);
        if passage.is_done() {
            return Ok(());
        }
        all += passed;
        if all > PASSED_BYTES_MAX {
            return Err(format!("an entry of more than {PASSED_BYTES_MAX} bytes"));
        }
        if !inflating.fill().map_err(|error| error.to_string())? {
            // It ends behind the end of all entries: it was told, and nothing follows it.
            inflating.consume(usize::MAX);
            return Ok(());
        }
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
        let strays = fluent::strays(rest);
        if strays > 0 {
            gathered.add_strays(rest.get(..strays).unwrap_or_default(), tag);
            *taken += strays;
            continue;
        }
        match fluent::next_entry(rest) {
            Ok((entry, behind)) => {
                gathered.add_fluent(&entry, tag);
                *taken = entries.len() - behind.len();
            }
            Err(fault) => {
                gathered.add_unread(rest, &fault.to_string(), fluent::FORMAT, Some(tag));
                *taken = entries.len();
            }
        }
    }
}
