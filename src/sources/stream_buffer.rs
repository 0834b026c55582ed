//! The bytes of a connection that are read and not yet taken.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Bytes,
    /// Nothing for as long as the reader waits.
    Pause,
    /// The end of the stream.
    End,
}

/// What a reader asks for of a connection that may be an idle one.
const FIRST_BYTES: usize = 8 << 10;
/// What it asks for of one that sends much.
pub(super) const READ_BYTES: usize = 256 << 10;

/// A buffer that holds the memory that its bytes need: there may be many connections, most of them idle.
pub(super) struct Buffer {
    size_max: usize,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// One that grows to `size_max` where so much is unread, and to [`READ_BYTES`] where so much comes at once.
    pub(super) fn new(size_max: usize) -> Self {
        Self { size_max: size_max.max(READ_BYTES), bytes: Vec::new(), start: 0, end: 0 }
    }

    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    /// Reads what comes within `wait`. Cancel-safe.
    ///
    /// A reader that waits in vain with nothing in the buffer gives its memory back.
    pub(super) async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S, wait: Duration) -> io::Result<Read> {
        let read = match timeout(wait, stream.read(self.space())).await {
            Ok(read) => self.filled(read),
            Err(_) => Ok(Read::Pause),
        };
        if matches!(read, Ok(Read::Pause)) && self.unread().is_empty() {
            *self = Self::new(self.size_max);
        }
        read
    }

    /// Reads what has come already.
    pub(super) fn read_now<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<Read> {
        match stream.read(self.space()).now_or_never() {
            Some(read) => self.filled(read),
            None => Ok(Read::Pause),
        }
    }

    /// Gives back what a large message took, and keeps what is unread.
    pub(super) fn shrink(&mut self) {
        self.bytes = self.unread().to_vec();
        (self.start, self.end) = (0, self.bytes.len());
    }

    /// Room behind what is unread. The framer takes or cuts a frame before that reaches the largest size, so there always is some.
    fn space(&mut self) -> &mut [u8] {
        let (size, is_filled) = (self.bytes.len(), self.end == self.bytes.len());
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        // What is unread may need more room; what the last read filled may do with more.
        let enough = if self.end == size { self.size_max } else { READ_BYTES };
        if is_filled && size < enough {
            let times = if size < READ_BYTES { 8 } else { 2 };
            self.bytes.resize((size * times).clamp(FIRST_BYTES, enough), 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    fn filled(&mut self, read: io::Result<usize>) -> io::Result<Read> {
        match read {
            Ok(0) => Ok(Read::End),
            Ok(n) => {
                self.end += n;
                Ok(Read::Bytes)
            }
            // A TLS peer that closed without saying so: many syslog senders do.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Read::End),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads all of `input`, of which never more than `unread_max` bytes stay unread; the largest size that the buffer had.
    fn largest(input: &[u8], unread_max: usize) -> usize {
        let (mut buffer, mut input, mut largest, mut all) = (Buffer::new(1 << 20), input, 0, Vec::new());
        let sent = input.to_vec();
        while buffer.read_now(&mut input).unwrap() == Read::Bytes {
            largest = largest.max(buffer.bytes.len());
            let taken = buffer.unread().len().saturating_sub(unread_max);
            all.extend_from_slice(&buffer.unread()[..taken]);
            buffer.consume(taken);
        }
        all.extend_from_slice(buffer.unread());
        assert!(all == sent);
        largest
    }

    #[test]
    fn a_buffer_is_as_large_as_what_comes_or_is_unread_needs() {
        assert_eq!(largest(b"hello", 0), FIRST_BYTES);
        assert_eq!(largest(&[b'x'; 1 << 20], 0), READ_BYTES);
        assert_eq!(largest(&[b'x'; 3 << 20], 1000), READ_BYTES);
        assert_eq!(largest(&[b'x'; 1 << 20], (1 << 20) - 1), 1 << 20);
    }

    #[tokio::test]
    async fn an_idle_connection_holds_no_memory() {
        let (mut here, mut there) = tokio::io::duplex(1 << 20);
        let mut buffer = Buffer::new(16 << 20);
        assert_eq!(buffer.read(&mut here, Duration::from_millis(1)).await.unwrap(), Read::Pause);
        assert_eq!(buffer.bytes.capacity(), 0);
        tokio::io::AsyncWriteExt::write_all(&mut there, &[b'x'; 100]).await.unwrap();
        assert_eq!(buffer.read(&mut here, Duration::from_secs(60)).await.unwrap(), Read::Bytes);
        assert_eq!((buffer.unread().len(), buffer.bytes.len()), (100, FIRST_BYTES));
        buffer.shrink();
        assert_eq!((buffer.unread(), buffer.bytes.len()), (&[b'x'; 100][..], 100));
    }
}
