//! Sessions, accounts, tokens and the log of what was done with them.

use serde_json::json;

use super::people::{PASSWORD, Pair};
use super::*;
use crate::meta::{Role, UserPatch, UserStatus};

const ME: &str = "/api/v1/auth/me";

#[tokio::test(flavor = "multi_thread")]
async fn a_login_opens_a_session_that_ends_with_the_logout() {
    let app = App::new();
    let alice = app.user("alice", Role::Auditor).await;
    let answer = app.login("Alice", PASSWORD).await;
    let json = answer.json();
    assert_eq!((&json["token_type"], &json["expires_in"]), (&json!("bearer"), &json!(1800)));
    assert_eq!(json["user"], json!({ "id": alice.id, "username": "alice", "role": "auditor" }));
    let pair = Pair::of(&answer);
    let me = app.ask(Method::GET, ME, &pair.access, Value::Null).await.json();
    assert_eq!((&me["username"], &me["email"]), (&json!("alice"), &json!("alice@example.net")));
    assert!(me["last_login_at"].is_string(), "{me}");

    let logout = app.ask(Method::POST, "/api/v1/auth/logout", &pair.access, Value::Null).await;
    assert_eq!(logout.status, StatusCode::NO_CONTENT);
    assert_eq!(app.ask(Method::GET, ME, &pair.access, Value::Null).await.status, StatusCode::UNAUTHORIZED);
    let refresh = app.post_json("/api/v1/auth/refresh", json!({ "refresh_token": pair.refresh }).to_string()).await;
    assert_eq!(refresh.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.actions().await, ["logout", "login", "user_created", "token_created"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oauth2_client_may_send_a_form() {
    let app = App::new();
    app.user("alice", Role::User).await;
    let body = "grant_type=password&username=alice&password=correct+horse+7&scope=";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    Pair::of(&app.send(request(Method::POST, "/api/v1/auth/login", &form, Body::from(body))).await);
    let body = json!({ "username": "alice", "password": PASSWORD, "grant_type": "password" }).to_string();
    assert_eq!(app.post_json("/api/v1/auth/login", body).await.fields(), ["grant_type"]);
    assert_eq!(app.post_json("/api/v1/auth/login", "{\"x\": 1}").await.fields(), ["username", "password", "x"]);
    let large = format!("{{\"username\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(app.post_json("/api/v1/auth/login", large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_login_the_answer_is_the_same() {
    let app = App::new();
    app.user("alice", Role::User).await;
    let gone = app.user("gone", Role::User).await;
    let disabled = UserPatch { status: Some(UserStatus::Disabled), ..UserPatch::default() };
    app.accounts.meta.update_user(gone.id, &disabled, &Actor::default(), crate::clock::now()).await.unwrap();
    for (username, password) in [("alice", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD)] {
        let answer = app.login(username, password).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{username}");
        assert_eq!(answer.json()["detail"], "user name or password is wrong", "{username}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_failures_a_login_has_to_wait_even_with_the_right_password() {
    let app = App::new();
    app.user("alice", Role::User).await;
    for _ in 0..3 {
        assert_eq!(app.login("alice", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let answer = app.login("ALICE", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(app.actions().await.iter().filter(|action| *action == "login_failed").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tries_at_once_do_not_get_around_the_throttle() {
    let app = App::new();
    app.user("alice", Role::User).await;
    let tries = futures_util::future::join_all((0..12).map(|_| app.login("alice", "wrong"))).await;
    let told = tries.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count();
    // Two passwords are verified at once; who waits too long for a turn is told to come again.
    assert!((1..=4).contains(&told), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_refresh_token_ends_the_session() {
    let app = App::new();
    app.user("alice", Role::User).await;
    let first = app.signed_in("alice").await;
    let body = json!({ "refresh_token": first.refresh }).to_string();
    let second = Pair::of(&app.post_json("/api/v1/auth/refresh", body.clone()).await);
    assert_eq!(app.ask(Method::GET, ME, &second.access, Value::Null).await.status, StatusCode::OK);
    assert_eq!(app.post_json("/api/v1/auth/refresh", body).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.ask(Method::GET, ME, &second.access, Value::Null).await.status, StatusCode::UNAUTHORIZED);
    let body = json!({ "refresh_token": second.refresh }).to_string();
    assert_eq!(app.post_json("/api/v1/auth/refresh", body).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.actions().await.first().unwrap(), "refresh_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_other_sessions() {
    let app = App::new();
    app.user("alice", Role::User).await;
    let (here, there) = (app.signed_in("alice").await, app.signed_in("alice").await);
    let change = |old: &str, new: &str| json!({ "old_password": old, "new_password": new });
    for (body, field) in [
        (change("wrong", "another horse 8"), "old_password"),
        (change(PASSWORD, "short"), "new_password"),
        (change(PASSWORD, "alice in wonderland"), "new_password"),
        (change(PASSWORD, PASSWORD), "new_password"),
        (json!({ "old_password": PASSWORD }), "new_password"),
    ] {
        let answer = app.ask(Method::POST, "/api/v1/auth/password", &here.access, body).await;
        assert_eq!(answer.fields(), [field]);
    }
    let body = change(PASSWORD, "another horse 8");
    let answer = app.ask(Method::POST, "/api/v1/auth/password", &here.access, body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(app.ask(Method::GET, ME, &here.access, Value::Null).await.status, StatusCode::OK);
    assert_eq!(app.ask(Method::GET, ME, &there.access, Value::Null).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.login("alice", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    Pair::of(&app.login("alice", "another horse 8").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_and_end_their_own_sessions_only() {
    let app = App::new();
    app.user("alice", Role::User).await;
    app.user("bob", Role::Admin).await;
    let (here, there) = (app.signed_in("alice").await, app.signed_in("alice").await);
    let bob = app.signed_in("bob").await;
    let list = app.ask(Method::GET, "/api/v1/auth/sessions", &here.access, Value::Null).await.json();
    assert_eq!(list["total"], 2);
    let other = list["list"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/api/v1/auth/sessions/{}", other["id"]);
    assert_eq!(app.ask(Method::DELETE, &path, &bob.access, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.ask(Method::DELETE, &path, &here.access, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.ask(Method::GET, ME, &there.access, Value::Null).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.ask(Method::DELETE, &path, &here.access, Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_makes_changes_and_deletes_users() {
    let app = App::new();
    let root = app.user("root", Role::Admin).await;
    let token = app.signed_in("root").await.access;
    let ask = |method: Method, path: String, body: Value| {
        let (app, token) = (&app, &token);
        async move { app.ask(method, &format!("/api/v1/admin/users{path}"), token, body).await }
    };
    let body = json!({ "username": "a b", "password": "short", "role": "king", "email": "x", "colour": "red" });
    let answer = ask(Method::POST, String::new(), body).await;
    assert_eq!(answer.fields(), ["username", "password", "role", "email", "colour"]);

    let body = json!({ "username": "alice", "password": PASSWORD, "role": "user", "email": "Alice@Example.net" });
    let made = ask(Method::POST, String::new(), body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["email"], "alice@example.net");
    assert!(!String::from_utf8_lossy(&made.bytes).contains("argon2"));
    let body = json!({ "username": "ALICE", "password": PASSWORD, "role": "user" });
    let taken = ask(Method::POST, String::new(), body).await;
    assert_eq!((taken.status, &taken.json()["detail"]), (StatusCode::CONFLICT, &json!("this username is taken")));
    let alice = format!("/{}", made.json()["id"]);

    let session = app.signed_in("alice").await;
    let changed = ask(Method::PATCH, alice.clone(), json!({ "role": "auditor", "email": null })).await.json();
    assert_eq!((&changed["role"], &changed["email"]), (&json!("auditor"), &Value::Null));
    assert_eq!(app.ask(Method::GET, ME, &session.access, Value::Null).await.status, StatusCode::UNAUTHORIZED);
    let list = ask(Method::GET, "?q=LIC".to_owned(), Value::Null).await.json();
    assert_eq!((&list["total"], &list["list"][0]["username"]), (&json!(1), &json!("alice")));

    let own = format!("/{}", root.id);
    for body in [json!({ "role": "user" }), json!({ "status": "disabled" })] {
        assert_eq!(ask(Method::PATCH, own.clone(), body).await.status, StatusCode::CONFLICT);
    }
    assert_eq!(ask(Method::DELETE, own, Value::Null).await.status, StatusCode::CONFLICT);
    assert_eq!(ask(Method::DELETE, alice.clone(), Value::Null).await.status, StatusCode::NO_CONTENT);
    for (method, body) in [(Method::GET, Value::Null), (Method::PATCH, json!({})), (Method::DELETE, Value::Null)] {
        assert_eq!(ask(method, alice.clone(), body).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(ask(Method::GET, "/x".to_owned(), Value::Null).await.fields(), ["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_token_is_shown_once_and_refused_when_revoked() {
    let app = App::new();
    let bad = json!({ "name": " x", "scopes": ["root"], "source": "", "rate_limit": 0, "expires_at": "2020-01-01T00:00:00Z" });
    let answer = app.ask(Method::POST, "/api/v1/admin/tokens", TOKEN, bad).await;
    assert_eq!(answer.fields(), ["name", "scopes", "source", "rate_limit", "expires_at"]);
    let none = app.ask(Method::POST, "/api/v1/admin/tokens", TOKEN, json!({ "name": "x", "scopes": [] })).await;
    assert_eq!(none.fields(), ["scopes"]);

    let body =
        json!({ "name": "shipper", "scopes": ["ingest"], "source": "WEB", "expires_at": "2999-01-01T00:00:00+01:00" });
    let made = app.ask(Method::POST, "/api/v1/admin/tokens", TOKEN, body.clone()).await;
    let json = made.json();
    assert_eq!((made.status, &json["expires_at"]), (StatusCode::CREATED, &json!("2998-12-31T23:00:00Z")));
    let secret = json["token"].as_str().unwrap();
    assert!(secret.starts_with(json["prefix"].as_str().unwrap()), "{json}");
    assert_eq!(app.ask(Method::POST, "/api/v1/admin/tokens", TOKEN, body).await.status, StatusCode::CONFLICT);

    let send = || app.ask(Method::POST, "/api/v1/logs", secret, serde_json::from_str(&record("m")).unwrap());
    assert_eq!(send().await.status, StatusCode::CREATED);
    let list = app.get("/api/v1/admin/tokens?size=1&page=1").await;
    assert_eq!((&list.json()["total"], &list.json()["list"][0]["name"]), (&json!(2), &json!("shipper")));
    let log = app.get("/api/v1/operation-logs?action=token_created").await;
    for shown in [&list, &log] {
        assert!(!String::from_utf8_lossy(&shown.bytes).contains(secret));
    }
    let path = format!("/api/v1/admin/tokens/{}", json["id"]);
    assert_eq!(app.ask(Method::DELETE, &path, TOKEN, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(send().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.ask(Method::DELETE, &path, TOKEN, Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operation_log_is_paged_and_filtered() {
    let app = App::new();
    let alice = app.user("alice", Role::User).await;
    for _ in 0..5 {
        app.signed_in("alice").await;
    }
    let get = async |query: &str| app.get(&format!("/api/v1/operation-logs?{query}")).await.json();
    let logins = get(&format!("action=login&user_id={}&size=2", alice.id)).await;
    assert_eq!((&logins["total"], &logins["page"], &logins["size"]), (&json!(5), &json!(1), &json!(2)));
    let entry = &logins["list"][0];
    assert_eq!((&entry["username"], &entry["target"]), (&json!("alice"), &json!(format!("user {}", alice.id))));
    let next = get(&format!("action=login&size=2&cursor={}", logins["next_cursor"].as_str().unwrap())).await;
    assert_eq!((&next["page"], next["list"].as_array().unwrap().len()), (&Value::Null, 2));
    assert!(next["list"][0]["id"].as_i64() < logins["list"][1]["id"].as_i64());
    assert_eq!(get("start_time=2999-01-01T00:00:00Z").await["total"], 0);
    assert_eq!(app.get("/api/v1/operation-logs?action=stole&x=1").await.fields(), ["action", "x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_all_or_none() {
    let app = App::new();
    let put = async |body: Value| app.ask(Method::PUT, "/api/v1/admin/config", TOKEN, body).await;
    let set = |key: &str, value: Value| json!({ "config_key": key, "config_value": value });
    let wrong = put(json!([set("retention_days", json!(30)), set("colour", json!(1))])).await;
    assert_eq!(wrong.fields(), ["colour"]);
    let value = |answer: &Answer| {
        let list = answer.json();
        let found = list.as_array().unwrap().iter().find(|s| s["config_key"] == "retention_days").cloned();
        found.unwrap()["config_value"].clone()
    };
    assert_eq!(value(&app.get("/api/v1/admin/config").await), 184);
    assert_eq!(value(&put(json!([set("retention_days", json!(30))])).await), 30);
    assert_eq!(value(&put(json!([set("retention_days", Value::Null)])).await), 184);
    assert_eq!(app.actions().await.iter().filter(|action| *action == "config_changed").count(), 2);
}
