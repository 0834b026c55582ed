//! Recorded clients: their bytes go through framer and parser at the boundaries at which they came.

use std::fs;

use logseal_parsers::framing::datagram;
use logseal_parsers::{Context, Format, LogEvent, Zone, format};
use serde_json::Value;

use crate::{folder, notice, run};

const CX: Context = Context { received_at: 1_795_000_000_000_000, zone: Zone::UTC };

#[test]
fn every_byte_of_recorded_datagrams_is_accounted_for() {
    let replayed = replay(
        |transport| transport == "udp",
        |name, recording| {
            for bytes in payloads(recording, "dgram") {
                let messages: Vec<&[u8]> = datagram(&bytes).collect();
                assert_eq!(without_trailer(&bytes), messages.concat(), "{name}: a datagram lost bytes");
                for message in messages {
                    check_event(name, message);
                }
            }
        },
    );
    notice(&format!("replayed {replayed} clients that send datagrams"));
}

#[test]
fn every_byte_of_recorded_streams_is_accounted_for() {
    let replayed = replay(
        |transport| transport != "udp" && transport != "http",
        |name, recording| {
            for chunks in connections(recording) {
                let frames = run::frames(&chunks);
                assert_in_order(name, &chunks.concat(), &frames);
                for frame in &frames {
                    check_event(name, frame);
                }
            }
        },
    );
    notice(&format!("replayed {replayed} clients that send streams"));
}

/// Hands every recording of a transport to `check`; the number of recordings.
fn replay(is_wanted: impl Fn(&str) -> bool, check: impl Fn(&str, &Value)) -> usize {
    let Some(folder) = folder("LOGSEAL_WIRE", "wire") else {
        return 0;
    };
    let mut replayed = 0;
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the folder can be listed").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let recording: Value =
            serde_json::from_slice(&fs::read(&path).expect("a recording can be read")).expect("a recording is JSON");
        if is_wanted(recording["transport"].as_str().unwrap_or_default()) {
            check(recording["client"].as_str().unwrap_or_default(), &recording);
            replayed += 1;
        }
    }
    assert!(replayed > 0, "no recording of this transport");
    replayed
}

fn payloads<'r>(recording: &'r Value, kind: &'r str) -> impl Iterator<Item = Vec<u8>> + 'r {
    let events = recording["events"].as_array().into_iter().flatten();
    events.filter(move |event| event["kind"] == kind).map(|event| run::decode(&event["b64"]))
}

/// What the client sent on each connection, read by read.
fn connections(recording: &Value) -> Vec<Vec<Vec<u8>>> {
    let mut connections = std::collections::BTreeMap::<String, Vec<Vec<u8>>>::new();
    for event in recording["events"].as_array().into_iter().flatten() {
        if event["kind"] == "data" {
            connections.entry(event["conn"].to_string()).or_default().push(run::decode(&event["b64"]));
        }
    }
    connections.into_values().collect()
}

/// The frames stand in the stream in order, and what lies between them is counts, line ends, NULs and blanks.
fn assert_in_order(name: &str, stream: &[u8], frames: &[Vec<u8>]) {
    let mut rest = stream;
    for frame in frames {
        let at = rest
            .windows(frame.len())
            .position(|window| window == frame)
            .unwrap_or_else(|| panic!("{name}: a frame is not of the stream"));
        assert!(is_framing(&rest[..at]), "{name}: {:?} was lost", String::from_utf8_lossy(&rest[..at]));
        rest = &rest[at + frame.len()..];
    }
    assert!(is_framing(rest), "{name}: {:?} was lost at the end", String::from_utf8_lossy(rest));
}

fn is_framing(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b' ' | b'\r' | b'\n' | 0))
}

fn without_trailer(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().rposition(|b| !matches!(b, b'\r' | b'\n' | 0)).map_or(0, |last| last + 1);
    bytes[..end].to_vec()
}

/// Whatever the format: the message is bytes of the line, or all of it where it was not understood.
fn check_event(name: &str, line: &[u8]) {
    for &format in Format::ALL {
        let event: LogEvent<'_> = format::parse(format, line, &CX);
        if event.parse_error.is_some() && event.parse_error.as_deref() != Some("JSON is not UTF-8") {
            assert_eq!(&*event.message, line, "{name}: a line that was not understood is not whole");
        }
        if let std::borrow::Cow::Borrowed(message) = event.message {
            let in_line = message.is_empty() || line.windows(message.len()).any(|window| window == message);
            assert!(in_line, "{name}: a borrowed message is not of the line");
        }
    }
}
