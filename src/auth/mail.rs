//! Sends verification codes by mail.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{Address, AsyncTransport as _, Message};

use super::code::Purpose;
use super::secret::Secret;
use crate::config::smtp::Smtp;
use crate::smtp::{MailServer, SmtpError};

/// How long one step of the conversation with the server may take, and how long all of it.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// There can be no such mail address (422).
    #[error("not a mail address")]
    NotAnAddress,
    /// The server refuses this message or recipient for good.
    #[error("the mail server refused the message")]
    Refused(#[source] lettre::transport::smtp::Error),
    /// The server is away, busy or not to be trusted; another time it may work (503).
    #[error("the mail server cannot be used")]
    Unavailable(#[source] lettre::transport::smtp::Error),
    /// As [`MailError::Unavailable`].
    #[error("the mail server did not take the message within {} s", SEND_TIMEOUT.as_secs())]
    TimedOut,
}

/// The way to the mail server; clones share its connections.
#[derive(Clone)]
pub struct Mailer(MailServer);

impl Mailer {
    /// Connects to nothing yet. Blocking: reads `smtp.ca`.
    ///
    /// # Errors
    /// [`SmtpError`] names the key that is wrong.
    pub fn new(config: &Smtp) -> Result<Self, SmtpError> {
        MailServer::new(config, STEP_TIMEOUT).map(Self)
    }

    /// Sends `code` to the address `to`, which may hold for `minutes`, and waits until the server has taken it.
    ///
    /// # Errors
    /// [`MailError`]
    pub async fn send_code(
        &self,
        to: &str,
        purpose: Purpose,
        code: &Secret,
        minutes: u32,
        now: DateTime<Utc>,
    ) -> Result<(), MailError> {
        let message = self.message(to, now)?.subject(subject(purpose)).body(text(purpose, code, minutes));
        let message = message.expect("a message with sender and recipient can be built");
        match tokio::time::timeout(SEND_TIMEOUT, self.0.server.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(error)),
            Ok(Err(error)) => Err(MailError::Unavailable(error)),
            Err(_) => Err(MailError::TimedOut),
        }
    }

    fn message(&self, to: &str, now: DateTime<Utc>) -> Result<MessageBuilder, MailError> {
        let to: Address = to.parse().map_err(|_| MailError::NotAnAddress)?;
        // So that no holiday notice answers (RFC 3834).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Ok(Message::builder()
            .from(self.0.from.clone())
            .to(Mailbox::new(None, to))
            .date(now.into())
            .message_id(None)
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN))
    }
}

/// Whether `text` is a mail address that a code can be sent to.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

fn subject(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Register => "Your code to register at logseal",
        Purpose::PasswordReset => "Your code to set a new password at logseal",
    }
}

fn text(purpose: Purpose, code: &Secret, minutes: u32) -> String {
    let aim = match purpose {
        Purpose::Register => "register an account with this address",
        Purpose::PasswordReset => "set a new password for your account",
    };
    format!(
        "Somebody, probably you, wants to {aim} at logseal.\n\n    {}\n\n\
         is the code for it. It holds for {minutes} minutes and once. If it was not you, ignore this mail: without the code nothing happens.\n\
         Never give the code to anyone.\n",
        code.expose()
    )
}
