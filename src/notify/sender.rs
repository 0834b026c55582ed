//! Tells one channel of one message, once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustls::RootCertStore;

use super::email::Postman;
use super::guard::Allowed;
use super::message::Message;
use super::network::{Deadlines, Network};
use super::send_error::SendError;
use super::target::ChannelConfig;
use super::{alertmanager, slack, teams, webhook};
use crate::config::smtp::Smtp;
use crate::smtp::SmtpError;
use crate::tls;

/// How receivers are reached.
#[derive(Clone, Debug)]
pub struct Settings {
    pub allowed: Allowed,
    pub deadlines: Deadlines,
    /// Whom receivers' certificates are trusted from; `None`: the public authorities.
    pub authorities: Option<RootCertStore>,
    /// This machine's name, for syslog.
    pub hostname: String,
}

/// Why no sender can be made of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    #[error("set up TLS for channels")]
    Tls(#[source] rustls::Error),
}

/// The ways to all receivers.
pub struct Sender {
    network: Network,
    postman: Option<Postman>,
    hostname: String,
}

impl Sender {
    /// Connects to nothing yet. Without `smtp` no mail is sent. Blocking: reads `smtp.ca`.
    ///
    /// # Errors
    /// [`SenderError`]
    pub fn new(settings: Settings, smtp: Option<&Smtp>) -> Result<Self, SenderError> {
        let Settings { allowed, deadlines, authorities, hostname } = settings;
        let tls = tls::client(authorities.unwrap_or_else(tls::public_authorities)).map_err(SenderError::Tls)?;
        let postman = smtp.map(|smtp| Postman::new(smtp, deadlines)).transpose()?;
        Ok(Self { network: Network { allowed, deadlines, tls: Arc::new(tls) }, postman, hostname })
    }

    /// Waits until the receiver has taken it, for `deadlines.whole` at most. `delivery` is the same in each attempt at one delivery.
    ///
    /// # Errors
    /// [`SendError`] says whether to try again.
    pub async fn send(
        &self,
        channel: &ChannelConfig,
        message: &Message,
        delivery: &str,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let secrets = channel.secrets();
        let post = match channel {
            ChannelConfig::Webhook(channel) => webhook::post(channel, message, delivery, now, secrets)?,
            ChannelConfig::Slack(channel) => slack::post(channel, message, secrets),
            ChannelConfig::Teams(channel) => teams::post(channel, message, secrets),
            ChannelConfig::Alertmanager(channel) => alertmanager::post(channel, message, now, secrets)?,
            ChannelConfig::Email(channel) => {
                let Some(postman) = &self.postman else {
                    return Err(SendError::refused("no mail can be sent: the configuration has no [smtp]"));
                };
                return postman.send(channel, message, delivery, now).await;
            }
            ChannelConfig::Syslog(channel) => return self.network.log(channel, &self.hostname, message, now).await,
        };
        self.network.post(post, now).await
    }
}
