use super::*;
use crate::Zone;

const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

fn decoded(encoding: Encoding, body: &[u8]) -> Result<Vec<(LogEvent<'static>, Vec<u8>, String)>, BodyFault> {
    let mut found = Vec::new();
    decode(encoding, body, &CX, &mut |Record { event, raw, service }| {
        found.push((event.into_owned(), raw.to_vec(), service.to_owned()));
    })?;
    Ok(found)
}

fn bytes_field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 128);
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

/// `time` is a Timestamp message.
fn protobuf_of(labels: &str, time: &[u8], line: &[u8]) -> Vec<u8> {
    let pair = [bytes_field(1, b"trace"), bytes_field(2, b"7")].concat();
    let entry = [bytes_field(1, time), bytes_field(2, line), bytes_field(3, &pair)].concat();
    bytes_field(1, &[bytes_field(2, &entry), bytes_field(1, labels.as_bytes())].concat())
}

#[test]
fn labels_fill_what_the_line_leaves_open() {
    let body = br#"{"streams":[{"stream":{"app":"shop","host":"web1","level":"warning","env":"prod"},"values":[
        ["1795000000123456789","cart is full",{"trace":"7"}],
        ["1795000001000000000","{\"level\":\"error\",\"msg\":\"boom\",\"app\":\"cart\"}"]]}]}"#;
    let found = decoded(Encoding::Json, body).unwrap();
    let [(first, first_raw, service), (second, second_raw, _)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (first_raw.as_slice(), &*first.message, service.as_str()),
        (&b"cart is full"[..], &b"cart is full"[..], "shop")
    );
    assert_eq!((first.timestamp, first.level), (Some(1_795_000_000_123_456), Level::Warn));
    assert_eq!((&*first.app, &*first.host), ("shop", "web1"));
    for (name, value) in [("env", "prod"), ("level", "warning"), ("trace", "7")] {
        assert_eq!(first.attributes.get(name), Some(value), "{name}");
    }
    assert_eq!(second_raw, br#"{"level":"error","msg":"boom","app":"cart"}"#);
    assert_eq!((&*second.message, &*second.app, second.level), (&b"boom"[..], "cart", Level::Error));
    assert_eq!(second.timestamp, Some(1_795_000_001_000_000));
}

#[test]
fn a_protobuf_line_is_a_slice_of_the_body() {
    let body = protobuf_of("{job=\"nginx\"}", b"\x08\xc8\x01\x10\xd0\x0f", b"hello");
    let (event, raw, service) = decoded(Encoding::Protobuf, &body).unwrap().remove(0);
    assert_eq!((raw.as_slice(), service.as_str(), &*event.app), (&b"hello"[..], "nginx", "nginx"));
    assert_eq!(event.timestamp, Some(200_000_002));
    assert_eq!((event.attributes.get("job"), event.attributes.get("trace")), (Some("nginx"), Some("7")));
    decode(Encoding::Protobuf, &body, &CX, &mut |record| {
        let Cow::Borrowed(message) = record.event.message else { panic!("a copy") };
        assert_eq!(message.as_ptr(), record.raw.as_ptr());
    })
    .unwrap();
}

#[test]
fn what_is_no_push_request_is_refused() {
    for body in [
        "",
        "{}",
        "[]",
        r#"{"streams":5}"#,
        r#"{"streams":[5]}"#,
        r#"{"streams":[{"stream":[],"values":[]}]}"#,
        r#"{"streams":[{"values":"x"}]}"#,
        r#"{"streams":[{"values":["x"]}]}"#,
        r#"{"streams":[{"values":[["1"]]}]}"#,
        r#"{"streams":[{"values":[["1",2]]}]}"#,
        r#"{"streams":[{"values":[["soon","line"]]}]}"#,
        r#"{"streams":[{"values":[["1","line",[]]]}]}"#,
        r#"{"streams":[{"values":[["1","line",{},1]]}]}"#,
        r#"{"streams":[]} x"#,
    ] {
        assert!(decoded(Encoding::Json, body.as_bytes()).is_err(), "{body}");
    }
    for body in [&b"\x0a"[..], b"\x0a\x02\x12\x05", &protobuf_of("app", b"", b"")] {
        assert!(decoded(Encoding::Protobuf, body).is_err(), "{body:?}");
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_kept_beside_those_that_can() {
    let entries = r#"["1","before"],["soon","x"],"no list",["1",{"a": 1}],["1","x",[]],null,["2","behind"]"#;
    let body = format!(r#"{{"streams":[{{"stream":{{"app":"shop"}},"values":[{entries}]}}]}}"#);
    let mut kept = Vec::new();
    let each = &mut |Record { event, raw, service }: Record<'_>| {
        kept.push((
            String::from_utf8(raw.to_vec()).unwrap(),
            event.parse_error.map(Cow::into_owned),
            service.to_owned(),
        ));
    };
    decode(Encoding::Json, body.as_bytes(), &CX, each).unwrap();
    let of_shop = |text: &str, why: Option<&str>| (text.to_owned(), why.map(str::to_owned), "shop".to_owned());
    assert_eq!(
        kept,
        [
            of_shop("before", None),
            of_shop(r#"["soon","x"]"#, Some("an entry does not begin with a time in nanoseconds")),
            of_shop("no list", Some("an entry of values is not a list")),
            of_shop(r#"["1",{"a": 1}]"#, Some("an entry has no line")),
            of_shop(r#"["1","x",[]]"#, Some("the metadata of a line is not an object")),
            of_shop("behind", None),
        ]
    );
}

/// Of each record its line, its fault and its app.
fn kept(encoding: Encoding, body: &[u8]) -> Vec<(String, Option<String>, String)> {
    let found = decoded(encoding, body).unwrap().into_iter();
    let kept = found.map(|(event, raw, service)| {
        (String::from_utf8_lossy(&raw).into_owned(), event.parse_error.map(Cow::into_owned), service)
    });
    kept.collect()
}

fn record(line: &str, why: Option<&str>, app: &str) -> (String, Option<String>, String) {
    (line.to_owned(), why.map(str::to_owned), app.to_owned())
}

#[test]
fn a_stream_that_cannot_be_read_is_kept_beside_those_that_can() {
    let good = r#"{"stream":{"app":"shop"},"values":[["1795000000000000000","m"]]}"#;
    let of_good = record("m", None, "shop");
    for (bad, expected) in [
        ("null", vec![]),
        ("{}", vec![]),
        ("5", vec![record("5", Some("a stream is not an object"), "")]),
        (
            r#"{"stream":{"app":"a"},"values":"x"}"#,
            vec![record(r#"{"stream":{"app":"a"},"values":"x"}"#, Some("values is not a list"), "a")],
        ),
        (r#"{"values" 1}"#, vec![record(r#"{"values" 1}"#, Some("a stream is no JSON"), "")]),
        (r#"{"stream":[1],"values":[["1","x"]]}"#, vec![record("x", Some("stream is not an object"), "")]),
        (
            r#"{"labels":"{app","entries":[{"ts":1,"line":"x"}]}"#,
            vec![record("x", Some("the labels of a stream are not of the form {name=\"value\"}"), "")],
        ),
        (
            r#"{"stream":{"app":"a"},"values":[["1","x"] ["2","y"]]}"#,
            vec![record("x", None, "a"), record(r#" ["2","y"]]"#, Some("values is no JSON from here on"), "a")],
        ),
    ] {
        let body = format!(r#"{{"streams":[{good},{bad},{good}]}}"#);
        let expected = [vec![of_good.clone()], expected, vec![of_good.clone()]].concat();
        assert_eq!(kept(Encoding::Json, body.as_bytes()), expected, "{bad}");
    }
    let (event, ..) = decoded(
        Encoding::Json,
        format!(r#"{{"streams":[{{"labels":"{{app","entries":[{{"ts":1,"line":"x"}}]}},{good}]}}"#).as_bytes(),
    )
    .unwrap()
    .remove(0);
    assert_eq!(event.attributes.get("labels"), Some("{app"));
}

#[test]
fn a_line_with_deep_metadata_or_bytes_that_are_not_utf8_is_one_as_its_neighbours_are() {
    let deep = format!("{}{}", r#"{"a":"#.repeat(5000), "1".to_owned() + &"}".repeat(5000));
    let body = format!(
        r#"{{"streams":[{{"stream":{{"app":"shop"}},"values":[["1","a"],["1","b",{{"deep":{deep}}}],["1","c?"],["1","ü"]]}}]}}"#
    );
    let mut body = body.into_bytes();
    let at = body.iter().rposition(|byte| *byte == b'?').unwrap();
    body[at] = 0xff;
    let lines = ["a", "b", "c\u{fffd}", "ü"].map(|line| record(line, None, "shop"));
    assert_eq!(kept(Encoding::Json, &body), lines);
    assert_eq!(decoded(Encoding::Json, &body).unwrap()[1].0.attributes.get("deep"), Some(&*deep));
}

#[test]
fn a_damaged_entry_or_stream_of_protobuf_costs_its_neighbours_nothing() {
    let entry = |line: &[u8]| bytes_field(2, &bytes_field(2, line));
    let stream = |labels: &[u8], entries: &[u8]| bytes_field(1, &[&bytes_field(1, labels), entries].concat());
    let damaged = bytes_field(2, b"\x12\x05");
    let shop = br#"{app="shop"}"#;
    let body = [
        stream(shop, &[entry(b"a"), damaged, entry(b"b"), b"\x10\x05".to_vec()].concat()),
        stream(b"{app", &entry(b"c")),
        stream(shop, &[entry(b"d"), b"\x12\x05e".to_vec()].concat()),
        stream(shop, &entry(b"f")),
    ];
    let cut_off = Some("cut off before its end");
    assert_eq!(
        kept(Encoding::Protobuf, &body.concat()),
        [
            record("a", None, "shop"),
            record("\u{12}\u{5}", cut_off, "shop"),
            record("b", None, "shop"),
            record("c", Some("the labels of a stream are not of the form {name=\"value\"}"), ""),
            record("d", None, "shop"),
            record("\u{12}\u{5}e", cut_off, "shop"),
            record("f", None, "shop"),
        ]
    );
}

#[test]
fn times_are_in_the_unit_that_their_size_tells() {
    let body = br#"{"streams":[{"values":[["1795000000.5","a"],[1795000000000000001,"b"],["-1","c"],["1795000000","d"],["5000","e"],["0","f"]]}]}"#;
    let times: Vec<_> = decoded(Encoding::Json, body).unwrap().iter().map(|(event, ..)| event.timestamp).collect();
    assert_eq!(
        times,
        [
            Some(1_795_000_000_500_000),
            Some(1_795_000_000_000_000),
            Some(-1),
            Some(1_795_000_000_000_000),
            Some(5),
            None
        ]
    );
}

#[test]
fn labels_are_not_repeated_without_bound() {
    let label = "x".repeat(1 << 20);
    let values = vec![r#"["1",""]"#; 300].join(",");
    let body = format!(r#"{{"streams":[{{"stream":{{"a":"{label}"}},"values":[{values}]}}]}}"#);
    assert_eq!(decode(Encoding::Json, body.as_bytes(), &CX, &mut |_| {}), Err(BodyFault::TooLarge));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(body: Vec<u8>) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            decoded(encoding, &body).ok();
        }
    }

    #[test]
    fn any_line_is_kept(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
        let found = decoded(Encoding::Protobuf, &protobuf_of("{}", b"", &line)).unwrap();
        proptest::prop_assert_eq!(&found.first().unwrap().1, &line);
    }
}

#[test]
fn streams_of_the_first_api_have_labels_in_a_notation_and_entries_that_are_objects() {
    let body = br#"{"streams":[{"labels":"{app=\"shop\", level=\"warn\"}","entries":[
        {"ts":"2026-11-20T12:00:00.5+01:00","line":"cart is full"},{"ts":1795000000123456789,"line":"again"},{"line":"no time"}]}]}"#;
    let found = decoded(Encoding::Json, body).unwrap();
    let [(first, raw, service), (second, ..), (third, ..)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((raw.as_slice(), service.as_str()), (&b"cart is full"[..], "shop"));
    assert_eq!((first.timestamp, first.level), (Some(1_795_172_400_500_000), Level::Warn));
    assert_eq!(second.timestamp, Some(1_795_000_000_123_456));
    assert_eq!((&*third.message, third.parse_error.is_some()), (&br#"{"line":"no time"}"#[..], true));
    for body in
        [r#"{"streams":[{"labels":"{app","entries":[]}]}"#, r#"{"streams":[{"labels":"{}","entries":[{"line":"x"}]}]}"#]
    {
        assert!(decoded(Encoding::Json, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_stream_without_values_costs_others_nothing_and_alone_is_no_request() {
    let good = r#"{"stream":{},"values":[["1795000000000000000","x"]]}"#;
    assert!(decoded(Encoding::Json, br#"{"streams":[{}]}"#).is_err());
    assert_eq!(decoded(Encoding::Json, format!(r#"{{"streams":[{{}},{good}]}}"#).as_bytes()).unwrap().len(), 1);
    assert!(decoded(Encoding::Json, br#"{"streams":[{"values":[]}]}"#).unwrap().is_empty());
}
