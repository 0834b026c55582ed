//! What holds for every line, and for every RFC 5424 message that can be written.

use std::borrow::Cow;

use logseal_parsers::syslog::{self, rfc3164, rfc5424};
use logseal_parsers::{Context, Level, LogEvent, Zone};
use proptest::prelude::*;

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fn is_slice_of(event: &LogEvent<'_>, line: &[u8]) -> bool {
    let Cow::Borrowed(message) = event.message else {
        return false;
    };
    let (line, message) = (line.as_ptr_range(), message.as_ptr_range());
    line.start <= message.start && message.end <= line.end
}

/// Bytes that often look like a syslog line.
fn almost_syslog() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "<13>",
        "<",
        ">",
        "1 ",
        "1 1795197598.7 ",
        "2026-10-11T22:14:15Z",
        "Oct 11 22:14:15",
        " ",
        ":",
        "*",
        "-",
        "29: ",
        "host",
        "app[1]",
        "[a x=\"",
        "\\",
        "\"",
        "]",
        "%A-3-B:",
        "Message forwarded from ",
        "auth:info ",
        "2001:db8::1",
        "\n",
        "{",
        "UTC",
        "+0200",
        "2026",
        "é",
    ]);
    let part = prop_oneof![part.prop_map(|text| text.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..4)];
    prop::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
}

fn header_field(max: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        Just("-".to_owned()),
        prop::string::string_regex(&format!("[!-~]{{1,{max}}}")).expect("a valid pattern")
    ]
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}

fn stated(field: &str) -> &str {
    if field == "-" { "" } else { field }
}

proptest! {
    #[test]
    fn no_line_panics_and_every_understood_message_is_a_slice_of_its_line(
        line in prop_oneof![almost_syslog(), prop::collection::vec(any::<u8>(), 0..200)],
        received_at in prop_oneof![any::<i64>(), Just(CX.received_at)],
    ) {
        let cx = Context { received_at, zone: Zone::Named(chrono_tz::Europe::Berlin) };
        let event = syslog::parse(&line, &cx);
        prop_assert!(is_slice_of(&event, &line));
        if event.parse_error.is_some() {
            prop_assert_eq!(&*event.message, &*line);
            prop_assert_eq!(event.level, Level::Unknown);
        }
        for event in [rfc5424::parse(&line, &cx), rfc3164::parse(&line, &cx)].into_iter().flatten() {
            prop_assert!(is_slice_of(&event, &line));
        }
    }

    #[test]
    fn a_written_rfc5424_message_reads_back(
        priority in 0_u8..192,
        micros in 0_i64..4_000_000_000_000_000,
        (host, app, proc_id, msg_id) in (header_field(255), header_field(48), header_field(128), header_field(32)),
        elements in prop::collection::vec(("[a-z]{1,8}@[0-9]{1,5}", prop::collection::vec(("[a-zA-Z]{1,8}", "\\PC{0,20}"), 1..4)), 0..4),
        message in "(\\PC{0,40}[^\\x00\\r\\n\\u{FEFF}])?",
    ) {
        let time = chrono::DateTime::from_timestamp_micros(micros).unwrap().format("%Y-%m-%dT%H:%M:%S%.6fZ");
        let mut line = format!("<{priority}>1 {time} {host} {app} {proc_id} {msg_id} ");
        for (id, parameters) in &elements {
            line += &format!("[{id}");
            for (name, value) in parameters {
                line += &format!(" {name}=\"{}\"", escaped(value));
            }
            line += "]";
        }
        line += if elements.is_empty() { "-" } else { "" };
        line += &format!(" {message}");
        let event = rfc5424::parse(line.as_bytes(), &CX).unwrap();
        prop_assert_eq!((event.facility, event.severity), (Some(priority / 8), Some(priority % 8)));
        prop_assert_eq!(event.timestamp, Some(micros));
        let fields = [&*event.host, &event.app, &event.proc_id, &event.msg_id];
        prop_assert_eq!(fields, [stated(&host), stated(&app), stated(&proc_id), stated(&msg_id)]);
        let written: Vec<_> = elements
            .iter()
            .flat_map(|(id, parameters)| parameters.iter().map(move |(name, value)| (format!("{id}.{name}"), value.clone())))
            .collect();
        let read: Vec<_> = event.attributes.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(read, written);
        prop_assert_eq!(&*event.message, message.strip_prefix('\u{FEFF}').unwrap_or(&message).as_bytes());
        prop_assert_eq!(syslog::parse(line.as_bytes(), &CX), event);
    }
}
