//! The first admin: nobody is locked out, whatever happens to the first start.

use std::sync::Arc;

use crate::app::{App, SYSLOG, run};
use crate::people::sign_in;

/// The password in a line of the banner.
fn drawn(output: &str) -> String {
    let line =
        output.lines().find(|line| line.contains("first login")).unwrap_or_else(|| panic!("no login in {output:?}"));
    line.split_whitespace().nth(4).unwrap().to_owned()
}

#[test]
fn the_drawn_password_is_in_the_banner_and_signs_in_and_is_not_shown_again() {
    let mut app = App::start();
    let password = drawn(app.banner());
    sign_in(&app, "admin", &password);
    assert!(!app.log().contains(&password), "standard error has no secrets");
    assert!(app.stop().success());
    app.run();
    assert!(!app.banner().contains("first login"), "{}", app.banner());
    sign_in(&app, "admin", &password);
}

#[test]
fn a_first_start_that_fails_behind_the_first_admin_has_shown_its_password() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let data_dir = dir.path().join("data");
    // The very last things before anybody is let in: a file stands where a folder for copies of uploads belongs.
    std::fs::create_dir(&data_dir).unwrap();
    std::fs::write(data_dir.join("uploads"), "in the way").unwrap();
    let config = dir.path().join("failing.toml");
    let text = format!("data_dir = {data_dir:?}\n[api]\nlisten = \"127.0.0.1:0\"\n{SYSLOG}");
    std::fs::write(&config, text).unwrap();
    let failed = run(&["--config", config.to_str().unwrap()], dir.path());
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(!failed.status.success() && said.contains("uploads"), "{said}");
    let password = drawn(&String::from_utf8_lossy(&failed.stdout));

    std::fs::remove_file(data_dir.join("uploads")).unwrap();
    let app = App::start_in(dir, data_dir, "", SYSLOG);
    assert!(!app.banner().contains("first login"));
    sign_in(&app, "admin", &password);
}

#[test]
fn a_first_start_that_fails_before_the_first_admin_makes_none() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let data_dir = dir.path().join("data");
    // The token of the terminal's commands cannot be put in the place of a folder that is not empty.
    std::fs::create_dir_all(data_dir.join("cli.token/in the way")).unwrap();
    let config = dir.path().join("failing.toml");
    let text = format!("data_dir = {data_dir:?}\n[api]\nlisten = \"127.0.0.1:0\"\n{SYSLOG}");
    std::fs::write(&config, text).unwrap();
    let failed = run(&["--config", config.to_str().unwrap()], dir.path());
    assert!(!failed.status.success() && failed.stdout.is_empty(), "{failed:?}");

    std::fs::remove_dir_all(data_dir.join("cli.token")).unwrap();
    let app = App::start_in(dir, data_dir, "", SYSLOG);
    sign_in(&app, "admin", &drawn(app.banner()));
}

#[test]
fn the_first_password_may_come_by_its_variable_and_is_not_shown_then() {
    let password = "a sentence of the environment";
    let app = App::start_with_variables(&[("LOGSEAL_ADMIN_PASSWORD", password)]);
    assert!(!app.banner().contains("first login") && !app.banner().contains(password), "{}", app.banner());
    sign_in(&app, "admin", password);
}
