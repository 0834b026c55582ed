//! A TLS client of the tests: whom it trusts, what it shows, and what it was shown.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::app::DEADLINE;
use crate::certificates::{Authority, Identity};

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Connects and shakes hands, offering `protocols` (ALPN); with TLS 1.3 a client learns only later whether its certificate was taken.
pub(crate) fn connect(
    address: SocketAddr,
    trusted: &Authority,
    identity: Option<&Identity>,
    protocols: &[&[u8]],
) -> std::io::Result<Tls> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
            config.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(DEADLINE))?;
    let mut tls = StreamOwned::new(connection, socket);
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock)?;
    }
    Ok(tls)
}

/// Whether the server's certificate is the one that was issued.
pub(crate) fn is_shown(tls: &Tls, identity: &Identity) -> bool {
    let shown = &tls.conn.peer_certificates().unwrap()[0];
    *shown == CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()
}
