//! Alerts as syslog, taken by receivers on loopback.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;

use logseal::notify::message::Message;
use logseal::notify::send_error::SendError;
use logseal::notify::sender::{Sender, Settings};
use logseal::notify::target::Kind;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::alert_channels::{channel, now, settings};
use crate::app::DEADLINE;
use crate::certificates::{Authority, Identity};

const RECORD: &str = "<134>1 2027-01-15T08:00:00.000Z logs1 logseal - test \
    [alert@32473 id=\"test\" rule=\"logseal.test\" severity=\"info\" status=\"new\" triggeredAt=\"2027-01-15T08:00:00.000Z\" \
    count=\"0\" url=\"https://logs.example.net\"] TEST: Test of this channel: Somebody tries out this channel. Nothing has happened.";

async fn send(settings: Settings, host: &str, address: SocketAddr, transport: &str) -> Result<(), SendError> {
    let config = json!({ "host": host, "port": address.port(), "transport": transport });
    let message = Message::test("https://logs.example.net", now());
    Sender::new(settings, None).unwrap().send(&channel(Kind::Syslog, &config), &message, "d-1", now()).await
}

fn trusting(authority: &Authority) -> Settings {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    Settings { authorities: Some(roots), ..settings() }
}

/// Takes one connection and gives what came over it, or an error.
fn receive(identity: Option<Identity>) -> (SocketAddr, JoinHandle<std::io::Result<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let taken = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept()?;
        socket.set_read_timeout(Some(DEADLINE))?;
        let mut text = String::new();
        match identity {
            None => socket.read_to_string(&mut text)?,
            Some(identity) => encrypted(&identity, socket).read_to_string(&mut text)?,
        };
        Ok(text)
    });
    (address, taken)
}

fn encrypted(identity: &Identity, socket: std::net::TcpStream) -> StreamOwned<ServerConnection, std::net::TcpStream> {
    let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket)
}

#[tokio::test]
async fn a_datagram_is_one_record() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver.set_read_timeout(Some(DEADLINE)).unwrap();
    send(settings(), "127.0.0.1", receiver.local_addr().unwrap(), "udp").await.unwrap();
    let mut buffer = [0; 4096];
    let length = receiver.recv(&mut buffer).unwrap();
    assert_eq!(std::str::from_utf8(&buffer[..length]).unwrap(), RECORD);
}

#[tokio::test]
async fn over_tcp_the_octets_are_counted() {
    let (address, taken) = receive(None);
    send(settings(), "localhost", address, "tcp").await.unwrap();
    assert_eq!(taken.join().unwrap().unwrap(), format!("{} {RECORD}", RECORD.len()));
}

#[tokio::test]
async fn over_tls_the_receiver_must_be_trusted() {
    let authority = Authority::new("syslog CA");
    let identity = authority.issue("localhost");
    let (address, taken) = receive(Some(identity.clone()));
    send(trusting(&authority), "localhost", address, "tls").await.unwrap();
    assert_eq!(taken.join().unwrap().unwrap(), format!("{} {RECORD}", RECORD.len()));

    for (settings, host) in [
        (settings(), "localhost"),
        (trusting(&Authority::new("another CA")), "localhost"),
        (trusting(&authority), "127.0.0.1"),
    ] {
        let (address, taken) = receive(Some(identity.clone()));
        let outcome = send(settings, host, address, "tls").await;
        assert!(matches!(&outcome, Err(SendError::Later { text, .. }) if text.contains("TLS")), "{outcome:?}");
        assert!(taken.join().unwrap().is_err());
    }
}
