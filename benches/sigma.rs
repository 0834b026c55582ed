//! What one record costs with thousands of Sigma rules.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal::record::LogRow;
use logseal::rules::evaluator::Evaluator;
use logseal::rules::limits::{Clock, Limits};
use logseal::rules::rule::Rule;
use logseal::rules::sigma::document::{DetectionRule, SigmaDocument, SigmaRules};
use logseal::rules::sigma::matcher::SigmaMatcher;
use logseal::rules::spec::{RuleSpec, Values};
use serde_json::json;

const RULES: usize = 3000;
const ROWS: usize = 1000;

/// Words that are put together to programs, paths and options, each differently.
const WORDS: [&str; 24] = [
    "copy", "shadow", "remote", "agent", "beacon", "loader", "update", "helper", "crypt", "tunnel", "dump", "relay",
    "proxy", "scan", "spool", "token", "inject", "hollow", "stage", "cache", "driver", "policy", "script", "export",
];

fn word(n: usize) -> String {
    let pick = |n: usize| WORDS.get(n % WORDS.len()).copied().unwrap_or_default();
    format!("{}{}{}", pick(n), pick(n / 24 + 7), n % 89)
}

/// A rule like those of the public collection: mostly starts of processes, then other events of Windows, Linux and the web.
fn rule(n: usize) -> String {
    let (a, b, c) = (word(n), word(n * 7 + 1), word(n * 13 + 5));
    let (logsource, detection) = match n % 10 {
        0..=3 => (
            "product: windows\n  category: process_creation",
            format!(
                "  selection_img:\n    - Image|endswith: '\\{a}.exe'\n    - OriginalFileName: '{a}.exe'\n  selection_cli:\n    \
                 CommandLine|contains:\n      - ' -{b} '\n      - ' /{c}:'\n  filter_main_known:\n    \
                 ParentImage|startswith: 'C:\\Program Files\\{c}\\'\n  condition: all of selection_* and not 1 of filter_main_*\n"
            ),
        ),
        4 => (
            "product: windows\n  category: process_creation",
            format!(
                "  selection:\n    CommandLine|contains|all:\n      - '{a}'\n      - ' -enc'\n    CommandLine|re: '(?i)-{b}\\s+[a-z0-9]{{4,}}'\n  \
                 condition: selection\n"
            ),
        ),
        5 => (
            "product: windows\n  category: registry_set",
            format!(
                "  selection:\n    TargetObject|contains: '\\{a}\\{b}'\n    Details|startswith: 'DWORD'\n  condition: selection\n"
            ),
        ),
        6 => (
            "product: windows\n  service: security",
            format!(
                "  selection:\n    EventID: {}\n    ObjectName|endswith: '\\{a}'\n  filter:\n    SubjectUserName|endswith: '$'\n  \
                 condition: selection and not filter\n",
                4600 + n % 300
            ),
        ),
        7 => (
            "product: linux\n  service: auditd",
            format!("  selection:\n    type: EXECVE\n    a0: '{a}'\n    a1|contains: '{b}'\n  condition: selection\n"),
        ),
        8 => (
            "category: webserver",
            format!(
                "  selection:\n    cs-method: GET\n    cs-uri-query|contains: '/{a}/*/{b}'\n  condition: selection\n"
            ),
        ),
        _ => (
            "product: linux\n  service: sshd",
            format!("  keywords:\n    - '{a} {b}'\n    - 'error: {c}'\n  condition: keywords\n"),
        ),
    };
    format!("title: rule {n}\nlogsource:\n  {logsource}\ndetection:\n{detection}level: high\n")
}

fn rules() -> Vec<DetectionRule> {
    let documents = (0..RULES).flat_map(|n| SigmaRules::parse(&rule(n)).expect("the rules of the bench are valid"));
    let detections = documents.filter_map(|document| match document {
        SigmaDocument::Detection(rule) => Some(*rule),
        _ => None,
    });
    detections.collect()
}

fn attributes(
    pairs: &[(&'static str, String)],
) -> Vec<(std::borrow::Cow<'static, str>, std::borrow::Cow<'static, str>)> {
    pairs.iter().map(|(name, value)| ((*name).into(), value.clone().into())).collect()
}

/// The start of a process, as Sysmon reports it; one in fifty is a rule's.
fn process(n: usize) -> LogRow<'static> {
    // The rule's number is one of those that ask for a program and an option.
    let of_rule = n.is_multiple_of(50).then_some(n + n / 50 % 4);
    let program = of_rule.map_or_else(|| format!("svc{}", n % 97), word);
    let option = of_rule.map_or_else(|| "quiet".to_owned(), |rule| word(rule * 7 + 1));
    let command =
        format!("\"C:\\Windows\\System32\\{program}.exe\" -k netsvcs -p -s Schedule{} -{option} --session {n}", n % 31);
    let values = attributes(&[
        ("Channel", "Microsoft-Windows-Sysmon/Operational".to_owned()),
        ("RuleName", "-".to_owned()),
        ("UtcTime", "2026-05-11 02:44:02.874".to_owned()),
        ("ProcessGuid", "0197231E-4272-6A01-3715-000000000D00".to_owned()),
        ("Image", format!("C:\\Windows\\System32\\{program}.exe")),
        ("Product", "Microsoft Windows Operating System".to_owned()),
        ("OriginalFileName", format!("{program}.exe")),
        ("CommandLine", command.clone()),
        ("CurrentDirectory", "C:\\Windows\\system32\\".to_owned()),
        ("User", "NT AUTHORITY\\SYSTEM".to_owned()),
        ("Hashes", "SHA256=5b1b8f4d9d6c4d0c8a6a3e7ad1d1b6ad1f9a7f6f7f3a0b1c2d3e4f5061728394".to_owned()),
        ("ParentImage", "C:\\Windows\\System32\\services.exe".to_owned()),
        ("ParentCommandLine", "C:\\Windows\\system32\\services.exe".to_owned()),
    ]);
    let mut text = String::from("<Event><EventData>");
    for (name, value) in &values {
        write!(text, "<Data Name='{name}'>{value}</Data>").expect("a string can be written to");
    }
    LogRow {
        format: "winevent".into(),
        app: "Microsoft-Windows-Sysmon".into(),
        host: "pc1".into(),
        msg_id: "1".into(),
        attributes: values,
        message: text.clone().into_bytes().into(),
        raw: text.into_bytes().into(),
        ..LogRow::default()
    }
}

fn login(n: usize) -> LogRow<'static> {
    let message = format!(
        "Failed password for invalid user svc{} from 10.0.{}.{} port {} ssh2",
        n % 50,
        n % 7,
        n % 251,
        40_000 + n
    );
    LogRow {
        format: "rfc3164".into(),
        app: "sshd".into(),
        facility: Some(10),
        raw: format!("<86>Nov 14 22:13:20 web1 sshd[{n}]: {message}").into_bytes().into(),
        message: message.into_bytes().into(),
        attributes: attributes(&[("outcome", "failure".to_owned())]),
        ..LogRow::default()
    }
}

fn request(n: usize) -> LogRow<'static> {
    let path = format!("/shop/items/{}?page={}&sort=price", n % 997, n % 13);
    let line = format!("192.0.2.{} - - [14/Nov/2023:22:13:20 +0000] \"GET {path} HTTP/1.1\" 200 5120", n % 251);
    LogRow {
        format: "access".into(),
        message: line.clone().into_bytes().into(),
        raw: line.into_bytes().into(),
        attributes: attributes(&[
            ("method", "GET".to_owned()),
            ("path", path),
            ("protocol", "HTTP/1.1".to_owned()),
            ("status", "200".to_owned()),
            ("bytes", "5120".to_owned()),
            ("user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0".to_owned()),
        ]),
        ..LogRow::default()
    }
}

fn matching(criterion: &mut Criterion) {
    let matcher = SigmaMatcher::new(&rules()).expect("the rules of the bench can be evaluated");
    let mut group = criterion.benchmark_group("sigma");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    let mixture = |n: usize| match n % 3 {
        0 => process(n),
        1 => login(n),
        _ => request(n),
    };
    let kinds: [(&str, &dyn Fn(usize) -> LogRow<'static>); 4] =
        [("processes", &process), ("logins", &login), ("requests", &request), ("mixture", &mixture)];
    for (name, row) in kinds {
        let rows: Vec<LogRow<'_>> = (0..ROWS).map(row).collect();
        let mut found = Vec::new();
        let mut matched = rows.iter().filter(|row| {
            matcher.matches(row, &mut found);
            !found.is_empty()
        });
        let has_matches = matched.next().is_some();
        assert_eq!(has_matches, matches!(name, "processes" | "mixture"), "{name}");
        let mut found = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let counts = black_box(&rows).iter().map(|row| {
                    matcher.matches(row, &mut found);
                    found.len()
                });
                counts.sum::<usize>()
            });
        });
    }
    group.finish();
}

/// A rule of ours for each of the rules, and for each tenth a count of its matches instead.
fn written() -> Vec<Rule> {
    let values = Values { alert_threshold_login_fail: 10, alert_window_login_fail: 300 };
    let written = |n: usize| {
        let mut text = rule(n);
        if n.is_multiple_of(10) {
            let count = "correlation:\n  type: event_count\n  rules: [r]\n  group-by: [User]\n  timespan: 5m\n  condition:\n    gte: 5\n";
            text = format!("name: r\n{text}---\ntitle: many {n}\n{count}");
        }
        let json = json!({ "code": format!("sigma-{n}"), "name": "a rule", "kind": "sigma", "sigma": text });
        let spec = RuleSpec::from_json(&json).expect("the rules of the bench are valid");
        Rule::new(&spec, &values).expect("the rules of the bench can be evaluated")
    };
    (0..RULES).map(written).collect()
}

fn evaluating(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sigma_evaluator");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(10);
    group.bench_function("reading", |bencher| bencher.iter(|| written().len()));
    let rules = written();
    let limits = Limits::default();
    group.bench_function("starting", |bencher| {
        bencher.iter(|| Evaluator::new(rules.clone(), limits, Clock::Received).statistics().len());
    });
    group.throughput(Throughput::Elements(ROWS as u64));
    let mut evaluator = Evaluator::new(rules, limits, Clock::Received);
    let mut next = 0;
    group.bench_function("mixture", |bencher| {
        let mixture = |n: usize| match n % 3 {
            0 => process(n),
            1 => login(n),
            _ => request(n),
        };
        let mut rows: Vec<LogRow<'_>> = (0..ROWS).map(mixture).collect();
        bencher.iter(|| {
            for row in &mut rows {
                next += 1;
                (row.id, row.timestamp, row.received_at) = (next, next as i64 * 1000, next as i64 * 1000);
                evaluator.observe(row);
            }
            evaluator.take_effects().len()
        });
    });
    let matched: u64 = evaluator.statistics().iter().map(|rule| rule.matched).sum();
    assert!(matched > 0, "no rule of the bench matches anything");
    group.finish();
}

criterion_group!(benches, matching, evaluating);
criterion_main!(benches);
