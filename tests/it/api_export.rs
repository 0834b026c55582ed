//! Exports: complete, safe to open, and visibly broken where they are.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::app::{App, signal, wait_until};

fn fill(app: &App, count: usize) {
    let line = |i: usize| {
        let second = format!("{:02}:{:02}:{:02}", i / 3600 % 24, i / 60 % 60, i % 60);
        format!(
            r#"{{"source":"web","level":"INFO","timestamp":"2026-11-20T{second}Z","message":"=cmd, \"{i}\"\nand more"}}"#
        )
    };
    for from in (0..count).step_by(100_000) {
        let body: String = (from..count.min(from + 100_000)).map(|i| line(i) + "\n").collect();
        let answer: Value =
            app.http().post(app.url("/api/v1/logs/bulk?wait=searchable")).body(body).send().unwrap().json().unwrap();
        assert_eq!(answer["unparsed"], 0, "{answer}");
    }
}

#[test]
fn csv_has_every_record_in_order_and_no_formula() {
    let app = App::start();
    fill(&app, 5000);
    let response = app.http().get(app.url("/api/v1/logs/export?columns=id,message")).send().unwrap();
    assert_eq!(response.headers()["x-logseal-rows"], "5000");
    assert!(response.headers()["content-disposition"].to_str().unwrap().ends_with(".csv\""));
    let text = response.text().unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<(u64, String)> = table.deserialize().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 5000);
    for (i, (id, message)) in rows.iter().enumerate() {
        assert_eq!((*id, message), (i as u64 + 1, &format!("'=cmd, \"{i}\"\nand more")));
    }
}

#[test]
fn compressed_ndjson_has_the_same_records_as_the_list() {
    let app = App::start();
    fill(&app, 900);
    let response = app.http().get(app.url("/api/v1/logs/export?format=ndjson&gzip&order=desc")).send().unwrap();
    assert_eq!(response.headers()["content-type"], "application/gzip");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*response.bytes().unwrap()).read_to_string(&mut text).unwrap();
    let exported: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let listed = app.get("/api/v1/logs?size=1000");
    assert_eq!(&exported, listed["list"].as_array().unwrap());
}

#[test]
fn an_export_whose_store_dies_in_the_middle_is_an_aborted_transfer() {
    let app = App::start();
    fill(&app, 300_000);
    let mut response = app.http().get(app.url("/api/v1/logs/export")).send().unwrap();
    let mut first = [0; 4096];
    response.read_exact(&mut first).unwrap();
    signal(app.engine_pid().unwrap(), "KILL");
    let mut rest = Vec::new();
    assert!(response.read_to_end(&mut rest).is_err(), "{} bytes came as if they were all", rest.len());
    wait_until("the engine is back", || app.http().get(app.url("/api/v1/logs?size=1")).send().unwrap().status() == 200);
    assert_eq!(app.count("source=web"), 300_000);
    expect_aborted_entry(&app);
}

#[test]
fn an_export_that_its_client_cuts_is_in_the_operation_log_with_what_was_handed_out() {
    let app = App::start();
    fill(&app, 300_000);
    let mut response = app.http().get(app.url("/api/v1/logs/export")).send().unwrap();
    response.read_exact(&mut [0; 4096]).unwrap();
    drop(response);
    expect_aborted_entry(&app);
}

/// Waits for the entry of an export that ended before all of 300,000 records were handed out.
fn expect_aborted_entry(app: &App) {
    let exports = || app.get("/api/v1/operation-logs?action=logs_exported")["list"].as_array().unwrap().clone();
    wait_until("the end of the export is recorded", || exports().len() == 2);
    let [ended, started] = exports().try_into().unwrap();
    let (detail, begun) = (&ended["detail"], &started["detail"]);
    assert_eq!((&begun["state"], &begun["rows"]), (&json!("started"), &json!(300_000)));
    assert_eq!((&detail["state"], &detail["started_by"]), (&json!("aborted"), &started["id"]));
    assert!((1..300_000).contains(&detail["rows"].as_u64().unwrap()), "{detail}");
    assert!(detail["bytes"].as_u64().unwrap() >= 4096, "{detail}");
}

#[test]
fn an_export_over_http_1_0_is_refused_for_its_end_would_mean_nothing() {
    let app = App::start();
    let response = app.http().get(app.url("/api/v1/logs/export")).version(reqwest::Version::HTTP_10).send().unwrap();
    assert_eq!(response.status(), 505);
    assert!(response.text().unwrap().contains("HTTP/1.1"));
}
