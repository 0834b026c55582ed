//! Labelled tab-separated values: `time:2023-11-14T22:13:20Z<tab>host:192.0.2.7<tab>status:200`.
//!
//! Labels that loggers use for the fields of a record fill them; the others become attributes. `host` and `ident` are the
//! client's, as access logs have them: `host` is an attribute, and `ip` where it is an address. Where no level is stated,
//! `status` gives it: 5xx ERROR, 4xx WARN, else INFO. What is `-` or empty is absent.

use std::borrow::Cow;

use crate::cursor::text;
use crate::fields::{self, Slot};
use crate::json::record::{Keep, Record};
use crate::{Context, Level, LogEvent, address, http_status};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "ltsv";

/// The longest label.
const LABEL_BYTES_MAX: usize = 64;

/// The most fields of a line.
const FIELDS_MAX: usize = 1024;

/// Reads a line of labelled values; `None` where a field has no label.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    label_of(line)?;
    let trimmed = line.trim_ascii_end();
    if trimmed.split(|b| *b == b'\t').take(FIELDS_MAX + 1).any(|field| label_of(field).is_none()) {
        return None;
    }
    let mut record = Record::new(cx, Keep::Field, line.len());
    let (mut client, mut level) = (None, None);
    for field in trimmed.split(|b| *b == b'\t').take(FIELDS_MAX) {
        let (label, value) = label_of(field)?;
        if matches!(value, b"" | b"-") {
            continue;
        }
        let value = text(value);
        match label {
            "host" => client = address::parse(&value).map(|found| found.ip),
            "status" => level = Some(http_status::level(value.as_bytes())),
            _ => {}
        }
        let found = fields::find(label).filter(|found| !matches!(found.slot, Slot::Host | Slot::App));
        let unbracketed = match value {
            Cow::Borrowed(text) if found.is_some_and(|found| found.slot == Slot::Timestamp) => {
                Cow::Borrowed(text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text))
            }
            value => value,
        };
        record.cell(label, found, unbracketed);
    }
    let mut event = record.finish(line);
    if let Cow::Owned(shown) = &event.message {
        // A message keeps its bytes where they are no text.
        let mut values = trimmed.split(|b| *b == b'\t').filter_map(label_of).map(|(_, value)| value);
        let bytes = values.find(|value| text(value).as_bytes() == shown.as_slice());
        event.message = bytes.map_or(Cow::Borrowed(line), Cow::Borrowed);
    }
    event.format = FORMAT;
    event.ip = event.ip.or(client);
    if event.level == Level::Unknown {
        event.level = level.unwrap_or_default();
    }
    Some(event)
}

/// Reads `line` if it is plainly one: at least two fields, each with a label. The date that a line begins with is none.
pub(crate) fn parse_plain<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    // A date, in either form of ISO 8601.
    if matches!(line, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..])
        || (line.get(8) == Some(&b'T') && line.iter().take(8).all(u8::is_ascii_digit))
    {
        return None;
    }
    label_of(line)?;
    memchr::memchr(b'\t', line)?;
    parse(line, cx)
}

/// The label of a field, and its value.
fn label_of(field: &[u8]) -> Option<(&str, &[u8])> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_.-".contains(b);
    let length = field.iter().take(LABEL_BYTES_MAX).take_while(|b| is_part(b)).count();
    let (label, rest) = field.split_at_checked(length).filter(|(label, _)| !label.is_empty())?;
    Some((std::str::from_utf8(label).ok()?, rest.strip_prefix(b":")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn labels_name_fields_and_attributes() {
        let line =
            b"time:[14/Nov/2023:22:13:20 +0000]\thost:192.0.2.7\tuser:jane\treq:GET / HTTP/1.1\tstatus:404\tua:-";
        let event = parse_plain(line, &CX).unwrap();
        assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn));
        assert_eq!((event.ip, &*event.user_name, &*event.host), ("192.0.2.7".parse().ok(), "jane", ""));
        let attributes: Vec<_> = event.attributes.iter().collect();
        assert_eq!(attributes, [("host", "192.0.2.7"), ("req", "GET / HTTP/1.1"), ("status", "404")]);
        assert_eq!(&*event.message, line);
    }

    #[test]
    fn a_message_field_is_the_message() {
        let event = parse(b"level:error\tmessage:it failed", &CX).unwrap();
        assert_eq!((&*event.message, event.level), (&b"it failed"[..], Level::Error));
        assert!(matches!(event.message, Cow::Borrowed(_)));
        let event = parse(b"level:error\tmessage:it \xff\xff failed", &CX).unwrap();
        assert_eq!(&*event.message, b"it \xff\xff failed");
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "a", ":b", "a:b\tc", "text with\ttabs: yes"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
        assert_eq!(parse_plain(b"error:no such file", &CX), None);
        assert_eq!(parse_plain(b"2023-11-14T22:13:20Z\tlevel:info\tmsg:the hour is no value", &CX), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(line: Vec<u8>, likely in "((time|host|status|message|x):|\t|[0-9.]{1,4}| ){0,20}") {
            for line in [&line[..], likely.as_bytes()] {
                proptest::prop_assert!(parse(line, &CX).is_none_or(|event| event.message.len() <= line.len()));
            }
        }
    }
}
