//! Analysers that take their time, through the whole daemon.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{App, wait_until};
use crate::uploads::{form, id_of, job, read_request, upload};

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
