//! Bits that rot on the disk cost the records they are in, and no other.

use std::path::PathBuf;

use serde_json::json;

use crate::app::{App, signal, wait_until};

fn sealed_segments(app: &App) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(app.data_dir.join("spool/segments")).unwrap();
    folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "sealed")).collect()
}

#[test]
fn a_damaged_frame_of_a_sealed_segment_costs_its_records_and_no_other() {
    let mut app = App::start();
    let engine = app.engine_pid().unwrap();
    // Stopped, not dead: the segment stays in the spool.
    signal(engine, "STOP");
    for word in ["before", "rotten", "behind"] {
        let record = json!({"source": "s", "level": "INFO", "timestamp": "2026-11-20T00:00:00Z", "message": word});
        assert_eq!(app.post("/api/v1/logs", &record).0, 201);
    }
    wait_until("the records are sealed", || !sealed_segments(&app).is_empty());
    app.kill();
    signal(engine, "KILL");

    let mut segments = sealed_segments(&app);
    let path = segments.pop().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(6).position(|window| window == b"rotten").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    app.run();
    app.wait_for_count("source=s", 2);
    app.flush();
    let found = app.get("/api/v1/logs?source=s&order=asc");
    let messages: Vec<&str> =
        found["list"].as_array().unwrap().iter().map(|record| record["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["before", "behind"]);
    let kept: Vec<_> =
        std::fs::read_dir(app.data_dir.join("spool/rejected")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(kept.iter().any(|path| path.extension().is_some_and(|e| e == "reason")), "{kept:?}");
    app.wait_for_log("is damaged: what is whole is stored");
}
