//! Splunk's HTTP Event Collector: JSON objects one behind the other, with or without something between them, each with an event and
//! what it is filed under; or lines of plain text.
//!
//! ```text
//! {"time":1795198688.135,"host":"web1","sourcetype":"app","event":"login failed"}{"event":{"message":"x","level":"warn"}}
//! ```
//!
//! Some clients put the objects of a body into an array.
//! The event is read as a line of its own in whatever format it is in, or as JSON where it is an object; Docker's driver wraps the line of a container in one. The envelope's `time` and `host`
//! go before those of the event; `index`, `source`, `sourcetype`, the members of `fields` and those that Splunk does not know become attributes. What an object says of
//! host, source, source type and index holds for those behind it, until one says something else.

mod docker;
mod resume;

use std::borrow::Cow;

use self::resume::Resume;
use crate::json::members::{Members, Part};
use crate::json::reader::TOO_DEEP;
use crate::{Attributes, Context, Level, LogEvent, StreamFormat, json, level_names, mentions, plain, timestamp};

/// So many members that Splunk does not know are kept of an object: each takes more memory than it has bytes.
const OTHERS_MAX: usize = 1024;

/// What an event is filed under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata<'a> {
    /// Where it happened.
    pub host: Option<Cow<'a, str>>,
    /// The file, stream or program that it comes from.
    pub source: Option<Cow<'a, str>>,
    /// What kind of data it is.
    pub sourcetype: Option<Cow<'a, str>>,
    /// Where Splunk would keep it.
    pub index: Option<Cow<'a, str>>,
    /// When it happened, in microseconds since 1970, where the event does not say itself.
    pub time: Option<i64>,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// What it says.
    pub event: LogEvent<'a>,
    /// Its object, or its line.
    pub raw: &'a [u8],
    /// The source that it is filed under.
    pub source: Option<Cow<'a, str>>,
}

/// Why an object is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text is no JSON object.
    #[error("invalid data format")]
    Malformed,
    /// There is no `event`.
    #[error("event field is required")]
    NoEvent,
    /// The `event` is empty.
    #[error("event field cannot be blank")]
    BlankEvent,
    /// `fields` is no object.
    #[error("error in handling indexed fields")]
    BadFields,
}

/// The events of a body of JSON objects, in order. One that is none costs its neighbours nothing: behind it the next one is looked
/// for, on the same line or on another.
pub fn events<'a>(
    body: &'a [u8],
    mut metadata: Metadata<'a>,
    cx: &'a Context,
) -> impl Iterator<Item = Result<Event<'a>, Fault>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).ok();
    let mut at = 0;
    let mut is_in_array = false;
    let mut format = StreamFormat::mixed();
    let mut resume = Resume::default();
    std::iter::from_fn(move || {
        at = next_start(body, at, &mut is_in_array);
        let rest = body.get(at..).filter(|rest| !rest.is_empty())?;
        let (outcome, read) = match text {
            Some(text) => event_at(text.get(at..)?, &mut metadata, &mut format, &mut resume, cx),
            None => {
                // Where some bytes are no UTF-8, only the object is hurt that they are in.
                let (end, is_whole) = resume.end(rest, true);
                let object = rest.get(..end)?;
                let outcome = match std::str::from_utf8(object) {
                    Ok(text) => event_at(text, &mut metadata, &mut format, &mut Resume::default(), cx).0,
                    Err(_) if !is_whole => Err(Fault::Malformed),
                    Err(_) => lossy_event(object.trim_ascii(), &mut metadata, &mut format, cx),
                };
                (outcome, end)
            }
        };
        at += read;
        Some(outcome)
    })
}

/// The event that `text` begins with, and how much of it is read.
fn event_at<'a>(
    text: &'a str,
    metadata: &mut Metadata<'a>,
    format: &mut StreamFormat,
    resume: &mut Resume,
    cx: &Context,
) -> (Result<Event<'a>, Fault>, usize) {
    let fault = match Envelope::of(text) {
        Ok((envelope, read)) => {
            let raw = text.get(..read).unwrap_or(text);
            return (envelope.event(raw.as_bytes(), metadata, format, cx), read);
        }
        Err(fault) => fault,
    };
    // Line ends may be anywhere in what is not broken.
    let is_too_deep = fault.what == TOO_DEEP;
    let (read, is_end) = resume.end(text.as_bytes(), !is_too_deep);
    let raw = text.as_bytes().get(..read).unwrap_or_default();
    let outcome = if is_too_deep && is_end { Ok(unread(raw, metadata, cx)) } else { Err(Fault::Malformed) };
    (outcome, read)
}

/// An object that is nested too deep, filed under what those before it said.
fn unread<'a>(raw: &'a [u8], metadata: &Metadata<'a>, cx: &Context) -> Event<'a> {
    let mut event = json::parse(raw, cx);
    file(&mut event, metadata);
    Event { event, raw, source: metadata.source.clone() }
}

/// The events of a body of plain lines.
pub fn lines<'a>(body: &'a [u8], metadata: Metadata<'a>, cx: &'a Context) -> impl Iterator<Item = Event<'a>> {
    let lines = body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut format = StreamFormat::default();
    lines.filter(|line| !line.trim_ascii().is_empty()).map(move |raw| {
        let mut event = format.read(raw, cx);
        file(&mut event, &metadata);
        Event { event, raw, source: metadata.source.clone() }
    })
}

/// Where in `body`, from `at` on, what is no white space and no mark of an array around objects begins.
fn next_start(body: &[u8], mut at: usize, is_in_array: &mut bool) -> usize {
    loop {
        *is_in_array = match (body.get(at), *is_in_array) {
            (Some(byte), is_in_array) if byte.is_ascii_whitespace() => is_in_array,
            (Some(b'['), false) => true,
            (Some(b']'), true) => false,
            // Some clients put commas between them and no brackets around.
            (Some(b','), is_in_array) => is_in_array,
            _ => return at,
        };
        at += 1;
    }
}

/// An event in an object that is not UTF-8: what cannot be decoded is U+FFFD in its fields.
fn lossy_event<'a>(
    object: &'a [u8],
    metadata: &mut Metadata<'a>,
    format: &mut StreamFormat,
    cx: &Context,
) -> Result<Event<'a>, Fault> {
    let text = String::from_utf8_lossy(object);
    let (envelope, read) = match Envelope::of(&text) {
        Ok(envelope) => envelope,
        Err(fault) if fault.what == TOO_DEEP => return Ok(unread(object, metadata, cx)),
        Err(_) => return Err(Fault::Malformed),
    };
    if text.get(read..).is_some_and(|rest| !rest.trim().is_empty()) {
        return Err(Fault::Malformed);
    }
    let mut own = metadata.clone();
    let Event { event, source, .. } = envelope.event(b"", &mut own, format, cx)?;
    let event = LogEvent { parse_error: Some(Cow::Borrowed(json::NOT_UTF8)), ..event.into_owned() };
    Ok(Event { event, raw: object, source: source.map(|source| Cow::Owned(source.into_owned())) })
}

/// The members of an object.
#[derive(Default)]
struct Envelope<'a> {
    event: Option<Part<'a>>,
    fields: Option<Part<'a>>,
    time: Option<Cow<'a, str>>,
    metadata: Metadata<'a>,
    /// Those that Splunk does not know.
    others: Vec<(Cow<'a, str>, Part<'a>)>,
}

impl<'a> Envelope<'a> {
    /// The object that `text` begins with, and its length.
    fn of(text: &'a str) -> Result<(Self, usize), json::reader::Fault> {
        let mut members = Members::of(text)?;
        let mut envelope = Self::default();
        while let Some((name, part)) = members.next()? {
            match &*name {
                "event" => envelope.event = Some(part),
                "fields" => envelope.fields = Some(part),
                "time" => envelope.time = part.into_text(),
                "host" => envelope.metadata.host = part.into_text(),
                "source" => envelope.metadata.source = part.into_text(),
                "sourcetype" => envelope.metadata.sourcetype = part.into_text(),
                "index" => envelope.metadata.index = part.into_text(),
                _ if envelope.others.len() < OTHERS_MAX => envelope.others.push((name, part)),
                _ => {}
            }
        }
        Ok((envelope, members.position()))
    }

    /// The event, filed under what it says itself or else under `metadata`, which it changes.
    fn event<'r>(
        self,
        raw: &'r [u8],
        metadata: &mut Metadata<'a>,
        format: &mut StreamFormat,
        cx: &Context,
    ) -> Result<Event<'r>, Fault>
    where
        'a: 'r,
    {
        let mut event = content(self.event.unwrap_or(Part::Null), format, cx)?;
        match self.fields {
            None | Some(Part::Null) => {}
            Some(Part::Object(fields)) => add_fields(&mut event, fields, cx)?,
            Some(_) => return Err(Fault::BadFields),
        }
        let said = self.metadata;
        metadata.host = said.host.or(metadata.host.take());
        metadata.source = said.source.or(metadata.source.take());
        metadata.sourcetype = said.sourcetype.or(metadata.sourcetype.take());
        metadata.index = said.index.or(metadata.index.take());
        file(&mut event, metadata);
        if let Some(stated) = self.time {
            match timestamp::parse(&stated, cx.zone).or_else(|| early_seconds(&stated)) {
                Some(micros) => event.timestamp = Some(micros),
                None => event.attributes.push("time", &stated),
            }
        }
        for (name, part) in self.others {
            if let Some(text) = part.into_text() {
                event.attributes.push(&name, &text);
            }
        }
        Ok(Event { event, raw, source: metadata.source.clone() })
    }
}

/// Seconds of the first years after 1970, which are too few to be a time where the protocol does not say that they are one.
fn early_seconds(stated: &str) -> Option<i64> {
    let seconds: f64 = stated.parse().ok()?;
    (seconds > 0.0 && seconds < 1e8).then_some((seconds * 1e6) as i64)
}

/// What an event says.
fn content<'a>(event: Part<'a>, format: &mut StreamFormat, cx: &Context) -> Result<LogEvent<'a>, Fault> {
    match event {
        Part::Null => Err(Fault::NoEvent),
        Part::Text(text) if text.trim().is_empty() => Err(Fault::BlankEvent),
        Part::Text(Cow::Borrowed(text)) => Ok(line(text, format, cx)),
        Part::Text(Cow::Owned(text)) => Ok(line(&text, format, cx).into_owned()),
        Part::Object(object) => {
            let wrapped = docker::event(object, format, cx).or_else(|| bundled(object, cx));
            Ok(wrapped.unwrap_or_else(|| of_object(object, cx)))
        }
        Part::Number(text) | Part::Literal(text) | Part::Array(text) => Ok(plain::parse(text.as_bytes(), cx)),
    }
}

/// What Splunk's loggers for JavaScript send of a record that is an object: `{"message":{"msg":"text","user":"ada"},"severity":"error"}`.
fn bundled<'a>(object: &'a str, cx: &Context) -> Option<LogEvent<'a>> {
    // Before all members of other objects are looked at.
    if !object.starts_with("{\"message\":{") {
        return None;
    }
    let mut members = Members::of(object).ok()?;
    let (Some((_, Part::Object(record))), Some((severity, Part::Text(level))), None) =
        (members.next().ok()?, members.next().ok()?, members.next().ok()?)
    else {
        return None;
    };
    if severity != "severity" {
        return None;
    }
    let mut event = of_object(record, cx);
    event.attributes.push("severity", &level);
    if let Some(level) = level_names::from_word(&level) {
        event.level = level;
    }
    Some(event)
}

/// What an event that is an object says. Where it has no message, that is its `line`, unless this is the number of one in a source.
fn of_object<'a>(object: &'a str, cx: &Context) -> LogEvent<'a> {
    let mut event = json::parse(object.as_bytes(), cx);
    if event.message.len() == object.len() && event.parse_error.is_none() {
        let line = event.attributes.get("line").filter(|line| !line.trim().bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(line) = line.map(str::to_owned) {
            event.message = Cow::Owned(line.into_bytes());
        }
    }
    event
}

/// What an event in text says: as a line of its own, and of whom, as in the message of a JSON record.
fn line<'a>(text: &'a str, format: &mut StreamFormat, cx: &Context) -> LogEvent<'a> {
    let mut event = format.read(text.as_bytes(), cx);
    if event.parse_error.is_none() {
        mentions::complete(&mut event);
    }
    event
}

/// Adds the members of `fields`, which fill what the event itself leaves empty.
fn add_fields(event: &mut LogEvent<'_>, fields: &str, cx: &Context) -> Result<(), Fault> {
    let fields = json::parse_keeping_all(fields, cx).map_err(|_| Fault::BadFields)?;
    if event.level == Level::Unknown && event.parse_error.is_none() {
        event.level = fields.level;
    }
    event.ip = event.ip.or(fields.ip);
    let fill = |field: &mut Cow<'_, str>, value: Cow<'_, str>| {
        if field.is_empty() && !value.is_empty() {
            *field = Cow::Owned(value.into_owned());
        }
    };
    fill(&mut event.app, fields.app);
    fill(&mut event.proc_id, fields.proc_id);
    fill(&mut event.user_name, fields.user_name);
    append(&mut event.attributes, &fields.attributes);
    Ok(())
}

fn append(attributes: &mut Attributes, others: &Attributes) {
    for (name, value) in others.iter() {
        attributes.push(name, value);
    }
}

/// Files `event` under `metadata`.
fn file(event: &mut LogEvent<'_>, metadata: &Metadata<'_>) {
    if let Some(host) = metadata.host.as_deref().filter(|host| !host.is_empty()) {
        event.host = Cow::Owned(host.to_owned());
    }
    event.timestamp = event.timestamp.or(metadata.time);
    let named = [("source", &metadata.source), ("sourcetype", &metadata.sourcetype), ("index", &metadata.index)];
    for (name, value) in named {
        if let Some(value) = value {
            event.attributes.push(name, value);
        }
    }
}

#[cfg(test)]
mod tests;
