//! Mail: plain text to people, through the server of `[smtp]`.
//!
//! That server is named by the daemon's configuration and not by a channel, so that it may be in a private network.

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::message::{AlertFacts, Message};
use super::network::Deadlines;
use super::send_error::SendError;
use super::sender::SenderError;
use super::target::Email;
use super::words::{cut, facts, one_line, seconds, title};
use crate::config::smtp::{Smtp, SmtpTls};
use crate::telemetry::chain;

const CONNECTIONS_MAX: u32 = 2;
const SUBJECT_CHARACTERS_MAX: usize = 200;

/// The way to the mail server.
pub(super) struct Postman {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    deadlines: Deadlines,
}

impl Postman {
    /// Connects to nothing yet. Blocking: reads `smtp.ca`.
    ///
    /// # Errors
    /// [`SenderError`] names the key that is wrong.
    pub(super) fn new(config: &Smtp, deadlines: Deadlines) -> Result<Self, SenderError> {
        let from = config.from.parse().map_err(SenderError::From)?;
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port())
            .tls(tls(config)?)
            .timeout(Some(deadlines.connect))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS_MAX));
        if !config.user.is_empty() {
            server = server.credentials(Credentials::new(config.user.clone(), config.password.expose().to_owned()));
        }
        Ok(Self { server: server.build(), from, deadlines })
    }

    /// One mail to all addresses.
    ///
    /// # Errors
    /// The server refuses the mail or one of the addresses for good, or cannot be used now.
    pub(super) async fn send(
        &self,
        channel: &Email,
        message: &Message,
        delivery: &str,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let mail = self.mail(channel, message, delivery, now)?;
        let whole = self.deadlines.whole;
        match tokio::time::timeout(whole, self.server.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => {
                Err(SendError::refused(format!("the mail server refused the mail: {}", told(&error))))
            }
            Ok(Err(error)) => Err(SendError::later(format!("the mail server cannot be used: {}", told(&error)))),
            Err(_) => Err(SendError::later(format!("the mail server did not take the mail within {whole:?}"))),
        }
    }

    fn mail(
        &self,
        channel: &Email,
        message: &Message,
        delivery: &str,
        now: DateTime<Utc>,
    ) -> Result<lettre::Message, SendError> {
        let domain = self.from.email.domain();
        let raw = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let mut mail = lettre::Message::builder()
            .from(self.from.clone())
            .date(now.into())
            // The same in each attempt, so that a mail that came twice is known as one.
            .message_id(Some(format!("<delivery.{}@{domain}>", id(delivery))))
            // Mails of one alert stand together.
            .references(format!("<alert.{}@{domain}>", id(&message.alert.id)))
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
            .subject(subject(&channel.subject_prefix, message))
            .header(ContentType::TEXT_PLAIN);
        for address in &channel.to {
            mail = mail.to(Mailbox::new(None, address.clone()));
        }
        mail.body(text(message)).map_err(|error| SendError::refused(format!("no mail can be made of it: {error}")))
    }
}

/// What a server said may have line ends in it.
fn told(error: &lettre::transport::smtp::Error) -> String {
    let told = chain(error);
    cut(&one_line(&told), 200).into_owned()
}

fn subject(prefix: &str, message: &Message) -> String {
    let title = title(message);
    let subject = if prefix.is_empty() { title } else { format!("{prefix} {title}") };
    // One line: a line's end would begin a header of its own.
    cut(&one_line(&subject), SUBJECT_CHARACTERS_MAX).into_owned()
}

fn text(message: &Message) -> String {
    let alert: &AlertFacts = &message.alert;
    let facts = facts(alert);
    let widest = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut text = format!("{}\n\n", title(message));
    if !alert.description.is_empty() {
        text.push_str(&format!("{}\n\n", alert.description.replace("\r\n", "\n").replace('\r', "\n").trim_end()));
    }
    for (name, value) in facts {
        text.push_str(&format!("{name:<widest$}  {value}\n"));
    }
    if let Some(at) = alert.resolved_at {
        text.push_str(&format!("{:<widest$}  {}\n", "Resolved", seconds(at)));
    }
    text.push_str(&format!("\n{}\n", one_line(&alert.url)));
    text
}

/// Of what may stand before the `@` of a message's id.
fn id(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect()
}

fn tls(config: &Smtp) -> Result<Tls, SenderError> {
    if config.tls == SmtpTls::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca {
        let pem = std::fs::read(path).map_err(|source| SenderError::ReadCa { path: path.clone(), source })?;
        // The library takes a file without any, and then trusts nobody.
        let holds_one = CertificateDer::pem_slice_iter(&pem).next().is_some_and(|first| first.is_ok());
        let authority = Certificate::from_pem(&pem).ok().filter(|_| holds_one);
        let authority = authority.ok_or_else(|| SenderError::NoCa { path: path.clone() })?;
        parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(authority);
    }
    let parameters = parameters.build_rustls().map_err(SenderError::SmtpTls)?;
    Ok(if config.tls == SmtpTls::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::{Event, sample};

    #[test]
    fn the_text_tells_the_alert() {
        insta::assert_snapshot!("email_raised", text(&sample(Event::Raised)));
        insta::assert_snapshot!("email_resolved", text(&sample(Event::Resolved)));
    }

    #[test]
    fn a_subject_is_one_line_that_begins_with_the_severity_or_the_prefix() {
        let mut message = sample(Event::Raised);
        message.alert.rule_name = "logins\r\nBcc: everybody@example.net".to_owned();
        assert_eq!(subject("", &message), "HIGH: logins  Bcc: everybody@example.net");
        assert_eq!(subject("[ops]", &message), "[ops] HIGH: logins  Bcc: everybody@example.net");
        message.alert.rule_name = "x".repeat(1000);
        assert_eq!(subject("", &message).chars().count(), SUBJECT_CHARACTERS_MAX);
    }
}
