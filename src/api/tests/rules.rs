//! Rules of alerts as they are made, changed and imported.

use serde_json::json;

use super::*;
use crate::meta::Role;

async fn admin(app: &App) -> String {
    app.user("root", Role::Admin).await;
    app.signed_in("root").await.access
}

async fn import(app: &App, admin: &str, parameters: &str, text: &str) -> Answer {
    let bearer = format!("Bearer {admin}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let path = format!("/api/v1/rules/import{parameters}");
    app.send(request(Method::POST, &path, &headers, Body::from(text.to_owned()))).await
}

fn detection(title: &str, more: &str) -> String {
    format!("title: {title}\n{more}detection:\n  s:\n    f: x\n  condition: s\n---\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_their_authors_retired_are_imported_and_off() {
    let app = App::new();
    let admin = admin(&app).await;
    let text = [
        detection("Old", "status: deprecated\n"),
        detection("Odd", "status: unsupported\n"),
        detection("Good", "status: stable\n"),
    ]
    .concat();
    let answer = import(&app, &admin, "", &text).await;
    assert_eq!((answer.status, &answer.json()["created"]), (StatusCode::OK, &json!(3)), "{}", answer.json());
    let enabled = async |code: &str| app.get(&format!("/api/v1/rules/{code}")).await.json()["enabled"].clone();
    for (code, expected) in [("sigma-old", false), ("sigma-odd", false), ("sigma-good", true)] {
        assert_eq!(enabled(code).await, json!(expected), "{code}");
    }
    import(&app, &admin, "?enabled=false", &detection("Later", "")).await;
    assert_eq!(enabled("sigma-later").await, json!(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_rule_of_a_text_with_the_same_code_is_refused() {
    let app = App::new();
    let admin = admin(&app).await;
    let text = [detection("Same name", ""), detection("Same Name!", "level: high\n"), detection("Other", "")].concat();
    for (created, unchanged) in [(2, 0), (0, 2)] {
        let answer = import(&app, &admin, "", &text).await.json();
        let counts = ["created", "unchanged", "updated", "refused"].map(|name| answer[name].as_i64().unwrap());
        assert_eq!(counts, [created, unchanged, 0, 1], "{answer}");
        let problem = answer["rules"][1]["problems"][0].as_str().unwrap();
        assert!(problem.contains("\"Same name\"") && problem.contains("sigma-same-name"), "{problem}");
    }
    assert_eq!(app.get("/api/v1/rules/sigma-same-name").await.json()["severity"], "medium");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_a_path_would_take_for_something_else_is_refused() {
    let app = App::new();
    let admin = admin(&app).await;
    let make = async |code: &str| {
        let rule = json!({ "code": code, "name": "A", "kind": "match", "filter": "level:error" });
        app.ask(Method::POST, "/api/v1/rules", &admin, rule).await
    };
    for code in ["42", "0", "99999999999999999999", "import", "backtest"] {
        let answer = make(code).await;
        assert_eq!(answer.fields(), ["code"], "{code}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("must not be"), "{}", answer.json());
    }
    for code in ["42a", "4.2", "imports"] {
        assert_eq!(make(code).await.status, StatusCode::CREATED, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_with_a_large_sigma_text_is_tried_and_put_back_disabled() {
    let app = App::new();
    let admin = admin(&app).await;
    let words: String = (0..9000).map(|n| format!("    - \"a word that \\\\ nobody says, number {n}\"\n")).collect();
    let text = format!("title: Long\ndetection:\n  words:\n{words}  condition: words\n");
    assert!(text.len() > 400 << 10);
    assert_eq!(import(&app, &admin, "", &text).await.json()["created"], 1);
    let mut rule = app.get("/api/v1/rules/sigma-long").await.json();
    rule["enabled"] = json!(false);
    let answer = app.ask(Method::PUT, "/api/v1/rules/sigma-long", &admin, rule.clone()).await;
    assert_eq!((answer.status, &answer.json()["enabled"]), (StatusCode::OK, &json!(false)));
    // It is read; the store behind it is away.
    for added in ["id", "version", "origin", "modified", "created_at", "created_by", "updated_at", "updated_by"] {
        rule.as_object_mut().unwrap().remove(added);
    }
    let tried = app.ask(Method::POST, "/api/v1/rules/backtest", &admin, rule.clone()).await;
    assert_eq!(tried.status, StatusCode::SERVICE_UNAVAILABLE, "{}", tried.json());
    rule["description"] = json!("x".repeat(5 << 20));
    let over = app.ask(Method::POST, "/api/v1/rules", &admin, rule).await;
    assert_eq!(over.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_has_as_many_hosts_as_it_may() {
    let app = App::new();
    let admin = admin(&app).await;
    let hosts: Vec<String> = (0..10_000).map(|n| format!("web-{n}.a-rather-long-name.of-a-domain.example")).collect();
    let new = json!({ "name": "all", "hosts": hosts });
    let made = app.ask(Method::POST, "/api/v1/clusters", &admin, new).await;
    assert_eq!((made.status, made.json()["hosts"].as_array().map(Vec::len)), (StatusCode::CREATED, Some(10_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_is_also_known_by_its_name_with_a_hyphen() {
    let app = App::new();
    let admin = admin(&app).await;
    let rule = json!({ "code": "a", "name": "A", "kind": "new-value", "field": "user_name" });
    let made = app.ask(Method::POST, "/api/v1/rules", &admin, rule).await;
    assert_eq!((made.status, &made.json()["kind"]), (StatusCode::CREATED, &json!("new_value")), "{}", made.json());
    assert_eq!(app.get("/api/v1/rules?kind=new-value").await.json()["total"], 1);
    assert_eq!(app.get("/api/v1/rules?kind=new").await.fields(), ["kind"]);
}
