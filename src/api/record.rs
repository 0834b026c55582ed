//! A record as `POST /logs` takes it: strict, every fault named.

use std::borrow::Cow;
use std::net::IpAddr;

use chrono::DateTime;
use logseal_parsers::timestamp::STORABLE;
use logseal_parsers::{Level, LogEvent};

use super::error::FieldFault;
use super::flattened::{self, Members, Text};
use crate::config::source_name;

/// More than there are; so many faults are named at most.
const FIELDS_MAX: usize = 64;

/// The name of this format in [`LogEvent::format`].
const FORMAT: &str = "json";

/// A record that keeps all rules.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) source: Cow<'a, str>,
    pub(super) event: LogEvent<'a>,
    /// The original bytes where the sender states them; else the record's JSON text is original.
    pub(super) raw_data: Option<Cow<'a, str>>,
}

/// Why records cannot be filed under `source`; `None` where they can.
pub(super) fn source_fault(source: &str) -> Option<String> {
    source_name::check(source).err().map(|fault| fault.to_string())
}

/// Reads the JSON object `json`.
///
/// # Errors
/// Everything that is wrong with it, by field.
pub(super) fn read(json: &str) -> Result<Record<'_>, Vec<FieldFault>> {
    let Members(members) = serde_json::from_str(json).map_err(|error| {
        let detail = if error.is_data() {
            "a record must be a JSON object".to_owned()
        } else {
            format!("not valid JSON: {error}")
        };
        vec![FieldFault::new("", detail)]
    })?;
    if members.len() > FIELDS_MAX {
        return Err(vec![FieldFault::new(
            "",
            format!("a record has at most {FIELDS_MAX} fields; others belong to attributes"),
        )]);
    }
    let mut reader = Reader::default();
    for (at, (name, value)) in members.iter().enumerate() {
        if members.iter().take(at).any(|(earlier, _)| earlier == name) {
            reader.fault(name.to_string(), format!("{name} is given more than once"));
        } else {
            reader.member(name, value.get());
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader<'a> {
    source: Option<Cow<'a, str>>,
    level: Option<Level>,
    timestamp: Option<i64>,
    message: Option<Cow<'a, str>>,
    raw_data: Option<Cow<'a, str>>,
    event: LogEvent<'a>,
    faults: Vec<FieldFault>,
}

impl<'a> Reader<'a> {
    fn member(&mut self, name: &str, json: &'a str) {
        match name {
            "source" => self.source = self.text("source", json),
            "level" => self.level = self.level(json),
            "timestamp" => self.timestamp = self.timestamp(json),
            "message" => self.message = self.text("message", json),
            "raw_data" => self.raw_data = self.text("raw_data", json),
            "host" => self.event.host = self.text("host", json).unwrap_or_default(),
            "app" => self.event.app = self.text("app", json).unwrap_or_default(),
            "user_name" => self.event.user_name = self.text("user_name", json).unwrap_or_default(),
            "ip" => self.event.ip = self.ip(json),
            "attributes" if json != "null" => match flattened::attributes(json) {
                Ok(attributes) => self.event.attributes = attributes,
                Err(error) => self.fault("attributes", error.to_string()),
            },
            "attributes" => {}
            unknown => self.fault(unknown.to_owned(), format!("unknown field {unknown}")),
        }
    }

    fn finish(mut self) -> Result<Record<'a>, Vec<FieldFault>> {
        if let Some(detail) = self.source.as_deref().and_then(source_fault) {
            self.fault("source", detail);
        }
        let present = [
            ("source", self.source.is_some()),
            ("level", self.level.is_some()),
            ("timestamp", self.timestamp.is_some()),
            ("message", self.message.is_some()),
        ];
        for (field, is_there) in present {
            let is_named = self.faults.iter().any(|fault| fault.field == field);
            if !is_there && !is_named {
                self.fault(field, format!("{field} is required"));
            }
        }
        let (Some(source), Some(level), Some(message)) = (self.source, self.level, self.message) else {
            return Err(self.faults);
        };
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let message = match message {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        let event = LogEvent { timestamp: self.timestamp, level, message, format: FORMAT, ..self.event };
        Ok(Record { source, event, raw_data: self.raw_data })
    }

    /// A string; null is as good as absent.
    fn text(&mut self, field: &'static str, json: &'a str) -> Option<Cow<'a, str>> {
        if json == "null" {
            return None;
        }
        match serde_json::from_str::<Text<'a>>(json) {
            Ok(Text(text)) => Some(text),
            Err(error) => {
                let is_string = json.starts_with('"');
                self.fault(
                    field,
                    if is_string {
                        format!("{field} is no valid string: {error}")
                    } else {
                        format!("{field} must be a string")
                    },
                );
                None
            }
        }
    }

    fn level(&mut self, json: &'a str) -> Option<Level> {
        let word = self.text("level", json)?;
        let level = word.parse();
        if level.is_err() {
            self.fault("level", "level must be TRACE, DEBUG, INFO, WARN, ERROR, FATAL or UNKNOWN");
        }
        level.ok()
    }

    fn timestamp(&mut self, json: &'a str) -> Option<i64> {
        let text = self.text("timestamp", json)?;
        let micros = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.timestamp_micros());
        let micros = micros.filter(|micros| STORABLE.contains(micros));
        if micros.is_none() {
            self.fault("timestamp", "timestamp must be an RFC 3339 time between the years 1900 and 2299, such as 2026-11-20T10:20:30.123456Z");
        }
        micros
    }

    fn ip(&mut self, json: &'a str) -> Option<IpAddr> {
        let text = self.text("ip", json)?;
        let ip = text.parse().ok();
        if ip.is_none() {
            self.fault("ip", "ip must be an IPv4 or IPv6 address");
        }
        ip
    }

    fn fault(&mut self, field: impl Into<Cow<'static, str>>, detail: impl Into<String>) {
        self.faults.push(FieldFault::new(field, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_record_is_read_and_its_message_borrowed() {
        let json = r#"{"source":"WEB","level":"error","timestamp":"2026-11-20T12:20:30.5+02:00","message":"no","ip":"10.0.0.1",
            "user_name":"alice","host":"h1","app":"shop","raw_data":"<1>no","attributes":{"status":500}}"#;
        let record = read(json).unwrap();
        assert_eq!(record.source, "WEB");
        assert_eq!(record.event.level, Level::Error);
        assert_eq!(record.event.timestamp, Some(1_795_170_030_500_000));
        assert!(matches!(record.event.message, Cow::Borrowed(b"no")));
        assert_eq!(record.event.ip, Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!((&*record.event.host, &*record.event.app, &*record.event.user_name), ("h1", "shop", "alice"));
        assert_eq!(record.event.attributes.get("status"), Some("500"));
        assert_eq!(record.raw_data.as_deref(), Some("<1>no"));
    }

    #[test]
    fn optional_fields_may_be_null() {
        let json = r#"{"source":"A","level":"INFO","timestamp":"2026-11-20T10:20:30Z","message":"","ip":null,"host":null,"attributes":null,"raw_data":null}"#;
        let record = read(json).unwrap();
        assert_eq!((record.event.ip, record.raw_data), (None, None));
    }

    #[test]
    fn every_fault_is_named_once() {
        let check = |json: &str, expected: &[&str]| {
            let faults = read(json).unwrap_err();
            let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_ref()).collect();
            assert_eq!(fields, expected, "{json}");
        };
        let lone = read(r#"{"message":"\ud800"}"#).unwrap_err();
        let told = lone.iter().find(|fault| fault.field == "message").unwrap();
        assert!(told.detail.starts_with("message is no valid string: "), "{}", told.detail);
        check("{}", &["source", "level", "timestamp", "message"]);
        check("[]", &[""]);
        check("17", &[""]);
        check("{\"source\":", &[""]);
        check(
            r#"{"source":"logseal.audit","level":"INFO","timestamp":"2026-11-20T10:20:30Z","message":"m"}"#,
            &["source"],
        );
        check(
            r#"{"source":"","level":"LOUD","timestamp":"yesterday","message":7,"colour":"red"}"#,
            &["level", "timestamp", "message", "colour", "source"],
        );
        let rest = r#""source":"A","level":"INFO","timestamp":"2026-11-20T10:20:30Z","message":"m""#;
        check(&format!(r#"{{{rest},"ip":"300.1.1.1"}}"#), &["ip"]);
        check(&format!(r#"{{{rest},"message":"again"}}"#), &["message"]);
        check(&format!(r#"{{{rest},"attributes":"x"}}"#), &["attributes"]);
        check(r#"{"source":"A","level":"INFO","timestamp":"9999-11-20T10:20:30Z","message":"m"}"#, &["timestamp"]);
        check(r#"{"source":"A","level":"INFO","timestamp":"2026-11-20 10:20","message":"m"}"#, &["timestamp"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC*") {
            drop(read(&text));
        }
    }
}
