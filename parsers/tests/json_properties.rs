//! What holds for every JSON record and for every line that is none.

use std::borrow::Cow;

use logseal_parsers::{Context, LogEvent, Zone, address, json, level_names, timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value};

const CX: Context = Context { received_at: 0, zone: Zone::UTC };

/// A value as the parser writes it.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a leaf is where a reader would look for it.
fn is_found(event: &LogEvent<'_>, name: &str, text: &str) -> bool {
    let fields = [&event.host, &event.app, &event.proc_id, &event.msg_id, &event.user_name];
    event.attributes.iter().any(|attribute| attribute == (name, text))
        || fields.iter().any(|field| **field == text)
        || *event.message == *text.as_bytes()
        || (name == "MESSAGE" && serde_json::from_str::<Vec<u8>>(text).is_ok_and(|bytes| bytes == *event.message))
        || (name == "log" && text.trim_end().as_bytes() == event.message.trim_ascii_end())
        || (event.timestamp.is_some() && timestamp::parse(text, Zone::UTC) == event.timestamp)
        || level_names::from_word(text).is_some_and(|level| level == event.level)
        || text.parse().ok().and_then(level_names::from_number).is_some_and(|level| level == event.level)
        || (event.facility.is_some() && text.parse().ok() == event.facility)
        || address::parse(text).is_some_and(|found| Some(found.ip) == event.ip)
}

fn leaves(prefix: &str, at_top: bool, object: &Map<String, Value>, found: &mut Vec<(String, String)>) {
    for (key, value) in object {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Null => {}
            Value::Object(inner) if at_top && key == "attributes" => leaves("", false, inner, found),
            Value::Object(inner) if inner.is_empty() => found.push((name, "{}".to_owned())),
            Value::Object(inner) => leaves(&name, false, inner, found),
            other => found.push((name, text_of(other))),
        }
    }
}

fn any_key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "timestamp",
        "time",
        "level",
        "severity",
        "PRIORITY",
        "message",
        "msg",
        "log",
        "host",
        "app",
        "pid",
        "user",
        "user_name",
        "ip",
        "client_ip",
        "facility",
        "attributes",
        "source",
        "MESSAGE",
    ]);
    prop_oneof![2 => known.prop_map(str::to_owned), 3 => "[a-z_]{1,8}", 1 => "\\PC{1,6}"]
}

fn any_value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "error",
        "INFO",
        "192.0.2.7",
        "192.0.2.7:80",
        "2023-11-14T22:13:20Z",
        "-",
        "",
        "3",
        "30",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u8..70).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any_key(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_leaf_of_any_object_is_found_again(members in prop::collection::btree_map(any_key(), any_value(), 0..8)) {
        let object: Map<String, Value> = members.into_iter().collect();
        let line = Value::Object(object.clone()).to_string();
        let event = json::parse(line.as_bytes(), &CX);
        prop_assert_eq!(&event.parse_error, &None);
        let mut expected = Vec::new();
        leaves("", true, &object, &mut expected);
        for (name, text) in expected {
            prop_assert!(is_found(&event, &name, &text), "{name} = {text:?} is lost from {line}: {event:?}");
        }
    }

    #[test]
    fn any_bytes_are_read_or_kept_whole(line: Vec<u8>) {
        let event = json::parse(&line, &CX);
        prop_assert!(event.parse_error.is_none() || *event.message == *line);
    }

    #[test]
    fn any_text_like_json_is_read_as_serde_json_reads_it(line in r#"\{("a"|"\\"|"x\\u00e9"|:|,|\{|\}|\[|\]|1|-|0|\.5|e9|true|null| ){0,12}\}"#) {
        let strict = serde_json::from_str::<Map<String, Value>>(&line).is_ok();
        let event = json::parse(line.as_bytes(), &CX);
        prop_assert_eq!(event.parse_error.is_none(), strict, "{:?} of {}", event.parse_error, line);
    }

    #[test]
    fn a_message_is_completed_without_being_changed(message: Vec<u8>, json in any_value()) {
        for message in [message, json.to_string().into_bytes(), format!("@cee: {json}").into_bytes()] {
            let mut event = LogEvent { message: Cow::Borrowed(&message), ..LogEvent::default() };
            json::complete_from_message(&mut event, &CX);
            prop_assert_eq!(&*event.message, &message[..]);
        }
    }
}
