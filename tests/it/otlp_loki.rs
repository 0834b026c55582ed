//! OpenTelemetry's and Loki's clients: recorded ones, replayed byte for byte but for address and credentials, and gRPC over a
//! connection of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use crate::app::{App, SYSLOG};
use crate::recordings;

/// Recorded clients, and how many records each of them sends.
const CLIENTS: [(&str, u64); 10] = [
    ("node-otlp-http", 2),
    ("node-otlp-http-gzip", 2),
    ("node-otlp-proto", 2),
    ("node-pino-loki", 2),
    ("node-winston-loki-json", 2),
    ("node-winston-loki-protobuf", 2),
    ("py-loki", 3),
    ("py-loki2", 3),
    ("py-otlp-http-protobuf", 3),
    ("py-otlp-http-protobuf-gzip", 3),
];
const OTLP: &str = "[otlp]\ngrpc = \"127.0.0.1:0\"\n";
const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// A request with one record, whose body is "over gRPC".
const REQUEST: &[u8] = b"\x0a\x11\x12\x0f\x12\x0d\x2a\x0b\x0a\x09over gRPC";

/// Sends the recorded request as its client would to this daemon with a token; the whole answer.
fn replay(app: &App, recorded: &[u8]) -> String {
    let end = recorded.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, body) = recorded.split_at(end);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let own = format!("Host: {}\r\nAuthorization: Bearer {}\r\nConnection: close", app.api, app.token());
    let is_kept = |line: &&str| {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        !["host", "authorization", "connection"].contains(&name.as_str())
    };
    let lines: Vec<&str> = head.split("\r\n").filter(is_kept).collect();
    let mut stream = TcpStream::connect(app.api).unwrap();
    stream.write_all(format!("{}\r\n{own}", lines.join("\r\n")).as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn recorded_clients_are_answered_and_their_records_stored() {
    let Some(folder) = recordings::folder() else {
        recordings::notice("NOTICE: no recorded clients found, nothing is pushed; set LOGSEAL_WIRE to their folder");
        return;
    };
    let mut app = App::start();
    let mut expected = 0;
    for (client, records) in CLIENTS {
        let file = std::fs::read(folder.join(format!("{client}.json"))).unwrap();
        let recording: Value = serde_json::from_slice(&file).unwrap();
        for event in recording["events"].as_array().unwrap() {
            let answer = replay(&app, &STANDARD.decode(event["b64"].as_str().unwrap()).unwrap());
            let status = if client.contains("loki") { "HTTP/1.1 204" } else { "HTTP/1.1 200" };
            assert!(answer.starts_with(status), "{client}: {answer}");
        }
        expected += records;
        // The answer came after the records were durable.
        assert_eq!(app.metric("logseal_records_acked_total", ""), expected, "{client}");
    }
    app.wait_for_count("", expected);
    let python = app.records("source=shop&host=web1&user_name=alice").remove(0);
    assert_eq!((&python["message"], &python["level"]), (&json!("user alice logged in"), &json!("INFO")));
    assert_eq!(python["attributes"]["http.response.status_code"], "200");
    assert_eq!(python["attributes"]["resource.service.version"], "1.2.3");
    let node = app.records("source=unknown_service:node&levels=ERROR").remove(0);
    assert_eq!((&node["message"], &node["attributes"]["n"]), (&json!("{\"msg\":\"grüße\",\"n\":3}"), &json!("3")));
    let pino = app.records("source=shop&host=vm&user_name=alice").remove(0);
    assert_eq!((&pino["message"], &pino["proc_id"]), (&json!("user alice logged in"), &json!("14648")));
    let loki = app.records("source=shop&levels=WARN&q=quoted").remove(0);
    assert_eq!(loki["message"], "grüße — 日本 \"quoted\"\nsecond line");
    // Also without a listener for gRPC nothing holds the queue open.
    assert!(app.stop().success());
}

/// Sends one request over HTTP/2; what the trailers or headers say as `grpc-status`.
fn call(app: &App, token: &str, message: &'static [u8]) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let frame = [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat();
    let request = http::Request::post(format!("http://{}{EXPORT}", app.listener("otlp")))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::from(frame)))
        .unwrap();
    let address = app.listener("otlp");
    runtime.block_on(async move {
        let socket = tokio::net::TcpStream::connect(address).await.unwrap();
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
        let (mut sender, connection) = handshake.await.unwrap();
        let exchange = async move {
            let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
            let collected = body.collect().await.unwrap();
            let trailers = collected.trailers().cloned().unwrap_or_default();
            let status = trailers.get("grpc-status").or_else(|| parts.headers.get("grpc-status"));
            status.unwrap().to_str().unwrap().to_owned()
        };
        tokio::select! {
            status = exchange => status,
            ended = connection => panic!("the connection ended: {ended:?}"),
        }
    })
}

/// What the client sent, with the token in each head: a literal of HPACK that is not indexed (RFC 7541, section 6.2.2).
fn with_token(recorded: &[u8], token: &str) -> Vec<u8> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let value = format!("Bearer {token}");
    let field = [b"\0\x0dauthorization", &[u8::try_from(value.len()).unwrap()][..], value.as_bytes()].concat();
    let mut rest = recorded.strip_prefix(PREFACE).unwrap_or(recorded);
    let mut own = recorded[..recorded.len() - rest.len()].to_vec();
    while let [a, b, c, kind, flags, s1, s2, s3, s4, behind @ ..] = rest {
        let (payload, next) = behind.split_at(u32::from_be_bytes([0, *a, *b, *c]) as usize);
        let mut payload = payload.to_vec();
        if *kind == 1 {
            payload.extend_from_slice(&field);
        }
        own.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes()[1..]);
        own.extend_from_slice(&[*kind, *flags, *s1, *s2, *s3, *s4]);
        own.extend_from_slice(&payload);
        rest = next;
    }
    own
}

/// Reads frames until one ends the first stream.
fn read_answer(stream: &mut TcpStream) {
    let mut head = [0; 9];
    loop {
        stream.read_exact(&mut head).unwrap();
        let [a, b, c, kind, flags, .., stream_id] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).unwrap();
        if kind <= 1 && flags & 1 == 1 && stream_id == 1 {
            return;
        }
    }
}

#[test]
fn recorded_clients_are_answered_over_grpc_and_their_records_stored() {
    let Some(folder) = recordings::folder() else {
        recordings::notice("NOTICE: no recorded clients found, nothing is replayed; set LOGSEAL_WIRE to their folder");
        return;
    };
    let app = App::start_with("", &format!("{SYSLOG}{OTLP}"));
    let mut expected = 0;
    for (client, records) in [("py-otlp-grpc", 3), ("node-otlp-grpc", 2)] {
        let file = std::fs::read(folder.join(format!("{client}.json"))).unwrap();
        let recording: Value = serde_json::from_slice(&file).unwrap();
        let mut stream = TcpStream::connect(app.listener("otlp")).unwrap();
        for event in recording["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "data") {
            let bytes = STANDARD.decode(event["b64"].as_str().unwrap()).unwrap();
            stream.write_all(&with_token(&bytes, app.token())).unwrap();
        }
        read_answer(&mut stream);
        expected += records;
        // The answer came after the records were durable.
        assert_eq!(app.metric("logseal_records_acked_total", ""), expected, "{client}");
    }
    app.wait_for_count("", expected);
    let python = app.records("source=shop&host=web1&user_name=alice").remove(0);
    assert_eq!((&python["message"], &python["level"]), (&json!("user alice logged in"), &json!("INFO")));
    let node = app.records("source=unknown_service:node&levels=ERROR").remove(0);
    assert_eq!(node["message"], "{\"msg\":\"grüße\",\"n\":3}");
}

#[test]
fn grpc_is_answered_once_records_are_durable() {
    let mut app = App::start_with("", &format!("{SYSLOG}{OTLP}"));
    assert_eq!(call(&app, app.token(), REQUEST), "0");
    app.kill();
    app.run();
    app.wait_for_count("source=otlp", 1);
    assert_eq!(app.records("source=otlp")[0]["message"], "over gRPC");
    assert_eq!(call(&app, "nobody", REQUEST), "16");
    assert_eq!(call(&app, app.token(), b"\x0a\x05"), "3");
}

#[test]
fn an_idle_grpc_connection_does_not_hold_up_the_stop() {
    let mut app = App::start_with("shutdown_seconds = 4", &format!("{SYSLOG}{OTLP}"));
    // Says hello, and then answers nothing any more.
    let mut idle = TcpStream::connect(app.listener("otlp")).unwrap();
    idle.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    // The server's first bytes: it has taken the connection.
    idle.read_exact(&mut [0; 9]).unwrap();
    let began = std::time::Instant::now();
    assert!(app.stop().success());
    assert!(began.elapsed() < std::time::Duration::from_secs(9), "{:?}", began.elapsed());
}
