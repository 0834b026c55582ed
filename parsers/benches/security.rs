//! How many lines of security devices a second one core reads.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal_parsers::{Context, Format, Zone, format};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

const LINES: [(&str, Format, &str); 7] = [
    (
        "cef",
        Format::Cef,
        "CEF:0|Acme|Guard|2.1|77|connection blocked|7|rt=1700000000123 src=192.0.2.7 spt=4000 dst=192.0.2.1 dpt=22 proto=TCP suser=bob dvchost=fw1 act=blocked msg=no rule allows this",
    ),
    (
        "leef",
        Format::Leef,
        "LEEF:1.0|Acme|Guard|2.1|77|devTime=1700000000123\tsrc=192.0.2.7\tsrcPort=4000\tdst=192.0.2.1\tdstPort=22\tproto=TCP\tusrName=bob\tsev=7",
    ),
    (
        "logfmt",
        Format::Logfmt,
        "time=2023-11-14T22:13:20.123Z level=info msg=\"request completed\" method=GET path=/cart/42 status=200 duration=12ms remote_addr=192.0.2.7 user=bob",
    ),
    (
        "auditd",
        Format::Auditd,
        "type=SYSCALL msg=audit(1700000000.123:42): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=6 pid=7 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 comm=\"ls\" exe=\"/usr/bin/ls\" key=(null)",
    ),
    (
        "iptables",
        Format::Auto,
        "<4>Nov 14 22:13:20 web1 kernel: [50028.5] [UFW BLOCK] IN=eth0 OUT= MAC=00:01:02:03:04:05 SRC=192.0.2.7 DST=192.0.2.1 LEN=40 TOS=0x00 TTL=245 ID=37308 DF PROTO=TCP SPT=8080 DPT=22 WINDOW=1024 SYN",
    ),
    (
        "asa",
        Format::Auto,
        "<164>Nov 14 22:13:20 fw1 %ASA-4-106023: Deny tcp src outside:192.0.2.7/50240 dst inside:192.0.2.1/23 by access-group \"x\" [0x0, 0x0]",
    ),
    (
        "sshd",
        Format::Auto,
        "<38>Nov 14 22:13:20 web1 sshd[7]: Failed password for invalid user eve from 192.0.2.7 port 4000 ssh2",
    ),
];

fn security(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("security");
    group.throughput(Throughput::Elements(1));
    for (name, format, line) in LINES {
        assert_eq!(format::parse(format, line.as_bytes(), &CX).parse_error, None);
        group.bench_function(format!("{name}, {} bytes", line.len()), |bencher| {
            bencher.iter(|| black_box(format::parse(format, black_box(line.as_bytes()), &CX)));
        });
    }
    group.finish();
}

criterion_group!(benches, security);
criterion_main!(benches);
