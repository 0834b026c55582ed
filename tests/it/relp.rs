//! RELP through the whole daemon: by hand, and from the real rsyslog.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use crate::app::{App, DEADLINE, wait_until};
use crate::certificates::Authority;
use crate::rsyslog::{Rsyslog, assert_rsyslog_has, command, run};

const LISTENER: &str = "[[listener]]\nprotocol = \"relp\"\nlisten = \"127.0.0.1:0\"\n";

fn start() -> App {
    App::start_with("syslog = []", LISTENER)
}

struct Client {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { answers: BufReader::new(stream.try_clone().unwrap()), stream }
    }

    fn open(address: SocketAddr) -> Self {
        let mut client = Self::connect(address);
        client.send(b"1 open 30 relp_version=0\ncommands=syslog\n");
        let answer = client.line();
        assert!(answer.starts_with("1 rsp ") && answer.ends_with(" 200 OK"), "{answer}");
        assert_eq!(client.line(), "relp_version=0");
        assert!(client.line().starts_with("relp_software=logseal,"));
        assert_eq!(client.line(), "commands=syslog");
        client
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        // A connection that ends in the middle of what was sent may be reset.
        self.answers.read_to_string(&mut rest).ok();
        rest
    }
}

fn syslog(transaction: u32, line: &str) -> String {
    format!("{transaction} syslog {} {line}\n", line.len())
}

#[test]
fn pipelined_records_are_answered_in_order_and_are_there() {
    let app = start();
    let mut client = Client::open(app.listener("relp-tcp"));
    let all: String = (2..2002).map(|n| syslog(n, &format!("<13>1 - edge7 app - - - record {n}\n"))).collect();
    client.send(all.as_bytes());
    for n in 2..2002 {
        assert_eq!(client.line(), format!("{n} rsp 6 200 OK"));
    }
    client.send(b"2002 close 0\n");
    assert_eq!(client.rest(), "2002 rsp 0\n0 serverclose 0\n");
    app.wait_for_count("source=relp", 2000);
    let record = &app.records("source=relp")[0];
    assert_eq!(record["raw_data"], "<13>1 - edge7 app - - - record 2");
    assert_eq!((&record["message"], &record["host"]), (&"record 2".into(), &"edge7".into()));
}

#[test]
fn what_is_no_relp_ends_the_connection_and_what_came_before_is_answered() {
    let app = start();
    let mut client = Client::open(app.listener("relp-tcp"));
    client.send(format!("{}<13>plain syslog\n", syslog(2, "<13>good")).as_bytes());
    assert_eq!(client.rest(), "2 rsp 6 200 OK\n");
    app.wait_for_count("source=relp", 1);
    app.wait_for_log("a frame does not begin with a transaction number");

    let mut early = Client::connect(app.listener("relp-tcp"));
    early.send(syslog(1, "<13>too early").as_bytes());
    assert_eq!(early.rest(), "");
}

#[test]
fn a_stop_is_announced_behind_the_last_answer() {
    let mut app = start();
    let mut client = Client::open(app.listener("relp-tcp"));
    client.send(syslog(2, "<13>one").as_bytes());
    assert_eq!(client.line(), "2 rsp 6 200 OK");
    assert!(app.stop().success());
    assert_eq!(client.rest(), "0 serverclose 0\n");
}

#[test]
fn rsyslog_sends_over_relp_and_its_records_are_there() {
    assert_rsyslog_has("omrelp.so");
    let app = start();
    let port = app.listener("relp-tcp").port();
    let rsyslog = Rsyslog::start("", &omrelp(port, ""));
    let lines: Vec<String> = (0..3000).map(|n| format!("burst line {n} größe")).collect();
    log_lines(&rsyslog, app.dir.path(), &lines);
    app.wait_for_count("app=burst", 3000);
    let records = app.records("app=burst");
    let messages: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap().trim_start()).collect();
    assert_eq!(messages, lines);
    assert_eq!((&records[0]["source"], &records[0]["host"]), (&"relp".into(), &"edge7".into()));
}

#[test]
fn rsyslog_sends_over_relp_within_tls() {
    assert_rsyslog_has("omrelp.so");
    let authority = Authority::new("logseal test authority");
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let ca = authority.write(&dir.path().join("ca.crt"));
    let (certificate, key) = authority.issue("logs.example").write(&dir.path().join("server"));
    let (client_certificate, client_key) = authority.issue("edge7.example").write(&dir.path().join("client"));
    let tables = format!(
        "{LISTENER}transport = \"tls\"\ntls = {{ certificate = {certificate:?}, key = {key:?}, client_ca = {ca:?} }}\n"
    );
    let app = App::start_in(Arc::clone(&dir), dir.path().join("data"), "syslog = []", &tables);
    let tls = format!(
        "tls=\"on\" tls.caCert={ca:?} tls.myCert={client_certificate:?} tls.myPrivKey={client_key:?} \
         tls.authMode=\"name\" tls.permittedPeer=[\"logs.example\"]"
    );
    let rsyslog = Rsyslog::start("", &omrelp(app.listener("relp-tls").port(), &tls));
    rsyslog.log("secret", "sent within TLS");
    app.wait_for_count("app=secret", 1);
}

/// An address that stays the same while the daemon behind it is started again on another port.
pub(crate) struct Relay {
    pub(crate) port: u16,
    target: Arc<std::sync::Mutex<Option<SocketAddr>>>,
}

impl Relay {
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Arc::new(std::sync::Mutex::new(Some(target)));
        let shared = Arc::clone(&target);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Some(Ok(server)) = shared.lock().unwrap().map(TcpStream::connect) else { continue };
                for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                {
                    std::thread::spawn(move || {
                        std::io::copy(&mut from, &mut to).ok();
                        to.shutdown(std::net::Shutdown::Both).ok();
                    });
                }
            }
        });
        Self { port, target }
    }

    pub(crate) fn set(&self, target: Option<SocketAddr>) {
        *self.target.lock().unwrap() = target;
    }
}

#[test]
fn rsyslog_sends_again_what_was_not_acknowledged_when_the_daemon_was_killed() {
    assert_rsyslog_has("omrelp.so");
    let mut app = start();
    let relay = Relay::to(app.listener("relp-tcp"));
    let rsyslog = Rsyslog::start("", &omrelp(relay.port, ""));
    let lines: Vec<String> = (0..20_000).map(|n| format!("line {n}")).collect();
    let dir = Arc::clone(&app.dir);
    std::thread::scope(|scope| {
        scope.spawn(|| log_lines(&rsyslog, dir.path(), &lines));
        wait_until("some are acknowledged", || app.metric("logseal_records_acked_total", "") > 1000);
        relay.set(None);
        app.kill();
        app.run();
        relay.set(Some(app.listener("relp-tcp")));
    });
    let expected: HashSet<String> = lines.into_iter().collect();
    let mut found = HashSet::new();
    let mut total = 0;
    wait_until("every line is there", || {
        total = app.count("app=burst");
        if total < expected.len() as u64 {
            return false;
        }
        let messages = app.records("app=burst");
        found = messages.iter().map(|record| record["message"].as_str().unwrap().trim_start().to_owned()).collect();
        found.len() == expected.len()
    });
    assert_eq!(found, expected);
    // What was durable and not heard of is sent again: no more than the client's window.
    assert!(total <= expected.len() as u64 + 128, "{total} records of {}", expected.len());
}

pub(crate) fn omrelp(port: u16, more: &str) -> String {
    format!(
        "module(load=\"omrelp\")\naction(type=\"omrelp\" target=\"127.0.0.1\" port=\"{port}\" \
         template=\"RSYSLOG_SyslogProtocol23Format\" action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" {more})"
    )
}

fn log_lines(rsyslog: &Rsyslog, dir: &Path, lines: &[String]) {
    let file = dir.join("burst");
    std::fs::write(&file, lines.join("\n")).unwrap();
    run(command("logger").arg("--socket").arg(rsyslog.socket()).args(["--tag", "burst", "--file"]).arg(&file));
}
