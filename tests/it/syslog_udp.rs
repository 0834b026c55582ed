//! Syslog over UDP: one datagram, one record.

use std::net::UdpSocket;

use serde_json::{Value, json};

use crate::app::{App, wait_until};

fn udp_with(keys: &str) -> String {
    format!("[[syslog]]\ntransport = \"udp\"\nlisten = \"127.0.0.1:0\"\n{keys}\n")
}

fn raw(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["raw_data"].as_str().unwrap()).collect()
}

#[test]
fn trailers_are_dropped_and_line_feeds_inside_kept() {
    let app = App::start();
    let socket = app.udp();
    for datagram in
        ["<13>a: one\n", "<13>a: two\0", "<13>a: three\n\0", "<13>a: four\r\n", "<13>a: five\nsix", "<13>a: seven"]
    {
        socket.send(datagram.as_bytes()).unwrap();
    }
    app.wait_for_count("app=a", 6);
    let records = app.records("app=a");
    assert_eq!(
        raw(&records),
        ["<13>a: one", "<13>a: two", "<13>a: three", "<13>a: four", "<13>a: five\nsix", "<13>a: seven"]
    );
    assert!(records.iter().all(|record| record["host"] == "127.0.0.1"), "the sender's address stands in for a host");
}

#[test]
fn empty_datagrams_are_no_records_and_do_no_harm() {
    let app = App::start();
    let socket = app.udp();
    // As Perl's Sys::Syslog begins.
    for datagram in [&b""[..], b"\n", b"\0", b"", b"\r\n\0\0"] {
        socket.send(datagram).unwrap();
    }
    socket.send(b"<13>a: after them").unwrap();
    app.wait_for_count("app=a", 1);
    assert_eq!(app.metric("logseal_records_received_total", "udp:"), 1);
    assert_eq!(app.count(""), 1);
}

#[test]
fn the_largest_datagram_arrives_whole() {
    let app = App::start();
    let line = format!("<13>1 - h large - - - {}", "x".repeat(65_507 - "<13>1 - h large - - - ".len()));
    app.udp().send(line.as_bytes()).unwrap();
    app.wait_for_count("app=large", 1);
    let record = &app.records("app=large")[0];
    assert_eq!((record["raw_data"].as_str().unwrap(), &record["parse_error"]), (line.as_str(), &Value::Null));
}

#[test]
fn a_datagram_over_the_frame_limit_is_cut_and_marked() {
    let app = App::start_with("", &udp_with("frame_bytes_max = 1000"));
    let line = format!("<13>1 - h long - - - {}", "x".repeat(2_000));
    app.udp().send(line.as_bytes()).unwrap();
    app.wait_for_count("app=long", 1);
    let record = &app.records("app=long")[0];
    assert_eq!(record["raw_data"].as_str().unwrap().as_bytes(), &line.as_bytes()[..1000]);
    assert_eq!(record["parse_error"], "longer than the frame limit: cut");
    assert_eq!(app.metric("logseal_records_truncated_total", "udp:"), 1);
}

#[test]
fn a_sender_over_its_rate_loses_what_is_counted_and_others_lose_nothing() {
    let app = App::start_with("", &udp_with("records_per_second_per_sender = 20"));
    let fast = app.udp();
    for n in 0..200 {
        fast.send(format!("<13>1 - h fast - - - {n}").as_bytes()).unwrap();
    }
    let other = UdpSocket::bind("127.0.0.2:0").unwrap();
    for n in 0..15 {
        other.send_to(format!("<13>1 - h other - - - {n}").as_bytes(), app.listener("udp")).unwrap();
    }
    let taken = || app.metric("logseal_records_received_total", "udp:");
    let dropped = || app.metric("logseal_records_dropped_total", "RateLimit");
    wait_until("every datagram is taken or dropped", || taken() + dropped() == 215);
    app.wait_for_count("app=other", 15);
    app.wait_for_count("app=fast", taken() - 15);
    assert!((20..100).contains(&app.count("app=fast")), "{}", app.count("app=fast"));
    assert_eq!(dropped(), 200 - app.count("app=fast"));
    assert_eq!(app.metric("logseal_records_dropped_total", ""), dropped(), "nothing is dropped for another reason");
}

#[test]
fn bytes_that_are_no_text_come_back_as_they_were() {
    let app = App::start();
    let bytes: Vec<u8> = (1..=255).collect();
    app.udp().send(&bytes).unwrap();
    app.wait_for_count("source=syslog", 1);
    let record = &app.records("source=syslog")[0];
    let text = record["raw_data_base64"].as_str().unwrap();
    use base64::Engine as _;
    assert_eq!(base64::engine::general_purpose::STANDARD.decode(text).unwrap(), bytes);
    assert_ne!(record["parse_error"], json!(null));
}

#[test]
fn datagrams_from_networks_that_are_not_allowed_are_dropped_and_counted() {
    let app = App::start_with("", &udp_with("allow = [\"127.0.0.2/32\"]"));
    let allowed = UdpSocket::bind("127.0.0.2:0").unwrap();
    for n in 0..5 {
        app.udp().send(format!("<13>1 - h refused - - - {n}").as_bytes()).unwrap();
        allowed.send_to(format!("<13>1 - h allowed - - - {n}").as_bytes(), app.listener("udp")).unwrap();
    }
    app.wait_for_count("app=allowed", 5);
    wait_until("all are counted", || app.metric("logseal_records_dropped_total", "NotAllowed") == 5);
    assert_eq!((app.count(""), app.metric("logseal_records_dropped_total", "")), (5, 5));
}
