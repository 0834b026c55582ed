//! Loki's push API: streams of lines under labels, as JSON or as protobuf (inside snappy, which is not undone here).
//!
//! ```text
//! {"streams": [{"stream": {"app": "shop"}, "values": [["1795000000000000000", "a line", {"metadata": "of it"}]]}]}
//! ```
//!
//! Each line is a record: its bytes are the **original bytes**, and it is read as a line of any format ([`Format::Auto`]), so that what it says
//! itself is found. The time is the entry's. Labels and structured metadata become attributes under their own names; they fill app, host and
//! level where the line leaves them open, and come before what the line says in no other case.
//!
//! An entry or stream that cannot be read is kept whole beside those that can, and lines whose labels cannot be read are kept with the text of those:
//! the protocol has no way to name one line of several. A body of which no entry can be read is refused, as Loki does.

mod json;
mod labels;
mod protobuf;

use std::borrow::Cow;

use super::fault::BodyFault;
use super::growth::Growth;
use crate::{Context, Format, Level, LogEvent, StreamFormat, format, level_names};

/// Labels that name the program, the plainest first.
const APP_NAMES: [&str; 6] = ["service_name", "app", "application", "job", "container", "container_name"];
const HOST_NAMES: [&str; 5] = ["host", "hostname", "node_name", "instance", "nodename"];
const LEVEL_NAMES: [&str; 4] = ["level", "detected_level", "severity", "severity_text"];

/// In which form a body comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/json`.
    Json,
    /// The protobuf message, decompressed.
    Protobuf,
}

/// One line of a stream.
#[derive(Debug)]
pub struct Record<'r> {
    /// What it says.
    pub event: Box<LogEvent<'r>>,
    /// The line.
    pub raw: &'r [u8],
    /// The program that the labels name; empty where they name none.
    pub service: &'r str,
}

/// Hands the lines of a body to `each`, in order.
///
/// # Errors
/// The body is not a push request. Lines that came before the fault have been handed over: what is done with them must not
/// last.
pub fn decode(
    encoding: Encoding,
    body: &[u8],
    cx: &Context,
    each: &mut dyn FnMut(Record<'_>),
) -> Result<(), BodyFault> {
    let mut sink =
        Sink { growth: Growth::new(), cx, each, format: StreamFormat::default(), has_line: false, unread: None };
    match encoding {
        Encoding::Json => json::request(body, &mut sink)?,
        Encoding::Protobuf => protobuf::request(body, &mut sink)?,
    }
    match sink.unread {
        Some(why) if !sink.has_line => Err(BodyFault::Malformed(why.to_owned())),
        _ => Ok(()),
    }
}

/// Names with values.
type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// What the lines of a stream have in common.
#[derive(Default)]
struct StreamLabels<'a> {
    labels: Labels<'a>,
    /// Why the labels cannot be read; their text is a label then.
    fault: Option<&'static str>,
}

impl<'a> StreamLabels<'a> {
    /// Adds labels in LogQL's notation.
    fn add_notation(&mut self, notation: Cow<'a, str>) {
        match labels::parse(&notation) {
            Some(read) => {
                for (name, value) in read {
                    self.labels.push((Cow::Owned(name.into_owned()), Cow::Owned(value.into_owned())));
                }
            }
            None => self.add_unread("labels", notation, "the labels of a stream are not of the form {name=\"value\"}"),
        }
    }

    fn add_unread(&mut self, name: &'static str, text: Cow<'a, str>, why: &'static str) {
        self.labels.push((Cow::Borrowed(name), text));
        self.fault = Some(why);
    }
}

/// Where lines go.
struct Sink<'s> {
    growth: Growth,
    cx: &'s Context,
    each: &'s mut dyn FnMut(Record<'_>),
    /// That of the stream that is being read.
    format: StreamFormat,
    has_line: bool,
    /// What was wrong with the first entry that could not be read.
    unread: Option<&'static str>,
}

impl Sink<'_> {
    /// That the lines which follow are another stream's.
    fn begin_stream(&mut self) {
        self.format = StreamFormat::default();
    }

    /// Takes a line of a stream, at `time` (in microseconds since 1970); zero is what senders write that know none.
    fn line(
        &mut self,
        stream: &StreamLabels<'_>,
        metadata: &Labels<'_>,
        time: Option<i64>,
        line: &[u8],
    ) -> Result<(), BodyFault> {
        let mut event = self.format.read(line, self.cx);
        event.timestamp = time.filter(|micros| *micros != 0).or(event.timestamp);
        match stream.fault {
            Some(why) => event.parse_error = Some(Cow::Borrowed(why)),
            None => self.has_line = true,
        }
        self.hand_over(event, &stream.labels, metadata, line)
    }

    /// Notes what is wrong with something of which there is nothing to keep.
    fn note(&mut self, why: &'static str) {
        self.unread.get_or_insert(why);
    }

    /// Keeps what is no entry of a stream with `labels`, or no stream, by its text.
    fn unread(&mut self, labels: &Labels<'_>, text: &[u8], why: &'static str) -> Result<(), BodyFault> {
        self.note(why);
        let event = LogEvent { parse_error: Some(Cow::Borrowed(why)), ..format::parse(Format::Plain, text, self.cx) };
        let no_metadata = Labels::new();
        self.hand_over(event, labels, &no_metadata, text)
    }

    fn hand_over<'a>(
        &mut self,
        mut event: LogEvent<'a>,
        labels: &'a Labels<'a>,
        metadata: &'a Labels<'a>,
        raw: &[u8],
    ) -> Result<(), BodyFault> {
        let shared = labels.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.growth.spend(shared)?;
        let find = |names: &[&str]| {
            let mut all = names.iter();
            all.find_map(|wanted| {
                metadata.iter().chain(labels).find(|(name, value)| name == wanted && !value.is_empty())
            })
            .map(|(_, value)| &**value)
        };
        let service = find(&APP_NAMES).unwrap_or_default();
        if event.app.is_empty() {
            event.app = Cow::Borrowed(service);
        }
        if event.host.is_empty() {
            event.host = Cow::Borrowed(find(&HOST_NAMES).unwrap_or_default());
        }
        if event.level == Level::Unknown {
            event.level = find(&LEVEL_NAMES).and_then(level_names::from_word).unwrap_or_default();
        }
        for (name, value) in labels.iter().chain(metadata) {
            event.attributes.push(name, value);
        }
        (self.each)(Record { event: Box::new(event), raw, service });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
