//! Any stream gives the same RELP commands, and the same fault, whether it is read at once or in pieces.
//!
//! The first byte is the size of the pieces, the second the limit of a command's data, the rest the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::framing::relp::{Fault, RelpFramer, RelpStep};

type Found = Vec<(u32, Vec<u8>, Vec<u8>, bool)>;

fn commands(stream: &[u8], piece: usize, data_max: usize) -> (Found, Option<Fault>) {
    let mut framer = RelpFramer::new(data_max);
    let (mut buf, mut found) = (Vec::new(), Vec::new());
    for bytes in stream.chunks(piece) {
        buf.extend_from_slice(bytes);
        loop {
            let (consumed, done) = match framer.next(&buf) {
                Ok(RelpStep::Command(c)) => {
                    assert!(c.consumed > 0 && c.data.len() <= data_max);
                    found.push((c.transaction, c.name.to_vec(), c.data.to_vec(), c.truncated));
                    (c.consumed, false)
                }
                Ok(RelpStep::NeedMore { consumed }) => (consumed, true),
                Err(fault) => return (found, Some(fault)),
            };
            buf.drain(..consumed);
            if done {
                break;
            }
        }
    }
    (found, None)
}

fuzz_target!(|input: &[u8]| {
    let [piece, data_max, stream @ ..] = input else {
        return;
    };
    let data_max = usize::from(*data_max) + 1;
    let whole = commands(stream, stream.len().max(1), data_max);
    assert_eq!(commands(stream, usize::from(*piece) + 1, data_max), whole);
});
