//! Commands whose output finds no room, or no reader: an error in words, and no panic.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use crate::app::{App, DEADLINE, run, signal, wait_until};
use crate::cli::{client, stderr, stdout};

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe that nobody reads any more.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn into(stdout: Stdio, arguments: &[&str], dir: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logseal"));
    command.args(arguments).current_dir(dir).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    command.spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn output_that_finds_no_room_is_an_error_and_one_that_finds_no_reader_is_none() {
    let dir = tempfile::tempdir().unwrap();
    assert!(run(&["token", "add", "web", "--scope", "read"], dir.path()).status.success());
    assert!(run(&["user", "add", "ada", "--generate"], dir.path()).status.success());
    for arguments in [&["check-config"][..], &["user", "list"], &["token", "list"]] {
        let refused = into(full(), arguments, dir.path());
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let said = stderr(&refused);
        assert!(said.starts_with("logseal: write the output: ") && said.lines().count() == 1, "{said}");
        let enough = into(unread(), arguments, dir.path());
        assert_eq!((enough.status.code(), stderr(&enough).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_secret_that_could_not_be_shown_is_said_to_be_lost() {
    let dir = tempfile::tempdir().unwrap();
    for (n, stdout) in [full(), unread()].into_iter().enumerate() {
        let name = format!("bob{n}");
        let user = into(stdout, &["user", "add", &name, "--generate"], dir.path());
        let said = stderr(&user);
        assert_eq!(user.status.code(), Some(1), "{said}");
        assert!(said.contains("is lost: set another with `logseal user passwd bob"), "{said}");
    }
    for (n, stdout) in [full(), unread()].into_iter().enumerate() {
        let name = format!("web{n}");
        let token = into(stdout, &["token", "add", &name, "--scope", "read"], dir.path());
        let said = stderr(&token);
        assert_eq!(token.status.code(), Some(1), "{said}");
        assert!(said.contains("is lost: take it away with `logseal token revoke "), "{said}");
    }
    let users = stdout(&run(&["user", "list"], dir.path()));
    assert!(users.contains("bob0") && users.contains("bob1"), "{users}");
}

#[test]
fn a_remark_that_finds_no_room_does_not_undo_what_was_done() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_logseal"));
    command.args(["token", "add", "web", "--scope", "read"]).current_dir(dir.path()).stderr(full());
    let made = command.output().unwrap();
    assert!(stdout(&made).starts_with("ls_"), "{made:?}");
}

#[test]
fn a_daemon_lives_on_though_its_start_cannot_be_shown() {
    let mut app = App::start();
    std::fs::write(app.dir.path().join("a.log"), "one\ntwo\n").unwrap();
    let url = app.url("");
    let import = into(full(), &["import", "a.log", "--url", &url], app.dir.path());
    assert_eq!(import.status.code(), Some(1), "{import:?}");
    assert_eq!(stderr(&import).lines().last().unwrap().split(':').nth(1), Some(" write the output"), "{import:?}");
    assert_eq!(stdout(&client(&app, &["export", "--format", "ndjson", "-o", "/dev/null"])), "");
    assert!(app.stop().success());

    let config = app.dir.path().join("logseal.toml");
    let log = app.dir.path().join("daemon.log");
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_logseal"))
        .arg("--config")
        .arg(&config)
        .stdout(full())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    wait_until("the daemon warns", || {
        std::fs::read_to_string(&log).unwrap().contains("the start's summary is not shown: write the output: ")
    });
    signal(daemon.id(), "TERM");
    assert!(daemon.wait().unwrap().success());

    // Where the log finds no room either, it is up all the same: its command line is served.
    let text = std::fs::read_to_string(&config).unwrap();
    let address = crate::app::free_address();
    std::fs::write(&config, text.replacen("127.0.0.1:0", &address.to_string(), 1)).unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_logseal"));
    let mut daemon = daemon.arg("--config").arg(&config).stdout(full()).stderr(full()).spawn().unwrap();
    let ready = format!("http://{address}/api/v1/health?live=true");
    let started = Instant::now();
    let http = crate::app::client("");
    wait_until("the daemon is up", || {
        assert!(daemon.try_wait().unwrap().is_none() && started.elapsed() < DEADLINE);
        http.get(&ready).send().is_ok_and(|answer| answer.status().is_success())
    });
    signal(daemon.id(), "TERM");
    assert!(daemon.wait().unwrap().success());
}
