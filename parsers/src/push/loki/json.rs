//! The JSON form.

use std::borrow::Cow;

use super::{Labels, Sink};
use crate::json::members::{Elements, Members, Part};
use crate::push::fault::BodyFault;
use crate::timestamp;

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
    let (mut labels, mut values) = (Labels::new(), None);
    let mut members = Members::of(object)?;
    while let Some((name, part)) = members.next()? {
        match &*name {
            "stream" => labels = labels_of(part, "stream")?,
            "values" => values = Some(part),
            _ => {}
        }
    }
    let list = match values {
        Some(Part::Array(list)) => list,
        None | Some(Part::Null) => return Ok(()),
        Some(_) => return Err(malformed("values is not a list")),
    };
    let mut elements = Elements::of(list)?;
    while let Some(part) = elements.next()? {
        let Part::Array(entry) = part else { return Err(malformed("an entry of values is not a list")) };
        self::entry(entry, &labels, sink)?;
    }
    Ok(())
}

/// `["time", "line"]` or `["time", "line", {metadata}]`
fn entry(list: &str, labels: &Labels<'_>, sink: &mut Sink<'_>) -> Result<(), BodyFault> {
    let mut elements = Elements::of(list)?;
    let time = match elements.next()? {
        Some(Part::Text(text)) => time_of(&text)?,
        Some(Part::Number(digits)) => time_of(digits)?,
        _ => return Err(malformed("an entry does not begin with a time in nanoseconds")),
    };
    let Some(Part::Text(line)) = elements.next()? else { return Err(malformed("an entry has no line")) };
    let mut metadata = Labels::new();
    if let Some(part) = elements.next()? {
        metadata = labels_of(part, "the metadata of a line")?;
        if elements.next()?.is_some() {
            return Err(malformed("an entry has more than time, line and metadata"));
        }
    }
    sink.line(labels, &metadata, Some(time), line.as_bytes())
}

/// Nanoseconds since 1970; with a fraction or an exponent, as some senders write, in the unit that the size tells.
fn time_of(text: &str) -> Result<i64, BodyFault> {
    let micros = match text.parse::<i64>() {
        Ok(nanos) => Some(nanos.div_euclid(1_000)),
        Err(_) => timestamp::epoch(text),
    };
    micros.ok_or_else(|| malformed(format!("\"{}\" is not a time in nanoseconds", shown(text))))
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn labels_of<'a>(part: Part<'a>, what: &str) -> Result<Labels<'a>, BodyFault> {
    let object = match part {
        Part::Object(object) => object,
        Part::Null => return Ok(Labels::new()),
        _ => return Err(malformed(format!("{what} is not an object"))),
    };
    let mut labels = Labels::new();
    let mut members = Members::of(object)?;
    while let Some((name, part)) = members.next()? {
        labels.push((name, part.into_text().unwrap_or(Cow::Borrowed(""))));
    }
    Ok(labels)
}

fn malformed(what: impl Into<String>) -> BodyFault {
    BodyFault::Malformed(what.into())
}
