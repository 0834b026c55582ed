//! Binary event logs of Windows, through the whole daemon.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::app::{App, run, wait_until};
use crate::cli_transfers::import;
use crate::crash::seeded;
use crate::evtx::{CHUNK_BYTES, FILE_HEADER_BYTES, log};
use crate::uploads::{ended, form, gzip, id_of, job, post, results, upload, zip};

/// `count` events of as many users, ten in a chunk.
fn events(count: u64) -> Vec<u8> {
    log(1..count + 1, 10, |id| format!("user{id}"))
}

#[test]
fn an_event_log_beside_other_files_gives_what_each_holds() {
    let app = App::start_with("syslog = []", "");
    let mut damaged = events(30);
    // The second of three chunks is none any more.
    damaged[FILE_HEADER_BYTES + CHUNK_BYTES] = b'?';
    let archive = zip(&[
        ("before.log", b"one\ntwo\n"),
        ("Security.evtx", &events(25)),
        ("damaged.evtx", &damaged),
        ("packed.evtx.gz", &gzip(&events(3))),
        ("behind.log", b"three\n"),
    ]);
    let job = upload(&app, form("collected.zip", archive));
    assert_eq!(
        (&job["status"], &job["inserted"], &job["failed"]),
        (&json!("completed"), &json!(52), &json!(1)),
        "{job}"
    );
    let of: BTreeMap<String, Value> = results(&app, &id_of(&job))
        .into_iter()
        .map(|entry| (entry["path"].as_str().unwrap().to_owned(), entry))
        .collect();
    let check = |path: &str, status: &str, format: &str, inserted: u64, failed: u64| {
        let entry = of.get(path).unwrap_or_else(|| panic!("{path} is not among {:?}", of.keys()));
        assert_eq!((&entry["status"], &entry["format"]), (&json!(status), &json!(format)), "{entry}");
        assert_eq!((&entry["inserted"], &entry["failed"]), (&json!(inserted), &json!(failed)), "{entry}");
        entry
    };
    check("before.log", "completed", "plain", 2, 0);
    check("Security.evtx", "completed", "winevent", 25, 0);
    check("packed.evtx.gz", "completed", "winevent", 3, 0);
    check("behind.log", "completed", "plain", 1, 0);
    let entry = check("damaged.evtx", "failed", "winevent", 21, 1);
    assert_eq!(
        entry["problem"],
        "it is damaged: not all of the event log could be read, as its errors say; 10 record ids are missing between others, first 11 to 20"
    );
    let error = &entry["errors"][0];
    assert_eq!(
        (&error["line"], &error["text"]),
        (&json!(11), &json!("chunk 2 of the event log, at byte 69632 of the file"))
    );
    assert!(error["reason"].as_str().unwrap().starts_with("chunk 2 is damaged: "), "{error}");

    app.wait_for_count("source=upload-test", 52);
    let record = &app.records("source=upload-test&user_name=user25")[0];
    for (field, value) in [("host", "dc1"), ("app", "Test-Auditing"), ("msg_id", "4625"), ("level", "WARN")] {
        assert_eq!(record[field], value, "{record}");
    }
    assert_eq!(record["timestamp"], "2026-11-20T10:11:12.000000Z");
    let attributes = &record["attributes"];
    assert_eq!((&attributes["EventRecordID"], &attributes["upload.line"]), (&json!("25"), &json!("25")), "{record}");
    assert_eq!(attributes["upload.file"], "Security.evtx");
    assert!(record["raw_data"].as_str().unwrap().starts_with("<Event xmlns="), "{record}");
}

#[test]
fn ids_that_are_missing_in_an_event_log_are_told_and_it_does_not_fail() {
    let app = App::start_with("syslog = []", "");
    // One is missing within the first chunk, three between that and the next.
    let ids = (1..=10).filter(|id| *id != 4).chain(14..=20);
    let job = upload(&app, form("Security.evtx", log(ids, 9, |id| format!("user{id}"))));
    assert_eq!(
        (&job["status"], &job["inserted"], &job["failed"]),
        (&json!("completed"), &json!(16), &json!(0)),
        "{job}"
    );
    let entry = &results(&app, &id_of(&job))[0];
    assert_eq!(entry["status"], "completed", "{entry}");
    assert_eq!(entry["problem"], "4 record ids are missing between others, first 4", "{entry}");
    let whole = upload(&app, form("Whole.evtx", events(20)));
    assert_eq!(results(&app, &id_of(&whole))[0]["problem"], Value::Null);
}

#[test]
fn an_event_log_that_is_killed_within_is_stored_once() {
    const EVENTS: u64 = 40_000;
    const PER_CHUNK: usize = 200;
    /// The chunk that is none any more, and the ids that are lost with it.
    const DAMAGED: usize = 77;
    let lost = (DAMAGED * PER_CHUNK) as u64 + 1..((DAMAGED + 1) * PER_CHUNK) as u64 + 1;
    let mut rng = seeded();
    let mut app = App::start_with("syslog = []", "");
    let mut file = log(1..EVENTS + 1, PER_CHUNK, |id| format!("user{id}"));
    file[FILE_HEADER_BYTES + DAMAGED * CHUNK_BYTES] = b'?';
    let (_, answer) = post(&app, "/api/v1/jobs", form("Security.evtx.gz", gzip(&file)));
    let id = id_of(&answer);
    let mut kills = 0;
    for _ in 0..4 {
        wait_until("it is read", || job(&app, &id)["status"] != "queued");
        let until = Instant::now() + Duration::from_millis(rng.random_range(0..600));
        while Instant::now() < until && job(&app, &id)["status"] == "processing" {
            std::thread::sleep(Duration::from_millis(5));
        }
        kills += u32::from(job(&app, &id)["status"] == "processing");
        app.kill();
        app.run();
    }
    let job = ended(&app, &id);
    let stored = EVENTS - PER_CHUNK as u64 + 1;
    assert_eq!((&job["status"], &job["inserted"]), (&json!("completed"), &json!(stored)), "{job}\n{}", app.log());
    assert!(kills > 0, "no kill met it at work");
    app.flush();
    let records = app.records("source=upload-test");
    let mut found: Vec<u64> =
        records.iter().filter_map(|record| record["user_name"].as_str()?.strip_prefix("user")?.parse().ok()).collect();
    found.sort_unstable();
    let expected: Vec<u64> = (1..=EVENTS).filter(|id| !lost.contains(id)).collect();
    assert!(found == expected, "{} records, not {}\n{}", found.len(), expected.len(), app.log());
    assert_eq!(records.len() as u64, stored, "the damaged chunk is told once");
}

#[test]
fn the_command_line_reads_an_event_log_and_does_not_send_one_as_lines() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.evtx.gz"), gzip(&events(12))).unwrap();
    let output = run(&["parse", "--json", "a.evtx.gz"], dir.path());
    let text = String::from_utf8(output.stdout).unwrap();
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((records.len(), &records[11]["user_name"]), (12, &json!("user12")));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "12 records: 12 winevent; 0 not understood\n");

    let app = App::start_with("syslog = []", "");
    let output = import(&app, "a.evtx.gz", &gzip(&events(12)), &[]);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("a.evtx.gz is a binary event log of Windows, which has no lines: upload it"), "{said}");
    app.flush();
    assert_eq!(app.count("source=file"), 0);
}
