//! OTLP over HTTP and gRPC, and Loki's push API: answers and errors in their own words.

use super::*;

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";
const GRPC: &str = "application/grpc";
pub(super) const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// One record with the body "hi"; one that breaks off in its body.
const GOOD: &[u8] = b"\x0a\x0a\x12\x08\x12\x06\x2a\x04\x0a\x02hi";
const BAD: &[u8] = b"\x0a\x06\x12\x04\x12\x02\x2a\x05";

async fn post(app: &App, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    app.send(request(Method::POST, path, &[("content-type", content_type)], body.into())).await
}

fn acked(app: &App) -> bool {
    app.metrics.render().contains("logseal_records_acked_total 1\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn otlp_is_answered_in_the_form_of_the_request() {
    let app = App::new();
    let answer = post(&app, "/v1/logs", PROTOBUF, GOOD).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, Some(PROTOBUF)));
    assert!(answer.bytes.is_empty() && acked(&app));
    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}"#;
    let answer = post(&app, "/v1/logs", "application/json; charset=utf-8", body).await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, serde_json::json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn otlp_counts_what_it_rejects() {
    let app = App::new();
    let answer = post(&app, "/v1/logs", PROTOBUF, [GOOD, BAD].concat()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.bytes.get(2..4), Some(&b"\x08\x01"[..]), "{:?}", answer.bytes);
    assert!(acked(&app));
    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":"x"}},5]}]}]}"#;
    let partial = &post(&app, "/v1/logs", JSON, body).await.json()["partialSuccess"];
    assert_eq!(partial["rejectedLogRecords"], "2");
    assert_eq!(partial["errorMessage"], "2 records were rejected; the first: intValue in body is of another type");
    let body = body.replace(",5]", "]");
    let partial = &post(&app, "/v1/logs", JSON, body).await.json()["partialSuccess"];
    assert_eq!(partial["errorMessage"], "1 record was rejected: intValue in body is of another type");
}

#[tokio::test(flavor = "multi_thread")]
async fn otlp_tells_errors_as_a_status() {
    let app = App::new();
    let answer = post(&app, "/v1/logs", JSON, "[]").await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (StatusCode::BAD_REQUEST, Some(3)));
    let answer = post(&app, "/v1/logs", PROTOBUF, "\u{1}").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::BAD_REQUEST, Some(PROTOBUF)));
    assert_eq!(answer.bytes.get(..2), Some(&b"\x08\x03"[..]));
    assert_eq!(post(&app, "/v1/logs", "text/plain", "x").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let stranger = [("content-type", JSON), ("authorization", "Bearer nobody")];
    let answer = app.send(request(Method::POST, "/v1/logs", &stranger, Body::from("{}"))).await;
    assert_eq!((answer.status, answer.json()["code"].as_u64()), (StatusCode::UNAUTHORIZED, Some(16)));
    let full = App::with(|_| {}, 1);
    let answer = post(&full, "/v1/logs", PROTOBUF, GOOD).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    assert_eq!(answer.bytes.get(..2), Some(&b"\x08\x0e"[..]));
}

fn framed(compressed: u8, message: &[u8]) -> Vec<u8> {
    [&[compressed], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

/// Status code, message of the answer, and all headers and trailers.
async fn call(app: &App, headers: &[(&str, &str)], body: Vec<u8>) -> (String, Vec<u8>, HeaderMap) {
    let request = request(Method::POST, EXPORT, headers, Body::from(body));
    let (parts, body) = app.otlp_grpc.clone().oneshot(request).await.unwrap().into_parts();
    assert_eq!(parts.status, StatusCode::OK);
    let collected = body.collect().await.unwrap();
    let mut headers = parts.headers;
    headers.extend(collected.trailers().cloned().unwrap_or_default());
    assert_eq!(headers["content-type"], GRPC);
    (headers["grpc-status"].to_str().unwrap().to_owned(), collected.to_bytes().to_vec(), headers)
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_is_answered_with_a_message_and_a_status() {
    let app = App::new();
    let grpc = ("content-type", GRPC);
    let (status, message, _) = call(&app, &[grpc], framed(0, GOOD)).await;
    assert_eq!((status.as_str(), message), ("0", framed(0, b"")));
    assert!(acked(&app));
    let (status, message, _) = call(&app, &[grpc], framed(0, BAD)).await;
    assert_eq!((status.as_str(), message.get(7..9)), ("0", Some(&b"\x08\x01"[..])));
    let zstd = zstd::encode_all(GOOD, 1).unwrap();
    let (status, ..) = call(&app, &[grpc, ("grpc-encoding", "zstd")], framed(1, &zstd)).await;
    assert_eq!(status, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_tells_errors_as_a_status() {
    let app = App::with(|api| api.body_bytes_max = 1000, u64::MAX);
    let grpc = ("content-type", GRPC);
    let bomb = zstd::encode_all(&[0; 100_000][..], 1).unwrap();
    for (headers, body, expected) in [
        (vec![grpc], vec![0, 0], "3"),
        (vec![grpc], framed(0, b"\x0a"), "3"),
        (vec![grpc], [framed(0, GOOD), framed(0, GOOD)].concat(), "3"),
        (vec![grpc, ("grpc-encoding", "snappy")], framed(1, GOOD), "12"),
        (vec![grpc, ("grpc-encoding", "zstd")], framed(1, &bomb), "8"),
        (vec![grpc, ("grpc-encoding", "gzip")], framed(1, b"damaged"), "3"),
        (vec![grpc, ("authorization", "Bearer nobody")], framed(0, GOOD), "16"),
    ] {
        let (status, _, headers) = call(&app, &headers, body).await;
        assert_eq!(status, expected, "{headers:?}");
        assert!(headers.contains_key("grpc-message") && !headers.contains_key("grpc-status-details-bin"));
    }
    let full = App::with(|_| {}, 1);
    let (status, _, headers) = call(&full, &[grpc], framed(0, GOOD)).await;
    assert_eq!(status, "14");
    assert!(headers.contains_key("grpc-status-details-bin"), "RetryInfo says when to come again");
}

#[tokio::test(flavor = "multi_thread")]
async fn loki_is_answered_as_loki_does() {
    let app = App::new();
    let path = "/loki/api/v1/push";
    let body = r#"{"streams":[{"stream":{"app":"shop"},"values":[["1795000000000000000","a line"]]}]}"#;
    let answer = post(&app, path, JSON, body).await;
    assert_eq!((answer.status, answer.bytes.len()), (StatusCode::NO_CONTENT, 0));
    assert!(acked(&app));
    // A stream without labels and an entry with the line "hi"; snappy writes so little as a literal.
    let protobuf = b"\x0a\x0a\x0a\x02{}\x12\x04\x12\x02hi";
    let block = snap::raw::Encoder::new().compress_vec(protobuf).unwrap();
    assert_eq!(post(&app, path, PROTOBUF, block.clone()).await.status, StatusCode::NO_CONTENT);
    let headers = [("content-type", PROTOBUF), ("content-encoding", "snappy")];
    let answer = app.send(request(Method::POST, path, &headers, Body::from(block))).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(post(&app, path, PROTOBUF, &protobuf[..]).await.status, StatusCode::NO_CONTENT, "as it is");
    let headers = [("content-type", JSON), ("content-encoding", "snappy")];
    for body in [snap::raw::Encoder::new().compress_vec(body.as_bytes()).unwrap(), body.as_bytes().to_vec()] {
        let answer = app.send(request(Method::POST, path, &headers, Body::from(body))).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "JSON in a block, and said to be in one");
    }
    let partly = body.replace("[{", "[{\"stream\":{},\"values\":5},{");
    assert_eq!(post(&app, path, JSON, partly).await.status, StatusCode::NO_CONTENT, "a stream that is none is kept");
    for (content_type, body) in [(JSON, &b"{}"[..]), (PROTOBUF, b""), (PROTOBUF, b"no snappy"), (JSON, b"")] {
        let answer = post(&app, path, content_type, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    }
    // A block that says it has 4 GiB.
    let answer = post(&app, path, PROTOBUF, &b"\xff\xff\xff\xff\x0f\0"[..]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_lokis_other_paths_finds_them() {
    let app = App::new();
    let answer = post(&app, "/otlp/v1/logs", PROTOBUF, GOOD).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, Some(PROTOBUF)));
    let body = r#"{"streams":[{"labels":"{app=\"shop\"}","entries":[{"ts":"2026-11-20T12:00:00Z","line":"hi"}]}]}"#;
    assert_eq!(post(&app, "/api/prom/push", JSON, body).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.metrics.acked.get(), 2);
    let refused = post(&app, "/api/prom/push", JSON, "{}").await;
    assert_eq!((refused.status, &*refused.bytes), (StatusCode::BAD_REQUEST, &b"streams is missing or no list\n"[..]));
}
