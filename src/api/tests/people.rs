//! People who sign in, and what they send.

use serde_json::json;

use super::*;
use crate::meta::{NewUser, Role, User};

pub(super) const PASSWORD: &str = "correct horse 7";

/// The tokens of a session.
pub(super) struct Pair {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Pair {
    pub(super) fn of(answer: &Answer) -> Self {
        let json = answer.json();
        assert_eq!(answer.status, StatusCode::OK, "{json}");
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

impl App {
    /// A user whose password is [`PASSWORD`].
    pub(super) async fn user(&self, username: &str, role: Role) -> User {
        let password_hash = crate::auth::password::hash_now(PASSWORD).unwrap();
        let email = format!("{username}@example.net");
        let new = NewUser { username, email: Some(&email), password_hash: &password_hash, role };
        self.accounts.meta.create_user(&new, &Actor::default(), crate::clock::now()).await.unwrap()
    }

    pub(super) async fn login(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password }).to_string();
        self.post_json("/api/v1/auth/login", body).await
    }

    pub(super) async fn signed_in(&self, username: &str) -> Pair {
        Pair::of(&self.login(username, PASSWORD).await)
    }

    /// What `token` is answered; null sends no body.
    pub(super) async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request(method, path, &headers, body)).await
    }

    /// The actions of the operation log, newest first.
    pub(super) async fn actions(&self) -> Vec<String> {
        let log = self.get("/api/v1/operation-logs?size=1000").await.json();
        log["list"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
    }
}

impl Answer {
    /// The fields that are wrong.
    pub(super) fn fields(&self) -> Vec<String> {
        let json = self.json();
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY, "{json}");
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }
}
