//! Mails with codes, sent to a real server on loopback.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use logseal::auth::code::{self, Purpose};
use logseal::auth::mail::{MailError, Mailer, is_address};
use logseal::auth::secret::Secret;
use logseal::config::smtp::{Smtp, SmtpTls};
use logseal::smtp::SmtpError;

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

async fn send(config: &Smtp, to: &str, code: &Secret) -> Result<(), MailError> {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    Mailer::new(config).unwrap().send_code(to, Purpose::PasswordReset, code, 10, now).await
}

#[tokio::test]
async fn a_code_arrives_as_plain_text() {
    let sink = SmtpSink::start(Encryption::Never);
    let code = code::draw();
    send(&config(&sink, SmtpTls::None), "marie@example.net", &code).await.unwrap();
    let mail = sink.wait_for(1);
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("logs@example.net", &["marie@example.net".to_owned()][..]));
    assert_eq!(mail.code(), code.expose());
    for header in [
        "From: Logs <logs@example.net>\r\n",
        "To: marie@example.net\r\n",
        "Subject: Your code to set a new password at logseal\r\n",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Message-ID: <",
    ] {
        assert!(mail.data.contains(header), "{header} in {}", mail.data);
    }
    assert!(mail.data.contains("10 minutes"), "{}", mail.data);
}

#[tokio::test]
async fn mails_are_encrypted_and_the_login_is_sent_only_then() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new("mail CA");
    let identity = authority.issue("localhost");
    for (tls, encryption) in [
        (SmtpTls::StartTls, Encryption::StartTls(identity.clone())),
        (SmtpTls::Tls, Encryption::FromTheStart(identity.clone())),
    ] {
        let sink = SmtpSink::start(encryption);
        let config = Smtp {
            user: "logseal".to_owned(),
            password: "the mail secret".into(),
            ca: Some(authority.write(&dir.path().join("ca.crt"))),
            ..config(&sink, tls)
        };
        let code = code::draw();
        send(&config, "marie@example.net", &code).await.unwrap();
        let mail = sink.wait_for(1);
        assert!(mail.encrypted && mail.code() == code.expose());
        let login = STANDARD.decode(mail.login.unwrap()).unwrap();
        assert_eq!(login, b"\0logseal\0the mail secret");
    }
}

#[tokio::test]
async fn no_mail_goes_to_a_server_that_cannot_be_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let identity = Authority::new("mail CA").issue("localhost");
    let other = Authority::new("another CA").write(&dir.path().join("ca.crt"));
    let code = code::draw();
    for ca in [None, Some(other)] {
        let sink = SmtpSink::start(Encryption::StartTls(identity.clone()));
        let config = Smtp { ca, ..config(&sink, SmtpTls::StartTls) };
        let outcome = send(&config, "marie@example.net", &code).await;
        assert!(matches!(outcome, Err(MailError::Unavailable(_))), "{outcome:?}");
        assert!(sink.mails().is_empty());
    }
    let plain = SmtpSink::start(Encryption::Never);
    let outcome = send(&config(&plain, SmtpTls::StartTls), "marie@example.net", &code).await;
    assert!(matches!(outcome, Err(MailError::Refused(_) | MailError::Unavailable(_))), "{outcome:?}");
    assert!(plain.mails().is_empty());
}

#[tokio::test]
async fn a_refusal_is_told_from_a_server_that_is_away() {
    let code = code::draw();
    let refusing = SmtpSink::start_answering(Encryption::Never, &[("RCPT", "550 no such user")]);
    let outcome = send(&config(&refusing, SmtpTls::None), "marie@example.net", &code).await;
    assert!(matches!(outcome, Err(MailError::Refused(_))), "{outcome:?}");
    let busy = SmtpSink::start_answering(Encryption::Never, &[("MAIL", "451 later")]);
    let outcome = send(&config(&busy, SmtpTls::None), "marie@example.net", &code).await;
    assert!(matches!(outcome, Err(MailError::Unavailable(_))), "{outcome:?}");
    let closed = {
        let sink = SmtpSink::start(Encryption::Never);
        Smtp { port: Some(1), ..config(&sink, SmtpTls::None) }
    };
    let outcome = send(&closed, "marie@example.net", &code).await;
    assert!(matches!(outcome, Err(MailError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn nothing_can_be_slipped_into_the_headers() {
    let sink = SmtpSink::start(Encryption::Never);
    for to in ["", "marie", "marie@example.net\r\nBcc: x@example.net", "a@b, c@d", "Marie <marie@example.net>"] {
        assert!(!is_address(to), "{to}");
        let outcome = send(&config(&sink, SmtpTls::None), to, &code::draw()).await;
        assert!(matches!(outcome, Err(MailError::NotAnAddress)), "{to}: {outcome:?}");
    }
    assert!(is_address("marie@example.net"));
    assert!(sink.mails().is_empty());
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_the_start() {
    let sink = SmtpSink::start(Encryption::Never);
    let sender = Smtp { from: "nobody".to_owned(), ..config(&sink, SmtpTls::None) };
    assert!(matches!(Mailer::new(&sender), Err(SmtpError::From(_))));
    let absent = Smtp { ca: Some("/nonexistent/ca.crt".into()), ..config(&sink, SmtpTls::StartTls) };
    assert!(matches!(Mailer::new(&absent), Err(SmtpError::ReadCa { .. })));
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("ca.crt");
    std::fs::write(&empty, "no certificate").unwrap();
    let outcome = Mailer::new(&Smtp { ca: Some(empty), ..config(&sink, SmtpTls::StartTls) });
    assert!(matches!(outcome, Err(SmtpError::NoCa { .. })));
}
