//! Events of Lumberjack 1, which are pairs of a key and a value ([`framing::lumberjack`](crate::framing::lumberjack)).
//!
//! Keys mean what they mean in [`json`]: the pairs are read as the JSON object that they would be, and the message is borrowed from
//! the original bytes. What logstash-forwarder calls `line`, a line of a file, is the message, unless there is one of that name.

use std::borrow::Cow;

use memchr::memmem;

use crate::framing::lumberjack::payload;
use crate::{Context, LogEvent, json, msgpack};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "lumberjack";

/// Reads the pairs of one event. `scratch` holds its JSON form.
///
/// Never fails: pairs that are cut off are read as far as they go, and [`parse_error`](LogEvent::parse_error) says so.
#[must_use]
pub fn parse<'b>(pairs: &'b [u8], scratch: &'b mut Vec<u8>, cx: &Context) -> LogEvent<'b> {
    scratch.clear();
    let has_message = Pairs(pairs).any(|(key, _)| key == b"message");
    let mut rest = Pairs(pairs);
    scratch.push(b'{');
    for (key, value) in rest.by_ref() {
        if scratch.len() > 1 {
            scratch.push(b',');
        }
        let key = if key == b"line" && !has_message { b"message" } else { key };
        msgpack::write_text(key, scratch);
        scratch.push(b':');
        msgpack::write_text(value, scratch);
    }
    scratch.push(b'}');
    let mut event = json::parse(scratch, cx);
    event.format = FORMAT;
    if !rest.0.is_empty() {
        event.parse_error = Some(Cow::Borrowed("the pairs are cut off"));
    }
    let at = (!event.message.is_empty()).then(|| memmem::find(pairs, &event.message)).flatten();
    if let Some(verbatim) = at.and_then(|at| pairs.get(at..at + event.message.len())) {
        event.message = Cow::Borrowed(verbatim);
    }
    event
}

/// What is left of the pairs.
struct Pairs<'b>(&'b [u8]);

impl<'b> Iterator for Pairs<'b> {
    type Item = (&'b [u8], &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, end) = payload(self.0, 0, usize::MAX).ok()??;
        let (value, end) = payload(self.0, end, usize::MAX).ok()??;
        self.0 = self.0.get(end..).unwrap_or_default();
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    fn pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
        let parts = pairs.iter().flat_map(|(key, value)| [key, value]);
        parts.flat_map(|part| [&(part.len() as u32).to_be_bytes()[..], part.as_bytes()].concat()).collect()
    }

    #[test]
    fn a_line_is_the_message_and_other_pairs_are_fields_or_attributes() {
        let bytes = pairs(&[("line", "it \"ended\"\tbadly"), ("host", "edge7"), ("offset", "42"), ("level", "error")]);
        let mut scratch = Vec::new();
        let event = parse(&bytes, &mut scratch, &CX);
        assert_eq!((&*event.message, event.format), (&b"it \"ended\"\tbadly"[..], "lumberjack"));
        assert!(matches!(event.message, Cow::Borrowed(text) if bytes.as_ptr_range().contains(&text.as_ptr())));
        assert_eq!((&*event.host, event.level), ("edge7", Level::Error));
        assert_eq!(event.attributes.get("offset"), Some("42"));
        assert_eq!(event.parse_error, None);
    }

    #[test]
    fn a_message_goes_before_a_line() {
        let bytes = pairs(&[("line", "7"), ("message", "seven")]);
        let mut scratch = Vec::new();
        let event = parse(&bytes, &mut scratch, &CX);
        assert_eq!((&*event.message, event.attributes.get("line")), (&b"seven"[..], Some("7")));
    }

    #[test]
    fn pairs_that_are_cut_off_are_read_as_far_as_they_go() {
        let bytes = pairs(&[("line", "one"), ("n", "2")]);
        let mut scratch = Vec::new();
        let event = parse(&bytes[..bytes.len() - 1], &mut scratch, &CX);
        assert_eq!((&*event.message, event.parse_error.as_deref()), (&b"one"[..], Some("the pairs are cut off")));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let mut scratch = Vec::new();
            drop(parse(&bytes, &mut scratch, &CX));
        }
    }
}
