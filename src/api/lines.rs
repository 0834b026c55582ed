//! Cuts a streamed body into lines, in bounded memory.

use memchr::memchr;

/// A longer line is cut here, and marked.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// One line, without its LF or CR LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    /// Counted from 1, blank lines too.
    pub(super) number: u64,
    /// The rest of it, beyond [`LINE_BYTES_MAX`], is left out.
    pub(super) is_cut: bool,
}

/// The state between two pieces of a body.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The begin of a line whose end has not come.
    open: Vec<u8>,
    is_cut: bool,
    /// Lines that have ended.
    ended: u64,
}

impl Lines {
    /// The number of the last line that has ended.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// Takes the next piece; calls `each` with every line that ends in it and is not blank.
    pub(super) fn feed(&mut self, mut piece: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr(b'\n', piece) {
            let (head, rest) = piece.split_at(end);
            piece = rest.get(1..).unwrap_or_default();
            if self.open.is_empty() && head.len() <= LINE_BYTES_MAX {
                self.ended += 1;
                give(head, self.ended, false, &mut each);
            } else {
                self.keep(head);
                self.close(&mut each);
            }
        }
        self.keep(piece);
    }

    /// The body has ended: gives the last line where no LF ended it.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if !self.open.is_empty() {
            self.close(&mut each);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES_MAX - self.open.len().min(LINE_BYTES_MAX);
        self.is_cut |= bytes.len() > room;
        self.open.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn close(&mut self, each: &mut impl FnMut(Line<'_>)) {
        self.ended += 1;
        give(&self.open, self.ended, self.is_cut, each);
        self.open.clear();
        self.is_cut = false;
    }
}

fn give(bytes: &[u8], number: u64, is_cut: bool, each: &mut impl FnMut(Line<'_>)) {
    // A cut line's last byte is not its end.
    let bytes = if is_cut { bytes } else { bytes.strip_suffix(b"\r").unwrap_or(bytes) };
    if !bytes.trim_ascii().is_empty() {
        each(Line { bytes, number, is_cut });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(body: &[u8], piece: usize) -> Vec<(Vec<u8>, u64, bool)> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut each = |line: Line<'_>| found.push((line.bytes.to_vec(), line.number, line.is_cut));
        for piece in body.chunks(piece) {
            lines.feed(piece, &mut each);
        }
        lines.finish(&mut each);
        found
    }

    #[test]
    fn lines_are_the_same_however_the_body_is_cut() {
        let body = b"one\n\r\n  \ntwo\r\nthree\r\r\nfour";
        let expected: Vec<_> = [("one", 1), ("two", 4), ("three\r", 5), ("four", 6)]
            .map(|(text, number)| (text.as_bytes().to_vec(), number, false))
            .into();
        for piece in 1..=body.len() {
            assert_eq!(split(body, piece), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let mut body = vec![b'x'; LINE_BYTES_MAX + 5];
        body.extend_from_slice(b"\nnext\n");
        for piece in [1000, LINE_BYTES_MAX, body.len()] {
            let lines = split(&body, piece);
            assert_eq!(lines.len(), 2);
            assert_eq!((lines[0].0.len(), lines[0].1, lines[0].2), (LINE_BYTES_MAX, 1, true));
            assert_eq!(lines[1], (b"next".to_vec(), 2, false));
        }
    }

    #[test]
    fn a_line_of_just_the_limit_is_whole() {
        let mut body = vec![b'x'; LINE_BYTES_MAX];
        body.push(b'\n');
        for piece in [999, body.len()] {
            assert!(split(&body, piece).iter().all(|(bytes, _, is_cut)| bytes.len() == LINE_BYTES_MAX && !is_cut));
        }
    }
}
