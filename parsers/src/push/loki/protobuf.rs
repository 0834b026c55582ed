//! The protobuf form (grafana/loki, pkg/push/push.proto).

use std::borrow::Cow;

use super::{Labels, Sink, StreamLabels};
use crate::push::fault::BodyFault;
use crate::push::protobuf::{Fields, Malformed, Value};

/// `PushRequest { repeated StreamAdapter streams = 1; … }`
pub(super) fn request(body: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let mut fields = Fields::of(body);
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            stream(value.bytes()?, sink)?;
        }
    }
    Ok(())
}

/// `StreamAdapter { string labels = 1; repeated EntryAdapter entries = 2; uint64 hash = 3; }`, in any order.
fn stream(message: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    sink.begin_stream();
    let mut notation = Cow::Borrowed("{}");
    let mut fields = Fields::of(message);
    // What breaks off the walk is met again with the entries.
    while let Ok(Some((number, value))) = fields.next() {
        if let (1, Ok(text)) = (number, value.bytes()) {
            notation = String::from_utf8_lossy(text);
        }
    }
    let mut shared = StreamLabels::default();
    shared.add_notation(notation);
    if let Some(why) = shared.fault {
        sink.note(why);
    }
    let mut fields = Fields::of(message);
    loop {
        let rest = fields.rest();
        match fields.next() {
            Ok(Some((2, Value::Bytes(bytes)))) => match Entry::of(bytes) {
                Ok(entry) => sink.line(&shared, &entry.metadata, entry.time, entry.line)?,
                Err(Malformed(why)) => sink.unread(&shared.labels, bytes, why)?,
            },
            Ok(Some((2, _))) => sink.note("an entry is no message"),
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(Malformed(why)) => return sink.unread(&shared.labels, rest, why),
        }
    }
}

/// `EntryAdapter { Timestamp timestamp = 1; string line = 2; repeated LabelPairAdapter structuredMetadata = 3; … }`
#[derive(Default)]
struct Entry<'a> {
    time: Option<i64>,
    line: &'a [u8],
    metadata: Labels<'a>,
}

impl<'a> Entry<'a> {
    fn of(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut entry = Self::default();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => entry.time = Some(timestamp(value.bytes()?)?),
                2 => entry.line = value.bytes()?,
                3 => entry.metadata.push(label_pair(value.bytes()?)?),
                _ => {}
            }
        }
        Ok(entry)
    }
}

/// `Timestamp { int64 seconds = 1; int32 nanos = 2; }` in microseconds.
fn timestamp(message: &[u8]) -> Result<i64, Malformed> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => seconds = value.number()?.cast_signed(),
            2 => nanos = value.number()?.cast_signed(),
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000))
}

/// `LabelPairAdapter { string name = 1; string value = 2; }`
fn label_pair(message: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Malformed> {
    let (mut name, mut text) = (Cow::Borrowed(""), Cow::Borrowed(""));
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => name = String::from_utf8_lossy(value.bytes()?),
            2 => text = String::from_utf8_lossy(value.bytes()?),
            _ => {}
        }
    }
    Ok((name, text))
}
