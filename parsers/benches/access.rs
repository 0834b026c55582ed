//! How many lines of web servers' logs one core parses in a second. Wanted: 1.2 million lines of the combined format.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal_parsers::{Context, Zone, access, haproxy, nginx_error};

const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

const COMBINED: &[u8] =
    b"203.0.113.42 - alice [20/Nov/2026:17:59:58 +0100] \"GET /shop/cart?item=7741&qty=3 HTTP/1.1\" 200 18234 \
    \"https://shop.example.net/catalogue\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"";
const NGINX_ERROR: &[u8] = b"2026/11/20 17:59:58 [error] 31#31: *1077 open() \"/srv/www/favicon.ico\" failed (2: No such file or \
    directory), client: 203.0.113.42, server: shop.example.net, request: \"GET /favicon.ico HTTP/1.1\", host: \"shop.example.net\"";
const HAPROXY: &[u8] =
    b"203.0.113.42:50186 [20/Nov/2026:17:59:58.910] https~ shop/web3 0/0/0/36/36 200 4586 - - ---- 4/4/3/3/0 \
    0/0 {Mozilla/5.0} {} \"GET /shop/cart?item=7741 HTTP/1.1\"";

fn lines(c: &mut Criterion) {
    let mut group = c.benchmark_group("access");
    group.throughput(Throughput::Elements(1));
    group.bench_function("combined", |b| b.iter(|| access::parse(black_box(COMBINED), &CX)));
    group.bench_function("nginx_error", |b| b.iter(|| nginx_error::parse(black_box(NGINX_ERROR), &CX)));
    group.bench_function("haproxy", |b| b.iter(|| haproxy::parse(black_box(HAPROXY), &CX)));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2)).without_plots();
    targets = lines
}
criterion_main!(benches);
