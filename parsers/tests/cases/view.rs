//! An event under the names that the suites have for its fields.

use logseal_parsers::{Context, Level, LogEvent, Zone};
use serde_json::{Map, Value, json};

/// What a case may ask of `event`, which came from `line`. `expected` tells which structured data it asks for.
pub(crate) fn of(event: &LogEvent<'_>, line: &[u8], cx: &Context, expected: &Value) -> Map<String, Value> {
    let mut view = Map::new();
    let mut put = |key: &str, value: Value| {
        view.insert(key.to_owned(), value);
    };
    put("message", json!(String::from_utf8_lossy(&event.message)));
    put("host", json!(event.host));
    put("app", json!(event.app));
    put("pid", json!(event.proc_id));
    put("msgid", json!(event.msg_id));
    put("severity", json!(event.severity.or_else(|| severity_of(event))));
    put("facility", json!(event.facility));
    put("ip", json!(event.ip));
    put("user", json!(event.user_name));
    put("version", json!(version(event, line)));
    if let Some(stamp) = event.timestamp {
        put("timestamp", json!(rendered(stamp) + "Z"));
        let local = rendered(local_clock(stamp, cx.zone));
        put("timestamp_local", json!(local));
        put("timestamp_md", json!(local));
    }
    put("sd", structured_data(event, &expected["sd"]));
    let mut fields: Map<String, Value> =
        event.attributes.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    if event.format == "json" && !event.user_name.is_empty() {
        // A leaf that fills a field is no attribute beside it.
        fields.entry("user").or_insert(json!(event.user_name));
    }
    put("fields", Value::Object(fields));
    for (key, names) in ATTRIBUTES {
        let value = names.iter().find_map(|name| event.attributes.get(name));
        put(key, json!(value.map(first_of_list)));
    }
    view
}

/// What JSON loggers mean by the word that they have for a level.
fn severity_of(event: &LogEvent<'_>) -> Option<u8> {
    match event.level {
        _ if event.format != "json" && event.format != "form" => None,
        Level::Unknown => None,
        Level::Trace | Level::Debug => Some(7),
        Level::Info => Some(6),
        Level::Warn => Some(4),
        Level::Error => Some(3),
        Level::Fatal => Some(2),
    }
}

/// The attributes in which real programs put what the suites ask for by one name.
const ATTRIBUTES: [(&str, &[&str]); 7] = [
    ("stream", &["stream"]),
    ("partial", &["partial"]),
    ("status", &["status"]),
    ("method", &["method", "request.method"]),
    ("path", &["path", "request.uri"]),
    ("user_agent", &["user_agent", "request.headers.User-Agent"]),
    ("vhost", &["vhost", "request.host"]),
];

/// The first element of a JSON array of texts (headers are lists), or the text itself.
fn first_of_list(value: &str) -> String {
    let list: Option<Vec<String>> = serde_json::from_str(value).ok();
    list.and_then(|list| list.into_iter().next()).unwrap_or_else(|| value.to_owned())
}

/// RFC 5424's version is not kept in an event; it says here which grammar read the line.
fn version(event: &LogEvent<'_>, line: &[u8]) -> Option<u32> {
    if event.format != "rfc5424" {
        return None;
    }
    let text = String::from_utf8_lossy(line).into_owned();
    let rest = text.split_once('>').map_or(text.as_str(), |(_, rest)| rest);
    rest.split(' ').next().and_then(|version| version.parse().ok())
}

/// The parameters that `expected` names, where the event has them as attributes (`id.name`), and the elements without any.
fn structured_data(event: &LogEvent<'_>, expected: &Value) -> Value {
    let Some(elements) = expected.as_object() else {
        return Value::Null;
    };
    let mut found = Map::new();
    for (id, parameters) in elements {
        let mut values = Map::new();
        for name in parameters.as_object().into_iter().flat_map(Map::keys) {
            if let Some(value) = event.attributes.get(&format!("{id}.{name}")) {
                values.insert(name.clone(), json!(value));
            }
        }
        if !values.is_empty() || event.attributes.get(id).is_some() {
            found.insert(id.clone(), Value::Object(values));
        }
    }
    Value::Object(found)
}

fn rendered(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros)
        .map(|stamp| stamp.format("%Y-%m-%dT%H:%M:%S%.6f").to_string())
        .unwrap_or_default()
}

/// What a clock in `zone` shows, as microseconds.
fn local_clock(instant: i64, zone: Zone) -> i64 {
    let offset = match zone {
        Zone::Fixed(seconds) => i64::from(seconds) * 1_000_000,
        Zone::Named(tz) => {
            let stamp = chrono::DateTime::from_timestamp_micros(instant).unwrap_or_default().with_timezone(&tz);
            (stamp.naive_local() - stamp.naive_utc()).num_microseconds().unwrap_or_default()
        }
    };
    instant + offset
}
