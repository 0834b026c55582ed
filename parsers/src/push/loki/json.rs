//! The JSON form, and the one that it had at `/api/prom/push`: labels in LogQL's notation, entries as objects.
//!
//! ```text
//! {"streams": [{"labels": "{app=\"shop\"}", "entries": [{"ts": "2026-11-20T12:00:00Z", "line": "a line"}]}]}
//! ```

use std::borrow::Cow;

use super::{Labels, Sink, StreamLabels};
use crate::json::members::{Elements, Members, Part};
use crate::push::fault::BodyFault;
use crate::push::text::Text;
use crate::{Zone, timestamp};

pub(super) fn request(body: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let body = Text::of(body);
    let mut members = Members::balanced(body.whole())?;
    let mut streams = None;
    while let Some((name, part)) = members.next()? {
        if name == "streams" {
            streams = Some(part);
        }
    }
    members.end()?;
    let Some(Part::Array(list)) = streams else { return Err(malformed("streams is missing or no list")) };
    each_of(list, &mut |part| match part {
        Ok(Part::Object(object)) => stream(&body.read(object), body.original(object), sink),
        Ok(Part::Null) => {
            sink.note("a stream is null");
            Ok(())
        }
        Ok(other) => sink.unread(&Labels::new(), &bytes_of(other), "a stream is not an object"),
        Err(rest) => sink.unread(&Labels::new(), body.original(rest), "streams is no JSON from here on"),
    })
}

/// Reads a stream, whose own bytes are `raw`.
fn stream(object: &str, raw: &[u8], sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    sink.begin_stream();
    let (shared, values) = match parts_of(object) {
        Ok(parts) => parts,
        Err(why) => return sink.unread(&Labels::new(), raw, why),
    };
    if let Some(why) = shared.fault {
        sink.note(why);
    }
    let list = match values {
        Some(Part::Array(list)) => list,
        Some(Part::Null) => return Ok(()),
        None => {
            // It costs streams beside it nothing; alone it is no request.
            sink.note("a stream has no values");
            return Ok(());
        }
        Some(_) => return sink.unread(&shared.labels, raw, "values is not a list"),
    };
    each_of(list, &mut |part| {
        let part = match part {
            Ok(part) => part,
            Err(rest) => return sink.unread(&shared.labels, rest.as_bytes(), "values is no JSON from here on"),
        };
        let is_object = matches!(part, Part::Object(_));
        let Some(text) = part.into_text() else { return Ok(()) };
        let entry = if is_object { Entry::of_members(&text) } else { Entry::of(&text) };
        match entry {
            Ok(entry) => sink.line(&shared, &entry.metadata, Some(entry.time), entry.line.as_bytes()),
            Err(why) => sink.unread(&shared.labels, text.as_bytes(), why),
        }
    })
}

/// The labels of a stream, and what its entries are to be in.
fn parts_of(object: &str) -> Result<(StreamLabels<'_>, Option<Part<'_>>), &'static str> {
    let no_json = |_| "a stream is no JSON";
    let (mut shared, mut values) = (StreamLabels::default(), None);
    let mut members = Members::balanced(object).map_err(no_json)?;
    while let Some((name, part)) = members.next().map_err(no_json)? {
        match (&*name, part) {
            ("stream", part) => match labels_of(part.clone()) {
                Some(labels) => shared.labels.extend(labels),
                None => shared.add_unread("stream", part.into_text().unwrap_or_default(), "stream is not an object"),
            },
            ("labels", Part::Text(text)) => shared.add_notation(text),
            ("values" | "entries", part) => values = Some(part),
            _ => {}
        }
    }
    Ok((shared, values))
}

/// Hands `each` the elements of a list; what follows behind the last of them where that is no JSON.
fn each_of<'a>(
    list: &'a str,
    each: &mut dyn FnMut(Result<Part<'a>, &'a str>) -> Result<(), BodyFault>,
) -> Result<(), BodyFault> {
    let mut elements = Elements::balanced(list)?;
    let mut read = elements.position();
    loop {
        match elements.next() {
            Ok(Some(part)) => each(Ok(part))?,
            Ok(None) => return Ok(()),
            Err(_) => return each(Err(list.get(read..).unwrap_or_default())),
        }
        read = elements.position();
    }
}

fn bytes_of(part: Part<'_>) -> Vec<u8> {
    part.into_text().unwrap_or_default().into_owned().into_bytes()
}

/// `["time", "line"]` or `["time", "line", {metadata}]`
struct Entry<'a> {
    time: i64,
    line: Cow<'a, str>,
    metadata: Labels<'a>,
}

impl<'a> Entry<'a> {
    fn of(list: &'a str) -> Result<Self, &'static str> {
        let mut elements = Elements::balanced(list).map_err(|_| "an entry of values is not a list")?;
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
        let mut members = Members::balanced(object).map_err(|_| "an entry of entries is not an object")?;
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
    let mut members = Members::balanced(object).ok()?;
    while let Some((name, part)) = members.next().ok()? {
        labels.push((name, part.into_text().unwrap_or(Cow::Borrowed(""))));
    }
    Some(labels)
}

fn malformed(what: impl Into<String>) -> BodyFault {
    BodyFault::Malformed(what.into())
}
