//! `user` and `token`: accounts from the terminal, with and without a daemon.

use serde_json::json;

use crate::app::{App, run, wait_until};
use crate::cli::{fed, stderr, stdout};

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

#[test]
fn with_the_daemons_configuration_a_command_finds_the_daemon() {
    let app = App::start();
    let elsewhere = tempfile::tempdir().unwrap();
    let address = app.url("").replace("http://", "");
    let (data, config) = (app.data_dir.display().to_string(), elsewhere.path().join("own.toml"));
    std::fs::write(&config, format!("data_dir = {data:?}\n[api]\nlisten = \"{address}\"\n")).unwrap();
    let counted = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_logseal"));
        command.args(["query", "--count"]).args(arguments).envs(variables.iter().copied());
        command.current_dir(elsewhere.path()).output().unwrap()
    };
    assert_eq!(stdout(&counted(&["--config", "own.toml"], &[])), "0\n");
    let variables = [("LOGSEAL__API__LISTEN", address.as_str()), ("LOGSEAL__DATA_DIR", data.as_str())];
    assert_eq!(stdout(&counted(&[], &variables)), "0\n");
    std::fs::write(&config, "[api]\nlisten = \"127.0.0.1:1\"\n").unwrap();
    assert_eq!(stdout(&counted(&["--config", "own.toml"], &variables)), "0\n");
    let away = counted(&["--config", "own.toml"], &[]);
    assert!(stderr(&away).contains("no daemon answers at http://127.0.0.1:1/"), "{away:?}");
    // What is named goes before what is configured.
    let named = ["--config", "own.toml", "--data-dir", &data, "--url", &app.url("")];
    assert_eq!(stdout(&counted(&named, &[])), "0\n");
}

#[test]
fn a_token_that_would_be_over_at_once_is_not_made_and_lists_are_tables() {
    let dir = tempfile::tempdir().unwrap();
    let add = |name: &str, span: &str| run(&["token", "add", name, "--scope", "read", "--expires", span], dir.path());
    assert_eq!(add("dead", "0d").status.code(), Some(2));
    let late = add("late", "9999999w");
    assert!(late.status.code() == Some(1) && stderr(&late).contains("the year 9999"), "{late:?}");
    assert!(add("web", "90d").status.success() && add("much-longer", "12h").status.success());
    let tokens = stdout(&run(&["token", "list"], dir.path()));
    let columns: Vec<_> = tokens.lines().map(|line| (line.find(" source any  "), line.find("  expires 20"))).collect();
    assert!(columns.len() == 2 && columns[0] == columns[1] && columns[0].1.is_some(), "{tokens}");
}
