//! Lines of a stream in bounded memory, whatever the stream holds.

use std::io::{self, BufRead};

/// The most that is kept of a line; the rest of a longer one is left out, and the line is marked.
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;

/// What [`Lines::next_into`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineRead {
    /// Counts from 1.
    pub(super) number: u64,
    /// Bytes that were left out because the line was too long.
    pub(super) cut_bytes: u64,
}

/// Cuts a stream at line feeds.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    bytes_max: usize,
}

impl<R: BufRead> Lines<R> {
    /// Keeps at most [`LINE_BYTES_MAX`] of a line.
    pub(super) fn new(reader: R) -> Self {
        Self::with_limit(reader, LINE_BYTES_MAX)
    }

    fn with_limit(reader: R, bytes_max: usize) -> Self {
        Self { reader, number: 0, bytes_max }
    }

    /// Appends the next line to `out`, without its end (`\n` or `\r\n`); `None` at the end of the stream.
    ///
    /// # Errors
    /// Those of the stream.
    pub(super) fn next_into(&mut self, out: &mut Vec<u8>) -> io::Result<Option<LineRead>> {
        let start = out.len();
        let mut cut_bytes = 0_u64;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                let has_line = out.len() > start || cut_bytes > 0;
                return Ok(has_line.then(|| self.finish(out, start, cut_bytes)));
            }
            let end = memchr::memchr(b'\n', available);
            let (text, _) = available.split_at(end.unwrap_or(available.len()));
            let room = self.bytes_max.saturating_sub(out.len() - start).min(text.len());
            let (kept, left_out) = text.split_at(room);
            out.extend_from_slice(kept);
            cut_bytes += left_out.len() as u64;
            let consumed = text.len() + usize::from(end.is_some());
            self.reader.consume(consumed);
            if end.is_some() {
                return Ok(Some(self.finish(out, start, cut_bytes)));
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>, start: usize, cut_bytes: u64) -> LineRead {
        if cut_bytes == 0 && out.len() > start && out.last() == Some(&b'\r') {
            out.pop();
        }
        self.number += 1;
        LineRead { number: self.number, cut_bytes }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(bytes: &[u8], buffer: usize, limit: usize) -> Vec<(String, u64)> {
        let mut lines = Lines::with_limit(BufReader::with_capacity(buffer, bytes), limit);
        let mut found = Vec::new();
        let mut line = Vec::new();
        while let Some(read) = lines.next_into(&mut line).unwrap() {
            found.push((String::from_utf8(std::mem::take(&mut line)).unwrap(), read.cut_bytes));
            assert_eq!(read.number, found.len() as u64);
        }
        found
    }

    #[test]
    fn lines_do_not_depend_on_how_the_stream_is_buffered() {
        for buffer in 1..20 {
            let expected = [("a", 0), ("", 0), ("b\rc", 0), ("end", 0)].map(|(line, cut)| (line.to_owned(), cut));
            assert_eq!(all(b"a\r\n\nb\rc\nend", buffer, 100), expected);
        }
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        for buffer in [1, 3, 64] {
            let expected = [("aaaa", 6), ("bb", 0), ("cccc", 1)].map(|(line, cut)| (line.to_owned(), cut));
            assert_eq!(all(b"aaaaaaaaaa\nbb\nccccc", buffer, 4), expected);
        }
    }
}
