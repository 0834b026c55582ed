//! Framings and decoders of shippers' protocols survive any bytes; what is delimited does not depend on how it arrives.
//!
//! The first byte says which, the second is the size of the pieces or a limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::fluent::{self, Entries};
use logseal_parsers::fluent_front;
use logseal_parsers::framing::Step;
use logseal_parsers::framing::delimited::{DelimitedFramer, Delimiter};
use logseal_parsers::framing::gelf_chunks::{Limits, Reassembly};
use logseal_parsers::framing::lumberjack::{self as framing, LumberjackFrame};
use logseal_parsers::{Context, Zone, lumberjack};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

fn delimited(stream: &[u8], piece: usize, delimiter: Delimiter) -> Vec<(Vec<u8>, bool)> {
    let mut framer = DelimitedFramer::new(delimiter, 8);
    let (mut buf, mut found) = (Vec::new(), Vec::new());
    let mut pieces: Vec<Option<&[u8]>> = stream.chunks(piece).map(Some).collect();
    pieces.push(None);
    for bytes in pieces {
        buf.extend_from_slice(bytes.unwrap_or_default());
        loop {
            let step = if bytes.is_some() { framer.next(&buf) } else { framer.finish(&buf) };
            let (consumed, done) = match step {
                Step::Frame(frame) => {
                    assert!(!frame.bytes.is_empty() && frame.bytes.len() <= 8);
                    found.push((frame.bytes.to_vec(), frame.truncated));
                    (frame.consumed, false)
                }
                Step::NeedMore { consumed } => (consumed, true),
            };
            buf.drain(..consumed);
            if done {
                break;
            }
        }
    }
    assert!(buf.is_empty());
    found
}

fn fluent(bytes: &[u8]) {
    if let Ok(front) = fluent_front::front(bytes) {
        assert!(front.length <= bytes.len());
    }
    let Ok(message) = fluent::message(bytes) else { return };
    let mut scratch = Vec::new();
    match message.entries {
        Entries::Bare(raw) => drop(fluent::parse(&fluent::bare_entry(raw), &message.tag, &mut scratch, &CX)),
        Entries::Several(mut rest) => {
            while let Ok((entry, behind)) = fluent::next_entry(rest) {
                drop(fluent::parse(&entry, &message.tag, &mut scratch, &CX));
                assert!(behind.len() < rest.len());
                rest = behind;
            }
        }
        Entries::Compressed(_) => {}
    }
}

fuzz_target!(|input: &[u8]| {
    let [which, size, bytes @ ..] = input else {
        return;
    };
    let size = usize::from(*size) + 1;
    match which % 5 {
        0 | 1 => {
            let delimiter = if which % 5 == 0 { Delimiter::LineFeedOrNul } else { Delimiter::Nul };
            assert_eq!(delimited(bytes, size, delimiter), delimited(bytes, bytes.len().max(1), delimiter));
        }
        2 => {
            let limits = Limits { messages_max: 3, bytes_max: 64, wait_us: 10 };
            let mut all = Reassembly::new(limits);
            for (at, datagram) in bytes.chunks(size).enumerate() {
                all.add(at % 2, datagram, at as i64);
            }
        }
        3 => {
            let mut rest = bytes;
            while let Ok(Some((frame, consumed))) = framing::next(rest, size) {
                assert!(consumed > 0);
                if let LumberjackFrame::Pairs { pairs, .. } = frame {
                    assert_eq!(lumberjack::parse(pairs, &mut Vec::new(), &CX).format, lumberjack::FORMAT);
                }
                rest = &rest[consumed..];
            }
        }
        _ => fluent(bytes),
    }
});
