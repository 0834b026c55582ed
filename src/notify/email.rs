//! Mail: plain text to people, through the server of `[smtp]`.
//!
//! That server is named by the daemon's configuration and not by a channel, so that it may be in a private network.

use chrono::{DateTime, Utc};
use lettre::AsyncTransport as _;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};

use super::message::{AlertFacts, Message};
use super::network::Deadlines;
use super::send_error::SendError;
use super::target::Email;
use super::words::{cut, facts, one_line, seconds, title};
use crate::config::smtp::Smtp;
use crate::smtp::{MailServer, SmtpError};
use crate::telemetry::chain;

const SUBJECT_CHARACTERS_MAX: usize = 200;

/// The way to the mail server.
pub(super) struct Postman {
    mail: MailServer,
    deadlines: Deadlines,
}

impl Postman {
    /// Connects to nothing yet. Blocking: reads `smtp.ca`.
    ///
    /// # Errors
    /// [`SmtpError`] names the key that is wrong.
    pub(super) fn new(config: &Smtp, deadlines: Deadlines) -> Result<Self, SmtpError> {
        Ok(Self { mail: MailServer::new(config, deadlines.connect)?, deadlines })
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
        match tokio::time::timeout(whole, self.mail.server.send(mail)).await {
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
        let domain = self.mail.from.email.domain();
        let raw = |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let mut mail = lettre::Message::builder()
            .from(self.mail.from.clone())
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
