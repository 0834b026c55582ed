//! Lumberjack, versions 1 and 2: what the Beats, and before them logstash-forwarder, speak with Logstash.
//!
//! ```text
//! v W | events, 4 octets                              how many events follow until an answer is due
//! v J | sequence, 4 octets | length, 4 octets | JSON   one event
//! v D | sequence, 4 octets | pairs, 4 octets | pairs   one event: [`crate::lumberjack`]
//! v C | length, 4 octets | zlib                       frames, compressed
//! v A | sequence, 4 octets                            the answer: all events up to this one are safe
//! pair = length, 4 octets | key | length, 4 octets | value
//! ```
//!
//! `v` is the version, the digit 1 or 2; an answer has that of the event. Version 2 brought the kind `J`, and clients send it; some send `D` as
//! well. Answers that a client sends say nothing here.

use thiserror::Error;

/// The most pairs of one event. A frame that is not whole is read from its beginning each time that more of it has come.
const PAIRS_MAX: u32 = 65_536;

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LumberjackFrame<'b> {
    /// So many events are sent before an answer is waited for.
    Window(u32),
    /// An event in JSON and its number.
    Event {
        /// Counted by the client, from 1 in each window or through all of them.
        sequence: u32,
        /// A JSON object.
        json: &'b [u8],
    },
    /// An event in pairs and its number.
    Pairs {
        /// As that of an event in JSON.
        sequence: u32,
        /// Keys and values, each with its length before it.
        pairs: &'b [u8],
    },
    /// Frames compressed with zlib.
    Compressed(&'b [u8]),
    /// An answer.
    Answer,
}

/// What is no Lumberjack. Behind a frame that is too long the stream can be read on ([`Skip`]), behind the others it cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A frame of another version.
    #[error("a frame does not begin with version 1 or 2")]
    Version,
    /// A kind of frame that nobody sends.
    #[error("a frame is of an unknown kind")]
    Kind,
    /// A frame that exceeds the limit.
    #[error("a frame of {0} bytes is too long")]
    TooLong(usize),
    /// An event of too many pairs.
    #[error("an event of {0} pairs has too many")]
    TooMany(u32),
}

/// The first frame of `buf` and the bytes that it takes; `None` if there is no whole one.
///
/// # Errors
/// [`Fault`].
pub fn next(buf: &[u8], payload_max: usize) -> Result<Option<(LumberjackFrame<'_>, usize)>, Fault> {
    match buf.first() {
        None => return Ok(None),
        Some(b'1' | b'2') => {}
        Some(_) => return Err(Fault::Version),
    }
    let Some(kind) = buf.get(1) else { return Ok(None) };
    let frame = match kind {
        b'W' => number(buf, 2).map(|events| (LumberjackFrame::Window(events), 6)),
        b'J' => payload(buf, 6, payload_max)?
            .and_then(|(json, end)| number(buf, 2).map(|sequence| (LumberjackFrame::Event { sequence, json }, end))),
        b'D' => pairs(buf, 6, payload_max)?
            .and_then(|(pairs, end)| number(buf, 2).map(|sequence| (LumberjackFrame::Pairs { sequence, pairs }, end))),
        b'A' => number(buf, 2).map(|_| (LumberjackFrame::Answer, 6)),
        b'C' => payload(buf, 2, payload_max)?.map(|(frames, end)| (LumberjackFrame::Compressed(frames), end)),
        _ => return Err(Fault::Kind),
    };
    Ok(frame)
}

/// The answer, in the `version` of the event, that all events up to the one of `sequence` are durable.
#[must_use]
pub fn acknowledgement(version: u8, sequence: u32) -> [u8; 6] {
    let [a, b, c, d] = sequence.to_be_bytes();
    [version, b'A', a, b, c, d]
}

/// A frame beyond the limits that is passed over while it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Octets that are to come until its end, or until the length of its next part.
    left: u64,
    /// Keys and values whose length has not come.
    parts: u64,
    /// Its number and its version, where it is an event.
    pub event: Option<(u32, u8)>,
}

impl Skip {
    /// Over the frame at the front of `buf`, which is [`Fault::TooLong`] or [`Fault::TooMany`]; `None` for any other.
    #[must_use]
    pub fn over(buf: &[u8]) -> Option<Self> {
        let version = *buf.first()?;
        match buf.get(1)? {
            b'J' => {
                let event = Some((number(buf, 2)?, version));
                Some(Self { left: 10 + u64::from(number(buf, 6)?), parts: 0, event })
            }
            b'D' => {
                let event = Some((number(buf, 2)?, version));
                Some(Self { left: 10, parts: 2 * u64::from(number(buf, 6)?), event })
            }
            b'C' => Some(Self { left: 6 + u64::from(number(buf, 2)?), parts: 0, event: None }),
            _ => None,
        }
    }

    /// How many octets of `buf` belong to it. Where that is fewer than there are and it [is not done](Self::is_done), the length of a
    /// part has come in pieces, and is to be shown again with what follows.
    pub fn pass(&mut self, buf: &[u8]) -> usize {
        let mut at = 0;
        loop {
            let there = buf.len() - at;
            let passed = usize::try_from(self.left).map_or(there, |left| left.min(there));
            at += passed;
            self.left -= passed as u64;
            if self.left > 0 || self.parts == 0 {
                return at;
            }
            let Some(length) = number(buf, at) else { return at };
            self.left = 4 + u64::from(length);
            self.parts -= 1;
        }
    }

    /// Whether all of it has come.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.left == 0 && self.parts == 0
    }
}

fn number(buf: &[u8], at: usize) -> Option<u32> {
    buf.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// What is counted at `at` and follows the count, and where it ends.
pub(crate) fn payload(buf: &[u8], at: usize, max: usize) -> Result<Option<(&[u8], usize)>, Fault> {
    let Some(length) = number(buf, at) else { return Ok(None) };
    if length as usize > max {
        return Err(Fault::TooLong(length as usize));
    }
    let (start, end) = (at + 4, at + 4 + length as usize);
    Ok(buf.get(start..end).map(|payload| (payload, end)))
}

/// The pairs that are counted at `at` and follow the count, and where they end.
fn pairs(buf: &[u8], at: usize, max: usize) -> Result<Option<(&[u8], usize)>, Fault> {
    let Some(count) = number(buf, at) else { return Ok(None) };
    if count > PAIRS_MAX {
        return Err(Fault::TooMany(count));
    }
    let start = at + 4;
    let mut end = start;
    for _ in 0..2 * count {
        let Some((_, behind)) = payload(buf, end, max)? else { return Ok(None) };
        if behind - start > max {
            return Err(Fault::TooLong(behind - start));
        }
        end = behind;
    }
    Ok(buf.get(start..end).map(|pairs| (pairs, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_frame_is_read_when_it_is_whole() {
        let event = LumberjackFrame::Event { sequence: 7, json: b"{}" };
        let pairs = LumberjackFrame::Pairs { sequence: 7, pairs: b"\0\0\0\x01a\0\0\0\x02bc\0\0\0\0\0\0\0\0" };
        for (bytes, frame) in [
            (&b"2W\0\0\0\x02"[..], LumberjackFrame::Window(2)),
            (b"1W\0\0\x01\0", LumberjackFrame::Window(256)),
            (b"2J\0\0\0\x07\0\0\0\x02{}", event),
            (b"1D\0\0\0\x07\0\0\0\x02\0\0\0\x01a\0\0\0\x02bc\0\0\0\0\0\0\0\0", pairs),
            (b"1J\0\0\0\x07\0\0\0\x02{}", event),
            (b"2D\0\0\0\x07\0\0\0\x02\0\0\0\x01a\0\0\0\x02bc\0\0\0\0\0\0\0\0", pairs),
            (b"2A\0\0\0\x09", LumberjackFrame::Answer),
            (b"2C\0\0\0\x03abc", LumberjackFrame::Compressed(b"abc")),
            (b"1C\0\0\0\x03abc", LumberjackFrame::Compressed(b"abc")),
        ] {
            for end in 0..bytes.len() {
                assert_eq!(next(&bytes[..end], 100), Ok(None));
            }
            let more = [bytes, b"2"].concat();
            assert_eq!(next(&more, 100), Ok(Some((frame, bytes.len()))));
        }
    }

    #[test]
    fn an_event_is_answered_in_its_version() {
        assert_eq!(&acknowledgement(b'2', 258), b"2A\0\0\x01\x02");
        assert_eq!(&acknowledgement(b'1', 1), b"1A\0\0\0\x01");
    }

    #[test]
    fn what_is_no_lumberjack_is_told() {
        assert_eq!(next(b"3W", 10), Err(Fault::Version));
        assert_eq!(next(b"2X", 10), Err(Fault::Kind));
        assert_eq!(next(b"2C\0\0\0\x0b", 10), Err(Fault::TooLong(11)));
        assert_eq!(next(b"1D\0\0\0\x01\0\0\0\x01\0\0\0\x01a\0\0\0\x02bc", 10), Err(Fault::TooLong(11)));
        assert_eq!(next(b"1D\0\0\0\x01\0\x01\0\x01", 10), Err(Fault::TooMany(65_537)));
    }

    #[test]
    fn a_frame_beyond_the_limits_is_passed_over_however_it_comes() {
        for (bytes, event) in [
            (&b"2J\0\0\0\x07\0\0\0\x02{}"[..], Some((7, b'2'))),
            (b"1D\0\0\0\x08\0\0\0\x02\0\0\0\x01a\0\0\0\x02bc\0\0\0\0\0\0\0\0", Some((8, b'1'))),
            (b"2C\0\0\0\x03abc", None),
        ] {
            let more = [bytes, b"2W\0\0"].concat();
            for piece in 4..more.len() {
                let (mut skip, mut at) = (Skip::over(bytes).unwrap(), 0);
                while !skip.is_done() {
                    // What was not taken is shown again with a piece more.
                    let shown = more.len().min(at + piece);
                    at += skip.pass(&more[at..shown]);
                }
                assert_eq!((at, skip.event), (bytes.len(), event), "pieces of {piece}");
            }
        }
        assert_eq!(Skip::over(b"2W\0\0\0\x01"), None);
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
