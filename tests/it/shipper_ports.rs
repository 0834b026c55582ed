//! GELF, newline JSON and clients of Python's package index through the whole daemon. Fluent Forward is in `fluent_port`, Lumberjack in `beats_port`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use crate::app::{App, DEADLINE};
use crate::packaged_clients::folder;
use crate::rsyslog::{command, run};

pub(crate) fn start(protocol: &str, more: &str) -> App {
    let listener = format!("[[listener]]\nprotocol = {protocol:?}\nlisten = \"127.0.0.1:0\"\n{more}");
    App::start_with("syslog = []", &listener)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

pub(crate) fn expect(stream: &mut TcpStream, expected: &[u8]) {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(got, expected, "{}", String::from_utf8_lossy(&got));
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gelf(n: u32) -> Vec<u8> {
    json!({"version": "1.1", "host": "edge7", "short_message": format!("message {n}"), "timestamp": 1_700_000_000.5, "level": 4})
        .to_string()
        .into_bytes()
}

pub(crate) fn messages(app: &App, filters: &str, expected: u64) -> Vec<Value> {
    app.wait_for_count(filters, expected);
    let records = app.records(filters);
    assert!(records.iter().all(|record| record["parse_error"].is_null()), "{records:?}");
    records
}

#[test]
fn gelf_over_tcp_ends_in_nul() {
    let app = start("gelf", "");
    let mut stream = connect(app.listener("gelf-tcp"));
    stream.write_all(&[&gelf(1)[..], b"\0", b"{\n\"short_message\": \"two\"}\0"].concat()).unwrap();
    // Some clients end them with a line feed.
    stream.write_all(b"{\"short_message\":\"three\"}\n{\"message\":\"four\"}\r\n\0").unwrap();
    let records = messages(&app, "source=gelf", 4);
    assert_eq!((&records[0]["message"], &records[0]["host"]), (&json!("message 1"), &json!("edge7")));
    let texts: Vec<&str> = records[1..].iter().map(|record| record["message"].as_str().unwrap()).collect();
    assert_eq!(texts, ["two", "three", "four"]);
}

#[test]
fn gelf_over_udp_is_taken_whole_compressed_and_in_chunks() {
    let app = start("gelf", "transport = \"udp\"\n");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(app.listener("gelf-udp")).unwrap();
    for datagram in [gelf(1), gzip(&gelf(2)), zlib(&gelf(3))] {
        socket.send(&datagram).unwrap();
    }
    let compressed = gzip(&gelf(4));
    let half = compressed.len() / 2;
    for (number, part) in [(1, &compressed[half..]), (0, &compressed[..half])] {
        socket.send(&[b"\x1e\x0f12345678", &[number, 2][..], part].concat()).unwrap();
    }
    // One that never becomes whole, and one that cannot be a chunk.
    socket.send(b"\x1e\x0f87654321\x00\x02half").unwrap();
    socket.send(b"\x1e\x0f87654321\x00\x00").unwrap();
    let records = messages(&app, "source=gelf", 4);
    let texts: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap()).collect();
    assert_eq!(texts, ["message 1", "message 2", "message 3", "message 4"]);
    crate::app::wait_until("it is counted", || app.metric("logseal_records_dropped_total", "Incomplete") == 1);
}

#[test]
fn gelf_over_udp_whose_compression_cannot_be_undone_is_one_record_of_its_bytes() {
    let app = start("gelf", "transport = \"udp\"\n");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(app.listener("gelf-udp")).unwrap();
    let damaged = b"\x1f\x8b\x08one\ntwo\0three\n".to_vec();
    socket.send(&damaged).unwrap();
    for (number, part) in [(0, &damaged[..5]), (1, &damaged[5..])] {
        socket.send(&[b"\x1e\x0f12345678", &[number, 2][..], part].concat()).unwrap();
    }
    app.wait_for_count("source=gelf", 2);
    let bomb = gzip(&vec![b' '; 17 << 20]);
    assert!(bomb.len() < 60_000);
    socket.send(&bomb).unwrap();
    socket.send(&gelf(1)).unwrap();
    app.wait_for_count("source=gelf", 4);
    let records = app.records("source=gelf");
    for record in &records[..2] {
        assert_eq!((&record["parse_error"], &record["format"]), (&json!("its compression is damaged"), &json!("gelf")));
    }
    for record in &records[..2] {
        assert_eq!(record["raw_data_base64"], "H4sIb25lCnR3bwB0aHJlZQo=");
    }
    assert!(records[2]["parse_error"].as_str().unwrap().starts_with("it decompresses to more than 16777216 bytes"));
    assert_eq!(records[3]["message"], "message 1");
}

#[test]
fn json_lines_and_others_are_taken_over_tcp() {
    let app = start("json", "source = \"shop\"\n");
    let mut stream = connect(app.listener("json-tcp"));
    stream.write_all(b"{\"message\":\"one\",\"level\":\"error\"}\r\n{\"message\":\"two\"}\0plain text\n").unwrap();
    stream
        .write_all(b"[{\"message\":\"three\"},{\"message\":\"four\"}]\n{\"message\":\"five\"}{\"message\":\"six\"}\n")
        .unwrap();
    let records = messages(&app, "source=shop", 7);
    let texts: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two", "plain text", "three", "four", "five", "six"]);
}

#[test]
fn a_trace_is_one_record_in_a_format_of_ones_own() {
    let format = "[formats.shop]\npattern = '^START %{WORD:app} %{GREEDYDATA:message}'\nbegins = '^START '\n";
    let keys = "source = \"shop\"\nformat = \"shop\"\nmultiline = \"auto\"\nmultiline_wait_ms = 200\n";
    let app = start("json", &format!("{keys}{format}"));
    let mut stream = connect(app.listener("json-tcp"));
    // The connection stays open: the pause ends the last record.
    stream.write_all(b"START cart first\n\tat a\nSTART cart second\n").unwrap();
    stream.write_all(b"\tat b\n").unwrap();
    app.wait_for_count("source=shop", 2);
    let list = &app.get("/api/v1/logs?source=shop&order=asc")["list"];
    let messages: Vec<_> = [0, 1].map(|at| (list[at]["message"].clone(), list[at]["format"].clone())).into();
    assert_eq!(
        messages,
        [("first\n\tat a", "shop"), ("second\n\tat b", "shop")].map(|(text, format)| (json!(text), json!(format)))
    );
    assert_eq!(list[1]["raw_data"], "START cart second\n\tat b");
}

#[test]
fn clients_of_pythons_package_index_are_understood() {
    let app = start(
        "fluent",
        "[[listener]]\nprotocol = \"gelf\"\nlisten = \"127.0.0.1:0\"\n\
         [[listener]]\nprotocol = \"gelf\"\ntransport = \"udp\"\nlisten = \"127.0.0.1:0\"\n\
         [[listener]]\nprotocol = \"beats\"\nlisten = \"127.0.0.1:0\"\n",
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/shippers.py");
    let ports = ["fluent-tcp", "gelf-tcp", "gelf-udp", "beats-tcp"].map(|name| app.listener(name).port().to_string());
    run(command("python3").env("PYTHONPATH", folder("python", "timbersnake")).arg(script).args(&ports));
    for (source, expected) in [("shop.login", 2), ("gelf", 4), ("beats", 4)] {
        let records = messages(&app, &format!("source={source}"), expected);
        assert!(records.iter().any(|record| record["message"] == "user alice logged in"), "{records:?}");
        assert!(
            records.iter().any(|record| record["message"].as_str().unwrap().starts_with("größe — 日本")),
            "{records:?}"
        );
    }
    let record = &app.records("source=beats&keyword=bob")[0];
    let said = ["message", "level", "user_name"].map(|field| &record[field]);
    assert_eq!(said, ["user bob logged out", "ERROR", "bob"]);
}
