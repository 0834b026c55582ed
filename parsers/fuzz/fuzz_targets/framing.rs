//! Any stream gives the same frames whether it is read at once or in pieces, and is consumed to its end.
//!
//! The first byte is the size of the pieces, the second the frame limit, the rest the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::framing::{Framer, FramerConfig, Step, datagram};

fn frames(stream: &[u8], piece: usize, max_frame: usize) -> Vec<(Vec<u8>, bool)> {
    let mut framer = Framer::new(FramerConfig { max_frame });
    let (mut buf, mut frames) = (Vec::new(), Vec::new());
    for bytes in stream.chunks(piece) {
        buf.extend_from_slice(bytes);
        drain(&mut buf, &mut frames, |buf| framer.next(buf));
    }
    drain(&mut buf, &mut frames, |buf| framer.finish(buf));
    assert!(buf.is_empty());
    frames
}

fn drain(buf: &mut Vec<u8>, frames: &mut Vec<(Vec<u8>, bool)>, mut step: impl for<'b> FnMut(&'b [u8]) -> Step<'b>) {
    loop {
        let (consumed, done) = match step(buf) {
            Step::Frame(frame) => {
                assert!(!frame.bytes.is_empty() && frame.consumed > 0);
                frames.push((frame.bytes.to_vec(), frame.truncated));
                (frame.consumed, false)
            }
            Step::NeedMore { consumed } => (consumed, true),
        };
        buf.drain(..consumed);
        if done {
            return;
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let [piece, max_frame, stream @ ..] = input else {
        return;
    };
    let max_frame = usize::from(*max_frame) + 1;
    let whole = frames(stream, stream.len().max(1), max_frame);
    assert!(whole.iter().all(|(frame, _)| frame.len() <= max_frame));
    assert_eq!(frames(stream, usize::from(*piece) + 1, max_frame), whole);
    assert!(datagram(stream).count() <= 1);
});
