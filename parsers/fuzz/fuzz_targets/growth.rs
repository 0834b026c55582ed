//! What is eight times as long takes about eight times as long to read, whatever is repeated in it: no reader is quadratic.
//!
//! The first byte chooses the reader, the next two the part of the rest that is repeated.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use logseal_parsers::multiline::{Limits, Rule};
use logseal_parsers::push::{elastic, gelf, journal, json_stream, loki, otlp, splunk};
use logseal_parsers::{Context, FileOptions, FileParser, Format, LineParser, Zone, fluent, format, json};
use rustix::time::{ClockId, clock_gettime};

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

const SHORT_BYTES: usize = 1 << 13;
const LONG_BYTES: usize = 1 << 16;

/// Readers of more than one record; a reader of one is a format.
const READERS: &[fn(&[u8])] = &[
    file,
    |text| elastic::items(text, &CX).for_each(drop),
    |text| splunk::events(text, splunk::Metadata::default(), &CX).for_each(drop),
    |text| json_stream::each_record(text, |message| drop(gelf::parse(message, &CX))),
    |text| drop(journal::parse(text, &CX)),
    journal_pieces,
    json_pieces,
    |text| drop(loki::decode(loki::Encoding::Json, text, &CX, &mut |_| ())),
    |text| drop(loki::decode(loki::Encoding::Protobuf, text, &CX, &mut |_| ())),
    |text| drop(otlp::decode(otlp::Encoding::Json, text, &CX, &mut |_| ())),
    |text| drop(otlp::decode(otlp::Encoding::Protobuf, text, &CX, &mut |_| ())),
    |text| json::records(text).into_iter().flatten().for_each(drop),
    |text| drop(fluent::message(text)),
    joined_file,
];

fn file(text: &[u8]) {
    let mut parser = LineParser::new(Format::Auto);
    text.split(|b| *b == b'\n').for_each(|line| drop(parser.parse(line, &CX)));
}

fn journal_pieces(text: &[u8]) {
    let mut splitter = journal::Splitter::default();
    text.chunks(64).for_each(|piece| splitter.feed(piece, |_| ()));
    splitter.finish(|_| ());
}

fn json_pieces(text: &[u8]) {
    let mut splitter = json_stream::Splitter::default();
    text.chunks(64).for_each(|piece| splitter.feed(piece, |_| ()));
    splitter.finish(|_| ());
}

/// As an upload comes: audit events are gathered, lines joined, documents taken apart.
fn joined_file(text: &[u8]) {
    let mut parser =
        FileParser::new(FileOptions { format: Format::Auto.into(), multiline: Rule::Auto, limits: Limits::default() });
    let taken = parser.feed(text, true, &CX, &mut |_| ());
    assert_eq!(taken, text.len());
}

fn read(which: usize, text: &[u8]) {
    match READERS.get(which) {
        Some(reader) => reader(text),
        None => drop(format::parse(Format::ALL[which - READERS.len()], text, &CX)),
    }
}

/// How long this thread has been at work: not the time in which the machine did something else.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

fn time(which: usize, text: &[u8]) -> Duration {
    let start = worked();
    read(which, text);
    worked().saturating_sub(start)
}

fuzz_target!(|input: &[u8]| {
    let [which, at, length, text @ ..] = input else {
        return;
    };
    if text.is_empty() {
        return;
    }
    let which = usize::from(*which) % (READERS.len() + Format::ALL.len());
    let (head, rest) = text.split_at(usize::from(*at) % text.len());
    let (unit, tail) = rest.split_at(usize::from(*length) % rest.len() + 1);
    let repeated = |bytes: usize| [head, &unit.repeat(bytes / unit.len()), tail].concat();
    let (short, long) = (repeated(SHORT_BYTES), repeated(LONG_BYTES));
    // Were a reader quadratic, it would have 64 times as much work. A busy machine disturbs a measurement, but not each of them.
    let is_linear = || time(which, &long) < time(which, &short) * 32 + Duration::from_millis(3);
    assert!((0..5).any(|_| is_linear()), "reader {which} is too slow for what is long");
});
