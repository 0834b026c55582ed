//! What Docker's `splunk` driver sends of a line that a container wrote:
//!
//! ```text
//! {"line":"text","source":"stdout","tag":"web1","attrs":{"com.example.team":"shop"}}
//! ```
//!
//! `line` is an object where the driver's format is `json` and the line was one. The line is the event; the tag, which is the container's
//! id or what `--log-opt tag` makes of it, is the program if the line names none; `attrs` and `stream` are attributes.

use std::borrow::Cow;

use super::{add_fields, content};
use crate::json::members::{Members, Part};
use crate::{Context, LogEvent, StreamFormat, json, plain};

/// The event that the line in `object` is; `None` where the driver did not make the object, or its attributes are more than a record may have.
pub(super) fn event<'a>(object: &'a str, format: &mut StreamFormat, cx: &Context) -> Option<LogEvent<'a>> {
    // Before all members of other objects are looked at: the driver writes this one first.
    if !object.trim_start_matches(['{', ' ']).starts_with("\"line\"") {
        return None;
    }
    let mut members = Members::of(object).ok()?;
    let (mut line, mut stream, mut tag, mut attributes) = (None, None, Cow::Borrowed(""), None);
    while let Some((name, part)) = members.next().ok()? {
        match (&*name, part) {
            ("line", part @ (Part::Text(_) | Part::Object(_))) => line = Some(part),
            ("source", Part::Text(text)) if text == "stdout" => stream = Some("stdout"),
            ("source", Part::Text(text)) if text == "stderr" => stream = Some("stderr"),
            ("tag", Part::Text(text)) => tag = text,
            ("attrs", Part::Object(object)) => attributes = Some(object),
            _ => return None,
        }
    }
    let stream = stream?;
    let mut event = match line? {
        // The driver sends empty lines, too.
        Part::Text(text) if text.trim().is_empty() => plain::parse(text.as_bytes(), cx).into_owned(),
        Part::Object(object) => json::parse(object.as_bytes(), cx),
        line => content(line, format, cx).ok()?,
    };
    if event.app.is_empty() {
        event.app = tag;
    }
    event.attributes.push("stream", stream);
    if let Some(attributes) = attributes {
        add_fields(&mut event, attributes, cx).ok()?;
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn read(object: &str) -> Option<LogEvent<'_>> {
        event(object, &mut StreamFormat::mixed(), &CX)
    }

    #[test]
    fn the_line_is_the_event_and_the_tag_its_program() {
        let event = read(r#"{"line":"ERROR no cart","source":"stderr","tag":"web1","attrs":{"team":"shop"}}"#).unwrap();
        assert_eq!((&*event.message, &*event.app, event.level), (&b"ERROR no cart"[..], "web1", Level::Error));
        assert_eq!(event.attributes.iter().collect::<Vec<_>>(), [("stream", "stderr"), ("team", "shop")]);
        let line =
            r#"{"line":{"level":"warn","msg":"low","user":"bob","service":"cart"},"source":"stdout","tag":"web1"}"#;
        let event = read(line).unwrap();
        assert_eq!((&*event.message, &*event.app, &*event.user_name), (&b"low"[..], "cart", "bob"));
        assert_eq!((event.level, event.format), (Level::Warn, "json"));
        let event = read(r#"{"line":"","source":"stdout","tag":"web1"}"#).unwrap();
        assert_eq!((&*event.message, event.parse_error), (&b""[..], None));
    }

    #[test]
    fn other_objects_are_events_of_their_own() {
        for object in [
            r#"{"line":"a","source":"file.log","tag":"b"}"#,
            r#"{"line":7,"source":"stdout"}"#,
            r#"{"line":"a","source":"stdout","message":"b"}"#,
            r#"{"source":"stdout","tag":"b"}"#,
            r#"{"line":"a"}"#,
            r#"{"line":"#,
            "{}",
        ] {
            assert_eq!(read(object), None, "{object}");
        }
    }
    #[test]
    fn attributes_without_bound_are_kept_unparsed_and_not_refused() {
        let attributes = vec!["\"a\":1"; 5000].join(",");
        let object = format!(r#"{{"line":"a","source":"stdout","tag":"b","attrs":{{{attributes}}}}}"#);
        assert_eq!(read(&object), None);
        let kept = content(Part::Object(&object), &mut StreamFormat::mixed(), &CX).unwrap();
        assert_eq!((&*kept.message, kept.parse_error.is_some()), (object.as_bytes(), true));
    }
}
