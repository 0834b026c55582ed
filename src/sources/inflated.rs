//! A connection that its sender may have compressed as a whole: rsyslog's `compression.mode="stream:always"`.
//!
//! What is decompressed goes straight into the reader's buffer, so that a bomb takes time and no memory; the time is bounded by
//! a pace that no honest sender reaches for long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use flate2::{Decompress, FlushDecompress, Status};
use logseal_parsers::framing::compressed::Compression;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;
use tokio::time::{Instant, Sleep};

/// Compressed bytes that are read at once.
const INPUT_BYTES: usize = 16 << 10;
/// So much is decompressed of one connection ...
const PACE_BYTES: usize = 64 << 20;
/// ... in such a time; then it waits for the end of it.
const PACE_TIME: Duration = Duration::from_secs(1);

/// Reads what `stream` has, decompressed where it begins as zlib does; writes go through.
pub(super) struct Inflated<S> {
    stream: S,
    state: State,
    /// Bytes of the stream that are not taken, from `start` to `end`.
    input: Vec<u8>,
    start: usize,
    end: usize,
    pace: Pace,
}

enum State {
    /// At its beginning, or behind the end of what was compressed.
    Undecided,
    Plain,
    Zlib(Box<Decompress>),
}

impl<S> Inflated<S> {
    pub(super) fn new(stream: S) -> Self {
        let pace = Pace::new(PACE_BYTES, PACE_TIME);
        Self { stream, state: State::Undecided, input: Vec::new(), start: 0, end: 0, pace }
    }

    fn unread(&self) -> &[u8] {
        self.input.get(self.start..self.end).unwrap_or_default()
    }
}

impl<S: AsyncRead + Unpin> Inflated<S> {
    /// Reads more input behind what there is, less than two bytes; whether there was any.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        self.input.resize(INPUT_BYTES, 0);
        let mut space = ReadBuf::new(self.input.get_mut(self.end..).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space))?;
        let count = space.filled().len();
        self.end += count;
        Poll::Ready(Ok(count > 0))
    }

    fn poll_plain(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unread().is_empty() {
            self.input = Vec::new();
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let count = self.unread().len().min(into.remaining());
        into.put_slice(self.unread().get(..count).unwrap_or_default());
        self.start += count;
        Poll::Ready(Ok(()))
    }

    /// Decompresses into `into`; whether there is an end or anything in it.
    fn poll_zlib(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let State::Zlib(decoder) = &mut self.state else { return Poll::Ready(Ok(true)) };
        ready!(self.pace.poll_go_on(cx));
        let turn = ready!(coop::poll_proceed(cx));
        let input = self.input.get(self.start..self.end).unwrap_or_default();
        let (read_before, written_before) = (decoder.total_in(), decoder.total_out());
        let space = into.initialize_unfilled();
        let status = decoder.decompress(input, space, FlushDecompress::None).map_err(|_| damaged())?;
        let read = (decoder.total_in() - read_before) as usize;
        let written = (decoder.total_out() - written_before) as usize;
        into.advance(written);
        self.start += read;
        self.pace.count(written);
        turn.made_progress();
        if status == Status::StreamEnd {
            self.state = State::Undecided;
        } else if written == 0 && self.unread().is_empty() {
            return self.poll_more(cx).map_ok(|is_any| !is_any);
        } else if written == 0 && read == 0 {
            return Poll::Ready(Err(damaged()));
        }
        Poll::Ready(Ok(written > 0))
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the compression of the connection is damaged")
}

impl<S: AsyncRead + Unpin> AsyncRead for Inflated<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while into.remaining() > 0 {
            match &this.state {
                State::Undecided if this.unread().len() < Compression::HEAD_BYTES => {
                    if !ready!(this.poll_more(cx))? {
                        this.state = State::Plain;
                    }
                }
                State::Undecided if Compression::of(this.unread()) == Compression::Zlib => {
                    this.state = State::Zlib(Box::new(Decompress::new(true)));
                }
                State::Undecided => this.state = State::Plain,
                State::Plain => return this.poll_plain(cx, into),
                State::Zlib(_) => {
                    if ready!(this.poll_zlib(cx, into))? {
                        break;
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Inflated<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Bounds the bytes of a time.
struct Pace {
    bytes_max: usize,
    time: Duration,
    bytes: usize,
    ends_at: Option<Instant>,
    wait: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    fn new(bytes_max: usize, time: Duration) -> Self {
        Self { bytes_max, time, bytes: 0, ends_at: None, wait: None }
    }

    fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Ready unless the time has had its bytes and is not over.
    fn poll_go_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ends_at = *self.ends_at.get_or_insert_with(|| Instant::now() + self.time);
        if self.bytes >= self.bytes_max {
            let wait = self.wait.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(ends_at)));
            ready!(wait.as_mut().poll(cx));
            *self = Self::new(self.bytes_max, self.time);
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::ZlibEncoder;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn read(stream: &[u8], piece: usize) -> io::Result<Vec<u8>> {
        let mut stream = in_pieces(stream, piece);
        let mut content = Vec::new();
        stream.read_to_end(&mut content).await.map(|_| content)
    }

    /// The stream in pieces.
    fn in_pieces(stream: &[u8], piece: usize) -> Inflated<Pieces> {
        Inflated::new(Pieces(stream.chunks(piece).map(<[u8]>::to_vec).collect()))
    }

    struct Pieces(std::collections::VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some(mut piece) = self.0.pop_front() {
                let rest = piece.split_off(piece.len().min(into.remaining()));
                into.put_slice(&piece);
                if !rest.is_empty() {
                    self.0.push_front(rest);
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_begins_as_zlib_is_decompressed_and_all_else_is_not() {
        let text: Vec<u8> = (0..2000).flat_map(|n| format!("<13>line {n}\n").into_bytes()).collect();
        let twice = [zlib(&text), zlib(b"<13>again\n")].concat();
        for piece in [1, 2, 1000, 10_000] {
            assert_eq!(read(&zlib(&text), piece).await.unwrap(), text, "{piece}");
            assert_eq!(read(&twice, piece).await.unwrap(), [&text[..], b"<13>again\n"].concat(), "{piece}");
            assert_eq!(read(&text, piece).await.unwrap(), text, "{piece}");
        }
        assert_eq!(read(b"", 1).await.unwrap(), b"");
        assert_eq!(read(b"x", 1).await.unwrap(), b"x");
    }

    #[tokio::test]
    async fn a_stream_that_ends_within_gives_what_it_has_and_a_damaged_one_is_told() {
        let text: Vec<u8> = (0..2000).flat_map(|n| format!("<13>line {n}\n").into_bytes()).collect();
        let compressed = zlib(&text);
        let cut = read(&compressed[..compressed.len() / 2], 100).await.unwrap();
        assert!(!cut.is_empty() && text.starts_with(&cut));
        let mut broken = compressed;
        broken[2] = 0xff;
        assert_eq!(read(&broken, 100).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn a_bomb_is_taken_at_a_pace() {
        let began = Instant::now();
        let mut stream = in_pieces(&zlib(&vec![0; 9 << 20]), 4096);
        stream.pace = Pace::new(4 << 20, Duration::from_millis(40));
        let (mut buffer, mut total) = (vec![0; 64 << 10], 0);
        while let count @ 1.. = stream.read(&mut buffer).await.unwrap() {
            total += count;
        }
        assert_eq!(total, 9 << 20);
        assert!(began.elapsed() >= Duration::from_millis(80));
    }
}
