//! The API over TLS: who trusts whom, and certificates that change under way.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use crate::app::{App, SYSLOG, wait_until};
use crate::certificates::{Authority, Identity};
use crate::cli::{stderr, stdout};
use crate::tls_client::{self, Tls, is_shown};

const ASK: &[u8] = b"GET /health?live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A daemon whose API speaks TLS with a certificate that the authority has signed.
struct TlsApi {
    app: App,
    authority: Authority,
}

impl TlsApi {
    fn start(clients: Option<&Authority>) -> Self {
        let authority = Authority::new("logseal test authority");
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let (certificate, key) = authority.issue("first.example").write(&dir.path().join("api"));
        let client_ca = clients.map_or(String::new(), |clients| {
            format!(", client_ca = {:?}", clients.write(&dir.path().join("clients.crt")))
        });
        let tables = format!("tls = {{ certificate = {certificate:?}, key = {key:?}{client_ca} }}\n{SYSLOG}");
        let data_dir = dir.path().join("data");
        Self { app: App::start_in(dir, data_dir, "", &tables), authority }
    }

    fn dir(&self) -> &Path {
        self.app.dir.path()
    }

    fn connect(&self) -> Tls {
        connect(&self.app, &self.authority, None).unwrap()
    }
}

fn connect(app: &App, trusted: &Authority, identity: Option<&Identity>) -> std::io::Result<Tls> {
    // As browsers and curl offer it.
    tls_client::connect(app.api, trusted, identity, &[b"h2", b"http/1.1"])
}

/// Sends `request`, which ends the connection, and reads the whole answer.
fn ask(tls: &mut Tls, request: &[u8]) -> std::io::Result<String> {
    tls.write_all(request)?;
    tls.flush()?;
    let mut answer = String::new();
    tls.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_client_that_knows_the_authority_is_served_over_http_1_1() {
    let api = TlsApi::start(None);
    let mut tls = api.connect();
    assert_eq!(tls.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = ask(&mut tls, ASK).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    let record = r#"{"source":"t","level":"INFO","timestamp":"2026-11-20T10:20:30Z","message":"over tls"}"#;
    let post = format!(
        "POST /api/v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Authorization: Bearer {}\r\nConnection: close\r\n\r\n{record}",
        record.len(),
        api.app.token()
    );
    let answer = ask(&mut api.connect(), post.as_bytes()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[test]
fn a_client_that_does_not_know_the_authority_does_not_ask() {
    let api = TlsApi::start(None);
    let error = connect(&api.app, &Authority::new("another authority"), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
}

#[test]
fn where_client_certificates_are_demanded_only_their_holders_are_served() {
    let clients = Authority::new("client authority");
    let api = TlsApi::start(Some(&clients));
    let asked = |identity: Option<&Identity>| {
        connect(&api.app, &api.authority, identity).and_then(|mut tls| ask(&mut tls, ASK))
    };
    assert!(asked(None).is_err());
    assert!(asked(Some(&Authority::new("client authority").issue("stranger.example"))).is_err());
    assert!(asked(Some(&clients.issue("known.example"))).unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn new_certificates_are_used_without_a_restart_and_open_connections_go_on() {
    let api = TlsApi::start(None);
    let mut old = api.connect();
    let second = api.authority.issue("second.example");
    second.write(&api.dir().join("api"));
    wait_until("new connections see the new certificate", || is_shown(&api.connect(), &second));
    assert!(!is_shown(&old, &second));
    // It may have been idle for too long by now, but is not ended by the change.
    assert!(ask(&mut old, ASK).is_ok_and(|answer| answer.is_empty() || answer.starts_with("HTTP/1.1 200")));
    std::fs::write(api.dir().join("api.crt"), "no certificate at all").unwrap();
    wait_until("the daemon has looked at the broken certificate", || {
        assert!(is_shown(&api.connect(), &second));
        api.app.log().contains("keeping the old certificates")
    });
}

#[test]
fn clients_that_shake_no_hands_hold_nobody_up() {
    let api = TlsApi::start(None);
    let silent: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(api.app.api).unwrap()).collect();
    for garbage in [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"\x16\x03\x01\xff\xff", b"\0"] {
        let mut stream = TcpStream::connect(api.app.api).unwrap();
        // The daemon may hang up before all is written.
        drop(stream.write_all(garbage));
    }
    assert!(ask(&mut api.connect(), ASK).unwrap().starts_with("HTTP/1.1 200"));
    drop(silent);
}

#[test]
fn a_certificate_that_cannot_be_read_is_an_error_of_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("logseal.toml");
    let text = "syslog = []\n[api]\nlisten = \"127.0.0.1:0\"\ntls = { certificate = \"missing.crt\", key = \"missing.key\" }\n";
    std::fs::write(&config, text).unwrap();
    let output = crate::app::run(&["--config", config.to_str().unwrap()], dir.path());
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("missing.crt"), "{error}");
}

#[test]
fn the_terminals_commands_speak_to_a_daemon_whose_certificate_they_trust() {
    let api = TlsApi::start(None);
    let port = api.app.api.port();
    let url = format!("https://localhost:{port}");
    let trusted = api.authority.write(&api.dir().join("authority.crt"));
    let other = Authority::new("another authority").write(&api.dir().join("other.crt"));
    let (data, config) = (api.app.data_dir.display().to_string(), api.dir().join("own.toml"));
    let counted = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_logseal"));
        command.args(["query", "--count", "--data-dir", &data]).args(arguments).output().unwrap()
    };
    let refused = |arguments: &[&str], why: &str| {
        let output = counted(arguments);
        assert!(output.status.code() == Some(1) && stderr(&output).contains(why), "{arguments:?}: {output:?}");
    };
    assert_eq!(stdout(&counted(&["--url", &url, "--ca", trusted.to_str().unwrap()])), "0\n");
    refused(&["--url", &url], "a certificate that is not trusted");
    refused(&["--url", &url, "--ca", other.to_str().unwrap()], "a certificate that is not trusted");
    refused(&["--url", &url, "--ca", &data], "read the certificates");
    // No name of the certificate is that address; it is the one of the configuration.
    refused(&["--url", &format!("https://127.0.0.1:{port}"), "--ca", trusted.to_str().unwrap()], "not valid for");
    let written = |stem: &str| {
        let files = format!("certificate = {:?}, key = \"unread\"", api.dir().join(stem));
        std::fs::write(&config, format!("[api]\nlisten = \"127.0.0.1:{port}\"\ntls = {{ {files} }}\n")).unwrap();
        ["--config", config.to_str().unwrap()]
    };
    assert_eq!(stdout(&counted(&written("api.crt"))), "0\n");
    refused(&written("other.crt"), "a certificate that is not trusted");
    // A port that speaks plain HTTP is not taken for one that is away.
    let plain = App::start();
    refused(&["--url", &format!("https://{}", plain.api)], "no TLS with https://");
}
