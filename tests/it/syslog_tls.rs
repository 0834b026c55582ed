//! Syslog over TLS (RFC 5425): who is let in, and certificates that change under way.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use crate::app::{App, wait_until};
use crate::certificates::{Authority, Identity};
use crate::tls_client::{self, Tls, is_shown};

/// A daemon with a TLS listener, whose certificate the authority has signed.
struct TlsApp {
    app: App,
    authority: Authority,
}

impl TlsApp {
    fn start(clients: Option<&Authority>) -> Self {
        let authority = Authority::new("logseal test authority");
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let (certificate, key) = authority.issue("first.example").write(&dir.path().join("server"));
        let client_ca = clients.map_or(String::new(), |clients| {
            format!(", client_ca = {:?}", clients.write(&dir.path().join("clients.crt")))
        });
        let tables = format!(
            "[[syslog]]\ntransport = \"tls\"\nlisten = \"127.0.0.1:0\"\n\
             tls = {{ certificate = {certificate:?}, key = {key:?}{client_ca} }}\n"
        );
        let data_dir = dir.path().join("data");
        Self { app: App::start_in(dir, data_dir, "", &tables), authority }
    }

    fn address(&self) -> SocketAddr {
        self.app.listener("tls")
    }

    fn dir(&self) -> &Path {
        self.app.dir.path()
    }

    fn connect(&self, identity: Option<&Identity>) -> std::io::Result<Tls> {
        connect(self.address(), &self.authority, identity)
    }
}

fn connect(address: SocketAddr, trusted: &Authority, identity: Option<&Identity>) -> std::io::Result<Tls> {
    tls_client::connect(address, trusted, identity, &[])
}

/// Sends a record of `app` and hears whether the server refuses the connection.
fn is_refused(tls: &mut Tls, app: &str) -> bool {
    let sent = writeln!(tls, "<13>1 - h {app} - - - x").and_then(|()| tls.flush());
    // A server that takes records has nothing to say, so that the wait for its word runs out.
    let waited_in_vain = |kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
    sent.is_err() || tls.read(&mut [0; 16]).is_err_and(|error| !waited_in_vain(error.kind()))
}

#[test]
fn records_arrive_from_a_client_that_has_checked_the_server() {
    let tls_app = TlsApp::start(None);
    let mut tls = tls_app.connect(None).unwrap();
    let frame = "<165>1 2026-11-20T10:20:30Z h secure 1 - - counted";
    // As syslog-ng sends: the count in a TLS record of its own.
    write!(tls, "{} ", frame.len()).unwrap();
    tls.flush().unwrap();
    write!(tls, "{frame}").unwrap();
    tls.flush().unwrap();
    writeln!(tls, "<165>1 2026-11-20T10:20:31Z h secure 1 - - line").unwrap();
    tls_app.app.wait_for_count("app=secure", 2);
    let records = tls_app.app.records("app=secure");
    assert_eq!((&records[0]["message"], &records[1]["message"]), (&"counted".into(), &"line".into()));
}

#[test]
fn a_client_that_does_not_know_the_authority_does_not_send() {
    let tls_app = TlsApp::start(None);
    let error = connect(tls_app.address(), &Authority::new("another authority"), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    wait_until("the daemon says so", || tls_app.app.log().contains("TLS handshake"));
}

#[test]
fn only_clients_with_a_certificate_of_the_authority_are_let_in() {
    let clients = Authority::new("client authority");
    let tls_app = TlsApp::start(Some(&clients));
    let mut anonymous = tls_app.connect(None).unwrap();
    assert!(is_refused(&mut anonymous, "anonymous"));
    let stranger = Authority::new("client authority").issue("stranger.example");
    let mut forged = tls_app.connect(Some(&stranger)).unwrap();
    assert!(is_refused(&mut forged, "forged"));
    let mut known = tls_app.connect(Some(&clients.issue("known.example"))).unwrap();
    writeln!(known, "<13>1 - h known - - - welcome").unwrap();
    tls_app.app.wait_for_count("app=known", 1);
    assert_eq!(tls_app.app.count(""), 1, "nothing of the others was stored");
}

#[test]
fn new_certificates_are_used_without_a_restart_and_broken_ones_are_not() {
    let tls_app = TlsApp::start(None);
    let server = tls_app.dir().join("server");
    let mut old = tls_app.connect(None).unwrap();
    writeln!(old, "<13>1 - h old - - - before").unwrap();

    let second = tls_app.authority.issue("second.example");
    second.write(&server);
    wait_until("new connections see the new certificate", || is_shown(&tls_app.connect(None).unwrap(), &second));
    writeln!(old, "<13>1 - h old - - - after").unwrap();
    tls_app.app.wait_for_count("app=old", 2);

    for broken in ["no certificate at all", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let complaints = tls_app.app.log().matches("keeping the old certificates").count();
        std::fs::write(server.with_extension("crt"), broken).unwrap();
        wait_until("the daemon has looked at the broken certificate", || {
            assert!(is_shown(&tls_app.connect(None).unwrap(), &second));
            tls_app.app.log().matches("keeping the old certificates").count() > complaints
        });
    }
    // A certificate whose key has not been replaced yet does not fit.
    let third = tls_app.authority.issue("third.example");
    let complaints = tls_app.app.log().matches("keeping the old certificates").count();
    std::fs::write(server.with_extension("crt"), &third.certificate).unwrap();
    wait_until("the daemon has looked at half of the pair", || {
        assert!(is_shown(&tls_app.connect(None).unwrap(), &second));
        tls_app.app.log().matches("keeping the old certificates").count() > complaints
    });
    std::fs::write(server.with_extension("key"), &third.key).unwrap();
    wait_until("the pair is used once it is whole", || is_shown(&tls_app.connect(None).unwrap(), &third));
    writeln!(old, "<13>1 - h old - - - at last").unwrap();
    tls_app.app.wait_for_count("app=old", 3);
}

#[test]
fn a_new_client_authority_counts_for_new_connections() {
    let first = Authority::new("first client authority");
    let second = Authority::new("second client authority");
    let tls_app = TlsApp::start(Some(&first));
    let mut old = tls_app.connect(Some(&first.issue("a.example"))).unwrap();
    second.write(&tls_app.dir().join("clients.crt"));
    let identity = second.issue("b.example");
    wait_until("clients of the new authority are let in", || {
        let mut tls = tls_app.connect(Some(&identity)).unwrap();
        // Either may come first: the refusal, or the record.
        drop(writeln!(tls, "<13>1 - h new - - - x").and_then(|()| tls.flush()));
        tls.conn.send_close_notify();
        drop(tls.flush());
        let refused = tls.read(&mut [0; 16]).is_err();
        !refused
    });
    tls_app.app.wait_for_count("app=new", 1);
    let mut late = tls_app.connect(Some(&first.issue("c.example"))).unwrap();
    assert!(is_refused(&mut late, "late"));
    writeln!(old, "<13>1 - h old - - - still here").unwrap();
    tls_app.app.wait_for_count("app=old", 1);
    assert_eq!(tls_app.app.count("app=late"), 0);
}

#[test]
fn garbage_on_the_port_harms_nobody() {
    let tls_app = TlsApp::start(None);
    let mut good = tls_app.connect(None).unwrap();
    let silent = TcpStream::connect(tls_app.address()).unwrap();
    let noise: Vec<u8> = (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for garbage in [
        &b""[..],
        b"<13>1 - h plain - - - not encrypted\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x16\x03\x01\xff\xff",
        &noise,
    ] {
        let mut stream = TcpStream::connect(tls_app.address()).unwrap();
        // The daemon may hang up before all is written.
        drop(stream.write_all(garbage));
    }
    // Garbage behind a good handshake, where TLS records are expected.
    let mut turned = tls_app.connect(None).unwrap();
    drop(turned.sock.write_all(&noise));
    drop(turned);
    wait_until("they are gone", || tls_app.app.metric("logseal_connections", "tls:") == 2);
    writeln!(good, "<13>1 - h good - - - unharmed").unwrap();
    writeln!(tls_app.connect(None).unwrap(), "<13>1 - h good - - - new").unwrap();
    tls_app.app.wait_for_count("app=good", 2);
    assert_eq!(tls_app.app.count(""), 2);
    drop(silent);
    wait_until("the silent one is gone", || tls_app.app.metric("logseal_connections", "tls:") == 1);
}

#[test]
fn a_client_that_hangs_up_without_a_word_loses_nothing() {
    let tls_app = TlsApp::start(None);
    let mut tls = tls_app.connect(None).unwrap();
    write!(tls, "<13>1 - h abrupt - - - one\n<13>1 - h abrupt - - - two").unwrap();
    tls.flush().unwrap();
    drop(tls);
    tls_app.app.wait_for_count("app=abrupt", 2);
    assert!(!tls_app.app.log().contains("close_notify"), "{}", tls_app.app.log());
}

#[test]
fn a_stop_stores_what_had_arrived_and_takes_leave_of_clients() {
    let mut tls_app = TlsApp::start(None);
    let mut tls = tls_app.connect(None).unwrap();
    for n in 0..5_000 {
        writeln!(tls, "<13>1 - h leaving - - - {n}").unwrap();
    }
    tls.flush().unwrap();
    assert!(tls_app.app.stop().success(), "{}", tls_app.app.log());
    assert_eq!(tls.read(&mut [0; 16]).unwrap(), 0, "the end of the stream was announced");
    tls_app.app.run();
    tls_app.app.flush();
    assert_eq!(tls_app.app.count("app=leaving"), 5_000);
}

#[test]
fn a_certificate_that_cannot_be_read_is_an_error_of_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("logseal.toml");
    std::fs::write(
        &config,
        "[api]\nlisten = \"127.0.0.1:0\"\n[[syslog]]\ntransport = \"tls\"\nlisten = \"127.0.0.1:0\"\n\
         tls = { certificate = \"missing.crt\", key = \"missing.key\" }\n",
    )
    .unwrap();
    let output = crate::app::run(&["--config", config.to_str().unwrap()], dir.path());
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("missing.crt"), "{error}");
}
