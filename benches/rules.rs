//! What one record costs all alert rules: the shipped ones, and a hundred others.

use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal::record::LogRow;
use logseal::rules::evaluator::Evaluator;
use logseal::rules::limits::{Clock, Limits};
use logseal::rules::rule::Rule;
use logseal::rules::shipped;
use logseal::rules::spec::{RuleSpec, Values};
use logseal_parsers::{Context, Format, Zone};
use serde_json::json;

const ROWS: usize = 1000;
const START: i64 = 1_800_000_000_000_000;
const VALUES: Values = Values { alert_threshold_login_fail: 10, alert_window_login_fail: 300 };

/// A mixture: half of it programs' messages over syslog, a fifth requests, then JSON, and a few logins and errors.
fn line(n: usize) -> String {
    let (user, third, last, port) = (n % 50, n % 7, n % 251, 40_000 + n);
    match n % 20 {
        0..=9 => format!(
            "<30>Jan 15 08:00:01 web-{} app{}[{n}]: request {n} handled in {} ms, status ok, next run at 09:00",
            n % 16,
            n % 9,
            n % 97
        ),
        10..=13 => format!(
            "10.0.{third}.{last} - - [15/Jan/2027:08:00:00 +0000] \"GET /items/{} HTTP/1.1\" {} 5316 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
            n % 300,
            if n.is_multiple_of(70) { 404 } else { 200 }
        ),
        14..=16 => format!(
            r#"{{"time":"2027-01-15T08:00:00Z","level":"info","msg":"order {n} shipped","user":"svc{user}","service":"orders","duration_ms":{}}}"#,
            n % 400
        ),
        17 => format!(
            "<38>Jan 15 08:00:01 web-{} sshd[{n}]: Accepted publickey for svc{user} from 10.0.{third}.{last} port {port} ssh2: RSA SHA256:abc",
            n % 16
        ),
        18 => format!(
            "<38>Jan 15 08:00:01 web-{} sshd[{n}]: Failed password for invalid user u{user} from 10.0.{third}.{last} port {port} ssh2",
            n % 16
        ),
        _ => "2027-01-15 08:00:00 ERROR [worker] connection to db1 lost, trying again".to_owned(),
    }
}

fn rows() -> Vec<LogRow<'static>> {
    let row = |n: usize| {
        let raw = line(n);
        let cx = Context { received_at: START, zone: Zone::UTC };
        let event = logseal_parsers::format::parse(Format::Auto, raw.as_bytes(), &cx);
        let row = LogRow {
            level: event.level,
            severity: event.severity,
            source: format!("SOURCE{}", n % 5).into(),
            host: if event.host.is_empty() { "peer".into() } else { event.host.clone() },
            app: event.app.clone(),
            msg_id: event.msg_id.clone(),
            user_name: event.user_name.clone(),
            format: event.format.into(),
            origin: "syslog".into(),
            ip: event.ip.map(|ip: IpAddr| ip.to_canonical()),
            message: event.message.clone(),
            raw: raw.as_bytes().into(),
            attributes: event.attributes.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            ..LogRow::default()
        };
        row.into_owned()
    };
    (0..ROWS).map(row).collect()
}

fn shipped_rules() -> Vec<Rule> {
    let specs = shipped::rules().expect("the shipped rules are sound");
    specs.iter().map(|spec| Rule::new(spec, &VALUES).expect("the shipped rules are sound")).collect()
}

/// Rules as people write them: mostly for one program or text, some for levels and attributes.
fn hundred_rules() -> Vec<Rule> {
    let spec = |n: usize| {
        let filter = match n % 5 {
            0 => format!("app:app{n} \"status failed\""),
            1 => format!("\"error code {n}\" -user:svc{n}"),
            2 => format!("source:SOURCE{} level:>=error worker{n}", n % 9),
            3 => format!("attributes.status:{} attributes.path:/items/{n}*", 400 + n),
            _ => format!("user:svc{n} ip:10.{n}.0.0/16"),
        };
        let fields = json!({
            "code": format!("rule{n}"), "name": "Rule", "kind": "threshold", "filter": filter,
            "group_by": ["host"], "window_seconds": 300, "at_least": 5
        });
        Rule::new(&RuleSpec::from_json(&fields).expect("it is sound"), &VALUES).expect("it is sound")
    };
    (0..100).map(spec).collect()
}

fn evaluating(criterion: &mut Criterion) {
    let mut rows = rows();
    let mut group = criterion.benchmark_group("rules");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3)).sample_size(20);
    let sets = [
        ("shipped", shipped_rules()),
        ("hundred", hundred_rules()),
        ("shipped_and_hundred", shipped_rules().into_iter().chain(hundred_rules()).collect()),
    ];
    for (name, rules) in sets {
        let mut evaluator = Evaluator::new(rules, Limits::default(), Clock::Received);
        let mut id = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for row in &mut rows {
                    id += 1;
                    // 300,000 records a second.
                    (row.id, row.timestamp) = (id, START + id as i64 * 10 / 3);
                    row.received_at = row.timestamp;
                    evaluator.observe(black_box(row));
                }
                evaluator.take_effects().len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, evaluating);
criterion_main!(benches);
