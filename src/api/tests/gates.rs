//! Who may use what is no plain route: sockets, what is open to all, gRPC; and that no route was forgotten.

use super::roles::{For, ROUTES, SHIPPERS_ROUTES, known, program, status, strangers, with_many_requests};
use super::*;
use crate::meta::Role;

/// Open to all, and without a look at parameters.
const OPEN_ROUTES: [&str; 3] = ["/", "/services/collector/health", "/services/collector/health/1.0"];

/// WebSockets. Who asks without an upgrade gets past the gate, and no further.
const SOCKETS: [&str; 2] = ["/api/v1/ws/status", "/api/v1/ws/jobs/1"];

#[tokio::test(flavor = "multi_thread")]
async fn sockets_admit_auditors_and_what_is_open_admits_all() {
    let app = with_many_requests();
    let known = known(&app).await;
    let strangers = strangers(&app).await;
    for path in SOCKETS {
        for (who, token) in &strangers {
            assert_eq!(status(&app, "GET", path, token).await, StatusCode::UNAUTHORIZED, "{path} {who}");
            let shown = app.send(request(
                Method::GET,
                &format!("{path}?access_token={token}"),
                &[("authorization", "")],
                Body::empty(),
            ));
            assert_eq!(shown.await.status, StatusCode::UNAUTHORIZED, "{path} {who}");
        }
        for (at, (token, admits)) in known.iter().zip(For::Auditor.admits()).enumerate() {
            let status = status(&app, "GET", path, token).await;
            assert_eq!(status == StatusCode::FORBIDDEN, !admits, "{path} caller {at}: {status}");
            assert_ne!(status, StatusCode::UNAUTHORIZED, "{path} caller {at}");
        }
    }
    for path in OPEN_ROUTES {
        for token in strangers.iter().map(|(_, token)| token).chain(&known) {
            assert_eq!(status(&app, "GET", path, token).await, StatusCode::OK, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_admits_who_may_send_and_nobody_else() {
    let app = with_many_requests();
    app.user("user", Role::User).await;
    app.user("admin", Role::Admin).await;
    let person = app.signed_in("user").await.access;
    let good = [person, program(&app, Scope::Ingest).await];
    let readers = [program(&app, Scope::Read).await, program(&app, Scope::Admin).await];
    let told = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/grpc")];
        let message = Body::from(&b"\0\0\0\0\0"[..]);
        let answer =
            app.otlp_grpc.clone().oneshot(request(Method::POST, otlp::EXPORT, &headers, message)).await.unwrap();
        let (parts, body) = answer.into_parts();
        let collected = body.collect().await.unwrap();
        let trailer = collected.trailers().and_then(|trailers| trailers.get("grpc-status"));
        parts.headers.get("grpc-status").or(trailer).unwrap().to_str().unwrap().to_owned()
    };
    for token in &good {
        assert_eq!(told(token).await, "0");
    }
    // 7: PERMISSION_DENIED, 16: UNAUTHENTICATED.
    for token in &readers {
        assert_eq!(told(token).await, "7");
    }
    for (who, token) in strangers(&app).await {
        assert_eq!(told(&token).await, "16", "{who}");
    }
}

/// The methods and paths that the router's page has.
fn routes_of_the_router() -> Vec<(&'static str, &'static str)> {
    let page = include_str!("../router.rs");
    let mut routes = Vec::new();
    for route in page.split(".route(").skip(1) {
        let Some(path) = route.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else { continue };
        let calls = route.split_once('"').unwrap().1.split(".fallback(").next().unwrap();
        let mut methods: Vec<&str> =
            [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("patch(", "PATCH"), ("delete(", "DELETE")]
                .into_iter()
                .filter(|(call, _)| {
                    let before = |at: usize| calls.get(..at).unwrap().chars().next_back();
                    calls.match_indices(call).any(|(at, _)| matches!(before(at), Some(' ' | '.' | '(')))
                })
                .map(|(_, method)| method)
                .collect();
        if calls.contains("thing()") {
            methods.extend(["GET", "PUT", "POST"]);
        }
        if calls.contains("several()") || calls.contains("one()") {
            methods.extend(["PUT", "POST"]);
        }
        assert!(!methods.is_empty(), "{path} has a method that this test does not know");
        routes.extend(methods.into_iter().map(|method| (method, path)));
    }
    routes
}

/// Whether `path` is one that the route `pattern` serves.
fn serves(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        if wanted.starts_with("{*") {
            return parts.next().is_some();
        }
        match parts.next() {
            Some(part) if part == wanted || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

#[test]
fn every_route_of_the_router_is_in_a_table() {
    let routes = routes_of_the_router();
    assert!(routes.len() > 100, "the router's page is not read: {routes:?}");
    let mut known: Vec<(&str, &str)> = ROUTES.iter().map(|(method, path, _)| (*method, *path)).collect();
    known.extend(SHIPPERS_ROUTES);
    known.extend(OPEN_ROUTES.iter().chain(&SOCKETS).map(|path| ("GET", *path)));
    for (method, pattern) in routes {
        let is_known = known.iter().any(|(of, path)| {
            // What Elasticsearch's clients ask for is answered alike by each method.
            serves(pattern, path) && (*of == method || pattern.contains("/_"))
        });
        assert!(is_known, "{method} {pattern} is in no table of who may use it");
    }
}
