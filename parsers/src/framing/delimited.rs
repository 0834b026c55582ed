//! Messages that end at a delimiter and are not counted: JSON lines, and GELF over TCP.
//!
//! The frames depend on the octets of the stream alone and not on how they were split into reads.

use super::delimiter::trimmed;
use super::{Frame, Step};

/// What ends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// A line feed or a NUL, whichever comes first.
    LineFeedOrNul,
    /// A NUL; line feeds are part of the message.
    Nul,
}

/// Finds the messages of one connection's stream in a buffer that the caller holds, as [`Framer`](super::Framer) does.
#[derive(Clone, Debug)]
pub struct DelimitedFramer {
    delimiter: Delimiter,
    max_frame: usize,
    /// How much of the front of the buffer has no delimiter.
    scanned: usize,
    /// The rest of a message that was cut is dropped up to its delimiter.
    skipping: bool,
}

impl DelimitedFramer {
    /// A framer for a new connection that cuts messages longer than `max_frame`.
    #[must_use]
    pub fn new(delimiter: Delimiter, max_frame: usize) -> Self {
        Self { delimiter, max_frame, scanned: 0, skipping: false }
    }

    /// The bytes that a caller's buffer must be able to hold.
    #[must_use]
    pub fn buffer_bytes(&self) -> usize {
        self.max_frame + 2
    }

    /// The next message of `buf`.
    pub fn next<'b>(&mut self, buf: &'b [u8]) -> Step<'b> {
        let mut at = 0;
        loop {
            let front = buf.get(at..).unwrap_or_default();
            let Some(end) = self.find(front) else {
                return self.unended(front, at);
            };
            self.scanned = 0;
            at += end + 1;
            let is_rest = std::mem::take(&mut self.skipping);
            if let Some((bytes, truncated)) = self.message(front.get(..end).unwrap_or_default())
                && !is_rest
            {
                return Step::Frame(Frame { bytes, truncated, consumed: at });
            }
        }
    }

    /// The next message of `buf` at the end of the stream, or of what is to be taken as such: it needs no delimiter.
    ///
    /// To be called until it needs more; it has consumed all then.
    pub fn finish<'b>(&mut self, buf: &'b [u8]) -> Step<'b> {
        let consumed = match self.next(buf) {
            Step::NeedMore { consumed } => consumed,
            frame => return frame,
        };
        let is_rest = std::mem::take(&mut self.skipping);
        self.scanned = 0;
        match self.message(buf.get(consumed..).unwrap_or_default()) {
            Some((bytes, truncated)) if !is_rest => Step::Frame(Frame { bytes, truncated, consumed: buf.len() }),
            _ => Step::NeedMore { consumed: buf.len() },
        }
    }

    /// The message that `text`, all that stood before a delimiter, holds, and whether it was cut.
    fn message<'b>(&self, text: &'b [u8]) -> Option<(&'b [u8], bool)> {
        // So long a text is cut before its end is seen, so what stands at its end must not matter here either.
        let text = if text.len() < self.max_frame + 2 { trimmed(text) } else { text };
        let kept = text.get(..self.max_frame).unwrap_or(text);
        (!text.is_empty()).then_some((kept, kept.len() < text.len()))
    }

    /// Where the first delimiter of `front` is.
    fn find(&self, front: &[u8]) -> Option<usize> {
        let rest = front.get(self.scanned..).unwrap_or_default();
        let found = match self.delimiter {
            Delimiter::LineFeedOrNul => memchr::memchr2(b'\n', 0, rest),
            Delimiter::Nul => memchr::memchr(0, rest),
        };
        found.map(|offset| self.scanned + offset)
    }

    /// `front`, which begins `at` bytes behind the buffer's and has no delimiter.
    fn unended<'b>(&mut self, front: &'b [u8], at: usize) -> Step<'b> {
        if self.skipping {
            return Step::NeedMore { consumed: at + front.len() };
        }
        // Shorter, it might be a message of the longest length with a carriage return and its delimiter.
        if front.len() >= self.max_frame + 2 {
            self.skipping = true;
            self.scanned = 0;
            let kept = front.get(..self.max_frame).unwrap_or(front);
            return Step::Frame(Frame { bytes: kept, truncated: true, consumed: at + front.len() });
        }
        self.scanned = front.len();
        Step::NeedMore { consumed: at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(stream: &[u8], piece: usize, delimiter: Delimiter, max_frame: usize) -> Vec<(Vec<u8>, bool)> {
        let mut framer = DelimitedFramer::new(delimiter, max_frame);
        let (mut buf, mut found) = (Vec::new(), Vec::new());
        let mut pieces: Vec<Option<&[u8]>> = stream.chunks(piece).map(Some).collect();
        pieces.push(None);
        for bytes in pieces {
            buf.extend_from_slice(bytes.unwrap_or_default());
            loop {
                let step = if bytes.is_some() { framer.next(&buf) } else { framer.finish(&buf) };
                let (consumed, done) = match step {
                    Step::Frame(frame) => {
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

    fn texts(stream: &[u8], delimiter: Delimiter, max_frame: usize) -> Vec<(String, bool)> {
        let found = frames(stream, stream.len(), delimiter, max_frame);
        found.into_iter().map(|(bytes, cut)| (String::from_utf8(bytes).unwrap(), cut)).collect()
    }

    #[test]
    fn lines_end_at_either_delimiter_and_empty_ones_are_none() {
        let got = texts(b"{\"a\":1}\r\n\n\0{\"b\":2}\0 12 text\nlast", Delimiter::LineFeedOrNul, 100);
        let got: Vec<_> = got.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(got, ["{\"a\":1}", "{\"b\":2}", " 12 text", "last"]);
    }

    #[test]
    fn a_line_feed_is_part_of_a_message_that_ends_in_nul() {
        assert_eq!(texts(b"{\n}\0{}\0", Delimiter::Nul, 100), [("{\n}".to_owned(), false), ("{}".to_owned(), false)]);
    }

    #[test]
    fn a_message_beyond_the_limit_is_cut_and_its_rest_skipped() {
        let got = texts(b"0123456789\nok\n", Delimiter::LineFeedOrNul, 4);
        assert_eq!(got, [("0123".to_owned(), true), ("ok".to_owned(), false)]);
        assert_eq!(texts(b"0123\r\n", Delimiter::LineFeedOrNul, 4), [("0123".to_owned(), false)]);
    }

    proptest::proptest! {
        #[test]
        fn any_split_gives_the_same_messages(
            stream in "[a-c\\r\\n\0]{0,60}",
            piece in 1..9_usize,
            max_frame in 1..12_usize,
            nul: bool,
        ) {
            let delimiter = if nul { Delimiter::Nul } else { Delimiter::LineFeedOrNul };
            let whole = frames(stream.as_bytes(), stream.len().max(1), delimiter, max_frame);
            proptest::prop_assert_eq!(frames(stream.as_bytes(), piece, delimiter, max_frame), whole);
        }
    }
}
