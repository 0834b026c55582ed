//! How many syslog lines one core parses, and how many bytes it frames, in a second.
//!
//! Wanted: 2 million RFC 5424 lines with a short structured data element, 1.5 million RFC 3164 lines.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal_parsers::framing::{Framer, FramerConfig, Step};
use logseal_parsers::{Context, Zone, syslog};

// 2026-11-20T18:00:00Z
const RECEIVED_AT: i64 = 1_795_197_600_000_000;
const CX: Context = Context { received_at: RECEIVED_AT, zone: Zone::UTC };
const BERLIN: Context = Context { received_at: RECEIVED_AT, zone: Zone::Named(chrono_tz::Europe::Berlin) };

const RFC5424: &[u8] = b"<165>1 2026-11-20T17:59:58.123456+01:00 web17.example.net shop-api 48213 ORDER \
    [meta sequenceId=\"90817\"] order 7741 of customer 1193 placed in 38 ms, total 129.90 EUR, 3 items";
const RFC3164: &[u8] = b"<86>Nov 20 17:59:58 web17 sshd[48213]: Accepted publickey for deploy from 192.0.2.17 \
    port 50122 ssh2: ED25519 SHA256:q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k";

fn lines(c: &mut Criterion) {
    let mut group = c.benchmark_group("syslog");
    group.throughput(Throughput::Elements(1));
    for (name, line, cx) in
        [("rfc5424", RFC5424, &CX), ("rfc3164", RFC3164, &CX), ("rfc3164 in a zone with rules", RFC3164, &BERLIN)]
    {
        group.bench_function(name, |b| b.iter(|| syslog::parse(black_box(line), cx)));
    }
    group.finish();
}

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("framing");
    let delimited = [RFC3164, b"\n"].concat().repeat(400);
    let counted = [RFC5424.len().to_string().as_bytes(), b" ", RFC5424].concat().repeat(400);
    for (name, stream) in [("delimited", delimited), ("counted", counted)] {
        group.throughput(Throughput::Bytes(stream.len() as u64));
        group.bench_function(name, |b| b.iter(|| count(black_box(&stream))));
    }
    group.finish();
}

/// Takes all frames off `stream`.
fn count(stream: &[u8]) -> usize {
    let mut framer = Framer::new(FramerConfig::default());
    let (mut at, mut frames) = (0, 0);
    while let Step::Frame(frame) = framer.next(stream.get(at..).unwrap_or_default()) {
        at += frame.consumed;
        frames += 1;
    }
    frames
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2)).without_plots();
    targets = lines, frames
}
criterion_main!(benches);
