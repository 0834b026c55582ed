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

use crate::app::{App, SYSLOG, wait_until};
use crate::crash::seeded;
use crate::http_receiver::{Answer, HttpReceiver, Taken};
use crate::people::sign_in;
use crate::postgres::{Postgres, Stop};

pub(crate) const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "shared with the receiver";

pub(crate) fn tables(more: &str) -> String {
    format!("{SYSLOG}\n[auth]\nadmin_password = \"{PASSWORD}\"\n[alerts]\nprivate_targets = true\n{more}")
}

pub(crate) fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// So many failed logins of one user from `ip`, over one connection.
pub(crate) fn fail(app: &App, ip: &str, user: &str, count: usize) {
    let mut stream = app.tcp();
    for n in 0..count {
        let message = format!("Failed password for {user} from {ip} port {} ssh2", 40_000 + n);
        writeln!(stream, "<38>1 {} bastion sshd {n} - - {message}", now()).unwrap();
    }
}

pub(crate) fn alerts(app: &App, filter: &str) -> Vec<Value> {
    app.get(&format!("/api/v1/alerts?size=1000{filter}"))["list"].as_array().unwrap().clone()
}

pub(crate) fn of_address(app: &App) -> Vec<Value> {
    alerts(app, "&rule_code=login-failures-address")
}

/// A channel to a receiver that takes everything.
pub(crate) fn webhook(app: &App, admin: &Client, runtime: &Runtime) -> HttpReceiver {
    let receiver = runtime.block_on(HttpReceiver::start(Answer { status: 200, ..Answer::default() }));
    let channel = json!({
        "name": "on call", "kind": "webhook", "config": { "url": receiver.url("/hook"), "secret": SECRET }, "tell_resolved": true,
    });
    let made = admin.post(app.url("/api/v1/channels")).json(&channel).send().unwrap();
    assert_eq!(made.status(), 201, "{}", made.text().unwrap());
    receiver
}

pub(crate) fn assert_signed(taken: &Taken) {
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
