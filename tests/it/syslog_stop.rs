//! A stop while clients send: what had arrived is stored, and the daemon ends.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::app::{App, SYSLOG, signal, wait_until};

/// The numbers that records of `app` have as messages, in the order of their ids.
fn numbers(app: &App, filter: &str) -> Vec<u64> {
    app.records(filter).iter().map(|record| record["message"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn whole_frames_that_had_arrived_before_a_stop_are_stored() {
    let mut app = App::start();
    let mut busy = app.tcp();
    let mut late: Vec<TcpStream> = Vec::new();
    let mut text = String::new();
    for n in 0..20_000 {
        text.push_str(&format!("<13>1 - h busy - - - {n}\n"));
    }
    busy.write_all(text.as_bytes()).unwrap();
    busy.write_all(b"<13>1 - h halved - - - not all of").unwrap();
    // Some of these may not even have been accepted when the signal comes.
    for n in 0..30 {
        let mut stream = app.tcp();
        writeln!(stream, "<13>1 - h late - - - {n}").unwrap();
        late.push(stream);
    }
    let socket = app.udp();
    for n in 0..1_000 {
        socket.send(format!("<13>1 - h datagram - - - {n}").as_bytes()).unwrap();
    }
    assert!(app.stop().success(), "{}", app.log());
    drop((busy, late));
    app.run();
    app.flush();
    assert_eq!(numbers(&app, "app=busy"), (0..20_000).collect::<Vec<_>>());
    let mut arrived = numbers(&app, "app=late");
    arrived.sort_unstable();
    assert_eq!(arrived, (0..30).collect::<Vec<_>>());
    assert_eq!(numbers(&app, "app=datagram"), (0..1_000).collect::<Vec<_>>());
    let halved = &app.records("app=halved")[0];
    assert_eq!(halved["message"], "not all of");
    assert_eq!(halved["parse_error"], "its end had not arrived when the daemon stopped");
}

#[test]
fn senders_that_never_pause_do_not_hold_a_stop_up_and_lose_no_record_in_between() {
    let mut app = App::start();
    let going = Arc::new(AtomicBool::new(true));
    let mut tcp = app.tcp();
    let udp = app.udp();
    let of_tcp = std::thread::spawn(move || {
        for n in 0_u64.. {
            // Until the daemon closes the connection.
            if writeln!(tcp, "<13>1 - h flood - - - {n}").is_err() {
                return;
            }
        }
    });
    let of_udp = std::thread::spawn({
        let going = Arc::clone(&going);
        move || {
            while going.load(Ordering::Relaxed) {
                // Refused once nobody listens.
                drop(udp.send(b"<13>1 - h drops - - - x"));
            }
        }
    });
    wait_until("both arrive", || app.count("app=flood") > 1000 && app.count("app=drops") > 1000);
    let started = Instant::now();
    let status = app.stop();
    let took = started.elapsed();
    going.store(false, Ordering::Relaxed);
    of_tcp.join().unwrap();
    of_udp.join().unwrap();
    assert!(status.success(), "{}", app.log());
    assert!(took < Duration::from_secs(15), "the stop took {took:?}");
    assert!(!app.log().contains("sources did not end"), "{}", app.log());
    app.run();
    app.flush();
    // What the stop cut through is marked, and is at most the last record.
    let newest = app.get("/api/v1/logs?app=flood&size=2&order=desc")["list"].clone();
    let cut = usize::from(!newest[0]["parse_error"].is_null());
    let last: u64 = newest[cut]["message"].as_str().unwrap().parse().unwrap();
    assert_eq!(app.count("app=flood"), last + 1 + cut as u64, "{newest}");
}

#[test]
fn a_sender_that_is_slowed_down_does_not_hold_a_stop_up() {
    let tables = SYSLOG.replacen("\n[[syslog]]\n", "\n[[syslog]]\nrecords_per_second_per_sender = 1\n", 1);
    let mut app = App::start_with("", &tables);
    let mut stream = app.tcp();
    stream.write_all("<13>1 - h slow - - - x\n".repeat(500).as_bytes()).unwrap();
    wait_until("they are read", || app.metric("logseal_records_received_total", "tcp:") > 0);
    let started = Instant::now();
    assert!(app.stop().success(), "{}", app.log());
    let took = started.elapsed();
    assert!(took < Duration::from_secs(15), "the stop took {took:?}");
    app.run();
    app.flush();
    assert_eq!(app.count("app=slow"), 500);
}

#[test]
fn a_full_spool_with_waiting_senders_does_not_hold_a_stop_up() {
    let small = "[ingest]\nqueue_bytes_max = 65536\ngroup_bytes_max = 65536\n[spool]\ndisk_bytes_max = 17367040\n";
    let tables = format!("{SYSLOG}\n{small}");
    let mut app = App::start_with("shutdown_seconds = 8", &tables);
    let engine = app.engine_pid().unwrap();
    signal(engine, "STOP");
    let mut stream = app.tcp();
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let chunk = format!("<13>1 - h waits - - - {}\n", "x".repeat(1000)).repeat(100);
    // Until the daemon does not read any more.
    wait_until("the sender is held back", || stream.write_all(chunk.as_bytes()).is_err());
    let started = Instant::now();
    let status = app.stop();
    let took = started.elapsed();
    assert!(status.success(), "{}", app.log());
    assert!(took < Duration::from_secs(25), "the stop took {took:?}\n{}", app.log());
    assert!(app.log().contains("records could not be queued"), "{}", app.log());
    app.run();
    app.flush();
    assert!(app.count("app=waits") > 500, "what was durable is stored: {}", app.count("app=waits"));
}
