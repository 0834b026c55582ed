//! GELF's cases over UDP and TCP: from datagrams and streams to messages, as the daemon makes them.

use std::io::Read as _;

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use logseal_parsers::framing::Step;
use logseal_parsers::framing::delimited::{DelimitedFramer, Delimiter};
use logseal_parsers::framing::gelf_chunks::{Datagram, Limits, Reassembly};
use serde_json::Value;

use crate::run;

#[test]
fn gelf_messages_of_datagrams_and_streams_are_whole() {
    let Some(folder) = crate::folder("LOGSEAL_CASES", "cases") else {
        return;
    };
    let text = std::fs::read_to_string(folder.join("gelf.ndjson")).expect("the suite can be read");
    let mut checked = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let messages = match case["format"].as_str() {
            Some("gelf_udp") => of_datagrams(&run::decode_all(&case["datagrams_b64"])),
            Some("gelf_tcp") => of_stream(&run::decode_all(&case["chunks_b64"])),
            _ => continue,
        };
        checked += 1;
        assert_eq!(case["expect"]["count"], messages.len(), "{}", case["id"]);
        let texts: Vec<Value> = messages.iter().map(|message| short_message(message)).collect();
        let wanted = ["events", "events_any_order"].map(|key| case["expect"][key].as_array());
        for event in wanted.into_iter().flatten().flatten() {
            assert!(texts.contains(&event["message"]), "{}: {event} is not among {texts:?}", case["id"]);
        }
    }
    assert!(checked > 0, "the suite has datagrams and streams");
}

fn short_message(message: &[u8]) -> Value {
    let object: Value = serde_json::from_slice(message).expect("a whole message is JSON");
    object["short_message"].clone()
}

fn of_datagrams(datagrams: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = Reassembly::new(Limits::default());
    let messages = datagrams.iter().filter_map(|datagram| match all.add((), datagram, 0) {
        Datagram::Message(message) => Some(inflated(message)),
        Datagram::Completed(message) => Some(inflated(&message)),
        Datagram::Waiting | Datagram::Malformed => None,
    });
    messages.collect()
}

fn inflated(message: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    match message {
        [0x1f, 0x8b, ..] => MultiGzDecoder::new(message).read_to_end(&mut content).expect("gzip"),
        [0x78, ..] => ZlibDecoder::new(message).read_to_end(&mut content).expect("zlib"),
        _ => return message.to_vec(),
    };
    content
}

fn of_stream(chunks: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut framer = DelimitedFramer::new(Delimiter::Nul, 1 << 20);
    let (mut buffer, mut messages) = (Vec::new(), Vec::new());
    for chunk in chunks.iter().map(Some).chain([None]) {
        buffer.extend_from_slice(chunk.map(Vec::as_slice).unwrap_or_default());
        loop {
            let step = if chunk.is_some() { framer.next(&buffer) } else { framer.finish(&buffer) };
            let (consumed, message) = match step {
                Step::Frame(frame) => (frame.consumed, Some(frame.bytes.to_vec())),
                Step::NeedMore { consumed } => (consumed, None),
            };
            buffer.drain(..consumed);
            let Some(message) = message else { break };
            messages.push(message);
        }
    }
    messages
}
