//! Patterns, what they take of lines, and what is said of those that are wrong.

use proptest::prelude::*;

use super::*;
use crate::{Level, Zone};

const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

fn attributes(event: &LogEvent<'_>) -> Vec<(String, String)> {
    event.attributes.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn captures_fill_the_fields_of_their_names_and_attributes() {
    let pattern = r"^%{TIMESTAMP_ISO8601:timestamp} %{LOGLEVEL:level} %{IPORHOST:ip} %{USERNAME:user_name} %{WORD:method} took %{NUMBER:millis:float} ms: %{GREEDYDATA:message}$";
    let pattern = Pattern::compile(pattern, &[]).unwrap();
    let line = b"2023-11-14 22:13:20,123 WARN 192.0.2.7 bob GET took 12.5 ms: late\nagain";
    let event = pattern.parse(line, &CX).unwrap();
    assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_123_000), Level::Warn));
    assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "bob"));
    assert!(matches!(event.message, std::borrow::Cow::Borrowed(b"late\nagain")));
    assert_eq!(attributes(&event), [("method".into(), "GET".into()), ("millis".into(), "12.5".into())]);
    assert_eq!(pattern.parse(b"something else", &CX), None);
}

#[test]
fn plain_named_groups_work_too_and_without_a_message_the_line_is_it() {
    let pattern = Pattern::compile(r"(?<app>[a-z]+)\[(?P<proc_id>[0-9]+)\] (?<host>-|\w+)", &[]).unwrap();
    let event = pattern.parse(b"at shop[7] -", &CX).unwrap();
    assert_eq!((&*event.app, &*event.proc_id, &*event.host), ("shop", "7", ""));
    assert_eq!(&*event.message, b"at shop[7] -");
}

#[test]
fn a_value_that_is_not_fit_for_its_field_is_an_attribute() {
    let pattern = Pattern::compile(r"%{WORD:level} %{NOTSPACE:ip} %{NOTSPACE:ip} (?<timestamp>\S+)", &[]).unwrap();
    let event = pattern.parse(b"high 192.0.2.7:80 192.0.2.8 soon", &CX).unwrap();
    assert_eq!((event.level, event.ip, event.timestamp), (Level::Unknown, "192.0.2.7".parse().ok(), None));
    let expected = [("level", "high"), ("ip", "192.0.2.7:80"), ("ip", "192.0.2.8"), ("timestamp", "soon")];
    assert_eq!(attributes(&event), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn every_known_name_compiles_and_the_table_is_in_order() {
    assert!(names::NAMES.is_sorted_by(|a, b| a.0 < b.0));
    for (name, _) in names::NAMES {
        assert!(names::find(name).is_some());
        Pattern::compile(&format!("^%{{{name}:x}}$"), &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn known_names_match_what_they_stand_for() {
    for (name, value) in [
        ("HTTPDATE", "14/Nov/2023:22:13:20 +0000"),
        ("SYSLOGTIMESTAMP", "Nov  4 22:13:20"),
        ("TIMESTAMP_ISO8601", "2023-11-14T22:13:20.123Z"),
        ("TIMESTAMP_ISO8601", "2023-11-14 22:13:20,123+0100"),
        ("IP", "2001:db8::7"),
        ("IP", "::1"),
        ("IP", "192.0.2.7"),
        ("IPORHOST", "web1.example.com"),
        ("HOSTNAME", "a"),
        ("UUID", "01234567-89ab-cdef-0123-456789abcdef"),
        ("PATH", "/var/log/x"),
        ("PATH", r"C:\Windows\x.log"),
        ("QS", r#""a \" b""#),
        ("NUMBER", "-12.5"),
        ("URI", "https://bob@example.com:8080/a?b=c"),
        ("LOGLEVEL", "Warning"),
        ("MAC", "00:11:22:aa:bb:cc"),
        ("EMAILADDRESS", "bob@example.com"),
        ("SYSLOGPROG", "sshd[7]"),
        ("JAVACLASS", "com.example.App"),
    ] {
        let pattern = Pattern::compile(&format!("^%{{{name}}}$"), &[]).unwrap();
        assert!(pattern.is_match(value.as_bytes()), "{name}: {value}");
    }
    for (name, value) in [("INT", "1.5"), ("IP", "a.b.c.d"), ("WORD", "a b"), ("MONTH", "Foo"), ("UUID", "0123")] {
        let pattern = Pattern::compile(&format!("^%{{{name}}}$"), &[]).unwrap();
        assert!(!pattern.is_match(value.as_bytes()), "{name}: {value}");
    }
}

#[test]
fn definitions_of_ones_own_may_use_each_other() {
    let own = [("ORDER", "order-%{DIGITS:order}"), ("DIGITS", "[0-9]{4}")];
    let event = Pattern::compile("%{ORDER}", &own).unwrap().parse(b"see order-4711", &CX).unwrap();
    assert_eq!(event.attributes.get("order"), Some("4711"));
}

#[test]
fn an_error_points_at_its_place() {
    let deep: Vec<(String, String)> = (0..9).map(|n| (format!("N{n}"), format!("%{{N{}}}", n + 1))).collect();
    let deep: Vec<(&str, &str)> = deep.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    for (pattern, definitions, expected) in [
        ("é %{FOO:x}", &[][..], "pattern: unknown name %{FOO} at column 3"),
        ("%{WORD:a} (x", &[], "pattern: unclosed group at column 11"),
        ("%{WORD:a} [x", &[], "pattern: unclosed character class at column 11"),
        ("%{WORD:a}%{WORD", &[], "pattern: %{ without its } at column 10"),
        ("a%{}", &[], "pattern: %{} without a name at column 2"),
        (" %{A}", &[("A", "%{B}"), ("B", "x%{A}")], "pattern: %{A} needs itself at column 2"),
        ("%{N0}", &deep, "pattern: names lie in names more than 8 deep at column 1"),
        ("(?<a>x)(?<a>y)", &[], "pattern: duplicate capture group name at column 11"),
        (r"(?=x)", &[], "pattern: look-around, including look-ahead and look-behind, is not supported at column 1"),
    ] {
        let error = Pattern::compile(pattern, definitions).unwrap_err();
        assert_eq!(error.to_string(), expected, "{pattern}");
    }
    let too_large = Pattern::compile(r"(\w{1000}){1000}", &[]).unwrap_err().to_string();
    assert_eq!(too_large, "pattern: too large when compiled: use smaller repetitions");
    assert!(Pattern::compile(&"x".repeat(5000), &[]).is_err());
    assert!(Pattern::compile(r"100\%{1}", &[]).is_ok());
}

proptest! {
    #[test]
    fn any_pattern_compiles_or_says_why(
        pattern in "(%\\{|\\}|:|WORD|DATA|\\(|\\)|\\[|\\]|a|\\*|\\+|\\?|é|\\\\|\\{1,9\\}){0,16}",
        definition: String,
        line: Vec<u8>,
    ) {
        if let Ok(pattern) = Pattern::compile(&pattern, &[("A", &definition)]) {
            let event = pattern.parse(&line, &CX);
            prop_assert!(event.is_none_or(|event| event.parse_error.is_none()));
        }
    }
}
