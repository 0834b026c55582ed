//! Every error has the one form.

use super::*;

/// Checks the envelope; its detail.
fn envelope(answer: &Answer, status: u16) -> String {
    let json = answer.json();
    assert_eq!(answer.status.as_u16(), status, "{json}");
    assert_eq!(json["code"], status);
    assert_eq!(Some(json["traceId"].as_str().unwrap()), answer.header("x-trace-id"));
    assert!(uuid::Uuid::try_parse(json["traceId"].as_str().unwrap()).is_ok());
    assert!(!json["message"].as_str().unwrap().is_empty());
    json["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_404_or_405() {
    let app = App::new();
    assert_eq!(envelope(&app.get("/api/v1/nothing").await, 404), "there is no route /api/v1/nothing");
    let answer = app.send(request(Method::DELETE, "/api/v1/logs", &[], Body::empty())).await;
    assert_eq!(envelope(&answer, 405), "DELETE is not served at /api/v1/logs");
    let allowed = answer.header("allow").unwrap();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_checked_before_the_store_is_asked() {
    let app = App::new();
    for (path, field) in [
        ("/api/v1/logs?colour=red", "colour"),
        ("/api/v1/logs?size=1001", "size"),
        ("/api/v1/logs?size=5&size=5", "size"),
        ("/api/v1/logs?page=101&size=1000", "page"),
        ("/api/v1/logs?q=%22open", "q"),
        ("/api/v1/logs?host=%20", "host"),
        ("/api/v1/logs?ip=%20&levels=%20", "levels"),
        ("/api/v1/logs?end_time=%20", "end_time"),
        ("/api/v1/logs?start_time=soon", "start_time"),
        ("/api/v1/logs/abc", "id"),
        ("/api/v1/logs/-1", "id"),
        ("/api/v1/logs/5/context?before=1000", "before"),
        ("/api/v1/logs/export?format=xls", "format"),
        ("/api/v1/logs/export?columns=id,colour", "columns"),
        ("/api/v1/logs/export?columns=id,host,id", "columns"),
        ("/api/v1/logs/facets", "field"),
        ("/api/v1/logs/tail?follow=1", "follow"),
        ("/api/v1/stats/top?field=colour", "field"),
        ("/api/v1/stats/top?field=host&limit=0", "limit"),
        ("/api/v1/stats/logs-by-time?bucket=year", "bucket"),
        ("/api/v1/stats/logs-by-time?bucket=minute&start_time=2020-01-01&end_time=2021-01-01", "bucket"),
        ("/api/v1/health?deep", "deep"),
        ("/api/v1/metrics?x=1", "x"),
    ] {
        let answer = app.get(path).await;
        envelope(&answer, 422);
        let fields: Vec<_> = answer.json()["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert!(fields.contains(&field.into()), "{path}: {fields:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_503_with_retry_after() {
    let app = App::new();
    for path in [
        "/api/v1/logs",
        "/api/v1/logs/7",
        "/api/v1/logs/7/context",
        "/api/v1/logs/export",
        "/api/v1/logs/facets?field=attributes.status",
        "/api/v1/stats/logs-by-time",
        "/api/v1/stats/logs-by-level",
        "/api/v1/stats/top?field=ip",
        "/api/v1/stats/patterns",
    ] {
        let answer = app.get(path).await;
        envelope(&answer, 503);
        assert_eq!(answer.header("retry-after"), Some("1"), "{path}");
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("127.0.0.1:1"), "the cause is for the log only");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_trace_id_is_kept() {
    let app = App::new();
    let headers = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let answer = app.send(request(Method::GET, "/api/v1/nothing", &headers, Body::empty())).await;
    assert_eq!(answer.header("x-trace-id"), Some("4bf92f35-77b3-4da6-a3ce-929d0e0e4736"));
    envelope(&answer, 404);
    let fine = app.send(request(Method::GET, "/", &headers, Body::empty())).await;
    assert_eq!(fine.header("x-trace-id"), Some("4bf92f35-77b3-4da6-a3ce-929d0e0e4736"));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_answer_without_a_store() {
    let app = App::new();
    assert_eq!(app.get("/health?live").await.status, 200);
    assert_eq!(app.get("/api/v1/health?ready").await.status, 200);
    let health = app.get("/api/v1/health").await;
    assert_eq!((health.status.as_u16(), &health.json()["status"]), (200, &"degraded".into()));
    assert_eq!(health.json()["dependencies"]["store"]["state"], "down");
    assert_eq!(health.json()["dependencies"]["database"]["state"], "up");
    let metrics = app.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let text = String::from_utf8(metrics.bytes.to_vec()).unwrap();
    assert!(text.contains(r#"logseal_http_requests_total{route="/api/v1/health",status="200"} 2"#), "{text}");
    assert!(text.ends_with("# EOF\n"));

    app.stop.cancel();
    for path in ["/health", "/health?ready"] {
        envelope(&app.get(path).await, 503);
    }
    assert_eq!(app.get("/health?live").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_500_and_tells_the_client_nothing() {
    use axum::routing::get;
    async fn panics() -> StatusCode {
        panic!("secret")
    }
    let app = App::new();
    let answer = app.around("/panics", get(panics), |_| {}).get("/panics").await;
    envelope(&answer, 500);
    assert_eq!(answer.json()["message"], "internal error");
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_can_neither_write_nor_read() {
    let app = App::new();
    for header in [("origin", "https://evil.example"), ("host", "evil.example:8080")] {
        let send =
            request(Method::POST, "/api/v1/logs/bulk", &[header, ("content-type", "text/plain")], Body::from("line"));
        let answer = app.send(send).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{header:?}");
        assert_eq!(answer.json()["message"], "foreign request");
        let read = app.send(request(Method::GET, "/metrics", &[header], Body::empty())).await;
        assert_eq!(read.status, StatusCode::FORBIDDEN, "{header:?}");
    }
    let own = request(
        Method::GET,
        "/metrics",
        &[("host", "localhost:8080"), ("origin", "http://127.0.0.1:8080")],
        Body::empty(),
    );
    assert_eq!(app.send(own).await.status, StatusCode::OK);
}
