//! GELF, the Graylog Extended Log Format (version 1.1, and what is left of 1.0): one JSON object a message.
//!
//! `short_message` is the message (or what stands for it: [`parse`]), `host` the host, `timestamp` the time in seconds with a fraction, `level` a syslog severity.
//! Additional fields have a leading underscore, which is the envelope's and not the name's: `_user` becomes the attribute `user`,
//! and fills the event's field of that meaning, too. All other members but `version` become attributes: `full_message`, and
//! `facility`, `file` and `line` of version 1.0. `_id` is left out, as the specification says.

use std::borrow::Cow;

use crate::json::members::{Members, Part};
use crate::json::reader::Fault;
use crate::level_names::{from_number, from_word};
use crate::{Attributes, Context, LogEvent, content, json, mentions, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "gelf";

/// Members that the specification names; all others are additional fields.
const ENVELOPE: [&str; 6] = ["version", "host", "short_message", "timestamp", "level", "_id"];

/// Reads one message.
///
/// Where there is no `short_message`, or a blank one, `message` is taken in its stead, as Graylog does, or else `full_message`.
///
/// Never fails: what is no JSON object, or has none of these, becomes an event with the whole of it as its message and a
/// [`parse_error`](LogEvent::parse_error).
#[must_use]
pub fn parse<'a>(message: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let outcome = match std::str::from_utf8(message) {
        Ok(text) => read(text, cx).or_else(|fault| without_last_comma(text, cx).ok_or(fault)),
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

/// A message that was written by hand, with a comma behind its last member; `None` where that is not what is wrong.
fn without_last_comma<'a>(text: &str, cx: &Context) -> Option<LogEvent<'a>> {
    let members = text.trim_end().strip_suffix('}')?.trim_end().strip_suffix(',')?;
    // What is not understood all the same is kept as it came.
    read(&format!("{members}}}"), cx).ok().filter(|event| event.parse_error.is_none()).map(LogEvent::into_owned)
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
        format: FORMAT,
        ..LogEvent::default()
    };
    let (mut short, mut message, mut full) = (None, None, None);
    let (mut time, mut level) = (None, None);
    walk(text, |name, part| match (name, part) {
        ("host", part) => event.host = part.into_text().filter(|host| !is_blank(host)).unwrap_or_default(),
        ("short_message", part) => short = part.into_text(),
        ("message", Part::Text(text)) => message = Some(text).filter(|text| !is_blank(text)),
        ("full_message", Part::Text(text)) => full = Some(text).filter(|text| !is_blank(text)),
        ("timestamp", part) => time = part.into_text(),
        ("level", part) => level = part.into_text(),
        _ => {}
    })?;
    let is_short = short.as_ref().is_some_and(|short| !is_blank(short));
    event.attributes = additional(&named.attributes, !is_short && message.is_some());
    if let Some(stated) = time {
        take_time(&mut event, &stated, cx);
    }
    if let Some(stated) = level {
        take_level(&mut event, &stated);
    }
    let stated = if is_short { short } else { message.or(full).or(short) };
    match stated {
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

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
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
    // Some writers of JSON have no whole numbers.
    let number = stated.strip_suffix(".0").unwrap_or(stated).parse::<u32>().ok();
    let level = number.map_or_else(|| from_word(stated), from_number);
    match level {
        Some(level) => event.level = level,
        None => event.attributes.push("level", stated),
    }
    event.severity = number.and_then(|number| u8::try_from(number).ok()).filter(|&number| number < 8);
}

/// All attributes but those that the envelope's own members became, under their own names. `message` is one of these only where it
/// stands for the short message.
fn additional(all: &Attributes, has_message: bool) -> Attributes {
    let mut additional = Attributes::default();
    for (name, value) in all.iter() {
        let is_envelopes = ENVELOPE.contains(&name) || has_message && name == "message";
        if !is_envelopes {
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
    fn another_text_stands_for_a_short_message_that_is_missing_or_blank() {
        for (message, expected) in [
            (r#"{"message":"m"}"#, "m"),
            (r#"{"short_message":" ","message":"m","full_message":"f"}"#, "m"),
            (r#"{"short_message":"","full_message":"f"}"#, "f"),
            (r#"{"short_message":"s","message":"m"}"#, "s"),
            (r#"{"short_message":""}"#, ""),
        ] {
            let event = parse(message.as_bytes(), &CX);
            assert_eq!((&*event.message, event.parse_error), (expected.as_bytes(), None), "{message}");
        }
        assert_eq!(parse(br#"{"message":"m"}"#, &CX).attributes.len(), 0);
        assert_eq!(parse(br#"{"short_message":"s","message":"m"}"#, &CX).attributes.get("message"), Some("m"));
    }

    #[test]
    fn what_is_written_a_little_wrong_is_read_all_the_same() {
        let event = parse(b"{\"short_message\":\"m\",\"level\":4.0,\"host\":\" \", }\n", &CX);
        assert_eq!((&*event.message, &*event.host, event.parse_error), (&b"m"[..], "", None));
        assert_eq!((event.level, event.severity), (Level::Warn, Some(4)));
        let event = parse(b"{\"d\":2,}", &CX);
        assert_eq!((&*event.message, event.parse_error.is_some()), (&b"{\"d\":2,}"[..], true));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            crate::push::json_stream::each_record(&bytes, |message| {
                let event = parse(message, &CX);
                assert!(event.parse_error.is_none() || *event.message == *message || event.parse_error.as_deref() == Some(json::NOT_UTF8));
            });
        }
    }
}
