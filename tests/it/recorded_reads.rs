//! Whoever is shown what records say is in the operation log, whichever route showed it.

use serde_json::{Value, json};

use crate::app::App;

fn rule() -> Value {
    json!({
        "code": "tried", "name": "Tried", "severity": "high", "kind": "match", "filter": "level:error",
    })
}

/// The entries of searches, oldest first.
fn searches(app: &App) -> Vec<Value> {
    let log = app.get("/api/v1/operation-logs?action=logs_searched&size=1000");
    let mut entries: Vec<Value> = log["list"].as_array().unwrap().iter().map(|entry| entry["detail"].clone()).collect();
    entries.reverse();
    entries
}

#[test]
fn every_route_that_reads_records_is_in_the_operation_log() {
    let app = App::start();
    for (level, ip) in [("ERROR", "10.0.0.1"), ("ERROR", "10.0.0.2"), ("INFO", "10.0.0.1")] {
        let record = json!({
            "source": "web", "level": level, "timestamp": "2026-11-20T10:20:30Z", "message": "request 7 failed", "ip": ip,
        });
        assert_eq!(app.post("/api/v1/logs?wait=searchable", &record).0, 201);
    }
    let mut known = searches(&app).len();
    for (method, path, query, found) in [
        ("GET", "/logs", "source=web&size=1", 3),
        ("GET", "/logs/1", "", 1),
        ("GET", "/logs/1/context", "before=1&after=1", 2),
        ("GET", "/logs/facets", "field=ip&source=web", 3),
        ("GET", "/stats/top", "field=ip&levels=ERROR", 2),
        ("GET", "/stats/patterns", "source=web", 3),
        ("GET", "/stats/logs-by-level", "source=web", 3),
        ("GET", "/stats/logs-by-time", "source=web&bucket=day", 3),
        ("GET", "/stats/logs-by-time", "source=nothing", 0),
        ("POST", "/rules/backtest", "start_time=2026-11-20", 2),
        ("POST", "/rules/ssh-brute-force/backtest", "start_time=2026-11-20", 3),
    ] {
        let path = format!("/api/v1{path}");
        let url = app.url(&format!("{path}?{query}"));
        let request = match method {
            "POST" if path.ends_with("/rules/backtest") => app.http().post(url).json(&rule()),
            "POST" => app.http().post(url),
            _ => app.http().get(url),
        };
        let response = request.send().unwrap();
        let status = response.status();
        assert_eq!(status, 200, "{path}: {}", response.text().unwrap());
        let entries = searches(&app);
        assert_eq!(entries.len(), known + 1, "{path}");
        known += 1;
        let entry = entries.last().unwrap();
        assert_eq!(entry["path"], path.as_str());
        let parameters = entry["parameters"].as_object().unwrap();
        let mut told: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        let mut asked: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        told.sort_unstable();
        asked.sort_unstable();
        assert_eq!(told, asked, "{path}");
        if path.ends_with("/ssh-brute-force/backtest") {
            assert_eq!(entry["rule"], "ssh-brute-force");
        } else {
            assert_eq!(entry["found"], found, "{path}");
        }
    }
    let entries = searches(&app);
    let tried = entries.iter().find(|entry| entry["path"] == "/api/v1/rules/backtest").unwrap();
    assert_eq!(tried["rule"]["filter"], "level:error", "{tried}");

    // A page that shows numbers asks for them again and again; a search is recorded each time.
    for _ in 0..3 {
        app.get("/api/v1/stats/top?field=ip&levels=ERROR");
    }
    assert_eq!(searches(&app).len(), known);
    app.get("/api/v1/logs?source=web&size=1");
    assert_eq!(searches(&app).len(), known + 1);
}
