//! Codes by mail, from the request to the login, with a mail server on loopback.

use serde_json::{Value, json};

use crate::app::{App, SYSLOG, client};
use crate::people::{ADMIN_PASSWORD, ask, sign_in};
use crate::smtp_sink::{Encryption, SmtpSink};

const OLD: &str = "a long sentence";
const NEW: &str = "another long sentence";

/// Registration is open, and mails go to `sink`.
fn start(sink: &SmtpSink) -> App {
    let port = sink.address.port();
    let tables = format!(
        "{SYSLOG}[auth]\nadmin_password = \"{ADMIN_PASSWORD}\"\nregistration = \"open\"\n\
         [smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"Logs <logs@example.net>\"\n"
    );
    App::start_with("", &tables)
}

fn ask_for_code(app: &App, email: &str, purpose: &str) {
    let body = json!({ "email": email, "purpose": purpose });
    assert_eq!(ask(app, &client(""), "POST", "/auth/verification-codes", &body).0, 202);
}

#[test]
fn a_mailed_code_registers_an_account() {
    let sink = SmtpSink::start(Encryption::Never);
    let app = start(&sink);
    ask_for_code(&app, "Marie@example.net", "register");
    let mail = sink.wait_for(1);
    assert_eq!(mail.to, ["marie@example.net"]);
    let body = |code: &str| json!({ "username": "marie", "password": OLD, "email": "marie@example.net", "code": code });
    let wrong = if mail.code() == "000000" { "000001" } else { "000000" };
    assert_eq!(ask(&app, &client(""), "POST", "/user/register", &body(wrong)).0, 422);
    let (status, made) = ask(&app, &client(""), "POST", "/user/register", &body(&mail.code()));
    assert_eq!((status, &made["role"]), (201, &json!("user")), "{made}");
    let marie = sign_in(&app, "marie", OLD);
    assert_eq!(ask(&app, &marie, "GET", "/auth/me", &Value::Null).1["email"], "marie@example.net");
}

#[test]
fn a_mailed_code_sets_a_new_password_and_ends_the_sessions() {
    let sink = SmtpSink::start(Encryption::Never);
    let app = start(&sink);
    let admin = sign_in(&app, "admin", ADMIN_PASSWORD);
    let jan = json!({ "username": "jan", "password": OLD, "role": "auditor", "email": "jan@example.net" });
    assert_eq!(ask(&app, &admin, "POST", "/admin/users", &jan).0, 201);
    let session = sign_in(&app, "jan", OLD);

    // Nobody has the first address: it is answered alike, and nothing is mailed there.
    ask_for_code(&app, "nobody@example.net", "password_reset");
    ask_for_code(&app, "jan@example.net", "password_reset");
    let mail = sink.wait_for(1);
    assert_eq!(mail.to, ["jan@example.net"]);
    let body = json!({ "email": "jan@example.net", "code": mail.code(), "new_password": NEW });
    assert_eq!(ask(&app, &client(""), "POST", "/auth/password-reset", &body).0, 204);
    assert_eq!(ask(&app, &session, "GET", "/auth/me", &Value::Null).0, 401);
    let login = |password: &str| json!({ "username": "jan", "password": password });
    assert_eq!(ask(&app, &client(""), "POST", "/auth/login", &login(OLD)).0, 401);
    sign_in(&app, "jan", NEW);
    assert_eq!(ask(&app, &client(""), "POST", "/auth/password-reset", &body).0, 422, "the code is spent");
    assert_eq!(sink.mails().len(), 1);
}
