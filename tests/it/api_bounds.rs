//! The API's bounds over real connections, and its line for each request.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::app::{App, DEADLINE, SYSLOG, wait_until};

fn connect(app: &App) -> TcpStream {
    let stream = TcpStream::connect(app.api).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Sends `request` and reads until the daemon ends the connection.
fn exchange(app: &App, request: &str) -> String {
    let mut stream = connect(app);
    // The daemon may answer and hang up before all is written.
    drop(stream.write_all(request.as_bytes()));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn heads_that_are_too_large_are_refused_and_the_daemon_goes_on() {
    let app = App::start();
    let get = |path: &str, headers: &str| {
        exchange(&app, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"))
    };
    let long = get(&format!("/?q={}", "x".repeat(40 << 10)), "");
    assert!(long.starts_with("HTTP/1.1 414") && long.contains("\"code\":414"), "{long}");
    let large = get("/", &format!("X-Large: {}\r\n", "x".repeat(40 << 10)));
    assert!(large.starts_with("HTTP/1.1 431") && large.contains("\"code\":431"), "{large}");
    // More than the server reads at all: the status alone, or a connection that is reset with it under way.
    let huge = get("/", &format!("X-Huge: {}\r\n", "x".repeat(1 << 20)));
    assert!(huge.is_empty() || huge.starts_with("HTTP/1.1 431"), "{huge}");
    let noise = exchange(&app, "\u{1}\u{2}\r\n\r\n");
    assert!(noise.starts_with("HTTP/1.1 400"), "{noise}");
    assert_eq!(app.get("/health?live")["status"], "live");
}

#[test]
fn a_reader_that_takes_nothing_of_its_tail_is_cut_off() {
    let app = App::start_with("", &format!("write_stall_seconds_max = 1\n{SYSLOG}"));
    let mut deaf = connect(&app);
    let ask = format!("GET /api/v1/logs/tail?access_token={} HTTP/1.1\r\nHost: localhost\r\n\r\n", app.token());
    deaf.write_all(ask.as_bytes()).unwrap();
    wait_until("the tail is open", || app.metric("logseal_live_tails", "") == 1);
    let record =
        json!({"source": "t", "level": "INFO", "timestamp": "2026-11-20T10:20:30Z", "message": "x".repeat(60_000)});
    let records = vec![record; 100];
    wait_until("the tail is closed", || {
        assert_eq!(app.post("/api/v1/logs", &json!(records)).0, 201);
        app.metric("logseal_live_tails", "") == 0
    });
}

#[test]
fn each_request_is_a_line_without_what_was_asked_for() {
    let top = "log = { format = \"json\" }";
    let app = App::start_with(top, &format!("request_log = true\ntrusted_proxies = [\"127.0.0.0/8\"]\n{SYSLOG}"));
    let request = app.http().get(app.url("/api/v1/nothing?token=secret")).header("x-forwarded-for", "198.51.100.1");
    let answer = request.send().unwrap();
    let trace_id = answer.headers()["x-trace-id"].to_str().unwrap().to_owned();
    let bytes = answer.bytes().unwrap().len();
    let is_its_line = |line: &&str| line.contains(&trace_id) && line.ends_with('}');
    wait_until("the line is written", || app.log().lines().any(|line| is_its_line(&line)));
    let log = app.log();
    let line: serde_json::Value = serde_json::from_str(log.lines().find(is_its_line).unwrap()).unwrap();
    assert_eq!(line["message"], "a request was answered");
    assert_eq!(
        (&line["method"], &line["path"], &line["status"], &line["peer"], &line["bytes"]),
        (&json!("GET"), &json!("/api/v1/nothing"), &json!(404), &json!("198.51.100.1"), &json!(bytes))
    );
    assert!(line["duration_ms"].as_f64().unwrap() >= 0.0);
    assert!(!log.contains("secret"));
}
