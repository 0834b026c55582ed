//! Splunk's HTTP Event Collector.

use serde_json::json;

use super::*;

const EVENT: &str = "/services/collector/event";

async fn post(app: &App, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let splunk = format!("Splunk {TOKEN}");
    let mut all = vec![("authorization", splunk.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    all.retain(|(name, _)| !headers.iter().any(|(given, _)| given == name));
    all.extend_from_slice(headers);
    app.send(request(Method::POST, path, &all, Body::from(body.to_owned()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_answered_with_the_collectors_codes() {
    let app = App::new();
    let good = r#"{"event":"a"}{"event":{"message":"b"}}"#;
    for (path, body, status, reply) in [
        (EVENT, good, 200, json!({ "text": "Success", "code": 0 })),
        ("/services/collector", good, 200, json!({ "text": "Success", "code": 0 })),
        ("/services/collector/event/1.0", good, 200, json!({ "text": "Success", "code": 0 })),
        (EVENT, "[]", 400, json!({ "text": "No data", "code": 5 })),
        (
            "/services/collector/raw?sourcetype=x&time=1795000000.5",
            "one\ntwo\n",
            200,
            json!({ "text": "Success", "code": 0 }),
        ),
        (EVENT, "", 400, json!({ "text": "No data", "code": 5 })),
        ("/services/collector/raw", " \n", 400, json!({ "text": "No data", "code": 5 })),
        (EVENT, "rubbish", 400, json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": 0 })),
        (
            EVENT,
            r#"{"event":"c"}{"host":"h"}{"event":"d"}"#,
            400,
            json!({ "text": "Event field is required", "code": 12, "invalid-event-number": 1 }),
        ),
        (
            EVENT,
            r#"{"event":""}"#,
            400,
            json!({ "text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0 }),
        ),
    ] {
        let answer = post(&app, path, &[], body).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, reply), "{path} {body}");
    }
    let text = app.metrics.render();
    assert!(text.contains("logseal_records_acked_total 10"), "the neighbours of a bad event are stored: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_may_stand_in_an_array() {
    let app = App::new();
    let answer = post(&app, EVENT, &[], "[{\"event\":\"a\"},\n{\"event\":\"b\"}]\n").await;
    assert_eq!((answer.status, app.metrics.acked.get()), (StatusCode::OK, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_id_for_an_acknowledgement_is_acknowledged() {
    let app = App::new();
    let channel = [("x-splunk-request-channel", "0b3a1c34-7a11-4f0b-9b58-111111111111")];
    let answer = post(&app, EVENT, &channel, r#"{"event":"a"}{"event":"b"}"#).await.json();
    assert_eq!(answer, json!({ "text": "Success", "code": 0, "ackId": 2 }));
    let ack = "/services/collector/ack";
    let answer = post(&app, ack, &channel, r#"{"acks":[2]}"#).await.json();
    assert_eq!(answer, json!({ "acks": { "2": true } }));
    let in_query = format!("{ack}?channel=x");
    assert_eq!(post(&app, &in_query, &[], r#"{"acks":[]}"#).await.json(), json!({ "acks": {} }));
    assert_eq!(post(&app, ack, &[], r#"{"acks":[2]}"#).await.json()["code"], 10);
    assert_eq!(post(&app, ack, &channel, "x").await.json()["code"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_is_told_in_the_collectors_words() {
    let app = App::new();
    for (authorization, status, code) in
        [("Splunk 11111111-2222-3333-4444-555555555555", 403, 4), ("Digest x", 401, 3), ("x", 401, 3)]
    {
        let answer = post(&app, EVENT, &[("authorization", authorization)], r#"{"event":"a"}"#).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)), "{authorization}");
    }
    let silent = Request::builder().method(Method::POST).uri(EVENT).body(Body::from("{}")).unwrap();
    let answer = app.send(silent).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (401, json!({ "text": "Token is required", "code": 2 })));
    assert_eq!(app.get("/services/collector/unknown").await.json()["code"], 404);

    let full = App::with(|_| {}, 1);
    let answer = post(&full, EVENT, &[], r#"{"event":"a"}"#).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (503, json!({ "text": "Server is busy", "code": 9 })));
    assert_eq!(answer.header("retry-after"), Some("5"));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_to_anyone() {
    let app = App::new();
    let ask = || app.send(Request::builder().uri("/services/collector/health").body(Body::empty()).unwrap());
    assert_eq!(ask().await.json(), json!({ "text": "HEC is healthy", "code": 17 }));
    app.stop.cancel();
    let answer = ask().await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (503, &json!(23)));
}

#[tokio::test(flavor = "multi_thread")]
async fn dockers_driver_is_told_that_there_is_a_collector() {
    let app = App::new();
    let answer = app.send(request(Method::OPTIONS, "/services/collector/event/1.0", &[], Body::empty())).await;
    assert_eq!(answer.status, 200);
}
