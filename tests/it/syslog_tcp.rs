//! Syslog over TCP: framing across any boundary, and the limits of a listener.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{App, DEADLINE, SYSLOG, wait_until};

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// From another of the machine's loopback addresses.
fn connect_from(source: &str, address: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&format!("{source}:0").parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

fn tcp_with(keys: &str) -> String {
    format!("[[syslog]]\ntransport = \"tcp\"\nlisten = \"127.0.0.1:0\"\n{keys}\n")
}

fn messages(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["message"].as_str().unwrap()).collect()
}

fn counted(frame: &str) -> String {
    format!("{} {frame}", frame.len())
}

/// Every framing on one connection: counted with a line end inside, behind and without one, then lines, then NULs.
fn mixed_stream(app: &str) -> (String, Vec<String>) {
    let head = format!("<13>1 - h {app} - - - ");
    let stream = [
        counted(&format!("{head}one\nand a half")),
        counted(&format!("{head}two\n")),
        format!("{head}three\n"),
        format!("{head}four\r\n"),
        counted(&format!("{head}five")),
        counted(&format!("{head}six")) + "\n",
        format!("\n\n{head}seven\n"),
        format!("{head}eight\0"),
        format!("{head}nine\n\0"),
        counted(&format!("{head}ten\r\n")),
    ]
    .concat();
    let expected = ["one\nand a half", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    (stream, expected.map(str::to_owned).to_vec())
}

#[test]
fn mixed_framings_survive_a_split_at_every_byte() {
    let app = App::start();
    let length = mixed_stream("a000").0.len();
    let mut connections: Vec<TcpStream> = (0..length).map(|_| connect(app.listener("tcp"))).collect();
    for (at, connection) in connections.iter_mut().enumerate() {
        connection.write_all(&mixed_stream(&format!("a{at:03}")).0.as_bytes()[..at]).unwrap();
    }
    // The first parts have been read once the frames that are whole in them are records.
    let last = &mixed_stream("a000").0;
    let bytes_of_first_parts = |records: u64| records >= last.matches("<13>").count() as u64;
    wait_until("the first parts are read", || {
        bytes_of_first_parts(app.metric("logseal_records_received_total", "tcp:"))
            && app.metric("logseal_connections", "tcp:") == length as u64
    });
    for (at, connection) in connections.iter_mut().enumerate() {
        connection.write_all(&mixed_stream(&format!("a{at:03}")).0.as_bytes()[at..]).unwrap();
    }
    drop(connections);
    let (_, expected) = mixed_stream("");
    app.wait_for_count("source=syslog", (length * expected.len()) as u64);
    let records = app.records("source=syslog");
    for at in 0..length {
        let name = json!(format!("a{at:03}"));
        let of_connection: Vec<Value> = records.iter().filter(|record| record["app"] == name).cloned().collect();
        assert_eq!(messages(&of_connection), expected, "split at byte {at}");
        assert!(of_connection.iter().all(|record| record["parse_error"].is_null()), "split at byte {at}");
    }
}

#[test]
fn a_stream_that_comes_byte_by_byte_is_the_same_stream() {
    let app = App::start();
    let (stream, expected) = mixed_stream("slow");
    let mut connection = connect(app.listener("tcp"));
    for byte in stream.as_bytes() {
        connection.write_all(&[*byte]).unwrap();
    }
    drop(connection);
    app.wait_for_count("app=slow", expected.len() as u64);
    assert_eq!(messages(&app.records("app=slow")), expected);
}

#[test]
fn after_a_nul_line_feeds_are_part_of_the_message() {
    let app = App::start();
    let mut connection = connect(app.listener("tcp"));
    // As Python's SysLogHandler sends.
    connection.write_all(b"<14>first\0<14>Traceback:\n  line 1\n  line 2\0<14>third\0").unwrap();
    app.wait_for_count("source=syslog", 3);
    let records = app.records("source=syslog");
    let raw: Vec<&str> = records.iter().map(|record| record["raw_data"].as_str().unwrap()).collect();
    assert_eq!(raw, ["<14>first", "<14>Traceback:\n  line 1\n  line 2", "<14>third"]);
    assert_eq!(records[0]["host"], "127.0.0.1");
}

#[test]
fn a_line_that_several_formats_may_have_is_in_that_of_its_connection() {
    let app = App::start_with("", &tcp_with("format = \"auto\""));
    let both = "2023/11/14 22:13:20 ERROR c.e.App: text\n";
    let gos = "2023/11/14 22:13:20 ready to serve\n".repeat(20);
    connect(app.listener("tcp")).write_all(both.as_bytes()).unwrap();
    app.wait_for_count("source=syslog", 1);
    let alone = app.records("source=syslog");
    connect(app.listener("tcp")).write_all([gos.as_str(), both].concat().as_bytes()).unwrap();
    app.wait_for_count("source=syslog", 22);
    let records = app.records("source=syslog");
    let formats = |level: &str| -> Vec<&str> {
        let of_level = records.iter().filter(|record| record["level"] == level);
        of_level.map(|record| record["format"].as_str().unwrap()).collect()
    };
    assert_eq!(alone[0]["format"], "app");
    let mut errors = formats("ERROR");
    errors.sort_unstable();
    assert_eq!(errors, ["app", "go"]);
    assert_eq!(records.iter().filter(|record| record["format"] == "go").count(), 21);
}

#[test]
fn a_frame_over_the_limit_is_cut_marked_and_counted_and_the_next_one_arrives() {
    let app = App::start();
    let mut connection = connect(app.listener("tcp"));
    let long = format!("<13>1 - h long - - - {}", "x".repeat(70_000));
    let exact = format!("<13>1 - h exact - - - {}", "y".repeat(65_536 - "<13>1 - h exact - - - ".len()));
    let stream = format!("{long}\n<13>1 - h next - - - a\n{}<13>1 - h next - - - b\n{exact}\n", counted(&long));
    connection.write_all(stream.as_bytes()).unwrap();
    app.wait_for_count("app=next", 2);
    app.wait_for_count("app=exact", 1);
    let cut = app.records("app=long");
    assert_eq!(cut.len(), 2);
    for record in &cut {
        assert_eq!(record["raw_data"].as_str().unwrap().as_bytes(), &long.as_bytes()[..65_536]);
        assert_eq!(record["parse_error"], "longer than the frame limit: cut");
    }
    let whole = &app.records("app=exact")[0];
    assert_eq!((whole["raw_data"].as_str().unwrap(), &whole["parse_error"]), (exact.as_str(), &Value::Null));
    assert_eq!(app.metric("logseal_records_truncated_total", "tcp:"), 2);
    writeln!(connection, "<13>1 - h alive - - - still").unwrap();
    app.wait_for_count("app=alive", 1);
}

#[test]
fn two_hundred_thousand_tiny_lines_in_a_row_all_become_records() {
    let app = App::start();
    let mut connection = connect(app.listener("tcp"));
    connection.write_all("a\n".repeat(200_000).as_bytes()).unwrap();
    app.wait_for_count("source=syslog", 200_000);
}

#[test]
fn a_pause_within_a_record_does_not_cut_that_of_a_sender_which_delimits() {
    let app = App::start();
    let mut connection = connect(app.listener("tcp"));
    connection.write_all(b"<13>1 - h delimiting - - - one\n<13>1 - h delimiting - - - ha").unwrap();
    app.wait_for_count("app=delimiting", 1);
    // Of another nothing is known: what it sent is a record after the pause, which is over for the first one as well then.
    let mut other = connect(app.listener("tcp"));
    other.write_all(b"<13>1 - h undelimited - - - all").unwrap();
    app.wait_for_count("app=undelimited", 1);
    assert_eq!(app.count("app=delimiting"), 1);
    connection.write_all(b"lf\n").unwrap();
    app.wait_for_count("app=delimiting", 2);
    let records = app.records("app=delimiting");
    let mut all = messages(&records);
    all.sort();
    assert_eq!(all, ["half", "one"]);
}

#[test]
fn text_without_a_delimiter_is_a_record_after_a_pause_and_at_the_end() {
    let app = App::start();
    let mut connection = connect(app.listener("tcp"));
    connection.write_all(b"<13>1 - h undelimited - - - first").unwrap();
    app.wait_for_count("app=undelimited", 1);
    connection.write_all(b"<13>1 - h undelimited - - - second").unwrap();
    drop(connection);
    app.wait_for_count("app=undelimited", 2);
    let records = app.records("app=undelimited");
    assert_eq!(messages(&records), ["first", "second"]);
    assert!(records.iter().all(|record| record["parse_error"].is_null()));
}

#[test]
fn a_counted_frame_that_the_end_of_the_stream_cuts_off_is_kept_and_marked() {
    let app = App::start();
    let mut connection = connect(app.listener("tcp"));
    connection.write_all(b"90 <13>1 - h halved - - - only this much").unwrap();
    drop(connection);
    app.wait_for_count("app=halved", 1);
    let record = &app.records("app=halved")[0];
    assert_eq!(record["message"], "only this much");
    assert_eq!(record["parse_error"], "cut off by the end of the connection");
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let app = App::start_with("", &tcp_with("idle_seconds = 2"));
    let mut idle = connect(app.listener("tcp"));
    writeln!(idle, "<13>1 - h idle - - - hello").unwrap();
    let mut busy = connect(app.listener("tcp"));
    let (closed, was_closed) = std::sync::mpsc::channel();
    std::thread::spawn(move || closed.send(idle.read(&mut [0; 16]).unwrap()).unwrap());
    let mut sent = 0;
    let end = loop {
        writeln!(busy, "<13>1 - h busy - - - {sent}").unwrap();
        sent += 1;
        match was_closed.recv_timeout(Duration::from_millis(200)) {
            Ok(read) => break read,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => assert!(sent < 300, "it is not closed"),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(end, 0, "the daemon sent something");
    writeln!(busy, "<13>1 - h busy - - - after").unwrap();
    app.wait_for_count("app=busy", sent + 1);
    assert_eq!(app.metric("logseal_connections", "tcp:"), 1);
    app.wait_for_log("nothing was sent for 2s");
}

#[test]
fn connections_over_the_limit_are_refused_and_counted_and_a_place_that_is_left_is_free() {
    let app = App::start_with("", &tcp_with("connections_max = 2"));
    let mut kept = [connect(app.listener("tcp")), connect(app.listener("tcp"))];
    wait_until("both are in", || app.metric("logseal_connections", "tcp:") == 2);
    for _ in 0..3 {
        // Closed at once; whether with an end or a reset is the kernel's affair.
        let refused = connect(app.listener("tcp")).read(&mut [0; 16]);
        assert!(matches!(refused, Ok(0)) || refused.is_err(), "{refused:?}");
    }
    assert_eq!(app.metric("logseal_connections_refused_total", "tcp:"), 3);
    for connection in &mut kept {
        writeln!(connection, "<13>1 - h kept - - - unharmed").unwrap();
    }
    app.wait_for_count("app=kept", 2);
    drop(kept);
    wait_until("the places are free", || app.metric("logseal_connections", "tcp:") == 0);
    writeln!(connect(app.listener("tcp")), "<13>1 - h later - - - let in").unwrap();
    app.wait_for_count("app=later", 1);
}

#[test]
fn a_sender_over_its_rate_is_slowed_down_and_loses_nothing_and_others_are_not_slowed() {
    let app = App::start_with("", &tcp_with("records_per_second_per_sender = 100"));
    let mut fast = connect(app.listener("tcp"));
    // One second's worth is free; the other 200 take two seconds, and what comes behind them waits.
    fast.write_all("<13>1 - h fast - - - x\n".repeat(300).as_bytes()).unwrap();
    wait_until("the burst is read", || app.metric("logseal_records_received_total", "tcp:") > 0);
    writeln!(fast, "<13>1 - h last - - - x").unwrap();
    let mut other = connect_from("127.0.0.2", app.listener("tcp"));
    writeln!(other, "<13>1 - h other - - - x").unwrap();
    app.wait_for_count("app=fast", 300);
    app.wait_for_count("app=last", 1);
    let received = |filter: &str| {
        let text = app.records(filter)[0]["received_at"].as_str().unwrap().to_owned();
        chrono::DateTime::parse_from_rfc3339(&text).unwrap()
    };
    let waited = received("app=last") - received("app=fast");
    assert!((1_500..10_000).contains(&waited.num_milliseconds()), "the last record waited {waited}");
    assert!(received("app=other") < received("app=last"));
    assert_eq!(app.metric("logseal_records_dropped_total", ""), 0);
}

#[test]
fn each_listener_has_its_own_source_and_zone() {
    let listener = |transport: &str, source: &str, zone: &str| {
        format!(
            "[[syslog]]\ntransport = {transport:?}\nlisten = \"127.0.0.1:0\"\nsource = {source:?}\nzone = {zone:?}\n"
        )
    };
    let tables = [
        listener("tcp", "tokyo", "Asia/Tokyo"),
        listener("tcp", "newfoundland", "-03:30"),
        listener("udp", "greenwich", "UTC"),
        SYSLOG.to_owned(),
    ]
    .concat();
    let app = App::start_with("", &tables);
    // Recent, so that the year that the stamp does not state is this one, or last year's end.
    let noon = (chrono::Utc::now() - chrono::Duration::days(2)).format("%b %e 12:00:00").to_string();
    let line = format!("<13>{noon} h clock: noon");
    for source in ["tokyo", "newfoundland", "syslog"] {
        // `syslog` is the UDP listener here, the last of that source.
        if source == "syslog" {
            app.udp().send(line.as_bytes()).unwrap();
        } else {
            writeln!(connect(app.listener(source)), "{line}").unwrap();
        }
    }
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().send_to(line.as_bytes(), app.listener("greenwich")).unwrap();
    app.wait_for_count("app=clock", 4);
    for (source, time) in
        [("tokyo", "03:00:00"), ("newfoundland", "15:30:00"), ("greenwich", "12:00:00"), ("syslog", "12:00:00")]
    {
        let record = &app.records(&format!("source={source}"))[0];
        let day = (chrono::Utc::now() - chrono::Duration::days(2)).format("%Y-%m-%d");
        let stamp = record["timestamp"].as_str().unwrap();
        assert!(stamp.starts_with(&format!("{day}T{time}")), "{source}: {stamp}");
    }
}

#[test]
fn connections_from_networks_that_are_not_allowed_are_closed_and_counted() {
    let app = App::start_with("", &tcp_with("allow = [\"127.0.0.2\", \"10.0.0.0/8\"]"));
    let refused = connect(app.listener("tcp")).read(&mut [0; 16]);
    assert!(matches!(refused, Ok(0)) || refused.is_err(), "{refused:?}");
    assert_eq!(app.metric("logseal_connections_refused_total", "tcp:"), 1);
    let mut allowed = connect_from("127.0.0.2", app.listener("tcp"));
    writeln!(allowed, "<13>1 - h allowed - - - x").unwrap();
    app.wait_for_count("app=allowed", 1);
    app.wait_for_log("its network is not among those allowed");
}

#[test]
fn an_allowed_ipv4_sender_is_known_on_a_listener_of_both_kinds() {
    let listener = |allow: &str| format!("[[syslog]]\ntransport = \"tcp\"\nlisten = \"[::]:0\"\nallow = [{allow:?}]\n");
    let app = App::start_with("", &listener("127.0.0.0/8"));
    let port = app.listener("tcp").port();
    let mut allowed = connect(SocketAddr::from(([127, 0, 0, 1], port)));
    writeln!(allowed, "<13>1 - h mapped - - - x").unwrap();
    app.wait_for_count("app=mapped", 1);
    let refused = connect(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port))).read(&mut [0; 16]);
    assert!(matches!(refused, Ok(0)) || refused.is_err(), "{refused:?}");
}
