//! Rules: made, tried on the past, changed, deleted, and imported from files of Sigma.

use serde_json::{Value, json};

use crate::alerts::{PASSWORD, alerts, fail, now, of_address, tables};
use crate::app::{App, run, wait_until};
use crate::people::sign_in;

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
