//! The read side's shape of a record, which is also the API's JSON.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use logseal_parsers::Level;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// One stored record. Text fields that are empty are absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRow<'a> {
    /// The record's number: unique, ascending, below 2^53.
    pub id: u64,
    /// The event's own time, in microseconds since 1970 (UTC).
    pub timestamp: i64,
    /// When the daemon took the record in, in microseconds since 1970 (UTC).
    pub received_at: i64,
    /// How grave the record is.
    pub level: Level,
    /// Syslog's severity, where the record had one.
    pub severity: Option<u8>,
    /// Syslog's facility, where the record had one.
    pub facility: Option<u8>,
    /// The source that the record was filed under.
    pub source: Cow<'a, str>,
    /// The host that the record names.
    pub host: Cow<'a, str>,
    /// The program that the record names.
    pub app: Cow<'a, str>,
    /// The process id or name.
    pub proc_id: Cow<'a, str>,
    /// The message type.
    pub msg_id: Cow<'a, str>,
    /// The user that the record is about.
    pub user_name: Cow<'a, str>,
    /// The parser that understood the line.
    pub format: Cow<'a, str>,
    /// Why the line was not understood; empty where it was.
    pub parse_error: Cow<'a, str>,
    /// The listener, the token or the upload that the record came through.
    pub origin: Cow<'a, str>,
    /// The cluster that the host belongs to. It is not stored: readers are told what holds when they read.
    pub cluster: Cow<'a, str>,
    /// The address that the record is about.
    pub ip: Option<IpAddr>,
    /// The message, as bytes: a sender may use another encoding than UTF-8.
    pub message: Cow<'a, [u8]>,
    /// The original bytes.
    pub raw: Cow<'a, [u8]>,
    /// What the format says beyond these fields. Of names that occur twice the first counts.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl LogRow<'_> {
    /// The same record with nothing borrowed.
    #[must_use]
    pub fn into_owned(self) -> LogRow<'static> {
        LogRow {
            id: self.id,
            timestamp: self.timestamp,
            received_at: self.received_at,
            level: self.level,
            severity: self.severity,
            facility: self.facility,
            source: owned(self.source),
            host: owned(self.host),
            app: owned(self.app),
            proc_id: owned(self.proc_id),
            msg_id: owned(self.msg_id),
            user_name: owned(self.user_name),
            format: owned(self.format),
            parse_error: owned(self.parse_error),
            origin: owned(self.origin),
            cluster: owned(self.cluster),
            ip: self.ip,
            message: owned(self.message),
            raw: owned(self.raw),
            attributes: self.attributes.into_iter().map(|(name, value)| (owned(name), owned(value))).collect(),
        }
    }
}

fn owned<T: ToOwned + ?Sized>(text: Cow<'_, T>) -> Cow<'static, T> {
    Cow::Owned(text.into_owned())
}

impl Serialize for LogRow<'_> {
    /// The JSON of the API: every field is there, absent values are null. `raw_data_base64` is
    /// added only where the original bytes are not UTF-8 and `raw_data` therefore shows replacements.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("timestamp", &Shown(Rfc3339(self.timestamp)))?;
        map.serialize_entry("received_at", &Shown(Rfc3339(self.received_at)))?;
        map.serialize_entry("level", self.level.as_str())?;
        map.serialize_entry("source", &present(&self.source))?;
        map.serialize_entry("host", &present(&self.host))?;
        map.serialize_entry("app", &present(&self.app))?;
        map.serialize_entry("proc_id", &present(&self.proc_id))?;
        map.serialize_entry("msg_id", &present(&self.msg_id))?;
        map.serialize_entry("ip", &self.ip.map(Shown))?;
        map.serialize_entry("user_name", &present(&self.user_name))?;
        map.serialize_entry("message", &String::from_utf8_lossy(&self.message))?;
        map.serialize_entry("raw_data", &String::from_utf8_lossy(&self.raw))?;
        if std::str::from_utf8(&self.raw).is_err() {
            map.serialize_entry("raw_data_base64", &Shown(Base64Display::new(&self.raw, &STANDARD)))?;
        }
        map.serialize_entry("attributes", &AttributeObject(&self.attributes))?;
        map.serialize_entry("severity", &self.severity)?;
        map.serialize_entry("facility", &self.facility)?;
        map.serialize_entry("format", &present(&self.format))?;
        map.serialize_entry("parse_error", &present(&self.parse_error))?;
        map.serialize_entry("origin", &present(&self.origin))?;
        map.serialize_entry("cluster", &present(&self.cluster))?;
        map.end()
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A value that is written as the string that it displays as.
struct Shown<T>(T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Microseconds since 1970 as `2026-11-20T10:20:30.123456Z`.
pub struct Rfc3339(pub i64);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Microseconds reach further than the calendar does; such times are shown as its last day.
        let end = if self.0 < 0 { DateTime::<chrono::Utc>::MIN_UTC } else { DateTime::<chrono::Utc>::MAX_UTC };
        let time = DateTime::from_timestamp_micros(self.0).unwrap_or(end);
        write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}

struct AttributeObject<'a>(&'a [(Cow<'a, str>, Cow<'a, str>)]);

impl Serialize for AttributeObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // A name twice in one object would be read differently by different clients.
        let mut seen = HashSet::with_capacity(self.0.len());
        for (name, value) in self.0 {
            if seen.insert(name) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_values_are_null_and_times_have_six_digits() {
        let row = LogRow {
            id: 7,
            timestamp: 1_763_634_030_000_001,
            level: Level::Warn,
            source: "APP".into(),
            ip: Some(IpAddr::from([10, 0, 0, 1])),
            message: Cow::Borrowed(b"hi"),
            raw: Cow::Borrowed(b"hi"),
            attributes: vec![("a".into(), "1".into()), ("a".into(), "2".into())],
            ..LogRow::default()
        };
        let expected = concat!(
            r#"{"id":7,"timestamp":"2025-11-20T10:20:30.000001Z","received_at":"1970-01-01T00:00:00.000000Z","level":"WARN","#,
            r#""source":"APP","host":null,"app":null,"proc_id":null,"msg_id":null,"ip":"10.0.0.1","user_name":null,"message":"hi","#,
            r#""raw_data":"hi","attributes":{"a":"1"},"severity":null,"facility":null,"format":null,"parse_error":null,"#,
            r#""origin":null,"cluster":null}"#
        );
        assert_eq!(serde_json::to_string(&row).unwrap(), expected);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_given_as_base64_too() {
        let row = LogRow { raw: Cow::Borrowed(b"a\xffb"), timestamp: i64::MAX, ..LogRow::default() };
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!(json["raw_data"], "a\u{fffd}b");
        assert_eq!(json["raw_data_base64"], "Yf9i");
    }
}
