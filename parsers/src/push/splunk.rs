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

use std::borrow::Cow;

use memchr::memchr;
use memchr::memmem::Finder;

use crate::json::members::{Members, Part};
use crate::{Attributes, Context, Format, Level, LogEvent, format, json, level_names, mentions, plain, timestamp};

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

/// The events of a body of JSON objects, in order. One that is none costs its neighbours nothing: behind text that is no JSON, the
/// next line that begins with a brace is the next object.
pub fn events<'a>(
    body: &'a [u8],
    mut metadata: Metadata<'a>,
    cx: &'a Context,
) -> impl Iterator<Item = Result<Event<'a>, Fault>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let is_text = std::str::from_utf8(body).is_ok();
    let (mut text, mut behind) = ("", body);
    let mut is_in_array = false;
    std::iter::from_fn(move || {
        while text.is_empty() {
            if behind.is_empty() {
                return None;
            }
            // Where some bytes are no UTF-8, only the line they are in is hurt.
            let end = if is_text { behind.len() } else { line_end(behind) };
            let (here, rest) = behind.split_at_checked(end)?;
            behind = rest;
            match std::str::from_utf8(here) {
                Ok(here) => text = next_start(here, &mut is_in_array),
                Err(_) => return Some(lossy_event(here.trim_ascii(), &mut metadata, cx)),
            }
        }
        let (outcome, read) = match Envelope::of(text) {
            Ok((envelope, read)) => {
                let raw = text.get(..read).unwrap_or(text);
                (envelope.event(raw.as_bytes(), &mut metadata, cx), read)
            }
            Err(fault) => (Err(fault), next_object(text)),
        };
        text = next_start(text.get(read..).unwrap_or_default(), &mut is_in_array);
        Some(outcome)
    })
}

/// The events of a body of plain lines.
pub fn lines<'a>(body: &'a [u8], metadata: Metadata<'a>, cx: &'a Context) -> impl Iterator<Item = Event<'a>> {
    let lines = body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.trim_ascii().is_empty()).map(move |raw| {
        let mut event = format::parse(Format::Auto, raw, cx);
        file(&mut event, &metadata);
        Event { event, raw, source: metadata.source.clone() }
    })
}

/// What follows white space and the marks of an array around objects.
fn next_start<'t>(mut text: &'t str, is_in_array: &mut bool) -> &'t str {
    loop {
        text = text.trim_ascii_start();
        *is_in_array = match (text.as_bytes().first(), *is_in_array) {
            (Some(b'['), false) => true,
            (Some(b']'), true) => false,
            // Some clients put commas between them and no brackets around.
            (Some(b','), is_in_array) => is_in_array,
            _ => return text,
        };
        text = text.get(1..).unwrap_or_default();
    }
}

/// Where the line ends that `text` begins with.
fn line_end(text: &[u8]) -> usize {
    memchr(b'\n', text).map_or(text.len(), |at| at + 1)
}

/// Where the next line begins that may be an object, behind one that is none.
fn next_object(text: &str) -> usize {
    Finder::new("\n{").find(text.as_bytes()).map_or(text.len(), |at| at + 1)
}

/// An event in a line that is not UTF-8: what cannot be decoded is U+FFFD in its fields.
fn lossy_event<'a>(line: &'a [u8], metadata: &mut Metadata<'a>, cx: &Context) -> Result<Event<'a>, Fault> {
    let text = String::from_utf8_lossy(line);
    let (envelope, read) = Envelope::of(&text)?;
    if text.get(read..).is_some_and(|rest| !rest.trim().is_empty()) {
        return Err(Fault::Malformed);
    }
    let mut own = metadata.clone();
    let Event { event, source, .. } = envelope.event(b"", &mut own, cx)?;
    let event = LogEvent { parse_error: Some(Cow::Borrowed(json::NOT_UTF8)), ..event.into_owned() };
    Ok(Event { event, raw: line, source: source.map(|source| Cow::Owned(source.into_owned())) })
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
    fn of(text: &'a str) -> Result<(Self, usize), Fault> {
        let mut members = Members::of(text).map_err(|_| Fault::Malformed)?;
        let mut envelope = Self::default();
        while let Some((name, part)) = members.next().map_err(|_| Fault::Malformed)? {
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
    fn event<'r>(self, raw: &'r [u8], metadata: &mut Metadata<'a>, cx: &Context) -> Result<Event<'r>, Fault>
    where
        'a: 'r,
    {
        let mut event = content(self.event.unwrap_or(Part::Null), cx)?;
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
fn content<'a>(event: Part<'a>, cx: &Context) -> Result<LogEvent<'a>, Fault> {
    match event {
        Part::Null => Err(Fault::NoEvent),
        Part::Text(text) if text.trim().is_empty() => Err(Fault::BlankEvent),
        Part::Text(Cow::Borrowed(text)) => Ok(line(text, cx)),
        Part::Text(Cow::Owned(text)) => Ok(line(&text, cx).into_owned()),
        Part::Object(object) => {
            let wrapped = docker::event(object, cx).or_else(|| bundled(object, cx));
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
fn line<'a>(text: &'a str, cx: &Context) -> LogEvent<'a> {
    let mut event = format::parse(Format::Auto, text.as_bytes(), cx);
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
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

    fn all(body: &str) -> Vec<Result<Event<'_>, Fault>> {
        events(body.as_bytes(), Metadata::default(), &CX).collect()
    }

    fn only(body: &str) -> Event<'_> {
        let mut all = all(body);
        assert_eq!(all.len(), 1);
        all.remove(0).unwrap()
    }

    fn raws(body: &[u8]) -> Vec<Result<String, Fault>> {
        let raw = |event: Event<'_>| String::from_utf8_lossy(event.raw).into_owned();
        events(body, Metadata::default(), &CX).map(|outcome| outcome.map(raw)).collect()
    }

    #[test]
    fn an_event_is_read_with_its_envelope() {
        let body = r#"{"time":"1426279439.123","host":"web1","source":"shop","sourcetype":"st","index":"main",
            "event":{"message":"hi","level":"warn","user":"bob"},"fields":{"dc":"eu","n":3}}"#;
        let Event { event, raw, source } = only(body);
        assert_eq!((raw, source.as_deref()), (body.as_bytes(), Some("shop")));
        assert_eq!((&*event.message, &*event.host, &*event.user_name), (&b"hi"[..], "web1", "bob"));
        assert_eq!((event.level, event.timestamp), (Level::Warn, Some(1_426_279_439_123_000)));
        for (name, value) in [("dc", "eu"), ("n", "3"), ("source", "shop"), ("sourcetype", "st"), ("index", "main")] {
            assert_eq!(event.attributes.get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn an_event_in_text_is_read_as_the_line_it_is() {
        let body = r#"{"event":"<34>Oct 11 22:14:15 mymachine su[7]: failed","host":"proxy","time":1426279439123}"#;
        let event = only(body).event;
        assert_eq!((&*event.message, &*event.app, &*event.host), (&b"failed"[..], "su", "proxy"));
        assert_eq!((event.severity, event.timestamp), (Some(2), Some(1_426_279_439_123_000)));
        assert!(matches!(event.message, Cow::Borrowed(_)));
        let event = only(r#"{"event":"login failed from 192.0.2.7"}"#).event;
        assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
        let event = only(r#"{"event":[1,2]}"#).event;
        assert_eq!(&*event.message, b"[1,2]");
    }

    #[test]
    fn members_that_splunk_does_not_know_are_attributes() {
        let event =
            only(r#"{"event":"cart emptied","stage":"beta","pod":{"zone":"b"},"fields":{"n":1},"flag":null}"#).event;
        let found: Vec<_> = event.attributes.iter().collect();
        assert_eq!(found, [("n", "1"), ("stage", "beta"), ("pod", r#"{"zone":"b"}"#)]);
        let many = format!(r#"{{"event":"x"{}}}"#, r#","a":1"#.repeat(5000));
        assert!(only(&many).event.attributes.len() <= OTHERS_MAX);
    }

    #[test]
    fn a_time_of_the_first_years_is_one_where_the_protocol_says_so() {
        let of = |time: &str| {
            let body = format!(r#"{{"event":"x","time":{time}}}"#);
            let event = only(&body).event;
            (event.timestamp, event.attributes.get("time").map(str::to_owned))
        };
        assert_eq!(of("63072000"), (Some(63_072_000_000_000), None));
        assert_eq!(of("\"0.5\""), (Some(500_000), None));
        for none in ["0", "-7", "\"soon\"", "1e300", "\"inf\""] {
            assert_eq!(of(none), (None, Some(none.trim_matches('"').to_owned())), "{none}");
        }
    }

    #[test]
    fn events_may_stand_in_an_array_and_a_bad_one_is_named() {
        let found = raws(b" [ {\"event\":\"1\"} ,\n{\"event\":\"2\"},] {\"event\":\"[3]\"}");
        let raw = |text: &str| Ok(text.to_owned());
        assert_eq!(found, [raw("{\"event\":\"1\"}"), raw("{\"event\":\"2\"}"), raw("{\"event\":\"[3]\"}")]);
        assert_eq!(raws(b"[]"), []);
        assert_eq!(
            raws(b"{\"event\":\"1\"},\n{\"event\":\"2\"}"),
            [raw("{\"event\":\"1\"}"), raw("{\"event\":\"2\"}")]
        );
        assert_eq!(raws(b"[5,\n{\"event\":\"2\"}]"), [Err(Fault::Malformed), raw("{\"event\":\"2\"}")]);
    }

    #[test]
    fn a_time_for_all_is_that_of_lines_that_state_none() {
        let metadata = Metadata { time: Some(1_795_000_000_000_000), ..Metadata::default() };
        let found = lines(b"plain\n{\"time\":1426279439,\"msg\":\"m\"}\n", metadata, &CX);
        let times: Vec<_> = found.map(|event| event.event.timestamp).collect();
        assert_eq!(times, [Some(1_795_000_000_000_000), Some(1_426_279_439_000_000)]);
    }

    #[test]
    fn a_line_is_the_message_of_an_object_without_one() {
        for (event, message) in [
            (r#"{"line":"hello","n":1}"#, "hello"),
            (r#"{"line":"hello","message":"m"}"#, "m"),
            (r#"{"line":42}"#, r#"{"line":42}"#),
        ] {
            let body = format!(r#"{{"event":{event}}}"#);
            assert_eq!(String::from_utf8_lossy(&only(&body).event.message), message);
        }
    }

    #[test]
    fn what_the_collectors_exporter_says_of_a_severity_is_the_level() {
        for fields in [r#"{"otel.log.severity.text":"Error"}"#, r#"{"otel.log.severity.number":17}"#] {
            let body = format!(r#"{{"event":"m","fields":{fields}}}"#);
            assert_eq!(only(&body).event.level, Level::Error, "{fields}");
        }
    }

    #[test]
    fn what_an_event_is_filed_under_holds_for_those_behind_it() {
        let body = r#"{"event":"1","source":"a","host":"h"}{"event":"2"} {"event":"3","source":"b"}"#;
        let filed: Vec<_> = all(body)
            .into_iter()
            .map(|event| event.map(|event| (event.source.unwrap().into_owned(), event.event.host.into_owned())))
            .collect();
        let pair = |source: &str| Ok((source.to_owned(), "h".to_owned()));
        assert_eq!(filed, [pair("a"), pair("a"), pair("b")]);
        let defaults = Metadata { source: Some("d".into()), ..Metadata::default() };
        let first = events(br#"{"event":"1"}"#, defaults, &CX).next().unwrap().unwrap();
        assert_eq!(first.source.as_deref(), Some("d"));
    }

    #[test]
    fn a_bad_event_costs_its_neighbours_nothing() {
        let good = r#"{"event":"x"}"#;
        let kept = Ok(good.to_owned());
        for (bad, fault) in [
            (r#"{"host":"h"}"#, Fault::NoEvent),
            (r#"{"event":null}"#, Fault::NoEvent),
            (r#"{"event":" "}"#, Fault::BlankEvent),
            (r#"{"event":"x","fields":5}"#, Fault::BadFields),
            ("rubbish", Fault::Malformed),
            (r#"{"event":"x""#, Fault::Malformed),
            (r#"{"event":"x"#, Fault::Malformed),
        ] {
            let expected = [kept.clone(), Err(fault), kept.clone()];
            assert_eq!(raws(format!("{good}\n{bad}\n{good}").as_bytes()), expected, "{bad}");
        }
        assert_eq!(raws(b" \n{\"event\":\"x\"}\n   "), std::slice::from_ref(&kept));
        assert!(raws(b" ").is_empty());
        let mixed = [good.as_bytes(), b"\n{\"event\":\"\xff\"}\n", good.as_bytes()].concat();
        assert_eq!(raws(&mixed), [kept.clone(), Ok("{\"event\":\"\u{fffd}\"}".to_owned()), kept]);
    }

    #[test]
    fn a_record_beside_its_severity_is_the_event() {
        let event = only(r#"{"event":{"message":{"msg":"no","meta":{"user":"ada"},"n":7},"severity":"error"}}"#).event;
        assert_eq!((&*event.message, event.level, &*event.user_name), (&b"no"[..], Level::Error, "ada"));
        assert_eq!((event.attributes.get("severity"), event.attributes.get("n")), (Some("error"), Some("7")));
        let text = only(r#"{"event":{"message":"no","severity":"warn"}}"#).event;
        assert_eq!((&*text.message, text.level), (&b"no"[..], Level::Warn));
        let other = only(r#"{"event":{"message":{"msg":"no"},"severity":"warn","n":7}}"#).event;
        assert_eq!(other.attributes.get("message.msg"), Some("no"));
    }

    #[test]
    fn a_byte_order_mark_between_events_is_counted() {
        let raw = |event: &str| Ok(event.to_owned());
        let (first, second) = (r#"{"event":"x"}"#, "\u{feff}{\"event\":\"\u{65e5}\"}");
        assert_eq!(raws(format!("{first}{second}{first}").as_bytes()), [raw(first), raw(second), raw(first)]);
    }

    #[test]
    fn the_time_for_a_body_grows_as_its_length_does() {
        // Were the rest of the body looked at for each event, that would be 220 GB.
        let events = r#"{"event":1}"#.repeat(200_000);
        for body in [events.clone().into_bytes(), [events.as_bytes(), b"\n\xff"].concat()] {
            assert!(raws(&body).len() >= 200_000);
        }
    }

    #[test]
    fn plain_lines_are_records() {
        let metadata = Metadata { sourcetype: Some("st".into()), ..Metadata::default() };
        let found: Vec<_> = lines(b"one\r\n\n{\"message\":\"two\"}", metadata, &CX).collect();
        assert_eq!(found.iter().map(|event| &*event.event.message).collect::<Vec<_>>(), [&b"one"[..], b"two"]);
        assert_eq!(
            (found[1].raw, found[1].event.attributes.get("sourcetype")),
            (&b"{\"message\":\"two\"}"[..], Some("st"))
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(body: Vec<u8>) {
            let found = events(&body, Metadata::default(), &CX).count();
            proptest::prop_assert!(found <= body.len());
        }

        #[test]
        fn any_text_of_json_is_survived(body in "[{}\\[\\]\":,a\\\\ \n0]{0,60}") {
            let good = "\n{\"event\":\"needle\"}";
            let body = format!("{body}{good}");
            let found = events(body.as_bytes(), Metadata::default(), &CX)
                .filter(|outcome| outcome.as_ref().is_ok_and(|event| event.raw == good.trim().as_bytes()));
            let found = found.count();
            proptest::prop_assert!(found <= 1);
        }
    }
}
