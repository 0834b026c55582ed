//! Uploads as jobs, through the whole daemon.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::RngExt as _;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::{App, signal, wait_until};
use crate::crash::seeded;
use crate::people::sign_in;
use crate::s3_server;

/// Uploads take longer than a wait for a record on a busy machine.
const LONG: Duration = Duration::from_secs(300);

pub(crate) fn form(name: &str, bytes: impl Into<Vec<u8>>) -> Form {
    Form::new().text("source", "upload-test").part("file", Part::bytes(bytes.into()).file_name(name.to_owned()))
}

/// Posts a form; status and answer.
pub(crate) fn post(app: &App, path: &str, form: Form) -> (u16, Value) {
    let response = app.http().post(app.url(path)).multipart(form).timeout(LONG).send().unwrap();
    (response.status().as_u16(), serde_json::from_str(&response.text().unwrap()).unwrap())
}

/// Uploads, and waits for the job's end.
pub(crate) fn upload(app: &App, form: Form) -> Value {
    let (status, job) = post(app, "/api/v1/jobs", form);
    assert_eq!(status, 201, "{job}");
    ended(app, &id_of(&job))
}

pub(crate) fn id_of(job: &Value) -> String {
    job["id"].as_str().unwrap().to_owned()
}

pub(crate) fn job(app: &App, id: &str) -> Value {
    app.get(&format!("/api/v1/jobs/{id}"))
}

pub(crate) fn ended(app: &App, id: &str) -> Value {
    let started = std::time::Instant::now();
    loop {
        let job = job(app, id);
        if ["completed", "failed", "cancelled"].contains(&job["status"].as_str().unwrap()) {
            return job;
        }
        assert!(started.elapsed() < LONG, "{job}\n{}", app.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn results(app: &App, id: &str) -> Vec<Value> {
    app.get(&format!("/api/v1/jobs/{id}/results?size=1000"))["list"].as_array().unwrap().clone()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Lines that tell their number.
fn numbered(count: u32) -> String {
    (0..count).map(|n| format!("<13>1 2026-11-20T10:00:00Z host{} app - - - message {n}\n", n % 7)).collect()
}

/// A spool that 200,000 of them do not fit into, and that has no other bound.
const SMALL_SPOOL: &str =
    "[uploads]\nlag_bytes_max = 1073741824\n[ingest]\ngroup_bytes_max = 1048576\n[spool]\ndisk_bytes_max = 17825792\n";

/// All of them are there, each once.
fn assert_numbered(app: &App, count: u32) {
    app.flush();
    let records = app.records("source=upload-test");
    let mut found: Vec<u32> = records
        .iter()
        .map(|record| record["message"].as_str().unwrap().strip_prefix("message ").unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    let expected: Vec<u32> = (0..count).collect();
    assert!(found == expected, "{} records, not {count}\n{}", found.len(), app.log());
}

fn objects(app: &App) -> Vec<PathBuf> {
    let folder = app.data_dir.join("objects/uploads");
    std::fs::read_dir(folder).map(|files| files.map(|file| file.unwrap().path()).collect()).unwrap_or_default()
}

#[test]
fn a_file_becomes_records_that_tell_where_they_come_from() {
    let app = App::start_with("syslog = []", "");
    let text = "Nov 20 10:11:12 edge7 sshd[4]: Failed password for root from 192.0.2.9 port 22 ssh2\n\n\
                {\"level\":\"error\",\"message\":\"two\"}\nand a plain line";
    let (status, answer) = post(&app, "/api/v1/logs/upload", form("../logs/mixed.log", text).text("zone", "+02:00"));
    assert_eq!((status, &answer["status"], &answer["inserted"]), (201, &json!("completed"), &json!(3)), "{answer}");
    assert_eq!(answer["sha256"], hex::encode(Sha256::digest(text)));
    let id = answer["job_id"].as_str().unwrap();
    app.flush();
    let records = app.records("source=upload-test");
    let places: Vec<(&str, &str)> = records
        .iter()
        .map(|r| (r["attributes"]["upload.line"].as_str().unwrap(), r["raw_data"].as_str().unwrap()))
        .collect();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(places, [("1", lines[0]), ("3", lines[2]), ("4", lines[3])]);
    assert_eq!((&records[0]["ip"], &records[0]["user_name"]), (&json!("192.0.2.9"), &json!("root")));
    assert!(records[0]["timestamp"].as_str().unwrap().ends_with("-11-20T08:11:12.000000Z"), "{}", records[0]);
    assert_eq!(records[0]["origin"], format!("upload:{id}"));
    assert_eq!(records[0]["attributes"]["upload.file"], "mixed.log");

    let job = job(&app, id);
    assert_eq!(
        (&job["progress"], &job["file_type"], &job["title"]),
        (&json!(100), &json!("single"), &json!("mixed.log"))
    );
    let file = app.http().get(app.url(&format!("/api/v1/jobs/{id}/file"))).send().unwrap();
    assert_eq!(
        file.headers()["content-disposition"],
        "attachment; filename=\"mixed.log\"; filename*=UTF-8''mixed%2Elog"
    );
    assert_eq!(file.bytes().unwrap(), text.as_bytes());
    let actions: Vec<Value> = app.get("/api/v1/operation-logs?size=100")["list"].as_array().unwrap().clone();
    for action in ["job_created", "job_file_read"] {
        assert!(actions.iter().any(|entry| entry["action"] == action), "{action}: {actions:?}");
    }
}

const APACHE: &str = "203.0.113.9 - alice [20/Nov/2026:10:11:12 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"curl/8\"\n\
                      203.0.113.9 - - [20/Nov/2026:10:11:13 +0000] \"GET /b HTTP/1.1\" 404 12 \"-\" \"curl/8\"\n";
const AUTH: &str = "Nov 20 10:11:12 edge7 sshd[4]: Accepted publickey for bob from 192.0.2.1 port 22 ssh2\n";
const CSV: &str = "timestamp,level,message\n2026-11-20T10:00:00Z,ERROR,from a table\n";
const WINDOWS: &str = "<Events><Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System>\
                       <Provider Name=\"Security\"/><EventID>4625</EventID><Level>0</Level>\
                       <TimeCreated SystemTime=\"2026-11-20T10:11:12.1234567Z\"/><Computer>dc1</Computer></System>\
                       <EventData><Data Name=\"TargetUserName\">carol</Data></EventData></Event></Events>\n";

#[test]
fn an_archive_of_mixed_logs_tells_what_became_of_each_file() {
    let app = App::start_with("syslog = []", "");
    let mut broken = gzip(numbered(2000).as_bytes());
    broken.truncate(broken.len() / 2);
    let archive = zip(&[
        ("www/access.log", APACHE.as_bytes()),
        ("auth.log", AUTH.as_bytes()),
        ("app.json", b"{\"level\":\"warn\",\"message\":\"from json\"}\n{\"level\":\"info\",\"message\":\"again\"}\n"),
        ("table.csv", CSV.as_bytes()),
        ("broken.gz", &broken),
        ("security.xml", WINDOWS.as_bytes()),
        ("rotated/auth.log.1.gz", &gzip(AUTH.as_bytes())),
    ]);
    let job = upload(&app, form("logs.zip", archive));
    assert_eq!((&job["status"], &job["file_type"]), (&json!("completed"), &json!("zip")), "{job}");
    let id = id_of(&job);
    let of: BTreeMap<String, Value> =
        results(&app, &id).into_iter().map(|entry| (entry["path"].as_str().unwrap().to_owned(), entry)).collect();
    let check = |path: &str, status: &str, format: &str, inserted: u64| {
        let entry = of.get(path).unwrap_or_else(|| panic!("{path} is not among {:?}", of.keys()));
        assert_eq!((&entry["status"], &entry["format"]), (&json!(status), &json!(format)), "{entry}");
        assert_eq!((&entry["inserted"], &entry["failed"]), (&json!(inserted), &json!(0)), "{entry}");
    };
    check("www/access.log", "completed", "access", 2);
    check("auth.log", "completed", "rfc3164", 1);
    check("app.json", "completed", "json", 2);
    check("table.csv", "completed", "csv", 2);
    check("security.xml", "completed", "winevent", 1);
    let cut = of.iter().find(|(path, _)| path.starts_with("broken.gz")).unwrap().1;
    assert_eq!(cut["status"], "failed", "{cut}");
    assert!(!cut["problem"].as_str().unwrap().is_empty());
    let rotated = of.iter().find(|(path, _)| path.starts_with("rotated/auth.log.1.gz")).unwrap().1;
    assert_eq!((&rotated["status"], &rotated["inserted"]), (&json!("completed"), &json!(1)), "{rotated}");
    let total: i64 = of.values().map(|entry| entry["inserted"].as_i64().unwrap()).sum();
    assert_eq!(job["inserted"], total);
    app.wait_for_count("source=upload-test", total as u64);
    assert_eq!(app.records("source=upload-test&user_name=carol")[0]["host"], "dc1");

    let contents = app.get(&format!("/api/v1/jobs/{id}/zip-contents?size=3"));
    assert_eq!(
        (&contents["list"][0]["path"], &contents["list"][0]["size"]),
        (&json!("www/access.log"), &json!(APACHE.len()))
    );
    let info = app.get(&format!("/api/v1/jobs/{id}/zip-info"));
    assert_eq!((&info["file_type"], &info["encrypted_entries"]), (&json!("zip"), &json!(0)), "{info}");
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

#[test]
fn what_is_no_upload_is_refused_and_leaves_no_file() {
    let app = App::start_with("syslog = []", "[uploads]\nfile_bytes_max = 100000\n");
    let part = |bytes: usize| Part::bytes(vec![b'x'; bytes]).file_name("a.log");
    for (form, status, says) in [
        (Form::new().part("file", part(10)), 422, "source must have"),
        (Form::new().text("source", "s"), 422, "file is missing"),
        (Form::new().text("source", "s").text("format", "cobol").part("file", part(10)), 422, "cobol"),
        (Form::new().text("source", "s").text("colour", "red").part("file", part(10)), 422, "colour"),
        (Form::new().text("source", "s").part("file", part(100_001)), 413, "100000 bytes"),
        (Form::new().text("source", "s").part("file", part(1)).part("file", part(1)), 422, "one file"),
    ] {
        let (got, answer) = post(&app, "/api/v1/jobs", form);
        assert_eq!(got, status, "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains(says), "{answer}");
    }
    let (status, answer) = app.post("/api/v1/jobs", &json!({"source": "s"}));
    assert_eq!(status, 415, "{answer}");
    wait_until("no file is left", || objects(&app).is_empty());
    assert_eq!(app.get("/api/v1/jobs")["total"], 0);
}

#[test]
fn progress_is_told_by_events_and_by_a_socket() {
    let app = App::start_with("syslog = []", "");
    let (_, answer) = post(&app, "/api/v1/jobs", form("numbered.log", numbered(40_000)));
    let id = id_of(&answer);
    let socket_url = format!("ws://{}/api/v1/ws/jobs/{id}?access_token={}", app.api, app.token());
    let watching = std::thread::spawn(move || {
        let (mut socket, _) = tungstenite::connect(socket_url).unwrap();
        let mut states = Vec::new();
        while let Ok(message) = socket.read() {
            if let tungstenite::Message::Text(text) = message {
                states.push(serde_json::from_str::<Value>(&text).unwrap());
            }
        }
        states
    });
    let events = app.http().get(app.url(&format!("/api/v1/jobs/{id}/events"))).timeout(LONG).send().unwrap();
    let lines: Vec<String> = BufReader::new(events).lines().map(Result::unwrap).collect();
    let versions: Vec<u64> = lines.iter().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert!(versions.is_sorted() && versions.len() > 1, "{versions:?}");
    assert_eq!(lines.iter().filter(|line| *line == "event: end").count(), 1);
    let last: Value = serde_json::from_str(lines.iter().rev().find_map(|l| l.strip_prefix("data: ")).unwrap()).unwrap();
    assert_eq!(
        (&last["status"], &last["progress"], &last["inserted"]),
        (&json!("completed"), &json!(100), &json!(40_000))
    );
    let states = watching.join().unwrap();
    assert_eq!(states.last(), Some(&last));
    let again = |version: i128| {
        let request = app.http().get(app.url(&format!("/api/v1/jobs/{id}/events")));
        request.header("last-event-id", version.to_string()).send().unwrap()
    };
    let seen = i128::from(*versions.last().unwrap());
    assert_eq!(again(seen).status(), 204);
    assert!(again(seen - 1).text().unwrap().contains("event: end"));
    for wrong in [-1, 1 << 64] {
        assert_eq!(again(wrong).status(), 422, "{wrong}");
    }
}

/// Reads one request; its head and body.
pub(crate) fn read_request(stream: &mut std::net::TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0);
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, body)
}

#[test]
fn an_analyser_is_told_until_it_listens_and_its_result_is_kept() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let token = "a-token-of-an-analyser";
    let tables = format!("[analysers.av]\nurl = \"http://{address}/scan\"\ntoken = \"{token}\"\n");
    let app = App::start_with("syslog = []", &tables);
    let analyser = std::thread::spawn(move || {
        let mut told = Vec::new();
        for answer in ["500 Busy", "202 Accepted"] {
            let (mut stream, _) = listener.accept().unwrap();
            let (head, body) = read_request(&mut stream);
            assert!(
                head.starts_with("post /scan ") && head.contains(&format!("authorization: bearer {token}")),
                "{head}"
            );
            write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            told.push(serde_json::from_slice::<Value>(&body).unwrap());
        }
        told
    });
    let id = id_of(&upload(&app, form("a.log", "one\ntwo\n")));
    let told = analyser.join().unwrap();
    assert_eq!(told[0], told[1]);
    let told = &told[1];
    assert_eq!((&told["job_id"], &told["inserted"], &told["file_size"]), (&json!(id), &json!(2), &json!(8)));

    let strange = reqwest::blocking::Client::new();
    let file = told["file_url"].as_str().unwrap();
    assert_eq!(strange.get(file).send().unwrap().status(), 401);
    assert_eq!(strange.get(file).bearer_auth(app.token()).send().unwrap().status(), 401);
    assert_eq!(strange.get(file).bearer_auth(token).send().unwrap().bytes().unwrap(), "one\ntwo\n");
    // Whoever watches the job is told of the result, which comes after the job's own end.
    let events = app.http().get(app.url(&format!("/api/v1/jobs/{id}/events"))).timeout(LONG).send().unwrap();
    let socket_url = format!("ws://{}/api/v1/ws/jobs/{id}?access_token={}", app.api, app.token());
    let (mut socket, _) = tungstenite::connect(socket_url).unwrap();
    let completion = told["completion_url"].as_str().unwrap();
    let complete = |token: &str, body: Value| {
        strange.post(completion).bearer_auth(token).json(&body).send().unwrap().status().as_u16()
    };
    assert_eq!(complete("another token", json!({"result": {}})), 401);
    assert_eq!(complete(token, json!({"result": {}, "error": "both"})), 422);
    assert_eq!(complete(token, json!({"result": {"virus": "none"}})), 204);
    let lines: Vec<String> = BufReader::new(events).lines().map(Result::unwrap).collect();
    let states: Vec<Value> =
        lines.iter().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    assert!(lines.contains(&"event: end".to_owned()) && states.len() > 1, "{lines:?}");
    let mut texts = Vec::new();
    while let Ok(message) = socket.read() {
        if let tungstenite::Message::Text(text) = message {
            texts.push(serde_json::from_str::<Value>(&text).unwrap());
        }
    }
    for watched in [&states, &texts] {
        let statuses: Vec<_> = watched.iter().map(|state| state["analyses"][0]["status"].as_str().unwrap()).collect();
        assert_eq!(statuses.last(), Some(&"completed"), "{statuses:?}");
        assert_ne!(statuses.first(), Some(&"completed"));
        assert_eq!(watched.last().unwrap()["analyses"][0]["result"], json!({"virus": "none"}));
    }
    let analyses = job(&app, &id)["analyses"].clone();
    assert_eq!((&analyses[0]["status"], &analyses[0]["result"]), (&json!("completed"), &json!({"virus": "none"})));
}

#[test]
fn an_upload_that_is_kept_in_s3_goes_on_after_a_kill_and_is_fetched_from_there() {
    const LINES: u32 = 60_000;
    let server = s3_server::shared();
    let storage = server.config("daemon");
    let tables = format!(
        "[storage]\nurl = {:?}\nendpoint = {:?}\naccess_key_id = {:?}\nsecret_access_key = {:?}\n\
         [auth]\nadmin_password = \"correct horse battery\"\n",
        storage.url,
        storage.endpoint,
        storage.access_key_id,
        storage.secret_access_key.expose()
    );
    let mut app = App::start_with("syslog = []", &tables);
    // Larger than one part of an upload to S3 (8 MiB), as it would not be when it is packed.
    let padding = "x".repeat(200);
    let text: String = (0..LINES)
        .map(|n| format!("<13>1 2026-11-20T10:00:00Z host app - - [a@1 b=\"{padding}\"] message {n}\n"))
        .collect();
    let (status, answer) = post(&app, "/api/v1/jobs", form("numbered.log", text.as_str()));
    assert_eq!(status, 201, "{answer}");
    let id = id_of(&answer);
    wait_until("it is at work", || job(&app, &id)["inserted"].as_i64().unwrap() > 0);
    app.kill();
    app.run();
    let job = ended(&app, &id);
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(LINES)), "{job}\n{}", app.log());
    assert_numbered(&app, LINES);
    assert_eq!(server.uploads("daemon"), 0, "no upload in parts is left under way");
    assert_eq!(objects(&app), [] as [PathBuf; 0]);

    let path = format!("/api/v1/jobs/{id}");
    let fetched = app.http().get(app.url(&format!("{path}/file"))).send().unwrap();
    assert!(fetched.url().as_str().starts_with(&storage.endpoint), "{}", fetched.url());
    let address = fetched.url().clone();
    assert!(fetched.text().unwrap() == text);
    let admin = sign_in(&app, "admin", "correct horse battery");
    assert_eq!(admin.delete(app.url(&path)).send().unwrap().status(), 204);
    let again = reqwest::blocking::get(address).unwrap();
    assert_eq!(again.status(), 404, "the object is deleted with its job");
}
