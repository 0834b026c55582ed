//! Codes, and what they are good for.

use serde_json::json;

use super::people::{PASSWORD, Pair};
use super::*;
use crate::auth::code::{self, Purpose};
use crate::auth::mail::Mailer;
use crate::config::auth::Registration;
use crate::meta::{CodePurpose, Role};

/// Open to all, with a mail server that does not answer.
fn open() -> App {
    App::with_accounts(|accounts| {
        let config = config::auth::Auth { registration: Registration::Open, ..(*accounts.config).clone() };
        let smtp: config::smtp::Smtp =
            toml::from_str("host = \"127.0.0.1\"\nport = 1\ntls = \"none\"\nfrom = \"logs@example.net\"").unwrap();
        accounts.config = Arc::new(config);
        accounts.mailer = Some(Arc::new(Mailer::new(&smtp).unwrap()));
    })
}

/// As if `code` had been mailed.
async fn mailed(app: &App, email: &str, purpose: Purpose, code: &str) {
    let hash = code::hash(&app.accounts.secret, purpose, email, code);
    let stored_as = match purpose {
        Purpose::Register => CodePurpose::Register,
        Purpose::PasswordReset => CodePurpose::PasswordReset,
    };
    let now = crate::clock::now();
    let expires_at = now + chrono::TimeDelta::minutes(10);
    app.accounts.meta.store_code(email, stored_as, &hash, expires_at, &Actor::default(), now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_closed_says_so() {
    let app = App::new();
    let register = app.post_json("/api/v1/user/register", "{}").await;
    assert_eq!((register.status, &register.json()["message"]), (StatusCode::FORBIDDEN, &json!("Registration closed")));
    for path in ["/api/v1/auth/verification-codes", "/api/v1/auth/password-reset"] {
        let answer = app.post_json(path, "{}").await;
        assert_eq!((answer.status, &answer.json()["message"]), (StatusCode::FORBIDDEN, &json!("No mail")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_code_tells_nothing_of_the_address() {
    let app = open();
    app.user("alice", Role::User).await;
    for purpose in ["password_reset", "register"] {
        for email in [format!("alice@{purpose}.example"), "alice@example.net".to_owned()] {
            let body = json!({ "email": email, "purpose": purpose }).to_string();
            let answer = app.post_json("/api/v1/auth/verification-codes", body.clone()).await;
            if purpose == "register" && email == "alice@example.net" {
                // Less than a minute after the other.
                assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
                continue;
            }
            assert_eq!((answer.status, answer.bytes.len()), (StatusCode::ACCEPTED, 0), "{email}");
            let again = app.post_json("/api/v1/auth/verification-codes", body).await;
            assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS, "{email}");
            let seconds: u32 = again.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds), "{seconds}");
        }
    }
    let wrong = app.post_json("/api/v1/auth/verification-codes", r#"{"email": "x", "purpose": "fun"}"#).await;
    assert_eq!(wrong.fields(), ["email", "purpose"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_takes_a_code() {
    let app = open();
    let body = |code: &str| {
        json!({ "username": "alice", "password": PASSWORD, "email": "Alice@example.net", "code": code }).to_string()
    };
    assert_eq!(app.post_json("/api/v1/user/register", body("123456")).await.fields(), ["code"]);
    mailed(&app, "alice@example.net", Purpose::Register, "123456").await;
    assert_eq!(app.post_json("/api/v1/user/register", body("654321")).await.fields(), ["code"]);
    let made = app.post_json("/api/v1/user/register", body("123456")).await;
    assert_eq!((made.status, &made.json()["role"]), (StatusCode::CREATED, &json!("user")));
    Pair::of(&app.login("alice", PASSWORD).await);
    assert_eq!(app.post_json("/api/v1/user/register", body("123456")).await.fields(), ["code"], "it is spent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_resets_a_password_and_ends_all_sessions() {
    let app = open();
    app.user("alice", Role::User).await;
    let session = app.signed_in("alice").await;
    for _ in 0..3 {
        app.login("alice", "wrong").await;
    }
    let body =
        |email: &str, password: &str| json!({ "email": email, "code": "123456", "new_password": password }).to_string();
    mailed(&app, "nobody@example.net", Purpose::PasswordReset, "123456").await;
    mailed(&app, "alice@example.net", Purpose::PasswordReset, "123456").await;
    let path = "/api/v1/auth/password-reset";
    let guessed = app.post_json(path, body("nobody@example.net", "another horse 8")).await;
    assert_eq!(guessed.fields(), ["code"]);
    assert_eq!(app.post_json(path, body("alice@example.net", "short")).await.fields(), ["new_password"]);
    let answer = app.post_json(path, body("alice@example.net", "another horse 8")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let me = app.ask(Method::GET, "/api/v1/auth/me", &session.access, Value::Null).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    Pair::of(&app.login("alice", "another horse 8").await);
}
