//! People and programs, as they meet the daemon: sign-in, roles, tokens, settings, the operation log; on both databases.

use std::io::Write as _;

use reqwest::blocking::Client;
use serde_json::{Value, json};

use crate::app::{App, SYSLOG, client, wait_until};
use crate::postgres::{Postgres, Stop, shared};

pub(crate) const ADMIN_PASSWORD: &str = "correct horse battery";
const PASSWORD: &str = "a long sentence";

/// A daemon whose operation log becomes records, with its accounts in the database at `url` (empty: SQLite).
pub(crate) fn start(url: &str) -> App {
    let tables = format!(
        "{SYSLOG}[operation_log]\npublish = true\n[auth]\nadmin_password = \"{ADMIN_PASSWORD}\"\n[database]\nurl = \"{url}\"\n"
    );
    App::start_with("", &tables)
}

/// Asks with what `who` carries; status and answer.
pub(crate) fn ask(app: &App, who: &Client, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = who.request(method.parse().unwrap(), app.url(&format!("/api/v1{path}")));
    let request = if body.is_null() { request } else { request.json(body) };
    let response = request.send().unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().unwrap()).unwrap_or(Value::Null))
}

fn get(app: &App, who: &Client, path: &str) -> Value {
    let (status, answer) = ask(app, who, "GET", path, &Value::Null);
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

pub(crate) fn sign_in(app: &App, username: &str, password: &str) -> Client {
    let (status, answer) =
        ask(app, &client(""), "POST", "/auth/login", &json!({"username": username, "password": password}));
    assert_eq!(status, 200, "{answer}");
    client(answer["access_token"].as_str().unwrap())
}

fn make(app: &App, admin: &Client, username: &str, role: &str) -> Client {
    let user = json!({"username": username, "password": PASSWORD, "role": role});
    assert_eq!(ask(app, admin, "POST", "/admin/users", &user).0, 201);
    sign_in(app, username, PASSWORD)
}

fn make_token(app: &App, admin: &Client, token: &Value) -> Client {
    let (status, made) = ask(app, admin, "POST", "/admin/tokens", token);
    assert_eq!(status, 201, "{made}");
    client(made["token"].as_str().unwrap())
}

fn record(user: &str, message: &str) -> Value {
    json!({"source": "stated", "level": "INFO", "timestamp": "2026-11-20T10:20:30Z", "user_name": user, "message": message})
}

fn accounts_sessions_tokens_and_settings_work(url: &str) {
    let app = start(url);
    let admin = sign_in(&app, "admin", ADMIN_PASSWORD);
    let auditor = make(&app, &admin, "ada", "auditor");
    let shipper = make_token(&app, &admin, &json!({"name": "web", "scopes": ["ingest"], "source": "WEB_APP"}));
    for user in ["bob", "eve"] {
        let posted = ask(&app, &shipper, "POST", "/logs?wait=searchable", &record(user, &format!("hello {user}")));
        assert_eq!(posted.0, 201, "{posted:?}");
    }
    let (refused, _) = ask(&app, &shipper, "GET", "/logs", &Value::Null);
    assert_eq!(refused, 403, "who sends may not read");

    // What was sent is filed under the token's source; the auditor finds all of it and exports it.
    let found = get(&app, &auditor, "/logs?source=WEB_APP");
    assert_eq!((&found["total"], &found["list"][0]["origin"]), (&json!(2), &json!("token:web")));
    assert_eq!(ask(&app, &auditor, "GET", "/admin/users", &Value::Null).0, 403);
    let exported = auditor.get(app.url("/api/v1/logs/export?source=WEB_APP")).send().unwrap().bytes().unwrap();

    // A plain user finds its own records, whatever it asks for, and nothing else of the API.
    let bob = make(&app, &admin, "bob", "user");
    for query in [
        "",
        "?source=WEB_APP",
        "?user_name=eve",
        "?q=user:eve%20OR%20user:bob",
        "?q=NOT%20user:bob",
        "?cursor=n7fffffffffffffff.ffff",
    ] {
        let list = get(&app, &bob, &format!("/logs{query}"));
        for found in list["list"].as_array().unwrap() {
            assert_eq!(found["user_name"], "bob", "{query}");
        }
        assert_eq!(list["total"].as_u64().unwrap(), list["list"].as_array().unwrap().len() as u64, "{query}");
    }
    assert_eq!(get(&app, &bob, "/logs?source=WEB_APP")["total"], 1);
    for path in ["/logs/export", "/logs/1", "/stats/top?field=user_name", "/logs/tail", "/operation-logs"] {
        assert_eq!(ask(&app, &bob, "GET", path, &Value::Null).0, 403, "{path}");
    }

    // A setting holds at once, and for the daemon that starts next.
    let change = json!([{"config_key": "retention_days", "config_value": 30}, {"config_key": "retention_days.logseal.audit", "config_value": "3650"}]);
    let (status, settings) = ask(&app, &admin, "PUT", "/admin/config", &change);
    assert_eq!((status, &settings[0]["config_value"]), (200, &json!(30)));
    let preview = ask(&app, &admin, "POST", "/admin/retention/preview", &Value::Null).1;
    assert_eq!(preview["policy"], json!({"days": 30, "by_source": {"logseal.audit": 3650}}));
    let unsaved = json!([{"config_key": "retention_days.WEB_APP", "config_value": 1}]);
    let preview = ask(&app, &admin, "POST", "/admin/retention/preview", &unsaved).1;
    assert_eq!(preview["policy"]["by_source"], json!({"WEB_APP": 1, "logseal.audit": 3650}));
    let wrong = json!([{"config_key": "retention_days", "config_value": 0}]);
    assert_eq!(ask(&app, &admin, "POST", "/admin/retention/preview", &wrong).0, 422);

    wait_until("the new settings were applied, which is seen though nothing was past them", || {
        let runs = get(&app, &admin, "/operation-logs?action=retention_run");
        let run = &runs["list"][0]["detail"];
        run["reason"] == "settings_changed"
            && run["end"]["state"] == "completed"
            && run["policy"]["days"] == 30
            && run["done"]["rows_total"] == 0
    });

    // Signed out is out, at once; so is a program whose token is revoked.
    assert_eq!(ask(&app, &auditor, "POST", "/auth/logout", &Value::Null).0, 204);
    assert_eq!(ask(&app, &auditor, "GET", "/logs", &Value::Null).0, 401);
    let tokens = get(&app, &admin, "/admin/tokens");
    let web = tokens["list"].as_array().unwrap().iter().find(|token| token["name"] == "web").unwrap();
    assert_eq!(ask(&app, &admin, "DELETE", &format!("/admin/tokens/{}", web["id"]), &Value::Null).0, 204);
    assert_eq!(ask(&app, &shipper, "POST", "/logs", &record("x", "x")).0, 401);
    let (wrong, _) = ask(&app, &client(""), "POST", "/auth/login", &json!({"username": "ada", "password": "not hers"}));
    assert_eq!(wrong, 401);

    // All of it is in the operation log, without a secret, and among the records.
    let log = get(&app, &admin, "/operation-logs?size=1000");
    let entries = log["list"].as_array().unwrap();
    for action in [
        "daemon_started",
        "login",
        "user_created",
        "token_created",
        "logs_searched",
        "logs_exported",
        "config_changed",
        "logout",
        "token_revoked",
        "login_failed",
    ] {
        assert!(entries.iter().any(|entry| entry["action"] == action), "{action}: {log}");
    }
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&exported));
    assert!(entries.iter().any(|entry| entry["detail"]["sha256"] == sha256.as_str()), "{log}");
    assert!(!log.to_string().contains(PASSWORD) && !log.to_string().contains("ls_"), "{log}");
    wait_until("the entries are records", || {
        let found = get(&app, &admin, "/logs?q=source:logseal.audit%20attributes.action:login_failed");
        found["total"] == 1
    });
}

#[test]
fn accounts_sessions_tokens_and_settings_work_on_sqlite() {
    accounts_sessions_tokens_and_settings_work("");
}

#[test]
fn accounts_sessions_tokens_and_settings_work_on_postgres() {
    accounts_sessions_tokens_and_settings_work(&shared().database());
}

#[test]
fn records_are_taken_in_while_postgres_is_away_and_all_are_found_afterwards() {
    let postgres = Postgres::start();
    let app = start(&postgres.database());
    let admin = sign_in(&app, "admin", ADMIN_PASSWORD);
    let shipper = make_token(&app, &admin, &json!({"name": "web", "scopes": ["ingest"]}));
    assert_eq!(ask(&app, &shipper, "POST", "/logs", &record("a", "before")).0, 201);

    assert_eq!(app.get("/health")["dependencies"]["database"]["state"], "up");
    postgres.stop(Stop::Immediate);
    wait_until("health tells that the database is away", || {
        let health = app.get("/health");
        health["status"] == "degraded" && health["dependencies"]["database"]["state"] == "down"
    });
    wait_until("sessions are not believed any more", || ask(&app, &admin, "GET", "/logs", &Value::Null).0 == 503);
    assert_eq!(ask(&app, &shipper, "POST", "/logs", &record("a", "meanwhile")).0, 201);
    app.tcp().write_all(b"<14>1 2026-11-20T10:20:30Z h a - - - meanwhile\n").unwrap();
    let strange = client("ls_0123456789012345678901234567890123456789012");
    assert_eq!(
        ask(&app, &strange, "POST", "/logs", &record("a", "x")).0,
        503,
        "a token that was never seen is not believed"
    );

    postgres.start_again();
    wait_until("all records are found", || {
        let (status, found) = ask(&app, &admin, "GET", "/logs?q=before%20OR%20meanwhile", &Value::Null);
        status == 200 && found["total"] == 3
    });
    wait_until("health tells that the database is back", || app.get("/health")["status"] == "ok");
}
