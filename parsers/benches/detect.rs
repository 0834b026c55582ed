//! What it costs to find out which format a line is in, and what a message holds.
//!
//! Each line is read by its format's name and without it, one right after the other, since only the ratio of the two counts. Wanted: less
//! than 5 % between them. Without a name it is read by itself (`auto`), and as the next of a stream (`stream`), where what the last line
//! was is asked first. A syslog record is read with its header alone, too.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal_parsers::{Context, Format, LineParser, Zone, format, syslog};

const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

const LINES: [(&str, Format, &str); 14] = [
    ("plain", Format::Plain, "order 7741 of customer 1193 placed in 38 ms, total 129.90 EUR, 3 items"),
    ("plain, stamped", Format::Plain, "2023-11-14T22:13:20.123Z the cart of order 4711 was opened by alice"),
    ("plain, bracket", Format::Plain, "[worker 3] the cart of order 4711 was opened by alice in the shop of the north"),
    (
        "combined",
        Format::Access,
        "203.0.113.42 - alice [20/Nov/2026:17:59:58 +0100] \"GET /shop/cart?item=7741&qty=3 HTTP/1.1\" 200 18234 \
         \"https://shop.example.net/catalogue\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"",
    ),
    (
        "nginx_error",
        Format::NginxError,
        "2026/11/20 17:59:58 [error] 31#31: *1077 open() \"/srv/favicon.ico\" failed (2: No such file or directory), client: 203.0.113.42, server: a",
    ),
    (
        "haproxy",
        Format::Haproxy,
        "203.0.113.42:50186 [20/Nov/2026:17:59:58.910] https~ shop/web3 0/0/0/36/36 200 4586 - - ---- 4/4/3/3/0 0/0 \"GET /shop HTTP/1.1\"",
    ),
    (
        "squid",
        Format::Squid,
        "1700000000.123     16 192.0.2.7 TCP_MISS/200 1293 GET http://a.example/ jane HIER_DIRECT/198.51.100.9 text/html",
    ),
    (
        "ltsv",
        Format::Ltsv,
        "time:2023-11-14T22:13:20Z\thost:192.0.2.7\tstatus:200\tuser:bob\treqtime:0.123\tua:Mozilla/5.0",
    ),
    (
        "json",
        Format::Json,
        r#"{"level":30,"time":1700000000123,"hostname":"web1","user":"alice","msg":"opened the cart of order 4711"}"#,
    ),
    (
        "cef",
        Format::Cef,
        "CEF:0|Acme|Guard|2.1|77|connection blocked|7|src=192.0.2.7 spt=4000 dst=192.0.2.1 act=blocked msg=no rule allows this",
    ),
    (
        "leef",
        Format::Leef,
        "LEEF:1.0|Acme|Guard|2.1|77|src=192.0.2.7\tsrcPort=4000\tdst=192.0.2.1\tproto=TCP\tusrName=bob\tsev=7",
    ),
    (
        "logfmt",
        Format::Logfmt,
        "time=2023-11-14T22:13:20Z level=info msg=\"request completed\" method=GET path=/cart/42 status=200 user=bob",
    ),
    (
        "auditd",
        Format::Auditd,
        "type=SYSCALL msg=audit(1700000000.123:42): arch=c000003e syscall=59 success=yes exit=0 items=2 ppid=6 pid=7 auid=1000 uid=0 comm=\"ls\"",
    ),
    (
        "logback",
        Format::Java,
        "2023-11-14 22:13:20.123 [http-nio-8080-exec-7] WARN  com.example.shop.CartService - low stock of article 4711",
    ),
];

/// Messages that hold nothing that is looked for.
const MESSAGES: [(&str, &str); 4] = [
    ("rfc3164", "<14>Nov 14 22:13:20 web1 shop[7]: order 4711 of customer 12 was shipped to warehouse north in 12.5 s"),
    (
        "rfc3164, file",
        "Nov 14 22:13:20 web1 shop[7]: order 4711 of customer 12 was shipped to warehouse north in 12.5 s",
    ),
    (
        "rfc3164, kernel",
        "<6>Nov 14 22:13:20 web1 kernel: [50028.5] usb 1-1: new high-speed USB device number 2 using xhci_hcd",
    ),
    (
        "rfc5424",
        "<165>1 2026-11-20T17:59:58.123456+01:00 web17.example.net shop-api 48213 ORDER [meta sequenceId=\"90817\"] order 7741 of customer 1193 placed in 38 ms",
    ),
];

fn detect(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("detect");
    group.throughput(Throughput::Elements(1));
    for (name, format, line) in LINES {
        let line = line.as_bytes();
        let (stated, found) = (format::parse(format, line, &CX), format::parse(Format::Auto, line, &CX));
        assert_eq!((stated.parse_error, stated.format), (None, found.format));
        for (way, format) in [("stated", format), ("auto", Format::Auto)] {
            group.bench_function(format!("{name}, {way}"), |b| b.iter(|| format::parse(format, black_box(line), &CX)));
        }
        let mut stream = LineParser::new(Format::Auto);
        drop((stream.parse(line, &CX), stream.parse(line, &CX)));
        group.bench_function(format!("{name}, stream"), |b| b.iter(|| stream.parse(black_box(line), &CX).format));
    }
    for (name, line) in MESSAGES {
        let line = line.as_bytes();
        group.bench_function(format!("{name}, header"), |b| b.iter(|| syslog::parse(black_box(line), &CX)));
        group.bench_function(format!("{name}, auto"), |b| b.iter(|| format::parse(Format::Auto, black_box(line), &CX)));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(1)).without_plots();
    targets = detect
}
criterion_main!(benches);
