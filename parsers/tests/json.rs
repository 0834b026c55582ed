//! What JSON records of many loggers become.

use std::borrow::Cow;
use std::net::IpAddr;

use logseal_parsers::{Context, Level, LogEvent, Zone, json};

const CX: Context = Context { received_at: 0, zone: Zone::UTC };
const T: i64 = 1_700_000_000_000_000; // 2023-11-14T22:13:20Z

fn parse(line: &str) -> LogEvent<'_> {
    json::parse(line.as_bytes(), &CX)
}

fn message(event: &LogEvent<'_>) -> String {
    String::from_utf8_lossy(&event.message).into_owned()
}

fn attributes<'e>(event: &'e LogEvent<'_>) -> Vec<(&'e str, &'e str)> {
    event.attributes.iter().collect()
}

#[test]
fn the_bulk_routes_record_fills_every_field() {
    let event = parse(
        r#"{"source":"WEB_APP","level":"ERROR","timestamp":"2023-11-14T22:13:20Z","message":"payment refused","ip":"192.0.2.7",
            "user_name":"alice","host":"web1","app":"shop","raw_data":"<11>payment refused","attributes":{"status":502,"user":"x","a":{"b":[1, 2]}}}"#,
    );
    assert_eq!(event.timestamp, Some(T));
    assert_eq!(event.level, Level::Error);
    assert_eq!(
        (message(&event).as_str(), &*event.host, &*event.app, &*event.user_name),
        ("payment refused", "web1", "shop", "alice")
    );
    assert_eq!(event.ip, Some(IpAddr::from([192, 0, 2, 7])));
    assert_eq!(
        attributes(&event),
        [
            ("source", "WEB_APP"),
            ("raw_data", "<11>payment refused"),
            ("status", "502"),
            ("user", "x"),
            ("a.b", "[1, 2]")
        ]
    );
    assert_eq!((event.format, event.parse_error), ("json", None));
}

#[test]
fn flat_and_nested_names_say_the_same() {
    for line in [
        r#"{"@timestamp":"2023-11-14T22:13:20.000Z","log.level":"warn","message":"m","host.name":"h","service.name":"s","client.ip":"192.0.2.7","user.name":"u","process.pid":7}"#,
        r#"{"@timestamp":"2023-11-14T22:13:20.000Z","log":{"level":"warn"},"message":"m","host":{"name":"h"},"service":{"name":"s"},"client":{"ip":"192.0.2.7"},"user":{"name":"u"},"process":{"pid":7}}"#,
    ] {
        let event = parse(line);
        assert_eq!((event.timestamp, event.level), (Some(T), Level::Warn), "{line}");
        assert_eq!((&*event.host, &*event.app, &*event.user_name, &*event.proc_id), ("h", "s", "u", "7"), "{line}");
        assert_eq!(event.ip, Some(IpAddr::from([192, 0, 2, 7])), "{line}");
        assert_eq!((message(&event).as_str(), event.attributes.len()), ("m", 0), "{line}");
    }
}

#[test]
fn levels_of_many_loggers_are_understood() {
    for (line, level, severity) in [
        (r#"{"level":30,"time":1700000000000,"msg":"pino"}"#, Level::Info, None),
        (r#"{"level":50,"v":0,"name":"bunyan","msg":""}"#, Level::Error, None),
        (r#"{"version":"1.1","short_message":"gelf","level":3}"#, Level::Error, Some(3)),
        (r#"{"MESSAGE":"journald","PRIORITY":"4"}"#, Level::Warn, Some(4)),
        (r#"{"MESSAGE":"syslog-ng","PRIORITY":"err"}"#, Level::Error, Some(3)),
        (r#"{"levelname":"CRITICAL","levelno":50,"message":"python"}"#, Level::Fatal, None),
        (r#"{"levelno":40}"#, Level::Error, None),
        (r#"{"level":4,"levelName":"ERROR"}"#, Level::Error, None),
        (r#"{"level":"INFO","level_value":20000}"#, Level::Info, None),
        (r#"{"level":400,"level_name":"ERROR","channel":"monolog"}"#, Level::Error, None),
        (r#"{"severityNumber":13,"body":"otel"}"#, Level::Warn, None),
        (r#"{"severity":"NOTICE","textPayload":"gcp"}"#, Level::Info, None),
        (r#"{"t":{"$date":"2023-11-14T22:13:20.000+00:00"},"s":"W","msg":"mongod"}"#, Level::Warn, None),
        (r#"{"@l":"Warning","@m":"serilog"}"#, Level::Warn, None),
        (r#"{"@level":"error","@message":"no","@module":"core"}"#, Level::Error, None),
        (r#"{"priority":1,"level":"high"}"#, Level::Unknown, None),
        (r#"{"msg":"no level"}"#, Level::Unknown, None),
    ] {
        let event = parse(line);
        assert_eq!((event.level, event.severity), (level, severity), "{line}");
    }
}

#[test]
fn times_are_read_in_their_units_and_zones() {
    for line in [
        r#"{"time":1700000000}"#,
        r#"{"ts":1700000000.0}"#,
        r#"{"time":"1700000000"}"#,
        r#"{"t":"2023-11-15T00:13:20.0000000+02:00"}"#,
        r#"{"asctime":"2023-11-14 22:13:20,000"}"#,
        r#"{"__REALTIME_TIMESTAMP":"1700000000000000"}"#,
        r#"{"timestamp":"not a time","eventTime":"2023-11-14T22:13:20"}"#,
        r#"{"time_local":"14/Nov/2023:22:13:20 +0000"}"#,
        r#"{"instant":{"epochSecond":1700000000,"nanoOfSecond":999}}"#,
        r#"{"timestamp":{"seconds":1700000000,"nanos":999}}"#,
        r#"{"timestampSeconds":1700000000,"timestampNanos":999}"#,
        r#"{"datetime":{"date":"2023-11-14 22:13:20.000000","timezone_type":3,"timezone":"UTC"}}"#,
        r#"{"time":"2023-11-15 00:13:20.000000001 +0200 EET"}"#,
        r#"{"msec":"1700000000.000","status":"200"}"#,
        r#"{"hostIdentifier":"web1","unixTime":"1700000000"}"#,
        r#"{"EdgeStartTimestamp":1700000000000000000}"#,
    ] {
        assert_eq!(parse(line).timestamp, Some(T), "{line}");
    }
    let exact = parse(r#"{"instant":{"epochSecond":1700000000,"nanoOfSecond":265708972},"message":"log4j"}"#);
    assert_eq!((exact.timestamp, exact.attributes.len()), (Some(T + 265_708), 0));
    let cx = Context { zone: Zone::Fixed(7200), ..CX };
    assert_eq!(json::parse(br#"{"time":"2023-11-15T00:13:20"}"#, &cx).timestamp, Some(T));
    let small = parse(r#"{"time":0.003}"#);
    assert_eq!((small.timestamp, attributes(&small)), (None, vec![("time", "0.003")]));
}

#[test]
fn the_better_of_two_names_fills_the_field_and_the_other_is_an_attribute() {
    let event = parse(
        r#"{"request":{"remote_ip":"198.51.100.1","client_ip":"192.0.2.7"},"user_id":"","msg":"m","message":"n"}"#,
    );
    assert_eq!(event.ip, Some(IpAddr::from([192, 0, 2, 7])));
    assert_eq!(message(&event), "n");
    assert_eq!(attributes(&event), [("request.remote_ip", "198.51.100.1"), ("user_id", ""), ("msg", "m")]);
}

#[test]
fn a_time_that_no_record_can_have_is_an_attribute() {
    for time in ["0001-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let line = format!(r#"{{"timestamp":"{time}","message":"x"}}"#);
        let event = parse(&line);
        assert_eq!((event.timestamp, attributes(&event)), (None, vec![("timestamp", time)]), "{line}");
    }
    assert_eq!(parse(r#"{"time":"1900-01-01T00:00:00Z"}"#).timestamp, Some(-2_208_988_800_000_000));
    assert_eq!(parse(r#"{"time":"2299-12-31T23:59:59Z"}"#).timestamp, Some(10_413_791_999_000_000));
}

#[test]
fn an_address_with_more_around_it_is_field_and_attribute() {
    let event = parse(r#"{"client":"192.0.2.7:4242"}"#);
    assert_eq!(event.ip, Some(IpAddr::from([192, 0, 2, 7])));
    assert_eq!(attributes(&event), [("client", "192.0.2.7:4242")]);
    let event = parse(r#"{"client":"192.0.2.7:4242","ip":"192.0.2.8"}"#);
    assert_eq!(event.ip, Some(IpAddr::from([192, 0, 2, 8])));
    assert_eq!(attributes(&event), [("client", "192.0.2.7:4242")]);
}

#[test]
fn dockers_wrapper_gives_the_line_without_its_ending() {
    let line = r#"{"log":"ready to serve\n","stream":"stderr","time":"2023-11-14T22:13:20.20764059Z"}"#;
    let event = parse(line);
    assert_eq!(event.message, Cow::Borrowed(&b"ready to serve"[..]));
    assert!(matches!(event.message, Cow::Borrowed(_)));
    assert_eq!((event.timestamp, attributes(&event)), (Some(T + 207_640), vec![("stream", "stderr")]));
}

#[test]
fn what_a_wrapped_program_states_is_understood() {
    let event = parse(r#"{"log":"{\"level\":\"error\",\"user\":\"bob\",\"n\":3}\n","stream":"stdout"}"#);
    assert_eq!(message(&event), r#"{"level":"error","user":"bob","n":3}"#);
    assert_eq!((event.level, &*event.user_name), (Level::Error, "bob"));
    assert_eq!(attributes(&event), [("stream", "stdout"), ("level", "error"), ("user", "bob"), ("n", "3")]);
    let text = parse(r#"{"log":"WARN low on space\n","stream":"stderr"}"#);
    assert_eq!(text.level, Level::Warn);
    assert_eq!(parse(r#"{"msg":"WARN low on space"}"#).level, Level::Unknown);
}

#[test]
fn a_message_without_escapes_is_borrowed_and_one_with_escapes_resolved() {
    assert!(matches!(parse(r#"{"msg":"grüße"}"#).message, Cow::Borrowed(_)));
    let event = parse(r#"{"msg":"a \"b\"\n\u00fc"}"#);
    assert!(matches!(event.message, Cow::Owned(_)));
    assert_eq!(message(&event), "a \"b\"\nü");
}

#[test]
fn a_record_without_a_message_is_its_own_message() {
    let line = r#"{"status":200,"path":"/"}"#;
    let event = parse(line);
    assert_eq!(event.message, Cow::Borrowed(line.as_bytes()));
    assert_eq!(attributes(&event), [("status", "200"), ("path", "/")]);
}

#[test]
fn journalds_bytes_are_the_message() {
    assert_eq!(&*parse(r#"{"MESSAGE":[104, 255],"msg":"x"}"#).message, b"h\xff");
    assert_eq!(&*parse(r#"{"msg":"x","MESSAGE":[104, 255]}"#).message, b"h\xff");
    assert_eq!(attributes(&parse(r#"{"msg":"x","MESSAGE":[104, 256]}"#)), [("MESSAGE", "[104, 256]")]);
}

#[test]
fn a_field_that_journald_was_given_twice_fills_its_own_with_the_first_value() {
    let event = parse(r#"{"MESSAGE":["said \"a\"","b"],"PRIORITY":["3","6"],"SYSLOG_IDENTIFIER":["cart","till"]}"#);
    assert_eq!((&*event.message, event.level, event.severity), (&b"said \"a\""[..], Level::Error, Some(3)));
    assert_eq!((&*event.app, event.attributes.get("PRIORITY")), ("cart", Some(r#"["3","6"]"#)));
    // Lists of other programs stay what they are.
    let line = r#"{"message":["a","b"],"level":["error"]}"#;
    let event = parse(line);
    assert_eq!((&*event.message, event.level), (line.as_bytes(), Level::Unknown));
}

#[test]
fn values_are_kept_as_they_were_written() {
    let event = parse(
        r#"{"a":1.50,"b":-0,"c":123456789012345678901234567890,"d":1E+2,"e":true,"f":null,"g":[],"h":{},"i":[{"x" : 1}],"j":NaN,"a":2,"k":"\u00e9","l":{"":1}}"#,
    );
    assert_eq!(
        attributes(&event),
        [
            ("a", "1.50"),
            ("b", "-0"),
            ("c", "123456789012345678901234567890"),
            ("d", "1E+2"),
            ("e", "true"),
            ("g", "[]"),
            ("h", "{}"),
            ("i", r#"[{"x" : 1}]"#),
            ("j", "NaN"),
            ("a", "2"),
            ("k", "é"),
            ("l.", "1"),
        ]
    );
}

#[test]
fn what_is_no_object_is_kept_whole_with_the_fault_named() {
    for (line, fault) in [
        ("", "cut off before its end at column 1"),
        ("hello", "expected a value at column 1"),
        ("[1,2]", "not a JSON object at column 1"),
        ("42", "not a JSON object at column 1"),
        (r#"{"a":1"#, "cut off before its end at column 7"),
        (r#"{"a":"x"#, "a string without its closing quote at column 6"),
        (r#"{"a":1} x"#, "text after the object at column 9"),
        (r#"{"a" 1}"#, "expected ':' at column 6"),
        (r#"{"a":01}"#, "malformed number at column 6"),
        (r#"{"a":1,}"#, "expected a key in quotes at column 8"),
        (r#"{"a":[1,]}"#, "expected a value at column 9"),
        (r#"{a:1}"#, "expected a key in quotes at column 2"),
    ] {
        let event = parse(line);
        assert_eq!(event.parse_error.as_deref(), Some(fault), "{line}");
        assert_eq!(event.message, Cow::Borrowed(line.as_bytes()));
        assert_eq!((event.level, event.format, event.attributes.len()), (Level::Unknown, "json", 0));
    }
}

#[test]
fn surroundings_that_senders_add_do_no_harm() {
    for line in ["\u{feff}{\"msg\":\"m\"}", " {\"msg\":\"m\"}\r\n", "{\"msg\":\"m\"}\0", "{\"msg\":\"m\"}\n\0"] {
        let event = parse(line);
        assert_eq!((message(&event).as_str(), event.parse_error), ("m", None), "{line:?}");
    }
}

#[test]
fn undecodable_bytes_are_replaced_and_told() {
    let event = json::parse(b"{\"msg\":\"caf\xe9\",\"level\":\"warn\",\"k\":\"\xff\"}", &CX);
    assert_eq!(message(&event), "caf\u{fffd}");
    assert_eq!((event.level, event.attributes.get("k")), (Level::Warn, Some("\u{fffd}")));
    assert_eq!(event.parse_error.as_deref(), Some("JSON is not UTF-8"));
}

#[test]
fn depth_and_number_of_leaves_are_bounded() {
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert_eq!(parse(&nested(64)).parse_error, None);
    assert!(parse(&nested(65)).parse_error.is_some_and(|e| e.starts_with("nested too deep")));
    assert!(parse(&nested(100_000)).parse_error.is_some_and(|e| e.starts_with("nested too deep")));
    let arrays = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(parse(&arrays(63)).parse_error, None);
    assert!(parse(&arrays(64)).parse_error.is_some_and(|e| e.starts_with("nested too deep")));
    let wide = |leaves: usize| format!("{{{}}}", vec!["\"a\":1"; leaves].join(","));
    assert_eq!(parse(&wide(4096)).attributes.len(), 4096);
    assert!(parse(&wide(4097)).parse_error.is_some_and(|e| e.starts_with("more than 4096 leaves")));
    let long = "k".repeat(10_000);
    let blown_up = format!("{{\"{long}\":{}}}", wide(4000));
    assert!(parse(&blown_up).parse_error.is_some_and(|e| e.starts_with("names too long")));
}

#[test]
fn windows_events_are_read_under_the_names_of_their_shippers() {
    for line in [
        // Winlogbeat
        r#"{"@timestamp":"2023-11-14T22:13:20.000Z","log":{"level":"warning"},"event":{"code":"7","provider":"P"},"host":{"name":"pc1"},"winlog":{"event_id":4625,"provider_name":"P","computer_name":"pc1.example","event_data":{"SubjectUserName":"PC1$","TargetUserName":"bob","IpAddress":"192.0.2.7"}},"message":"m"}"#,
        // NXLog
        r#"{"EventTime":"2023-11-14 22:13:20","Hostname":"pc1","Severity":"WARNING","EventID":4625,"SourceName":"P","TargetUserName":"bob","SubjectUserName":"PC1$","IpAddress":"192.0.2.7","Message":"m"}"#,
    ] {
        let event = parse(line);
        assert_eq!((event.timestamp, event.level, message(&event).as_str()), (Some(T), Level::Warn, "m"), "{line}");
        assert_eq!(
            (&*event.host, &*event.app, &*event.msg_id, &*event.user_name),
            ("pc1", "P", "4625", "bob"),
            "{line}"
        );
        assert_eq!(event.ip, Some(IpAddr::from([192, 0, 2, 7])), "{line}");
        assert!(event.attributes.iter().any(|(name, value)| name.ends_with("SubjectUserName") && value == "PC1$"));
    }
}

#[test]
fn a_cloud_trail_record_is_named_by_its_event() {
    let event = parse(
        r#"{"eventTime":"2023-11-14T22:13:20Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","eventID":"a-1","sourceIPAddress":"192.0.2.7","userIdentity":{"userName":"bob"}}"#,
    );
    assert_eq!((event.timestamp, &*event.app, &*event.msg_id), (Some(T), "signin.amazonaws.com", "ConsoleLogin"));
    assert_eq!((&*event.user_name, event.attributes.get("eventID")), ("bob", Some("a-1")));
}

#[test]
fn a_compact_record_of_serilog_without_a_level_is_info() {
    assert_eq!(parse(r#"{"@t":"2023-11-14T22:13:20Z","@mt":"ready"}"#).level, Level::Info);
    assert_eq!(parse(r#"{"@t":"2023-11-14T22:13:20Z","@mt":"low","@l":"Warning"}"#).level, Level::Warn);
    assert_eq!(parse(r#"{"time":"2023-11-14T22:13:20Z","msg":"ready"}"#).level, Level::Unknown);
}

#[test]
fn audit_records_of_platforms_name_the_user_and_the_address() {
    for (line, user, app) in [
        (
            r#"{"kind":"Event","stage":"ResponseComplete","user":{"username":"bob"},"sourceIPs":["192.0.2.7","192.0.2.8"],"requestReceivedTimestamp":"2023-11-14T22:13:20.000000Z"}"#,
            "bob",
            "",
        ),
        (
            r#"{"timestamp":"2023-11-14T22:13:20Z","protoPayload":{"serviceName":"iam","authenticationInfo":{"principalEmail":"bob"},"requestMetadata":{"callerIp":"192.0.2.7"}}}"#,
            "bob",
            "iam",
        ),
        (
            r#"{"CreationTime":"2023-11-14T22:13:20","UserId":"bob","ClientIP":"192.0.2.7","Workload":"Exchange"}"#,
            "bob",
            "Exchange",
        ),
        (
            r#"{"published":"2023-11-14T22:13:20Z","actor":{"alternateId":"bob"},"client":{"ipAddress":"192.0.2.7"}}"#,
            "bob",
            "",
        ),
        (
            r#"{"time":"2023-11-14T22:13:20Z","callerIpAddress":"192.0.2.7","properties":{"userPrincipalName":"bob"}}"#,
            "bob",
            "",
        ),
        (
            r#"{"time":"2023-11-14T22:13:20Z","auth":{"display_name":"bob"},"request":{"remote_address":"192.0.2.7"}}"#,
            "bob",
            "",
        ),
        (
            r#"{"t":{"$date":"2023-11-14T22:13:20.000+00:00"},"s":"I","msg":"m","attr":{"principalName":"bob","remote":"192.0.2.7:5"}}"#,
            "bob",
            "",
        ),
        (
            r#"{"timestamp":"2023-11-14T22:13:20Z","level":"INFO","fields":{"message":"m","user":"bob"},"remote":"192.0.2.7"}"#,
            "bob",
            "",
        ),
    ] {
        let event = parse(line);
        assert_eq!((&*event.user_name, event.ip), (user, Some(IpAddr::from([192, 0, 2, 7]))), "{line}");
        assert_eq!((event.timestamp, &*event.app), (Some(T), app), "{line}");
    }
}

#[test]
fn what_loggers_carry_along_names_the_user_and_the_address() {
    for within in ["contextMap", "mdc", "context", "extra", "Properties"] {
        let line = format!(r#"{{"message":"m","{within}":{{"user":"bob","ip":"192.0.2.7"}}}}"#);
        let event = parse(&line);
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()), "{line}");
    }
    let both = parse(r#"{"message":"m","user":"bob","context":{"user":"eve"}}"#);
    assert_eq!((&*both.user_name, both.attributes.get("context.user")), ("bob", Some("eve")));
}

#[test]
fn what_a_record_wraps_fills_the_fields() {
    let event = parse(
        r#"{"text":"2023-11-14 23:13:20 | INFO | a:b:1 - paid\n","record":{"message":"paid","level":{"name":"WARNING","no":30},"process":{"id":7},"time":{"timestamp":1700000000.0}}}"#,
    );
    assert_eq!((event.timestamp, event.level, message(&event).as_str()), (Some(T), Level::Warn, "paid"));
    assert_eq!(&*event.proc_id, "7");
    let event = parse(r#"{"level":"WARN","timeMillis":1700000000000,"logEvent":{"message":"no port","port":9600}}"#);
    assert_eq!((event.level, message(&event).as_str()), (Level::Warn, "no port"));
    let event = parse(r#"{"event.action":"access_denied","user.name":"bob","origin.address":"[2001:db8::7]:5000"}"#);
    assert_eq!((&*event.user_name, event.ip), ("bob", "2001:db8::7".parse().ok()));
    assert_eq!(event.attributes.get("origin.address"), Some("[2001:db8::7]:5000"));
}

#[test]
fn bunyans_name_is_the_program() {
    let event =
        parse(r#"{"name":"shop","hostname":"web1","pid":7,"level":50,"msg":"no","time":"2023-11-14T22:13:20Z","v":0}"#);
    assert_eq!((&*event.app, &*event.host, &*event.proc_id, event.level), ("shop", "web1", "7", Level::Error));
    let renamed = parse(r#"{"message":"no","level":"error","name":"shop","hostname":"web1","pid":7}"#);
    assert_eq!(renamed.app, "shop");
    let other = parse(r#"{"name":"root","levelname":"ERROR","message":"no"}"#);
    assert_eq!(other.app, "");
}

#[test]
fn tslogs_arguments_and_facts_fill_the_record() {
    let event = parse(
        r#"{"0":"no order","1":{"user":"ada"},"_logMeta":{"hostname":"web1","date":"2023-11-14T22:13:20Z","logLevelId":5,"logLevelName":"ERROR"}}"#,
    );
    assert_eq!((&*event.message, &*event.host, event.level), (&b"no order"[..], "web1", Level::Error));
    assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
}

#[test]
fn logurus_record_fills_what_its_text_only_shows() {
    let event = parse(
        r#"{"text":"2023-11-14 22:13:20.123 | ERROR    | cart:buy:7 - no order\n","record":{"elapsed":{"seconds":0.02},"extra":{"user":"ada","ip":"192.0.2.7"},"level":{"icon":"x","name":"ERROR","no":40},"message":"no order","process":{"id":77,"name":"MainProcess"},"time":{"repr":"2023-11-14 22:13:20.123456+00:00","timestamp":1700000000.123456}}}"#,
    );
    assert_eq!((&*event.message, &*event.proc_id, event.level), (&b"no order"[..], "77", Level::Error));
    assert_eq!(event.timestamp, Some(1_700_000_000_123_456));
    assert_eq!((&*event.user_name, event.ip), ("ada", "192.0.2.7".parse().ok()));
}

#[test]
fn logstashs_first_schema_has_its_level_and_users_among_its_fields() {
    let event = parse(
        r#"{"@message":"no order","@timestamp":"2023-11-14T22:13:20Z","@source_host":"web1","@fields":{"levelname":"ERROR","name":"cart","user":"ada"}}"#,
    );
    assert_eq!((&*event.message, &*event.host, &*event.user_name), (&b"no order"[..], "web1", "ada"));
    assert_eq!(event.level, Level::Error);
}

#[test]
fn what_filebeat_and_logstash_read_from_syslog_fills_the_fields() {
    // Filebeat's input, the names of ECS, and Logstash's input.
    for line in [
        r#"{"@timestamp":"2026-02-03T04:05:06Z","hostname":"db7","process":{"program":"cron","pid":31},"syslog":{"facility":9,"severity_label":"Warning","priority":76},"event":{"severity":4},"message":"job is late"}"#,
        r#"{"@timestamp":"2026-02-03T04:05:06Z","log":{"syslog":{"appname":"cron","procid":"31","hostname":"db7","facility":{"code":9},"severity":{"code":4,"name":"Warning"},"priority":76}},"message":"job is late"}"#,
        r#"{"@timestamp":"2026-02-03T04:05:06Z","logsource":"db7","program":"cron","pid":"31","facility":9,"severity":4,"severity_label":"Warning","priority":76,"message":"job is late"}"#,
    ] {
        let event = parse(line);
        assert_eq!((&*event.host, &*event.app, &*event.proc_id), ("db7", "cron", "31"), "{line}");
        assert_eq!((event.level, event.facility), (Level::Warn, Some(9)), "{line}");
    }
}

#[test]
fn names_beside_the_message_in_an_object_of_both_are_the_records() {
    let event = |line: &'static str| logseal_parsers::json::parse(line.as_bytes(), &CX);
    let found = event(
        r#"{"timestamp":"2023-11-14T22:13:20Z","level":"WARN","fields":{"message":"login failed","user.name":"bob","client.ip":"192.0.2.7","host":"x"},"target":"shop"}"#,
    );
    assert_eq!((&*found.user_name, found.ip), ("bob", "192.0.2.7".parse().ok()));
    assert_eq!((&*found.host, found.attributes.get("fields.host")), ("", Some("x")));
    // Those of an object without the message are not.
    let found = event(r#"{"message":"up","fields":{"ip":"192.0.2.1"}}"#);
    assert_eq!((found.ip, found.attributes.get("fields.ip")), (None, Some("192.0.2.1")));
}
