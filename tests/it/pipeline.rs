//! Records in by every way, and out by search.

use std::io::Write;

use serde_json::json;

use crate::app::App;

#[test]
fn a_syslog_line_over_tcp_is_found_with_its_fields_and_its_bytes() {
    let app = App::start();
    let line =
        r#"<165>1 2026-11-20T10:20:30.123456Z web1 shop 812 LOGIN [ex@32473 user="alice"] signed in from 192.0.2.7"#;
    writeln!(app.tcp(), "{line}").unwrap();
    app.wait_for_count("source=syslog", 1);
    let record = &app.get("/api/v1/logs?source=syslog")["list"][0];
    assert_eq!(record["id"], 1);
    assert_eq!(record["timestamp"], "2026-11-20T10:20:30.123456Z");
    assert_eq!(record["level"], "INFO");
    assert_eq!((&record["host"], &record["app"], &record["proc_id"]), (&json!("web1"), &json!("shop"), &json!("812")));
    assert_eq!(record["attributes"], json!({"ex@32473.user": "alice"}));
    assert_eq!(record["message"], "signed in from 192.0.2.7");
    assert_eq!(record["raw_data"], line);
    assert_eq!((&record["facility"], &record["severity"]), (&json!(20), &json!(5)));
    assert_eq!(record["parse_error"], json!(null));
}

#[test]
fn datagrams_are_found() {
    let app = App::start();
    let socket = app.udp();
    for n in 0..20 {
        socket.send(format!("<34>Oct 11 22:14:15 mymachine su: attempt {n}").as_bytes()).unwrap();
    }
    app.wait_for_count("app=su", 20);
}

#[test]
fn bytes_that_are_no_text_come_back_as_they_were() {
    let app = App::start();
    let mut stream = app.tcp();
    stream.write_all(b"<13>Oct 11 22:14:15 h app: caf\xe9 \xff\n").unwrap();
    app.wait_for_count("app=app", 1);
    let id = app.get("/api/v1/logs?app=app")["list"][0]["id"].clone();
    let record = app.get(&format!("/api/v1/logs/{id}"));
    // base64 of the line without its newline.
    assert_eq!(record["raw_data_base64"], "PDEzPk9jdCAxMSAyMjoxNDoxNSBoIGFwcDogY2Fm6SD/");
}

#[test]
fn an_acknowledged_record_has_the_next_id() {
    let app = App::start();
    for expected in 1..=3 {
        let record = json!({"source": "s", "level": "INFO", "timestamp": "2026-11-20T00:00:00Z", "message": "m"});
        let (status, answer) = app.post("/api/v1/logs", &record);
        assert_eq!((status, &answer["id"]), (201, &json!(expected)));
    }
}

#[test]
fn a_stop_and_a_start_lose_nothing_and_go_on_counting() {
    let mut app = App::start();
    let mut stream = app.tcp();
    for n in 0..500 {
        writeln!(stream, "<13>1 - h app - - - record {n}").unwrap();
    }
    drop(stream);
    app.wait_for_count("app=app", 500);
    assert!(app.stop().success(), "{}", app.log());
    app.run();
    assert_eq!(app.count("app=app"), 500);
    let record = json!({"source": "s", "level": "INFO", "timestamp": "2026-11-20T00:00:00Z", "message": "m"});
    assert_eq!(app.post("/api/v1/logs", &record).1["id"], 501);
}
