//! `import` and `export`, and what they say where they are broken off.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

use serde_json::Value;

use crate::app::{App, run, signal, wait_until};
use crate::cli::{client, stderr, stdout};

/// Writes `count` numbered syslog lines.
pub(crate) fn lines(count: u64) -> String {
    (0..count)
        .map(|n| format!("<14>1 2026-11-20T10:{:02}:{:02}Z web1 shop {n} - - number {n}\n", n / 60 % 60, n % 60))
        .collect()
}

pub(crate) fn import(app: &App, name: &str, bytes: &[u8], more: &[&str]) -> Output {
    std::fs::write(app.dir.path().join(name), bytes).unwrap();
    let mut arguments = vec!["import", "--source", "file", name];
    arguments.extend(more);
    client(app, &arguments)
}

#[test]
fn a_file_is_imported_whole_whatever_it_is_packed_with() {
    let app = App::start();
    let text = lines(1000);
    let gzip = {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (name, bytes) in [("plain.log", text.as_bytes()), ("packed.gz", &gzip), ("packed.zst", &zstd)] {
        let output = import(&app, name, bytes, &[]);
        assert!(stdout(&output).contains("1,000 records"), "{output:?}");
    }
    app.wait_for_count("source=file", 3000);
    assert_eq!(app.count("source=file&q=%22number%20999%22"), 3);
    assert_eq!(app.count("source=file&q=format:rfc5424"), 3000);
}

#[test]
fn an_import_goes_on_where_another_one_stopped() {
    let app = App::start();
    let output = import(&app, "a.log", lines(100).as_bytes(), &["--skip-lines", "90"]);
    assert!(stdout(&output).contains("10 records"), "{output:?}");
    app.wait_for_count("source=file", 10);
    assert_eq!(app.count("q=%22number%2089%22"), 0);
}

#[test]
fn a_stack_trace_is_imported_as_one_record_and_line_by_line_if_that_is_asked_for() {
    let app = App::start();
    let text = b"2026-11-20 10:00:00,123 ERROR [main] c.e.Shop - failed\njava.lang.IllegalStateException: no cart\n\tat c.e.Shop.buy(Shop.java:7)\n\n\
        2026-11-20 10:00:01,123 INFO  [main] c.e.Shop - done\n{\n \"bad\n";
    let output = import(&app, "a.log", text, &[]);
    let said = stdout(&output);
    assert!(said.contains("3 records") && said.contains("lines read      7"), "{said}");
    app.wait_for_count("source=file", 3);
    assert_eq!(app.count("source=file&q=%22Shop.java%22%20level:ERROR"), 1);
    assert!(stdout(&import(&app, "a.log", text, &["--multiline", "none"])).contains("6 records"));
    let refused = import(&app, "a.log", text, &["--format", "ours", "--multiline", "auto"]);
    assert!(stderr(&refused).contains("name a rule"), "{refused:?}");
    let wrong = import(&app, "a.log", text, &["--multiline", "jav"]);
    assert!(stderr(&wrong).contains("unknown multiline rule \"jav\"") && wrong.status.code() == Some(2), "{wrong:?}");
}

#[test]
fn lines_that_are_not_understood_are_kept_and_named() {
    let app = App::start();
    let output = import(&app, "a.log", b"{\"message\":\"good\"}\n{\"bad\n", &["--format", "json"]);
    let text = stdout(&output);
    assert!(text.contains("2 records") && text.contains("not understood  1") && text.contains("line 2: "), "{text}");
    app.wait_for_count("source=file&levels=UNKNOWN", 2);
}

#[test]
fn a_torn_file_is_imported_up_to_the_tear_and_fails() {
    let app = App::start();
    let mut packed = zstd::encode_all(lines(1000).as_bytes(), 1).unwrap();
    packed.truncate(packed.len() - 4);
    let output = import(&app, "torn.zst", &packed, &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("stopped: ") && text.contains("--skip-lines"), "{text}");
}

#[test]
fn an_export_is_a_whole_file_or_none() {
    let app = App::start();
    stdout(&import(&app, "a.log", lines(1200).as_bytes(), &[]));
    app.wait_for_count("source=file", 1200);
    let file = app.dir.path().join("out.csv");
    let output = client(&app, &["export", "app:shop", "-o", "out.csv"]);
    assert!(output.status.success() && stderr(&output).contains("1,200 records"), "{output:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().next(), Some("timestamp,level,source,ip,user_name,message,raw_data"));
    assert_eq!(text.lines().count(), 1201);
    assert!(!Path::new(&file).with_extension("csv.partial").exists());

    let ndjson = stdout(&client(&app, &["export", "app:shop", "--format", "ndjson"]));
    assert!(ndjson.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert_eq!(ndjson.lines().count(), 1200);

    let refused = client(&app, &["export", "app:(", "-o", "never.csv"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!app.dir.path().join("never.csv").exists());
}

/// A server that gives these answers, one a connection, and hands over the requests (head and body) that it got.
pub(crate) fn scripted_server(answers: Vec<String>) -> (String, mpsc::Receiver<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (to_test, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while reader.read_line(&mut head).is_ok_and(|n| n > 2) {}
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            // Not every test asks for them.
            drop(to_test.send(head + &String::from_utf8(body).unwrap()));
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, requests)
}

pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn broken_server() -> String {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\na\n1\n2\n\r\n";
    scripted_server(vec![chunks.to_owned()]).0
}

#[test]
fn an_import_waits_for_room_and_sends_only_what_is_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.log"), "one\ntwo\nthree\n").unwrap();
    let refusal = r#"{"code":503,"message":"unavailable","detail":"no room"}"#;
    let (url, requests) = scripted_server(vec![
        answer("200 OK", "", "{}"),
        answer("503 Service Unavailable", "Retry-After: 0\r\nX-Logseal-Stored: 1\r\n", refusal),
        answer("200 OK", "", r#"{"inserted":2,"unparsed":0,"ids":{"first":2,"last":3},"errors":[]}"#),
    ]);
    let output = run(&["import", "a.log", "--url", &url], dir.path());
    assert!(stdout(&output).contains("acknowledged    3 records"), "{output:?}");
    let bodies: Vec<String> =
        requests.iter().map(|request| request.split_once("\r\n\r\n").unwrap().1.to_owned()).collect();
    assert_eq!(bodies, ["", "one\ntwo\nthree\n", "two\nthree\n"]);
}

#[test]
fn an_import_that_is_refused_says_where_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.log"), "one\ntwo\n").unwrap();
    for (status, body) in
        [("422 Unprocessable Content", r#"{"code":422,"detail":"source is wrong"}"#), ("200 OK", r#"{"inserted":1}"#)]
    {
        let (url, _requests) = scripted_server(vec![answer("200 OK", "", "{}"), answer(status, "", body)]);
        let output = run(&["import", "a.log", "--url", &url], dir.path());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("--skip-lines 0\n"), "{output:?}");
    }
}

#[test]
fn an_interrupted_import_says_where_to_go_on() {
    let app = App::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_logseal"))
        .args(["import", "--source", "file", "-", "--url", &app.url("")])
        .current_dir(app.dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // More than one piece, then a pause without an end.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines(60_000).as_bytes()).unwrap();
    wait_until("the first piece is stored", || app.count("source=file") > 0);
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    // A piece may reach the store in two segments: behind the flush all of what was taken in is there.
    app.flush();
    let stored = app.count("source=file");
    assert!(text.contains(&format!("--skip-lines {stored}\n")), "{stored} in {text}");
    drop(stdin);
}

#[test]
fn a_transfer_that_breaks_off_leaves_only_a_partial_file() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(&["export", "-o", "out.csv", "--url", &broken_server()], dir.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).contains("not complete; out.csv.partial holds the first 2 records"), "{output:?}");
    assert!(!dir.path().join("out.csv").exists());
    assert_eq!(std::fs::read(dir.path().join("out.csv.partial")).unwrap(), b"a\n1\n2\n");
    // On standard output the exit code alone can tell.
    assert_eq!(run(&["export", "--url", &broken_server()], dir.path()).status.code(), Some(1));
}
