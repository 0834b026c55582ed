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

/// A buffer of fixed size whose memory is held only while there are bytes to hold.
pub(super) struct Buffer {
    size: usize,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    pub(super) fn new(size: usize) -> Self {
        Self { size, bytes: Vec::new(), start: 0, end: 0 }
    }

    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
    }

    /// Reads what comes within `wait`. Cancel-safe.
    ///
    /// A reader that waits in vain with nothing in the buffer gives its memory back: there may be many idle connections.
    pub(super) async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S, wait: Duration) -> io::Result<Read> {
        let read = match timeout(wait, stream.read(self.space())).await {
            Ok(read) => self.filled(read),
            Err(_) => Ok(Read::Pause),
        };
        if matches!(read, Ok(Read::Pause)) && self.unread().is_empty() {
            *self = Self::new(self.size);
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
        let unread = self.unread().to_vec();
        *self = Self::new(self.size);
        if let Some(front) = self.space().get_mut(..unread.len()) {
            front.copy_from_slice(&unread);
            self.end = unread.len();
        }
    }

    /// Room behind what is unread. The framer takes or cuts a frame before the buffer is full, so there always is some.
    fn space(&mut self) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = vec![0; self.size];
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
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
