//! `tail`, as a person watches it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::json;

use crate::app::{App, DEADLINE, run, signal, wait_until};
use crate::cli::stderr;
use crate::cli_transfers::{answer, scripted_server};

/// A running tail whose lines arrive one by one.
struct Tail {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Tail {
    fn start(app: &App, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_logseal"))
            .arg("tail")
            .args(arguments)
            .args(["--url", &app.url("")])
            .current_dir(app.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        wait_until("the tail is open", || {
            let text = app.http().get(app.url("/metrics")).send().unwrap().text().unwrap();
            text.contains("\nlogseal_live_tails 1")
        });
        Self { child, lines }
    }

    fn next(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn send(app: &App, message: &str) {
    let record = json!({"source": "s", "level": "WARN", "timestamp": "2026-11-20T00:00:00Z", "message": message});
    wait_until("a record is acknowledged", || app.post("/api/v1/logs", &record).0 == 201);
}

#[test]
fn a_tail_shows_what_arrives_and_ends_quietly() {
    let app = App::start();
    let mut tail = Tail::start(&app, &["level:warn"]);
    send(&app, "seen");
    assert!(tail.next().ends_with(" seen\n"));
    signal(tail.child.id(), "INT");
    let deadline = std::time::Instant::now() + DEADLINE;
    let status = loop {
        if let Some(status) = tail.child.try_wait().unwrap() {
            break status;
        }
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert_eq!((status.code(), tail.next().as_str()), (Some(130), ""));
}

#[test]
fn a_tail_goes_on_behind_the_last_record_and_shows_gaps() {
    let event = |id: u64, message: &str| {
        let record = json!({"id": id, "timestamp": "2026-11-20T00:00:00.000000Z", "level": "INFO", "source": "s", "message": message});
        format!("event: log\nid: {id}\ndata: {record}\n\n")
    };
    let (url, requests) = scripted_server(vec![
        answer("200 OK", "Content-Type: text/event-stream\r\n", &event(7, "before")),
        answer(
            "200 OK",
            "Content-Type: text/event-stream\r\n",
            &format!("event: gap\ndata: {{\"missed\":12}}\n\n{}", event(20, "after")),
        ),
        answer("422 Unprocessable Content", "", r#"{"code":422,"detail":"enough"}"#),
    ]);
    let output = run(&["tail", "--url", &url], Path::new("."));
    assert_eq!(output.status.code(), Some(1), "a refusal for good ends the tail: {output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let shown: Vec<&str> = text.lines().collect();
    assert!(
        shown.len() == 3
            && shown[0].ends_with(" before")
            && shown[1].contains("12 records")
            && shown[2].ends_with(" after"),
        "{text}"
    );
    assert!(stderr(&output).contains("enough"), "{output:?}");
    let positions: Vec<Option<String>> = requests
        .iter()
        .map(|request| {
            request.lines().find_map(|line| Some(line.to_lowercase().strip_prefix("last-event-id: ")?.to_owned()))
        })
        .collect();
    assert_eq!(positions, [None, Some("7".to_owned()), Some("20".to_owned())]);
}
