//! Analysers through the whole daemon: told until they listen, also where they take their time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{App, client, wait_until};
use crate::uploads::{LONG, form, id_of, job, upload};

/// The table of an analyser behind `listener`.
fn table(name: &str, listener: &TcpListener, more: &str) -> String {
    let address = listener.local_addr().unwrap();
    format!("[analysers.{name}]\nurl = \"http://{address}/\"\ntoken = \"a-token-of-an-analyser\"\n{more}\n")
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// Takes a request, and what the other side does then: it hangs up.
fn accept(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    read_request(&mut stream);
    stream
}

/// Whether the other side has closed the connection, without waiting.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0; 1]);
    stream.set_nonblocking(false).unwrap();
    match read {
        Ok(count) => count == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

fn analysis(app: &App, id: &str, name: &str) -> Value {
    let analyses = job(app, id)["analyses"].as_array().unwrap().clone();
    analyses.into_iter().find(|analysis| analysis["analyser"] == name).unwrap()
}

#[test]
fn an_analyser_that_never_answers_is_asked_again_and_given_up() {
    let listener = listener();
    let app = App::start_with("syslog = []", &table("mute", &listener, "answer_seconds_max = 1\nattempts_max = 2"));
    let id = id_of(&upload(&app, form("a.log", "one\n")));
    for attempt in 1..=2 {
        let mut stream = accept(&listener);
        // It is not left open for what may come too late.
        assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
        wait_until("the attempt is noted", || analysis(&app, &id, "mute")["attempts"] == json!(attempt));
        let analysis = analysis(&app, &id, "mute");
        assert_eq!(analysis["error_message"], "it did not answer within 1 seconds", "{analysis}");
        assert_eq!(analysis["status"], if attempt < 2 { "queued" } else { "failed" }, "{analysis}");
    }
    assert_eq!(job(&app, &id)["status"], "completed", "the upload itself is as good as ever");
}

#[test]
fn an_analyser_that_drips_its_answer_is_given_up_as_one_that_is_silent() {
    let (head, body) = (listener(), listener());
    let tables = table("head", &head, "answer_seconds_max = 1\nattempts_max = 1") + &table("body", &body, "");
    let app = App::start_with("syslog = []", &tables);
    let id = id_of(&upload(&app, form("a.log", "one\n")));
    let mut dripping = accept(&head);
    dripping.write_all(b"HTTP/1.1 202 ").unwrap();
    wait_until("the daemon hangs up", || is_closed(&mut dripping) || dripping.write_all(b"x").is_err());
    wait_until("it is given up", || analysis(&app, &id, "head")["status"] == "failed");
    assert_eq!(analysis(&app, &id, "head")["error_message"], "it did not answer within 1 seconds");

    // What it says has no meaning: it has taken the job with the head.
    let mut dripping = accept(&body);
    dripping.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n").unwrap();
    wait_until("it has taken the job", || analysis(&app, &id, "body")["status"] == "processing");
    wait_until("the daemon hangs up", || is_closed(&mut dripping) || dripping.write_all(b"x").is_err());
}

#[test]
fn an_analyser_that_never_answers_holds_up_neither_another_one_nor_a_stop() {
    let (mute, quick) = (listener(), listener());
    let tables = table("mute", &mute, "answer_seconds_max = 3600") + &table("quick", &quick, "");
    let mut app = App::start_with("syslog = []", &tables);
    let mut held = Vec::new();
    for name in ["a.log", "b.log", "c.log"] {
        let id = id_of(&upload(&app, form(name, "one\n")));
        held.push(accept(&mute));
        let mut told = accept(&quick);
        told.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        wait_until("the other one has taken it", || analysis(&app, &id, "quick")["status"] == "processing");
        assert_eq!(analysis(&app, &id, "mute")["status"], "queued");
    }
    assert!(held.iter_mut().all(|stream| !is_closed(stream)));
    assert!(app.stop().success(), "{}", app.log());
}

#[test]
fn many_uploads_that_end_together_are_told_once_each_and_the_api_goes_on() {
    const SENDERS: usize = 6;
    const UPLOADS_EACH: usize = 4;
    let listener = listener();
    let app = App::start_with("syslog = []", &table("av", &listener, ""));
    let analyser = std::thread::spawn(move || {
        for _ in 0..SENDERS * UPLOADS_EACH {
            let mut stream = accept(&listener);
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        }
        listener
    });
    let send = || [(); UPLOADS_EACH].map(|()| id_of(&upload(&app, form("a.log", "one\n"))));
    let ids: Vec<String> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    for id in &ids {
        wait_until("it has taken the job", || analysis(&app, id, "av")["status"] == "processing");
    }
    let listener = analyser.join().unwrap();
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody is told twice");
    let log = app.log();
    assert!(!log.contains("could not be noted") && !log.contains("pool timed out"), "{log}");
}

#[test]
fn a_result_may_be_null_and_the_scheme_of_its_token_in_any_case() {
    let listener = listener();
    let app = App::start_with("syslog = []", &table("av", &listener, ""));
    for (body, status, error) in [
        ("{\"result\": null}", "completed", json!(null)),
        ("{\"result\": null, \"error\": \"no scanner\"}", "failed", json!("no scanner")),
    ] {
        let id = id_of(&upload(&app, form("a.log", "one\n")));
        let mut told = accept(&listener);
        told.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        wait_until("it has taken the job", || analysis(&app, &id, "av")["status"] == "processing");
        let request = client("").post(app.url(&format!("/api/v1/internal/jobs/{id}/completion")));
        let request = request.header("authorization", "bearer a-token-of-an-analyser");
        let answer = request.header("content-type", "application/json").body(body).send().unwrap();
        assert_eq!(answer.status(), 204, "{body}: {}", answer.text().unwrap());
        let analysis = analysis(&app, &id, "av");
        assert_eq!((&analysis["status"], &analysis["error_message"]), (&json!(status), &error), "{analysis}");
        assert_eq!(analysis["result"], json!(null), "{analysis}");
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

    let strange = client("");
    let file = told["file_url"].as_str().unwrap();
    assert_eq!(strange.get(file).send().unwrap().status(), 401);
    assert_eq!(strange.get(file).bearer_auth(app.token()).send().unwrap().status(), 401);
    assert_eq!(strange.get(file).bearer_auth(token).send().unwrap().bytes().unwrap(), "one\ntwo\n");
    // Whoever watches the job is told of the result, which comes after the job's own end.
    let events = app.http().get(app.url(&format!("/api/v1/jobs/{id}/events"))).timeout(LONG).send().unwrap();
    let socket_url = format!("ws://{}/api/v1/ws/jobs/{id}?access_token={}", app.api, app.token());
    let (mut socket, _) = tungstenite::connect(socket_url).unwrap();
    let completion = told["completion_url"].as_str().unwrap();
    let post = |token: &str, body: Value| strange.post(completion).bearer_auth(token).json(&body).send().unwrap();
    let complete = |token: &str, body: Value| post(token, body).status().as_u16();
    assert_eq!(complete("another token", json!({"result": {}})), 401);
    for body in [json!({"result": {}, "error": "both"}), json!({"results": {}}), json!({"error": 7})] {
        let refused = post(token, body);
        assert_eq!(refused.status(), 422);
        assert!(refused.text().unwrap().contains("a JSON object with either result or error (a string)"));
    }
    let nested = format!("{{\"result\": {}{}}}", "[".repeat(200), "]".repeat(200));
    let neither = "a JSON object with either result or error";
    for (body, says) in [
        ("[1]", neither),
        ("[{}, null]", neither),
        ("\"text\"", neither),
        ("{\"result\": 1, \"result\": 2}", neither),
        ("{\"result\": 1e999}", "the body has a number that is too large (line 1, column"),
        (&nested, "the body is nested too deep (line 1, column"),
        ("{\"result\": 1", "the body is not valid JSON (line 1, column"),
    ] {
        let request = strange.post(completion).bearer_auth(token).header("content-type", "application/json");
        let refused = request.body(body.to_owned()).send().unwrap();
        let (status, text) = (refused.status(), refused.text().unwrap());
        assert!(status == 422 && text.contains(says), "{body}: {status} {text}");
    }
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
