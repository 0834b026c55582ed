//! Alerts, from the records to those who are told.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::runtime::Runtime;

use crate::app::{App, SYSLOG, run, wait_until};
use crate::crash::seeded;
use crate::http_receiver::{Answer, HttpReceiver, Taken};
use crate::people::sign_in;
use crate::postgres::{Postgres, Stop};

const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "shared with the receiver";

fn tables(more: &str) -> String {
    format!("{SYSLOG}\n[auth]\nadmin_password = \"{PASSWORD}\"\n[alerts]\nprivate_targets = true\n{more}")
}

fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// So many failed logins of one user from `ip`, over one connection.
fn fail(app: &App, ip: &str, user: &str, count: usize) {
    let mut stream = app.tcp();
    for n in 0..count {
        let message = format!("Failed password for {user} from {ip} port {} ssh2", 40_000 + n);
        writeln!(stream, "<38>1 {} bastion sshd {n} - - {message}", now()).unwrap();
    }
}

fn alerts(app: &App, filter: &str) -> Vec<Value> {
    app.get(&format!("/api/v1/alerts?size=1000{filter}"))["list"].as_array().unwrap().clone()
}

fn of_address(app: &App) -> Vec<Value> {
    alerts(app, "&rule_code=login-failures-address")
}

/// A channel to a receiver that takes everything.
fn webhook(app: &App, admin: &Client, runtime: &Runtime) -> HttpReceiver {
    let receiver = runtime.block_on(HttpReceiver::start(Answer { status: 200, ..Answer::default() }));
    let channel = json!({
        "name": "on call", "kind": "webhook", "config": { "url": receiver.url("/hook"), "secret": SECRET }, "tell_resolved": true,
    });
    let made = admin.post(app.url("/api/v1/channels")).json(&channel).send().unwrap();
    assert_eq!(made.status(), 201, "{}", made.text().unwrap());
    receiver
}

fn assert_signed(taken: &Taken) {
    let (time, signature) = taken.header("x-logseal-signature").split_once(",v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(time.strip_prefix("t=").unwrap().as_bytes());
    mac.update(b".");
    mac.update(&taken.body);
    assert_eq!(signature, hex::encode(mac.finalize().into_bytes()));
}

#[test]
fn failed_logins_raise_one_alert_that_is_told_once_and_taken_to_its_end() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let runtime = Runtime::new().unwrap();
    let receiver = webhook(&app, &admin, &runtime);
    let about_address = || -> Vec<Taken> {
        receiver
            .taken()
            .into_iter()
            .filter(|taken| taken.json()["alert"]["rule"]["code"] == "login-failures-address")
            .collect()
    };

    fail(&app, "203.0.113.5", "root", 9);
    fail(&app, "203.0.113.6", "root", 3);
    app.wait_for_count("app=sshd", 12);
    fail(&app, "203.0.113.5", "root", 3);
    wait_until("the alert is raised", || of_address(&app).iter().any(|alert| alert["log_count"] == 12));
    let found = of_address(&app);
    assert_eq!(found.len(), 1, "{found:?}");
    let alert = &found[0];
    assert_eq!((&alert["status"], &alert["severity"]), (&json!("new"), &json!("medium")), "{alert}");
    assert_eq!((&alert["related_ip"], &alert["related_user"]), (&json!("203.0.113.5"), &json!("root")));
    assert_eq!((&alert["hosts"], &alert["group"]), (&json!(["bastion"]), &json!([["ip", "203.0.113.5"]])));
    let samples = alert["sample_log_ids"].as_array().unwrap();
    assert_eq!(samples.len(), 12);
    assert_eq!(app.get(&format!("/api/v1/logs/{}", samples[0]))["ip"], "203.0.113.5");

    wait_until("the receiver is told", || about_address().len() == 1);
    let told = &about_address()[0];
    assert_eq!(told.json()["event"], "raised");
    assert_signed(told);

    let path = app.url(&format!("/api/v1/alerts/{}", alert["id"]));
    let patch = |status: &str, comment: &str| {
        admin.patch(&path).json(&json!({ "status": status, "comment": comment })).send().unwrap()
    };
    assert_eq!(patch("processing", "looking").status(), 200);
    assert_eq!(patch("resolved", "our own scanner").status(), 200);
    assert_eq!(patch("new", "").status(), 409);
    let history = app.get(&format!("/api/v1/alerts/{}", alert["id"]));
    assert_eq!(history["status"], "resolved", "{history}");
    let steps: Vec<_> = history["events"].as_array().unwrap().iter().map(|event| event["to_status"].clone()).collect();
    assert_eq!(steps, ["new", "processing", "resolved"]);
    let log = app.get("/api/v1/operation-logs?size=100&action=alert_updated");
    assert_eq!(log["total"], 2, "{log}");
    wait_until("the receiver is told of the end", || about_address().len() == 2);
    assert_eq!(about_address()[1].json()["event"], "resolved");

    // What was resolved is raised anew only where the rule is satisfied anew: by all that came since, and nothing of before.
    fail(&app, "203.0.113.5", "root", 9);
    app.wait_for_count("app=sshd", 24);
    fail(&app, "203.0.113.6", "root", 7);
    wait_until("the other address is judged", || of_address(&app).len() == 2);
    assert!(of_address(&app).iter().all(|alert| alert["status"] == "resolved" || alert["related_ip"] == "203.0.113.6"));
    fail(&app, "203.0.113.5", "root", 1);
    wait_until("it is raised anew", || of_address(&app).len() == 3);
    let again: Vec<Value> = of_address(&app).into_iter().filter(|alert| alert["related_ip"] == "203.0.113.5").collect();
    assert_eq!((&again[0]["status"], &again[0]["log_count"]), (&json!("new"), &json!(10)), "{again:?}");
}

#[test]
fn what_comes_after_an_alert_was_resolved_is_a_new_alert_whenever_the_daemon_is_killed() {
    let mut app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let rule = json!({ "code": "door", "name": "A door opened", "kind": "match", "filter": "source:door", "group_by": ["host"] });
    assert_eq!(admin.post(app.url("/api/v1/rules")).json(&rule).send().unwrap().status(), 201);
    app.wait_for_log("alert rules were changed");
    let open = |app: &App, count: usize| {
        let record =
            json!({ "source": "door", "level": "INFO", "host": "gate", "message": "opened", "timestamp": now() });
        let (status, answer) = app.post("/api/v1/logs", &json!(vec![record; count]));
        assert_eq!(status, 201, "{answer}");
    };
    // One record, or a burst that is judged at once, while the daemon goes on, or is killed before them or after.
    for (round, (count, killed)) in
        [(1, ""), (1, ""), (5, ""), (1, "before"), (1, "after"), (5, "after")].into_iter().enumerate()
    {
        open(&app, count);
        if killed == "after" {
            app.kill();
            app.run();
        }
        wait_until("the alert is raised", || alerts(&app, "&rule_code=door&status=new").len() == 1);
        let raised = alerts(&app, "&rule_code=door&status=new").remove(0);
        assert_eq!(raised["log_count"], count, "round {round}: {raised}");
        assert_eq!(alerts(&app, "&rule_code=door").len(), round + 1);
        let path = app.url(&format!("/api/v1/alerts/{}", raised["id"]));
        let resolve = json!({ "status": "resolved", "comment": "it was us" });
        let patched = admin.patch(path).json(&resolve).send().unwrap();
        assert_eq!(patched.status(), 200, "{}", patched.text().unwrap());
        if killed == "before" {
            app.kill();
            app.run();
        }
    }
}

#[test]
fn a_changed_threshold_counts_at_once() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let change = json!([{ "config_key": "alert_threshold_login_fail", "config_value": 3 }]);
    let changed = admin.put(app.url("/api/v1/admin/config")).json(&change).send().unwrap();
    assert_eq!(changed.status(), 200);
    app.wait_for_log("alert rules were changed");
    fail(&app, "203.0.113.7", "root", 3);
    wait_until("the alert is raised", || of_address(&app).len() == 1);
    assert_eq!(of_address(&app)[0]["log_count"], 3);
}

#[test]
fn a_daemon_that_is_killed_between_failures_counts_each_once_and_tells_once() {
    let mut app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let runtime = Runtime::new().unwrap();
    let receiver = webhook(&app, &admin, &runtime);
    fail(&app, "203.0.113.8", "root", 5);
    app.wait_for_count("app=sshd", 5);
    app.kill();
    app.run();
    fail(&app, "203.0.113.8", "root", 5);
    wait_until("the alert is raised", || of_address(&app).len() == 1);
    assert_eq!(of_address(&app)[0]["log_count"], 10);
    // Killed at other moments: while its alert lasts, right after records, twice in a row.
    for round in 1..=4_u64 {
        fail(&app, "203.0.113.8", "root", 5);
        app.wait_for_count("app=sshd", 10 + round * 5);
        if round % 2 == 0 {
            wait_until("it is counted", || of_address(&app)[0]["log_count"] == 10 + round * 5);
        }
        app.kill();
        app.run();
    }
    wait_until("all are counted", || of_address(&app)[0]["log_count"] == 30);
    assert_eq!(of_address(&app).len(), 1);
    let told: Vec<Taken> = receiver.taken();
    let keys: std::collections::BTreeSet<&str> = told.iter().map(|taken| taken.header("x-logseal-delivery")).collect();
    let about = |code: &str| told.iter().filter(|taken| taken.json()["alert"]["rule"]["code"] == code).count();
    assert_eq!(about("login-failures-address"), 1, "{told:?}");
    assert_eq!(keys.len(), told.len(), "nothing is told twice");
}

#[test]
fn a_rule_is_made_tried_changed_and_deleted_and_its_faults_are_named() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let rule = json!({
        "code": "payments", "name": "Payments fail", "severity": "critical", "kind": "threshold",
        "filter": "source:shop level:error payment", "group_by": ["host"], "at_least": 3, "window_seconds": 60,
        "message": "{{count}} payments failed on {{host}}",
    });
    let faulty = json!({ "code": "Payments!", "name": "", "kind": "threshold", "filter": "level:", "group_by": ["hots"], "share": 1 });
    let refused: Value = admin.post(app.url("/api/v1/rules")).json(&faulty).send().unwrap().json().unwrap();
    let named: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|fault| fault["field"].as_str().unwrap()).collect();
    for field in ["code", "name", "filter", "group_by[0]", "share", "at_least", "window_seconds"] {
        assert!(named.contains(&field), "{field} is not among {named:?}");
    }

    // Records of the past: on web1 three within a minute, twice; on web2 never.
    let record = |minute: u32, second: u32, host: &str| {
        json!({
            "source": "shop", "level": "ERROR", "host": host, "message": "payment refused",
            "timestamp": format!("2026-11-01T10:{minute:02}:{second:02}Z"),
        })
    };
    let mut records = Vec::new();
    for minute in [0, 30] {
        records.extend([0, 20, 59].map(|second| record(minute, second, "web1")));
        records.extend([0, 30].map(|second| record(minute, second, "web2")));
    }
    records.push(record(31, 1, "web2"));
    let (status, answer) = app.post("/api/v1/logs?wait=searchable", &json!(records));
    assert_eq!(status, 201, "{answer}");
    let (status, report) =
        app.post("/api/v1/rules/backtest?start_time=2026-11-01T00:00:00Z&end_time=2026-11-02T00:00:00Z", &rule);
    assert_eq!((status, &report["raised"], &report["records"]), (200, &json!(2), &json!(11)), "{report}");
    assert_eq!(report["by_day"], json!({ "2026-11-01": 2 }));
    assert_eq!(report["alerts"][0]["description"], "3 payments failed on web1");
    assert_eq!(report["alerts"][1]["triggered_at"], "2026-11-01T10:30:59Z");
    assert_eq!(alerts(&app, "&rule_code=payments"), [] as [Value; 0], "nothing is raised by trying");

    let cluster = json!({ "name": "shops", "hosts": ["web*"] });
    assert_eq!(admin.post(app.url("/api/v1/clusters")).json(&cluster).send().unwrap().status(), 201);
    wait_until("records show their cluster", || app.get("/api/v1/logs?host=web1")["list"][0]["cluster"] == "shops");
    let table = app.http().get(app.url("/api/v1/logs/export?host=web1&columns=host,cluster")).send().unwrap();
    let table = table.text().unwrap();
    assert!(table.starts_with("host,cluster\nweb1,shops\n"), "{table}");

    let made = admin.post(app.url("/api/v1/rules")).json(&rule).send().unwrap();
    assert_eq!(made.status(), 201);
    assert_eq!(admin.post(app.url("/api/v1/rules")).json(&rule).send().unwrap().status(), 409);
    app.wait_for_log("alert rules were changed");
    let stored = app.get("/api/v1/rules/payments");
    let mut changed = stored.clone();
    changed["at_least"] = json!(2);
    let put = |body: &Value| admin.put(app.url("/api/v1/rules/payments")).json(body).send().unwrap();
    assert_eq!(put(&changed).status(), 200);
    assert_eq!(put(&changed).status(), 409, "the version is another one now");
    let current: Vec<Value> = (0..2).map(|_| json!({ "source": "shop", "level": "ERROR", "host": "web3", "message": "payment refused", "timestamp": now() })).collect();
    wait_until("the changed rule raises an alert", || {
        app.post("/api/v1/logs", &json!(current));
        !alerts(&app, "&rule_code=payments").is_empty()
    });
    let shipped = admin.delete(app.url("/api/v1/rules/login-failures-user")).send().unwrap();
    assert_eq!(shipped.status(), 409);
    assert_eq!(admin.delete(app.url("/api/v1/rules/payments")).send().unwrap().status(), 204);
    assert_eq!(app.http().get(app.url("/api/v1/rules/payments")).send().unwrap().status(), 404);
    assert_eq!(alerts(&app, "&rule_code=payments").len(), 1, "its alert stays");
}

#[test]
fn a_rule_is_tried_with_the_limits_of_the_configuration() {
    let app = App::start_with("", &tables("groups_per_rule_max = 1\n"));
    let record = |host: &str, second: u32| {
        json!({ "source": "shop", "level": "ERROR", "host": host, "message": "payment refused",
            "timestamp": format!("2026-11-01T10:00:{second:02}Z") })
    };
    let records = json!([record("web1", 0), record("web2", 1), record("web1", 2), record("web2", 3)]);
    assert_eq!(app.post("/api/v1/logs?wait=searchable", &records).0, 201);
    let rule = json!({ "code": "pairs", "name": "Pairs", "kind": "threshold", "filter": "source:shop", "group_by": ["host"],
        "at_least": 2, "window_seconds": 60 });
    let (status, report) = app.post("/api/v1/rules/backtest?start_time=2026-11-01T00:00:00Z", &rule);
    assert_eq!((status, &report["records"], &report["raised"]), (200, &json!(4), &json!(0)), "{report}");
    assert!(report["evicted"].as_u64() >= Some(1), "{report}");
}

#[test]
fn alerts_wait_for_a_metadata_database_that_is_away() {
    let postgres = Postgres::start();
    let database = format!("[database]\nurl = {:?}\n", postgres.database());
    let app = App::start_with("", &tables(&database));
    // Before that it waits for its rules, and says so in other words.
    app.wait_for_log("alert rules are evaluated");
    postgres.stop(Stop::Immediate);
    fail(&app, "203.0.113.9", "root", 12);
    app.wait_for_log("alerts wait for the metadata database");
    postgres.start_again();
    wait_until("the alert is raised", || of_address(&app).len() == 1);
    assert_eq!(of_address(&app)[0]["log_count"], 12);
}

#[test]
fn the_daemons_status_is_told_once_a_second_to_who_may_know_it() {
    let app = App::start_with("", &tables(""));
    let socket_url = |token: &str| format!("ws://{}/api/v1/ws/status?access_token={token}", app.api);
    assert!(tungstenite::connect(socket_url("ls_nobody")).is_err());
    let (mut socket, _) = tungstenite::connect(socket_url(app.token())).unwrap();
    fail(&app, "203.0.113.10", "root", 12);
    let mut last = Value::Null;
    wait_until("the open alert is told", || {
        if let tungstenite::Message::Text(text) = socket.read().unwrap() {
            last = serde_json::from_str(&text).unwrap();
        }
        last["open_alerts"]["medium"].as_u64() >= Some(1)
    });
    assert!(last["records_acknowledged"].as_u64() >= Some(12), "{last}");
    assert!(last["spool"]["behind"]["alerts"]["records"].is_u64(), "{last}");
}

#[test]
fn whenever_the_daemon_is_killed_every_failure_counts_once() {
    const ADDRESSES: usize = 12;
    let mut rng = seeded();
    let mut app = App::start_with("", &tables(""));
    let mut sent = [0_u64; ADDRESSES];
    for _ in 0..10 {
        for _ in 0..rng.random_range(1..6) {
            let mut body = String::new();
            for _ in 0..rng.random_range(1..20) {
                let n = rng.random_range(0..ADDRESSES);
                sent[n] += 1;
                let (ip, user) = (format!("198.51.100.{n}"), format!("user{n}"));
                writeln!(body, "<38>1 {} bastion sshd 1 - - Failed password for {user} from {ip} port 22 ssh2", now())
                    .unwrap();
            }
            let posted = app.http().post(app.url("/api/v1/logs/bulk?format=auto&source=ssh")).body(body);
            assert_eq!(posted.header("content-type", "text/plain").send().unwrap().status(), 201);
        }
        // Before, while and after its segment is sealed, judged, applied, remembered.
        std::thread::sleep(Duration::from_millis(rng.random_range(0..2000)));
        app.kill();
        app.run();
    }
    let mut expected: Vec<(String, u64)> =
        (0..ADDRESSES).filter(|n| sent[*n] >= 10).map(|n| (format!("198.51.100.{n}"), sent[n])).collect();
    expected.sort();
    assert!(!expected.is_empty());
    let counted = || -> Vec<(String, u64)> {
        let of =
            |alert: &Value| (alert["related_ip"].as_str().unwrap().to_owned(), alert["log_count"].as_u64().unwrap());
        let mut counted: Vec<_> = of_address(&app).iter().map(of).collect();
        counted.sort();
        counted
    };
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while counted() != expected && std::time::Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(counted(), expected, "{sent:?}\n{}", app.log());
}

const SIGMA_LOGIN: &str = "title: Root login refused by sshd
id: 5b7a1f0e-3c55-4f6b-9a43-0c9a4e2b7a11
status: test
level: high
tags: [attack.t1110]
logsource: { product: linux, service: sshd }
detection:
  words: ['Failed password for root']
  condition: words
";
const SIGMA_MANY: &str = "title: A process that is not ours
name: strange_process
logsource: { category: process_creation, product: windows }
detection:
  selection:
    Image|endswith: '\\\\strange.exe'
  condition: selection
---
title: Many strange processes
level: critical
correlation:
  type: event_count
  rules: [strange_process]
  group-by: [Computer]
  timespan: 5m
  condition: { gte: 3 }
";
const SIGMA_WRONG: &str = "title: Asks for what is not there
logsource: { product: linux }
detection:
  selection: { a: b }
  condition: selektion
";

#[test]
fn a_folder_of_sigma_rules_is_imported_with_an_honest_summary() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let folder = app.dir.path().join("sigma");
    std::fs::create_dir_all(folder.join("windows")).unwrap();
    for (name, text) in [("login.yml", SIGMA_LOGIN), ("windows/many.yml", SIGMA_MANY), ("wrong.yml", SIGMA_WRONG)] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::write(folder.join("other.yml"), "just: some\nyaml: file\n").unwrap();
    let url = app.url("");
    let import = |more: &[&str]| {
        let mut arguments = vec!["rules", "import", "sigma", "--url", &url];
        arguments.extend(more);
        run(&arguments, app.dir.path())
    };
    // The terminal's own token may not change rules.
    let refused = import(&[]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("admin"), "{refused:?}");

    let token = json!({ "name": "rules", "scopes": ["admin"] });
    let made: Value = admin.post(app.url("/api/v1/admin/tokens")).json(&token).send().unwrap().json().unwrap();
    std::fs::write(app.dir.path().join("admin.token"), made["token"].as_str().unwrap()).unwrap();
    let trial = import(&["--dry-run", "--token-file", "admin.token"]);
    assert!(trial.status.success(), "{trial:?}");
    assert_eq!(app.get("/api/v1/rules?origin=sigma")["total"], 0);
    let done = import(&["--token-file", "admin.token"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(said.contains("4 files: 2 rules made, 0 changed, 0 as they were"), "{said}");
    assert!(said.contains("wrong.yml") && said.contains("selektion") && said.contains("other.yml"), "{said}");
    let again = import(&["--token-file", "admin.token"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("0 rules made, 0 changed, 2 as they were"), "{again:?}");
    app.wait_for_log("alert rules were changed");

    let of_sigma = || -> Vec<Value> {
        alerts(&app, "")
            .into_iter()
            .filter(|alert| alert["rule_code"].as_str().unwrap().starts_with("sigma-"))
            .collect()
    };
    fail(&app, "203.0.113.11", "root", 1);
    wait_until("the first rule raises an alert", || of_sigma().len() == 1);
    assert_eq!((&of_sigma()[0]["severity"], &of_sigma()[0]["tags"]), (&json!("high"), &json!(["attack.t1110"])));
    let event = |n: u32| {
        json!({ "@timestamp": now(), "winlog": {
            "channel": "Microsoft-Windows-Sysmon/Operational", "event_id": "1", "provider_name": "Microsoft-Windows-Sysmon",
            "computer_name": "pc1", "event_data": { "Image": "C:\\Temp\\strange.exe", "ProcessId": n.to_string() } } })
    };
    let body: String = (0..3).map(|n| format!("{}\n", event(n))).collect();
    let posted = app.http().post(app.url("/api/v1/logs/bulk?source=windows")).body(body);
    assert_eq!(posted.header("content-type", "application/x-ndjson").send().unwrap().status(), 201);
    wait_until("the correlation raises an alert", || of_sigma().len() == 2);
    let critical: Vec<Value> = of_sigma().into_iter().filter(|alert| alert["severity"] == "critical").collect();
    assert_eq!((critical.len(), &critical[0]["log_count"]), (1, &json!(3)), "{critical:?}");
}

#[test]
fn files_of_a_folder_find_each_others_rules_and_one_that_fails_keeps_no_other() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let token = json!({ "name": "rules", "scopes": ["admin"] });
    let made: Value = admin.post(app.url("/api/v1/admin/tokens")).json(&token).send().unwrap().json().unwrap();
    std::fs::write(app.dir.path().join("admin.token"), made["token"].as_str().unwrap()).unwrap();
    let folder = app.dir.path().join("sigma");
    std::fs::create_dir_all(&folder).unwrap();
    let (process, many) = SIGMA_MANY.split_once("---\n").unwrap();
    let large = format!("# {}\n{SIGMA_LOGIN}", "x".repeat(1 << 20));
    let same = SIGMA_LOGIN.lines().filter(|line| !line.starts_with("id:")).collect::<Vec<_>>().join("\n");
    for (name, text) in [
        ("1-large.yml", large.as_str()),
        ("2-many.yml", many),
        ("3-process.yml", process),
        ("4-login.yml", SIGMA_LOGIN),
        ("5-untitled.yml", &same),
        ("6-again.yml", &same),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let url = app.url("");
    let import = || run(&["rules", "import", "sigma", "--url", &url, "--token-file", "admin.token"], app.dir.path());
    for expected in ["6 files: 3 rules made, 0 changed, 0 as", "6 files: 0 rules made, 0 changed, 3 as"] {
        let done = import();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        assert!(said.contains(expected) && said.contains("1 files could not be read or sent"), "{said}");
        let of = |name: &str| said.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
        assert!(of("1-large.yml").contains("bytes"), "{said}");
        assert!(of("6-again.yml").contains("refused") && of("6-again.yml").contains("same code"), "{said}");
    }
    assert_eq!(app.get("/api/v1/rules?origin=sigma")["total"], 3);
    // A daemon that is not there is no reason to be silent about what was done.
    let gone = run(
        &["rules", "import", "sigma", "--url", "http://127.0.0.1:1", "--token-file", "admin.token"],
        app.dir.path(),
    );
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stdout).contains("6 files: 0 rules made"), "{gone:?}");
    assert!(String::from_utf8_lossy(&gone.stderr).contains("no daemon answers"), "{gone:?}");
}

#[test]
fn a_receiver_that_never_answers_delays_no_other_channel() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let runtime = Runtime::new().unwrap();
    let [hangs, answers] = [0, 200].map(|status| {
        let receiver = runtime.block_on(HttpReceiver::start(Answer { status, ..Answer::default() }));
        let channel = json!({
            "name": format!("answers {status}"), "kind": "webhook", "config": { "url": receiver.url("/") }, "rule_codes": ["door"],
        });
        assert_eq!(admin.post(app.url("/api/v1/channels")).json(&channel).send().unwrap().status(), 201);
        receiver
    });
    let rule = json!({ "code": "door", "name": "A door opened", "kind": "match", "filter": "source:door", "group_by": ["host"] });
    assert_eq!(admin.post(app.url("/api/v1/rules")).json(&rule).send().unwrap().status(), 201);
    app.wait_for_log("alert rules were changed");
    // More than is told at once, to one channel and to both.
    let open = |doors: std::ops::Range<usize>| {
        let record = |n: usize| json!({ "source": "door", "level": "INFO", "host": format!("gate{n}"), "message": "opened", "timestamp": now() });
        let (status, answer) = app.post("/api/v1/logs", &json!(doors.map(record).collect::<Vec<_>>()));
        assert_eq!(status, 201, "{answer}");
    };
    open(0..30);
    wait_until("both are told", || !hangs.taken().is_empty() && answers.taken().len() == 30);
    assert!(hangs.taken().len() <= 4, "{}", hangs.taken().len());
    // The first one still waits for an answer, for 15 s; the second one has the next alert at once.
    open(30..31);
    wait_until("the alert is raised", || alerts(&app, "&rule_code=door").len() == 31);
    let raised = std::time::Instant::now();
    wait_until("the other channel is told", || answers.taken().len() == 31);
    assert!(raised.elapsed() < Duration::from_secs(10), "it waited for the other one: {:?}", raised.elapsed());
}

#[test]
fn a_channel_is_tried_and_the_answer_says_how_it_went() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let runtime = Runtime::new().unwrap();
    for (status, outcome) in [(200, "sent"), (400, "failed"), (503, "queued")] {
        let answer = Answer { status, body: "what it says".to_owned(), ..Answer::default() };
        let receiver = runtime.block_on(HttpReceiver::start(answer));
        let channel = json!({ "name": outcome, "kind": "webhook", "config": { "url": receiver.url("/hook") } });
        let made: Value = admin.post(app.url("/api/v1/channels")).json(&channel).send().unwrap().json().unwrap();
        let path = format!("/api/v1/channels/{}", made["id"]);
        let tested: Value = admin.post(app.url(&format!("{path}/test"))).send().unwrap().json().unwrap();
        assert_eq!(tested["status"], outcome, "{tested}");
        assert_eq!(
            tested["error"].as_str().is_some_and(|error| error.contains("what it says")),
            status != 200,
            "{tested}"
        );
        assert_eq!(receiver.taken()[0].json()["event"], "test");
        let told: Value =
            admin.get(app.url(&format!("{path}/deliveries?status={outcome}"))).send().unwrap().json().unwrap();
        assert_eq!(told["total"], 1, "{told}");
    }
}
