//! What `check-config` calls valid can be started: files of certificates are read, and the start says the same.

use crate::app::run;
use crate::certificates::Authority;
use crate::cli::stderr;

#[test]
fn certificates_that_cannot_be_used_are_refused_before_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new("the authority");
    authority.issue("this").write(&dir.path().join("this"));
    authority.issue("other").write(&dir.path().join("other"));
    let tls = |certificate: &str, key: &str| format!("tls = {{ certificate = \"{certificate}\", key = \"{key}\" }}\n");
    let listener = "[[listener]]\nprotocol = \"json\"\ntransport = \"tls\"\nlisten = \"127.0.0.1:0\"\n";
    for (table, key) in [("[api]\n", "api.tls"), ("[otlp]\n", "otlp.tls"), (listener, "listener[0].tls")] {
        for (certificate, private, says) in [
            ("none.crt", "this.key", Some("read the certificates none.crt")),
            ("this.crt", "none.key", Some("read the private key none.key")),
            ("this.crt", "other.key", Some("use the certificate this.crt with its key")),
            ("this.crt", "this.key", None),
        ] {
            let text = format!("syslog = []\n{table}{}", tls(certificate, private));
            std::fs::write(dir.path().join("logseal.toml"), text).unwrap();
            // What would be started with usable certificates stays up.
            let commands: &[&str] = if says.is_some() { &["check-config", "serve"] } else { &["check-config"] };
            for command in commands {
                let output = run(&["--config", "logseal.toml", command], dir.path());
                let said = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.success(), says.is_none(), "{said}");
                let expected = says.map_or("the configuration is valid".to_owned(), |says| format!("{key}: {says}"));
                assert!(said.contains(&expected), "{expected}: {said}");
            }
        }
    }
}

#[test]
fn a_password_that_no_account_may_have_is_refused_before_the_start() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("logseal.toml"), "syslog = []\n[auth]\nadmin_password = \"x1z\"\n").unwrap();
    for command in ["check-config", "serve"] {
        let output = run(&["--config", "logseal.toml", command], dir.path());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = stderr(&output);
        assert!(said.starts_with("logseal: auth.admin_password: ") && !said.contains("x1z"), "{said}");
    }
    assert!(!dir.path().join("data").exists());
}
