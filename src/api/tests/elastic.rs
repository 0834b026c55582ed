//! Elasticsearch's bulk API and the probes of its clients.

use serde_json::json;

use super::*;

async fn bulk(app: &App, path: &str, body: &str) -> Answer {
    app.send(request(Method::POST, path, &[("content-type", "application/x-ndjson")], Body::from(body.to_owned())))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_is_answered_in_its_place() {
    let app = App::new();
    let body = concat!(
        "{\"create\":{\"_index\":\"web\",\"_id\":\"x1\"}}\n{\"message\":\"a\"}\n",
        "{\"index\":{}}\nno JSON\n",
        "{\"delete\":{\"_id\":\"gone\"}}\n",
        "{\"update\":{\"_id\":\"gone\"}}\n{\"doc\":{\"a\":1}}\n",
        "{\"what\":{}}\n{\"message\":\"b\"}\n",
        "\n{\"index\":{}}\n{\"message\":\"c\"}",
    );
    let answer = bulk(&app, "/logs%20app/_bulk?refresh=true&pipeline=x", body).await;
    assert_eq!((answer.status, answer.header("x-elastic-product")), (StatusCode::OK, Some("Elasticsearch")));
    let answer = answer.json();
    assert_eq!(answer["errors"], true);
    assert!(answer["took"].is_u64());
    let items = answer["items"].as_array().unwrap();
    let found: Vec<Value> = items
        .iter()
        .map(|item| {
            let (action, told) = item.as_object().unwrap().iter().next().unwrap();
            json!([action, told["_index"], told["_id"], told["status"], told["error"]["type"], told["result"]])
        })
        .collect();
    let expected = [
        json!(["create", "web", "x1", 201, null, "created"]),
        json!(["index", "logs app", "", 400, "document_parsing_exception", null]),
        json!(["delete", "logs app", "gone", 404, null, "not_found"]),
        json!(["update", "logs app", "gone", 404, "document_missing_exception", null]),
        json!(["index", "logs app", "", 400, "illegal_argument_exception", null]),
        json!(["index", "logs app", "2", 201, null, "created"]),
    ];
    assert_eq!(found, expected);
    assert_eq!((&items[0]["create"]["_seq_no"], &items[5]["index"]["_seq_no"]), (&json!(1), &json!(2)));
    let text = app.metrics.render();
    assert!(text.contains("logseal_records_acked_total 2"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_asks_for_nothing_is_refused_as_a_whole() {
    let app = App::new();
    for (body, kind) in [
        ("", "parse_exception"),
        ("foobar", "illegal_argument_exception"),
        ("{}", "illegal_argument_exception"),
        ("{\"creat\":{}}\n{}", "illegal_argument_exception"),
    ] {
        let answer = bulk(&app, "/_bulk", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let answer = answer.json();
        assert_eq!((&answer["error"]["type"], &answer["status"]), (&json!(kind), &json!(400)), "{body}");
        assert_eq!(answer["error"]["root_cause"][0]["type"], kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_request_is_answered_for_every_item() {
    let app = App::new();
    let count = 40_000_u64;
    let body: String = (0..count).map(|n| format!("{{\"index\":{{}}}}\n{{\"n\":{n}}}\n")).collect();
    let answer = bulk(&app, "/_bulk", &body).await.json();
    let items = answer["items"].as_array().unwrap();
    assert_eq!((items.len() as u64, &answer["errors"]), (count, &json!(false)));
    for (item, id) in items.iter().zip(1..) {
        assert_eq!(item["index"]["_id"], id.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_as_elasticsearch_does() {
    let app = App::with(|_| {}, 1);
    let full = bulk(&app, "/_bulk", "{\"index\":{}}\n{\"a\":1}\n").await;
    assert_eq!((full.status, full.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    assert_eq!(full.json()["status"], 503);

    let app = App::with(|config| config.body_bytes_max = 100, u64::MAX);
    let large = bulk(&app, "/_bulk", &"x".repeat(101)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(large.json()["error"]["type"], "content_too_long_exception");
    for (path, status, kind) in [
        ("/_bulk", 405, "illegal_argument_exception"),
        ("/_snapshot/x", 404, "resource_not_found_exception"),
        ("/_ilm/policy/x", 404, "resource_not_found_exception"),
    ] {
        let answer = app.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-elastic-product")),
            (status, Some("Elasticsearch")),
            "{path}"
        );
        assert_eq!(answer.json()["error"]["type"], kind, "{path}");
    }
    let stranger = request(Method::POST, "/_bulk", &[("authorization", "ApiKey nothing")], Body::empty());
    let answer = app.send(stranger).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"]["type"], "security_exception");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_find_what_they_look_for_before_they_send() {
    let app = App::new();
    let agent = [("user-agent", "Elastic-filebeat/8.19.0"), ("accept", "application/json"), ("authorization", "")];
    let greeting = app.send(request(Method::GET, "/", &agent, Body::empty())).await;
    assert_eq!(greeting.header("x-elastic-product"), Some("Elasticsearch"));
    let greeting = greeting.json();
    assert_eq!(
        (&greeting["tagline"], &greeting["version"]["build_flavor"]),
        (&json!("You Know, for Search"), &json!("default"))
    );
    let page =
        app.send(request(Method::GET, "/", &[("user-agent", "curl/8.0"), ("accept", "*/*")], Body::empty())).await;
    assert!(String::from_utf8_lossy(&page.bytes).starts_with("logseal "));

    assert_eq!(app.get("/_cluster/health?wait_for_status=yellow").await.json()["status"], "green");
    assert_eq!(app.get("/_license").await.json()["license"]["status"], "active");
    assert_eq!(app.get("/_nodes/http").await.json()["_nodes"]["total"], 1);
    let make = |path: &'static str| app.send(request(Method::PUT, path, &[], Body::from("{}")));
    for path in ["/_index_template/a", "/_ilm/policy/a", "/_data_stream/a", "/_ingest/pipeline/a", "/_template/a"] {
        assert_eq!(make(path).await.json(), json!({ "acknowledged": true }), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_request_may_have_a_slash_behind_it_or_a_type_before_it() {
    let app = App::new();
    for (path, index) in [
        ("/_bulk/?pipeline=x", ""),
        ("/logs%20a/_bulk/", "logs a"),
        ("/logs/events/_bulk", "logs"),
        ("/logs/_doc/_bulk", "logs"),
    ] {
        let answer = bulk(&app, path, "{\"index\":{}}\n{\"message\":\"a\"}\n").await.json();
        assert_eq!(
            (&answer["errors"], &answer["items"][0]["index"]["_index"]),
            (&json!(false), &json!(index)),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_document_is_stored_and_answered_by_itself() {
    let app = App::new();
    let document = "{\n  \"@timestamp\": \"2026-11-20T12:00:00Z\",\n  \"message\": \"hello\"\n}\n";
    for (method, path, index, id) in [
        (Method::POST, "/logs%20a/_doc", "logs a", "1"),
        (Method::POST, "/logs/_doc/?refresh=true", "logs", "2"),
        (Method::PUT, "/logs/_doc/x7", "logs", "x7"),
        (Method::PUT, "/logs/_create/x8", "logs", "x8"),
    ] {
        let answer = app.send(request(method, path, &[], Body::from(document))).await;
        assert_eq!((answer.status, answer.header("x-elastic-product")), (StatusCode::CREATED, Some("Elasticsearch")));
        let answer = answer.json();
        let told = (&answer["_index"], &answer["_id"], &answer["result"]);
        assert_eq!(told, (&json!(index), &json!(id), &json!("created")), "{path}");
    }
    let bad = app.send(request(Method::POST, "/logs/_doc", &[], Body::from("[1]"))).await;
    assert_eq!(
        (bad.status, &bad.json()["error"]["type"]),
        (StatusCode::BAD_REQUEST, &json!("document_parsing_exception"))
    );
    assert_eq!(app.metrics.acked.get(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_can_be_made_and_is_not_there() {
    let app = App::new();
    let rollover = "/%3Clogs-%7Bnow%2Fd%7D-000001%3E";
    let made = app.send(request(Method::PUT, rollover, &[], Body::from("{}"))).await;
    assert_eq!((made.status, made.header("x-elastic-product")), (StatusCode::OK, Some("Elasticsearch")));
    assert_eq!(made.json()["index"], "<logs-{now/d}-000001>");
    for path in ["/logs", "/favicon.ico"] {
        for method in [Method::HEAD, Method::GET] {
            let answer = app.send(request(method, path, &[("authorization", "")], Body::empty())).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert_eq!(app.get("/_alias/logs").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get("/_cluster/settings").await.json()["persistent"], json!({}));
    let stranger = app.send(request(Method::PUT, "/logs", &[("authorization", "")], Body::empty())).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}
