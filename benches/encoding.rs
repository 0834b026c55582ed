//! What a record costs between its parser and the spool: gathered in a batch, joined, encoded as a block.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal::record::block::{self, Rows};
use logseal::record::{Batch, Origin};
use logseal_parsers::{Context, Zone, syslog};
use uuid::Uuid;

const ROWS: usize = 2000;
const AT: i64 = 1_800_000_000_000_000;

fn lines() -> Vec<String> {
    let line = |n: usize| {
        format!(
            "<{}>1 2026-11-20T10:20:{:02}.{:06}Z web-{} app{} {} - [req@32473 id=\"{n}\" status=\"{}\"] request {n} handled in {} ms",
            8 + n % 180,
            n % 60,
            n * 37 % 1_000_000,
            n % 50,
            n % 20,
            n % 9000,
            200 + n % 5,
            n % 970,
        )
    };
    (0..ROWS).map(line).collect()
}

fn gather(lines: &[String]) -> Batch {
    let cx = Context { received_at: AT, zone: Zone::UTC };
    let origin = Origin { source: "syslog", origin: "tcp:127.0.0.1:5514", peer: "192.0.2.1", received_at: AT };
    let mut batch = Batch::default();
    for line in lines {
        batch.push(&syslog::parse(line.as_bytes(), &cx), line.as_bytes(), &origin);
    }
    batch
}

fn encoding(criterion: &mut Criterion) {
    let lines = lines();
    let batch = gather(&lines);
    let encoded = batch.encode(1, &Uuid::nil()).to_vec();

    let mut group = criterion.benchmark_group("encoding");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("parse_and_gather", |b| b.iter(|| black_box(gather(&lines))));
    group.bench_function("join", |b| {
        b.iter(|| {
            let mut joined = Batch::default();
            joined.extend(&batch);
            black_box(joined)
        });
    });
    group.bench_function("encode", |b| b.iter(|| black_box(batch.encode(1, &Uuid::nil()).pieces().len())));
    group.bench_function("decode_for_rules", |b| {
        let wanted = |name: &str| !name.starts_with("raw_") && name != "proc_id";
        b.iter(|| {
            let mut rows = Rows::new(&encoded, wanted).expect("the block was encoded here");
            while let Ok(Some(row)) = rows.read() {
                black_box(row);
            }
        });
    });
    group.bench_function("decode", |b| b.iter(|| black_box(block::decode(&encoded))));
    group.finish();
}

criterion_group!(benches, encoding);
criterion_main!(benches);
