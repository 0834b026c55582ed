//! A connection that its sender may have compressed as a whole: rsyslog's `compression.mode="stream:always"`.
//!
//! What is decompressed waits in a buffer of fixed size for the reader, so that a bomb takes time and no memory; the time is bounded by
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
/// The decoder is fed so much at once. It keeps what it has no room for, and gives nothing of that once it meets damage: so there is
/// room for all that comes of so little.
const FED_BYTES: usize = 64;
/// More than what is fed, and the bits that the decoder holds back, become: a byte is 1032 at most.
const UNDONE_BYTES: usize = 80 << 10;
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
    /// What is decompressed and not taken, from `given` to `undone_end`.
    undone: Vec<u8>,
    given: usize,
    undone_end: usize,
    pace: Pace,
}

enum State {
    /// At its beginning, or behind the end of what was compressed.
    Undecided,
    Plain,
    Zlib(Box<Decompress>),
    /// What came before the damage is given, and the damage is to be told.
    Damaged,
}

impl<S> Inflated<S> {
    pub(super) fn new(stream: S) -> Self {
        let pace = Pace::new(PACE_BYTES, PACE_TIME);
        let (input, undone) = (Vec::new(), Vec::new());
        Self { stream, state: State::Undecided, input, start: 0, end: 0, undone, given: 0, undone_end: 0, pace }
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
            (self.input, self.undone) = (Vec::new(), Vec::new());
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let count = self.unread().len().min(into.remaining());
        into.put_slice(self.unread().get(..count).unwrap_or_default());
        self.start += count;
        Poll::Ready(Ok(()))
    }

    /// Decompresses more behind what has been given; whether the stream is at its end.
    fn poll_zlib(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let State::Zlib(decoder) = &mut self.state else { return Poll::Ready(Ok(false)) };
        ready!(self.pace.poll_go_on(cx));
        let turn = ready!(coop::poll_proceed(cx));
        (self.given, self.undone_end) = (0, 0);
        if self.undone.is_empty() {
            self.undone = vec![0; 2 * UNDONE_BYTES];
        }
        while self.undone_end < UNDONE_BYTES {
            let input = self.input.get(self.start..self.end).unwrap_or_default();
            let fed = input.get(..FED_BYTES).unwrap_or(input);
            let space = self.undone.get_mut(self.undone_end..).unwrap_or_default();
            let (read_before, written_before) = (decoder.total_in(), decoder.total_out());
            let outcome = decoder.decompress(fed, space, FlushDecompress::None);
            let read = (decoder.total_in() - read_before) as usize;
            let written = (decoder.total_out() - written_before) as usize;
            self.start += read;
            self.undone_end += written;
            match outcome {
                Ok(Status::StreamEnd) => self.state = State::Undecided,
                Ok(_) if read > 0 || written > 0 => continue,
                Ok(_) if self.start == self.end => {}
                // Told once what came before it is given.
                Ok(_) | Err(_) => self.state = State::Damaged,
            }
            break;
        }
        self.pace.count(self.undone_end);
        turn.made_progress();
        if self.undone_end == 0 && matches!(self.state, State::Zlib(_)) {
            self.undone = Vec::new();
            return self.poll_more(cx).map_ok(|is_any| !is_any);
        }
        Poll::Ready(Ok(false))
    }

    /// Gives what is decompressed; whether there is any.
    fn give(&mut self, into: &mut ReadBuf<'_>) -> bool {
        let undone = self.undone.get(self.given..self.undone_end).unwrap_or_default();
        let given = undone.get(..into.remaining()).unwrap_or(undone);
        into.put_slice(given);
        self.given += given.len();
        !given.is_empty()
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the compression of the connection is damaged")
}

impl<S: AsyncRead + Unpin> AsyncRead for Inflated<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while into.remaining() > 0 && !this.give(into) {
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
                State::Damaged => return Poll::Ready(Err(damaged())),
                State::Zlib(_) => {
                    if ready!(this.poll_zlib(cx))? {
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
    async fn what_came_before_the_damage_in_one_read_is_given_and_then_the_damage_is_told() {
        // Its end is a bomb: a few bytes become more than the decoder holds.
        let mut text: Vec<u8> = (0..50_000).flat_map(|n| format!("<13>line {n}\n").into_bytes()).collect();
        text.extend_from_slice(&[b'x'; 60_000]);
        let mut flushed = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        flushed.write_all(&text).unwrap();
        flushed.flush().unwrap();
        let flushed = flushed.get_ref().clone();
        let mut wrong_sum = zlib(&text);
        *wrong_sum.last_mut().unwrap() ^= 1;
        for damaged in [[&flushed[..], b"\xff\xff\xffgarbage"].concat(), wrong_sum] {
            for room in [1, 100, 1 << 20] {
                let (mut stream, mut content) = (in_pieces(&damaged, 1 << 20), Vec::new());
                let mut buffer = vec![0; room];
                let told = loop {
                    match stream.read(&mut buffer).await {
                        Ok(count) => content.extend_from_slice(&buffer[..count]),
                        Err(told) => break told,
                    }
                };
                assert_eq!((told.kind(), content.starts_with(&text)), (io::ErrorKind::InvalidData, true), "{room}");
            }
        }
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
