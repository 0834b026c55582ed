//! Whom a command takes for the daemon where it answers over TLS.

use rustls::ClientConfig;

use super::Daemon;
use crate::tls;

/// Trusts the authorities of `--ca`; else, at the address of `--config`, who shows the certificate that stands there; else the public authorities.
///
/// # Errors
/// Where a file cannot be read, or holds no certificate.
pub(super) fn of(daemon: &Daemon) -> anyhow::Result<ClientConfig> {
    if let Some(file) = &daemon.ca {
        return Ok(tls::client(tls::authorities(file)?)?);
    }
    match &daemon.certificate {
        Some(file) if daemon.is_configured() => tls::client_of(file),
        _ => Ok(tls::client(tls::public_authorities())?),
    }
}
