//! Clients of listeners that act as API tokens: by a shared key, as users, or by their certificates.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::{App, run, wait_until};
use crate::certificates::{Authority, Identity};
use crate::fluent_port::{ENTRY, digest, packed};
use crate::postgres::{Postgres, Stop};
use crate::relp::omrelp;
use crate::rsyslog::{Rsyslog, assert_rsyslog_has};
use crate::shipper_ports::{connect, expect};
use crate::tls_client::{self, Tls};

const FLUENT: &str = "[[listener]]\nprotocol = \"fluent\"\nlisten = \"127.0.0.1:0\"\nshared_key = \"the key\"\n";

/// Said of a token that lets its clients in.
const GOOD: &str = "is good";

/// `logseal token …` on the daemon's database; what it prints.
fn token(app: &App, arguments: &[&str]) -> String {
    let config = app.dir.path().join("logseal.toml");
    let arguments = [&["--config", config.to_str().unwrap(), "token"][..], arguments].concat();
    let output = run(&arguments, app.dir.path());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Makes a token while the daemon runs, and waits until that says what it thinks of it.
fn make_token(app: &App, name: &str, more: &[&str], verdict: &str) {
    let times_said = || {
        let log = app.log();
        log.lines()
            .filter(|line| line.contains(&format!("the API token {name:?}, named by")) && line.contains(verdict))
            .count()
    };
    let before = times_said();
    token(app, &[&["add", name][..], more].concat());
    wait_until("the daemon knows of the token", || times_said() > before);
}

fn revoke_token(app: &App, name: &str) {
    token(app, &["revoke", name]);
}

/// The handshake of a client that knows the shared key, and a user's password where there are users; why it is refused, if it is.
fn shake_hands(app: &App, user: Option<(&str, &str)>) -> (TcpStream, Option<String>) {
    let mut stream = connect(app.listener("fluent-tcp"));
    let (mut nonce, mut salt) = ([0; 32], [0; 16]);
    expect(&mut stream, b"\x92\xa4HELO\x83\xa5nonce\xd9\x20");
    stream.read_exact(&mut nonce).unwrap();
    let mut login = b"\xa0\xa0".to_vec();
    if let Some((name, password)) = user {
        expect(&mut stream, b"\xa4auth\xc4\x10");
        stream.read_exact(&mut salt).unwrap();
        let proof = digest(&[&salt, name.as_bytes(), password.as_bytes()]);
        login = [&[0xa0 | name.len() as u8], name.as_bytes(), b"\xd9\x80", proof.as_bytes()].concat();
    } else {
        expect(&mut stream, b"\xa4auth\xa0");
    }
    expect(&mut stream, b"\xa9keepalive\xc3");
    let proof = digest(&[b"salt", b"edge7", &nonce, b"the key"]);
    stream.write_all(&[b"\x96\xa4PING\xa5edge7\xa4salt\xd9\x80", proof.as_bytes(), &login].concat()).unwrap();
    expect(&mut stream, b"\x95\xa4PONG");
    let mut verdict = [0; 2];
    stream.read_exact(&mut verdict).unwrap();
    if verdict[0] == 0xc3 {
        expect(&mut stream, b"\xa7logseal\xd9\x80");
        stream.read_exact(&mut [0; 128]).unwrap();
        return (stream, None);
    }
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    let reason = if verdict[1] == 0xd9 { &rest[1..] } else { &rest[..] };
    let reason = reason.strip_suffix(b"\xa0\xa0").unwrap();
    (stream, Some(String::from_utf8(reason.to_vec()).unwrap()))
}

fn send(stream: &mut TcpStream, chunk: &[u8; 4]) {
    stream.write_all(&packed(ENTRY, chunk)).unwrap();
    expect(stream, &[b"\x81\xa3ack\xa4", &chunk[..]].concat());
}

#[test]
fn who_knows_the_key_acts_as_the_token_from_when_it_is_made_until_it_is_revoked() {
    let app = App::start_with("syslog = []", &format!("{FLUENT}source = \"listeners\"\ntoken = \"web\"\n"));
    app.wait_for_log("the API token \"web\", named by the listener fluent on 127.0.0.1:0 (tcp), does not exist");
    let not_there = Some("the API token of this client does not exist".to_owned());
    assert_eq!(shake_hands(&app, None).1, not_there);
    app.wait_for_log("a client without a name is refused: the API token \"web\" does not exist");
    assert_eq!(shake_hands(&app, None).1, not_there);
    assert_eq!(app.metric("logseal_connections_refused_total", "fluent"), 2);

    make_token(&app, "web", &["--scope", "ingest", "--source", "edge"], GOOD);
    assert_eq!(app.log().matches("a client without a name is refused").count(), 1, "the second time is no news");
    let (mut stream, refused) = shake_hands(&app, None);
    assert_eq!(refused, None);
    send(&mut stream, b"aaaa");
    app.wait_for_count("source=edge", 1);
    assert_eq!(app.records("source=edge")[0]["origin"], "token:web");
    wait_until("its last use is noted", || {
        let is_used = |line: &str| line.split_whitespace().nth(1) == Some("web") && !line.contains("last used never");
        token(&app, &["list"]).lines().any(is_used)
    });

    revoke_token(&app, "web");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the connection ends");
    app.wait_for_log("the API token \"web\", as which it was let in, was revoked");
    assert_eq!(shake_hands(&app, None).1, not_there);
    app.flush();
    assert_eq!(app.count("source=edge"), 1);
    assert!(!app.log().contains("the key"), "{}", app.log());
}

#[test]
fn each_user_acts_as_its_own_token_and_who_has_none_is_refused() {
    let users = "users = { ada = \"word\", bob = \"word\", eve = \"word\" }\n";
    let app =
        App::start_with("syslog = []", &format!("{FLUENT}{users}tokens = {{ ada = \"web\", eve = \"reader\" }}\n"));
    make_token(&app, "web", &["--scope", "ingest,read"], GOOD);
    make_token(&app, "reader", &["--scope", "read"], "lacks the scope ingest");
    for (user, password, reason) in [
        ("ada", "word", None),
        ("ada", "another", Some("username/password mismatch")),
        ("bob", "word", Some("no API token is stated for this client")),
        ("eve", "word", Some("the API token of this client lacks the scope ingest")),
    ] {
        let (mut stream, refused) = shake_hands(&app, Some((user, password)));
        assert_eq!(refused.as_deref(), reason, "{user}");
        if reason.is_none() {
            send(&mut stream, b"aaaa");
        }
    }
    app.wait_for_log("the user \"bob\" is refused: the listener's map has no API token for it");
    app.wait_for_log("the user \"eve\" is refused: the API token \"reader\" lacks the scope ingest");
    // A token without a source leaves it to the protocol.
    app.wait_for_count("source=app.web", 1);
}

#[test]
fn the_rate_of_a_token_slows_a_stream_down() {
    let app = App::start_with("syslog = []", &format!("{FLUENT}token = \"slow\"\n"));
    make_token(&app, "slow", &["--scope", "ingest", "--rate-limit", "1"], GOOD);
    let (mut stream, refused) = shake_hands(&app, None);
    assert_eq!(refused, None);
    let started = Instant::now();
    for chunk in [b"aaaa", b"bbbb", b"cccc", b"dddd"] {
        send(&mut stream, chunk);
    }
    assert!(started.elapsed() > Duration::from_millis(1900), "{:?}", started.elapsed());
}

#[test]
fn a_token_that_was_good_stays_so_while_the_database_is_away() {
    let postgres = Postgres::start();
    let database = format!("[database]\nurl = {:?}\n", postgres.database());
    let app = App::start_with("syslog = []", &format!("{FLUENT}token = \"web\"\n{database}"));
    make_token(&app, "web", &["--scope", "ingest"], GOOD);
    let (mut stream, refused) = shake_hands(&app, None);
    assert_eq!(refused, None);
    postgres.stop(Stop::Immediate);
    send(&mut stream, b"aaaa");
    let (mut another, refused) = shake_hands(&app, None);
    assert_eq!(refused, None);
    send(&mut another, b"bbbb");
    postgres.start_again();
    app.wait_for_count("source=app.web", 2);
    revoke_token(&app, "web");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the connection ends");
}

/// A daemon whose one listener demands certificates of its authority.
struct TlsApp {
    app: App,
    authority: Authority,
}

impl TlsApp {
    /// `listener` is its table without `tls`.
    fn start(listener: &str) -> Self {
        let authority = Authority::new("logseal test authority");
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let ca = authority.write(&dir.path().join("ca.crt"));
        let (certificate, key) = authority.issue("logs.example").write(&dir.path().join("server"));
        let tables = format!(
            "{listener}transport = \"tls\"\nlisten = \"127.0.0.1:0\"\n\
             tls = {{ certificate = {certificate:?}, key = {key:?}, client_ca = {ca:?} }}\n"
        );
        let data_dir = dir.path().join("data");
        let top = if listener.contains("[[syslog]]") { "" } else { "syslog = []" };
        Self { app: App::start_in(dir, data_dir, top, &tables), authority }
    }

    fn connect(&self, listener: &str, identity: &Identity) -> Tls {
        tls_client::connect(self.app.listener(listener), &self.authority, Some(identity), &[]).unwrap()
    }
}

#[test]
fn a_syslog_client_acts_as_the_token_of_its_certificate() {
    let TlsApp { app, authority } = &TlsApp::start(
        "[[syslog]]\nsource = \"network\"\ntokens = { \"Web-1.example\" = \"web\", \"db-1.example\" = \"db\" }\n",
    );
    make_token(app, "web", &["--scope", "ingest", "--source", "edge"], GOOD);
    make_token(app, "db", &["--scope", "ingest"], GOOD);
    let connect =
        |name: &str| tls_client::connect(app.listener("tls"), authority, Some(&authority.issue(name)), &[]).unwrap();
    let mut web = connect("web-1.example");
    writeln!(web, "<13>1 - h web - - - one").unwrap();
    let mut db = connect("db-1.example");
    writeln!(db, "<13>1 - h db - - - two").unwrap();
    app.wait_for_count("source=edge", 1);
    app.wait_for_count("source=network", 1);
    assert_eq!(app.records("source=edge")[0]["origin"], "token:web");

    let mut stranger = connect("web-2.example");
    assert_eq!(stranger.read(&mut [0; 16]).unwrap(), 0, "it is told that this is the end");
    app.wait_for_log("is refused: the listener's map has no API token for it");
    app.wait_for_log("web-2.example");
    assert_eq!(app.metric("logseal_connections_refused_total", "tls:"), 1);

    writeln!(web, "<13>1 - h web - - - the last").unwrap();
    app.wait_for_count("source=edge", 2);
    revoke_token(app, "web");
    assert_eq!(web.read(&mut [0; 16]).unwrap(), 0, "the connection ends");
    writeln!(db, "<13>1 - h db - - - others go on").unwrap();
    app.wait_for_count("source=network", 2);
}

#[test]
fn a_relp_client_is_told_why_it_is_refused() {
    let listener = "[[listener]]\nprotocol = \"relp\"\ntokens = { \"web-1.example\" = \"web\" }\n";
    let tls_app = TlsApp::start(listener);
    for (name, reason) in [
        ("web-1.example", "the API token of this client does not exist"),
        ("web-2.example", "no API token is stated for this client"),
    ] {
        let mut client = tls_app.connect("relp-tls", &tls_app.authority.issue(name));
        client.write_all(b"1 open 30 relp_version=0\ncommands=syslog\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, format!("1 rsp {} 500 {reason}\n0 serverclose 0\n", reason.len() + 4));
    }
    assert_eq!(tls_app.app.metric("logseal_connections_refused_total", "relp"), 2);
}

#[test]
fn rsyslog_keeps_what_it_has_while_its_token_is_revoked_and_sends_it_when_there_is_another() {
    assert_rsyslog_has("omrelp.so");
    let tls_app = TlsApp::start("[[listener]]\nprotocol = \"relp\"\nsource = \"listeners\"\ntoken = \"web\"\n");
    let (app, dir) = (&tls_app.app, tls_app.app.dir.path());
    let (certificate, key) = tls_app.authority.issue("edge7.example").write(&dir.join("client"));
    make_token(app, "web", &["--scope", "ingest", "--source", "first"], GOOD);
    let tls = format!(
        "tls=\"on\" tls.caCert={:?} tls.myCert={certificate:?} tls.myPrivKey={key:?} \
         tls.authMode=\"name\" tls.permittedPeer=[\"logs.example\"]",
        dir.join("ca.crt")
    );
    let rsyslog = Rsyslog::start("", &omrelp(app.listener("relp-tls").port(), &tls));
    rsyslog.log("secret", "before");
    app.wait_for_count("app=secret&source=first", 1);

    revoke_token(app, "web");
    app.wait_for_log("was let in, was revoked");
    rsyslog.log("secret", "between");
    // librelp notices that a connection has ended when it has something to send, and what it sent before is sent again.
    wait_until("rsyslog comes back, and is refused", || {
        rsyslog.log("nudge", "on");
        app.log().contains("is refused: the API token \"web\" does not exist")
    });
    make_token(app, "web", &["--scope", "ingest", "--source", "second"], GOOD);
    app.wait_for_count("app=secret&source=second", 1);
    assert_eq!(app.count("app=secret"), 2);
}

#[test]
fn a_sender_that_never_pauses_is_ended_and_what_it_was_answered_for_is_there() {
    let app = App::start_with("syslog = []", &format!("{FLUENT}token = \"web\"\n"));
    make_token(&app, "web", &["--scope", "ingest", "--source", "edge"], GOOD);
    let (mut stream, refused) = shake_hands(&app, None);
    assert_eq!(refused, None);
    let mut writer = stream.try_clone().unwrap();
    // It ends only with its connection.
    let sending = std::thread::spawn(move || while writer.write_all(&packed(ENTRY, b"aaaa").repeat(100)).is_ok() {});
    let answer = b"\x81\xa3ack\xa4aaaa";
    let mut answers = vec![0; 500 * answer.len()];
    stream.read_exact(&mut answers).unwrap();
    revoke_token(&app, "web");
    // Where bytes of the client were on their way, the end is a reset.
    stream.read_to_end(&mut answers).ok();
    sending.join().unwrap();
    app.wait_for_log("as which it was let in, was revoked");
    let answered = answers.len() / answer.len();
    assert!(answers.chunks_exact(answer.len()).all(|one| one == answer));
    app.flush();
    let stored = app.count("source=edge");
    assert!(stored >= answered as u64, "{stored} of {answered}");
}

#[test]
fn a_client_of_beats_acts_as_the_token_of_its_certificate() {
    let tls_app = TlsApp::start("[[listener]]\nprotocol = \"beats\"\ntokens = { \"web-1.example\" = \"web\" }\n");
    make_token(&tls_app.app, "web", &["--scope", "ingest", "--source", "edge"], GOOD);
    let mut stranger = tls_app.connect("beats-tls", &tls_app.authority.issue("web-2.example"));
    assert_eq!(stranger.read(&mut [0; 16]).unwrap(), 0, "it is told that this is the end");
    let mut web = tls_app.connect("beats-tls", &tls_app.authority.issue("web-1.example"));
    web.write_all(b"2W\0\0\0\x012J\0\0\0\x01\0\0\0\x11{\"message\":\"one\"}").unwrap();
    let mut answer = [0; 6];
    web.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"2A\0\0\0\x01");
    tls_app.app.wait_for_count("source=edge", 1);
    revoke_token(&tls_app.app, "web");
    assert_eq!(web.read(&mut [0; 16]).unwrap(), 0, "the connection ends");
}
