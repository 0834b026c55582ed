//! What goes into a batch comes out of its block.

use std::borrow::Cow;
use std::net::IpAddr;

use logseal_parsers::{Attributes, Level, LogEvent};
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::block::{self, Rows};
use super::{Batch, LogRow, Origin};

/// A record as its parts: everything that a parser may find, and the bytes around its message.
#[derive(Clone, Debug)]
struct Sample {
    head: Vec<u8>,
    message: Vec<u8>,
    tail: Vec<u8>,
    /// Whether the parser gives the message as a part of the line or as bytes of its own.
    verbatim: bool,
    words: [String; 6],
    timestamp: Option<i64>,
    level: usize,
    severity: Option<u8>,
    ip: Option<IpAddr>,
    attributes: Vec<(String, String)>,
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let bytes = || vec(any::<u8>(), 0..200);
    let word = || prop_oneof!["[a-c]{0,2}", ".{0,20}"];
    let sample = (
        (bytes(), bytes(), bytes(), any::<bool>()),
        [word(), word(), word(), word(), word(), word()],
        proptest::option::of(0i64..4_000_000_000_000_000),
        0usize..7,
        proptest::option::of(0u8..8),
        proptest::option::of(any::<IpAddr>().prop_filter("absent", |ip| !ip.is_unspecified())),
        vec((word(), word()), 0..4),
    );
    let sample =
        sample.prop_map(|((head, message, tail, verbatim), words, timestamp, level, severity, ip, attributes)| {
            Sample { head, message, tail, verbatim, words, timestamp, level, severity, ip, attributes }
        });
    vec(sample, 0..40)
}

const AT: i64 = 1_800_000_000_000_000;

fn push(batch: &mut Batch, sample: &Sample) {
    let raw = [&sample.head[..], &sample.message, &sample.tail].concat();
    let [host, app, proc_id, msg_id, user_name, source] = &sample.words;
    let mut attributes = Attributes::default();
    for (name, value) in &sample.attributes {
        attributes.push(name, value);
    }
    let within = &raw[sample.head.len()..sample.head.len() + sample.message.len()];
    let event = LogEvent {
        timestamp: sample.timestamp,
        level: Level::ALL[sample.level],
        severity: sample.severity,
        facility: None,
        host: Cow::Borrowed(host),
        app: Cow::Borrowed(app),
        proc_id: Cow::Borrowed(proc_id),
        msg_id: Cow::Borrowed(msg_id),
        ip: sample.ip,
        user_name: Cow::Borrowed(user_name),
        message: if sample.verbatim { Cow::Borrowed(within) } else { Cow::Owned(sample.message.clone()) },
        attributes,
        format: "test",
        parse_error: None,
    };
    batch.push(&event, &raw, &Origin { source, origin: "o", peer: "peer", received_at: AT });
}

fn batch(samples: &[Sample]) -> Batch {
    let mut batch = Batch::default();
    for sample in samples {
        push(&mut batch, sample);
    }
    batch
}

fn encoded(batch: &Batch) -> Vec<u8> {
    batch.encode(7, &Uuid::nil()).to_vec()
}

fn expected(sample: &Sample, id: u64) -> LogRow<'static> {
    let [host, app, proc_id, msg_id, user_name, source] = sample.words.clone();
    LogRow {
        id,
        timestamp: sample.timestamp.unwrap_or(AT),
        received_at: AT,
        level: Level::ALL[sample.level],
        severity: sample.severity,
        facility: None,
        source: source.into(),
        host: if host.is_empty() { "peer".into() } else { host.into() },
        app: app.into(),
        proc_id: proc_id.into(),
        msg_id: msg_id.into(),
        user_name: user_name.into(),
        format: "test".into(),
        parse_error: "".into(),
        origin: "o".into(),
        cluster: "".into(),
        ip: sample.ip.map(|ip| ip.to_canonical()),
        message: sample.message.clone().into(),
        raw: [&sample.head[..], &sample.message, &sample.tail].concat().into(),
        attributes: sample.attributes.iter().map(|(n, v)| (n.clone().into(), v.clone().into())).collect(),
    }
}

proptest! {
    #[test]
    fn a_block_gives_back_what_was_pushed(samples in samples()) {
        let block = encoded(&batch(&samples));
        let rows = block::decode(&block).unwrap();
        let expected: Vec<_> = samples.iter().zip(7..).map(|(sample, id)| expected(sample, id)).collect();
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn columns_that_are_left_out_change_no_other(samples in samples(), left_out in 0..super::COLUMNS.len(), raw: bool) {
        let name = super::COLUMNS[left_out].0;
        let of_raw = |column: &str| column.starts_with("raw_") || column == "message";
        let wanted = |column: &str| {
            if raw && of_raw(name) { !of_raw(column) } else { column != name || of_raw(name) }
        };
        let block = encoded(&batch(&samples));
        let found = Rows::new(&block, wanted).and_then(Rows::into_records).unwrap();
        let mut whole = block::decode(&block).unwrap();
        for row in &mut whole {
            let empty = LogRow::default();
            match name {
                _ if of_raw(name) && raw => (row.raw, row.message) = (empty.raw, empty.message),
                _ if of_raw(name) => {}
                "id" => row.id = 0,
                "timestamp" => row.timestamp = 0,
                "received_at" => row.received_at = 0,
                "level" => row.level = empty.level,
                "severity" => row.severity = None,
                "facility" => row.facility = None,
                "source" => row.source = empty.source,
                "host" => row.host = empty.host,
                "app" => row.app = empty.app,
                "proc_id" => row.proc_id = empty.proc_id,
                "msg_id" => row.msg_id = empty.msg_id,
                "ip" => row.ip = None,
                "user_name" => row.user_name = empty.user_name,
                "attributes" => row.attributes = Vec::new(),
                "format" => row.format = empty.format,
                "parse_error" => row.parse_error = empty.parse_error,
                "origin" => row.origin = empty.origin,
                other => prop_assert!(false, "column {} is not known here", other),
            }
        }
        prop_assert_eq!(found, whole);
    }

    #[test]
    fn joined_batches_hold_the_same_as_one(samples in samples(), at in any::<proptest::sample::Index>()) {
        let (front, back) = samples.split_at(at.index(samples.len() + 1));
        let mut joined = batch(front);
        joined.extend(&batch(back));
        let (joined_block, whole_block) = (encoded(&joined), encoded(&batch(&samples)));
        prop_assert_eq!(block::decode(&joined_block), block::decode(&whole_block));
        prop_assert_eq!(joined.rows(), samples.len());
    }

    #[test]
    fn a_damaged_block_is_an_error_or_other_rows_but_never_a_panic(
        samples in samples(), at in any::<proptest::sample::Index>(), bit in 0u8..8, cut in any::<proptest::sample::Index>(),
    ) {
        let mut block = encoded(&batch(&samples));
        let at = at.index(block.len());
        block[at] ^= 1 << bit;
        drop(block::decode(&block));
        drop(Rows::new(&block, |_| false).and_then(Rows::into_records));
        block.truncate(cut.index(block.len()));
        drop(block::decode(&block));
    }
}

#[test]
fn columns_of_more_than_a_page_are_pieces_of_the_block_and_are_read_back() {
    let origin = Origin { source: "s", origin: "o", peer: "peer", received_at: 1 };
    let mut batch = Batch::default();
    let lines: Vec<Vec<u8>> = (0..600).map(|n| format!("head {n} {} tail", "x".repeat(n)).into_bytes()).collect();
    for line in &lines {
        let mut attributes = Attributes::default();
        attributes.push("text", std::str::from_utf8(line).unwrap());
        let message = Cow::Borrowed(&line[5..line.len() - 5]);
        batch.push(&LogEvent { message, attributes, format: "test", ..LogEvent::default() }, line, &origin);
    }
    let encoded = batch.encode(7, &Uuid::nil());
    assert!(encoded.pieces().len() > 9, "messages, heads, values and more");
    let block = encoded.to_vec();
    let rows = block::decode(&block).unwrap();
    assert_eq!(rows.len(), lines.len());
    for ((row, line), id) in rows.iter().zip(&lines).zip(7..) {
        assert_eq!((row.id, &*row.raw, &*row.attributes[0].1), (id, &line[..], str::from_utf8(line).unwrap()));
    }
}

#[test]
fn many_distinct_values_widen_the_indexes() {
    let mut batch = Batch::default();
    let words = |n: usize| std::array::from_fn(|_| format!("word{n}"));
    let sample = |n| Sample {
        head: Vec::new(),
        message: b"m".to_vec(),
        tail: Vec::new(),
        verbatim: true,
        words: words(n),
        timestamp: None,
        level: 0,
        severity: None,
        ip: None,
        attributes: Vec::new(),
    };
    // One, two and four bytes an index.
    for (rows, first) in [(300, 0), (70_000, 300)] {
        let samples: Vec<_> = (first..first + rows).map(sample).collect();
        samples.iter().for_each(|sample| push(&mut batch, sample));
        if batch.rows() <= super::MAX_BATCH_ROWS {
            let block = encoded(&batch);
            let rows = block::decode(&block).unwrap();
            assert_eq!(rows.last().unwrap().host, format!("word{}", batch.rows() - 1));
        }
    }
    assert!(block::decode(&encoded(&batch)).is_err(), "more rows than a block may have");
}

#[test]
fn a_message_is_stored_once_where_it_stands_in_the_line() {
    let sample = Sample {
        head: b"<13>".to_vec(),
        message: vec![b'x'; 1000],
        tail: b"\n".to_vec(),
        verbatim: true,
        words: Default::default(),
        timestamp: None,
        level: 0,
        severity: None,
        ip: None,
        attributes: Vec::new(),
    };
    let once = encoded(&batch(std::slice::from_ref(&sample))).len();
    let twice = encoded(&batch(&[Sample { verbatim: false, ..sample }])).len();
    assert!(once + 900 < twice, "{once} and {twice} bytes");
}

#[test]
fn a_block_of_a_version_with_plain_user_names_is_read() {
    let sample = Sample {
        head: Vec::new(),
        message: b"m".to_vec(),
        tail: Vec::new(),
        verbatim: true,
        words: std::array::from_fn(|n| format!("word{n}")),
        timestamp: None,
        level: 0,
        severity: None,
        ip: None,
        attributes: Vec::new(),
    };
    let block = encoded(&batch(std::slice::from_ref(&sample)));
    // The state prefix, flags, the number of keys, the key, the number of rows, an index.
    let column = |kind: &str, data: &[u8]| [b"\x09user_name", &[kind.len() as u8][..], kind.as_bytes(), data].concat();
    let number = |n: u64| n.to_le_bytes();
    let data = [&number(1)[..], &number(0x600), &number(1), b"\x05word4", &number(1), &[0]].concat();
    let (now, before) = (column("LowCardinality(String)", &data), column("String", b"\x05word4"));
    let at = block.windows(now.len()).position(|part| part == now).expect("the column as it is written now");
    let old = [&block[..at], &before, &block[at + now.len()..]].concat();
    assert_eq!(block::decode(&old).unwrap(), [expected(&sample, 7)]);
    let without = Rows::new(&old, |name| name != "user_name").and_then(Rows::into_records).unwrap();
    assert_eq!((&*without[0].user_name, &*without[0].format), ("", "test"));
}
