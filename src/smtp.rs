//! The way to the mail server of `[smtp]`.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::config::smtp::{Smtp, SmtpTls};

const CONNECTIONS_MAX: u32 = 2;

/// Why `[smtp]` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    #[error("smtp.from is not a mail address")]
    From(#[source] lettre::address::AddressError),
    #[error("read smtp.ca {path}")]
    ReadCa { path: PathBuf, source: std::io::Error },
    #[error("smtp.ca {path} holds no certificate in PEM form")]
    NoCa { path: PathBuf },
    #[error("set up TLS for smtp")]
    Tls(#[source] lettre::transport::smtp::Error),
}

/// The mail server, and whom mails are from. Clones share its connections.
#[derive(Clone)]
pub struct MailServer {
    pub server: AsyncSmtpTransport<Tokio1Executor>,
    pub from: Mailbox,
}

impl MailServer {
    /// Connects to nothing yet. Blocking: reads `smtp.ca`. `step_timeout` bounds each step of the conversation.
    ///
    /// # Errors
    /// [`SmtpError`] names the key that is wrong.
    pub fn new(config: &Smtp, step_timeout: Duration) -> Result<Self, SmtpError> {
        let from = config.from.parse().map_err(SmtpError::From)?;
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port())
            .tls(tls(config)?)
            .timeout(Some(step_timeout))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX));
        if !config.user.is_empty() {
            server = server.credentials(Credentials::new(config.user.clone(), config.password.expose().to_owned()));
        }
        Ok(Self { server: server.build(), from })
    }
}

fn tls(config: &Smtp) -> Result<Tls, SmtpError> {
    if config.tls == SmtpTls::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca {
        let pem = std::fs::read(path).map_err(|source| SmtpError::ReadCa { path: path.clone(), source })?;
        // The library takes a file without any, and then trusts nobody.
        let holds_one = CertificateDer::pem_slice_iter(&pem).next().is_some_and(|first| first.is_ok());
        let authority = Certificate::from_pem(&pem).ok().filter(|_| holds_one);
        let authority = authority.ok_or_else(|| SmtpError::NoCa { path: path.clone() })?;
        parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(authority);
    }
    let parameters = parameters.build_rustls().map_err(SmtpError::Tls)?;
    Ok(if config.tls == SmtpTls::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}
