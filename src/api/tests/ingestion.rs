//! Records in over HTTP, up to the spool.

use std::io::Write as _;

use serde_json::json;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_acknowledged_with_its_id() {
    let app = App::new();
    for id in 1..=3 {
        let answer = app.post_json("/api/v1/logs", record("m")).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (201, json!({ "id": id })));
    }
    assert_eq!(app.metrics.acked.get(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_stores_the_good_and_names_the_bad() {
    let app = App::new();
    let body = format!("[{}, {{\"source\":\"A\"}}, {}]", record("a"), record("b"));
    let answer = app.post_json("/api/v1/logs", body).await;
    let expected = json!({
        "ids": {"first": 1, "last": 2}, "inserted": 2, "failed": 1,
        "errors": [{"index": 1, "detail": "level is required; timestamp is required; message is required"}],
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (201, expected));
    let empty = app.post_json("/api/v1/logs", "[]").await;
    assert_eq!(empty.json(), json!({"ids": null, "inserted": 0, "failed": 0, "errors": []}));
    let bad = app.post_json("/api/v1/logs", "[1]").await;
    assert_eq!((bad.status.as_u16(), &bad.json()["errors"][0]["field"]), (422, &"[0]".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_refused_and_nothing_is_stored() {
    let app = App::new();
    let check = async |headers: &[(&str, &str)], body: &[u8], status: u16| {
        let answer = app.send(request(Method::POST, "/api/v1/logs", headers, Body::from(body.to_vec()))).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?} {:?}", String::from_utf8_lossy(body));
        assert_eq!(answer.json()["code"], status);
    };
    let json_type = ("content-type", "application/json");
    check(&[json_type], b"", 422).await;
    check(&[json_type], b"{", 422).await;
    check(&[json_type], b"\"text\"", 422).await;
    check(&[json_type], b"{\"source\":\"\xff\"}", 422).await;
    check(&[json_type], format!("[{},", record("m")).as_bytes(), 422).await;
    check(&[json_type], record("m").replace("source", "sauce").as_bytes(), 422).await;
    check(&[], record("m").as_bytes(), 415).await;
    check(&[("content-type", "application/x-www-form-urlencoded")], record("m").as_bytes(), 415).await;
    check(&[json_type, ("content-encoding", "br")], record("m").as_bytes(), 415).await;
    check(&[json_type, ("content-encoding", "gzip, gzip")], record("m").as_bytes(), 415).await;
    check(&[json_type, ("content-encoding", "gzip")], record("m").as_bytes(), 422).await;
    assert_eq!(app.metrics.acked.get(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_belong_together_are_one_record() {
    let app = App::new();
    let post = async |query: &str, body: &str| {
        let path = format!("/api/v1/logs/bulk?{query}");
        let headers = [("content-type", "text/plain")];
        app.send(request(Method::POST, &path, &headers, Body::from(body.to_owned()))).await
    };
    let trace = "2023-11-14 22:13:20,123 ERROR [main] c.e.App - no\njava.lang.Error: x\n\tat c.e.App.run(App.java:9)\n";
    for (rule, inserted) in [("auto", 1), ("none", 3), ("java", 1)] {
        let answer = post(&format!("format=auto&multiline={rule}"), trace).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["inserted"]), (201, &inserted.into()), "{rule}");
    }
    let array = post("format=json&multiline=auto", "[{\"msg\":\"a\"},\n{\"msg\":}]").await.json();
    assert_eq!((&array["inserted"], &array["errors"][0]["line"]), (&2.into(), &2.into()));
    let wrong = post("format=auto&multiline=perl", trace).await.json();
    assert_eq!(wrong["errors"][0]["field"], "multiline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_of_the_configuration_is_taken_by_its_name() {
    let app = App::new();
    let post = async |format: &str| {
        let path = format!("/api/v1/logs/bulk?format={format}");
        let body = Body::from("cart> bought\nno\n");
        app.send(request(Method::POST, &path, &[("content-type", "text/plain")], body)).await.json()
    };
    let answer = post("shop").await;
    assert_eq!((&answer["inserted"], &answer["unparsed"]), (&2.into(), &1.into()));
    assert_eq!(answer["errors"][0]["detail"], "the pattern of shop is not found");
    assert_eq!(post("shoes").await["errors"][0]["field"], "format");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_counts_decompressed_bytes() {
    let app = App::with(|api| api.body_bytes_max = 10_000, u64::MAX);
    let large = record(&"x".repeat(10_000));
    assert_eq!(app.post_json("/api/v1/logs", large.clone()).await.status, 413);
    let squeezed = zstd::encode_all(large.as_bytes(), 3).unwrap();
    assert!(squeezed.len() < 1000);
    let headers = [("content-type", "application/json"), ("content-encoding", "zstd")];
    let answer = app.send(request(Method::POST, "/api/v1/logs", &headers, Body::from(squeezed))).await;
    assert_eq!(answer.status, 413);
    assert_eq!(app.metrics.acked.get(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_in_a_stream_is_stopped() {
    let app = App::with(|api| api.body_bytes_max = 100_000, u64::MAX);
    let bomb = zstd::encode_all(&vec![b' '; 50 << 20][..], 3).unwrap();
    let headers = [("content-encoding", "zstd")];
    let answer = app.send(request(Method::POST, "/api/v1/logs/bulk", &headers, Body::from(bomb))).await;
    assert_eq!(answer.status, 413, "{:?}", answer.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_lines_is_stored_with_its_bad_lines() {
    let app = App::new();
    let lines = format!("{}\nnot json\r\n\n{}", record("a"), record("b"));
    let answer = app.send(request(Method::POST, "/api/v1/logs/bulk", &[], Body::from(lines))).await;
    let json = answer.json();
    assert_eq!(answer.status, 201);
    assert_eq!(
        (&json["inserted"], &json["unparsed"], &json["ids"]),
        (&3.into(), &1.into(), &json!({"first": 1, "last": 3}))
    );
    assert_eq!((json["errors"].as_array().unwrap().len(), &json["errors"][0]["line"]), (1, &2.into()));
    let nothing = app.send(request(Method::POST, "/api/v1/logs/bulk", &[], Body::empty())).await;
    assert_eq!((nothing.status.as_u16(), &nothing.json()["inserted"]), (201, &0.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_taken_however_it_is_put_together() {
    let app = App::new();
    let form = "application/x-www-form-urlencoded";
    for (content_type, body, inserted, unparsed) in [
        ("application/json; charset=utf-8", "[{\"message\":\"a\"},\n{\"message\":\"b\"}]", 2, 0),
        ("application/json", "{\n  \"message\": \"a\",\n  \"nested\": {\n  }\n}\n", 1, 0),
        ("application/json", "{\"a\":1}{\"b\":2}\n{\"c\":3\n{\"d\":4}", 4, 1),
        ("application/json", " \n", 0, 0),
        ("application/x-ndjson", "[{\"message\":\"a\"}]", 1, 1),
        (form, "msg=hello+world&levelname=INFO", 1, 0),
        (form, "{\"message\":\"a\"}", 1, 0),
        (form, "", 0, 0),
    ] {
        let headers = [("content-type", content_type)];
        let answer = app.send(request(Method::POST, "/api/v1/logs/bulk", &headers, Body::from(body))).await;
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &json["inserted"], &json["unparsed"]),
            (201, &inserted.into(), &unparsed.into()),
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_compressed_stream_is_stored_whole() {
    let app = App::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for i in 0..50_000 {
        writeln!(encoder, "{}", record(&format!("message {i}"))).unwrap();
    }
    let body = encoder.finish().unwrap();
    let answer =
        app.send(request(Method::POST, "/api/v1/logs/bulk", &[("content-encoding", "gzip")], Body::from(body))).await;
    assert_eq!(answer.json()["inserted"], 50_000);
    assert_eq!(answer.json()["ids"], json!({"first": 1, "last": 50_000}));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_in_other_formats_are_read() {
    let app = App::new();
    let post = async |query: &str, body: &'static str| {
        let path = format!("/api/v1/logs/bulk?{query}");
        app.send(request(Method::POST, &path, &[("content-type", "text/plain")], Body::from(body))).await
    };
    let syslog = post("format=syslog&source=net", "<34>1 2026-11-20T10:20:30Z host app 1 ID - text\n").await;
    assert_eq!((&syslog.json()["inserted"], &syslog.json()["unparsed"]), (&1.into(), &0.into()));
    assert_eq!(post("format=plain", "a\nb\n").await.json()["inserted"], 2);
    assert_eq!(post("format=xml", "a").await.status, 422);
    assert_eq!(post(&format!("source={}", "x".repeat(200)), "a").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_stream_says_how_much_of_it_is_stored() {
    let app = App::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    for i in 0..20_000 {
        writeln!(encoder, "{}", record(&format!("message {i}"))).unwrap();
    }
    let mut body = encoder.finish().unwrap();
    body.truncate(body.len() / 2);
    let answer =
        app.send(request(Method::POST, "/api/v1/logs/bulk", &[("content-encoding", "gzip")], Body::from(body))).await;
    assert_eq!(answer.status, 422);
    let stored: u64 = answer.header("x-logseal-stored").unwrap().parse().unwrap();
    assert!((9_000..10_100).contains(&stored), "{stored}");
    assert_eq!(app.metrics.acked.get(), stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_is_503_with_retry_after() {
    let app = App::with(|_| {}, 1);
    for (path, body) in [
        ("/api/v1/logs", record("m")),
        ("/api/v1/logs", format!("[{}]", record("m"))),
        ("/api/v1/logs/bulk", record("m")),
    ] {
        let answer = app.post_json(path, body).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("5")), "{path}");
    }
    assert_eq!(app.metrics.acked.get(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_wait_until_search_finds_the_record() {
    let app = App::new();
    let (acked, has_answered) = (app.metrics.acked.clone(), std::cell::Cell::new(false));
    let post = async {
        let answer = app.post_json("/api/v1/logs?wait=searchable", record("m")).await;
        has_answered.set(true);
        answer
    };
    let store = async {
        while acked.get() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!has_answered.get());
        app.stored.send_replace(1);
    };
    let both = async { tokio::join!(post, store).0 };
    let answer = tokio::time::timeout(DEADLINE, both).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.json()), (201, json!({"id": 1, "searchable": true})));
    assert_eq!(app.post_json("/api/v1/logs?wait=forever", record("m")).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_coming_is_408() {
    let app = App::with(|api| api.body_seconds_max = 0, u64::MAX);
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let answer = app.send(request(Method::POST, "/api/v1/logs/bulk", &[], never)).await;
    assert_eq!(answer.status, 408);
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_lines_before_a_broken_connection_are_stored() {
    let app = App::new();
    let pieces = [
        Ok(Bytes::from(format!("{}\n{}\nhalf a l", record("a"), record("b")))),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let answer = app.send(request(Method::POST, "/api/v1/logs/bulk", &[], body)).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-logseal-stored")), (400, Some("2")));
    assert_eq!(app.metrics.acked.get(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_the_daemons_own_is_refused_wherever_a_request_states_one() {
    let app = App::new();
    let form = "--b\r\nContent-Disposition: form-data; name=\"source\"\r\n\r\nlogseal.audit\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.log\"\r\n\r\nline\r\n--b--\r\n";
    let token = r#"{"name": "forger", "scopes": ["ingest"], "source": "logseal.audit"}"#;
    let one = record("forged").replace("\"A\"", "\"logseal.audit\"");
    for (path, content_type, body) in [
        ("/api/v1/logs", "application/json", one.as_str()),
        ("/api/v1/logs/bulk?source=LOGSEAL.audit", "text/plain", "forged"),
        ("/api/v1/logs/upload", "multipart/form-data; boundary=b", form),
        ("/api/v1/admin/tokens", "application/json", token),
    ] {
        let headers = [("content-type", content_type)];
        let answer = app.send(request(Method::POST, path, &headers, Body::from(body.to_owned()))).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["errors"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &"source".into()),
            "{path}: {json}"
        );
        assert!(json["detail"].as_str().unwrap().contains("the daemon's own"), "{path}: {json}");
    }
    assert!(app.metrics.render().contains("logseal_records_acked_total 0\n"));
}
