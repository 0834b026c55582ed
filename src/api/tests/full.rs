//! A spool that has no room is told to who asks for the daemon's health: a load balancer must not go on sending.

use serde_json::json;

use super::*;

/// Room for some records, each a block of its own.
const SPOOL_BYTES_MAX: u64 = 40_000;

async fn fill(app: &App) {
    for _ in 0..1000 {
        let answer = app.post_json("/api/v1/logs", record("m")).await;
        if answer.status == 503 {
            return;
        }
        assert_eq!(answer.status, 201);
    }
    panic!("the spool never was full");
}

async fn collector(app: &App) -> Answer {
    app.get("/services/collector/health").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_is_told_by_health_until_there_is_room_though_nobody_sends() {
    let mut app = App::with(|_| {}, SPOOL_BYTES_MAX);
    assert_eq!(app.get("/health").await.json()["dependencies"]["spool"]["state"], "up");
    fill(&app).await;

    let health = app.get("/health").await;
    assert_eq!((health.status.as_u16(), health.header("retry-after")), (503, Some("5")));
    assert_eq!(
        (&health.json()["status"], &health.json()["dependencies"]["spool"]["state"]),
        (&json!("full"), &json!("full"))
    );
    let ready = app.get("/api/v1/health?ready").await;
    assert_eq!((ready.status.as_u16(), ready.header("retry-after")), (503, Some("5")));
    assert!(ready.json()["detail"].as_str().unwrap().starts_with("the spool is full"), "{}", ready.json());
    assert_eq!(app.get("/health?live").await.status, 200);
    let splunk = collector(&app).await;
    assert_eq!((splunk.status.as_u16(), &splunk.json()["code"]), (503, &json!(18)));

    let segment = tokio::time::timeout(DEADLINE, app.follower.next()).await.unwrap().unwrap();
    app.follower.advance(&segment).await.unwrap();
    let is_ready = async {
        while app.get("/health?ready").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, is_ready).await.expect("ready again, without a record that was sent");
    assert_eq!(app.get("/health").await.status, 200);
    assert_eq!(collector(&app).await.status, 200);
    assert_eq!(app.post_json("/api/v1/logs", record("m")).await.status, 201);
}
