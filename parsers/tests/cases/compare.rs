//! The comparison of the suites: whether what came out is what a case expects.
//!
//! A port of the suites' own scoring script, rule by rule; `k` is the key under which two values are compared.

use logseal_parsers::{Level, level_names};
use serde_json::{Map, Value};

/// Keys that say something about a case but are no field to compare.
const NOT_COMPARED: [&str; 30] = [
    "pri",
    "ecs",
    "outcome",
    "log_type_hint",
    "template",
    "note",
    "time_text",
    "error",
    "upstream_error",
    "must_keep_raw",
    "must_not_crash",
    "path_is_prefix_ok",
    "user_agent_alt",
    "invalid_utf8",
    "sequence_text",
    "partial",
    "stream_error",
    "response_content_type",
    "response_json",
    "http_status",
    "http_status_in",
    "acks",
    "server_replies_b64",
    "strict",
    "count",
    "events",
    "events_any_order",
    "first_events",
    "count_in",
    "messages_b64",
];

/// Keys whose values are compared as a part of the other side.
const SUBSETS: [&str; 11] = [
    "ext",
    "fields",
    "sd",
    "ext_subset",
    "fields_subset",
    "labels",
    "metadata",
    "attributes",
    "resource",
    "record",
    "doc",
];

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

/// One field that is not as expected.
#[derive(Debug)]
pub(crate) struct Difference {
    pub key: String,
    pub expected: Value,
    pub got: Value,
}

/// Compares what came out (`got`) with what `case` expects of one event; `alternatives` may stand in for single keys.
pub(crate) fn event(
    expected: &Map<String, Value>,
    got: &Map<String, Value>,
    case: &Value,
    alternatives: &[Value],
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (key, wanted) in expected {
        if NOT_COMPARED.contains(&key.as_str()) {
            continue;
        }
        let value = got.get(key).or_else(|| got.get(plain_key(key))).unwrap_or(&Value::Null);
        let also = alternatives.iter().filter_map(|alternative| alternative.get(key));
        if !same(key, wanted, value, case) && !also.into_iter().any(|other| same(key, other, value, case)) {
            differences.push(Difference { key: key.clone(), expected: wanted.clone(), got: value.clone() });
        }
    }
    differences
}

fn plain_key(key: &str) -> &str {
    match key {
        "timestamp_local" | "timestamp_md" => "timestamp",
        "message_contains" => "message",
        "ext_subset" => "ext",
        "fields_subset" => "fields",
        other => other,
    }
}

/// Whether `b` is what `a` expects.
fn same(k: &str, a: &Value, b: &Value, case: &Value) -> bool {
    match k {
        "timestamp_local" | "timestamp_md" if case["lenient_time"] == true => {
            return to_the_second(a) == to_the_second(b) && (k == "timestamp_md" || first_four(a) == first_four(b));
        }
        "timestamp" => return a.is_null() || (instant(a).is_some() && instant(a) == instant(b)),
        "timestamp_local" => return wall(a) == wall(b) && first_four(a) == first_four(b),
        "timestamp_md" => return wall(a) == wall(b),
        "severity" | "facility" => return same_code(k, a, b),
        "level" if level(a).is_some() => return level(a) == level(b),
        "ip" | "dst_ip" if is_address(a) => return address(a) == address(b),
        "host" if a.is_null() => {
            const PEER: [&str; 6] = ["", "-", "127.0.0.1", "localhost", "::1", "unknown"];
            return b.is_null() || b.as_str().is_some_and(|host| PEER.contains(&host));
        }
        "message_contains" => {
            return text(b).unwrap_or_default().contains(&text(a).unwrap_or_default());
        }
        _ => {}
    }
    match a {
        Value::Object(members) if SUBSETS.contains(&k) && members.is_empty() => {
            return is_absent(b) || matches!(k, "sd" | "resource");
        }
        Value::Object(members) => {
            let other = |name: &String| b.get(name).unwrap_or(&Value::Null);
            return b.is_object() && members.iter().all(|(name, value)| same("", value, other(name), case));
        }
        Value::Array(items) => {
            let Some(others) = b.as_array() else {
                return false;
            };
            return items.len() == others.len() && items.iter().zip(others).all(|(x, y)| same("", x, y, case));
        }
        _ => {}
    }
    if matches!(a, Value::Null) || a == "" || a == "-" {
        return is_absent(b) || b == "-";
    }
    if k == "message" && case["exact_message"] == true {
        return a == b;
    }
    if k == "path" && case["expect"]["path_is_prefix_ok"] == true {
        let path = |value: &Value| text(value).unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
        return path(a) == path(b);
    }
    if a.is_boolean() || b.is_boolean() {
        return a.to_string().trim_matches('"').to_lowercase() == b.to_string().trim_matches('"').to_lowercase();
    }
    if a.is_number() || b.is_number() {
        let number = |value: &Value| text(value).and_then(|text| text.parse::<f64>().ok());
        return number(a).is_some() && number(a) == number(b);
    }
    text(a) == text(b)
}

/// The address that a text is, in whichever of its spellings.
fn address(value: &Value) -> Option<std::net::IpAddr> {
    value.as_str()?.parse().ok()
}

fn is_address(value: &Value) -> bool {
    address(value).is_some()
}

fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Severities and facilities: numbers, or keywords that stand for them. An absent one allows the default (user.notice).
fn same_code(k: &str, a: &Value, b: &Value) -> bool {
    let is_severity = k == "severity";
    if is_severity && a.as_str().is_some_and(|word| severity(&word.to_lowercase()).is_none()) {
        return text(a) == text(b);
    }
    let code = |value: &Value| -> Option<String> {
        let text = text(value)?;
        let lower = text.to_lowercase();
        let known = if is_severity { severity(&lower) } else { FACILITIES.iter().position(|name| *name == lower) };
        Some(known.map_or(text, |code| code.to_string()))
    };
    let default = if is_severity { "5" } else { "1" };
    match (code(a), code(b)) {
        (None, None) => true,
        (None, Some(got)) => got == default,
        (wanted, got) => wanted == got,
    }
}

fn severity(word: &str) -> Option<usize> {
    Some(match word {
        "emerg" | "emergency" | "panic" => 0,
        "alert" => 1,
        "crit" | "critical" => 2,
        "err" | "error" => 3,
        "warning" | "warn" => 4,
        "notice" => 5,
        "info" | "informational" => 6,
        "debug" => 7,
        _ => return None,
    })
}

/// The level that a logger's word or letter means.
fn level(value: &Value) -> Option<Level> {
    let word = value.as_str()?;
    level_names::from_word(word).or_else(|| level_names::from_letter(word))
}

/// A value as text without surrounding white space and byte order mark; `None` for null.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(text.trim().trim_start_matches('\u{feff}').trim().to_owned())
}

fn first_four(value: &Value) -> String {
    text(value).unwrap_or_default().chars().take(4).collect()
}

/// The instant of a stamp with an optional zone: seconds since 1970, and six digits of fraction.
fn instant(value: &Value) -> Option<(i64, String)> {
    let text = value.as_str()?;
    let (date_time, rest) = text.split_at_checked(19)?;
    let naive = chrono::NaiveDateTime::parse_from_str(&date_time.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M:%S").ok()?;
    let (fraction, zone) = fraction(rest);
    let offset = match zone {
        "" | "Z" => 0,
        other => i64::from(other.parse::<chrono::FixedOffset>().ok()?.local_minus_utc()),
    };
    Some((naive.and_utc().timestamp() - offset, format!("{:0<6.6}", fraction)))
}

/// Month and day, time of day, and milliseconds of a stamp that may lack a year.
fn wall(value: &Value) -> Option<(String, String, String)> {
    let text = value.as_str()?;
    let text = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', ..] => text.get(5..)?,
        _ => text,
    };
    let (day, rest) = text.split_at_checked(5)?;
    let rest = rest.strip_prefix(['T', ' '])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let digits_in = |text: &str, gap: u8| text.bytes().all(|b| b.is_ascii_digit() || b == gap);
    if !digits_in(day, b'-') || !digits_in(time, b':') {
        return None;
    }
    Some((day.to_owned(), time.to_owned(), format!("{:0<3.3}", fraction(rest).0)))
}

/// Month and day, and time of day: where a suite states whole seconds whatever the line states.
fn to_the_second(value: &Value) -> Option<(String, String)> {
    wall(value).map(|(day, time, _)| (day, time))
}

/// The digits after `.` or `,` (`0` where there are none), and what follows.
fn fraction(text: &str) -> (&str, &str) {
    let Some(rest) = text.strip_prefix(['.', ',']) else {
        return ("0", text);
    };
    rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count())
}

#[test]
fn the_rules_of_the_comparison_hold() {
    use serde_json::json;
    let case = json!({"expect": {"path_is_prefix_ok": true}});
    for (k, a, b, expected) in [
        ("message", json!("x"), json!(" \u{feff}x\n"), true),
        ("message", json!("x"), json!("y"), false),
        ("pid", json!("7"), json!(7), true),
        ("pid", json!(null), json!("-"), true),
        ("pid", json!("7"), json!(null), false),
        ("host", json!(null), json!("127.0.0.1"), true),
        ("host", json!(null), json!("web1"), false),
        ("severity", json!("err"), json!(3), true),
        ("severity", json!(null), json!(5), true),
        ("severity", json!(null), json!(4), false),
        ("facility", json!(null), json!(1), true),
        ("timestamp", json!("2023-11-14T22:13:20.5+01:00"), json!("2023-11-14T21:13:20.500000Z"), true),
        ("timestamp", json!("2023-11-14T22:13:20Z"), json!("2023-11-14T21:13:20Z"), false),
        ("timestamp_md", json!("11-14T22:13:20"), json!("2001-11-14T22:13:20.000Z"), true),
        ("timestamp_local", json!("2023-11-14T22:13:20"), json!("2001-11-14T22:13:20Z"), false),
        ("level", json!("SEVERE"), json!("ERROR"), true),
        ("level", json!("W"), json!("ERROR"), false),
        ("level", json!(30), json!("30"), true),
        ("sd", json!({}), json!({"a": {}}), true),
        ("fields", json!({}), json!({"a": "b"}), false),
        ("sd", json!({"a": {"b": "c"}}), json!({"a": {"b": "c"}, "d": {}}), true),
        ("path", json!("/x?a"), json!("/x"), true),
        ("partial", json!(true), json!("true"), true),
        ("status", json!(200), json!("200"), true),
        ("status", json!(200), json!("x"), false),
    ] {
        assert_eq!(same(k, &a, &b, &case), expected, "{k}: {a} and {b}");
    }
}
