//! How many lines of programs' own logs a second one core reads, and what it costs to find out whose they are.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal_parsers::{Context, Format, Zone, app, format};

const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

const LINES: [(&str, &str, Format); 8] = [
    (
        "logback",
        "2023-11-14 22:13:20.123 [http-nio-8080-exec-7] WARN  com.example.shop.cart.CartService - low stock of article 4711 in warehouse north",
        Format::Java,
    ),
    (
        "spring",
        "2023-11-14T22:13:20.123Z  INFO 14088 --- [shop] [nio-8080-exec-7] c.example.shop.cart.CartService : opened the cart of order 4711",
        Format::Java,
    ),
    (
        "python",
        "2023-11-14 22:13:20,123 - shop.cart - WARNING - low stock of article 4711 in warehouse north",
        Format::Python,
    ),
    (
        "postgresql",
        "2023-11-14 22:13:20.123 UTC [14088] bob@shop ERROR:  relation \"orders\" does not exist at character 15",
        Format::Postgresql,
    ),
    (
        "mysql",
        "2023-11-14T22:13:20.123456Z 8 [Warning] [MY-010055] [Server] IP address could not be resolved: Name or service not known",
        Format::Mysql,
    ),
    (
        "klog",
        "I1114 22:13:20.123456       7 controller.go:99] \"Reconciled the deployment\" name=\"shop\" namespace=\"web\"",
        Format::Klog,
    ),
    ("redis", "7:M 14 Nov 2023 22:13:20.123 * Background saving terminated with success", Format::Redis),
    ("rust", "2023-11-14T22:13:20.123456Z  INFO shop::cart: opened the cart order=4711 items=3", Format::Rust),
];

/// Lines that are none of these: the cost of finding that out is added to that of their own parser.
const OTHERS: [(&str, &str); 3] = [
    ("access", "192.0.2.7 - bob [14/Nov/2023:22:13:20 +0000] \"GET /cart HTTP/1.1\" 200 512 \"-\" \"curl/8.5.0\""),
    ("stamped", "2023-11-14T22:13:20.123Z the cart of order 4711 was opened by alice"),
    ("prose", "Low stock of article 4711 in warehouse north"),
];

fn lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("app");
    group.throughput(Throughput::Elements(1));
    for (name, line, format) in LINES {
        let line = line.as_bytes();
        assert_eq!(format::parse(Format::Auto, line, &CX).parse_error, None);
        assert_eq!(format::parse(format, line, &CX).parse_error, None);
        group.bench_function(name, |b| b.iter(|| format::parse(format, black_box(line), &CX)));
        group.bench_function(format!("{name}, detected"), |b| {
            b.iter(|| format::parse(Format::Auto, black_box(line), &CX));
        });
    }
    for (name, line) in OTHERS {
        assert_eq!(app::parse(line.as_bytes(), &CX), None);
        group.bench_function(format!("{name}, refused"), |b| b.iter(|| app::parse(black_box(line.as_bytes()), &CX)));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(1)).without_plots();
    targets = lines
}
criterion_main!(benches);
