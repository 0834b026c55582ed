use super::*;
use crate::Zone;

const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

fn all(body: &str) -> Vec<Result<Event<'_>, Fault>> {
    events(body.as_bytes(), Metadata::default(), &CX).collect()
}

fn only(body: &str) -> Event<'_> {
    let mut all = all(body);
    assert_eq!(all.len(), 1);
    all.remove(0).unwrap()
}

fn raws(body: &[u8]) -> Vec<Result<String, Fault>> {
    let raw = |event: Event<'_>| String::from_utf8_lossy(event.raw).into_owned();
    events(body, Metadata::default(), &CX).map(|outcome| outcome.map(raw)).collect()
}

#[test]
fn an_event_is_read_with_its_envelope() {
    let body = r#"{"time":"1426279439.123","host":"web1","source":"shop","sourcetype":"st","index":"main",
        "event":{"message":"hi","level":"warn","user":"bob"},"fields":{"dc":"eu","n":3}}"#;
    let Event { event, raw, source } = only(body);
    assert_eq!((raw, source.as_deref()), (body.as_bytes(), Some("shop")));
    assert_eq!((&*event.message, &*event.host, &*event.user_name), (&b"hi"[..], "web1", "bob"));
    assert_eq!((event.level, event.timestamp), (Level::Warn, Some(1_426_279_439_123_000)));
    for (name, value) in [("dc", "eu"), ("n", "3"), ("source", "shop"), ("sourcetype", "st"), ("index", "main")] {
        assert_eq!(event.attributes.get(name), Some(value), "{name}");
    }
}

#[test]
fn an_event_in_text_is_read_as_the_line_it_is() {
    let body = r#"{"event":"<34>Oct 11 22:14:15 mymachine su[7]: failed","host":"proxy","time":1426279439123}"#;
    let event = only(body).event;
    assert_eq!((&*event.message, &*event.app, &*event.host), (&b"failed"[..], "su", "proxy"));
    assert_eq!((event.severity, event.timestamp), (Some(2), Some(1_426_279_439_123_000)));
    assert!(matches!(event.message, Cow::Borrowed(_)));
    let event = only(r#"{"event":"login failed from 192.0.2.7"}"#).event;
    assert_eq!(event.ip, Some("192.0.2.7".parse().unwrap()));
    let event = only(r#"{"event":[1,2]}"#).event;
    assert_eq!(&*event.message, b"[1,2]");
}

#[test]
fn members_that_splunk_does_not_know_are_attributes() {
    let event =
        only(r#"{"event":"cart emptied","stage":"beta","pod":{"zone":"b"},"fields":{"n":1},"flag":null}"#).event;
    let found: Vec<_> = event.attributes.iter().collect();
    assert_eq!(found, [("n", "1"), ("stage", "beta"), ("pod", r#"{"zone":"b"}"#)]);
    let many = format!(r#"{{"event":"x"{}}}"#, r#","a":1"#.repeat(5000));
    assert!(only(&many).event.attributes.len() <= OTHERS_MAX);
}

#[test]
fn a_time_of_the_first_years_is_one_where_the_protocol_says_so() {
    let of = |time: &str| {
        let body = format!(r#"{{"event":"x","time":{time}}}"#);
        let event = only(&body).event;
        (event.timestamp, event.attributes.get("time").map(str::to_owned))
    };
    assert_eq!(of("63072000"), (Some(63_072_000_000_000), None));
    assert_eq!(of("\"0.5\""), (Some(500_000), None));
    for none in ["0", "-7", "\"soon\"", "1e300", "\"inf\""] {
        assert_eq!(of(none), (None, Some(none.trim_matches('"').to_owned())), "{none}");
    }
}

#[test]
fn events_may_stand_in_an_array_and_a_bad_one_is_named() {
    let found = raws(b" [ {\"event\":\"1\"} ,\n{\"event\":\"2\"},] {\"event\":\"[3]\"}");
    let raw = |text: &str| Ok(text.to_owned());
    assert_eq!(found, [raw("{\"event\":\"1\"}"), raw("{\"event\":\"2\"}"), raw("{\"event\":\"[3]\"}")]);
    assert_eq!(raws(b"[]"), []);
    assert_eq!(raws(b"{\"event\":\"1\"},\n{\"event\":\"2\"}"), [raw("{\"event\":\"1\"}"), raw("{\"event\":\"2\"}")]);
    assert_eq!(raws(b"[5,\n{\"event\":\"2\"}]"), [Err(Fault::Malformed), raw("{\"event\":\"2\"}")]);
}

#[test]
fn a_time_for_all_is_that_of_lines_that_state_none() {
    let metadata = Metadata { time: Some(1_795_000_000_000_000), ..Metadata::default() };
    let found = lines(b"plain\n{\"time\":1426279439,\"msg\":\"m\"}\n", metadata, &CX);
    let times: Vec<_> = found.map(|event| event.event.timestamp).collect();
    assert_eq!(times, [Some(1_795_000_000_000_000), Some(1_426_279_439_000_000)]);
}

#[test]
fn a_line_is_the_message_of_an_object_without_one() {
    for (event, message) in [
        (r#"{"line":"hello","n":1}"#, "hello"),
        (r#"{"line":"hello","message":"m"}"#, "m"),
        (r#"{"line":42}"#, r#"{"line":42}"#),
    ] {
        let body = format!(r#"{{"event":{event}}}"#);
        assert_eq!(String::from_utf8_lossy(&only(&body).event.message), message);
    }
}

#[test]
fn what_the_collectors_exporter_says_of_a_severity_is_the_level() {
    for fields in [r#"{"otel.log.severity.text":"Error"}"#, r#"{"otel.log.severity.number":17}"#] {
        let body = format!(r#"{{"event":"m","fields":{fields}}}"#);
        assert_eq!(only(&body).event.level, Level::Error, "{fields}");
    }
}

#[test]
fn what_an_event_is_filed_under_holds_for_those_behind_it() {
    let body = r#"{"event":"1","source":"a","host":"h"}{"event":"2"} {"event":"3","source":"b"}"#;
    let filed: Vec<_> = all(body)
        .into_iter()
        .map(|event| event.map(|event| (event.source.unwrap().into_owned(), event.event.host.into_owned())))
        .collect();
    let pair = |source: &str| Ok((source.to_owned(), "h".to_owned()));
    assert_eq!(filed, [pair("a"), pair("a"), pair("b")]);
    let defaults = Metadata { source: Some("d".into()), ..Metadata::default() };
    let first = events(br#"{"event":"1"}"#, defaults, &CX).next().unwrap().unwrap();
    assert_eq!(first.source.as_deref(), Some("d"));
}

#[test]
fn a_bad_event_costs_its_neighbours_nothing() {
    let good = r#"{"event":"x"}"#;
    let kept = Ok(good.to_owned());
    for (bad, fault) in [
        (r#"{"host":"h"}"#, Fault::NoEvent),
        (r#"{"event":null}"#, Fault::NoEvent),
        (r#"{"event":" "}"#, Fault::BlankEvent),
        (r#"{"event":"x","fields":5}"#, Fault::BadFields),
        ("rubbish", Fault::Malformed),
        (r#"{"event":"x""#, Fault::Malformed),
        (r#"{"event":"x"#, Fault::Malformed),
    ] {
        let expected = [kept.clone(), Err(fault), kept.clone()];
        assert_eq!(raws(format!("{good}\n{bad}\n{good}").as_bytes()), expected, "{bad}");
    }
    assert_eq!(raws(b" \n{\"event\":\"x\"}\n   "), std::slice::from_ref(&kept));
    assert!(raws(b" ").is_empty());
    let mixed = [good.as_bytes(), b"\n{\"event\":\"\xff\"}\n", good.as_bytes()].concat();
    assert_eq!(raws(&mixed), [kept.clone(), Ok("{\"event\":\"\u{fffd}\"}".to_owned()), kept]);
}

#[test]
fn a_bad_event_costs_those_on_its_line_nothing() {
    let kept = |text: &str| Ok(text.to_owned());
    let (a, b) = (r#"{"event":"a"}"#, r#"{"event":{"n":"b}"}}"#);
    let bad = Err(Fault::Malformed);
    for broken in [r#"{"event":bad}"#, r#"{"event":{"x":"}","y":[1,x],"z":{"event":"no"}}}"#, " junk ", "5"] {
        assert_eq!(raws(format!("{a}{broken}{b}{a}").as_bytes()), [kept(a), bad.clone(), kept(b), kept(a)], "{broken}");
        let array = format!("[{a}, {broken}, {b}]");
        assert_eq!(raws(array.as_bytes()), [kept(a), bad.clone(), kept(b)], "{array}");
    }
    // The object with the byte that is no UTF-8 is kept, too.
    for between in [&b""[..], b" ", b",\n"] {
        let mixed = [a.as_bytes(), between, b"{\"event\":\"\xff\"}", between, b.as_bytes()].concat();
        assert_eq!(raws(&mixed), [kept(a), kept("{\"event\":\"\u{fffd}\"}"), kept(b)]);
        let pretty = [b"{\n  \"event\": {\n    \"n\": 1\n  }\n}\n", &mixed[..]].concat();
        assert_eq!(raws(&pretty).iter().filter(|found| found.is_ok()).count(), 4);
    }
    assert_eq!(raws(b"\xff{\"event\":\"a\"}\xff"), [bad.clone(), kept(a), bad]);
}

#[test]
fn an_event_that_is_nested_too_deep_is_kept_unparsed() {
    let deep = format!(r#"{{"event":{}1{},"host":"no"}}"#, "{\"a\":".repeat(80), "}".repeat(80));
    let body = format!(r#"{{"event":"a","host":"h"}}{deep}{{"event":"b"}}"#);
    let found: Vec<Event<'_>> = all(&body).into_iter().map(Result::unwrap).collect();
    let [first, second, third] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((first.raw.len(), second.raw, third.raw), (24, deep.as_bytes(), &b"{\"event\":\"b\"}"[..]));
    assert_eq!((&*second.event.message, &*second.event.host), (deep.as_bytes(), "h"));
    assert!(second.event.parse_error.as_ref().is_some_and(|why| why.contains("nested too deep")));
    let lossy = [body.as_bytes(), b"\xff"].concat();
    assert_eq!(raws(&lossy).iter().filter(|found| found.is_ok()).count(), 3);
}

#[test]
fn a_record_beside_its_severity_is_the_event() {
    let event = only(r#"{"event":{"message":{"msg":"no","meta":{"user":"ada"},"n":7},"severity":"error"}}"#).event;
    assert_eq!((&*event.message, event.level, &*event.user_name), (&b"no"[..], Level::Error, "ada"));
    assert_eq!((event.attributes.get("severity"), event.attributes.get("n")), (Some("error"), Some("7")));
    let text = only(r#"{"event":{"message":"no","severity":"warn"}}"#).event;
    assert_eq!((&*text.message, text.level), (&b"no"[..], Level::Warn));
    let other = only(r#"{"event":{"message":{"msg":"no"},"severity":"warn","n":7}}"#).event;
    assert_eq!(other.attributes.get("message.msg"), Some("no"));
}

#[test]
fn a_byte_order_mark_between_events_is_counted() {
    let raw = |event: &str| Ok(event.to_owned());
    let (first, second) = (r#"{"event":"x"}"#, "\u{feff}{\"event\":\"\u{65e5}\"}");
    assert_eq!(raws(format!("{first}{second}{first}").as_bytes()), [raw(first), raw(second), raw(first)]);
}

#[test]
fn the_time_for_a_body_grows_as_its_length_does() {
    // Were the rest of the body looked at for each event, that would be 220 GB.
    let events = r#"{"event":1}"#.repeat(200_000);
    for body in [events.clone().into_bytes(), [events.as_bytes(), b"\n\xff"].concat()] {
        assert!(raws(&body).len() >= 200_000);
    }
    // Nor is the rest looked at for each object that is broken.
    for broken in ["{", "{\"a", "{\"a\":[}{\"b\"", "{\"a\":{\"b\":[{},", "{{\"}", "}{\"", "[{\"a\" ", "x{\"\n"] {
        let body = broken.repeat(300_000);
        assert!(raws(body.as_bytes()).len() <= body.len());
        assert!(raws(&[body.as_bytes(), b"\xff"].concat()).len() <= body.len() + 1);
    }
}

#[test]
fn plain_lines_are_records() {
    let metadata = Metadata { sourcetype: Some("st".into()), ..Metadata::default() };
    let found: Vec<_> = lines(b"one\r\n\n{\"message\":\"two\"}", metadata, &CX).collect();
    assert_eq!(found.iter().map(|event| &*event.event.message).collect::<Vec<_>>(), [&b"one"[..], b"two"]);
    assert_eq!(
        (found[1].raw, found[1].event.attributes.get("sourcetype")),
        (&b"{\"message\":\"two\"}"[..], Some("st"))
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(body: Vec<u8>) {
        let found = events(&body, Metadata::default(), &CX).count();
        proptest::prop_assert!(found <= body.len());
    }

    #[test]
    fn any_text_of_json_is_survived(body in "[{}\\[\\]\":,a\\\\ \n0]{0,60}") {
        let good = "\n{\"event\":\"needle\"}";
        let body = format!("{body}{good}");
        let found = events(body.as_bytes(), Metadata::default(), &CX)
            .filter(|outcome| outcome.as_ref().is_ok_and(|event| event.raw == good.trim().as_bytes()));
        let found = found.count();
        proptest::prop_assert!(found <= 1);
    }
}

#[test]
fn what_is_never_closed_costs_no_event_behind_it() {
    for bad in [
        r#"{"event":{"a":1}"#,
        r#"{"event":{"a":{"b":1},"c":[{"d":1},{"e":2}]}"#,
        r#"{"event":[1,2}"#,
        r#"{"event":[1,2"#,
        r#"{"event":"text}"#,
        r#"{"event":"text"#,
        r#"{"event":"#,
        r#"{"event"#,
        "{",
    ] {
        for (first, between, last) in
            [("", "", ""), ("", "\n", ""), ("", " ", "\n"), ("[", ",", "]"), ("[", ",\n", "]")]
        {
            let good = [r#"{"event":"one"}"#, r#"{"time":1795000000,"event":{"message":"two","n":{}}}"#];
            let body = format!("{first}{}{between}{bad}{between}{}{last}", good.join(between), good.join(between));
            let found: Vec<_> = raws(body.as_bytes()).into_iter().flatten().collect();
            assert_eq!(found, [good, good].concat(), "{body}");
        }
    }
}

#[test]
fn what_has_no_end_is_no_event_in_whatever_bytes() {
    let deep = [br#"{"event":{"a":"#, &[b'['; 80][..], b"\xff"].concat();
    assert_eq!(raws(&deep), [Err(Fault::Malformed)]);
    assert_eq!(raws(b"{\"event\":{\"a\":\"caf\xe9\"}"), [Err(Fault::Malformed)]);
}
