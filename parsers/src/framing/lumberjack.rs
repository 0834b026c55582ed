//! Lumberjack, version 2: what Filebeat and the other Beats speak with Logstash.
//!
//! ```text
//! 2 W | events, 4 octets                              how many events follow until an answer is due
//! 2 J | sequence, 4 octets | length, 4 octets | JSON   one event
//! 2 C | length, 4 octets | zlib                       frames, compressed
//! 2 A | sequence, 4 octets                            the answer: all events up to this one are safe
//! ```

use thiserror::Error;

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LumberjackFrame<'b> {
    /// So many events are sent before an answer is waited for.
    Window(u32),
    /// An event and its number.
    Event {
        /// Counted by the client, from 1 in each window or through all of them.
        sequence: u32,
        /// A JSON object.
        json: &'b [u8],
    },
    /// Frames compressed with zlib.
    Compressed(&'b [u8]),
}

/// What is no Lumberjack 2; the stream cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A frame of another version.
    #[error("a frame does not begin with version 2")]
    Version,
    /// A kind of frame that clients do not send.
    #[error("a frame is of an unknown kind")]
    Kind,
    /// A frame that exceeds the limit.
    #[error("a frame of {0} bytes is too long")]
    TooLong(u32),
}

/// The first frame of `buf` and the bytes that it takes; `None` if there is no whole one.
///
/// # Errors
/// [`Fault`].
pub fn next(buf: &[u8], payload_max: usize) -> Result<Option<(LumberjackFrame<'_>, usize)>, Fault> {
    match buf.first() {
        None => return Ok(None),
        Some(b'2') => {}
        Some(_) => return Err(Fault::Version),
    }
    let Some(kind) = buf.get(1) else { return Ok(None) };
    let frame = match kind {
        b'W' => number(buf, 2).map(|events| (LumberjackFrame::Window(events), 6)),
        b'J' => payload(buf, 6, payload_max)?
            .and_then(|(json, end)| number(buf, 2).map(|sequence| (LumberjackFrame::Event { sequence, json }, end))),
        b'C' => payload(buf, 2, payload_max)?.map(|(frames, end)| (LumberjackFrame::Compressed(frames), end)),
        _ => return Err(Fault::Kind),
    };
    Ok(frame)
}

/// The answer that all events up to `sequence` are durable.
#[must_use]
pub fn acknowledgement(sequence: u32) -> [u8; 6] {
    let [a, b, c, d] = sequence.to_be_bytes();
    [b'2', b'A', a, b, c, d]
}

fn number(buf: &[u8], at: usize) -> Option<u32> {
    buf.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// What is counted at `at` and follows the count, and where it ends.
fn payload(buf: &[u8], at: usize, max: usize) -> Result<Option<(&[u8], usize)>, Fault> {
    let Some(length) = number(buf, at) else { return Ok(None) };
    if length as usize > max {
        return Err(Fault::TooLong(length));
    }
    let (start, end) = (at + 4, at + 4 + length as usize);
    Ok(buf.get(start..end).map(|payload| (payload, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_frame_is_read_when_it_is_whole() {
        let event = LumberjackFrame::Event { sequence: 7, json: b"{}" };
        for (bytes, frame) in [
            (&b"2W\0\0\0\x02"[..], LumberjackFrame::Window(2)),
            (b"2J\0\0\0\x07\0\0\0\x02{}", event),
            (b"2C\0\0\0\x03abc", LumberjackFrame::Compressed(b"abc")),
        ] {
            for end in 0..bytes.len() {
                assert_eq!(next(&bytes[..end], 100), Ok(None));
            }
            let more = [bytes, b"2"].concat();
            assert_eq!(next(&more, 100), Ok(Some((frame, bytes.len()))));
        }
        assert_eq!(&acknowledgement(258), b"2A\0\0\x01\x02");
    }

    #[test]
    fn what_is_no_lumberjack_is_told() {
        assert_eq!(next(b"1D", 10), Err(Fault::Version));
        assert_eq!(next(b"2X", 10), Err(Fault::Kind));
        assert_eq!(next(b"2C\0\0\0\x0b", 10), Err(Fault::TooLong(11)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived_and_a_frame_lies_within_them(bytes: Vec<u8>, max in 0..50_usize) {
            if let Ok(Some((_, consumed))) = next(&bytes, max) {
                proptest::prop_assert!(consumed > 0 && consumed <= bytes.len());
                proptest::prop_assert_eq!(next(&bytes[..consumed], max), next(&bytes, max));
            }
        }
    }
}
