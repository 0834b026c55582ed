//! Ends connections whose clients do not take what is sent to them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A stream on which a write that makes no progress for `seconds_max` is an error.
///
/// It stands directly on the socket, below TLS, and costs nothing while the socket takes what is written.
pub(super) struct WriteStall<S> {
    stream: S,
    max: Duration,
    /// Made at the first wait and used again for later ones.
    deadline: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl<S> WriteStall<S> {
    pub(super) fn new(stream: S, max: Duration) -> Self {
        Self { stream, max, deadline: None, is_waiting: false }
    }

    /// Passes on what a write came to; fails one that has been waiting for too long.
    fn watch(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.is_waiting = false;
            return written;
        }
        let ends_at = Instant::now() + self.max;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(ends_at)));
        if !self.is_waiting {
            self.is_waiting = true;
            deadline.as_mut().reset(ends_at);
        }
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => {
                let detail = format!("the client took nothing of an answer for {:?}", self.max);
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, detail)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteStall<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteStall<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.watch(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // A socket flushes and shuts down without waiting for its peer: there is nothing to watch.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use tokio::io::AsyncWriteExt as _;

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_given_up_after_the_time() {
        let (near, _far) = tokio::io::duplex(1024);
        let max = Duration::from_millis(50);
        let started = Instant::now();
        let error = WriteStall::new(near, max).write_all(&[0; 4096]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= max);
    }

    #[tokio::test]
    async fn the_time_runs_from_the_first_wait_and_anew_after_each_progress() {
        let mut stream = WriteStall::new((), Duration::from_secs(60));
        let mut cx = Context::from_waker(Waker::noop());
        let mut ends_at = |written: Poll<usize>| {
            assert_eq!(stream.watch(&mut cx, written.map(Ok)).is_ready(), written.is_ready());
            stream.is_waiting.then(|| stream.deadline.as_ref().unwrap().deadline())
        };
        let first = ends_at(Poll::Pending).unwrap();
        assert_eq!(ends_at(Poll::Pending), Some(first));
        assert_eq!(ends_at(Poll::Ready(1)), None);
        assert!(ends_at(Poll::Pending).unwrap() > first);
    }
}
