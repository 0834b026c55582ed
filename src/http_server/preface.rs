//! Ends HTTP/2 connections on which the client does not begin.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// `PRI * HTTP/2.0` and what follows it (RFC 9113, section 3.4).
const PREFACE_BYTES: usize = 24;

/// A stream on which the bytes of a preface must have come within a time. HTTP/2's own pings begin only behind it.
pub(super) struct Preface<S> {
    stream: S,
    max: Duration,
    missing: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> Preface<S> {
    pub(super) fn new(stream: S, max: Duration) -> Self {
        let deadline = Some(Box::pin(tokio::time::sleep(max)));
        Self { stream, max, missing: PREFACE_BYTES, deadline }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Preface<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, into);
        let Some(deadline) = &mut this.deadline else { return read };
        this.missing = this.missing.saturating_sub(into.filled().len() - before);
        if this.missing == 0 {
            this.deadline = None;
        } else if read.is_pending() && deadline.as_mut().poll(cx).is_ready() {
            let detail = format!("no preface within {:?}", this.max);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, detail)));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Preface<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
