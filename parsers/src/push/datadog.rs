//! Datadog's intake of logs: JSON objects, in an array or by themselves, or lines of text, with what the request says of all of them.
//!
//! ```text
//! [{"ddsource":"go","ddtags":"env:beta,team:cart","hostname":"web1","service":"cart","status":"warn","timestamp":1795198688135,"message":"x"}]
//! ```
//!
//! An object is read as any JSON line; `status` is its level, `hostname` the host, `service` the program.

use std::borrow::Cow;

use super::json_stream::Splitter;
use crate::{Context, Level, LogEvent, StreamFormat, level_names};

/// What a request's parameters say of the records that do not say it themselves; empty where they do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The host.
    pub hostname: String,
    /// The program.
    pub service: String,
    /// What the records are, an attribute.
    pub ddsource: String,
    /// Tags, an attribute.
    pub ddtags: String,
}

/// Whether `body` is what agents send to learn whether they are heard.
#[must_use]
pub fn is_probe(body: &[u8]) -> bool {
    matches!(body.trim_ascii(), b"" | b"{}" | b"[]")
}

/// Hands each record of `body` to `each`, and whether it is cut: objects, or else lines.
pub fn each_record(body: &[u8], mut each: impl FnMut(&[u8], bool)) {
    let body = body.trim_ascii();
    let first = body.strip_prefix(b"[").unwrap_or(body).trim_ascii_start();
    if first.starts_with(b"{") {
        let mut splitter = Splitter::default();
        splitter.feed(body, |piece| each(piece.bytes, piece.is_cut));
        splitter.finish(|piece| each(piece.bytes, piece.is_cut));
        return;
    }
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).for_each(|line| each(line, false));
}

/// Reads the next record of a body, of which `stream` has seen those before it.
#[must_use]
pub fn parse<'a>(record: &'a [u8], defaults: &'a Defaults, stream: &mut StreamFormat, cx: &Context) -> LogEvent<'a> {
    let mut event = stream.read(record, cx);
    if event.level == Level::Unknown && event.parse_error.is_none() {
        event.level = event.attributes.get("status").and_then(level_names::from_word).unwrap_or_default();
    }
    for (field, stated) in [(&mut event.host, &defaults.hostname), (&mut event.app, &defaults.service)] {
        if field.is_empty() {
            *field = Cow::Borrowed(stated);
        }
    }
    for (name, stated) in [("ddsource", &defaults.ddsource), ("ddtags", &defaults.ddtags)] {
        if !stated.is_empty() && event.attributes.get(name).is_none() {
            event.attributes.push(name, stated);
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn a_record_says_what_the_parameters_say_of_others() {
        let defaults =
            Defaults { hostname: "h9".into(), service: "s9".into(), ddsource: "d9".into(), ddtags: String::new() };
        let full = br#"{"ddsource":"go","ddtags":"env:beta","hostname":"web1","service":"cart","status":"warn","timestamp":1795198688135,"message":"bob emptied it"}"#;
        let event = parse(full, &defaults, &mut StreamFormat::mixed(), &CX);
        assert_eq!((&*event.host, &*event.app, event.attributes.get("ddsource")), ("web1", "cart", Some("go")));
        assert_eq!(
            (event.level, event.timestamp, &*event.message),
            (Level::Warn, Some(1_795_198_688_135_000), &b"bob emptied it"[..])
        );
        for bare in [&br#"{"message":"x"}"#[..], b"x"] {
            let event = parse(bare, &defaults, &mut StreamFormat::mixed(), &CX);
            assert_eq!((&*event.host, &*event.app, event.attributes.get("ddsource")), ("h9", "s9", Some("d9")));
            assert_eq!((&*event.message, event.attributes.get("ddtags")), (&b"x"[..], None));
        }
    }

    #[test]
    fn the_status_is_the_level_unless_the_record_states_one() {
        let none = Defaults::default();
        let of = |record: &[u8]| parse(record, &none, &mut StreamFormat::mixed(), &CX).level;
        assert_eq!(of(br#"{"message":"x","status":"critical"}"#), Level::Fatal);
        assert_eq!(of(br#"{"message":"x","status":"critical","level":"debug"}"#), Level::Debug);
        assert_eq!(of(br#"{"message":"x","status":"done"}"#), Level::Unknown);
    }

    #[test]
    fn objects_are_taken_apart_and_so_are_lines_as_they_are() {
        let of = |body: &str| {
            let mut found = Vec::new();
            each_record(body.as_bytes(), |record, is_cut| {
                assert!(!is_cut);
                found.push(String::from_utf8_lossy(record).into_owned());
            });
            found
        };
        assert_eq!(of(" [ {\"a\":1},\n{\"b\":2}]"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(of("{\"a\":1}\n{\"b\":2}\n"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(of("[10:00] one, two\r\n\n[10:01] three"), ["[10:00] one, two", "[10:01] three"]);
        assert_eq!(of(&format!("[{}{{}}]", "{\"a\":1},".repeat(200_000))).len(), 200_001);
    }

    #[test]
    fn what_holds_no_record_is_a_probe() {
        assert!([&b""[..], b" {}\n", b"[]"].into_iter().all(is_probe));
        assert!(![&b"[{}]"[..], b"{\"a\":1}", b"x"].into_iter().any(is_probe));
    }
}
