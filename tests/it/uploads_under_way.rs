//! Uploads that take long: killed, cancelled, held up by a full spool or a store that is away, and beside each other and live senders.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::time::Duration;

use rand::RngExt as _;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::app::{App, signal, wait_until};
use crate::crash::seeded;
use crate::people::sign_in;
use crate::uploads::{LONG, ended, form, gzip, id_of, job, objects, post, upload, zip};

/// Lines that tell their number.
pub(crate) fn numbered(count: u32) -> String {
    (0..count).map(|n| format!("<13>1 2026-11-20T10:00:00Z host{} app - - - message {n}\n", n % 7)).collect()
}

/// A spool that 200,000 of them do not fit into, and that has no other bound.
const SMALL_SPOOL: &str =
    "[uploads]\nlag_bytes_max = 1073741824\n[ingest]\ngroup_bytes_max = 1048576\n[spool]\ndisk_bytes_max = 17825792\n";

/// All of them are there, each once.
pub(crate) fn assert_numbered(app: &App, count: u32) {
    app.flush();
    // So many records are read much sooner as an export than page by page.
    let url = app.url("/api/v1/logs/export?columns=message&source=upload-test");
    let export = app.http().get(url).send().unwrap().text().unwrap();
    let mut found: Vec<u32> =
        export.lines().skip(1).map(|line| line.strip_prefix("message ").unwrap().parse().unwrap()).collect();
    found.sort_unstable();
    let expected: Vec<u32> = (0..count).collect();
    assert!(found == expected, "{} records, not {count}\n{}", found.len(), app.log());
}

#[test]
fn an_upload_that_is_killed_again_and_again_is_stored_once() {
    const LINES: u32 = 120_000;
    let mut rng = seeded();
    let mut app = App::start_with("syslog = []", "");
    let half = numbered(LINES).into_bytes();
    let middle = half.iter().skip(half.len() / 2).position(|b| *b == b'\n').unwrap() + half.len() / 2 + 1;
    let archive = zip(&[("first.log", &half[..middle]), ("second.log.gz", &gzip(&half[middle..]))]);
    let (_, answer) = post(&app, "/api/v1/jobs", form("numbered.zip", archive));
    let id = id_of(&answer);
    let mut kills = 0;
    for round in 0..6 {
        wait_until("it is read", || job(&app, &id)["status"] != "queued");
        // The first kill comes at once, so that one meets it at work however fast the machine is.
        let wait = Duration::from_millis(if round == 0 { 0 } else { rng.random_range(0..400) });
        let until = std::time::Instant::now() + wait;
        while std::time::Instant::now() < until && job(&app, &id)["status"] != "completed" {
            std::thread::sleep(Duration::from_millis(5));
        }
        kills += u32::from(job(&app, &id)["status"] == "processing");
        app.kill();
        app.run();
    }
    let job = ended(&app, &id);
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(LINES)), "{job}\n{}", app.log());
    assert!(kills > 0, "no kill met it at work");
    assert_numbered(&app, LINES);
}

#[test]
fn a_cancelled_upload_goes_on_where_it_was() {
    const LINES: u32 = 100_000;
    let app = App::start_with("syslog = []", "[auth]\nadmin_password = \"correct horse battery\"\n");
    let admin = sign_in(&app, "admin", "correct horse battery");
    let (_, answer) = post(&app, "/api/v1/jobs", form("numbered.log", numbered(LINES)));
    let id = id_of(&answer);
    let path = format!("/api/v1/jobs/{id}");
    let patch =
        |status: &str| admin.patch(app.url(&path)).json(&json!({ "status": status, "title": "again" })).send().unwrap();
    wait_until("it is at work", || job(&app, &id)["inserted"].as_i64().unwrap() > 0);
    assert_eq!(app.http().delete(app.url(&path)).send().unwrap().status(), 403);
    assert_eq!(admin.delete(app.url(&path)).send().unwrap().status(), 409);
    assert_eq!(patch("cancelled").status(), 200);
    assert_eq!(patch("cancelled").status(), 409);
    assert_eq!(patch("completed").status(), 422);
    let left = job(&app, &id);
    assert_eq!((&left["status"], &left["title"]), (&json!("cancelled"), &json!("again")));
    assert_eq!(patch("queued").status(), 200);
    let job = ended(&app, &id);
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(LINES)), "{job}");
    assert_numbered(&app, LINES);
    assert_eq!(objects(&app).len(), 1);
    assert_eq!(admin.delete(app.url(&path)).send().unwrap().status(), 204);
    assert_eq!(objects(&app), [] as [PathBuf; 0]);
    assert_eq!(app.http().get(app.url(&path)).send().unwrap().status(), 404);
}

/// Cancels an upload of which batches wait for room in a full spool.
fn cancelled_while_it_stops(app: &App) -> (String, std::thread::JoinHandle<Vec<String>>) {
    signal(app.engine_pid().unwrap(), "STOP");
    let (_, answer) = post(app, "/api/v1/jobs", form("numbered.log", numbered(200_000)));
    let id = id_of(&answer);
    app.wait_for_log("the spool takes no more");
    let request = app.http().get(app.url(&format!("/api/v1/jobs/{id}/events"))).timeout(LONG);
    let events = request.send().unwrap();
    let watching = std::thread::spawn(move || BufReader::new(events).lines().map_while(Result::ok).collect());
    let admin = sign_in(app, "admin", "correct horse battery");
    let patch = admin.patch(app.url(&format!("/api/v1/jobs/{id}"))).json(&json!({ "status": "cancelled" }));
    assert_eq!(patch.send().unwrap().status(), 200);
    let stopping = job(app, &id);
    assert_eq!((&stopping["status"], &stopping["completed_at"]), (&json!("cancelled"), &json!(null)), "{stopping}");
    let refused = admin.delete(app.url(&format!("/api/v1/jobs/{id}"))).send().unwrap();
    assert_eq!((refused.status().as_u16(), objects(app).len()), (409, 1), "records of it are still added");
    (id, watching)
}

#[test]
fn the_last_event_of_a_cancelled_upload_has_its_last_counts() {
    let app =
        App::start_with("syslog = []", &format!("{SMALL_SPOOL}[auth]\nadmin_password = \"correct horse battery\"\n"));
    let (id, watching) = cancelled_while_it_stops(&app);
    signal(app.engine_pid().unwrap(), "CONT");
    let lines = watching.join().unwrap();
    assert_eq!(lines.iter().filter(|line| *line == "event: end").count(), 1);
    let last = lines.iter().rev().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert!(last["completed_at"].is_string(), "{last}");
    app.flush();
    assert_eq!(last, job(&app, &id));
    assert_eq!(last["inserted"], app.count("source=upload-test"));
}

#[test]
fn a_cancelled_upload_that_was_killed_before_it_stopped_ends_at_the_next_start() {
    let mut app =
        App::start_with("syslog = []", &format!("{SMALL_SPOOL}[auth]\nadmin_password = \"correct horse battery\"\n"));
    let (id, watching) = cancelled_while_it_stops(&app);
    let engine = app.engine_pid().unwrap();
    app.kill();
    // It ends where its daemon has, once it may.
    signal(engine, "CONT");
    let lines = watching.join().unwrap();
    assert!(!lines.contains(&"event: end".to_owned()), "{lines:?}");
    app.run();
    wait_until("it is at its end", || job(&app, &id)["completed_at"].is_string());
    assert_eq!(job(&app, &id)["status"], "cancelled");
}

#[test]
fn an_upload_waits_for_the_store_and_ends_all_the_same() {
    let app = App::start_with("syslog = []", "[uploads]\nlag_bytes_max = 1\n");
    let job = upload(&app, form("numbered.log.gz", gzip(numbered(30_000).as_bytes())));
    assert_eq!(
        (&job["status"], &job["inserted"], &job["file_type"]),
        (&json!("completed"), &json!(30_000), &json!("gzip"))
    );
    assert_numbered(&app, 30_000);
}

#[test]
fn an_upload_that_takes_long_is_answered_202_and_read_on() {
    let app = App::start_with("syslog = []", "[uploads]\nlag_bytes_max = 1\n");
    signal(app.engine_pid().unwrap(), "STOP");
    // Before the upload, so that it has something to wait for however fast it is read.
    let live = json!({ "source": "live", "level": "INFO", "timestamp": "2026-11-20T10:00:00Z", "message": "first" });
    assert_eq!(app.post("/api/v1/logs", &live).0, 201);
    wait_until("a segment waits for the store", || app.metric("logseal_spool_segments", "") > 0);
    let (status, going) = post(&app, "/api/v1/logs/upload", form("numbered.log", numbered(30_000)));
    signal(app.engine_pid().unwrap(), "CONT");
    assert_eq!((status, &going["status"]), (202, &json!("processing")), "{going}");
    let job = ended(&app, &id_of(&going));
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(30_000)), "{job}");
    assert_numbered(&app, 30_000);
}

#[test]
fn a_large_upload_holds_up_neither_a_small_one_nor_live_senders() {
    const LINES: u32 = 400_000;
    let app = App::start_with("syslog = []", "");
    let (_, answer) = post(&app, "/api/v1/jobs", form("large.log.gz", gzip(numbered(LINES).as_bytes())));
    let large = id_of(&answer);
    wait_until("it is at work", || job(&app, &large)["inserted"].as_i64().unwrap() > 0);
    let form = Form::new().text("source", "small").part("file", Part::bytes(&b"one line\n"[..]).file_name("small.log"));
    let small = upload(&app, form);
    assert_eq!((&small["status"], &small["inserted"]), (&json!("completed"), &json!(1)), "{small}");
    let live =
        json!({ "source": "live", "level": "INFO", "timestamp": "2026-11-20T10:00:00Z", "message": "in between" });
    assert_eq!(app.post("/api/v1/logs", &live).0, 201);
    let meanwhile = job(&app, &large);
    assert_eq!(meanwhile["status"], "processing", "too small to tell anything: {meanwhile}");
    let large = ended(&app, &large);
    assert_eq!((&large["status"], &large["inserted"]), (&json!("completed"), &json!(LINES)), "{large}");
    assert_numbered(&app, LINES);
}

#[test]
fn a_small_upload_ends_while_as_many_large_ones_as_may_be_read_go_on() {
    const LINES: u32 = 300_000;
    let app = App::start_with("syslog = []", "[uploads]\nreading_max = 1\n");
    let file = gzip(numbered(LINES).as_bytes());
    let large: Vec<String> = ["first.log.gz", "second.log.gz"]
        .map(|name| {
            let form = Form::new().text("source", name).part("file", Part::bytes(file.clone()).file_name(name));
            id_of(&post(&app, "/api/v1/jobs", form).1)
        })
        .into();
    wait_until("one is at work", || large.iter().any(|id| job(&app, id)["inserted"].as_i64().unwrap() > 0));
    let form = Form::new().text("source", "small").part("file", Part::bytes(&b"one line\n"[..]).file_name("small.log"));
    let small = upload(&app, form);
    assert_eq!((&small["status"], &small["inserted"]), (&json!("completed"), &json!(1)), "{small}");
    for id in &large {
        let meanwhile = job(&app, id);
        assert_eq!(meanwhile["status"], "processing", "it did not give way, or is too small to tell: {meanwhile}");
    }
    // Each turn goes on where the one before it ended: no record is lost or there twice.
    for id in &large {
        let ended = ended(&app, id);
        assert_eq!((&ended["status"], &ended["inserted"]), (&json!("completed"), &json!(LINES)), "{ended}");
    }
    app.wait_for_count("source=first.log.gz", LINES.into());
    app.wait_for_count("source=second.log.gz", LINES.into());
}

#[test]
fn no_more_uploads_are_open_than_may_be() {
    const LINES: u32 = 60_000;
    let app = App::start_with("syslog = []", "[uploads]\nreading_max = 2\nopen_max = 1\n");
    let file = gzip(numbered(LINES).as_bytes());
    for name in ["first.log.gz", "second.log.gz"] {
        let form = Form::new().text("source", name).part("file", Part::bytes(file.clone()).file_name(name));
        post(&app, "/api/v1/jobs", form);
    }
    let mut seen = BTreeMap::<String, usize>::new();
    wait_until("both have ended", || {
        // One look at both: while one is open, the other is not, or not any more.
        let jobs = app.get("/api/v1/jobs")["list"].as_array().unwrap().clone();
        let statuses = jobs.iter().map(|job| job["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let count = |status: &str| statuses.iter().filter(|seen| *seen == status).count();
        assert!(count("processing") < 2, "{jobs:?}");
        *seen.entry(statuses.join(" ")).or_default() += 1;
        count("completed") == 2
    });
    assert!(seen.keys().any(|seen| seen.contains("queued")), "too small to tell anything: {seen:?}");
    app.wait_for_count("source=first.log.gz", LINES.into());
    app.wait_for_count("source=second.log.gz", LINES.into());
}

#[test]
fn an_upload_into_a_full_spool_does_not_hold_a_stop_up() {
    const LINES: u32 = 200_000;
    let mut app = App::start_with("syslog = []\nshutdown_seconds = 8", SMALL_SPOOL);
    signal(app.engine_pid().unwrap(), "STOP");
    let (_, answer) = post(&app, "/api/v1/jobs", form("numbered.log", numbered(LINES)));
    let id = id_of(&answer);
    app.wait_for_log("the spool takes no more");
    let started = std::time::Instant::now();
    let status = app.stop();
    let took = started.elapsed();
    assert!(status.success(), "{}", app.log());
    assert!(took < Duration::from_secs(25), "the stop took {took:?}\n{}", app.log());
    app.run();
    let job = ended(&app, &id);
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(LINES)), "{job}\n{}", app.log());
    assert_numbered(&app, LINES);
}

#[test]
fn a_spool_that_was_filled_by_an_upload_and_live_senders_empties_once_the_store_is_back() {
    const LINES: u32 = 200_000;
    let app = App::start_with("syslog = []", SMALL_SPOOL);
    signal(app.engine_pid().unwrap(), "STOP");
    let (_, answer) = post(&app, "/api/v1/jobs", form("numbered.log", numbered(LINES)));
    let live =
        json!({ "source": "live", "level": "INFO", "timestamp": "2026-11-20T10:00:00Z", "message": "in between" });
    let mut stored = 0;
    wait_until("live senders are refused", || match app.post("/api/v1/logs", &live).0 {
        201 => {
            stored += 1;
            false
        }
        status => status == 503,
    });
    signal(app.engine_pid().unwrap(), "CONT");
    let job = ended(&app, &id_of(&answer));
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(LINES)), "{job}\n{}", app.log());
    assert_numbered(&app, LINES);
    assert_eq!(app.count("source=live"), stored);
}
