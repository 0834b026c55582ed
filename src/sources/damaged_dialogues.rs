//! Conversations with damaged bytes, without sockets: nothing panics, nothing goes round in circles, no memory runs away.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use logseal_parsers::LineFormat;
use proptest::prelude::*;
use proptest::sample::Index;
use tokio_util::sync::CancellationToken;

use super::beats::Beats;
use super::dialogue::{Dialogue, Next};
use super::fluent::Fluent;
use super::gathered::Gathered;
use super::intake::Intake;
use super::relp::Relp;
use super::whose::Whose;
use crate::config::listener::ListenerConfig;
use crate::ingest::Ingest;
use crate::metrics::Metrics;

fn intake() -> Intake {
    let (ingest, _queue) = Ingest::new(1 << 20, Duration::ZERO);
    let config = ListenerConfig::default();
    Intake::new(&config, LineFormat::default(), "test".to_owned(), ingest, Metrics::new(), CancellationToken::new())
}

fn beat(sequence: u8, text: &str) -> Vec<u8> {
    let json = format!("{{\"message\":\"{text}\"}}");
    [&[b'2', b'J', 0, 0, 0, sequence, 0, 0, 0, json.len() as u8], json.as_bytes()].concat()
}

/// A conversation in each protocol.
fn samples() -> [Vec<u8>; 4] {
    let frames: Vec<u8> = (3..=40).flat_map(|n| beat(n, &format!("number {n}"))).collect();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&frames).unwrap();
    let zlib = zlib.finish().unwrap();
    let head =
        [&b"2W\0\0\0\x28"[..], &beat(1, "one"), &beat(2, "two"), b"2C", &(zlib.len() as u32).to_be_bytes()].concat();
    let pairs = b"1W\0\0\0\x011D\0\0\0\x01\0\0\0\x01\0\0\0\x04line\0\0\0\x02it";
    let beats = [&head[..], &zlib, pairs].concat();

    let entry = b"\x92\x07\x81\xa3log\xa5hello";
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&entry.repeat(40)).unwrap();
    let gzip = gzip.finish().unwrap();
    let packed = [&[0x93, 0xa1, b't', 0xc4, gzip.len() as u8][..], &gzip, b"\x81\xa5chunk\xa1a"].concat();
    let fluent = [&b"\x92\xa1t\x92"[..], entry, entry, b"\xc0", &packed].concat();
    let relp =
        b"1 open 59 relp_version=0\nrelp_software=librelp,1.2.14\ncommands=syslog\n2 syslog 5 <1>hi\n3 close 0\n"
            .to_vec();
    let entries: Vec<String> = (0..30).map(|n| format!("[{n},{{\"log\":\"{n}]\"}}]")).collect();
    let json = format!("[\"t\",1,{{\"log\":\"one\"}}]\n[\"t\",[{}],{{\"chunk\":\"a\"}}] {{}}", entries.join(", "))
        .into_bytes();
    [beats, fluent, relp, json]
}

/// Holds the conversation, in pieces of `piece` bytes; how many records came of it.
fn hold(mut dialogue: impl Dialogue, bytes: &[u8], piece: usize) -> usize {
    let intake = intake();
    let mut gathered = Gathered::new(&intake, Whose::at(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let (mut start, mut end, mut rows, mut idle) = (0, 0, 0, 0);
    loop {
        let next = dialogue.next(&bytes[start..end], &mut gathered);
        rows += gathered.take().0.rows();
        let consumed = match next {
            Ok(Next::Took(count)) => count,
            Ok(Next::NeedMore(count)) => {
                if end == bytes.len() {
                    dialogue.paused(&mut gathered);
                    return rows;
                }
                end = bytes.len().min(end + piece);
                count
            }
            Ok(Next::Closed) | Err(_) => return rows,
        };
        assert!(consumed <= end - start);
        start += consumed;
        idle = if consumed > 0 { 0 } else { idle + 1 };
        assert!(idle < 1000, "nothing moves on behind {start} of {} bytes", bytes.len());
    }
}

fn hold_each(at: usize, bytes: &[u8], piece: usize) -> usize {
    match at {
        0 => hold(Beats::default(), bytes, piece),
        1 | 3 => hold(Fluent::new(None), bytes, piece),
        _ => hold(Relp::new(1000, None), bytes, piece),
    }
}

#[test]
fn whole_conversations_give_all_their_records_however_they_come() {
    for (at, expected) in [41, 42, 1, 32].into_iter().enumerate() {
        for piece in [1, 7, 10_000] {
            assert_eq!(hold_each(at, &samples()[at], piece), expected, "{at} in pieces of {piece}");
        }
    }
}

/// What the client is answered once it pauses behind `bytes`.
fn answered_at_a_pause(dialogue: &mut Beats, bytes: &[u8]) -> Vec<u8> {
    let intake = intake();
    let mut gathered = Gathered::new(&intake, Whose::at(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let mut at = 0;
    loop {
        match dialogue.next(&bytes[at..], &mut gathered).unwrap() {
            Next::Took(count) => at += count,
            Next::NeedMore(_) => break,
            Next::Closed => panic!("it is at no end"),
        }
    }
    assert_eq!(at, bytes.len());
    dialogue.paused(&mut gathered);
    gathered.take().2
}

#[test]
fn a_damaged_window_is_answered_at_a_pause_only_as_far_as_it_came() {
    let window = |events: u8| [b'2', b'W', 0, 0, 0, events];
    let broken = b"2C\0\0\0\x05\x78\x9c\xff\xff\xff";
    let too_long = [&b"2C\x01\x80\0\0"[..], &vec![7; 0x0180_0000]].concat();
    // One frame is the whole window: nothing more can follow.
    for frame in [&broken[..], &too_long] {
        let mut dialogue = Beats::default();
        assert_eq!(answered_at_a_pause(&mut dialogue, &[&window(3), frame].concat()), b"2A\0\0\0\x03");
    }
    // Several are: the third event may be on its way.
    for frame in [&broken[..], &too_long] {
        let mut dialogue = Beats::default();
        let front = [&window(3)[..], &beat(1, "one"), frame].concat();
        assert_eq!(answered_at_a_pause(&mut dialogue, &front), b"2A\0\0\0\x01");
        assert_eq!(answered_at_a_pause(&mut dialogue, b""), b"");
        assert_eq!(answered_at_a_pause(&mut dialogue, &beat(3, "three")), b"2A\0\0\0\x03");
    }
}

#[test]
fn an_entry_that_is_too_long_when_it_is_undone_costs_no_neighbour() {
    // What is undone of the first message fits into the buffer, and the second, which does not get smaller, is read while it arrives.
    for level in [Compression::default(), Compression::none()] {
        let entry = b"\x92\x07\x81\xa3log\xa5hello";
        let long = [&b"\x92\x07\x81\xa3log\xdb\x01\x10\0\0"[..], &vec![b'x'; 0x0110_0000]].concat();
        let entries = [entry, &long[..], entry, entry].concat();
        let mut gzip = GzEncoder::new(Vec::new(), level);
        gzip.write_all(&entries).unwrap();
        let gzip = gzip.finish().unwrap();
        let length = u32::try_from(gzip.len()).unwrap().to_be_bytes();
        let message = [&b"\x93\xa1t\xc6"[..], &length, &gzip, b"\x82\xaacompressed\xa4gzip\xa5chunk\xa1a"].concat();
        assert_eq!(hold(Fluent::new(None), &message, 1 << 20), 4, "{level:?}");
        // Cut off within it, the message has no more, and what follows it is read.
        let mut gzip = GzEncoder::new(Vec::new(), level);
        gzip.write_all(&entries[..entry.len() + 0x0108_0000]).unwrap();
        let gzip = gzip.finish().unwrap();
        let length = u32::try_from(gzip.len()).unwrap().to_be_bytes();
        let message = [&b"\x93\xa1t\xc6"[..], &length, &gzip, b"\x82\xaacompressed\xa4gzip\xa5chunk\xa1a"].concat();
        let two = [&message[..], b"\x92\xa1t\x91", entry].concat();
        assert_eq!(hold(Fluent::new(None), &two, 1 << 20), 3, "{level:?}");
    }
}

#[test]
fn an_entry_that_is_far_too_long_when_it_is_undone_is_not_undone_to_its_end() {
    let entry = b"\x92\x07\x81\xa3log\xa5hello";
    let long = [&b"\x92\x07\x81\xa3log\xdb\x06\0\0\0"[..], &vec![b'x'; 0x0600_0000]].concat();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&[entry, &long[..], entry].concat()).unwrap();
    let gzip = gzip.finish().unwrap();
    let length = u32::try_from(gzip.len()).unwrap().to_be_bytes();
    let message = [&b"\x93\xa1t\xc6"[..], &length, &gzip, b"\x82\xaacompressed\xa4gzip\xa5chunk\xa1a"].concat();
    let next = [&message[..], b"\x92\xa1t\x91", entry].concat();
    // The one before it, the beginning of it, what is left of the message, and the message behind.
    assert_eq!(hold(Fluent::new(None), &next, 1 << 20), 4);
}

proptest! {
    #[test]
    fn damage_anywhere_in_a_conversation_is_survived(
        at in 0..4usize,
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        cut in prop::option::of((any::<Index>(), any::<Index>())),
        piece in 1..300usize,
    ) {
        let [beats, fluent, relp, json] = samples();
        let mut bytes = match at { 0 => beats, 1 => fluent, 2 => relp, _ => json };
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some((from, to)) = cut {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes.drain(from.min(to)..from.max(to));
        }
        hold_each(at, &bytes, piece);
    }

    #[test]
    fn damage_within_what_is_compressed_costs_no_neighbour(at in any::<Index>(), byte: u8) {
        let mut bytes = samples()[0].clone();
        let start = bytes.windows(2).position(|two| two == b"2C").unwrap() + 6;
        let end = bytes.windows(2).position(|two| two == b"1W").unwrap();
        let at = start + at.index(end - start);
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        // The two before it and the one behind it, and at least a record of the damage.
        prop_assert!(hold(Beats::default(), &bytes, 100) >= 4);
    }
}
