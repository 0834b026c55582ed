//! GELF, the Graylog Extended Log Format (version 1.1, and what is left of 1.0): one JSON object a message.
//!
//! `short_message` is the message, `host` the host, `timestamp` the time in seconds with a fraction, `level` a syslog severity.
//! Additional fields have a leading underscore, which is the envelope's and not the name's: `_user` becomes the attribute `user`,
//! and fills the event's field of that meaning, too. All other members but `version` become attributes: `full_message`, and
//! `facility`, `file` and `line` of version 1.0. `_id` is left out, as the specification says.

use std::borrow::Cow;

use memchr::memchr;

use crate::json::members::{Members, Part};
use crate::json::reader::Fault;
use crate::level_names::{from_number, from_word};
use crate::{Attributes, Context, LogEvent, content, json, mentions, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "gelf";

/// Members that the specification names; all others are additional fields.
const ENVELOPE: [&str; 6] = ["version", "host", "short_message", "timestamp", "level", "_id"];

/// The messages of a body: the body itself or, where it is several lines that are no single object, each line that is not blank.
pub fn messages(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let has_lines = memchr(b'\n', body.trim_ascii()).is_some();
    let is_single = !has_lines || std::str::from_utf8(body).is_ok_and(|text| walk(text, |_, _| ()).is_ok());
    let mut rest = (!body.trim_ascii().is_empty()).then_some(body);
    std::iter::from_fn(move || {
        loop {
            let (piece, behind) = match rest? {
                whole if is_single => (whole, None),
                text => match memchr(b'\n', text) {
                    Some(end) => (text.get(..end).unwrap_or_default(), text.get(end + 1..)),
                    None => (text, None),
                },
            };
            rest = behind;
            let message = piece.trim_ascii_end();
            if !message.trim_ascii().is_empty() {
                return Some(message);
            }
        }
    })
}

/// Reads one message.
///
/// Never fails: what is no JSON object, or has no `short_message` (and no `full_message` in its stead), becomes an event with the
/// whole of it as its message and a [`parse_error`](LogEvent::parse_error).
#[must_use]
pub fn parse<'a>(message: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let outcome = match std::str::from_utf8(message) {
        Ok(text) => read(text, cx),
        Err(_) => read(&String::from_utf8_lossy(message), cx)
            .map(|event| LogEvent { parse_error: Some(Cow::Borrowed(json::NOT_UTF8)), ..event.into_owned() }),
    };
    outcome.unwrap_or_else(|fault| LogEvent {
        message: Cow::Borrowed(message),
        format: FORMAT,
        parse_error: Some(Cow::Owned(format!("{} at column {}", fault.what, fault.at + 1))),
        ..LogEvent::default()
    })
}

fn read<'a>(text: &'a str, cx: &Context) -> Result<LogEvent<'a>, Fault> {
    let named = json::parse_keeping_all(text, cx)?;
    let mut event = LogEvent {
        app: named.app,
        proc_id: named.proc_id,
        msg_id: named.msg_id,
        user_name: named.user_name,
        ip: named.ip,
        facility: named.facility,
        attributes: additional(&named.attributes),
        format: FORMAT,
        ..LogEvent::default()
    };
    let (mut message, mut full) = (None, None);
    walk(text, |name, part| match (name, part) {
        ("host", part) => event.host = part.into_text().unwrap_or_default(),
        ("short_message", part) => message = part.into_text(),
        ("full_message", Part::Text(text)) => full = Some(text),
        ("timestamp", part) => part.into_text().into_iter().for_each(|stated| take_time(&mut event, &stated, cx)),
        ("level", part) => part.into_text().into_iter().for_each(|stated| take_level(&mut event, &stated)),
        _ => {}
    })?;
    match message.or(full) {
        Some(Cow::Borrowed(message)) => event.message = Cow::Borrowed(message.as_bytes()),
        Some(Cow::Owned(message)) => event.message = Cow::Owned(message.into_bytes()),
        None => {
            event.message = Cow::Borrowed(text.as_bytes());
            event.parse_error = Some(Cow::Borrowed("GELF without short_message"));
            return Ok(event);
        }
    }
    json::complete_from_message(&mut event, cx);
    content::complete_enveloped(&mut event, cx);
    mentions::complete(&mut event);
    Ok(event)
}

/// Calls `each` with the members of the object that `text` is.
fn walk<'a>(text: &'a str, mut each: impl FnMut(&str, Part<'a>)) -> Result<(), Fault> {
    let mut members = Members::of(text)?;
    while let Some((name, part)) = members.next()? {
        each(&name, part);
    }
    members.end()
}

/// Seconds since 1970, or what some clients write in their place; anything else is an attribute.
fn take_time(event: &mut LogEvent<'_>, stated: &str, cx: &Context) {
    match timestamp::parse(stated, cx.zone) {
        Some(micros) => event.timestamp = Some(micros),
        None => event.attributes.push("timestamp", stated),
    }
}

/// A severity, or what some clients write in its place; anything else is an attribute.
fn take_level(event: &mut LogEvent<'_>, stated: &str) {
    let number = stated.parse::<u32>().ok();
    let level = number.map_or_else(|| from_word(stated), from_number);
    match level {
        Some(level) => event.level = level,
        None => event.attributes.push("level", stated),
    }
    event.severity = number.and_then(|number| u8::try_from(number).ok()).filter(|&number| number < 8);
}

/// All attributes but those that the envelope's own members became, under their own names.
fn additional(all: &Attributes) -> Attributes {
    let mut additional = Attributes::default();
    for (name, value) in all.iter() {
        if !ENVELOPE.contains(&name) {
            additional.push(name.strip_prefix('_').unwrap_or(name), value);
        }
    }
    additional
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn the_envelope_fills_fields_and_the_rest_becomes_attributes_without_underscores() {
        let message =
            br#"{"version":"1.1","host":"db-3","short_message":"disk is full","full_message":"disk is full\n at x",
            "timestamp":1385053862.3072,"level":2,"_id":"no","_user":"carol","_pid":77,"_program":"raid","_a":null,
            "_unix":{"uid":"0"},"facility":"storage","line":42}"#;
        let event = parse(message, &CX);
        assert_eq!((&*event.message, event.parse_error), (&b"disk is full"[..], None));
        assert!(matches!(event.message, Cow::Borrowed(_)));
        assert_eq!((&*event.host, &*event.app, &*event.proc_id, &*event.user_name), ("db-3", "raid", "77", "carol"));
        assert_eq!(
            (event.severity, event.level, event.timestamp),
            (Some(2), Level::Fatal, Some(1_385_053_862_307_200))
        );
        let attributes: Vec<_> = event.attributes.iter().collect();
        let expected = [
            ("full_message", "disk is full\n at x"),
            ("user", "carol"),
            ("pid", "77"),
            ("program", "raid"),
            ("unix.uid", "0"),
            ("facility", "storage"),
            ("line", "42"),
        ];
        assert_eq!(attributes, expected);
    }

    #[test]
    fn additional_fields_never_stand_for_those_of_the_envelope() {
        let event =
            parse(br#"{"_message":"x","_host":"y","_timestamp":1,"_level":7,"host":"h","short_message":"m"}"#, &CX);
        assert_eq!((&*event.message, &*event.host, event.timestamp), (&b"m"[..], "h", None));
        assert_eq!((event.level, event.attributes.get("level")), (Level::Unknown, Some("7")));
    }

    #[test]
    fn what_is_no_gelf_is_kept_whole() {
        for message in
            [&b"text"[..], b"{", b"{}", b"[]", br#"{"host":"h","version":"1.1"}"#, b"{\"short_message\":null}"]
        {
            let event = parse(message, &CX);
            assert!(event.parse_error.is_some());
            assert_eq!(&*event.message, message);
        }
        let without = parse(br#"{"host":"h","_a":1}"#, &CX);
        assert_eq!((&*without.host, without.attributes.get("a")), ("h", Some("1")));
    }

    #[test]
    fn values_that_do_not_fit_are_attributes() {
        let event = parse(br#"{"short_message":5,"host":42,"level":"high","timestamp":"soon"}"#, &CX);
        assert_eq!((&*event.message, &*event.host, event.severity), (&b"5"[..], "42", None));
        assert_eq!((event.attributes.get("level"), event.attributes.get("timestamp")), (Some("high"), Some("soon")));
        assert_eq!(parse(br#"{"short_message":"m","level":"warn"}"#, &CX).level, Level::Warn);
    }

    #[test]
    fn a_body_is_one_message_or_one_a_line() {
        let of = |body: &'static str| -> Vec<&str> {
            messages(body.as_bytes()).map(|message| std::str::from_utf8(message).unwrap()).collect()
        };
        assert_eq!(of("{\"a\":\n1}\n"), ["{\"a\":\n1}"]);
        assert_eq!(of("{\"a\":1}\r\n\n {\"b\":2} \n"), ["{\"a\":1}", " {\"b\":2}"]);
        assert_eq!(of("{\"a\":1}\nrubbish"), ["{\"a\":1}", "rubbish"]);
        assert_eq!(of("rubbish"), ["rubbish"]);
        assert_eq!(of(" \r\n "), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            for message in messages(&bytes) {
                let event = parse(message, &CX);
                proptest::prop_assert!(event.parse_error.is_none() || *event.message == *message || event.parse_error.as_deref() == Some(json::NOT_UTF8));
            }
        }
    }
}
