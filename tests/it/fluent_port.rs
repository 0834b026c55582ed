//! The port of Fluent Forward, as its clients speak to it.

use std::io::{Read as _, Write as _};
use std::net::UdpSocket;

use serde_json::json;
use sha2::{Digest as _, Sha512};

use crate::app::DEADLINE;
use crate::shipper_ports::{connect, expect, gzip, start};

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
    let of_zstd = zstd::encode_all(&many[..], 3).unwrap();
    for bytes in [
        &b"\xc0"[..],
        &bare,
        &forward,
        &packed(&[ENTRY, ENTRY].concat(), b"bbbb"),
        &packed(&gzip(&many), b"cccc"),
        &packed(&of_zstd, b"dddd"),
    ] {
        stream.write_all(bytes).unwrap();
    }
    for chunk in ["aaaa", "bbbb", "cccc", "dddd"] {
        expect(&mut stream, &[b"\x81\xa3ack\xa4", chunk.as_bytes()].concat());
    }
    app.wait_for_count("source=app.web", 40_005);
    let record = &app.get("/api/v1/logs?size=1&source=app.web")["list"][0];
    assert_eq!(
        (&record["message"], &record["level"], &record["format"]),
        (&json!("hello"), &json!("WARN"), &json!("fluent"))
    );
    assert_eq!(record["timestamp"], "2023-11-14T22:13:20.500000Z");
    assert_eq!((&record["attributes"]["tag"], &record["attributes"]["n"]), (&json!("app.web"), &json!("7")));
}

#[test]
fn messages_in_json_are_stored_and_acknowledged_in_json() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let record = r#"{"log":"hello","level":"warn","client":{"ip":"192.0.2.7"}}"#;
    let entry = format!("[1700000000.5,{record}]");
    let many = vec![entry.as_str(); 20_000].join(",");
    write!(stream, r#"["app.web",1700000000,{record}]"#).unwrap();
    write!(stream, "\n[\"app.web\",[{many}],{{\"size\":20000,\"chunk\":\"aaaa\"}}]").unwrap();
    write!(stream, r#"["app.web",1700000000,{record},{{"chunk":"bbbb"}}]"#).unwrap();
    expect(&mut stream, br#"{"ack":"aaaa"}{"ack":"bbbb"}"#);
    app.wait_for_count("source=app.web", 20_002);
    assert_eq!(app.count("source=app.web&q=parse_error:*"), 0);
    let record = &app.get("/api/v1/logs?size=1&source=app.web")["list"][0];
    assert_eq!(
        (&record["message"], &record["level"], &record["format"], &record["ip"]),
        (&json!("hello"), &json!("WARN"), &json!("fluent"), &json!("192.0.2.7"))
    );
    // A message that is too long, and what is none, cost nothing but themselves.
    let long = "x".repeat(17 << 20);
    write!(
        stream,
        r#"["app.web",1,{{"log":"{long}"}}]{{"no":"message"}}5 null"a["["app.web",2,{{"log":"z"}},{{"chunk":"c"}}]"#
    )
    .unwrap();
    expect(&mut stream, br#"{"ack":"c"}"#);
    app.wait_for_count("source=app.web", 20_003);
    app.wait_for_count("q=parse_error:*", 5);
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
fn values_that_are_no_entries_are_one_record_and_cost_the_entries_beside_them_nothing() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let strays = vec![0; 100_000];
    let entries = [ENTRY, &strays, ENTRY].concat();
    stream.write_all(&packed(&entries, b"aaaa")).unwrap();
    expect(&mut stream, b"\x81\xa3ack\xa4aaaa");
    stream.write_all(&packed(&gzip(&entries), b"bbbb")).unwrap();
    expect(&mut stream, b"\x81\xa3ack\xa4bbbb");
    app.wait_for_count("source=app.web&q=hello", 4);
    let all = app.get("/api/v1/logs?source=app.web&total=only")["total"].as_u64().unwrap();
    assert!((6..=12).contains(&all), "a few records of the others: {all}");
}

#[test]
fn values_that_are_no_messages_are_kept_and_cost_the_messages_beside_them_nothing() {
    let app = start("fluent", "");
    let mut stream = connect(app.listener("fluent-tcp"));
    let time = b"\xce\x65\x53\xf1\x00";
    let with_time = |tag: &[u8], rest: &[u8]| [b"\x94", tag, time, b"\x81\xa1a\x01", rest].concat();
    let chunk = b"\x81\xa5chunk\xa4aaaa";
    let strays = [
        b"\x90".to_vec(),
        b"\x91\xa7app.web".to_vec(),
        [b"\x92\xa7app.web", &time[..]].concat(),
        b"\x81\xa1a\x01".to_vec(),
        with_time(b"\xc0", chunk),
        with_time(b"\x05", b"\x80"),
        b"\xa5hello\x05\x05\xc3".to_vec(),
    ];
    for stray in &strays {
        stream.write_all(&[stray, &packed(ENTRY, b"good")[..]].concat()).unwrap();
    }
    for (at, _) in strays.iter().enumerate() {
        if at == 4 {
            expect(&mut stream, b"\x81\xa3ack\xa4aaaa");
        }
        expect(&mut stream, b"\x81\xa3ack\xa4good");
    }
    app.wait_for_count("q=hello%20AND%20level:warn", 7);
    let unread: Vec<_> = app.records("q=parse_error:*");
    assert!(unread.iter().all(|record| record["parse_error"] == "not a message of Fluent Forward"), "{unread:?}");
    assert!((7..=9).contains(&unread.len()), "{unread:?}");
    assert_eq!(app.count("source=app.web&q=parse_error:*"), 2);
    // A map of 17 MiB is no message, either; what is no MessagePack ends the connection.
    stream
        .write_all(&[&b"\x81\xa1a\xc6\x01\x10\x00\x00"[..], &vec![b'x'; 17 << 20], &packed(ENTRY, b"last")].concat())
        .unwrap();
    expect(&mut stream, b"\x81\xa3ack\xa4last");
    stream.write_all(b"\xc1").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
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
    let of_zstd = zstd::encode_all(&entries[..], 1).unwrap();
    assert!(of_zstd.len() > 16 << 20);
    let writer = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        for message in [
            forward,
            packed(&entries, b"bbbb"),
            packed(&compressed, b"cccc"),
            packed(&repeated, b"dddd"),
            packed(&of_zstd, b"ffff"),
            packed(ENTRY, b"eeee"),
        ] {
            (&writer).write_all(&message).unwrap();
        }
    });
    for chunk in ["aaaa", "bbbb", "cccc", "dddd", "ffff", "eeee"] {
        expect(&mut stream, &[b"\x81\xa3ack\xa4", chunk.as_bytes()].concat());
    }
    sending.join().unwrap();
    app.wait_for_count("source=app.web", 5 * 700 + 1);
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
        // What is kept of the damage is cut where more of it had come than a record may have, which the network decides.
        .map(|record| record["parse_error"].as_str().unwrap().trim_end_matches(": cut").to_owned())
        .collect();
    assert_eq!(
        problems,
        [
            "the octet c1 begins no MessagePack value; what follows in its message is left out",
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
fn a_fluent_client_that_does_not_answer_is_not_waited_for() {
    let app = start("fluent", "shared_key = \"the key\"\n");
    let mut stream = connect(app.listener("fluent-tcp"));
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    assert!(said.starts_with(b"\x92\xa4HELO"));
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
