//! Any body is survived by the decoder of every protocol that pushes; what comes in pieces comes out as if it had come whole; and
//! what a record is said to have come from is a part of the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::push::{elastic, gelf, journal, json_stream, splunk};
use logseal_parsers::{Context, Zone};
use logseal_parsers_fuzz::{assert_promises_of, is_slice_of};

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fn journal_entries(body: &[u8], size: usize) -> Vec<(Vec<u8>, Option<journal::Fault>)> {
    let (mut splitter, mut found) = (journal::Splitter::default(), Vec::new());
    for piece in body.chunks(size) {
        splitter.feed(piece, |entry| found.push((entry.bytes.to_vec(), entry.fault)));
    }
    splitter.finish(|entry| found.push((entry.bytes.to_vec(), entry.fault)));
    found
}

fn json_objects(body: &[u8], size: usize) -> Vec<(Vec<u8>, u64)> {
    let (mut splitter, mut found) = (json_stream::Splitter::default(), Vec::new());
    for piece in body.chunks(size) {
        splitter.feed(piece, |piece| found.push((piece.bytes.to_vec(), piece.line)));
    }
    splitter.finish(|piece| found.push((piece.bytes.to_vec(), piece.line)));
    found
}

fuzz_target!(|body: &[u8]| {
    for item in elastic::items(body, &CX) {
        if let elastic::Content::Record { raw, .. } = item.content {
            assert!(is_slice_of(raw, body));
        }
    }
    for event in splunk::events(body, splunk::Metadata::default(), &CX).flatten() {
        assert!(is_slice_of(event.raw, body) && event.raw.ends_with(b"}"));
    }
    for event in splunk::lines(body, splunk::Metadata::default(), &CX) {
        assert!(is_slice_of(event.raw, body));
    }
    json_stream::each_record(body, |message| {
        assert_promises_of(&gelf::parse(message, &CX), message);
    });
    let whole = body.len().max(1);
    let entries = journal_entries(body, whole);
    assert_eq!(journal_entries(body, 3), entries);
    for (entry, _) in entries {
        drop(journal::parse(&entry, &CX));
    }
    assert_eq!(json_objects(body, 3), json_objects(body, whole));
});
