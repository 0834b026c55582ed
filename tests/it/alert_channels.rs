//! Channels of alerts, against real receivers on loopback.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use logseal::notify::guard::Allowed;
use logseal::notify::message::Message;
use logseal::notify::network::Deadlines;
use logseal::notify::send_error::SendError;
use logseal::notify::sender::{Sender, Settings};
use logseal::notify::target::{ChannelConfig, Kind};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::runtime::Runtime;

use crate::alerts::{PASSWORD, alerts, tables};
use crate::app::{App, wait_until};
use crate::http_receiver::{Answer, HttpReceiver};
use crate::people::sign_in;

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Of a test that shall not wait: 2 s are much for loopback, and short for a silent receiver.
pub(crate) fn settings() -> Settings {
    let deadlines = Deadlines { connect: Duration::from_millis(1500), whole: Duration::from_secs(2) };
    Settings { allowed: Allowed { private: true }, deadlines, authorities: None, hostname: "logs1".to_owned() }
}

pub(crate) fn channel(kind: Kind, config: &Value) -> ChannelConfig {
    ChannelConfig::read(kind, config, None).unwrap()
}

async fn send(kind: Kind, config: &Value) -> Result<(), SendError> {
    send_with(settings(), kind, config).await
}

async fn send_with(settings: Settings, kind: Kind, config: &Value) -> Result<(), SendError> {
    let sender = Sender::new(settings, None).unwrap();
    let message = Message::test("https://logs.example.net", now());
    sender.send(&channel(kind, config), &message, "d-1", now()).await
}

fn answering(status: u16, body: &str) -> Answer {
    Answer { status, body: body.to_owned(), header: None }
}

#[tokio::test]
async fn a_webhook_gets_json_that_its_secret_signed() {
    let receiver = HttpReceiver::start(answering(204, "")).await;
    let config = json!({ "url": receiver.url("/in?x=1"), "secret": "0123456789abcdef", "headers": { "X-Key": "k" } });
    send(Kind::Webhook, &config).await.unwrap();
    let [taken] = &receiver.taken()[..] else { panic!("{:?}", receiver.taken()) };
    assert_eq!((taken.method.as_str(), taken.path.as_str()), ("POST", "/in?x=1"));
    assert_eq!(taken.header("host"), receiver.address.to_string());
    assert_eq!(taken.header("content-type"), "application/json");
    assert!(taken.header("user-agent").starts_with("logseal/"));
    assert_eq!((taken.header("x-logseal-delivery"), taken.header("x-logseal-event")), ("d-1", "test"));
    assert_eq!(taken.header("x-key"), "k");
    assert_eq!(taken.json()["alert"]["rule"]["code"], "logseal.test");
    let signature = taken.header("x-logseal-signature").strip_prefix("t=1800000000,v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"0123456789abcdef").unwrap();
    mac.update(b"1800000000.");
    mac.update(&taken.body);
    mac.verify_slice(&hex::decode(signature).unwrap()).unwrap();
}

#[tokio::test]
async fn chats_and_alertmanager_get_what_they_take() {
    let receiver = HttpReceiver::start(answering(200, "ok")).await;
    send(Kind::Slack, &json!({ "url": receiver.url("/services/T/B/x") })).await.unwrap();
    send(Kind::Teams, &json!({ "url": receiver.url("/workflows/1?sig=x") })).await.unwrap();
    let basic = json!({ "url": receiver.url("/am/"), "username": "u", "password": "p" });
    send(Kind::Alertmanager, &basic).await.unwrap();
    send(Kind::Alertmanager, &json!({ "url": receiver.url(""), "bearer_token": "tok" })).await.unwrap();
    let [slack, teams, basic, bearer] = &receiver.taken()[..] else { panic!("{:?}", receiver.taken()) };
    assert_eq!((slack.path.as_str(), &slack.json()["text"]), ("/services/T/B/x", &json!("TEST: Test of this channel")));
    assert_eq!(teams.path, "/workflows/1?sig=x");
    assert_eq!(teams.json()["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!((basic.path.as_str(), basic.header("authorization")), ("/am/api/v2/alerts", "Basic dTpw"));
    assert_eq!((bearer.path.as_str(), bearer.header("authorization")), ("/api/v2/alerts", "Bearer tok"));
    assert_eq!(bearer.json()[0]["labels"]["rule"], "logseal.test");
}

#[tokio::test]
async fn a_refusal_is_told_with_what_the_receiver_said_and_without_secrets() {
    let echo = "no such: tok3n-9\r\nBasic dTpwYXNzd29yZA== password /services/T/B/x";
    let receiver = HttpReceiver::start(answering(403, &format!("{echo}{}", "z".repeat(9000)))).await;
    for (kind, config, hidden) in [
        (Kind::Alertmanager, json!({ "url": receiver.url(""), "bearer_token": "tok3n-9" }), "tok3n-9"),
        (Kind::Alertmanager, json!({ "url": receiver.url(""), "username": "u", "password": "password" }), "password"),
        (Kind::Alertmanager, json!({ "url": receiver.url(""), "username": "u", "password": "password" }), "dTpw"),
        (Kind::Slack, json!({ "url": receiver.url("/services/T/B/x") }), "/services"),
        (Kind::Webhook, json!({ "url": receiver.url("/"), "headers": { "X-A": "password" } }), "password"),
    ] {
        let outcome = send(kind, &config).await;
        let Err(SendError::Refused(text)) = &outcome else { panic!("{outcome:?}") };
        assert!(text.starts_with("127.0.0.1 answered 403 Forbidden: no such"), "{text}");
        assert!(text.contains("(not shown)") && !text.contains(hidden) && text.len() < 300, "{text}");
    }
}

#[tokio::test]
async fn a_busy_receiver_says_when_to_come_again() {
    let after =
        |value: String| Answer { status: 429, header: Some(("retry-after", value)), body: "slow down".to_owned() };
    let date = (now() + TimeDelta::seconds(90)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (value, seconds) in [("30".to_owned(), 30), (date, 90)] {
        let receiver = HttpReceiver::start(after(value)).await;
        let outcome = send(Kind::Webhook, &json!({ "url": receiver.url("/") })).await;
        let text = "127.0.0.1 answered 429 Too Many Requests: slow down".to_owned();
        assert_eq!(outcome, Err(SendError::Later { text, after: Some(Duration::from_secs(seconds)) }));
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inner = HttpReceiver::start(answering(200, "")).await;
    let header = Some(("location", inner.url("/")));
    let outer = HttpReceiver::start(Answer { status: 307, header, body: String::new() }).await;
    let outcome = send(Kind::Webhook, &json!({ "url": outer.url("/") })).await;
    assert!(matches!(outcome, Err(SendError::Refused(_))), "{outcome:?}");
    assert_eq!((outer.taken().len(), inner.taken().len()), (1, 0));
}

#[tokio::test]
async fn private_receivers_are_refused_before_anything_is_sent() {
    let receiver = HttpReceiver::start(answering(200, "")).await;
    let strict = || Settings { allowed: Allowed::default(), ..settings() };
    let port = receiver.address.port();
    for url in [receiver.url("/"), format!("http://localhost:{port}/"), format!("http://2130706433:{port}/")] {
        let outcome = send_with(strict(), Kind::Webhook, &json!({ "url": url })).await;
        assert!(matches!(&outcome, Err(SendError::Refused(text)) if text.contains("loopback")), "{url}: {outcome:?}");
    }
    for transport in ["udp", "tcp", "tls"] {
        let config = json!({ "host": "127.0.0.1", "port": port, "transport": transport });
        let outcome = send_with(strict(), Kind::Syslog, &config).await;
        assert!(matches!(outcome, Err(SendError::Refused(_))), "{transport}: {outcome:?}");
    }
    assert!(receiver.taken().is_empty());
}

#[tokio::test]
async fn a_receiver_that_says_nothing_is_left_in_time() {
    let silent = HttpReceiver::start(answering(0, "")).await;
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let deaf = deaf.local_addr().unwrap();
    let deadlines = Deadlines { connect: Duration::from_millis(200), whole: Duration::from_millis(300) };
    let quick = || Settings { deadlines, ..settings() };
    for (kind, config) in [
        (Kind::Webhook, json!({ "url": silent.url("/") })),
        (Kind::Webhook, json!({ "url": format!("http://{deaf}/") })),
        (Kind::Webhook, json!({ "url": format!("https://{deaf}/") })),
        (Kind::Syslog, json!({ "host": "127.0.0.1", "port": deaf.port(), "transport": "tls" })),
    ] {
        let outcome = send_with(quick(), kind, &config).await;
        assert!(matches!(outcome, Err(SendError::Later { after: None, .. })), "{config}: {outcome:?}");
    }
    assert_eq!(silent.taken().len(), 1, "it was asked, and did not answer");
}

#[tokio::test]
async fn a_receiver_that_is_not_there_may_come_back() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{gone}/");
    for (kind, config) in [
        (Kind::Webhook, json!({ "url": url })),
        (Kind::Slack, json!({ "url": url })),
        (Kind::Teams, json!({ "url": url })),
        (Kind::Alertmanager, json!({ "url": url })),
        (Kind::Syslog, json!({ "host": "127.0.0.1", "port": gone.port(), "transport": "tcp" })),
    ] {
        let outcome = send(kind, &config).await;
        assert!(matches!(outcome, Err(SendError::Later { .. })), "{kind}: {outcome:?}");
    }
    let outcome = send(Kind::Email, &json!({ "to": ["marie@example.net"] })).await;
    assert!(matches!(outcome, Err(SendError::Refused(_))), "without [smtp]: {outcome:?}");
}

#[test]
fn a_receiver_that_never_answers_delays_no_other_channel() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let runtime = Runtime::new().unwrap();
    let [hangs, answers] = [0, 200].map(|status| {
        let receiver = runtime.block_on(HttpReceiver::start(Answer { status, ..Answer::default() }));
        let channel = json!({
            "name": format!("answers {status}"), "kind": "webhook", "config": { "url": receiver.url("/") }, "rule_codes": ["door"],
        });
        assert_eq!(admin.post(app.url("/api/v1/channels")).json(&channel).send().unwrap().status(), 201);
        receiver
    });
    let rule = json!({ "code": "door", "name": "A door opened", "kind": "match", "filter": "source:door", "group_by": ["host"] });
    assert_eq!(admin.post(app.url("/api/v1/rules")).json(&rule).send().unwrap().status(), 201);
    app.wait_for_log("alert rules were changed");
    // More than is told at once, to one channel and to both.
    let open = |doors: std::ops::Range<usize>| {
        let record = |n: usize| json!({ "source": "door", "level": "INFO", "host": format!("gate{n}"), "message": "opened", "timestamp": now() });
        let (status, answer) = app.post("/api/v1/logs", &json!(doors.map(record).collect::<Vec<_>>()));
        assert_eq!(status, 201, "{answer}");
    };
    open(0..30);
    wait_until("both are told", || !hangs.taken().is_empty() && answers.taken().len() == 30);
    assert!(hangs.taken().len() <= 4, "{}", hangs.taken().len());
    // The first one still waits for an answer, for 15 s; the second one has the next alert at once.
    open(30..31);
    wait_until("the alert is raised", || alerts(&app, "&rule_code=door").len() == 31);
    let raised = std::time::Instant::now();
    wait_until("the other channel is told", || answers.taken().len() == 31);
    assert!(raised.elapsed() < Duration::from_secs(10), "it waited for the other one: {:?}", raised.elapsed());
}

#[test]
fn a_channel_is_tried_and_the_answer_says_how_it_went() {
    let app = App::start_with("", &tables(""));
    let admin = sign_in(&app, "admin", PASSWORD);
    let runtime = Runtime::new().unwrap();
    for (status, outcome) in [(200, "sent"), (400, "failed"), (503, "queued")] {
        let answer = Answer { status, body: "what it says".to_owned(), ..Answer::default() };
        let receiver = runtime.block_on(HttpReceiver::start(answer));
        let channel = json!({ "name": outcome, "kind": "webhook", "config": { "url": receiver.url("/hook") } });
        let made: Value = admin.post(app.url("/api/v1/channels")).json(&channel).send().unwrap().json().unwrap();
        let path = format!("/api/v1/channels/{}", made["id"]);
        let tested: Value = admin.post(app.url(&format!("{path}/test"))).send().unwrap().json().unwrap();
        assert_eq!(tested["status"], outcome, "{tested}");
        assert_eq!(
            tested["error"].as_str().is_some_and(|error| error.contains("what it says")),
            status != 200,
            "{tested}"
        );
        assert_eq!(receiver.taken()[0].json()["event"], "test");
        let told: Value =
            admin.get(app.url(&format!("{path}/deliveries?status={outcome}"))).send().unwrap().json().unwrap();
        assert_eq!(told["total"], 1, "{told}");
    }
}
