//! The keys of `[smtp]`: the server that verification codes are sent through.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret_text::SecretText;

/// A mail server that takes messages from us.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub host: String,
    /// Without it: 587 with STARTTLS, 465 with TLS, 25 with none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: SmtpTls,
    /// Empty: no login.
    #[serde(default)]
    pub user: String,
    #[serde(default)]
    pub password: SecretText,
    /// The sender, as `logs@example.net` or `Logs <logs@example.net>`.
    pub from: String,
    /// Authorities to trust instead of the public ones, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// Plain first, and encrypted before anything of worth is said; refused where the server does not offer it.
    #[default]
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// Never encrypted: to this machine only.
    None,
}

impl Smtp {
    /// The port that is given, or the usual one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            SmtpTls::StartTls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        })
    }

    /// The first key that is wrong, with what is wrong about it. Whether `from` is an address is seen by the mailer.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.host.is_empty() {
            return Err(("smtp.host", "is empty".to_owned()));
        }
        if self.tls == SmtpTls::None && !is_this_machine(&self.host) {
            let detail = format!("\"none\" is for this machine only, not for {}", self.host);
            return Err(("smtp.tls", detail));
        }
        if self.user.is_empty() != self.password.is_empty() {
            return Err(("smtp.user", "user and password are given together or not at all".to_owned()));
        }
        Ok(())
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
