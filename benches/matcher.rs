//! What one record costs a live tail or an alert rule, for typical filters.

use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal::query::matcher::Matcher;
use logseal::query::parse::parse;
use logseal::record::LogRow;
use logseal_parsers::Level;

const ROWS: usize = 1000;

fn rows() -> Vec<LogRow<'static>> {
    let row = |n: usize| {
        let message = format!(
            "request {n} handled in {} ms, session opened for user svc{} from 10.0.{}.{} port {} protocol ssh2, status ok",
            n % 97,
            n % 50,
            n % 7,
            n % 251,
            40_000 + n
        );
        LogRow {
            id: n as u64,
            timestamp: 1_795_132_800_000_000 + n as i64,
            level: if n.is_multiple_of(20) { Level::Error } else { Level::Info },
            severity: Some(6),
            source: "WEB_APP".into(),
            host: format!("web-{}", n % 16).into(),
            app: "sshd".into(),
            user_name: format!("svc{}", n % 50).into(),
            ip: Some(IpAddr::from([10, 0, (n % 7) as u8, (n % 251) as u8])),
            raw: message.clone().into_bytes().into(),
            message: message.into_bytes().into(),
            attributes: vec![("method".into(), "GET".into()), ("status".into(), format!("{}", 200 + n % 400).into())],
            ..LogRow::default()
        }
    };
    (0..ROWS).map(row).collect()
}

fn matching(criterion: &mut Criterion) {
    let rows = rows();
    let mut group = criterion.benchmark_group("matcher");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(20);
    let queries = [
        ("level", "level:>=error"),
        ("source_user", "source:WEB_APP user:svc7"),
        ("ip_block", "ip:10.0.3.0/24"),
        ("host_wildcard", "host:web-1*"),
        ("absent_word", "\"login failed\""),
        ("present_word", "protocol"),
        ("word_within_longer_ones", "open"),
        ("absent_part", "message:~\"login failed\""),
        ("attribute_number", "attributes.status:>=500"),
        ("message_wildcard", "session*svc49"),
        ("regex", "/user svc4[0-9] from/"),
        ("typical", "level:>=warn source:WEB_APP \"login failed\" -user:svc1 ip:10.0.0.0/8"),
    ];
    for (name, query) in queries {
        let matcher = Matcher::new(&parse(query, 0).expect("the queries of the bench are valid"));
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(&rows).iter().filter(|row| matcher.matches(row)).count())
        });
    }
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
