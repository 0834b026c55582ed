//! What is answered while the metadata database is away.

use serde_json::json;

use crate::app::{App, wait_until};
use crate::postgres::{Postgres, Stop};

#[test]
fn reading_with_a_good_token_is_unavailable_and_not_forbidden_while_the_database_is_away() {
    let postgres = Postgres::start();
    let app = App::start_with("syslog = []", &format!("[database]\nurl = {:?}\n", postgres.database()));
    let record = json!({ "source": "web", "level": "INFO", "timestamp": "2026-11-20T10:00:00Z", "message": "one" });
    assert_eq!(app.post("/api/v1/logs", &record).0, 201);
    postgres.stop(Stop::Immediate);
    let status = |path: &str| {
        let answer = app.http().get(app.url(path)).send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    };
    // For a second the token is known from before.
    wait_until("it is looked up", || status("/api/v1/jobs").0 != 200);
    for path in ["/api/v1/jobs", "/api/v1/logs", "/api/v1/logs/tail", "/api/v1/logs/facets?fields=level"] {
        let (status, text) = status(path);
        assert_eq!(status, 503, "{path}: {text}");
    }
    // Who sends is still believed.
    assert_eq!(app.post("/api/v1/logs", &record).0, 201);
    postgres.start_again();
    app.wait_for_count("source=web", 2);
}
