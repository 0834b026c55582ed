//! The port of Lumberjack, as Beats and logstash-forwarder speak to it.

use std::io::{Read as _, Write as _};

use serde_json::json;

use crate::fluent_port::digest;
use crate::shipper_ports::{connect, expect, messages, start, zlib};

/// Of a message that is larger than what every connection may hold.
const BEGIN_BYTES: usize = 1100 << 10;

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
fn a_compressed_frame_of_more_than_a_million_is_read_so_far_and_the_rest_kept_as_one() {
    let app = start("beats", "");
    let mut stream = connect(app.listener("beats-tcp"));
    // Answers, which a client never sends, are the shortest frames.
    let filler = b"2A\0\0\0\x01".repeat((1 << 20) - 1);
    let frames = [&beat(1, "first")[..], &filler, &beat(2, "behind"), &beat(3, "behind")].concat();
    stream.write_all(&[b"2W\0\0\0\x03", &frame_of(&zlib(&frames))[..]].concat()).unwrap();
    expect(&mut stream, b"2A\0\0\0\x03");
    app.wait_for_count("source=beats", 2);
    let records = app.records("source=beats&q=parse_error:*");
    assert_eq!(records[0]["parse_error"], "a compressed frame: it holds more than 1048576 entries");
}

#[test]
fn many_large_events_at_once_hold_up_nobody_and_are_all_acknowledged() {
    let app = start("beats", "");
    let window = [b"2W\0\0\0\x01", &beat(1, &"x".repeat(3 << 20))[..]].concat();
    // So much shows that a message is a large one. More connections than there is room for batches and large messages.
    let (begin, rest) = window.split_at(BEGIN_BYTES);
    let mut clients: Vec<_> = (0..32).map(|_| connect(app.listener("beats-tcp"))).collect();
    clients.iter_mut().for_each(|client| client.write_all(begin).unwrap());
    for _ in 0..20 {
        let mut small = connect(app.listener("beats-tcp"));
        small.write_all(&[b"2W\0\0\0\x01", &beat(1, "small")[..]].concat()).unwrap();
        expect(&mut small, b"2A\0\0\0\x01");
    }
    std::thread::scope(|scope| {
        for client in &mut clients {
            scope.spawn(|| {
                client.write_all(rest).unwrap();
                expect(client, b"2A\0\0\0\x01");
            });
        }
    });
    app.wait_for_count("source=beats", 52);
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
