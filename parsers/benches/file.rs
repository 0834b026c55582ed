//! What whole files cost beside their lines alone: the share of joining, of documents and of the rest that a [`FileParser`] does.
//!
//! Wanted: syslog lines within a tenth of what [`LineParser`] takes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal_parsers::{Context, FileOptions, FileParser, Format, LineParser, Zone};

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

/// What a reader of files asks for at a time.
const READ_BYTES: usize = 64 << 10;
const LINES: usize = 10_000;

const SYSLOG: &str =
    "<86>Nov 20 17:59:58 web17 sshd[48213]: Accepted publickey for deploy from 192.0.2.17 port 50122 ssh2";
const JSON: &str =
    r#"{"time":"2026-11-20T17:59:58.123Z","level":"info","msg":"order 7741 placed","customer":1193,"ms":38}"#;
const JAVA: &str =
    "2026-11-20 17:59:58,123 INFO  [main] com.example.shop.Cart - order 7741 of customer 1193 placed in 38 ms";
const ACCESS: &str =
    r#"192.0.2.17 - - [20/Nov/2026:17:59:58 +0000] "GET /cart?id=7741 HTTP/1.1" 200 5120 "-" "Mozilla/5.0""#;

fn by_lines(file: &[u8]) -> usize {
    let mut parser = LineParser::new(Format::Auto);
    let lines = file.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| parser.parse(line, &CX)).filter(|event| !event.message.is_empty()).count()
}

fn whole(file: &[u8]) -> usize {
    let mut parser = FileParser::new(FileOptions::default());
    let (mut from, mut to, mut records) = (0, 0, 0);
    while from < file.len() {
        to = (to + READ_BYTES).min(file.len());
        let buffer = file.get(from..to).unwrap_or_default();
        from += parser.feed(buffer, to == file.len(), &CX, &mut |record| {
            records += usize::from(!black_box(&record).event.message.is_empty());
        });
    }
    records
}

fn files(c: &mut Criterion) {
    let mut group = c.benchmark_group("file");
    group.throughput(Throughput::Elements(LINES as u64));
    for (name, line) in [("syslog", SYSLOG), ("json", JSON), ("java", JAVA), ("access", ACCESS)] {
        let file = format!("{line}\n").repeat(LINES).into_bytes();
        group.bench_function(format!("{name} by lines"), |b| b.iter(|| by_lines(black_box(&file))));
        group.bench_function(format!("{name} whole"), |b| b.iter(|| whole(black_box(&file))));
    }
    let array = format!("[{}]", vec![JSON; LINES].join(",")).into_bytes();
    group.bench_function("json in an array", |b| b.iter(|| whole(black_box(&array))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2)).without_plots();
    targets = files
}
criterion_main!(benches);
