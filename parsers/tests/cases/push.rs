//! Runs the cases of protocols that push records over HTTP: their bodies through the decoders.

use std::io::Read as _;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use logseal_parsers::push::{elastic, form, gelf, journal, json_stream, loki, otlp, splunk};
use logseal_parsers::{Context, LogEvent, json as json_format};
use serde_json::{Map, Value, json};

use crate::compare::Difference;
use crate::{run, view};

/// What a body holds.
#[derive(Default)]
struct Decoded {
    /// The records, under the names that the suites have for their parts.
    events: Vec<Map<String, Value>>,
    /// What else a case may ask for.
    said: Map<String, Value>,
}

impl Decoded {
    fn add(
        &mut self,
        event: &LogEvent<'_>,
        raw: &[u8],
        cx: &Context,
        more: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        let mut view = view::of(event, raw, cx, &Value::Null);
        view.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self.events.push(view);
    }
}

/// Everything in which the records of a pushed body differ from what is expected.
pub(crate) fn differences(case: &Value, cx: &Context) -> Vec<Difference> {
    let body = body(case);
    let path = case["http"]["path"].as_str().unwrap_or_default();
    let decoded = match case["format"].as_str() {
        Some("es_bulk") => elastic(&body, cx),
        Some("splunk_hec") => splunk(&body, path, cx),
        Some("http_form") => {
            let mut decoded = Decoded::default();
            decoded.add(&form::parse(&body, cx), &body, cx, []);
            decoded
        }
        Some("http_json") => plain_json(&body, cx),
        Some("journald") => journal(&body, cx),
        Some("gelf_http" | "gelf_json") => gelf(&body, cx),
        Some("otlp_json") => otlp(otlp::Encoding::Json, &body, cx),
        Some("otlp_protobuf") => otlp(otlp::Encoding::Protobuf, &body, cx),
        Some("loki_json") => loki(loki::Encoding::Json, &body, cx),
        Some("loki_protobuf") => {
            let plain = snap::raw::Decoder::new().decompress_vec(&body).expect("a body can be decompressed");
            loki(loki::Encoding::Protobuf, &plain, cx)
        }
        other => panic!("{other:?} is no protocol of this kind"),
    };
    let expected = &case["expect"];
    if expected["parse"] == "fail" {
        let is_refused = decoded.said.get("refused") == Some(&json!(true));
        return if is_refused { Vec::new() } else { vec![run::difference("parse", json!("fail"), json!("accepted"))] };
    }
    let mut found =
        run::compared(case, decoded.events.len(), |at, _| decoded.events.get(at).cloned().unwrap_or_default());
    for (key, wanted) in
        [("operations", &expected["operations"]), ("items_len", &expected["response_json"]["items_len"])]
    {
        let got = decoded.said.get(key).unwrap_or(&Value::Null);
        if !wanted.is_null() && wanted != got {
            found.push(run::difference(key, wanted.clone(), got.clone()));
        }
    }
    if let Some(is_refused) = decoded.said.get("refused")
        && let Some(status) = expected["http_status"].as_u64()
        && *is_refused != json!(status >= 400)
    {
        found.push(run::difference("http_status", json!(status), json!({ "refused": is_refused })));
    }
    for name in expected["absent_fields"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if decoded.events.iter().any(|event| event["fields"].get(name).is_some()) {
            found.push(run::difference("absent", json!(name), json!("present")));
        }
    }
    found
}

/// The body as it was meant.
fn body(case: &Value) -> Vec<u8> {
    let Some(http) = case.get("http") else { return run::input(case) };
    let bytes = run::decode(&http["body_b64"]);
    let headers = http["headers"].as_object().into_iter().flatten();
    let coding = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
    let coding = coding.and_then(|(_, value)| value.as_str()).unwrap_or_default();
    let mut plain = Vec::new();
    let read = match (coding, bytes.first()) {
        ("zstd", _) => zstd::stream::copy_decode(&*bytes, &mut plain).map(|()| plain.len()),
        ("", _) => return bytes,
        (_, Some(0x1f)) => MultiGzDecoder::new(&*bytes).read_to_end(&mut plain),
        (_, Some(0x78)) => ZlibDecoder::new(&*bytes).read_to_end(&mut plain),
        _ => DeflateDecoder::new(&*bytes).read_to_end(&mut plain),
    };
    read.expect("a body can be decompressed");
    plain
}

fn elastic(body: &[u8], cx: &Context) -> Decoded {
    let mut decoded = Decoded::default();
    let mut operations = Vec::new();
    for item in elastic::items(body, cx) {
        operations.push(item.action.as_str());
        if let elastic::Content::Record { event, raw } = item.content {
            let document: Value = serde_json::from_slice(raw).expect("a document is JSON");
            let named = [("action", json!(item.action.as_str())), ("index", json!(item.index)), ("id", json!(item.id))];
            decoded.add(&event, raw, cx, named.into_iter().chain([("doc", document)]));
        }
    }
    decoded.said.insert("items_len".to_owned(), json!(operations.len()));
    decoded.said.insert("operations".to_owned(), json!(operations));
    decoded
}

fn splunk(body: &[u8], path: &str, cx: &Context) -> Decoded {
    let mut decoded = Decoded::default();
    let metadata = splunk::Metadata::default();
    let is_raw = path.contains("/raw");
    let events: Vec<_> = if is_raw {
        splunk::lines(body, metadata, cx).collect()
    } else {
        splunk::events(body, metadata, cx).filter_map(Result::ok).collect()
    };
    for splunk::Event { event, raw, source } in events {
        let whole: Value = serde_json::from_slice(raw).unwrap_or(json!({ "event": String::from_utf8_lossy(raw) }));
        let attribute = |name: &str| json!(event.attributes.get(name));
        let filed = [("source", json!(source)), ("sourcetype", attribute("sourcetype")), ("index", attribute("index"))];
        decoded.add(&event, raw, cx, filed.into_iter().chain([("event", whole["event"].clone())]));
    }
    decoded
}

fn plain_json(body: &[u8], cx: &Context) -> Decoded {
    let mut decoded = Decoded::default();
    let mut splitter = json_stream::Splitter::default();
    let mut add = |piece: json_stream::Piece<'_>| {
        decoded.add(&json_format::parse(piece.bytes, cx), piece.bytes, cx, []);
    };
    splitter.feed(body, &mut add);
    splitter.finish(&mut add);
    decoded
}

fn journal(body: &[u8], cx: &Context) -> Decoded {
    let mut decoded = Decoded::default();
    let mut splitter = journal::Splitter::default();
    let mut is_refused = false;
    let mut add = |entry: journal::Entry<'_>| {
        if entry.fault.is_some() {
            is_refused = true;
        } else if let Some(event) = journal::parse(entry.bytes, cx) {
            decoded.add(&event, entry.bytes, cx, []);
        }
    };
    splitter.feed(body, &mut add);
    splitter.finish(&mut add);
    decoded.said.insert("refused".to_owned(), json!(is_refused));
    decoded
}

fn gelf(body: &[u8], cx: &Context) -> Decoded {
    let mut decoded = Decoded::default();
    json_stream::each_record(body, |message| {
        let event = gelf::parse(message, cx);
        if event.parse_error.is_some() {
            decoded.said.insert("refused".to_owned(), json!(true));
        }
        let full = json!(event.attributes.get("full_message"));
        decoded.add(&event, message, cx, [("full_message", full)]);
    });
    decoded
}

fn otlp(encoding: otlp::Encoding, body: &[u8], cx: &Context) -> Decoded {
    let mut decoded = Decoded::default();
    let mut rejected = 0;
    let outcome = otlp::decode(encoding, body, cx, &mut |item| {
        let otlp::Item::Record { event, raw, .. } = item else {
            rejected += 1;
            return;
        };
        let attribute = |name: &str| json!(event.attributes.get(name));
        let body = parsed(&String::from_utf8_lossy(&event.message));
        let named = ["severity_number", "severity_text", "trace_id", "span_id"];
        let named = named.map(|name| (name, attribute(name)));
        let more = [
            ("body", body),
            ("scope", attribute("scope.name")),
            ("attributes", attributes(&event, "")),
            ("resource", attributes(&event, "resource.")),
        ];
        decoded.add(&event, raw, cx, named.into_iter().chain(more));
    });
    decoded.said.insert("refused".to_owned(), json!(outcome.is_err() || rejected > 0));
    decoded
}

fn loki(encoding: loki::Encoding, body: &[u8], cx: &Context) -> Decoded {
    let mut decoded = Decoded::default();
    let outcome = loki::decode(encoding, body, cx, &mut |record| {
        // What Loki calls the message is the whole line; what the line calls so is our message.
        let line = json!(String::from_utf8_lossy(record.raw));
        let all = attributes(&record.event, "");
        let more = [("message", line), ("labels", all.clone()), ("metadata", all)];
        decoded.add(&record.event, record.raw, cx, more);
    });
    if outcome.is_err() {
        decoded.events.clear();
    }
    decoded.said.insert("refused".to_owned(), json!(outcome.is_err()));
    decoded
}

/// The attributes whose names begin with `prefix`, by the rest of it; null where there are none.
fn attributes(event: &LogEvent<'_>, prefix: &str) -> Value {
    let named = event.attributes.iter().filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
    let all: Map<String, Value> = named.map(|(name, value)| (name.to_owned(), parsed(value))).collect();
    if all.is_empty() { Value::Null } else { Value::Object(all) }
}

/// The list or map that a text is as JSON, or the text.
fn parsed(text: &str) -> Value {
    let json = serde_json::from_str(text).ok().filter(|value: &Value| value.is_array() || value.is_object());
    json.unwrap_or_else(|| json!(text))
}
