//! Uploads that lie in a bucket: what is in an archive, and that they go on after a kill.

use std::path::PathBuf;
use std::time::Duration;

use logseal::config::storage::Storage;
use rand::RngExt as _;
use serde_json::json;

use crate::app::{App, client, signal, wait_until};
use crate::crash::seeded;
use crate::people::sign_in;
use crate::s3_server::{self, S3Server};
use crate::uploads::{ended, form, id_of, job, objects, post, upload, zip};
use crate::uploads_under_way::assert_numbered;

/// Lines that do not become much smaller when they are packed.
fn noise(bytes: usize) -> Vec<u8> {
    let mut rng = seeded();
    let mut line = || (0..8000).map(|_| char::from(rng.random_range(b'!'..b'~'))).chain(['\n']).collect::<String>();
    (0..bytes.div_ceil(8001)).map(|_| line()).collect::<String>().into_bytes()
}

fn tables(storage: &Storage) -> String {
    let ca = storage.ca.as_ref().map_or(String::new(), |ca| format!("ca = {ca:?}\n"));
    format!(
        "[storage]\nurl = {:?}\nendpoint = {:?}\naccess_key_id = {:?}\nsecret_access_key = {:?}\n{ca}",
        storage.url,
        storage.endpoint,
        storage.access_key_id,
        storage.secret_access_key.expose()
    )
}

#[test]
fn an_upload_is_kept_read_and_listed_in_storage_over_https() {
    let folder = tempfile::tempdir().unwrap();
    let server = S3Server::with_tls(folder.path());
    let app = App::start_with("syslog = []", &tables(&server.config("https")));
    let noise = noise(6 << 20);
    let (status, answer) =
        post(&app, "/api/v1/logs/upload", form("a.zip", zip(&[("a.log", b"one\n"), ("noise.log", &noise)])));
    assert_eq!((status, &answer["status"]), (201, &json!("completed")), "{answer}");
    let contents = app.get(&format!("/api/v1/jobs/{}/zip-contents", answer["job_id"].as_str().unwrap()));
    let paths: Vec<_> = contents["list"].as_array().unwrap().iter().map(|entry| entry["path"].clone()).collect();
    assert_eq!(paths, [json!("a.log"), json!("noise.log")], "{contents}");
}

#[test]
fn a_large_zip_in_a_bucket_is_listed_without_a_copy_and_a_broken_one_with_one() {
    let storage = s3_server::shared().config("listing");
    let app = App::start_with("syslog = []", &tables(&storage));
    let noise = noise(6 << 20);
    let whole = zip(&[("a.log", b"one\n"), ("noise.log", &noise), ("z.log", b"two\n")]);
    assert!(whole.len() > 4 << 20, "a smaller one is copied");
    // Without its directory, it is searched from end to end.
    let broken = whole[..whole.len() - 40].to_vec();
    let whole = id_of(&upload(&app, form("whole.zip", whole)));
    let broken = id_of(&upload(&app, form("broken.zip", broken)));
    let listed = |id: &str| {
        let contents = app.get(&format!("/api/v1/jobs/{id}/zip-contents"));
        let paths: Vec<_> = contents["list"].as_array().unwrap().iter().map(|entry| entry["path"].clone()).collect();
        assert_eq!(paths, [json!("a.log"), json!("noise.log"), json!("z.log")], "{contents}");
        app.get(&format!("/api/v1/jobs/{id}/zip-info"))
    };
    let info = listed(&broken);
    assert_eq!(info["problem"], "it is damaged: its directory is missing; the entries were searched for", "{info}");

    // From now on, no copy can be made.
    let copies = app.dir.path().join("data/uploads");
    std::fs::remove_dir_all(&copies).unwrap();
    std::fs::write(&copies, "no folder").unwrap();
    let info = listed(&whole);
    assert_eq!((&info["entries"], &info["problem"]), (&json!(3), &json!(null)), "{info}");
    assert_eq!(info["size"], json!(noise.len() + 8));
}

#[test]
fn no_more_uploads_are_listed_at_once_than_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let server = S3Server::with_tls(folder.path());
    let limits = format!("{}[uploads]\nlisting_max = 1\n", tables(&server.config("turns")));
    let app = App::start_with("syslog = []", &limits);
    let id = id_of(&upload(&app, form("a.zip", zip(&[("a.log", b"one\n")]))));
    let url = app.url(&format!("/api/v1/jobs/{id}/zip-info"));
    // Whoever has the turn waits for the storage, which says nothing.
    signal(server.pid(), "STOP");
    let (sender, answered) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let (http, url, sender) = (app.http(), url.clone(), sender.clone());
            scope.spawn(move || {
                let answer = http.get(url).send().unwrap();
                sender.send((answer.status().as_u16(), answer.text().unwrap())).unwrap();
            });
        }
        let (status, text) = answered.recv_timeout(Duration::from_secs(30)).unwrap();
        signal(server.pid(), "CONT");
        assert!(status == 503 && text.contains("too many uploads are being listed"), "{status}: {text}");
        let (status, text) = answered.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(status, 200, "{text}");
    });
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
    let again = client("").get(address).send().unwrap();
    assert_eq!(again.status(), 404, "the object is deleted with its job");
}
