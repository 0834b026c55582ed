//! Alerts and who is told of them.

use futures_util::StreamExt as _;
use serde_json::json;

use super::*;
use crate::clock::now;
use crate::meta::{AlertEffect, ContinuedAlert, RaisedAlert, Role, Severity};

/// Signed in as an admin.
async fn admin(app: &App) -> String {
    app.user("root", Role::Admin).await;
    app.signed_in("root").await.access
}

fn raised(name: &str, host: &str) -> AlertEffect {
    AlertEffect::Raised(RaisedAlert {
        episode: name.to_owned(),
        rule_code: format!("rule-{name}"),
        rule_name: "A rule".to_owned(),
        severity: Severity::High,
        tags: Vec::new(),
        group: vec![("host".to_owned(), host.to_owned())],
        triggered_at: now(),
        last_seen_at: now(),
        count: 3,
        description: format!("3 of them on {host}"),
        ip: None,
        user: None,
        hosts: vec![host.to_owned()],
        samples: vec![1, 2, 3],
    })
}

async fn apply(app: &App, effects: Vec<AlertEffect>) {
    app.accounts.meta.apply_effects(None, &effects, now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_listed_and_taken_forward_with_comments() {
    let app = App::new();
    let admin = admin(&app).await;
    apply(&app, vec![raised("a", "web1"), raised("b", "web2")]).await;
    let list = app.get("/api/v1/alerts?severity=high,critical&status=new&start_time=now-1h").await.json();
    assert_eq!((&list["total"], &list["list"][0]["rule_code"]), (&json!(2), &json!("rule-b")), "{list}");
    assert_eq!(app.get("/api/v1/alerts?rule_code=rule-a").await.json()["total"], 1);
    assert_eq!(app.get("/api/v1/alerts?end_time=now-1h").await.json()["total"], 0);
    assert_eq!(app.get("/api/v1/alerts?severity=grave&status=open&x=1").await.fields(), ["severity", "status", "x"]);
    assert_eq!(app.get("/api/v1/alerts/77").await.status, StatusCode::NOT_FOUND);

    let id = list["list"][1]["id"].as_i64().unwrap();
    let path = format!("/api/v1/alerts/{id}");
    let patch = |body: Value| app.ask(Method::PATCH, &path, &admin, body);
    assert_eq!(patch(json!({ "status": "open", "note": 1 })).await.fields(), ["status", "note"]);
    assert_eq!(patch(json!({ "comment": "seen" })).await.status, StatusCode::OK);
    assert_eq!(patch(json!({ "status": "resolved", "comment": "done" })).await.json()["status"], "resolved");
    let back = patch(json!({ "status": "new" })).await;
    assert_eq!(back.status, StatusCode::CONFLICT);
    assert!(back.json()["detail"].as_str().unwrap().contains("raises a new one"), "{}", back.json());
    let history = app.get(&path).await.json();
    let comments: Vec<&Value> = history["events"].as_array().unwrap().iter().map(|event| &event["comment"]).collect();
    assert_eq!(comments, [&json!(null), &json!("seen"), &json!("done")]);
    let fault = app.get(&format!("/api/v1/faults/{}", history["fault_id"])).await.json();
    assert_eq!((fault["alerts"].as_array().unwrap().len(), &fault["hosts"]), (2, &json!(["web1", "web2"])), "{fault}");
    assert_eq!(app.get("/api/v1/faults?status=resolved").await.json()["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_behind_the_change_that_was_seen() {
    let app = App::new();
    apply(&app, vec![raised("a", "web1"), raised("b", "web2")]).await;
    let first = app.get("/api/v1/alerts?rule_code=rule-a").await.json()["list"][0]["version"].clone();
    let resumed = [("last-event-id", first.to_string())];
    let headers: Vec<(&str, &str)> = resumed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let response = app.answer(request(Method::GET, "/api/v1/alerts/stream", &headers, Body::empty())).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    let mut next = async || String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next().await.starts_with(": logseal alerts"));
    let event = next().await;
    assert!(event.starts_with("event: alert\nid: ") && event.contains("rule-b"), "{event}");
    let more = ContinuedAlert {
        episode: "a".to_owned(),
        total: 7,
        last_seen_at: now(),
        ip: None,
        user: None,
        hosts: Vec::new(),
        samples: Vec::new(),
    };
    apply(&app, vec![AlertEffect::Continued(more)]).await;
    let event = next().await;
    assert!(event.contains("\"log_count\":7") && event.contains("rule-a"), "{event}");
    let wrong = app.send(request(Method::GET, "/api/v1/alerts/stream", &[("last-event-id", "x")], Body::empty())).await;
    assert_eq!(wrong.fields(), ["Last-Event-ID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_channels_are_never_shown_and_stay_where_they_are_not_given() {
    let app = App::new();
    let admin = admin(&app).await;
    let webhook = |secret: Value| {
        json!({
            "name": "on call", "kind": "webhook", "severity_min": "high",
            "config": { "url": "https://receiver.example/hook", "secret": secret, "headers": { "X-Key": "a-header-secret" } },
        })
    };
    let made = app.ask(Method::POST, "/api/v1/channels", &admin, webhook(json!("sixteen-letters-and-more"))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let again = app.ask(Method::POST, "/api/v1/channels", &admin, webhook(json!("sixteen-letters-and-more"))).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let path = format!("/api/v1/channels/{}", made.json()["id"]);
    let mut shown = app.ask(Method::GET, &path, &admin, Value::Null).await.json();
    assert_eq!((&shown["config"]["has_secret"], &shown["config"]["secret"]), (&json!(true), &Value::Null), "{shown}");
    // What is shown can be sent back, and the secrets stay.
    shown["name"] = json!("others");
    assert_eq!(app.ask(Method::PUT, &path, &admin, shown).await.status, StatusCode::OK);
    let stored = app.accounts.meta.channels().await.unwrap().remove(0);
    assert_eq!((stored.name.as_str(), &stored.config["secret"]), ("others", &json!("sixteen-letters-and-more")));

    let mut said: Vec<String> = Vec::new();
    for path in ["/api/v1/channels", path.as_str(), "/api/v1/operation-logs?size=100"] {
        said.push(app.ask(Method::GET, path, &admin, Value::Null).await.json().to_string());
    }
    assert!(said[2].contains("channel_created") && said[2].contains("channel_updated"), "{}", said[2]);
    for said in said {
        assert!(!said.contains("sixteen-letters") && !said.contains("a-header-secret"), "{said}");
    }
    let faulty =
        json!({ "name": "x", "kind": "webhook", "config": { "url": "ftp://x", "secrets": 1 }, "per_hour_max": 0 });
    assert_eq!(app.ask(Method::POST, "/api/v1/channels", &admin, faulty).await.fields(), ["per_hour_max"]);
    let faulty = json!({ "name": "x", "kind": "webhook", "config": { "url": "ftp://x", "secrets": 1 } });
    let mut fields = app.ask(Method::POST, "/api/v1/channels", &admin, faulty).await.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["config.secrets", "config.url"]);
    for codes in [json!(["a".repeat(65)]), json!([""]), json!(vec!["a"; 1001])] {
        let faulty = json!({ "name": "x", "kind": "webhook", "config": { "url": "https://x" }, "rule_codes": codes });
        assert_eq!(app.ask(Method::POST, "/api/v1/channels", &admin, faulty).await.fields(), ["rule_codes"]);
    }
    let mail = json!({ "name": "m", "kind": "email", "config": { "to": ["a@example.net"] } });
    assert_eq!(app.ask(Method::POST, "/api/v1/channels", &admin, mail).await.fields(), ["kind"]);
    assert_eq!(app.ask(Method::DELETE, &path, &admin, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.ask(Method::GET, &path, &admin, Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_silenced_is_raised_and_not_told() {
    let app = App::new();
    let admin = admin(&app).await;
    let channel = json!({ "name": "s", "kind": "syslog", "config": { "host": "logs.example", "transport": "udp" } });
    let channel = app.ask(Method::POST, "/api/v1/channels", &admin, channel).await;
    assert_eq!(channel.status, StatusCode::CREATED, "{}", channel.json());
    let silence = json!({ "matchers": [{ "field": "host", "value": "test-*" }], "ends_at": "2100-01-01T00:00:00Z", "comment": "tests" });
    let made = app.ask(Method::POST, "/api/v1/silences", &admin, silence).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    apply(&app, vec![raised("a", "test-1"), raised("b", "web1")]).await;
    let of = async |rule: &str| {
        app.get(&format!("/api/v1/alerts?rule_code={rule}")).await.json()["list"][0]["silenced_by"].clone()
    };
    assert_eq!((of("rule-a").await, of("rule-b").await), (made.json()["id"].clone(), Value::Null));
    let path = format!("/api/v1/channels/{}/deliveries", channel.json()["id"]);
    let told = app.ask(Method::GET, &path, &admin, Value::Null).await.json();
    assert_eq!((&told["total"], &told["list"][0]["payload"]["rule_code"]), (&json!(1), &json!("rule-b")), "{told}");
    let faulty = json!({ "matchers": [], "ends_at": "2000-01-01T00:00:00Z" });
    let mut fields = app.ask(Method::POST, "/api/v1/silences", &admin, faulty).await.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["ends_at", "matchers"]);
    let path = format!("/api/v1/silences/{}", made.json()["id"]);
    assert_eq!(app.ask(Method::DELETE, &path, &admin, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/v1/silences?ended=true").await.json()["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_are_named_changed_and_shown_with_alerts() {
    let app = App::new();
    let admin = admin(&app).await;
    let web = json!({ "name": "web", "hosts": ["web*"], "attributes": { "owner": "shop" } });
    let made = app.ask(Method::POST, "/api/v1/clusters", &admin, web.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    assert_eq!(app.ask(Method::POST, "/api/v1/clusters", &admin, web).await.status, StatusCode::CONFLICT);
    apply(&app, vec![raised("a", "web1")]).await;
    assert_eq!(app.get("/api/v1/alerts").await.json()["list"][0]["cluster"], "web");
    let path = format!("/api/v1/clusters/{}", made.json()["id"]);
    let changed = app.ask(Method::PATCH, &path, &admin, json!({ "hosts": ["www*"] })).await.json();
    assert_eq!((&changed["hosts"], &changed["attributes"]["owner"]), (&json!(["www*"]), &json!("shop")), "{changed}");
    let faulty = json!({ "name": "", "hosts": [], "attributes": 3, "x": 1 });
    let mut fields = app.ask(Method::POST, "/api/v1/clusters", &admin, faulty).await.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["attributes", "hosts", "name", "x"]);
    assert_eq!(app.ask(Method::DELETE, &path, &admin, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get("/api/v1/clusters").await.json()["total"], 0);
}
