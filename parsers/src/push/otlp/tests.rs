use super::*;
use crate::{Level, Zone};

const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

/// The event, or the reason why there is none, and the original bytes.
type Outcome = (Result<LogEvent<'static>, String>, Vec<u8>);

fn decoded(encoding: Encoding, body: &[u8]) -> Result<Vec<Outcome>, BodyFault> {
    let mut found = Vec::new();
    decode(encoding, body, &CX, &mut |item| {
        found.push(match item {
            Item::Record { event, raw, service } => {
                assert_eq!(event.app, service);
                (Ok(event.into_owned()), raw.to_vec())
            }
            Item::Rejected(reason) => (Err(reason), Vec::new()),
        });
    })?;
    Ok(found)
}

fn json_of(records: &str) -> String {
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"web1"}},{"key":"process.pid","value":{"intValue":"812"}}]}"#;
    let scope = r#"{"name":"shop.cart","version":"1.2","attributes":[{"key":"a","value":{"boolValue":true}}]}"#;
    format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":{records},"scope":{scope}}}],"resource":{resource},"schemaUrl":"u"}}]}}"#
    )
}

fn json_records(records: &str) -> Vec<Outcome> {
    decoded(Encoding::Json, json_of(records).as_bytes()).unwrap()
}

#[test]
fn whole_numbers_may_have_a_fraction_of_nothing_or_an_exponent() {
    let found = json_records(
        r#"[{"timeUnixNano":1.795e18,"severityNumber":17.0,"flags":"1e0"},{"severityNumber":1.5},{"flags":1e400},{"flags":-1e0}]"#,
    );
    let event = found[0].0.as_ref().unwrap();
    assert_eq!(
        (event.timestamp, event.level, event.attributes.get("flags")),
        (Some(1_795_000_000_000_000), Level::Error, Some("1"))
    );
    assert!(found[1..].iter().all(|(outcome, _)| outcome.is_err()));
}

/// A field of bytes.
fn bytes_field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 1 << 14);
    let length = [bytes.len() as u8 & 0x7f | 0x80, (bytes.len() >> 7) as u8];
    [&[number << 3 | 2], &length[..], bytes].concat()
}

fn key_value(name: &str, value: &[u8]) -> Vec<u8> {
    [bytes_field(1, name.as_bytes()), bytes_field(2, value)].concat()
}

fn text_value(text: &str) -> Vec<u8> {
    bytes_field(1, text.as_bytes())
}

/// A request with these records; the resource comes last, as it may.
fn protobuf_of(records: &[Vec<u8>]) -> Vec<u8> {
    let records = records.iter().map(|record| bytes_field(2, record)).collect::<Vec<_>>().concat();
    let scope = bytes_field(1, &[text_value("shop.cart"), bytes_field(3, &key_value("a", b"\x10\x01"))].concat());
    let resource = bytes_field(1, &bytes_field(1, &key_value("service.name", &text_value("shop"))));
    bytes_field(1, &[bytes_field(2, &[records, scope].concat()), resource].concat())
}

#[test]
fn a_json_record_fills_fields_and_keeps_its_own_text() {
    let record = r#"{ "timeUnixNano":"1795000000123456789", "observedTimeUnixNano": 1795000001000000000,
        "severityNumber":13,"severityText":"Warning","body":{"stringValue":"cart is full"},"flags":1,
        "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","eventName":"cart.full",
        "droppedAttributesCount":2,"attributes":[{"key":"enduser.id","value":{"stringValue":"alice"}},
        {"key":"client.address","value":{"stringValue":"203.0.113.5"}},{"key":"n","value":{"intValue":7}},
        {"key":"d","value":{"doubleValue":0.50}},{"key":"none","value":{}},{"key":"nan","value":{"doubleValue":"NaN"}},
        {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a\"b"},{"intValue":"3"},{}]}}},
        {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"kvlistValue":{}}}]}}}],"unknown":[1] }"#;
    let (event, raw) = json_records(&format!("[{record}]")).remove(0);
    let event = event.unwrap();
    assert_eq!(raw, record.as_bytes());
    assert_eq!((event.timestamp, event.level), (Some(1_795_000_000_123_456), Level::Warn));
    assert_eq!(&*event.message, b"cart is full");
    assert_eq!((&*event.app, &*event.host, &*event.proc_id, &*event.user_name), ("shop", "web1", "812", "alice"));
    assert_eq!(event.ip, Some("203.0.113.5".parse().unwrap()));
    for (name, value) in [
        ("severity_number", "13"),
        ("severity_text", "Warning"),
        ("observed_time_unix_nano", "1795000001000000000"),
        ("trace_id", "5B8EFFF798038103D269B633813FC60C"),
        ("span_id", "eee19b7ec3c1b174"),
        ("event_name", "cart.full"),
        ("flags", "1"),
        ("dropped_attributes_count", "2"),
        ("n", "7"),
        ("d", "0.50"),
        ("nan", "NaN"),
        ("list", r#"["a\"b",3,null]"#),
        ("map", r#"{"k":{}}"#),
        ("scope.name", "shop.cart"),
        ("scope.version", "1.2"),
        ("scope.attributes.a", "true"),
        ("resource.service.name", "shop"),
        ("resource.schema_url", "u"),
    ] {
        assert_eq!(event.attributes.get(name), Some(value), "{name}");
    }
    assert_eq!(event.attributes.get("none"), None);
}

#[test]
fn a_protobuf_record_fills_fields_and_keeps_its_own_bytes() {
    let mut record = vec![0x09];
    record.extend(1_795_000_000_123_456_789_u64.to_le_bytes());
    record.extend([0x10, 17]);
    record.extend(bytes_field(5, &text_value("größe")));
    for (name, value) in [
        ("user.name", text_value("bob")),
        ("int", b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec()),
        ("double", [&[0x21][..], &0.5_f64.to_le_bytes()].concat()),
        ("bytes", bytes_field(7, b"\xff\x00")),
        ("list", bytes_field(5, &[bytes_field(1, &text_value("a")), bytes_field(1, b"")].concat())),
        ("map", bytes_field(6, &bytes_field(1, &key_value("k", b"\x10\x00")))),
    ] {
        record.extend(bytes_field(6, &key_value(name, &value)));
    }
    record.extend(bytes_field(9, &[0xab; 16]));
    let (event, raw) = decoded(Encoding::Protobuf, &protobuf_of(&[record.clone()])).unwrap().remove(0);
    let event = event.unwrap();
    assert_eq!(raw, record);
    assert_eq!((event.timestamp, event.level), (Some(1_795_000_000_123_456), Level::Error));
    assert_eq!((&*event.message, &*event.user_name, &*event.app), ("größe".as_bytes(), "bob", "shop"));
    for (name, value) in [
        ("int", "-1"),
        ("double", "0.5"),
        ("bytes", "/wA="),
        ("list", r#"["a",null]"#),
        ("map", r#"{"k":false}"#),
        ("trace_id", "abababababababababababababababab"),
        ("scope.attributes.a", "true"),
        ("scope.name", "shop.cart"),
    ] {
        assert_eq!(event.attributes.get(name), Some(value), "{name}");
    }
}

#[test]
fn a_body_of_text_is_borrowed_from_the_original_bytes() {
    let record = bytes_field(5, &text_value("hello"));
    for (encoding, body) in [
        (Encoding::Protobuf, protobuf_of(&[record])),
        (Encoding::Json, json_of(r#"[{"body":{"stringValue":"hello"}}]"#).into_bytes()),
    ] {
        decode(encoding, &body, &CX, &mut |item| {
            let Item::Record { event, raw, .. } = item else { panic!("{item:?}") };
            let std::borrow::Cow::Borrowed(message) = event.message else { panic!("a copy") };
            let (raw, message) = (raw.as_ptr_range(), message.as_ptr_range());
            assert!(raw.start <= message.start && message.end <= raw.end);
        })
        .unwrap();
    }
}

#[test]
fn a_bad_record_is_rejected_alone_and_says_why() {
    let good = r#"{"body":{"stringValue":"m"}}"#;
    for (bad, reason) in [
        (r#"{"attributes":[{"key":"a","value":{"arrayValue":1}}]}"#, "arrayValue in value is of another type"),
        (r#"{"body":[]}"#, "body is not an object"),
        (r#"{"body":{"intValue":"x"}}"#, "intValue in body is of another type"),
        (r#"{"attributes":{"a":1}}"#, "attributes is not a list"),
        (r#"{"timeUnixNano":"soon"}"#, "timeUnixNano is not a whole number"),
        ("5", "a log record is not an object"),
    ] {
        let found = json_records(&format!("[{good},{bad},{good}]"));
        let outcomes: Vec<_> = found.iter().map(|(outcome, _)| outcome.as_ref().err().map(String::as_str)).collect();
        assert_eq!(outcomes, [None, Some(reason), None], "{bad}");
    }
    let good = bytes_field(5, &text_value("m"));
    let found = decoded(Encoding::Protobuf, &protobuf_of(&[good.clone(), b"\x2a\x05\x0a".to_vec(), good])).unwrap();
    let outcomes: Vec<bool> = found.iter().map(|(outcome, _)| outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, false, true]);
}

/// `{"arrayValue":{"values":[ … ]}}` so many times around a text.
fn nested_lists(levels: usize) -> String {
    format!(r#"{}{{"stringValue":"in"}}{}"#, r#"{"arrayValue":{"values":["#.repeat(levels), "]}}".repeat(levels))
}

#[test]
fn however_deep_a_json_record_is_it_and_its_neighbours_are_kept() {
    let good = r#"{"body":{"stringValue":"m"}}"#;
    for levels in [1, 19, 31, 32, 40, 200, 20_000] {
        let deep = format!(
            r#"{{"body":{},"attributes":[{{"key":"a","value":{{"stringValue":"b"}}}}]}}"#,
            nested_lists(levels)
        );
        let found = json_records(&format!("[{good},{deep},{good}]"));
        let [(Ok(first), _), (Ok(event), raw), (Ok(last), _)] = found.as_slice() else { panic!("{levels}: {found:?}") };
        assert_eq!((&*first.message, &*last.message, raw.as_slice()), (&b"m"[..], &b"m"[..], deep.as_bytes()));
        assert_eq!(event.attributes.get("a"), Some("b"));
        let message = std::str::from_utf8(&event.message).unwrap();
        let taken_apart = message.bytes().take_while(|byte| *byte == b'[').count();
        assert_eq!(taken_apart, levels.min(32));
        if levels >= 32 {
            // The rest is a text within the innermost list, so that the whole is still JSON.
            let rest = nested_lists(levels - 32).replace('"', "\\\"");
            assert_eq!(message, format!("{}\"{rest}\"{}", "[".repeat(32), "]".repeat(32)));
        }
    }
    let maps = r#"{"a":"#.repeat(300) + &"}".repeat(300).replacen('}', "{}}", 1);
    let found = json_records(&format!(r#"[{{"body":{maps}}}]"#));
    assert!(found[0].0.is_ok(), "{found:?}");
    let unknown = format!(r#"{{"body":{{"stringValue":"m"}},"unknown":{}{}}}"#, "[".repeat(80), "]".repeat(80));
    assert!(json_records(&format!("[{unknown}]"))[0].0.is_ok());
}

#[test]
fn however_deep_a_protobuf_record_is_it_is_kept() {
    let mut value = text_value("in");
    for _ in 0..200 {
        value = bytes_field(5, &bytes_field(1, &value));
    }
    let found = decoded(Encoding::Protobuf, &protobuf_of(&[bytes_field(5, &value), bytes_field(5, &text_value("m"))]));
    let found = found.unwrap();
    let [(Ok(deep), _), (Ok(good), _)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(&*good.message, b"m");
    assert!(deep.message.starts_with(&[&[b'['; 64][..], b"\""].concat()), "{deep:?}");
}

#[test]
fn a_byte_that_is_not_utf8_is_replaced_and_kept_in_the_original_bytes() {
    let bad = b"{\"body\":{\"stringValue\":\"gr\xfc\xdfe\"},\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValue\":\"\xff\"}}]}";
    let good = "{\"body\":{\"stringValue\":\"grüße\"}}";
    let around = json_of("[BAD,GOOD]");
    let (before, after) = around.split_once("BAD,GOOD").unwrap();
    let body = [before.as_bytes(), bad, b",", good.as_bytes(), after.as_bytes()].concat();
    let found = decoded(Encoding::Json, &body).unwrap();
    let [(Ok(first), first_raw), (Ok(second), second_raw)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((first_raw.as_slice(), second_raw.as_slice()), (&bad[..], good.as_bytes()));
    assert_eq!((&*first.message, &*second.message), ("gr\u{fffd}\u{fffd}e".as_bytes(), "grüße".as_bytes()));
    assert_eq!((first.attributes.get("a"), &*first.app), (Some("\u{fffd}"), "shop"));
}

#[test]
fn what_is_wrong_around_records_costs_those_beside_it_nothing() {
    let good = r#"{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"logRecords":[{"body":{"stringValue":"m"}}]}]}"#;
    for (bad, reason) in [
        ("5", "an element of resourceLogs is not an object"),
        (r#"{"scopeLogs":{}}"#, "scopeLogs is not a list"),
        (r#"{"scopeLogs":[5]}"#, "an element of scopeLogs is not an object"),
        (r#"{"scopeLogs":[{"logRecords":5}]}"#, "logRecords is not a list"),
        (r#"{"a" 1}"#, "expected ':' at byte 5"),
        (r#"{"scopeLogs":[{"logRecords":[{"body" 1}]}]}"#, "expected ':'"),
    ] {
        let found = decoded(Encoding::Json, format!(r#"{{"resourceLogs":[{good},{bad},{good}]}}"#).as_bytes()).unwrap();
        let outcomes: Vec<_> = found.iter().map(|(outcome, _)| outcome.as_ref().err().map(String::as_str)).collect();
        assert_eq!(outcomes, [None, Some(reason), None], "{bad}");
    }
    let strange = r#"{"resourceLogs":[{"resource":{"attributes":"x"},"scopeLogs":[{"scope":[1],"logRecords":[{}]}]}]}"#;
    let event = decoded(Encoding::Json, strange.as_bytes()).unwrap().remove(0).0.unwrap();
    let kept = (event.attributes.get("resource"), event.attributes.get("scope"));
    assert_eq!(kept, (Some(r#"{"attributes":"x"}"#), Some("[1]")));
    let good = protobuf_of(&[bytes_field(5, &text_value("m"))]);
    let found = decoded(Encoding::Protobuf, &[&good[..], b"\x0a\x02\x12\x05", &good].concat()).unwrap();
    let outcomes: Vec<bool> = found.iter().map(|(outcome, _)| outcome.is_ok()).collect();
    assert_eq!(outcomes, [true, false, true]);
    let strange = bytes_field(1, &[bytes_field(1, b"\x0a\x05"), bytes_field(2, &bytes_field(2, b""))].concat());
    let event = decoded(Encoding::Protobuf, &strange).unwrap().remove(0).0.unwrap();
    assert_eq!(event.attributes.get("resource"), Some("CgU="));
}

#[test]
fn a_record_with_an_invalid_id_is_of_no_trace_and_is_kept() {
    let ids = |event: &LogEvent<'_>| {
        ["trace_id", "invalid_trace_id", "span_id", "invalid_span_id"]
            .map(|name| event.attributes.get(name).unwrap_or("-").to_owned())
    };
    let (trace, span) = ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174");
    for (fields, expected) in [
        (format!(r#""traceId":"12","spanId":"{span}""#), ["-", "12", span, "-"]),
        (format!(r#""traceId":"{trace}","spanId":"00000000000000Z1""#), [trace, "-", "-", "00000000000000Z1"]),
        (r#""traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":7"#.to_owned(), ["-", "W47/95gDgQPSabYzgT/GDA==", "-", "7"]),
        (r#""traceId":"0000","spanId":null"#.to_owned(), ["-", "-", "-", "-"]),
    ] {
        let event = json_records(&format!("[{{{fields}}}]")).remove(0).0.unwrap();
        assert_eq!(ids(&event), expected, "{fields}");
    }
    let record = [bytes_field(5, &text_value("m")), bytes_field(9, &[0xab; 8]), bytes_field(10, &[0xcd; 8])].concat();
    let event = decoded(Encoding::Protobuf, &protobuf_of(&[record])).unwrap().remove(0).0.unwrap();
    assert_eq!(&*event.message, b"m");
    assert_eq!(ids(&event), ["-", "abababababababab", "cdcdcdcdcdcdcdcd", "-"]);
}

#[test]
fn a_body_that_is_no_request_is_refused() {
    for body in [
        "",
        "[]",
        "{",
        r#"{"resourceLogs":{}}"#,
        r#"{"resourceLogs":[5]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":{}}]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[5]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{]}]}]}"#,
        "{} {}",
    ] {
        assert!(decoded(Encoding::Json, body.as_bytes()).is_err(), "{body}");
    }
    assert!(decoded(Encoding::Json, b"{\"resourceLogs\":[],\xff}").is_err());
    assert!(decoded(Encoding::Protobuf, b"\x0a\x05\x0a").is_err());
    for body in ["{}", r#"{"resourceLogs":null}"#, r#"{"resourceLogs":[{"scopeLogs":[{}]}]}"#] {
        assert!(decoded(Encoding::Json, body.as_bytes()).unwrap().is_empty(), "{body}");
    }
    assert!(decoded(Encoding::Protobuf, b"").unwrap().is_empty());
}

#[test]
fn attributes_under_the_names_of_programs_name_user_and_address_behind_those_of_the_conventions() {
    let record = |attributes: &[(&str, &str)]| {
        let attributes =
            attributes.iter().map(|(key, value)| format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#));
        format!(r#"{{"body":{{"stringValue":"no"}},"attributes":[{}]}}"#, attributes.collect::<Vec<_>>().join(","))
    };
    let event = |attributes: &[(&str, &str)]| json_records(&format!("[{}]", record(attributes))).remove(0).0.unwrap();
    let own = event(&[("ip", "192.0.2.7"), ("user", "ada")]);
    assert_eq!((&*own.user_name, own.ip), ("ada", "192.0.2.7".parse().ok()));
    let both = event(&[("user", "ada"), ("ip", "192.0.2.7"), ("client.address", "192.0.2.8"), ("enduser.id", "eve")]);
    assert_eq!((&*both.user_name, both.ip), ("eve", "192.0.2.8".parse().ok()));
    let none = event(&[("ip", "of nobody"), ("user", "")]);
    assert_eq!((&*none.user_name, none.ip), ("", None));
}

#[test]
fn a_body_without_a_severity_may_state_it_and_a_map_gives_its_members() {
    let event = |record: &str| json_records(&format!("[{record}]")).remove(0).0.unwrap();
    let stated = event(r#"{"body":{"stringValue":"2026-11-20 ERROR login failed for user 'eve' from 192.0.2.1"}}"#);
    assert_eq!((stated.level, &*stated.user_name), (Level::Error, "eve"));
    assert_eq!(stated.ip, Some("192.0.2.1".parse().unwrap()));
    let map = event(
        r#"{"severityNumber":9,"body":{"kvlistValue":{"values":[{"key":"level","value":{"stringValue":"error"}},{"key":"user","value":{"stringValue":"eve"}}]}}}"#,
    );
    assert_eq!(&*map.message, br#"{"level":"error","user":"eve"}"#);
    assert_eq!((map.level, &*map.user_name), (Level::Info, "eve"), "what the protocol states goes before the body");
    assert_eq!(&*event(r#"{"eventName":"device.crash"}"#).message, b"device.crash");
    assert_eq!(event("{}").timestamp, None);
    assert_eq!(event(r#"{"observedTimeUnixNano":"1795000001000000000"}"#).timestamp, Some(1_795_000_001_000_000));
}

#[test]
fn names_of_the_proto_files_and_of_old_versions_lose_nothing() {
    let snake = r#"{"resource_logs":[{"resource":{"attributes":[{"key":"service.name","value":{"string_value":"shop"}}]},
        "scope_logs":[{"log_records":[{"time_unix_nano":"1795000000123456789","severity_text":"ERROR","trace_id":"5b8efff798038103d269b633813fc60c",
        "body":{"kvlist_value":{"values":[{"key":"n","value":{"int_value":"7"}}]}}}]}]}]}"#;
    let old = r#"{"resourceLogs":[{"instrumentationLibraryLogs":[{"instrumentationLibrary":{"name":"shop.cart"},
        "logs":[{"body":{"stringValue":"old"}}]}]}]}"#;
    let (event, _) = decoded(Encoding::Json, snake.as_bytes()).unwrap().remove(0);
    let event = event.unwrap();
    assert_eq!((event.timestamp, event.level, &*event.app), (Some(1_795_000_000_123_456), Level::Error, "shop"));
    assert_eq!((&*event.message, event.attributes.get("n")), (&br#"{"n":7}"#[..], Some("7")));
    assert_eq!(event.attributes.get("trace_id"), Some("5b8efff798038103d269b633813fc60c"));
    let (event, _) = decoded(Encoding::Json, old.as_bytes()).unwrap().remove(0);
    let event = event.unwrap();
    assert_eq!((&*event.message, event.attributes.get("scope.name")), (&b"old"[..], Some("shop.cart")));
}

#[test]
fn a_severity_may_be_a_name_and_one_without_a_meaning_costs_nothing() {
    for (severity, level, kept) in [
        ("\"SEVERITY_NUMBER_ERROR2\"", Level::Error, Some("18")),
        ("\"13\"", Level::Warn, Some("13")),
        ("-1", Level::Unknown, Some("-1")),
        ("25", Level::Unknown, Some("25")),
        ("null", Level::Unknown, None),
    ] {
        let record = format!(r#"[{{"severityNumber":{severity},"traceFlags":1}}]"#);
        let event = json_records(&record).remove(0).0.unwrap();
        let found = (event.level, event.attributes.get("severity_number"), event.attributes.get("flags"));
        assert_eq!(found, (level, kept, Some("1")), "{severity}");
    }
    let record = b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec();
    let event = decoded(Encoding::Protobuf, &protobuf_of(&[record])).unwrap().remove(0).0.unwrap();
    assert_eq!((event.level, event.attributes.get("severity_number")), (Level::Unknown, Some("-1")));
}

#[test]
fn an_object_of_values_is_a_map_where_no_type_is_stated() {
    let record = r#"[{"attributes":[{"key":"map","value":{"a_b":{"stringValue":"x"},"n":{"intValue":2},"none":null}},
        {"key":"later","value":{"someValue":5}}]}]"#;
    let event = json_records(record).remove(0).0.unwrap();
    assert_eq!(event.attributes.get("map"), Some(r#"{"a_b":"x","n":2,"none":null}"#));
    assert_eq!(event.attributes.get("later"), None);
}

#[test]
fn what_records_share_is_not_repeated_without_bound() {
    let large = "x".repeat(1 << 20);
    let records = vec!["{}"; 300].join(",");
    let body = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"k","value":{{"stringValue":"{large}"}}}}]}},"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#
    );
    let outcome = decode(Encoding::Json, body.as_bytes(), &CX, &mut |_| {});
    assert_eq!(outcome, Err(BodyFault::TooLarge));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(body: Vec<u8>) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            decoded(encoding, &body).ok();
        }
    }

    #[test]
    fn any_record_is_survived(record: Vec<u8>, json in "[\\[\\]{}:,\"a-z0-9]{0,40}") {
        let body = protobuf_of(&[record]);
        proptest::prop_assert_eq!(decoded(Encoding::Protobuf, &body).unwrap().len(), 1);
        decoded(Encoding::Json, json_of(&format!("[{json}]")).as_bytes()).ok();
    }
}
