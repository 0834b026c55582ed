//! TLS. The server's side: certificates, read again when their files change, and handshakes that end. The client's: whom it trusts.

mod client_names;
mod pinned;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::api::Tls;
use pinned::Pinned;

/// A client that does not finish its handshake by then is not one.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// What is left of that time once the daemon stops.
const HANDSHAKE_AT_STOP: Duration = Duration::from_secs(1);
/// How often the files are looked at, at most.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What is spoken inside of TLS, as far as the handshake tells of it (ALPN).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Has no name of its own there (RFC 5425).
    Syslog,
    Http1,
    Http2,
}

/// The acceptor of the certificates as they are now on disk.
pub(crate) struct Certificates {
    config: Tls,
    protocol: Protocol,
    acceptor: TlsAcceptor,
    seen: Vec<Option<Version>>,
    looked_at: Instant,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read, or they do not fit each other.
    pub(crate) fn load(config: &Tls, protocol: Protocol) -> anyhow::Result<Self> {
        Ok(Self {
            // Before the files are read, so that a change in between is seen later.
            seen: versions(config),
            acceptor: acceptor(config, protocol)?,
            protocol,
            looked_at: Instant::now(),
            config: config.clone(),
        })
    }

    /// The acceptor for the next connection. Files that cannot be read leave the last good ones in use.
    pub(crate) fn acceptor(&mut self, now: Instant) -> TlsAcceptor {
        if now.duration_since(self.looked_at) >= LOOK_AGAIN_AFTER {
            self.looked_at = now;
            let versions = versions(&self.config);
            if versions != self.seen {
                self.seen = versions;
                match acceptor(&self.config, self.protocol) {
                    Ok(acceptor) => {
                        info!("read the changed certificates of {}", self.config.certificate.display());
                        self.acceptor = acceptor;
                    }
                    Err(error) => warn!("keeping the old certificates: {error:#}"),
                }
            }
        }
        self.acceptor.clone()
    }
}

/// Shakes hands on `socket`.
///
/// # Errors
/// The client does not take part, is not let in or takes too long, or `stop` came.
pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    acceptor: &TlsAcceptor,
    socket: S,
    stop: &CancellationToken,
) -> anyhow::Result<TlsStream<S>> {
    tokio::select! {
        done = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(socket)) => {
            done.map_err(|_| anyhow::anyhow!("TLS handshake took longer than {HANDSHAKE_MAX:?}"))?.context("TLS handshake")
        }
        () = stop_and_grace(stop) => anyhow::bail!("the daemon stopped during the TLS handshake"),
    }
}

/// The names in the certificate that the client showed; none where none was demanded, or it has none.
pub(crate) fn client_names<S>(stream: &TlsStream<S>) -> Vec<String> {
    let (_, connection) = stream.get_ref();
    let shown = connection.peer_certificates().and_then(|chain| chain.first());
    shown.map(|certificate| client_names::of(certificate)).unwrap_or_default()
}

/// Resolves a little after `stop`, so that a handshake under way can end.
async fn stop_and_grace(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(HANDSHAKE_AT_STOP).await;
}

/// Tells a file's contents from earlier ones: inode and time of change. Unlike the time of modification the latter also
/// moves when a file is renamed into place or becomes readable.
type Version = (u64, i64, i64);

fn versions(config: &Tls) -> Vec<Option<Version>> {
    [Some(&config.certificate), Some(&config.key), config.client_ca.as_ref()]
        .into_iter()
        .flatten()
        .map(|path| std::fs::metadata(path).ok().map(|m| (m.ino(), m.ctime(), m.ctime_nsec())))
        .collect()
}

/// The authorities that browsers trust.
pub(crate) fn public_authorities() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// The client's side, which shows no certificate.
pub(crate) fn client(authorities: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(authorities).with_no_client_auth())
}

/// The client's side, for the one server that shows the (first) certificate of `path`.
pub(crate) fn client_of(path: &Path) -> anyhow::Result<ClientConfig> {
    let certificate = certificates(path)?.swap_remove(0);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("choose TLS versions")?;
    let verifier = Arc::new(Pinned { certificate, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The authorities whose certificates are in `path`.
pub(crate) fn authorities(path: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        roots.add(authority).with_context(|| format!("use {} as authority", path.display()))?;
    }
    Ok(roots)
}

fn acceptor(config: &Tls, protocol: Protocol) -> anyhow::Result<TlsAcceptor> {
    let chain = certificates(&config.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .map_err(|error| anyhow::anyhow!("read the private key {}: {error}", config.key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .context("choose TLS versions")?;
    let builder = match &config.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(path)?), provider)
                .build()
                .with_context(|| format!("demand client certificates of {}", path.display()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut server = builder
        .with_single_cert(chain, key)
        .with_context(|| format!("use the certificate {} with its key", config.certificate.display()))?;
    server.alpn_protocols = match protocol {
        Protocol::Syslog => Vec::new(),
        Protocol::Http1 => vec![b"http/1.1".to_vec()],
        Protocol::Http2 => vec![b"h2".to_vec()],
    };
    Ok(TlsAcceptor::from(Arc::new(server)))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = || format!("read the certificates {}", path.display());
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).with_context(read)?.collect::<Result<_, _>>().with_context(read)?;
    anyhow::ensure!(!chain.is_empty(), "{} holds no certificate in PEM form", path.display());
    Ok(chain)
}
