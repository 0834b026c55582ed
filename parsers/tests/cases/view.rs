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
    // Where a program names a host instead of an address, the suites have it under the same key.
    put("ip", event.ip.map_or_else(|| json!(event.attributes.get("rhost")), |ip| json!(ip)));
    put("user", json!(event.user_name));
    if let Some(stamp) = event.timestamp {
        put("timestamp", json!(rendered(stamp) + "Z"));
        let local = rendered(local_clock(stamp, cx.zone));
        put("timestamp_local", json!(local));
        put("timestamp_md", json!(local));
    }
    put("level", json!(level(event)));
    put("request", json!(request(event)));
    if let Some(version) = event.attributes.get("protocol").and_then(|protocol| protocol.strip_prefix("HTTP/")) {
        put("http_version", json!(version));
    }
    if event.host.is_empty() {
        // A web server's error log names the host that was asked for.
        put("host", json!(event.attributes.get("host").unwrap_or_default()));
    }
    put("sd", structured_data(event, &expected["sd"]));
    let mut fields: Map<String, Value> =
        event.attributes.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    if event.format == "json" && !event.user_name.is_empty() {
        // A leaf that fills a field is no attribute beside it.
        fields.entry("user").or_insert(json!(event.user_name));
    }
    put("fields", Value::Object(fields));
    if let Some(extension) = extension(event) {
        put("ext", extension);
        let message = String::from_utf8_lossy(&event.message);
        put("ext_raw", json!(message.splitn(8, '|').nth(7)));
        if expected.get("event_class_id").is_some() {
            put("severity", json!(event.attributes.get("severity").unwrap_or_default()));
        }
    }
    // The kernel writes the length of a packet, and then that of the datagram in it.
    let length = event.attributes.iter().filter(|(name, _)| matches!(*name, "LEN" | "len" | "length")).last();
    put("length", json!(length.map(|(_, value)| value)));
    for &(key, names) in ATTRIBUTES {
        let value = names.iter().find_map(|name| event.attributes.get(name));
        put(key, json!(value.map(first_of_list)));
    }
    if let Some(version) = version(event, line) {
        put("version", json!(version));
    }
    view
}

/// The level by the word that its severity has in logs.
fn level(event: &LogEvent<'_>) -> String {
    const WORDS: [&str; 8] = ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];
    let word = event.severity.and_then(|severity| WORDS.get(usize::from(severity)));
    word.map_or_else(|| event.level.to_string().to_lowercase(), |word| (*word).to_owned())
}

/// The request line, which access logs are read into its parts.
fn request(event: &LogEvent<'_>) -> String {
    let part = |name| event.attributes.get(name);
    let parts = || [part("method"), part("path"), part("protocol")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    part("request").map_or_else(parts, str::to_owned)
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
#[rustfmt::skip]
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("stream", &["stream"]),
    ("partial", &["partial"]),
    ("status", &["status", "sc-status", "response_code", "response_status"]),
    ("method", &["method", "request.method", "cs-method", "request_method"]),
    ("path", &["path", "request.uri", "x-envoy-origin-path", "cs-uri-stem", "request", "url"]),
    ("user_agent", &["user_agent", "request.headers.User-Agent", "user-agent", "cs(User-Agent)", "request_user_agent"]),
    ("vhost", &["vhost", "request.host", ":authority"]),
    ("ident", &["ident"]),
    ("protocol", &["protocol"]),
    ("bytes", &["bytes"]),
    ("referrer", &["referrer", "referer"]),
    ("client_port", &["client_port", "sender_host_port", "src_port", "SPT", "sport"]),
    ("tid", &["tid"]),
    ("cid", &["cid"]),
    ("module", &["module"]),
    ("server", &["server", "server_name", "bind_name"]),
    ("frontend", &["frontend_name"]),
    ("backend", &["backend_name", "frontend_name"]),
    ("client", &["client"]),
    ("url", &["url"]),
    ("received_bytes", &["received_bytes"]),
    ("action", &["action"]),
    ("server_ip", &["s-ip"]),
    ("server_port", &["s-port"]),
    ("upstream", &["upstream"]),
    ("excess", &["excess"]),
    ("zone", &["zone"]),
    ("compression", &["gzip_ratio"]),
    ("x_forwarded_for", &["x_forwarded_for"]),
    ("request_length", &["request_length"]),
    ("request_time", &["request_time"]),
    ("proxy_upstream_name", &["proxy_upstream_name"]),
    ("proxy_alternative_upstream_name", &["proxy_alternative_upstream_name"]),
    ("upstream_addr", &["upstream_addr"]),
    ("upstream_response_length", &["upstream_response_length"]),
    ("upstream_response_time", &["upstream_response_time"]),
    ("upstream_status", &["upstream_status"]),
    ("req_id", &["req_id"]),
    ("id", &["id"]),
    ("file", &["file"]),
    ("line", &["line"]),
    ("dst_ip", &["interface_address", "dst_ip", "DST", "dst"]),
    ("dst_port", &["interface_port", "dst_port", "DPT", "dport"]),
    ("cef_version", &["cef_version"]),
    ("leef_version", &["leef_version"]),
    ("vendor", &["device_vendor", "vendor"]),
    ("product", &["device_product", "product"]),
    ("version", &["device_version", "product_version"]),
    ("event_class_id", &["device_event_class_id"]),
    ("event_id", &["event_id"]),
    ("name", &["name"]),
    ("delimiter", &["delimiter"]),
    ("type", &["type"]),
    ("sequence", &["serial"]),
    ("src_port", &["src_port", "SPT", "sport"]),
    ("transport", &["PROTO", "proto", "protocol"]),
    ("in_if", &["src_interface", "IN", "interface", "in", "inbound_if"]),
    ("out_if", &["dst_interface", "OUT", "out", "outbound_if"]),
];

/// The pairs behind the header of CEF or LEEF.
fn extension(event: &LogEvent<'_>) -> Option<Value> {
    const HEADER: [&str; 13] = [
        "cef_version",
        "device_vendor",
        "device_product",
        "device_version",
        "device_event_class_id",
        "name",
        "severity",
        "leef_version",
        "vendor",
        "product",
        "product_version",
        "event_id",
        "delimiter",
    ];
    let first = event.attributes.iter().next().map(|(name, _)| name)?;
    if !matches!(first, "cef_version" | "leef_version") {
        return None;
    }
    let pairs = event.attributes.iter().skip_while(|(name, _)| HEADER.contains(name));
    Some(Value::Object(pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect()))
}

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
