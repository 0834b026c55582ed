//! The files of certificates that the configuration names.

use anyhow::Context as _;

use crate::config::Config;
use crate::tls::{Certificates, Protocol};

/// Reads the certificates of every port that speaks TLS, as they are used.
///
/// # Errors
/// The key whose files cannot be read, or do not fit each other.
pub(super) fn check_certificates(config: &Config) -> anyhow::Result<()> {
    let mut stated = vec![("api.tls".to_owned(), &config.api.tls, Protocol::Http1)];
    if let Some(otlp) = &config.otlp {
        stated.push(("otlp.tls".to_owned(), &otlp.tls, Protocol::Http2));
    }
    for (table, listeners) in [("syslog", &config.syslog), ("listener", &config.listener)] {
        let tables = listeners.iter().enumerate();
        stated.extend(tables.map(|(at, listener)| (format!("{table}[{at}].tls"), &listener.tls, Protocol::Syslog)));
    }
    for (key, tls, protocol) in stated {
        if let Some(tls) = tls {
            Certificates::load(tls, protocol).context(key)?;
        }
    }
    Ok(())
}
