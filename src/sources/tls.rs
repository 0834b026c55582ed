//! Certificates of a TLS listener (RFC 5425), read again when their files change.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use crate::config::Tls;

/// How often the files are looked at, at most.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The acceptor of the certificates as they are now on disk.
pub(super) struct Certificates {
    config: Tls,
    acceptor: TlsAcceptor,
    seen: Vec<Option<Version>>,
    looked_at: Instant,
}

impl Certificates {
    pub(super) fn load(config: &Tls) -> anyhow::Result<Self> {
        Ok(Self {
            // Before the files are read, so that a change in between is seen later.
            seen: versions(config),
            acceptor: acceptor(config)?,
            looked_at: Instant::now(),
            config: config.clone(),
        })
    }

    /// The acceptor for the next connection. Files that cannot be read leave the last good ones in use.
    pub(super) fn acceptor(&mut self, now: Instant) -> TlsAcceptor {
        if now.duration_since(self.looked_at) >= LOOK_AGAIN_AFTER {
            self.looked_at = now;
            let versions = versions(&self.config);
            if versions != self.seen {
                self.seen = versions;
                match acceptor(&self.config) {
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

fn acceptor(config: &Tls) -> anyhow::Result<TlsAcceptor> {
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
            let mut roots = RootCertStore::empty();
            for authority in certificates(path)? {
                roots.add(authority).with_context(|| format!("use {} as authority", path.display()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .with_context(|| format!("demand client certificates of {}", path.display()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = builder
        .with_single_cert(chain, key)
        .with_context(|| format!("use the certificate {} with its key", config.certificate.display()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = || format!("read the certificates {}", path.display());
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).with_context(read)?.collect::<Result<_, _>>().with_context(read)?;
    anyhow::ensure!(!chain.is_empty(), "{} holds no certificate in PEM form", path.display());
    Ok(chain)
}
