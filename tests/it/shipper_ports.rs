//! Fluent Forward, GELF, newline JSON and Lumberjack through the whole daemon.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::app::{App, DEADLINE};
use crate::packaged_clients::folder;
use crate::rsyslog::{command, run};

fn start(protocol: &str, more: &str) -> App {
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

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) const ENTRY: &[u8] =
    b"\x92\xd7\x00\x65\x53\xf1\x00\x1d\xcd\x65\x00\x83\xa3log\xa5hello\xa5level\xa4warn\xa1n\x07";

/// A message of packed entries that asks for an acknowledgement.
pub(crate) fn packed(entries: &[u8], chunk: &[u8; 4]) -> Vec<u8> {
    let length = u32::try_from(entries.len()).unwrap().to_be_bytes();
    [b"\x93\xa7app.web\xc6", &length[..], entries, b"\x81\xa5chunk\xa4", chunk].concat()
}

#[test]
fn fluent_messages_of_every_mode_are_stored_and_acknowledged() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let forward = [b"\x93\xa7app.web\x92", ENTRY, ENTRY, b"\x81\xa5chunk\xa4aaaa"].concat();
    let bare = [b"\x93\xa7app.web", ENTRY.strip_prefix(b"\x92").unwrap()].concat();
    let many: Vec<u8> = ENTRY.repeat(20_000);
    for bytes in
        [&b"\xc0"[..], &bare, &forward, &packed(&[ENTRY, ENTRY].concat(), b"bbbb"), &packed(&gzip(&many), b"cccc")]
    {
        stream.write_all(bytes).unwrap();
    }
    for chunk in ["aaaa", "bbbb", "cccc"] {
        expect(&mut stream, &[b"\x81\xa3ack\xa4", chunk.as_bytes()].concat());
    }
    app.wait_for_count("source=app.web", 20_005);
    let record = &app.get("/api/v1/logs?size=1&source=app.web")["list"][0];
    assert_eq!(
        (&record["message"], &record["level"], &record["format"]),
        (&json!("hello"), &json!("WARN"), &json!("fluent"))
    );
    assert_eq!(record["timestamp"], "2023-11-14T22:13:20.500000Z");
    assert_eq!((&record["attributes"]["tag"], &record["attributes"]["n"]), (&json!("app.web"), &json!("7")));
}

#[test]
fn what_cannot_be_decompressed_is_kept_and_acknowledged() {
    let app = start("fluent", "source = \"fixed\"\n");
    let mut stream = connect(app.listener("fluent-tcp"));
    stream.write_all(&packed(b"\x1f\x8b\x08broken", b"aaaa")).unwrap();
    expect(&mut stream, b"\x81\xa3ack\xa4aaaa");
    app.wait_for_count("source=fixed", 1);
    assert!(app.records("source=fixed")[0]["parse_error"].as_str().unwrap().contains("compression is damaged"));
}

fn entry_of(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [b"\x92\xd7\x00\x65\x53\xf1\x00\x1d\xcd\x65\x00\x81\xa3log\xda", &length[..], text].concat()
}

/// An entry of 50 kB that hardly compresses.
fn large_entry(seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut text = String::new();
    while text.len() < 50_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push_str(&format!("{state:08x}"));
    }
    entry_of(text.as_bytes())
}

#[test]
fn a_fluent_message_that_is_longer_than_any_buffer_is_taken_while_it_arrives() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let entries: Vec<u8> = (0..700).flat_map(large_entry).collect();
    assert!(entries.len() > 32 << 20);
    let compressed = gzip(&entries);
    assert!(compressed.len() > 16 << 20);
    let forward = [b"\x93\xa7app.web\xdd\x00\x00\x02\xbc", &entries[..], b"\x81\xa5chunk\xa4aaaa"].concat();
    // The last one is short, and decompresses to more than is read as a whole.
    let repeated = gzip(&entry_of(&[b'x'; 50_000]).repeat(700));
    assert!(repeated.len() < 1 << 20);
    let writer = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        for message in [
            forward,
            packed(&entries, b"bbbb"),
            packed(&compressed, b"cccc"),
            packed(&repeated, b"dddd"),
            packed(ENTRY, b"eeee"),
        ] {
            (&writer).write_all(&message).unwrap();
        }
    });
    for chunk in ["aaaa", "bbbb", "cccc", "dddd", "eeee"] {
        expect(&mut stream, &[b"\x81\xa3ack\xa4", chunk.as_bytes()].concat());
    }
    sending.join().unwrap();
    app.wait_for_count("source=app.web", 4 * 700 + 1);
    assert_eq!(app.count("source=app.web&q=parse_error:*"), 0);
}

#[test]
fn a_long_fluent_message_that_is_damaged_costs_what_follows_in_it_and_nothing_else() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let mut entries: Vec<u8> = (0..400).flat_map(large_entry).collect();
    let mut compressed = gzip(&(0..700).flat_map(large_entry).collect::<Vec<u8>>());
    let entry = entries.len() / 400;
    // No value begins so.
    entries[390 * entry] = 0xc1;
    compressed.truncate(compressed.len() - 100_000);
    assert!(compressed.len() > 16 << 20);
    let writer = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        for message in [packed(&entries, b"aaaa"), packed(&compressed, b"bbbb"), packed(ENTRY, b"cccc")] {
            (&writer).write_all(&message).unwrap();
        }
    });
    for chunk in ["aaaa", "bbbb", "cccc"] {
        expect(&mut stream, &[b"\x81\xa3ack\xa4", chunk.as_bytes()].concat());
    }
    sending.join().unwrap();
    app.wait_for_count("source=app.web&q=message:hello", 1);
    let problems: Vec<String> = app
        .records("source=app.web&q=parse_error:*&order=asc")
        .iter()
        .map(|record| record["parse_error"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        problems,
        [
            "the octet c1 begins no MessagePack value; what follows in its message is left out: cut",
            "compressed entries: a MessagePack value is cut off; what follows in its message is left out",
        ]
    );
    let kept = app.count("source=app.web");
    assert!((390 + 690..390 + 702).contains(&kept), "{kept}: all before the damage");
}

#[test]
fn what_of_a_large_fluent_message_cannot_be_read_is_cut_and_the_connection_lives_on() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let huge = [b"\x92\x07\x81\xa3log\xdb\x01\x20\0\0", &[b'x'; 18 << 20][..]].concat();
    stream.write_all(&packed(&[ENTRY, &huge, ENTRY].concat(), b"aaaa")).unwrap();
    expect(&mut stream, b"\x81\xa3ack\xa4aaaa");
    // Compressed to more than 16 MiB; only its beginning has to look like gzip.
    stream.write_all(&packed(&[&b"\x1f\x8b\x08"[..], &vec![7; 17 << 20]].concat(), b"bbbb")).unwrap();
    expect(&mut stream, b"\x81\xa3ack\xa4bbbb");
    stream.write_all(&packed(ENTRY, b"cccc")).unwrap();
    expect(&mut stream, b"\x81\xa3ack\xa4cccc");
    app.wait_for_count("source=app.web", 5);
    let records = app.records("source=app.web");
    let faults: Vec<_> = records.iter().filter_map(|record| record["parse_error"].as_str()).collect();
    assert_eq!(
        faults,
        [
            "an entry of more than 16777216 bytes: cut",
            "compressed entries: its compression is damaged; what follows in its message is left out: cut",
        ]
    );
}

#[test]
fn a_fluent_record_beyond_the_limit_costs_itself_alone_in_whatever_mode_it_comes() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let text = [b"\xdb\x02\x20\0\0", &vec![b'x'; 34 << 20][..]].concat();
    let huge = [b"\x07\x82\xa3log", &text[..], b"\xa1n\x01"].concat();
    let entry = [b"\x92", &huge[..]].concat();
    let options = |chunk: &[u8]| [b"\x81\xa5chunk\xa4", chunk].concat();
    let bare = [b"\x94\xa7app.web", &huge[..], &options(b"aaaa")].concat();
    let array = [b"\x93\xa7app.web\x93", ENTRY, &entry, ENTRY, &options(b"bbbb")].concat();
    let packed = packed(&[ENTRY, &entry, ENTRY].concat(), b"cccc");
    // Nothing is owed for this one, and the next is found all the same.
    let silent = [b"\x93\xa7app.web", &huge[..]].concat();
    let last = [b"\x94\xa7app.web", &ENTRY[1..], &options(b"dddd")].concat();
    let writer = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        for message in [bare, array, packed, silent, last] {
            (&writer).write_all(&message).unwrap();
        }
    });
    for chunk in ["aaaa", "bbbb", "cccc", "dddd"] {
        expect(&mut stream, &[b"\x81\xa3ack\xa4", chunk.as_bytes()].concat());
    }
    sending.join().unwrap();
    app.wait_for_count("source=app.web", 9);
    let records = app.records("source=app.web&q=parse_error:*");
    let faults: Vec<_> = records.iter().map(|record| record["parse_error"].as_str().unwrap()).collect();
    assert_eq!(faults, ["an entry of more than 16777216 bytes: cut"; 4]);
    assert_eq!(app.metric("logseal_records_truncated_total", "fluent"), 4);
}

pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha512::new();
    parts.iter().for_each(|part| hash.update(part));
    hex::encode(hash.finalize())
}

#[test]
fn a_fluent_client_must_know_the_shared_key_where_there_is_one() {
    let app = start("fluent", "shared_key = \"the key\"\n");
    for (key, is_let_in) in [(&b"the key"[..], true), (b"another", false)] {
        let mut stream = connect(app.listener("fluent-tcp"));
        expect(&mut stream, b"\x92\xa4HELO\x83\xa5nonce\xd9\x20");
        let mut nonce = [0; 32];
        stream.read_exact(&mut nonce).unwrap();
        expect(&mut stream, b"\xa4auth\xa0\xa9keepalive\xc3");
        let proof = digest(&[b"salt", b"edge7", &nonce, key]);
        stream.write_all(&[b"\x96\xa4PING\xa5edge7\xa4salt\xd9\x80", proof.as_bytes(), b"\xa0\xa0"].concat()).unwrap();
        if is_let_in {
            let answer = digest(&[b"salt", b"logseal", &nonce, key]);
            expect(&mut stream, &[b"\x95\xa4PONG\xc3\xa0\xa7logseal\xd9\x80", answer.as_bytes()].concat());
            stream.write_all(&packed(ENTRY, b"aaaa")).unwrap();
            expect(&mut stream, b"\x81\xa3ack\xa4aaaa");
        } else {
            expect(&mut stream, b"\x95\xa4PONG\xc2\xb3shared_key mismatch\xa0\xa0");
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        }
    }
    app.wait_for_count("source=app.web", 1);
}

#[test]
fn a_fluent_client_must_be_one_of_the_users_where_there_are_some() {
    let app = start("fluent", "shared_key = \"the key\"\nudp_heartbeat = true\nusers = { ada = \"the word\" }\n");
    for (user, word, is_let_in) in [("ada", "the word", true), ("ada", "another", false), ("eve", "", false)] {
        let mut stream = connect(app.listener("fluent-tcp"));
        let (mut nonce, mut salt) = ([0; 32], [0; 16]);
        expect(&mut stream, b"\x92\xa4HELO\x83\xa5nonce\xd9\x20");
        stream.read_exact(&mut nonce).unwrap();
        expect(&mut stream, b"\xa4auth\xc4\x10");
        stream.read_exact(&mut salt).unwrap();
        expect(&mut stream, b"\xa9keepalive\xc3");
        let proof = digest(&[b"salt", b"edge7", &nonce, b"the key"]);
        let who = digest(&[&salt, user.as_bytes(), word.as_bytes()]);
        let ping = [b"\x96\xa4PING\xa5edge7\xa4salt\xd9\x80", proof.as_bytes(), b"\xa3", user.as_bytes(), b"\xd9\x80"];
        stream.write_all(&[&ping.concat(), who.as_bytes()].concat()).unwrap();
        if is_let_in {
            expect(&mut stream, b"\x95\xa4PONG\xc3");
        } else {
            expect(&mut stream, b"\x95\xa4PONG\xc2\xbausername/password mismatch\xa0\xa0");
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        }
    }
    app.wait_for_log("the client is refused: username/password mismatch");

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(app.listener("fluent-tcp")).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket.send(b"\0").unwrap();
    let mut beat = [1; 2];
    assert_eq!((socket.recv(&mut beat).unwrap(), beat[0]), (1, 0));
}

fn gelf(n: u32) -> Vec<u8> {
    json!({"version": "1.1", "host": "edge7", "short_message": format!("message {n}"), "timestamp": 1_700_000_000.5, "level": 4})
        .to_string()
        .into_bytes()
}

fn messages(app: &App, filters: &str, expected: u64) -> Vec<Value> {
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
    let records = messages(&app, "source=gelf", 2);
    assert_eq!((&records[0]["message"], &records[0]["host"]), (&json!("message 1"), &json!("edge7")));
    assert_eq!(records[1]["message"], "two");
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
fn json_lines_and_others_are_taken_over_tcp() {
    let app = start("json", "source = \"shop\"\n");
    let mut stream = connect(app.listener("json-tcp"));
    stream.write_all(b"{\"message\":\"one\",\"level\":\"error\"}\r\n{\"message\":\"two\"}\0plain text\n").unwrap();
    let records = messages(&app, "source=shop", 3);
    let texts: Vec<&str> = records.iter().map(|record| record["message"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two", "plain text"]);
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

fn beat(sequence: u32, message: &str) -> Vec<u8> {
    let event =
        json!({"@timestamp": "2023-11-14T22:13:20.000Z", "message": message, "host": {"name": "edge7"}}).to_string();
    let length = u32::try_from(event.len()).unwrap();
    [b"2J", &sequence.to_be_bytes()[..], &length.to_be_bytes(), event.as_bytes()].concat()
}

#[test]
fn a_window_of_lumberjack_is_acknowledged_at_its_end() {
    let app = start("beats", "");
    let mut stream = connect(app.listener("beats-tcp"));
    stream.write_all(&[b"2W\0\0\0\x02", &beat(1, "one")[..], &beat(2, "two")].concat()).unwrap();
    expect(&mut stream, b"2A\0\0\0\x02");
    let frames: Vec<u8> = (1..=20_000).flat_map(|n| beat(n, &format!("compressed {n}"))).collect();
    let compressed = zlib(&frames);
    let length = u32::try_from(compressed.len()).unwrap().to_be_bytes();
    stream.write_all(&[b"2W", &20_000_u32.to_be_bytes()[..], b"2C", &length, &compressed].concat()).unwrap();
    expect(&mut stream, &[b"2A", &20_000_u32.to_be_bytes()[..]].concat());
    let records = messages(&app, "source=beats", 20_002);
    assert_eq!((&records[0]["message"], &records[0]["host"]), (&json!("one"), &json!("edge7")));
    assert_eq!(records[20_001]["message"], "compressed 20000");

    stream.write_all(b"3W").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    app.wait_for_log("does not begin with version 1 or 2");
}

fn frame_of(compressed: &[u8]) -> Vec<u8> {
    [b"2C", &u32::try_from(compressed.len()).unwrap().to_be_bytes()[..], compressed].concat()
}

#[test]
fn a_damaged_frame_of_lumberjack_is_kept_and_its_window_and_those_behind_it_are_acknowledged() {
    let app = start("beats", "");
    let mut stream = connect(app.listener("beats-tcp"));
    // Text that compresses badly, so that some of it stands before the damage.
    let frames: Vec<u8> = (1..=500_u32).flat_map(|n| beat(n, &digest(&[&n.to_be_bytes()]))).collect();
    let mut compressed = zlib(&frames);
    let half = compressed.len() / 2;
    compressed.truncate(half);
    stream.write_all(&[b"2W\0\0\x01\xf4", &frame_of(&compressed)[..]].concat()).unwrap();
    expect(&mut stream, b"2A\0\0\x01\xf4");

    // A client that does not wait is answered as soon as the next window says that there is no more.
    let broken = frame_of(b"\x78\x9c\xff\xff\xff");
    stream.write_all(&[b"2W\0\0\0\x03", &broken[..], b"2W\0\0\0\x01", &beat(1, "behind it")].concat()).unwrap();
    expect(&mut stream, b"2A\0\0\0\x032A\0\0\0\x01");

    app.wait_for_count("source=beats&q=behind", 1);
    let records = app.records("source=beats");
    let (damaged, whole): (Vec<_>, Vec<_>) = records.iter().partition(|record| !record["parse_error"].is_null());
    assert!(whole.len() > 200, "{} were read", whole.len());
    let why: Vec<_> = damaged.iter().map(|record| record["parse_error"].as_str().unwrap()).collect();
    assert_eq!(why, ["a compressed frame: its compression is damaged"; 2]);
}

#[test]
fn a_damaged_window_in_several_frames_is_not_acknowledged_before_its_events_are_stored() {
    let app = start("beats", "");
    let mut stream = connect(app.listener("beats-tcp"));
    let broken = frame_of(b"\x78\x9c\xff\xff\xff");
    stream.write_all(&[b"2W\0\0\0\x04", &beat(1, "first")[..], &broken].concat()).unwrap();
    // The client is silent, and hears of what came; the others may be on their way.
    expect(&mut stream, b"2A\0\0\0\x01");
    stream.write_all(&[beat(3, "third"), beat(4, "fourth")].concat()).unwrap();
    expect(&mut stream, b"2A\0\0\0\x04");
    app.wait_for_count("source=beats", 4);
    assert_eq!(app.count("source=beats&q=parse_error:*"), 1);
}

#[test]
fn a_frame_of_lumberjack_beyond_the_limit_is_cut_and_the_connection_lives_on() {
    let app = start("beats", "");
    let mut stream = connect(app.listener("beats-tcp"));
    let huge = beat(2, &"x".repeat(17 << 20));
    stream.write_all(&[b"2W\0\0\0\x03", &beat(1, "before")[..], &huge, &beat(3, "behind")].concat()).unwrap();
    expect(&mut stream, b"2A\0\0\0\x03");
    // The same within a compressed frame, which is far larger than memory is given to it.
    let many: Vec<u8> = (1..=20).flat_map(|n| beat(n, &"y".repeat(2 << 20))).collect();
    let inside = [&many[..], &beat(21, &"x".repeat(17 << 20)), &beat(22, "last")].concat();
    stream.write_all(&[b"2W\0\0\0\x16", &frame_of(&zlib(&inside))[..]].concat()).unwrap();
    expect(&mut stream, b"2A\0\0\0\x16");

    app.wait_for_count("source=beats&q=last", 1);
    for (word, expected) in [("before", 1), ("behind", 1)] {
        app.wait_for_count(&format!("source=beats&q={word}"), expected);
    }
    assert_eq!(app.metric("logseal_records_truncated_total", "beats"), 2);
}

/// An event of the first version.
fn forwarded(sequence: u32, pairs: &[(&str, &str)]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let mut frame = [b"1D", &sequence.to_be_bytes()[..], &number(pairs.len())].concat();
    for part in pairs.iter().flat_map(|(key, value)| [key, value]) {
        frame.extend([&number(part.len())[..], part.as_bytes()].concat());
    }
    frame
}

#[test]
fn the_first_version_of_lumberjack_is_answered_in_its_own() {
    let app = start("beats", "source = \"old\"\n");
    let mut stream = connect(app.listener("beats-tcp"));
    let pairs = [("line", "it \"ended\" badly"), ("host", "edge7"), ("file", "/var/log/shop.log"), ("offset", "42")];
    stream
        .write_all(&[b"1W\0\0\0\x02", &forwarded(7, &pairs)[..], &forwarded(8, &[("line", "two")])].concat())
        .unwrap();
    expect(&mut stream, b"1A\0\0\0\x08");
    let frames: Vec<u8> = (9..=309).flat_map(|n| forwarded(n, &[("line", "compressed")])).collect();
    let compressed = zlib(&frames);
    let length = u32::try_from(compressed.len()).unwrap().to_be_bytes();
    stream.write_all(&[b"1W\0\0\x01\x2d1C", &length[..], &compressed].concat()).unwrap();
    expect(&mut stream, b"1A\0\0\x01\x35");
    let records = messages(&app, "source=old", 303);
    assert_eq!(
        (&records[0]["message"], &records[0]["host"], &records[0]["format"]),
        (&json!("it \"ended\" badly"), &json!("edge7"), &json!("lumberjack"))
    );
    assert_eq!(records[0]["attributes"], json!({"file": "/var/log/shop.log", "offset": "42"}));
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
    for (source, expected) in [("shop.login", 2), ("gelf", 4), ("beats", 3)] {
        let records = messages(&app, &format!("source={source}"), expected);
        assert!(records.iter().any(|record| record["message"] == "user alice logged in"), "{records:?}");
        assert!(
            records.iter().any(|record| record["message"].as_str().unwrap().starts_with("größe — 日本")),
            "{records:?}"
        );
    }
}
