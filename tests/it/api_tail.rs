//! The live tail over a real connection: live, resumed from the store, and ended by a stop.

use std::io::{BufRead as _, BufReader};

use serde_json::json;

use crate::app::App;

/// The lines of an event stream.
struct Tail(BufReader<reqwest::blocking::Response>);

impl Tail {
    fn open(app: &App, query: &str, last_event_id: Option<u64>) -> Self {
        let mut request = app.http().get(app.url(&format!("/api/v1/logs/tail?{query}")));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id.to_string());
        }
        let response = request.send().unwrap();
        assert_eq!(response.status(), 200);
        Self(BufReader::new(response))
    }

    /// The ids of the next `count` records. A gap is a failure.
    fn ids(&mut self, count: usize) -> Vec<u64> {
        let (mut ids, mut line) = (Vec::new(), String::new());
        while ids.len() < count {
            line.clear();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended after {ids:?}");
            assert_ne!(line, "event: gap\n");
            ids.extend(line.strip_prefix("id: ").map(|id| id.trim().parse::<u64>().unwrap()));
        }
        ids
    }
}

fn post(app: &App, message: &str) {
    let record = json!({"source": "t", "level": "INFO", "timestamp": "2026-11-20T10:20:30Z", "message": message});
    assert_eq!(app.post("/api/v1/logs", &record).0, 201);
}

#[test]
fn a_tail_sees_what_matches_from_now_on() {
    let app = App::start();
    post(&app, "before");
    let mut tail = Tail::open(&app, "q=fox", None);
    for message in ["a fox", "a dog", "FOX again"] {
        post(&app, message);
    }
    assert_eq!(tail.ids(2), [2, 4]);
}

#[test]
fn a_tail_that_resumes_gets_every_record_once_while_more_come_in() {
    let app = App::start();
    for i in 0..50 {
        post(&app, &format!("old {i}"));
    }
    app.flush();
    // Durable and not stored yet, when the tail begins.
    for i in 0..50 {
        post(&app, &format!("fresh {i}"));
    }
    let mut tail = Tail::open(&app, "source=t", Some(10));
    for i in 0..50 {
        post(&app, &format!("live {i}"));
    }
    let expected: Vec<u64> = (11..=151).filter(|id| *id != 51).collect();
    assert_eq!(tail.ids(expected.len()), expected);
}

#[test]
fn a_stop_ends_the_tail() {
    let mut app = App::start();
    let mut tail = Tail::open(&app, "", None);
    post(&app, "one");
    assert_eq!(tail.ids(1), [1]);
    assert!(app.stop().success());
    let mut rest = String::new();
    while tail.0.read_line(&mut rest).unwrap() > 0 {}
    assert!(!rest.contains("event: log"), "{rest}");
}
