//! The protocols of shippers: their credentials, and errors in their own words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::people::PASSWORD;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_taken_in_every_scheme_that_shippers_have() {
    let app = App::new();
    let basic = format!("Basic {}", STANDARD.encode(format!("anyone:{TOKEN}")));
    let api_key = format!("ApiKey {}", STANDARD.encode(format!("id:{TOKEN}")));
    for authorization in [format!("Bearer {TOKEN}"), basic.clone(), api_key.clone(), format!("Splunk {TOKEN}")] {
        let headers = [("authorization", authorization.as_str())];
        for path in ["/gelf", "/api/v1/logs/bulk"] {
            let body = Body::from(r#"{"host":"h","short_message":"m"}"#);
            let answer = app.send(request(Method::POST, path, &headers, body)).await;
            assert!(answer.status.is_success(), "{authorization} {path}: {}", answer.status);
        }
        let answer = app.send(request(Method::GET, "/metrics", &headers, Body::empty())).await;
        let is_bearer = authorization.starts_with("Bearer");
        assert_eq!(answer.status == StatusCode::OK, is_bearer, "only what sends records takes other schemes");
    }
    app.user("alice", crate::meta::Role::Admin).await;
    let account = format!("Basic {}", STANDARD.encode(format!("alice:{PASSWORD}")));
    let answer = app.send(request(Method::POST, "/gelf", &[("authorization", &account)], Body::from("{}"))).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "an account's password is no token");
}

#[tokio::test(flavor = "multi_thread")]
async fn gelf_is_answered_as_graylog_does() {
    let app = App::new();
    let post = |body: &'static [u8], headers: &[(&str, &str)]| {
        app.send(request(Method::POST, "/gelf", headers, Body::from(body)))
    };
    let answer = post(br#"{"host":"h","short_message":"m"}"#, &[]).await;
    assert_eq!((answer.status, answer.bytes.len()), (StatusCode::ACCEPTED, 0));
    assert_eq!(post(b"no JSON at all", &[]).await.status, StatusCode::ACCEPTED);
    assert_eq!(post(b"", &[]).await.status, StatusCode::ACCEPTED);
    assert_eq!(post(br#"[{"short_message":"a"},{"message":"b"}]"#, &[]).await.status, StatusCode::ACCEPTED);
    let text = app.metrics.render();
    assert!(text.contains("logseal_records_acked_total 4"), "{text}");

    let refused = post(b"{}", &[("authorization", "Bearer nobody")]).await;
    assert_eq!((refused.status, refused.header("content-type")), (StatusCode::UNAUTHORIZED, Some("application/json")));
    assert_eq!(refused.json()["type"], "ApiError");
    let damaged = post(b"\x1f\x8bdamaged", &[]).await;
    assert_eq!(damaged.status, StatusCode::BAD_REQUEST);
    assert!(damaged.json()["message"].as_str().unwrap().contains("damaged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_at_the_root_are_answered_as_logstash_does() {
    let app = App::new();
    let post =
        |body: &'static str, headers: &[(&str, &str)]| app.send(request(Method::POST, "/", headers, Body::from(body)));
    for (body, kind) in [
        (r#"{"message":"m"}"#, "application/json"),
        (r#"[{"message":"m"},{"message":"n"}]"#, "application/json"),
        ("{\"message\":\"m\"}\n{\"message\":\"n\"}\n", "application/x-ndjson"),
        ("text", "text/plain"),
    ] {
        let answer = post(body, &[("content-type", kind)]).await;
        assert_eq!((answer.status, &*answer.bytes), (StatusCode::OK, &b"ok"[..]), "{body}");
    }
    let text = app.metrics.render();
    assert!(text.contains("logseal_records_acked_total 6"), "{text}");
    assert_eq!(post("{}", &[("authorization", "Bearer nobody")]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(post("{}", &[("content-type", "image/png")]).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn datadogs_agents_are_answered_as_datadog_does() {
    let app = App::new();
    let post = |path: &'static str, key: &'static str, body: &'static str| {
        let request = Request::builder().method(Method::POST).uri(path).header("dd-api-key", key);
        app.send(request.body(Body::from(body)).unwrap())
    };
    for (path, body) in [
        ("/api/v2/logs", r#"[{"message":"a","service":"cart","status":"warn"},{"message":"b"}]"#),
        ("/v1/input?ddsource=go&other=1", "a line"),
        ("/api/v2/logs", "{}"),
        ("/api/v2/logs", ""),
    ] {
        let answer = post(path, TOKEN, body).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::ACCEPTED, serde_json::json!({})), "{path} {body}");
    }
    assert!(app.metrics.render().contains("logseal_records_acked_total 3"));
    let refused = post("/api/v2/logs", "nobody", "{}").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["errors"][0]["status"], "401");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_now_is_503_with_retry_after() {
    let app = App::with(|_| {}, 1);
    let body = Body::from(r#"{"short_message":"m"}"#);
    let answer = app.send(request(Method::POST, "/gelf", &[], body)).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_taken_as_it_comes() {
    let app = App::new();
    let upload = |body: &'static [u8]| {
        let headers = [("content-type", "application/vnd.fdo.journal")];
        app.send(request(Method::POST, "/upload", &headers, Body::from(body)))
    };
    let fine = upload(b"MESSAGE=a\n\n\nMESSAGE\n\x01\0\0\0\0\0\0\0b\n\n__CURSOR=x\n\n").await;
    assert_eq!((fine.status, &*fine.bytes), (StatusCode::ACCEPTED, &b"OK.\n"[..]));
    assert_eq!(upload(b"").await.status, StatusCode::ACCEPTED);

    let damaged = upload(b"MESSAGE=c\n\nMESSAGE\n\x01\0\0\0\0\0\0\0xyz\n\nMESSAGE=d\n").await;
    assert_eq!((damaged.status, &*damaged.bytes), (StatusCode::ACCEPTED, &b"OK.\n"[..]));
    let text = app.metrics.render();
    assert!(text.contains("logseal_records_acked_total 5"), "{text}");
    let mut unparsed = text.lines().filter(|line| line.starts_with("logseal_records_unparsed_total{"));
    assert!(unparsed.any(|line| line.contains("token:test") && line.ends_with(" 1")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_too_many_tiny_records_is_413_and_nothing_of_it_is_stored() {
    let app = App::new();
    for (path, tiny, count) in [("/gelf", "y\n", 500_001), ("/_bulk", "{\"delete\":{}}\n", 200_001)] {
        let answer = app.send(request(Method::POST, path, &[], Body::from(tiny.repeat(count)))).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    assert_eq!(app.metrics.acked.get(), 0);
}
