//! Streams whose readers may not read any more.

use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use super::*;
use crate::meta::Role;

const STREAMS: [&str; 2] = ["/api/v1/logs/tail", "/api/v1/alerts/stream"];

async fn open(app: &App, path: &str, token: &str) -> Body {
    let bearer = format!("Bearer {token}");
    let response = app.answer(request(Method::GET, path, &[("authorization", &bearer)], Body::empty())).await;
    assert_eq!(response.status(), 200, "{path}");
    response.into_body()
}

/// A token that may read, with its id.
async fn token(app: &App, admin: &str) -> (i64, String) {
    let new = json!({ "name": "watcher", "scopes": ["read", "ingest"] });
    let made = app.ask(Method::POST, "/api/v1/admin/tokens", admin, new).await.json();
    (made["id"].as_i64().unwrap(), made["token"].as_str().unwrap().to_owned())
}

/// Who watches, and how it comes that they may not: a method, a path and a body that an admin sends.
async fn watchers(app: &App, admin: &str) -> Vec<(&'static str, String, (Method, String, Value))> {
    let mut watchers = Vec::new();
    for (name, change) in [
        ("disabled", json!({ "status": "disabled" })),
        ("demoted", json!({ "role": "user" })),
        ("renewed", json!({ "password": "another horse 8" })),
    ] {
        let user = app.user(name, Role::Auditor).await;
        let access = app.signed_in(name).await.access;
        watchers.push((name, access, (Method::PATCH, format!("/api/v1/admin/users/{}", user.id), change)));
    }
    let (id, secret) = token(app, admin).await;
    watchers.push(("revoked", secret, (Method::DELETE, format!("/api/v1/admin/tokens/{id}"), Value::Null)));
    watchers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_reader_may_not_read_any_more() {
    let app = App::new();
    app.user("root", Role::Admin).await;
    let admin = app.signed_in("root").await.access;
    let mut others = Vec::new();
    let mut ended = Vec::new();
    for path in STREAMS {
        others.push(open(&app, path, &admin).await);
    }
    for (name, token, (method, path, body)) in watchers(&app, &admin).await {
        for stream in STREAMS {
            ended.push((name, stream, open(&app, stream, &token).await));
        }
        let status = app.ask(method, &path, &admin, body).await.status;
        assert!(status.is_success(), "{name}: {status}");
    }
    let out = app.user("out", Role::Auditor).await;
    let session = app.signed_in(&out.username).await.access;
    for stream in STREAMS {
        ended.push(("logged out", stream, open(&app, stream, &session).await));
    }
    app.ask(Method::POST, "/api/v1/auth/logout", &session, Value::Null).await;
    for (name, stream, body) in ended {
        let rest = tokio::time::timeout(DEADLINE, body.collect()).await;
        assert!(rest.is_ok(), "{stream} goes on for who is {name}");
    }
    assert_eq!(app.metrics.tails.get(), STREAMS.len() as i64, "those of others go on");
    app.post_json("/api/v1/logs", record("still here")).await;
    let mut seen = String::new();
    while !seen.contains("still here") {
        let frame = tokio::time::timeout(DEADLINE, others[0].frame()).await.unwrap().unwrap().unwrap();
        seen.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_outlives_a_database_that_cannot_be_asked() {
    let app = App::new();
    let mut tail = open(&app, "/api/v1/logs/tail", TOKEN).await;
    tail.frame().await.unwrap().unwrap();
    app.accounts.meta.close().await;
    // Several looks, behind what was believed before.
    let more = tokio::time::timeout(Duration::from_millis(2500), tail.frame()).await;
    assert!(more.is_err(), "it ended or said something: {more:?}");
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// Does what blocks where it may, within the deadline.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::time::timeout(DEADLINE, tokio::task::spawn_blocking(work)).await.unwrap().unwrap()
}

async fn socket(address: SocketAddr, token: &str) -> Socket {
    let url = format!("ws://{address}/api/v1/ws/status?access_token={token}");
    blocking(move || tungstenite::connect(url).unwrap().0).await
}

/// Reads to the end: how many texts there were, and how it was closed.
async fn end_of(mut socket: Socket) -> (usize, u16, String) {
    blocking(move || {
        let mut texts = 0;
        loop {
            match socket.read().unwrap() {
                Message::Text(_) => texts += 1,
                Message::Close(frame) => {
                    let frame = frame.unwrap();
                    return (texts, frame.code.into(), frame.reason.to_string());
                }
                _ => {}
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_socket_is_closed_when_its_reader_may_not_read_any_more_and_when_the_daemon_stops() {
    let app = App::new();
    app.user("root", Role::Admin).await;
    let admin = app.signed_in("root").await.access;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = app.router.clone();
    let server = TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    let (id, secret) = token(&app, &admin).await;
    let (revoked, mut other) = (socket(address, &secret).await, socket(address, &admin).await);
    let first = blocking(move || (other.read().unwrap(), other)).await;
    assert!(matches!(first.0, Message::Text(_)), "{:?}", first.0);
    app.ask(Method::DELETE, &format!("/api/v1/admin/tokens/{id}"), &admin, Value::Null).await;
    let (_, code, reason) = end_of(revoked).await;
    assert_eq!((code, reason.as_str()), (1008, "who watches may not do so any more"));
    app.stop.cancel();
    let (_, code, reason) = end_of(first.1).await;
    assert_eq!((code, reason.as_str()), (1001, "the daemon stops"));
    server.abort();
}
