//! Runs the cases of Fluent Forward: streams of messages, as the daemon takes them.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use logseal_parsers::fluent::{self, Entries, Entry, Packing};
use logseal_parsers::level_names::from_word;
use logseal_parsers::msgpack::{Extent, Fault};
use logseal_parsers::{Context, Level, LogEvent};
use serde_json::{Map, Value, json};

use crate::compare::Difference;
use crate::{run, view};

/// What a stream held.
#[derive(Default)]
struct Taken {
    events: Vec<Map<String, Value>>,
    acks: Vec<Value>,
}

/// Everything in which the records of a stream, and the answers to it, differ from what is expected.
pub(crate) fn differences(case: &Value, cx: &Context) -> Vec<Difference> {
    let mut taken = Taken::default();
    let mut buffer: Vec<u8> = Vec::new();
    let mut extent = Extent::default();
    for chunk in run::decode_all(&case["chunks_b64"]) {
        buffer.extend_from_slice(&chunk);
        while let Some(length) = extent.measure(&buffer).expect("MessagePack") {
            extent = Extent::default();
            let bytes: Vec<u8> = buffer.drain(..length).collect();
            if bytes != [0xc0] {
                take(&bytes, &mut taken, cx).expect("a message");
            }
            if buffer.is_empty() {
                break;
            }
        }
    }
    let mut found = run::compared(case, taken.events.len(), |at, wanted| {
        let mut view = taken.events.get(at).cloned().unwrap_or_default();
        let word = wanted["record"]["level"].as_str();
        if let (Some(word), Some(record)) = (word, view.get_mut("record"))
            && record["level"].as_str() == from_word(word).map(Level::as_str)
        {
            // The record's own word for the level that the event has.
            record["level"] = json!(word);
        }
        view
    });
    if let Some(wanted) = case["expect"].get("acks").filter(|wanted| **wanted != json!(taken.acks)) {
        found.push(run::difference("acks", wanted.clone(), json!(taken.acks)));
    }
    found
}

fn take(bytes: &[u8], taken: &mut Taken, cx: &Context) -> Result<(), Fault> {
    let message = fluent::message(bytes)?;
    let inflated;
    let mut rest = match message.entries {
        Entries::Bare(raw) => {
            add(&fluent::bare_entry(raw), &message.tag, taken, cx);
            &[][..]
        }
        Entries::Several(entries) => entries,
        Entries::Compressed(compressed) => {
            let mut content = Vec::new();
            match Packing::of(compressed) {
                Some(Packing::Zstd) => zstd::stream::copy_decode(compressed, &mut content).expect("zstd"),
                _ => drop(MultiGzDecoder::new(compressed).read_to_end(&mut content).expect("gzip")),
            }
            inflated = content;
            &inflated
        }
    };
    while !rest.is_empty() {
        let (entry, behind) = fluent::next_entry(rest)?;
        add(&entry, &message.tag, taken, cx);
        rest = behind;
    }
    if let Some(chunk) = message.chunk {
        taken.acks.push(json!({ "ack": String::from_utf8_lossy(chunk) }));
    }
    Ok(())
}

fn add(entry: &Entry<'_>, tag: &str, taken: &mut Taken, cx: &Context) {
    let mut scratch = Vec::new();
    let event = fluent::parse(entry, tag, &mut scratch, cx);
    let mut view = view::of(&event, entry.raw, cx, &Value::Null);
    view.insert("tag".to_owned(), json!(event.attributes.get("tag")));
    view.insert("record".to_owned(), Value::Object(record(&event)));
    taken.events.push(view);
}

/// The record as it was, as far as the event has it: a leaf that fills a field is no attribute beside it.
fn record(event: &LogEvent<'_>) -> Map<String, Value> {
    let message = String::from_utf8_lossy(&event.message);
    let mut record: Map<String, Value> = [
        ("message", json!(message)),
        ("msg", json!(message)),
        ("host", json!(event.host)),
        ("level", json!(event.level.as_str())),
        ("user", json!(event.user_name)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect();
    record.extend(event.attributes.iter().map(|(name, value)| (name.to_owned(), json!(value))));
    record
}
