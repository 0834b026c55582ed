//! The commands of a terminal, run as a person runs them.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::app::{App, DEADLINE, run, signal, wait_until};

/// Runs a command against the daemon.
fn client(app: &App, arguments: &[&str]) -> Output {
    let url = app.url("");
    let mut all = arguments.to_vec();
    all.extend(["--url", &url]);
    run(&all, app.dir.path())
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Writes `count` numbered syslog lines.
fn lines(count: u64) -> String {
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
fn a_query_shows_the_newest_records_last_and_follows_the_cursor() {
    let app = App::start();
    stdout(&import(&app, "a.log", lines(2500).as_bytes(), &[]));
    app.wait_for_count("source=file", 2500);
    assert_eq!(stdout(&client(&app, &["query", "--count", "app:shop"])), "2500\n");
    let text = stdout(&client(&app, &["query", "app:shop", "--limit", "2"]));
    let shown: Vec<&str> = text.lines().collect();
    assert_eq!(shown.len(), 2);
    assert!(shown[0] < shown[1], "newest last: {text}");
    assert!(shown.iter().all(|line| line.contains(" INFO    web1 shop number ")), "{text}");
    assert!(!text.contains('\x1b'), "no colours where the output is no terminal");

    let records: Vec<Value> = stdout(&client(&app, &["query", "app:shop", "--limit", "2300", "--json"]))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 2300);
    let mut ids: Vec<u64> = records.iter().map(|record| record["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2300);
}

#[test]
fn log_text_cannot_drive_the_terminal() {
    let app = App::start();
    let record = json!({"source": "s", "level": "INFO", "timestamp": "2026-11-20T00:00:00Z", "message": "a\u{1b}]0;x\u{7}b\n\u{9b}2J\u{202e}c"});
    assert_eq!(app.post("/api/v1/logs?wait=searchable", &record).0, 201);
    for arguments in [&["query", "source:s"][..], &["query", "source:s", "--json"]] {
        let text = stdout(&client(&app, arguments));
        assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{text:?}");
        assert_eq!(text.lines().count(), 1);
    }
}

#[test]
fn a_fault_in_a_query_is_pointed_at() {
    let app = App::start();
    let output = client(&app, &["query", "level:error ("]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    let shown: Vec<&str> = text.lines().collect();
    let query = shown.iter().position(|line| line.trim() == "level:error (").unwrap_or_else(|| panic!("{text}"));
    assert!(shown[query + 1].trim() == "^", "{text}");
}

#[test]
fn without_a_daemon_every_command_says_so_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    std::fs::write(dir.path().join("a.log"), "x\n").unwrap();
    for command in [&["query"][..], &["tail"], &["export"], &["import", "a.log"], &["bench"]] {
        let output = run(&[command, &["--url", &url]].concat(), dir.path());
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(stderr(&output).contains(&format!("no daemon answers at {url}/")), "{output:?}");
    }
}

#[test]
fn without_the_engines_library_the_daemon_says_how_to_get_it_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("logseal.toml");
    std::fs::write(&config, "syslog = []\n[api]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_logseal"))
        .args(["--config", config.to_str().unwrap()])
        .current_dir(dir.path())
        .env("XDG_CACHE_HOME", dir.path())
        .env("HOME", dir.path())
        .env_remove("LOGSEAL__ENGINE__LIBRARY")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(
        stderr(&output).trim(),
        "logseal: the embedded engine is not installed: run `logseal engine install`, or name a ClickHouse server in `clickhouse.url`"
    );
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
fn scripted_server(answers: Vec<String>) -> (String, mpsc::Receiver<String>) {
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

fn answer(status: &str, headers: &str, body: &str) -> String {
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
    assert_eq!((status.code(), tail.next().as_str()), (Some(0), ""));
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

#[test]
fn parse_needs_no_daemon_and_gives_the_fields_of_the_api() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.log"), "<11>1 2026-11-20T10:20:30Z web1 app 42 - - it failed\n\nplain\n")
        .unwrap();
    let output = run(&["parse", "--json", "a.log"], dir.path());
    let records: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 2);
    assert_eq!(
        (&records[0]["id"], &records[0]["host"], &records[0]["level"]),
        (&json!(null), &json!("web1"), &json!("ERROR"))
    );
    assert!(stderr(&output).starts_with("2 records: 1 plain, 1 rfc5424; "), "{output:?}");
    let whole = run(&["parse", "--json", "--whole", "--format", "plain", "a.log"], dir.path());
    assert_eq!(stdout(&whole).lines().count(), 1);
    assert_eq!(run(&["parse", "missing.log"], dir.path()).status.code(), Some(1));
    assert_eq!(run(&["parse", "--format", "xml", "a.log"], dir.path()).status.code(), Some(2));
    std::fs::write(dir.path().join("c.toml"), "[formats.own]\npattern = '^%{WORD:app}$'\n").unwrap();
    let own = run(&["parse", "--config", "c.toml", "--json", "--format", "own", "a.log"], dir.path());
    assert!(stderr(&own).starts_with("2 records: 1 own, 1 plain; 1 not understood"), "{own:?}");
}

#[test]
fn the_benchmark_measures_every_scenario() {
    let app = App::start();
    let syslog = format!("tcp://{}", app.listener("tcp"));
    let (pid, data) = (app.pid().to_string(), app.data_dir.display().to_string());
    let output = client(
        &app,
        &[
            "bench",
            "--syslog",
            &syslog,
            "--pid",
            &pid,
            "--data-dir",
            &data,
            "--records",
            "3000",
            "--bulk",
            "1000",
            "--singles",
            "200",
            "--connections",
            "8",
            "--runs",
            "1",
            "--deadline",
            "60s",
        ],
    );
    let text = stdout(&output);
    for name in ["syslog-tcp", "bulk", "single", "newest page", "substring page", "by id", "export"] {
        assert!(text.contains(&format!("| {name} ")), "{name} is missing:\n{text}");
    }
    assert!(text.contains("bytes a record, 4,200 records stored"), "{text}");
    assert_eq!(app.count(""), 4200);
    for queried in ["of 1,000 records", "of 4,200 records"] {
        assert!(text.contains(queried), "{queried} is missing:\n{text}");
    }
}

/// Runs a command that has `input` to read.
fn fed(arguments: &[&str], dir: &Path, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_logseal"))
        .args(arguments)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn accounts_and_tokens_can_be_made_before_the_first_start() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("own.toml"), "data_dir = \"elsewhere\"\n").unwrap();
    let own =
        |arguments: &[&str], input: &str| fed(&[&["--config", "own.toml"], arguments].concat(), dir.path(), input);
    assert!(own(&["user", "add", "ada", "--role", "admin"], "a long sentence\n").status.success());
    let drawn = own(&["user", "add", "bob", "--generate"], "");
    assert_eq!(stdout(&drawn).lines().count(), 1, "{drawn:?}");
    assert!(own(&["user", "disable", "bob"], "").status.success());
    let list = own(&["user", "list"], "");
    assert!(!stderr(&list).contains("metadata database"), "{list:?}");
    let users = stdout(&list);
    assert!(users.lines().any(|user| user.contains("bob") && user.contains("disabled")), "{users}");

    let made = own(&["token", "add", "web", "--scope", "ingest,read"], "");
    let secret = stdout(&made).trim().to_owned();
    assert!(secret.starts_with("ls_") && !stderr(&made).contains(&secret), "{made:?}");
    let tokens = stdout(&own(&["token", "list"], ""));
    assert!(tokens.contains("web") && !tokens.contains(&secret), "{tokens}");
    assert!(own(&["token", "revoke", "web"], "").status.success());
    assert_eq!(own(&["token", "revoke", "web"], "").status.code(), Some(1));
    assert!(dir.path().join("elsewhere").is_dir() && !dir.path().join("data").exists());
}

#[test]
fn a_metadata_database_that_an_account_command_makes_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let first = run(&["token", "add", "web", "--scope", "read"], dir.path());
    assert!(first.status.success() && stdout(&first).trim().starts_with("ls_"), "{first:?}");
    let path = stderr(&first).lines().find_map(|line| {
        line.strip_prefix("there was no metadata database, so a new one was made: ").map(str::to_owned)
    });
    assert!(dir.path().join(path.expect("it is named")).is_file(), "{first:?}");
    let second = run(&["token", "list"], dir.path());
    assert!(second.status.success() && !stderr(&second).contains("metadata database"), "{second:?}");
}

#[test]
fn the_token_of_the_terminal_is_found_in_the_data_folder_that_is_named() {
    let app = App::start();
    let elsewhere = tempfile::tempdir().unwrap();
    let (url, data) = (app.url(""), app.data_dir.display().to_string());
    let asked = |more: &[&str]| run(&[&["query", "--count", "--url", &url], more].concat(), elsewhere.path());
    let unknown = asked(&[]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        stderr(&unknown).contains("logseal token add") && stderr(&unknown).contains("LOGSEAL_TOKEN"),
        "{unknown:?}"
    );
    assert_eq!(stdout(&asked(&["--data-dir", &data])).trim(), "0");
    let config = app.dir.path().join("logseal.toml").display().to_string();
    assert_eq!(stdout(&asked(&["--config", &config])).trim(), "0");
}

#[test]
fn accounts_and_tokens_are_made_and_taken_away_from_the_terminal_while_the_daemon_runs() {
    let app = App::start();
    let dir = app.dir.path();
    let made = fed(&["user", "add", "ada", "--role", "auditor"], dir, "a long sentence\n");
    assert!(made.status.success() && stderr(&made).contains("made ada"), "{made:?}");
    let weak = fed(&["user", "add", "eve"], dir, "password\n");
    assert!(!weak.status.success() && !stderr(&weak).contains("password1"), "{weak:?}");
    let taken = fed(&["user", "add", "ADA"], dir, "another sentence\n");
    assert!(stderr(&taken).contains("this username is taken"), "{taken:?}");
    for (arguments, why) in [
        (&["user", "add", "al ice"][..], "username may have letters, digits"),
        (&["user", "add", ""], "username must have 1 to 64 characters"),
        (&["user", "add", "eve", "--email", "nowhere"], "email is not a mail address"),
        (&["token", "add", "forger", "--scope", "ingest", "--source", "Logseal.audit"], "the daemon's own"),
        (&["token", "add", "silent", "--scope", "ingest", "--source", ""], "source must have 1 to 128 bytes"),
    ] {
        let refused = fed(arguments, dir, "a long sentence\n");
        assert!(!refused.status.success() && stderr(&refused).contains(why), "{refused:?}");
    }
    let last = fed(&["user", "disable", "admin"], dir, "");
    assert!(stderr(&last).contains("the last active admin"), "{last:?}");
    assert!(stdout(&run(&["user", "list"], dir)).contains("auditor"));

    let login = json!({"username": "ada", "password": "a long sentence"});
    assert_eq!(app.post("/api/v1/auth/login", &login).0, 200);
    assert!(fed(&["user", "disable", "ada"], dir, "").status.success());
    assert_eq!(app.post("/api/v1/auth/login", &login).0, 401);

    let token = stdout(&run(&["token", "add", "web", "--scope", "read", "--expires", "90d"], dir));
    let client = crate::app::client(token.trim());
    let asked = || client.get(app.url("/api/v1/logs")).send().unwrap().status().as_u16();
    assert_eq!(asked(), 200);
    assert!(stdout(&run(&["token", "list"], dir)).contains("web"));
    assert!(run(&["token", "revoke", "web"], dir).status.success());
    wait_until("the token is refused", || asked() == 401);
}
