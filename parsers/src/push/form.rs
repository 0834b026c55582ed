//! A record as a web form (`application/x-www-form-urlencoded`), as Python's `HTTPHandler` posts it: `msg=hello+world&levelname=INFO`.
//!
//! The fields have the meanings that members of a JSON record have under their names.

use std::borrow::Cow;

use crate::{Context, LogEvent, json};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "form";

/// Reads a form. Never fails: what has no field becomes an event with the whole of it as its message and a
/// [`parse_error`](LogEvent::parse_error).
#[must_use]
pub fn parse<'a>(form: &'a [u8], cx: &Context) -> LogEvent<'a> {
    if !form.contains(&b'=') {
        let parse_error = Some(Cow::Borrowed("a form without a field"));
        return LogEvent { message: Cow::Borrowed(form), format: FORMAT, parse_error, ..LogEvent::default() };
    }
    let record = as_json(form);
    let event = json::parse(record.as_bytes(), cx);
    let message = match event.message {
        // A record without a message is its own message, and has been a form.
        Cow::Borrowed(message) if message.len() == record.len() => Cow::Borrowed(form),
        ref message => Cow::Owned(message.clone().into_owned()),
    };
    LogEvent { message, format: FORMAT, ..event.into_owned() }
}

fn as_json(form: &[u8]) -> String {
    let mut record = String::with_capacity(form.len() + 16);
    record.push('{');
    for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match memchr::memchr(b'=', pair) {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
            None => (pair, &b""[..]),
        };
        if record.len() > 1 {
            record.push(',');
        }
        push_text(&mut record, name);
        record.push(':');
        push_text(&mut record, value);
    }
    record.push('}');
    record
}

/// Appends `encoded` as a JSON string.
fn push_text(record: &mut String, encoded: &[u8]) {
    record.push('"');
    for character in String::from_utf8_lossy(&decode(encoded)).chars() {
        match character {
            '"' | '\\' => record.extend(['\\', character]),
            '\n' => record.push_str("\\n"),
            other => record.push(other),
        }
    }
    record.push('"');
}

/// Undoes the encoding of a name or value; a percent sign that begins no escape stands for itself.
fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    loop {
        rest = match rest {
            [] => return decoded,
            [b'%', high, low, behind @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(digit(*high) << 4 | digit(*low));
                behind
            }
            [b'+', behind @ ..] => {
                decoded.push(b' ');
                behind
            }
            [byte, behind @ ..] => {
                decoded.push(*byte);
                behind
            }
        };
    }
}

/// What a hexadecimal digit stands for.
fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20).wrapping_sub(b'a') + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn the_fields_of_a_form_are_those_of_a_record() {
        let form = b"name=shop&msg=gr%C3%BC%c3%9fe+%22q%22%0A100%25+%zz&levelname=WARNING&user=bob&empty&path=a%5Cb";
        let event = parse(form, &CX);
        assert_eq!(String::from_utf8_lossy(&event.message), "gr\u{fc}\u{df}e \"q\"\n100% %zz");
        assert_eq!((event.level, &*event.user_name, event.parse_error), (Level::Warn, "bob", None));
        let attributes: Vec<_> = event.attributes.iter().collect();
        assert_eq!(attributes, [("name", "shop"), ("empty", ""), ("path", "a\\b")]);
    }

    #[test]
    fn a_form_without_a_message_is_its_own() {
        let event = parse(b"a=1&b=2", &CX);
        assert_eq!((&*event.message, event.attributes.get("b")), (&b"a=1&b=2"[..], Some("2")));
        let event = parse(b"text", &CX);
        assert_eq!((&*event.message, event.parse_error.is_some()), (&b"text"[..], true));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(form: Vec<u8>) {
            let event = parse(&form, &CX);
            proptest::prop_assert!(event.parse_error.is_none() || *event.message == *form || form.contains(&b'='));
        }
    }
}
