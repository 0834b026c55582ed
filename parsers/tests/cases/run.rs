//! Runs one case through the parsers and framers as the daemon does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logseal_parsers::framing::{Framer, FramerConfig, Step, datagram};
use logseal_parsers::{Context, Format, LineParser, LogEvent, access, app, format, plain, syslog};
use serde_json::{Map, Value, json};

use crate::compare::{self, Difference};
use crate::{fluent, push, view};

/// Everything in which `case` differs from what is expected of it.
pub(crate) fn differences(case: &Value, format: Format, cx: &Context) -> Vec<Difference> {
    let expected = &case["expect"];
    let alternatives = case["alt"].as_array().map(Vec::as_slice).unwrap_or_default();
    if case.get("http").is_some() || case["format"] == "gelf_json" {
        return push::differences(case, cx);
    }
    if case["format"] == "fluent_forward" {
        return fluent::differences(case, cx);
    }
    if let Some(chunks) = case.get("chunks_b64") {
        let chunks = decode_all(chunks);
        return if expected.get("events").is_some() {
            let lines = frames(&chunks);
            events(case, &lines, format, cx)
        } else {
            framing(case, &chunks)
        };
    }
    if let Some(datagrams) = case.get("datagrams_b64") {
        let datagrams = decode_all(datagrams);
        let lines: Vec<Vec<u8>> = datagrams.iter().flat_map(|bytes| datagram(bytes)).map(<[u8]>::to_vec).collect();
        return events(case, &lines, format, cx);
    }
    let line = input(case);
    if expected.get("events").or_else(|| expected.get("first_events")).is_some() {
        let lines: Vec<Vec<u8>> = line.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        return events(case, &lines, format, cx);
    }
    let format = stated_format(case).unwrap_or(format);
    let got = format::parse(format, &line, cx);
    if got.parse_error.is_some() && *got.message != *line {
        return vec![difference("the daemon keeps the line", json!(true), json!(false))];
    }
    if let Some(outcome) = expected["parse"].as_str() {
        // Any other outcome ("fail_or_raw") leaves the choice to the parser; the line is kept, as seen above.
        let is_right = outcome != "fail" || is_refused(case, format, &line, &got, cx);
        return if is_right { Vec::new() } else { vec![difference("parse", json!("fail"), json!("accepted"))] };
    }
    compare::event(object(expected), &view::of(&got, &line, cx, expected), case, alternatives)
}

/// Whether the parser of the format that `case` names says no to its line.
fn is_refused(case: &Value, format: Format, line: &[u8], got: &LogEvent<'_>, cx: &Context) -> bool {
    match case["format"].as_str() {
        Some("rfc5424") => syslog::rfc5424::parse(line, cx).is_err(),
        Some("rfc3164") => syslog::rfc3164::parse(line, cx).is_err(),
        Some("apache_common" | "nginx_main") => access::parse(line, cx).is_none(),
        Some("klog" | "glog") => app::klog::parse(line, cx).is_none(),
        // What no parser takes is plain text, which is no error.
        _ if format == Format::Auto => got.parse_error.is_some() || got.format == plain::FORMAT,
        _ => got.parse_error.is_some(),
    }
}

/// The format that a person would state for a case whose line does not show it: parts of Cisco's messages.
fn stated_format(case: &Value) -> Option<Format> {
    let format = case["format"].as_str()?;
    format.starts_with("ciscofw").then_some(Format::CiscoAsa)
}

/// The line of a case.
pub(crate) fn input(case: &Value) -> Vec<u8> {
    match case["input"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => decode(&case["input_b64"]),
    }
}

/// Compares the events of several lines with those that a case expects, in order.
fn events(case: &Value, lines: &[Vec<u8>], format: Format, cx: &Context) -> Vec<Difference> {
    let mut parser = LineParser::new(format);
    let mut got: Vec<(&[u8], LogEvent<'_>)> = lines.iter().map(|line| (&**line, parser.parse(line, cx))).collect();
    // The suites count the rows of a table, not the lines of its header.
    got.retain(|(_, event)| event.attributes.get("directive").is_none());
    if case["source"] == "lnav" {
        // It shows the lines of a file in the order of their times.
        got.sort_by_key(|(_, event)| event.timestamp.map(|stamp| stamp / 1000));
    }
    compared(case, got.len(), |at, wanted| {
        got.get(at).map(|(line, event)| view::of(event, line, cx, wanted)).unwrap_or_default()
    })
}

/// Compares `count` events with those that a case expects, in order. `view` gives one under the names of the suites, as far as
/// it is asked for; an empty one where there is none.
pub(crate) fn compared(
    case: &Value,
    count: usize,
    view: impl Fn(usize, &Value) -> Map<String, Value>,
) -> Vec<Difference> {
    let expected = &case["expect"];
    let mut found = count_differences(expected, count);
    let wanted = expected.get("events").or_else(|| expected.get("first_events")).and_then(Value::as_array);
    for (at, wanted) in wanted.into_iter().flatten().enumerate() {
        for mut one in compare::event(object(wanted), &view(at, wanted), case, &[]) {
            one.key = format!("events[{at}].{}", one.key);
            found.push(one);
        }
    }
    for wanted in expected["events_any_order"].as_array().into_iter().flatten() {
        let is_there = (0..count).any(|at| compare::event(object(wanted), &view(at, wanted), case, &[]).is_empty());
        if !is_there {
            found.push(difference("event", wanted.clone(), Value::Null));
        }
    }
    found
}

fn count_differences(expected: &Value, count: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(wanted) = expected.get("count")
        && *wanted != json!(count)
    {
        found.push(difference("count", wanted.clone(), json!(count)));
    }
    if let Some(range) = expected["count_in"].as_array() {
        let bound = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default() as usize;
        if count < bound(range.first()) || count > bound(range.last()) {
            found.push(difference("count_in", json!(range), json!(count)));
        }
    }
    found
}

/// Compares the frames of a stream with those that a case expects.
fn framing(case: &Value, chunks: &[Vec<u8>]) -> Vec<Difference> {
    let expected = &case["expect"];
    let got = frames(chunks);
    let mut found = count_differences(expected, got.len());
    if let Some(wanted) = expected.get("messages_b64") {
        // The framer takes line ends and NULs off every frame. Where a case does not say that they may go, they must not differ.
        let trim = |bytes: &[u8]| -> Vec<u8> {
            let end = bytes.iter().rposition(|b| !matches!(b, b'\r' | b'\n' | 0)).map_or(0, |last| last + 1);
            if case["trim_ok"] == true { bytes[..end].to_vec() } else { bytes.to_vec() }
        };
        let wanted: Vec<_> = decode_all(wanted).iter().map(|bytes| trim(bytes)).collect();
        let got: Vec<_> = got.iter().map(|bytes| trim(bytes)).collect();
        if wanted != got {
            let shown = |all: &[Vec<u8>]| json!(all.iter().map(|one| String::from_utf8_lossy(one)).collect::<Vec<_>>());
            found.push(difference("messages", shown(&wanted), shown(&got)));
        }
    }
    if let Some(first) = expected.get("first_message_b64")
        && got.first().map(|frame| frame.trim_ascii_end()) != Some(decode(first).trim_ascii_end())
    {
        found.push(difference("first_message", first.clone(), json!(got.first())));
    }
    if expected["all_bytes_kept"] == true && got.concat() != without_delimiters(&chunks.concat()) {
        found.push(difference("all_bytes_kept", json!(true), json!(false)));
    }
    found
}

fn without_delimiters(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|b| !matches!(b, b'\n' | b'\r' | 0)).collect()
}

/// The frames of a stream that arrives in `chunks`, each a read, and then ends.
pub(crate) fn frames(chunks: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut framer = Framer::new(FramerConfig::default());
    let mut buffer: Vec<u8> = Vec::new();
    let mut frames = Vec::new();
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        take_frames(&mut buffer, &mut frames, |buffer| framer.next(buffer));
    }
    take_frames(&mut buffer, &mut frames, |buffer| framer.finish(buffer));
    assert!(buffer.is_empty(), "the framer left {} bytes at the end of a stream", buffer.len());
    frames
}

fn take_frames(buffer: &mut Vec<u8>, frames: &mut Vec<Vec<u8>>, mut step: impl for<'b> FnMut(&'b [u8]) -> Step<'b>) {
    loop {
        let (consumed, frame) = match step(buffer) {
            Step::Frame(frame) => (frame.consumed, Some(frame.bytes.to_vec())),
            Step::NeedMore { consumed } => (consumed, None),
        };
        assert!(frame.is_none() || consumed > 0, "a frame was given out without being consumed");
        buffer.drain(..consumed);
        let Some(frame) = frame else { return };
        frames.push(frame);
    }
}

pub(crate) fn difference(key: &str, expected: Value, got: Value) -> Difference {
    Difference { key: key.to_owned(), expected, got }
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an expectation is an object")
}

/// The bytes of each base64 text of a list.
pub(crate) fn decode_all(list: &Value) -> Vec<Vec<u8>> {
    list.as_array().expect("a list of base64 texts").iter().map(decode).collect()
}

/// The bytes of a base64 text.
pub(crate) fn decode(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().expect("a base64 text")).expect("valid base64")
}
