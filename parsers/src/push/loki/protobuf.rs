//! The protobuf form (grafana/loki, pkg/push/push.proto).

use std::borrow::Cow;

use super::labels;
use super::{Labels, Sink};
use crate::push::fault::BodyFault;
use crate::push::protobuf::{Fields, Malformed};

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
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            notation = String::from_utf8_lossy(value.bytes()?);
        }
    }
    let labels = labels::parse(&notation).ok_or_else(|| {
        BodyFault::Malformed("the labels of a stream are not of the form {name=\"value\"}".to_owned())
    })?;
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        if number == 2 {
            let entry = Entry::of(value.bytes()?)?;
            sink.line(&labels, &entry.metadata, entry.time, entry.line)?;
        }
    }
    Ok(())
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
