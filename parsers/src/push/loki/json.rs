//! The JSON form, and the one that it had at `/api/prom/push`: labels in LogQL's notation, entries as objects.
//!
//! ```text
//! {"streams": [{"labels": "{app=\"shop\"}", "entries": [{"ts": "2026-11-20T12:00:00Z", "line": "a line"}]}]}
//! ```

use std::borrow::Cow;

use super::{Labels, Sink, labels};
use crate::json::members::{Elements, Members, Part};
use crate::push::fault::BodyFault;
use crate::{Zone, timestamp};

pub(super) fn request(body: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let text = std::str::from_utf8(body).map_err(|error| malformed(format!("the body is not UTF-8: {error}")))?;
    let mut members = Members::of(text)?;
    let mut streams = None;
    while let Some((name, part)) = members.next()? {
        if name == "streams" {
            streams = Some(part);
        }
    }
    members.end()?;
    let Some(Part::Array(list)) = streams else { return Err(malformed("streams is missing or no list")) };
    let mut elements = Elements::of(list)?;
    while let Some(part) = elements.next()? {
        let Part::Object(object) = part else { return Err(malformed("a stream is not an object")) };
        stream(object, sink)?;
    }
    Ok(())
}

fn stream(object: &str, sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    sink.begin_stream();
    let (mut notation, mut values) = (None, None);
    let mut labels = Labels::new();
    let mut members = Members::of(object)?;
    while let Some((name, part)) = members.next()? {
        match (&*name, part) {
            ("stream", part) => labels = labels_of(part).ok_or_else(|| malformed("stream is not an object"))?,
            ("labels", Part::Text(text)) => notation = Some(text),
            ("values" | "entries", part) => values = Some(part),
            _ => {}
        }
    }
    if let Some(notation) = &notation {
        let read = labels::parse(notation);
        labels.extend(read.ok_or_else(|| malformed("the labels of a stream are not of the form {name=\"value\"}"))?);
    }
    let list = match values {
        Some(Part::Array(list)) => list,
        Some(Part::Null) => return Ok(()),
        None => {
            // It costs streams beside it nothing; alone it is no request.
            sink.unread.get_or_insert("a stream has no values");
            return Ok(());
        }
        Some(_) => return Err(malformed("values is not a list")),
    };
    let mut elements = Elements::of(list)?;
    while let Some(part) = elements.next()? {
        let is_object = matches!(part, Part::Object(_));
        let Some(text) = part.into_text() else { continue };
        let entry = if is_object { Entry::of_members(&text) } else { Entry::of(&text) };
        match entry {
            Ok(entry) => sink.line(&labels, &entry.metadata, Some(entry.time), entry.line.as_bytes())?,
            Err(why) => sink.unread(&labels, text.as_bytes(), why)?,
        }
    }
    Ok(())
}

/// `["time", "line"]` or `["time", "line", {metadata}]`
struct Entry<'a> {
    time: i64,
    line: Cow<'a, str>,
    metadata: Labels<'a>,
}

impl<'a> Entry<'a> {
    fn of(list: &'a str) -> Result<Self, &'static str> {
        let mut elements = Elements::of(list).map_err(|_| "an entry of values is not a list")?;
        let mut next = || elements.next().map_err(|_| "an entry of values is no JSON");
        let time = match next()? {
            Some(Part::Text(text)) => time_of(&text),
            Some(Part::Number(digits)) => time_of(digits),
            _ => None,
        };
        let time = time.ok_or("an entry does not begin with a time in nanoseconds")?;
        let Some(Part::Text(line)) = next()? else { return Err("an entry has no line") };
        let Some(part) = next()? else { return Ok(Self { time, line, metadata: Labels::new() }) };
        let metadata = labels_of(part).ok_or("the metadata of a line is not an object")?;
        if next()?.is_some() {
            return Err("an entry has more than time, line and metadata");
        }
        Ok(Self { time, line, metadata })
    }

    /// `{"ts": "time", "line": "line"}`
    fn of_members(object: &'a str) -> Result<Self, &'static str> {
        let (mut time, mut line, mut metadata) = (None, None, Labels::new());
        let mut members = Members::of(object).map_err(|_| "an entry of entries is not an object")?;
        while let Some((name, part)) = members.next().map_err(|_| "an entry of entries is no JSON")? {
            match (&*name, part) {
                ("ts" | "timestamp", Part::Text(text)) => time = timestamp::parse(&text, Zone::UTC),
                ("ts" | "timestamp", Part::Number(digits)) => time = time_of(digits),
                ("line", Part::Text(text)) => line = Some(text),
                ("structuredMetadata", part) => {
                    metadata = labels_of(part).ok_or("the metadata of a line is not an object")?;
                }
                _ => {}
            }
        }
        let time = time.ok_or("an entry has no time")?;
        Ok(Self { time, line: line.ok_or("an entry has no line")?, metadata })
    }
}

/// Nanoseconds since 1970, or what some senders write in their place: another unit, which the size tells, a fraction, an exponent.
fn time_of(text: &str) -> Option<i64> {
    timestamp::epoch(text).or_else(|| text.parse::<i64>().ok().map(|nanos| nanos.div_euclid(1_000)))
}

/// `None` for what is not an object.
fn labels_of(part: Part<'_>) -> Option<Labels<'_>> {
    let object = match part {
        Part::Object(object) => object,
        Part::Null => return Some(Labels::new()),
        _ => return None,
    };
    let mut labels = Labels::new();
    let mut members = Members::of(object).ok()?;
    while let Some((name, part)) = members.next().ok()? {
        labels.push((name, part.into_text().unwrap_or(Cow::Borrowed(""))));
    }
    Some(labels)
}

fn malformed(what: impl Into<String>) -> BodyFault {
    BodyFault::Malformed(what.into())
}
