//! What every route has around it: bounds, headers, and pages of other sites.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::ConnectInfo;
use axum::routing::get;
use futures_util::FutureExt as _;

use super::*;
use crate::api::peer::Peer;

/// Never answers.
async fn stuck() {
    std::future::pending().await
}

fn is_envelope(answer: &Answer, status: u16) -> bool {
    let json = answer.json();
    answer.status.as_u16() == status
        && json["code"] == status
        && json["traceId"].as_str() == answer.header("x-trace-id")
        && answer.header("content-type") == Some("application/json")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_made_in_time_is_503_and_a_body_has_its_own_time_before() {
    let limits = |api: &mut config::api::Api| (api.request_seconds_max, api.body_seconds_max) = (0, 1);
    let app = App::new().around("/stuck", get(stuck).post(stuck), limits);
    let answer = app.get("/stuck").await;
    assert!(is_envelope(&answer, 503) && answer.header("retry-after") == Some("1"), "{:?}", answer.bytes);
    assert_eq!(answer.json()["detail"], "the request took longer than 0 seconds");
    let started = Instant::now();
    let answer = app.send(request(Method::POST, "/stuck", &[], Body::empty())).await;
    assert!(is_envelope(&answer, 503), "{:?}", answer.bytes);
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert!(answer.json()["detail"].as_str().unwrap().contains("may be done all the same"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_the_limit_are_503_and_a_place_is_free_again_behind_the_answer() {
    let app = App::new().around("/stuck", get(stuck), |api| api.requests_max = 1);
    let ask = || Box::pin(app.get("/stuck"));
    let mut first = ask();
    assert!(first.as_mut().now_or_never().is_none());
    let refused = ask().await;
    assert!(is_envelope(&refused, 503) && refused.header("retry-after") == Some("1"), "{:?}", refused.bytes);
    assert!(refused.json()["detail"].as_str().unwrap().contains("too many requests"));
    drop(first);
    assert!(ask().as_mut().now_or_never().is_none(), "it is worked on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_answer_takes_no_place() {
    async fn open() -> Body {
        Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>())
    }
    let app = App::new().around("/open", get(open), |api| api.requests_max = 1);
    let _open = app.answer(request(Method::GET, "/open", &[], Body::empty())).await;
    assert_eq!(app.answer(request(Method::GET, "/open", &[], Body::empty())).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_when_all_places_are_taken() {
    let app = App::with(|api| api.requests_max = 0, u64::MAX);
    assert_eq!(app.get("/health?live").await.status, 200);
    assert_eq!(app.get("/metrics").await.status, 200);
    assert_eq!(app.get("/api/v1/stats/patterns").await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_are_told_so() {
    let app = App::new();
    let long = app.get(&format!("/api/v1/logs?q={}", "x".repeat(33 << 10))).await;
    assert!(is_envelope(&long, 414), "{:?}", long.bytes);
    let large = "x".repeat(33 << 10);
    let large = app.send(request(Method::GET, "/", &[("x-large", &large)], Body::empty())).await;
    assert!(is_envelope(&large, 431), "{:?}", large.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_browsers_to_do_nothing_with_it() {
    async fn page() -> ([(&'static str, &'static str); 2], &'static str) {
        ([("content-security-policy", "default-src 'self'"), ("cache-control", "max-age=60")], "page")
    }
    let app = App::new();
    for (path, cache) in [("/", None), ("/api/v1/nothing", Some("no-store")), ("/api/v1/logs", Some("no-store"))] {
        let answer = app.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert_eq!(answer.header("cache-control"), cache, "{path}");
        assert_eq!(answer.header("strict-transport-security"), None, "{path}");
    }
    let tls = config::api::Tls { certificate: "a".into(), key: "b".into(), client_ca: None };
    let app = app.around("/api/page", get(page), |api| api.tls = Some(tls));
    let answer = app.get("/api/page").await;
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'self'"));
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_configured_origins_may_ask_and_read_also_what_went_wrong() {
    let origin = "https://console.example.net";
    let app = App::with(|api| api.cors_origins = vec![origin.to_owned()], u64::MAX);
    for path in ["/api/v1/logs", "/api/v1/logs/export", "/api/v1/nothing", "/health"] {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let preflight = app.send(request(Method::OPTIONS, path, &headers, Body::empty())).await;
        assert_eq!((preflight.status.as_u16(), preflight.header("access-control-allow-origin")), (200, Some(origin)));
        assert!(preflight.header("access-control-allow-methods").unwrap().contains("DELETE"), "{path}");
        assert!(preflight.header("access-control-allow-headers").unwrap().contains("authorization"), "{path}");
        assert!(preflight.header("x-trace-id").is_some(), "{path}");
    }
    let post = request(
        Method::POST,
        "/api/v1/logs",
        &[("origin", origin), ("content-type", "application/json")],
        Body::from(record("m")),
    );
    let stored = app.send(post).await;
    assert_eq!((stored.status.as_u16(), stored.header("access-control-allow-origin")), (201, Some(origin)));
    assert!(stored.header("access-control-expose-headers").unwrap().contains("x-trace-id"));
    assert_eq!(stored.header("access-control-allow-credentials"), None);
    let wrong = app.send(request(Method::GET, "/api/v1/nothing", &[("origin", origin)], Body::empty())).await;
    assert!(is_envelope(&wrong, 404));
    assert_eq!(wrong.header("access-control-allow-origin"), Some(origin));

    let evil = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    let preflight = app.send(request(Method::OPTIONS, "/api/v1/logs", &evil, Body::empty())).await;
    assert_eq!(preflight.header("access-control-allow-origin"), None);
    let refused = app.send(request(Method::GET, "/metrics", &evil, Body::empty())).await;
    assert!(is_envelope(&refused, 403));
    assert_eq!(refused.header("access-control-allow-origin"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_configured_origins_nothing_is_said_of_them() {
    let app = App::new();
    let own = [("origin", "http://localhost:8080"), ("access-control-request-method", "POST")];
    let answer = app.send(request(Method::OPTIONS, "/api/v1/logs", &own, Body::empty())).await;
    assert!(is_envelope(&answer, 405));
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_knows_who_asks() {
    async fn who(axum::Extension(Peer(address)): axum::Extension<Peer>) -> String {
        address.to_string()
    }
    let trusted = config::Networks::try_from(vec!["10.0.0.0/8".to_owned()]).unwrap();
    let app = App::new().around("/who", get(who), |api| api.trusted_proxies = trusted);
    let ask = async |connection: [u8; 4]| {
        let mut request = request(Method::GET, "/who", &[("x-forwarded-for", "198.51.100.1")], Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((connection, 4711))));
        app.send(request).await.bytes
    };
    assert_eq!(ask([10, 0, 0, 1]).await, "198.51.100.1");
    assert_eq!(ask([192, 0, 2, 1]).await, "192.0.2.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_over_its_rate_is_told_when_to_come_again_and_then_passes() {
    let app = App::new();
    let secret = crate::auth::secret::Secret::api_token();
    let slow = NewToken {
        name: "slow",
        secret_hash: secret.hash(),
        prefix: "ls_",
        scopes: [Scope::Read].into_iter().collect(),
        source: None,
        rate_limit: Some(2),
        expires_at: None,
    };
    app.accounts.meta.create_token(&slow, &Actor::default(), crate::clock::now()).await.unwrap();
    let ask = async || app.ask(Method::GET, "/api/v1/metrics", secret.expose(), Value::Null).await;
    let number = |answer: &Answer, name: &str| answer.header(name).unwrap().parse::<u32>().unwrap();

    let started = Instant::now();
    let mut allowed = 0;
    let refused = loop {
        let answer = ask().await;
        assert_eq!(number(&answer, "ratelimit-limit"), 2);
        if answer.status != StatusCode::OK {
            break answer;
        }
        allowed += 1;
        assert!(number(&answer, "ratelimit-remaining") < 2);
        assert!(number(&answer, "ratelimit-reset") <= 1);
        assert!(started.elapsed() < DEADLINE, "{allowed} requests were allowed");
    };
    assert!(allowed >= 2, "a second's worth may come at once");
    assert!(is_envelope(&refused, 429), "{:?}", refused.bytes);
    assert_eq!(refused.json()["detail"], "more than 2 requests a second");
    assert_eq!(number(&refused, "ratelimit-remaining"), 0);
    assert_eq!(refused.header("retry-after"), refused.header("ratelimit-reset"));
    assert!((1..=60).contains(&number(&refused, "retry-after")));

    let started = Instant::now();
    while ask().await.status != StatusCode::OK {
        assert!(started.elapsed() < DEADLINE, "it never passes again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(app.get("/api/v1/metrics").await.header("ratelimit-limit"), None, "a token without a limit");
}
