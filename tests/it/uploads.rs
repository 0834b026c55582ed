//! Uploads as jobs, through the whole daemon.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::{App, wait_until};
use crate::people::sign_in;
use crate::uploads_under_way::numbered;

/// Uploads take longer than a wait for a record on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(300);

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

pub(crate) fn objects(app: &App) -> Vec<PathBuf> {
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
fn a_single_file_that_is_cut_or_damaged_fails_with_its_reason_and_keeps_what_was_read() {
    let app = App::start_with("syslog = []", "[auth]\nadmin_password = \"correct horse battery\"\n");
    let admin = sign_in(&app, "admin", "correct horse battery");
    let text = numbered(20_000);
    let mut cut = gzip(text.as_bytes());
    cut.truncate(cut.len() / 2);
    let mut wrong_sum = gzip(b"one\ntwo\n");
    let at = wrong_sum.len() - 5;
    wrong_sum[at] ^= 1;
    let mut zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    zstd.truncate(zstd.len() / 2);
    for (name, file) in [("cut.log.gz", cut), ("sum.log.gz", wrong_sum), ("cut.log.zst", zstd)] {
        let form = Form::new().text("source", name).part("file", Part::bytes(file).file_name(name));
        let (status, answer) = post(&app, "/api/v1/logs/upload", form);
        assert_eq!((status, &answer["status"]), (201, &json!("failed")), "{answer}");
        let id = answer["job_id"].as_str().unwrap().to_owned();
        let entry = results(&app, &id)[0].clone();
        let problem = entry["problem"].as_str().unwrap();
        let told = format!("the file could not be read whole: {problem}");
        assert!(problem.starts_with("it is damaged"), "{entry}");
        assert_eq!((&answer["error_message"], &answer["inserted"]), (&json!(told), &entry["inserted"]), "{answer}");
        // It is no better when it is tried again, and nothing of it is stored twice.
        let change = admin.patch(app.url(&format!("/api/v1/jobs/{id}"))).json(&json!({ "status": "queued" }));
        assert_eq!(change.send().unwrap().status(), 200);
        let again = ended(&app, &id);
        assert_eq!((&again["status"], &again["error_message"]), (&json!("failed"), &json!(told)), "{again}");
        assert_eq!(again["inserted"], entry["inserted"]);
        app.flush();
        assert_eq!(json!(app.count(&format!("source={name}"))), entry["inserted"], "{name}");
    }
}

#[test]
fn a_name_that_would_harm_others_is_told_where_it_was_changed() {
    let app = App::start_with("syslog = []", "");
    let inner = zip(&[("inner.log", b"three\n")]);
    let archive = zip(&[("../../etc/passwd", b"one\n"), ("plain.log", b"two\n"), ("/in\u{202e}.zip", &inner)]);
    let id = id_of(&upload(&app, form("tricks.zip", archive)));
    let told: Vec<_> = results(&app, &id).into_iter().map(|e| json!([e["path"], e["status"], e["problem"]])).collect();
    assert_eq!(
        told,
        [
            json!(["etc/passwd", "completed", "its own name is \"../../etc/passwd\""]),
            json!(["plain.log", "completed", null]),
            json!(["in\u{fffd}.zip/inner.log", "completed", "its own name is \"/in\\u{202e}.zip/inner.log\""]),
        ]
    );
    let contents = app.get(&format!("/api/v1/jobs/{id}/zip-contents"));
    let listed: Vec<_> = contents["list"].as_array().unwrap().iter().map(|entry| &entry["renamed_from"]).collect();
    assert_eq!(listed, [&json!("../../etc/passwd"), &json!(null), &json!("/in\\u{202e}.zip")]);
    assert_eq!(app.get(&format!("/api/v1/jobs/{id}/zip-info"))["renamed_entries"], 2);
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

/// Posts a body that is written by hand; status and answer.
fn post_raw(app: &App, content_type: &str, encoding: Option<&str>, body: impl Into<Vec<u8>>) -> (u16, Value) {
    let request = app.http().post(app.url("/api/v1/logs/upload")).header("content-type", content_type).timeout(LONG);
    let request = encoding.into_iter().fold(request, |request, encoding| request.header("content-encoding", encoding));
    let response = request.body(body.into()).send().unwrap();
    (response.status().as_u16(), serde_json::from_str(&response.text().unwrap()).unwrap())
}

const FORM: &str = "multipart/form-data; boundary=b";

/// A form of such parts: what stands behind `form-data`, and the content.
fn form_text(parts: &[FormPart<'_>]) -> Vec<u8> {
    let part = |(names, content): &FormPart<'_>| {
        [format!("--b\r\ncontent-disposition: form-data{names}\r\n\r\n").as_bytes(), content, b"\r\n"].concat()
    };
    [parts.iter().flat_map(part).collect(), b"--b--\r\n".to_vec()].concat()
}

type FormPart<'a> = (&'a str, &'a [u8]);

const A_FILE: FormPart<'_> = ("; name=file; filename=a.log", b"one\ntwo\n");
const A_SOURCE: FormPart<'_> = ("; name=source", b"upload-test");
const NAMELESS: FormPart<'_> = ("", b"x");
const NO_TEXT: FormPart<'_> = ("; name=source", b"\xff");

#[test]
fn a_form_that_is_compressed_as_a_whole_is_taken_as_it_was() {
    let app = App::start_with("syslog = []", "[uploads]\nfile_bytes_max = 1000000\n");
    let form = form_text(&[A_SOURCE, A_FILE]);
    let zlib = {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&form).unwrap();
        encoder.finish().unwrap()
    };
    let packed = gzip(&form);
    for (encoding, body) in [
        (None, form.clone()),
        (Some("identity"), form.clone()),
        (Some("gzip"), packed.clone()),
        (Some("deflate"), zlib),
        (Some("zstd"), zstd::encode_all(&form[..], 3).unwrap()),
    ] {
        let (status, answer) = post_raw(&app, FORM, encoding, body);
        assert_eq!((status, &answer["inserted"]), (201, &json!(2)), "{encoding:?}: {answer}");
        assert_eq!(answer["sha256"], hex::encode(Sha256::digest(A_FILE.1)), "{encoding:?}");
    }
    let kept = objects(&app).len();
    let large = form_text(&[A_SOURCE, ("; name=file", &vec![b'x'; 4_000_000])]);
    let mut wrong = packed.clone();
    let checksum = wrong.len() - 6;
    wrong[checksum] ^= 1;
    for (encoding, body, expected, says) in [
        ("br", form.clone(), 415, "\"br\" is not gzip, deflate or zstd"),
        ("gzip, gzip", packed.clone(), 415, "only one Content-Encoding"),
        ("gzip", form, 422, "the compressed body is damaged or cut short"),
        ("gzip", packed[..packed.len() - 9].to_vec(), 422, "the compressed body is damaged or cut short"),
        ("gzip", wrong, 422, "the compressed body is damaged or cut short"),
        ("gzip", gzip(&large), 413, "larger than 1000000 bytes"),
    ] {
        let (status, answer) = post_raw(&app, FORM, Some(encoding), body);
        assert_eq!(status, expected, "{encoding}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(says), "{encoding}: {answer}");
    }
    wait_until("nothing of them is kept", || objects(&app).len() == kept);
    // A file that is packed in itself is kept as it is.
    let packed_file = gzip(A_FILE.1);
    let form = form_text(&[A_SOURCE, ("; name=file; filename=a.log.gz", &packed_file)]);
    let (status, answer) = post_raw(&app, FORM, Some("gzip"), gzip(&form));
    assert_eq!((status, &answer["inserted"]), (201, &json!(2)), "{answer}");
    assert_eq!(answer["sha256"], hex::encode(Sha256::digest(&packed_file)));
}

#[test]
fn what_is_wrong_with_a_form_is_told_as_it_is() {
    let app = App::start_with("syslog = []", "");
    for (content_type, parts, expected, says) in [
        (
            "application/json",
            vec![A_SOURCE, A_FILE],
            415,
            "Content-Type \"application/json\" is not read here: send multipart/form-data",
        ),
        (FORM, vec![A_SOURCE, NAMELESS, A_FILE], 422, "a part of the form has no name"),
        (FORM, vec![NO_TEXT, A_FILE], 422, "source is not UTF-8"),
        (FORM, vec![A_SOURCE, A_SOURCE, A_FILE], 422, "there is no field source, or it is given more than once"),
        (FORM, vec![A_FILE], 422, "source must have 1 to 128 bytes"),
    ] {
        let (status, answer) = post_raw(&app, content_type, None, form_text(&parts));
        assert_eq!((status, answer["detail"].as_str()), (expected, Some(says)), "{answer}");
    }
    let (status, _) = post_raw(&app, "Multipart/Form-Data; boundary=b", None, form_text(&[A_SOURCE, A_FILE]));
    assert_eq!(status, 201);
}

#[test]
fn a_file_that_was_cut_where_it_is_kept_is_not_read() {
    let app = App::start_with("syslog = []", "[auth]\nadmin_password = \"correct horse battery\"\n");
    let admin = sign_in(&app, "admin", "correct horse battery");
    let mut broken = gzip(numbered(100).as_bytes());
    broken.truncate(broken.len() / 2);
    let job = upload(&app, form("a.log.gz", broken.clone()));
    assert_eq!(job["status"], "failed", "{job}");
    let kept = objects(&app).remove(0);
    std::fs::write(&kept, &broken[..broken.len() - 1]).unwrap();
    let id = id_of(&job);
    let retry = admin.patch(app.url(&format!("/api/v1/jobs/{id}"))).json(&json!({ "status": "queued" }));
    assert_eq!(retry.send().unwrap().status(), 200);
    let now = ended(&app, &id);
    let told = format!(
        "the stored file has {} bytes, and {} were uploaded: nothing of it is read",
        broken.len() - 1,
        broken.len()
    );
    assert_eq!((&now["status"], &now["error_message"]), (&json!("failed"), &json!(told)), "{now}");
    assert_eq!(now["inserted"], job["inserted"]);
}
