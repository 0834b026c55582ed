//! Fluentd's Forward protocol, version 1: messages of MessagePack that carry a tag and records with their times.
//!
//! ```text
//! [tag, time, record, options?]              message mode
//! [tag, [[time, record], …], options?]       forward mode
//! [tag, bin or str, options?]                packed forward: entries one behind the other, perhaps compressed (gzip, zstd)
//! ```
//!
//! The same in JSON is [`json_form`].
//!
//! Fluent Bit puts metadata of a record beside its time, `[[time, metadata], record]`, and those of message mode among the options; they
//! are attributes behind `metadata.`.
//!
//! A record's original bytes are those of its time and its record, which stand side by side in every mode. Its keys mean what they
//! mean in [`json`]: the record is read as the JSON object that it would be, and its message is borrowed from the original
//! bytes where it stands there. Its time is what the record states, else the entry's.

pub mod json_form;

use std::borrow::Cow;

use memchr::memmem;

use crate::msgpack::{self, Fault, Reader, Token};
use crate::{Context, Level, LogEvent, Zone, json, level_names, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "fluent";

const NO_MAP: &str = "the record is no map";

/// Why [`strays`] are no entries.
pub const NO_ENTRIES: &str = "neither a pair nor a record";

/// Why a value is not read.
pub const NO_MESSAGE: &str = "not a message of Fluent Forward";

/// A larger count is none of seconds (the year 5138).
const SECONDS_BELOW: u64 = 100_000_000_000;

/// How entries are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// With gzip.
    Gzip,
    /// With zstd.
    Zstd,
}

impl Packing {
    /// How `packed` is compressed, which is told by its beginning: no entry begins so. `None` where it is not.
    #[must_use]
    pub fn of(packed: &[u8]) -> Option<Self> {
        match packed {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'b> {
    /// What the sender calls its records.
    pub tag: Cow<'b, str>,
    /// Its records.
    pub entries: Entries<'b>,
    /// What is to be acknowledged.
    pub chunk: Option<&'b [u8]>,
    /// Metadata of its record, in message mode; empty where there are none.
    pub metadata: &'b [u8],
}

/// The records of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries<'b> {
    /// One: its time and its record, which are not in an array.
    Bare(&'b [u8]),
    /// Entries one behind the other.
    Several(&'b [u8]),
    /// The same, compressed.
    Compressed(&'b [u8]),
}

/// One record with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'b> {
    /// In microseconds since 1970.
    pub time: Option<i64>,
    /// What is said of the record beside it; empty where nothing is.
    pub metadata: &'b [u8],
    /// The record; not a map where the entry was none.
    record: &'b [u8],
    /// Its record is JSON, not MessagePack.
    is_json: bool,
    /// The original bytes.
    pub raw: &'b [u8],
}

impl<'b> Entry<'b> {
    /// With what the options of its message say of it.
    #[must_use]
    pub fn with_metadata(self, metadata: &'b [u8]) -> Self {
        Self { metadata, ..self }
    }
}

/// Reads a message that is whole.
///
/// # Errors
/// It is none.
pub fn message(bytes: &[u8]) -> Result<Message<'_>, Fault> {
    let mut reader = Reader::new(bytes);
    let Token::Array(values @ 2..) = reader.token()? else { return Err(Fault::Unexpected) };
    let tag = match reader.token()? {
        Token::Text(tag) | Token::Binary(tag) => String::from_utf8_lossy(tag),
        _ => return Err(Fault::Unexpected),
    };
    let start = reader.rest();
    let (entries, used) = match reader.token()? {
        Token::Array(count) => {
            let begin = reader.rest();
            for _ in 0..count {
                reader.value()?;
            }
            (Entries::Several(between(begin, reader.rest())), 2)
        }
        Token::Text(packed) | Token::Binary(packed) if Packing::of(packed).is_some() => {
            (Entries::Compressed(packed), 2)
        }
        // A time in letters: no entry begins with a digit.
        Token::Text(time) if values > 2 && time.first().is_some_and(u8::is_ascii_digit) => {
            reader.value()?;
            (Entries::Bare(between(start, reader.rest())), 3)
        }
        Token::Text(packed) | Token::Binary(packed) => (Entries::Several(packed), 2),
        Token::Map(_) => return Err(Fault::Unexpected),
        _ => {
            reader.value()?;
            (Entries::Bare(between(start, reader.rest())), 3)
        }
    };
    let options = if values > used { Options::read(&mut reader)? } else { Options::default() };
    Ok(Message { tag, entries, chunk: options.chunk, metadata: options.metadata })
}

/// What a whole value that is no message says of itself: its tag and what is to be acknowledged, where it has these.
#[must_use]
pub fn stray_message(whole: &[u8]) -> (Option<Cow<'_, str>>, Option<&[u8]>) {
    let mut reader = Reader::new(whole);
    let Ok(Token::Array(values)) = reader.token() else { return (None, None) };
    let tag = match Reader::new(reader.rest()).token() {
        Ok(Token::Text(tag) | Token::Binary(tag)) if values > 0 => Some(String::from_utf8_lossy(tag)),
        _ => None,
    };
    let mut last: &[u8] = b"";
    for _ in 0..values {
        last = reader.value().unwrap_or_default();
    }
    // No options stand before the third place.
    let chunk = if values > 2 { chunk_of(last).ok().flatten() } else { None };
    (tag, chunk)
}

/// The first entry of `entries`, which is not empty, and what follows it.
///
/// # Errors
/// There is no whole value, or no MessagePack: the rest of the entries cannot be told apart.
pub fn next_entry(entries: &[u8]) -> Result<(Entry<'_>, &[u8]), Fault> {
    let mut reader = Reader::new(entries);
    let whole = reader.value()?;
    Ok((entry(whole), reader.rest()))
}

/// How many bytes at the front of `entries` are whole values that are neither a pair nor a record: numbers, text, nothing.
#[must_use]
pub fn strays(entries: &[u8]) -> usize {
    let mut reader = Reader::new(entries);
    // Arrays and maps.
    while !matches!(reader.rest().first(), None | Some(0x80..=0x9f | 0xdc..=0xdf)) && reader.value().is_ok() {}
    entries.len() - reader.rest().len()
}

/// The entry that a whole value is; one that is no pair is all record.
#[must_use]
pub fn entry(whole: &[u8]) -> Entry<'_> {
    let mut inside = Reader::new(whole);
    match inside.token() {
        Ok(Token::Array(2)) => bare_entry(inside.rest()),
        _ => Entry { time: None, metadata: b"", record: whole, is_json: false, raw: whole },
    }
}

/// The entry whose time and record are `raw`.
#[must_use]
pub fn bare_entry(raw: &[u8]) -> Entry<'_> {
    let mut reader = Reader::new(raw);
    let (mut time, mut metadata) = (reader.token().ok(), &b""[..]);
    if time == Some(Token::Array(2)) {
        time = reader.token().ok();
        metadata = reader.value().unwrap_or_default();
    }
    let time = time.and_then(|token| microseconds(&token));
    Entry { time: time.filter(|micros| !is_unset(*micros)), metadata, record: reader.rest(), is_json: false, raw }
}

/// Whether a time lies in the first second of 1970: some loggers write zero for the time that they do not know, and Fluentd takes it as that.
fn is_unset(micros: i64) -> bool {
    (0..1_000_000).contains(&micros)
}

/// Reads a record, filed under `tag`. `scratch` holds its JSON form.
///
/// Never fails: what is no map becomes an event with the original bytes as its message and a
/// [`parse_error`](LogEvent::parse_error).
#[must_use]
pub fn parse<'b>(entry: &Entry<'b>, tag: &str, scratch: &'b mut Vec<u8>, cx: &Context) -> LogEvent<'b> {
    let (json, fault) =
        if entry.is_json { (entry.record, json_fault(entry.record)) } else { as_json(entry.record, scratch) };
    let mut event = match fault {
        None => json::parse(json, cx),
        fault => LogEvent { message: Cow::Borrowed(entry.raw), parse_error: fault, ..LogEvent::default() },
    };
    event.timestamp = event.timestamp.or(entry.time);
    event.format = FORMAT;
    add_metadata(&mut event, entry.metadata, cx);
    event.attributes.push("tag", tag);
    if let Some(verbatim) = verbatim(&event.message, entry.record) {
        event.message = Cow::Borrowed(verbatim);
    }
    event
}

/// The JSON that a record is written as, in `scratch`, and why it is no record.
fn as_json<'b>(record: &[u8], scratch: &'b mut Vec<u8>) -> (&'b [u8], Option<Cow<'static, str>>) {
    scratch.clear();
    let is_map = matches!(Reader::new(record).token(), Ok(Token::Map(_)));
    let fault = match msgpack::write_json(&mut Reader::new(record), scratch) {
        Ok(()) if is_map => None,
        Ok(()) => Some(Cow::Borrowed(NO_MAP)),
        Err(fault) => Some(Cow::Owned(fault.to_string())),
    };
    (scratch, fault)
}

fn json_fault(record: &[u8]) -> Option<Cow<'static, str>> {
    (record.first() != Some(&b'{')).then_some(Cow::Borrowed(NO_MAP))
}

/// Adds what is said of the record beside it. It fills no field but the level, where the record states none.
fn add_metadata(event: &mut LogEvent<'_>, metadata: &[u8], cx: &Context) {
    if !matches!(Reader::new(metadata).token(), Ok(Token::Map(1..))) {
        return;
    }
    let mut json = b"{\"metadata\":".to_vec();
    let written = msgpack::write_json(&mut Reader::new(metadata), &mut json);
    json.push(b'}');
    let text = String::from_utf8_lossy(&json);
    let Some(read) = written.ok().and_then(|()| json::parse_keeping_all(&text, cx).ok()) else { return };
    if event.level == Level::Unknown && event.parse_error.is_none() {
        // Fluent Bit's name for what a record of OpenTelemetry says beside its body.
        let number = read.attributes.get("metadata.otlp.severity_number").and_then(|number| number.parse().ok());
        let word = read.attributes.get("metadata.otlp.severity_text");
        let level = number.and_then(level_names::from_otel_number).or_else(|| word.and_then(level_names::from_word));
        event.level = level.unwrap_or_default();
    }
    for (name, value) in read.attributes.iter() {
        event.attributes.push(name, value);
    }
}

/// `message` where it stands in `record`.
fn verbatim<'b>(message: &[u8], record: &'b [u8]) -> Option<&'b [u8]> {
    let at = (!message.is_empty()).then(|| memmem::find(record, message))??;
    record.get(at..at + message.len())
}

/// The answer to a message with `chunk`, once its records are durable.
#[must_use]
pub fn acknowledgement(chunk: &[u8]) -> Vec<u8> {
    let mut answer = b"\x81\xa3ack".to_vec();
    put_text(chunk, &mut answer);
    answer
}

/// Appends `text` as MessagePack.
pub fn put_text(text: &[u8], to: &mut Vec<u8>) {
    match text.len() {
        length @ 0..=31 => to.push(0xa0 | length as u8),
        length @ 32..=255 => to.extend([0xd9, length as u8]),
        length => {
            to.push(0xdb);
            to.extend((length as u32).to_be_bytes());
        }
    }
    to.extend_from_slice(text);
}

/// Seconds are what the protocol has; some senders write smaller units, which their size tells, or a text.
fn microseconds(token: &Token<'_>) -> Option<i64> {
    match token {
        Token::Unsigned(count @ SECONDS_BELOW..) => timestamp::epoch(&count.to_string()),
        Token::Signed(count) if u64::try_from(*count).is_ok_and(|count| count >= SECONDS_BELOW) => {
            timestamp::epoch(&count.to_string())
        }
        Token::Unsigned(seconds) => i64::try_from(*seconds).ok()?.checked_mul(1_000_000),
        Token::Text(text) => timestamp::parse(std::str::from_utf8(text).ok()?, Zone::UTC),
        Token::Signed(seconds) => seconds.checked_mul(1_000_000),
        Token::Float(seconds) => Some((seconds * 1e6) as i64),
        // Fluent Bit's marks of the beginning and end of a group are no times.
        Token::Extension(0, [0xff, 0xff, 0xff, 0xfe..=0xff, ..]) => None,
        Token::Extension(kind, octets) => msgpack::event_time(*kind, octets),
        _ => None,
    }
}

/// What is to be acknowledged, of the options of a message.
///
/// # Errors
/// They are no MessagePack.
pub fn chunk_of(options: &[u8]) -> Result<Option<&[u8]>, Fault> {
    Options::read(&mut Reader::new(options)).map(|options| options.chunk)
}

/// Of the options of a message; what others tell is seen without them.
#[derive(Default)]
struct Options<'b> {
    chunk: Option<&'b [u8]>,
    metadata: &'b [u8],
}

impl<'b> Options<'b> {
    fn read(reader: &mut Reader<'b>) -> Result<Self, Fault> {
        let mut options = Self::default();
        let Token::Map(count) = reader.token()? else { return Ok(options) };
        for _ in 0..count {
            let name = reader.token()?;
            let mut value = Reader::new(reader.value()?);
            match name {
                Token::Text(b"metadata") => options.metadata = value.rest(),
                Token::Text(b"chunk") => {
                    if let Token::Text(chunk) | Token::Binary(chunk) = value.token()? {
                        options.chunk = Some(chunk);
                    }
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

/// The bytes from the beginning of `begin` to that of `end`, which is its rest.
fn between<'b>(begin: &'b [u8], end: &[u8]) -> &'b [u8] {
    begin.get(..begin.len() - end.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
