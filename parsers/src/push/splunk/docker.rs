//! What Docker's `splunk` driver sends of a line that a container wrote:
//!
//! ```text
//! {"line":"text","source":"stdout","tag":"web1","attrs":{"com.example.team":"shop"}}
//! ```
//!
//! `line` is an object where the driver's format is `json` and the line was one. The line is the event; the tag, which is the container's
//! id or what `--log-opt tag` makes of it, is the program if the line names none; `attrs` and `stream` are attributes.

use std::borrow::Cow;

use super::{Fault, add_fields, content};
use crate::json::members::{Members, Part};
use crate::{Context, LogEvent, json, plain};

/// An object that the driver made.
pub(super) struct Output<'a> {
    line: Part<'a>,
    stream: &'static str,
    tag: Cow<'a, str>,
    attributes: Option<&'a str>,
}

impl<'a> Output<'a> {
    /// The members of `object`; `None` where it has others than the driver gives it.
    pub(super) fn of(object: &'a str) -> Option<Self> {
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
        Some(Self { line: line?, stream: stream?, tag, attributes })
    }

    /// The event that the line is.
    pub(super) fn event(self, cx: &Context) -> Result<LogEvent<'a>, Fault> {
        let mut event = match self.line {
            // The driver sends empty lines, too.
            Part::Text(text) if text.trim().is_empty() => plain::parse(text.as_bytes(), cx).into_owned(),
            Part::Object(object) => json::parse(object.as_bytes(), cx),
            line => content(line, cx)?,
        };
        if event.app.is_empty() {
            event.app = self.tag;
        }
        event.attributes.push("stream", self.stream);
        if let Some(attributes) = self.attributes {
            add_fields(&mut event, attributes, cx)?;
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn read(object: &str) -> Option<LogEvent<'_>> {
        Output::of(object).map(|output| output.event(&CX).unwrap())
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
            assert!(Output::of(object).is_none(), "{object}");
        }
    }
}
