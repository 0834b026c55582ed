//! Alerts as mail, taken by a mail server on loopback.

use logseal::config::smtp::{Smtp, SmtpTls};
use logseal::notify::message::Message;
use logseal::notify::send_error::SendError;
use logseal::notify::sender::{Sender, SenderError};
use logseal::notify::target::Kind;
use logseal::smtp::SmtpError;
use serde_json::json;

use crate::alert_channels::{channel, now, settings};
use crate::certificates::Authority;
use crate::smtp_sink::{Encryption, SmtpSink};

fn config(sink: &SmtpSink, tls: SmtpTls) -> Smtp {
    Smtp {
        host: "localhost".to_owned(),
        port: Some(sink.address.port()),
        tls,
        user: String::new(),
        password: "".into(),
        from: "Logs <logs@example.net>".to_owned(),
        ca: None,
    }
}

async fn send(smtp: &Smtp, message: &Message) -> Result<(), SendError> {
    let email = json!({ "to": ["marie@example.net", "jan@example.org"], "subject_prefix": "[ops]" });
    Sender::new(settings(), Some(smtp)).unwrap().send(&channel(Kind::Email, &email), message, "d-1", now()).await
}

fn message() -> Message {
    Message::test("https://logs.example.net", now())
}

#[tokio::test]
async fn an_alert_arrives_as_one_mail_to_all() {
    let sink = SmtpSink::start(Encryption::Never);
    send(&config(&sink, SmtpTls::None), &message()).await.unwrap();
    let mail = sink.wait_for(1);
    assert_eq!(
        (mail.from.as_str(), mail.to),
        ("logs@example.net", vec!["marie@example.net".to_owned(), "jan@example.org".to_owned()])
    );
    for part in [
        "From: Logs <logs@example.net>\r\n",
        "To: marie@example.net, jan@example.org\r\n",
        "Subject: [ops] TEST: Test of this channel\r\n",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n",
        "Message-ID: <delivery.d-1@example.net>\r\n",
        "References: <alert.test@example.net>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "\r\n\r\nTEST: Test of this channel\r\n",
        "Rule        logseal.test\r\n",
    ] {
        assert!(mail.data.contains(part), "{part} in {}", mail.data);
    }
}

#[tokio::test]
async fn no_text_of_an_alert_becomes_a_header_or_ends_the_mail() {
    let sink = SmtpSink::start(Encryption::Never);
    let mut message = message();
    message.alert.id = "1>\r\nBcc: x@example.net".to_owned();
    message.alert.rule_name = "logins\r\nBcc: x@example.net\r\n\r\nbody".to_owned();
    message.alert.description = "a\r\n.\r\nRCPT TO:<x@example.net>\n.\n".to_owned();
    send(&config(&sink, SmtpTls::None), &message).await.unwrap();
    let mail = sink.wait_for(1);
    let (headers, text) = mail.data.split_once("\r\n\r\n").unwrap();
    assert!(headers.lines().all(|line| !line.starts_with("Bcc")), "{headers}");
    assert!(mail.to.len() == 2 && text.contains("RCPT TO"), "{text}");
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_from_a_server_that_is_away() {
    let refusing = SmtpSink::start_answering(Encryption::Never, &[("RCPT", "550 no such user")]);
    let outcome = send(&config(&refusing, SmtpTls::None), &message()).await;
    assert!(matches!(&outcome, Err(SendError::Refused(text)) if text.contains("no such user")), "{outcome:?}");
    let busy = SmtpSink::start_answering(Encryption::Never, &[("MAIL", "451 later")]);
    let outcome = send(&config(&busy, SmtpTls::None), &message()).await;
    assert!(matches!(outcome, Err(SendError::Later { .. })), "{outcome:?}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Smtp { port: Some(silent.local_addr().unwrap().port()), ..config(&busy, SmtpTls::None) };
    let outcome = send(&silent, &message()).await;
    assert!(matches!(outcome, Err(SendError::Later { .. })), "{outcome:?}");
}

#[tokio::test]
async fn alerts_are_encrypted_and_go_only_to_a_server_that_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new("mail CA");
    let identity = authority.issue("localhost");
    for (tls, encryption) in [
        (SmtpTls::StartTls, Encryption::StartTls(identity.clone())),
        (SmtpTls::Tls, Encryption::FromTheStart(identity.clone())),
    ] {
        let sink = SmtpSink::start(encryption);
        let trusting = Smtp { ca: Some(authority.write(&dir.path().join("ca.crt"))), ..config(&sink, tls) };
        send(&trusting, &message()).await.unwrap();
        assert!(sink.wait_for(1).encrypted);
        let outcome = send(&config(&sink, tls), &message()).await;
        assert!(matches!(outcome, Err(SendError::Later { .. })), "{outcome:?}");
        assert_eq!(sink.mails().len(), 1);
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_the_start() {
    let sink = SmtpSink::start(Encryption::Never);
    let sender = Smtp { from: "nobody".to_owned(), ..config(&sink, SmtpTls::None) };
    assert!(matches!(Sender::new(settings(), Some(&sender)), Err(SenderError::Smtp(SmtpError::From(_)))));
    let absent = Smtp { ca: Some("/nonexistent/ca.crt".into()), ..config(&sink, SmtpTls::StartTls) };
    assert!(matches!(Sender::new(settings(), Some(&absent)), Err(SenderError::Smtp(SmtpError::ReadCa { .. }))));
}
