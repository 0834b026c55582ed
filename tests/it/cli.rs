//! The commands of a terminal, run as a person runs them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::app::{App, run};
use crate::cli_transfers::{import, lines};

/// Runs a command against the daemon.
pub(crate) fn client(app: &App, arguments: &[&str]) -> Output {
    let url = app.url("");
    let mut all = arguments.to_vec();
    all.extend(["--url", &url]);
    run(&all, app.dir.path())
}

pub(crate) fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
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
    let start = |library: Option<&Path>| {
        let mut daemon = Command::new(env!("CARGO_BIN_EXE_logseal"));
        daemon.args(["--config", config.to_str().unwrap()]).current_dir(dir.path());
        daemon.env("XDG_CACHE_HOME", dir.path()).env("HOME", dir.path()).env_remove("LOGSEAL__ENGINE__LIBRARY");
        let output = daemon.envs(library.map(|library| ("LOGSEAL__ENGINE__LIBRARY", library))).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        stderr(&output).trim().to_owned()
    };
    assert_eq!(
        start(None),
        "logseal: the embedded engine is not installed: run `logseal engine install`, or name a ClickHouse server in `clickhouse.url`"
    );
    let text = dir.path().join("text.so");
    std::fs::write(&text, "text").unwrap();
    let said = start(Some(&text));
    let expected = format!("logseal: the engine library {} cannot be loaded: correct `engine.library`", text.display());
    assert!(said.lines().last().unwrap().starts_with(&expected), "{said}");
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
pub(crate) fn fed(arguments: &[&str], dir: &Path, input: &str) -> Output {
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
