//! What `logseal parse` makes of the lines in `fixtures/`, as snapshots.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

use std::path::Path;
use std::process::Command;

fn records(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    let output = Command::new(env!("CARGO_BIN_EXE_logseal")).args(["parse", "--json"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let shown = lines.lines().map(|line| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        let arrival = record["received_at"].take();
        // A line that states no time has that of its arrival.
        if record["timestamp"] == arrival {
            record["timestamp"] = "that of arrival".into();
        }
        serde_json::to_string_pretty(&record).unwrap()
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn rfc_5424_lines_become_these_records() {
    insta::assert_snapshot!(records("rfc5424.log"));
}

#[test]
fn rfc_3164_lines_become_these_records() {
    insta::assert_snapshot!(records("rfc3164.log"));
}

#[test]
fn json_lines_become_these_records() {
    insta::assert_snapshot!(records("json.ndjson"));
}

#[test]
fn lines_of_several_formats_are_told_apart() {
    insta::assert_snapshot!(records("mixed.log"));
}
