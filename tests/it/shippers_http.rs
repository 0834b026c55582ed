//! Shippers that push over HTTP: recorded ones, replayed byte for byte but for address and credentials. Their folder is that
//! of `recordings.rs`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{App, wait_until};
use crate::recordings;

/// Recorded clients, and how many records each of them sends.
const CLIENTS: [(&str, u64); 23] = [
    ("java-log4j2-http", 2),
    ("journald-upload", 3),
    ("node-es", 2),
    ("node-pino-es", 2),
    ("node-splunk", 2),
    ("node-winston-es", 2),
    ("node-winston-http", 2),
    ("node-winston-http-batch", 2),
    ("py-es-bulk", 4),
    ("py-es-bulk-gzip", 4),
    ("py-graypy-http", 3),
    ("py-hec", 3),
    ("py-httphandler", 3),
    ("py-opensearch-bulk", 4),
    ("py-splunk", 3),
    ("rsyslog-omelasticsearch", 2),
    ("syslogng-elasticsearch-http", 3),
    ("syslogng-http", 3),
    ("syslogng-splunk-hec", 3),
    ("vector-http-json", 2),
    ("vector-http-ndjson-gzip", 2),
    ("vector-http-ndjson-zstd", 2),
    ("vector-http-text", 2),
];

/// The recorded request as that client would send it to this daemon with a token.
fn addressed(app: &App, recorded: &[u8], scheme: &str) -> Vec<u8> {
    let end = recorded.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, body) = recorded.split_at(end);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    // Programs without a protocol of their own were recorded as they posted to a path that somebody had made up.
    let request_line = lines.next().unwrap().replace(" /logs HTTP", " /api/v1/logs/bulk HTTP");
    let is_replaced = |line: &str| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        ["host", "authorization", "connection"].contains(&name.as_str())
    };
    let mut request =
        format!("{request_line}\r\nHost: {}\r\nAuthorization: {scheme} {}\r\nConnection: close", app.api, app.token());
    for line in lines.filter(|line| !is_replaced(line)) {
        request.push_str("\r\n");
        request.push_str(line);
    }
    [request.as_bytes(), body].concat()
}

/// Sends a request; the status and the rest of the answer.
fn exchange(app: &App, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(app.api).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.to_owned())
}

#[test]
fn recorded_clients_that_push_are_answered_and_their_records_stored() {
    let Some(folder) = recordings::folder() else {
        recordings::notice("NOTICE: no recorded clients found, nothing is pushed; set LOGSEAL_WIRE to their folder");
        return;
    };
    let app = App::start();
    let mut expected = 0;
    for (client, records) in CLIENTS {
        let file = std::fs::read(folder.join(format!("{client}.json"))).unwrap();
        let recording: Value = serde_json::from_slice(&file).unwrap();
        for event in recording["events"].as_array().unwrap() {
            let recorded = STANDARD.decode(event["b64"].as_str().unwrap()).unwrap();
            let is_splunk = event["path"].as_str().unwrap().starts_with("/services");
            let scheme = if is_splunk { "Splunk" } else { "Bearer" };
            let (status, answer) = exchange(&app, &addressed(&app, &recorded, scheme));
            let is_question = event["method"] == "HEAD" && status == 404;
            assert!((200..300).contains(&status) || is_question, "{client}: {answer}");
            if event["path"].as_str().unwrap().contains("_bulk") {
                assert!(answer.contains("\"errors\":false"), "{client}: {answer}");
                assert!(answer.to_ascii_lowercase().contains("x-elastic-product: elasticsearch"), "{client}: {answer}");
            }
        }
        expected += records;
        // The answer came after the records were durable.
        assert_eq!(app.metric("logseal_records_acked_total", ""), expected, "{client}");
    }
    wait_until("all of them are found", || app.count("") == expected);

    let found = |query: &str| app.records(query);
    let pino = found("source=logs&host=vm&user_name=alice").remove(0);
    assert_eq!(
        (&pino["message"], &pino["level"], &pino["proc_id"]),
        (&json!("user alice logged in"), &json!("INFO"), &json!("14088"))
    );
    let sshd = found("source=sshd&host=vm").remove(0);
    assert_eq!((&sshd["ip"], &sshd["attributes"]["sourcetype"]), (&json!("203.0.113.5"), &json!("syslog")));
    let gelf = found("source=gelf").pop().unwrap();
    assert_eq!((&gelf["message"], &gelf["level"]), (&json!("boom"), &json!("ERROR")));
    assert_eq!(gelf["attributes"]["process_name"], "MainProcess");
    let journal = found("source=journal&app=multi").remove(0);
    assert_eq!((&journal["message"], &journal["severity"]), (&json!("line1\nline2"), &json!(3)));
    assert_eq!(found("source=logs-app&ip=203.0.113.2").len(), 3);
    recordings::notice(&format!("replayed {} recorded clients that push: {expected} records", CLIENTS.len()));
}

#[test]
fn what_was_answered_survives_the_end_of_the_daemon() {
    let mut app = App::start();
    let body = "{\"index\":{\"_index\":\"kept\"}}\n{\"message\":\"a\"}\n{\"index\":{\"_index\":\"kept\"}}\n{\"message\":\"b\"}\n";
    let answer = app.http().post(app.url("/_bulk")).body(body).send().unwrap();
    assert_eq!(answer.status(), 200);
    app.kill();
    app.run();
    app.wait_for_count("source=kept", 2);
}
