//! The live tail as its clients see it.

use super::*;

/// Reads an event stream up to what is asked.
struct Events {
    body: Body,
    text: String,
}

impl Events {
    async fn open(app: &App, query: &str, headers: &[(&str, &str)]) -> Self {
        let path = format!("/api/v1/logs/tail?{query}");
        let response = app.answer(request(Method::GET, &path, headers, Body::empty())).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// Waits until `count` records came; their ids and messages.
    async fn records(&mut self, count: usize) -> Vec<(u64, String)> {
        tokio::time::timeout(DEADLINE, async {
            while self.text.matches("event: log").count() < count {
                let frame = self.body.frame().await.unwrap().unwrap();
                self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
            }
        })
        .await
        .unwrap();
        self.text
            .split("\n\n")
            .filter_map(|event| {
                let mut lines = event.lines();
                lines.next().filter(|line| *line == "event: log")?;
                let id = lines.next()?.strip_prefix("id: ")?.parse().unwrap();
                let json: Value = serde_json::from_str(lines.next()?.strip_prefix("data: ")?).unwrap();
                assert_eq!(json["id"], id);
                Some((id, json["message"].as_str().unwrap().to_owned()))
            })
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_as_they_become_durable_and_only_those_that_match() {
    let app = App::new();
    let mut all = Events::open(&app, "", &[]).await;
    let mut some = Events::open(&app, "keyword=b", &[]).await;
    assert_eq!(app.metrics.tails.get(), 2);
    for message in ["a", "b", "c", "bb"] {
        app.post_json("/api/v1/logs", record(message)).await;
    }
    let texts =
        |records: Vec<(u64, String)>| records.into_iter().map(|(id, text)| format!("{id}{text}")).collect::<Vec<_>>();
    assert_eq!(texts(all.records(4).await), ["1a", "2b", "3c", "4bb"]);
    assert_eq!(texts(some.records(2).await), ["2b", "4bb"]);
    drop((all, some));
    assert_eq!(app.metrics.tails.get(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_saw_the_last_record_goes_on_without_a_double() {
    let app = App::new();
    app.post_json("/api/v1/logs", record("old")).await;
    let mut resumed = Events::open(&app, "", &[("last-event-id", "1")]).await;
    app.post_json("/api/v1/logs", record("new")).await;
    assert_eq!(resumed.records(1).await, [(2, "new".to_owned())]);
    assert!(!resumed.text.contains("event: gap"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_was_never_given_begins_anew() {
    let app = App::new();
    let mut resumed = Events::open(&app, "", &[("last-event-id", "9000")]).await;
    app.post_json("/api/v1/logs", record("first")).await;
    assert_eq!(resumed.records(1).await, [(1, "first".to_owned())]);
    let answer = app.send(request(Method::GET, "/api/v1/logs/tail", &[("last-event-id", "x")], Body::empty())).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_too_slow_is_told_how_many_it_missed() {
    let app = App::new();
    let mut slow = Events::open(&app, "", &[]).await;
    app.post_json("/api/v1/logs", record("seen")).await;
    slow.records(1).await;
    // More groups than the tail holds, each of one record.
    for _ in 0..300 {
        app.post_json("/api/v1/logs", record("fast")).await;
    }
    let records = slow.records(2).await;
    let (last_seen, next) = (records[0].0, records[1].0);
    assert!(next > last_seen + 1);
    assert!(
        slow.text.contains(&format!("event: gap\ndata: {{\"missed\":{}}}\n\n", next - last_seen - 1)),
        "{}",
        slow.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tails_are_limited_and_end_with_the_daemon() {
    let app = App::with(|api| api.tails_max = 1, u64::MAX);
    let open = Events::open(&app, "", &[]).await;
    assert_eq!(app.get("/api/v1/logs/tail").await.status, 503);
    app.stop.cancel();
    let rest = tokio::time::timeout(DEADLINE, open.body.collect()).await.unwrap().unwrap().to_bytes();
    assert!(rest.starts_with(b": logseal live tail\n"));
}
