//! A buffered reader that looks ahead.

use std::io::{self, BufRead, ErrorKind, Read};

pub(super) const BUFFER_BYTES: usize = 64 << 10;

/// Any of the readers that stand on one another.
pub(super) type Stream<'a> = Buffered<Box<dyn Read + 'a>>;

/// Like `BufReader`, with [`peek`](Self::peek). What was read before an error is handed out before the error.
pub(super) struct Buffered<R> {
    inner: R,
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    failure: Option<io::Error>,
}

impl<R: Read> Buffered<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, bytes: vec![0; BUFFER_BYTES].into(), start: 0, end: 0, failure: None }
    }

    /// The next bytes, at least `wanted` of them (a few hundred) if there are so many before the end or an error.
    pub(super) fn peek(&mut self, wanted: usize) -> &[u8] {
        if self.bytes.len() - self.start < wanted {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < wanted && self.failure.is_none() && self.fill() > 0 {}
        self.ahead()
    }

    /// Reads more behind what is there, and says how much.
    fn fill(&mut self) -> usize {
        let free = self.bytes.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.inner.read(free) {
                Ok(count) => {
                    self.end = self.bytes.len().min(self.end + count);
                    return count;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    return 0;
                }
            }
        }
    }

    fn ahead(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }
}

impl<R: Read> BufRead for Buffered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.failure.is_none() {
                self.fill();
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
        }
        Ok(self.ahead())
    }

    fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }
}

impl<R: Read> Read for Buffered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// Skips up to `count` bytes and says how many there were.
pub(super) fn skip(reader: &mut impl BufRead, count: u64) -> io::Result<u64> {
    let mut left = count;
    while left > 0 {
        let there = reader.fill_buf()?.len();
        if there == 0 {
            break;
        }
        let skipped = there.min(usize::try_from(left).unwrap_or(usize::MAX));
        reader.consume(skipped);
        left -= skipped as u64;
    }
    Ok(count - left)
}
