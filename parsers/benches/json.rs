//! How many JSON records a second one core reads. The records are of about 250 bytes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal_parsers::{Context, Zone, json};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

const PINO: &str = r#"{"level":30,"time":1700000000123,"pid":14088,"hostname":"web1","reqId":"b7f0c1d2","user":"alice","ip":"192.0.2.7","method":"GET","path":"/cart/items/42","status":200,"durationMs":12.25,"ok":true,"msg":"user alice opened the cart of order 4711"}"#;

const ECS: &str = r#"{"@timestamp":"2023-11-14T22:13:20.123Z","log":{"level":"warn","logger":"shop"},"host":{"name":"web1"},"service":{"name":"cart"},"client":{"ip":"192.0.2.7"},"user":{"name":"alice"},"message":"low stock of article 4711 in warehouse north","http":{"status":200}}"#;

const ESCAPED: &str = r#"{"timestamp":"2023-11-14T22:13:20.123Z","level":"ERROR","logger_name":"shop.checkout","thread_name":"main","message":"caf\u00e9 \"quoted\"\nsecond line of the text","host":"web1","app":"cart","attributes":{"status":502,"path":"C:\\temp\\x"}}"#;

fn json(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("json");
    for (name, line) in [("pino", PINO), ("ecs", ECS), ("escaped", ESCAPED)] {
        assert_eq!(json::parse(line.as_bytes(), &CX).parse_error, None);
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{name}, {} bytes", line.len()), |bencher| {
            bencher.iter(|| black_box(json::parse(black_box(line.as_bytes()), &CX)));
        });
    }
    group.finish();
}

criterion_group!(benches, json);
criterion_main!(benches);
