//! The smallest spool that is taken: everything that may come fits into it.

use std::io::Write as _;
use std::net::TcpStream;

use crate::app::{App, run, signal, wait_until};

/// Groups are small, so that the spool may be.
const GROUP: u64 = 1 << 20;
const FRAME: u64 = 64 << 10;
/// What `check-config` names as the least.
const SMALLEST: u64 = GROUP + 8 * ((2 << 20) + FRAME);

fn tables(disk_bytes_max: u64) -> String {
    format!(
        "[ingest]\ngroup_bytes_max = {GROUP}\n[spool]\ndisk_bytes_max = {disk_bytes_max}\n\
         [[listener]]\nprotocol = \"json\"\nsource = \"json\"\nlisten = \"127.0.0.1:0\"\nframe_bytes_max = {FRAME}\n"
    )
}

/// JSON whose attributes' names are far longer than it is: that of the outer object stands before each of 1,000.
fn growing(n: usize) -> String {
    let members: Vec<String> = (0..1000).map(|at| format!("\"{at}\":1")).collect();
    format!("{{\"message\":\"{n}\",\"{n:0>1000}\":{{{}}}}}\n", members.join(","))
}

#[test]
fn a_spool_that_is_too_small_for_one_group_is_refused_before_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("logseal.toml");
    for (bytes, is_taken) in [(SMALLEST, true), (SMALLEST - 1, false)] {
        std::fs::write(&file, format!("syslog = []\n{}", tables(bytes))).unwrap();
        let output = run(&["--config", "logseal.toml", "check-config"], dir.path());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.success(), is_taken, "{said}");
        if !is_taken {
            let named = [bytes.to_string(), format!("ingest.group_bytes_max = {GROUP}"), SMALLEST.to_string()];
            assert!(said.contains("spool.disk_bytes_max") && named.iter().all(|named| said.contains(named)), "{said}");
        }
    }
}

#[test]
fn the_smallest_spool_takes_whatever_comes() {
    const RECORDS: usize = 100;
    const WIDE: usize = 200;
    let app = App::start_with("syslog = []", &tables(SMALLEST));
    let engine = app.engine_pid().unwrap();
    signal(engine, "STOP");
    let mut grows = TcpStream::connect(app.listener("json")).unwrap();
    let mut wide = TcpStream::connect(app.listener("json")).unwrap();
    let senders = [
        // 700 KB, which are 100 MB with all the names.
        std::thread::spawn(move || (0..RECORDS).for_each(|n| grows.write_all(growing(n).as_bytes()).unwrap())),
        // Text that stands in the original bytes, in the message and in an attribute.
        std::thread::spawn(move || {
            let text = "\\\"".repeat(FRAME as usize / 4 - 50);
            let record = format!("{{\"message\":\"{text}\",\"again\":\"{text}\"}}\n");
            (0..WIDE).for_each(|_| wide.write_all(record.as_bytes()).unwrap());
        }),
    ];
    app.wait_for_log("the spool takes no more");
    signal(engine, "CONT");
    for sender in senders {
        sender.join().unwrap();
    }
    wait_until("all are stored", || app.count("source=json") == (RECORDS + WIDE) as u64);
    assert_eq!(app.count("source=json&q=parse_error:*"), 0);
}
