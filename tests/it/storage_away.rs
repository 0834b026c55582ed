//! Uploads whose storage answers 503 for a while: what waits for it, what is refused, and what stays.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use serde_json::json;

use crate::analysers::read_request;
use crate::app::{App, wait_until};
use crate::people::sign_in;
use crate::uploads::{ended, form, gzip, id_of, job, post, results};
use crate::uploads_under_way::{assert_numbered, numbered};

/// Storage of S3's kind that keeps what it is given, and answers all else as it is told to.
struct Bucket {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    objects: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Bucket {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (status, objects) = (Arc::new(AtomicU16::new(200)), Arc::<Mutex<HashMap<_, _>>>::default());
        let bucket = Self { address, status: Arc::clone(&status), objects: Arc::clone(&objects) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (status, objects) = (Arc::clone(&status), Arc::clone(&objects));
                std::thread::spawn(move || answer(stream.unwrap(), status.load(Ordering::SeqCst), &objects));
            }
        });
        bucket
    }

    fn tables(&self) -> String {
        format!(
            "[storage]\nurl = \"s3://logs\"\nendpoint = \"http://{}\"\naccess_key_id = \"id\"\nsecret_access_key = \"secret\"\n\
             [auth]\nadmin_password = \"correct horse battery\"\n",
            self.address
        )
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.objects.lock().unwrap().len()
    }
}

fn answer(mut stream: TcpStream, status: u16, objects: &Mutex<HashMap<String, Vec<u8>>>) {
    let (head, body) = read_request(&mut stream);
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap().to_owned());
    let (status, content) = match method {
        "put" => {
            objects.lock().unwrap().insert(path, body);
            (200, Vec::new())
        }
        _ if status != 200 => (status, Vec::new()),
        "delete" => {
            objects.lock().unwrap().remove(&path);
            (204, Vec::new())
        }
        _ => (200, objects.lock().unwrap().get(&path).unwrap().clone()),
    };
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\netag: \"one\"\r\n\
         last-modified: Fri, 20 Nov 2026 10:00:00 GMT\r\nconnection: close\r\n\r\n",
        content.len()
    );
    // The other side may have gone.
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&content)).ok();
}

fn waits(app: &App, id: &str) -> bool {
    let job = job(app, id);
    assert_eq!((&job["error_message"], &job["completed_at"]), (&json!(null), &json!(null)), "{job}\n{}", app.log());
    let step = job["current_step"].as_str().unwrap();
    job["status"] == "processing" && step.starts_with("waits for the storage: ") && step.contains("503")
}

fn set(app: &App, admin: &Client, id: &str, status: &str) {
    let change = admin.patch(app.url(&format!("/api/v1/jobs/{id}"))).json(&json!({ "status": status }));
    assert_eq!(change.send().unwrap().status(), 200);
}

#[test]
fn uploads_wait_while_their_storage_is_away_and_are_cancelled_and_stopped_at_once() {
    let bucket = Bucket::start();
    let mut app = App::start_with("syslog = []", &bucket.tables());
    bucket.answers(503);
    let ids = ["a.log", "b.log"].map(|name| id_of(&post(&app, "/api/v1/jobs", form(name, numbered(100))).1));
    wait_until("both wait", || ids.iter().all(|id| waits(&app, id)));
    let began = Instant::now();
    assert!(app.stop().success(), "{}", app.log());
    assert!(began.elapsed() < Duration::from_secs(10), "the stop took {:?}\n{}", began.elapsed(), app.log());
    app.run();
    wait_until("both wait again", || ids.iter().all(|id| waits(&app, id)));
    let admin = sign_in(&app, "admin", "correct horse battery");
    set(&app, &admin, &ids[1], "cancelled");
    wait_until("it has ended", || job(&app, &ids[1])["completed_at"].is_string());
    assert_eq!(job(&app, &ids[1])["status"], "cancelled");
    bucket.answers(200);
    let job = ended(&app, &ids[0]);
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(100)), "{job}\n{}", app.log());
    assert_numbered(&app, 100);
    let said = app.log().matches("an upload waits for the storage of its file").count();
    assert_eq!(said, 4, "once for each and each start\n{}", app.log());
}

#[test]
fn an_upload_that_its_storage_refuses_or_has_lost_fails() {
    let bucket = Bucket::start();
    let app = App::start_with("syslog = []", &bucket.tables());
    for (status, says) in [(403, "the storage refuses it"), (404, "there is no object")] {
        bucket.answers(status);
        let job = ended(&app, &id_of(&post(&app, "/api/v1/jobs", form("a.log", "one\n")).1));
        assert_eq!(job["status"], "failed", "{job}");
        assert!(job["error_message"].as_str().unwrap().contains(says), "{job}");
    }
}

#[test]
fn an_upload_that_is_cancelled_again_before_it_is_read_on_keeps_its_counts() {
    const LINES: u32 = 200_000;
    let bucket = Bucket::start();
    let app = App::start_with("syslog = []", &bucket.tables());
    let admin = sign_in(&app, "admin", "correct horse battery");
    let id = id_of(&post(&app, "/api/v1/jobs", form("a.log.gz", gzip(numbered(LINES).as_bytes()))).1);
    wait_until("it is at work", || job(&app, &id)["inserted"].as_i64().unwrap() > 0);
    set(&app, &admin, &id, "cancelled");
    let cancelled = || {
        wait_until("its reading has stopped", || job(&app, &id)["completed_at"].is_string());
        let entry = results(&app, &id)[0].clone();
        let job = job(&app, &id);
        assert_eq!((&entry["status"], &entry["inserted"]), (&json!("cancelled"), &job["inserted"]), "{entry}");
        (job["inserted"].clone(), job["progress"].clone())
    };
    let first = cancelled();
    assert!(first.0.as_u64().unwrap() > 0 && first.1.as_u64().unwrap() > 0, "{first:?}");
    bucket.answers(503);
    set(&app, &admin, &id, "queued");
    wait_until("it waits", || waits(&app, &id));
    assert_eq!(results(&app, &id)[0]["status"], "processing");
    set(&app, &admin, &id, "cancelled");
    assert_eq!(cancelled(), first);
    bucket.answers(200);
    set(&app, &admin, &id, "queued");
    let job = ended(&app, &id);
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(LINES)), "{job}\n{}", app.log());
    assert_numbered(&app, LINES);
}

#[test]
fn a_job_whose_file_cannot_be_deleted_now_stays_until_it_can() {
    let bucket = Bucket::start();
    let app = App::start_with("syslog = []", &bucket.tables());
    let admin = sign_in(&app, "admin", "correct horse battery");
    let id = id_of(&post(&app, "/api/v1/jobs", form("a.log", "one\n")).1);
    assert_eq!(ended(&app, &id)["status"], "completed");
    let delete = || admin.delete(app.url(&format!("/api/v1/jobs/{id}"))).send().unwrap();
    bucket.answers(503);
    let refused = delete();
    assert_eq!(refused.status(), 503, "{}", refused.text().unwrap());
    assert_eq!((job(&app, &id)["status"].clone(), bucket.count()), (json!("completed"), 1));
    // Nobody else tells of it: the answer names the log.
    app.wait_for_log("the store of uploaded files failed a request");
    bucket.answers(200);
    assert_eq!(delete().status(), 204);
    assert_eq!(bucket.count(), 0);
    assert_eq!(app.http().get(app.url(&format!("/api/v1/jobs/{id}"))).send().unwrap().status(), 404);
}

#[test]
fn a_job_whose_deletion_has_begun_never_goes_on() {
    let bucket = Bucket::start();
    let app = App::start_with("syslog = []", &bucket.tables());
    let admin = sign_in(&app, "admin", "correct horse battery");
    bucket.answers(404);
    let id = id_of(&post(&app, "/api/v1/jobs", form("a.log", "one\n")).1);
    assert_eq!(ended(&app, &id)["status"], "failed");
    let (url, queued) = (app.url(&format!("/api/v1/jobs/{id}")), json!({ "status": "queued" }));
    bucket.answers(503);
    assert_eq!(admin.delete(&url).send().unwrap().status(), 503);
    let refused = admin.patch(&url).json(&queued).send().unwrap();
    assert_eq!(refused.status(), 409);
    assert!(refused.text().unwrap().contains("is being deleted"));
    assert_eq!((&job(&app, &id)["current_step"], bucket.count()), (&json!("is being deleted"), 1));
    bucket.answers(200);
    assert_eq!(admin.delete(&url).send().unwrap().status(), 204);
    assert_eq!(bucket.count(), 0);
}

#[test]
fn an_upload_whose_object_has_another_size_fails_and_nothing_of_it_is_read() {
    let bucket = Bucket::start();
    let app = App::start_with("syslog = []", &bucket.tables());
    let admin = sign_in(&app, "admin", "correct horse battery");
    bucket.answers(404);
    let id = id_of(&post(&app, "/api/v1/jobs", form("a.log", "one\ntwo\n")).1);
    ended(&app, &id);
    bucket.objects.lock().unwrap().values_mut().for_each(|object| object.extend(b"three\n"));
    bucket.answers(200);
    set(&app, &admin, &id, "queued");
    let job = ended(&app, &id);
    assert_eq!((&job["status"], &job["inserted"]), (&json!("failed"), &json!(0)), "{job}");
    let told = "the stored file has 14 bytes, and 8 were uploaded: nothing of it is read";
    assert_eq!(job["error_message"], told, "{job}");
}
