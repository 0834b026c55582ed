//! `Content-Encoding` of request bodies, undone piece by piece: never more than one piece is in memory.
//!
//! The decoders read from an [`Inbox`] that says "would block" when it is empty, which all of them
//! pass on without losing their place; so they can be fed as the body arrives.

use std::io::{self, BufRead, Read};

use axum::http::{HeaderMap, header};
use bytes::{Buf as _, Bytes};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use logseal_parsers::framing::compressed::Compression;

use super::error::ApiError;

/// The largest window that a zstd body may ask for, 8 MiB: what RFC 9659 allows on the web.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Deflate,
    Zstd,
    /// Gzip, zlib or nothing, by how the body begins.
    ByMagic,
}

impl Coding {
    /// What the headers say.
    ///
    /// # Errors
    /// 415 for an encoding that is not known, or several on top of each other.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let Some(value) = values.next() else { return Ok(Self::Identity) };
        let word = value.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        match word.as_str() {
            _ if values.next().is_some() || word.contains(',') => {
                Err(ApiError::unsupported("only one Content-Encoding is undone: gzip, deflate or zstd"))
            }
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "zstd" => Ok(Self::Zstd),
            _ => Err(ApiError::unsupported(format!("Content-Encoding \"{word}\" is not gzip, deflate or zstd"))),
        }
    }
}

/// Compressed bytes that have arrived and are not read yet.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Bytes,
    ended: bool,
}

impl Inbox {
    /// How what it holds begins, once there is enough to tell.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when there is not.
    fn compression(&self) -> io::Result<Compression> {
        if self.bytes.len() < Compression::HEAD_BYTES && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Compression::of(&self.bytes))
    }

    /// Appends what has arrived; mostly to nothing.
    fn put(&mut self, bytes: Bytes) {
        self.bytes = if self.bytes.is_empty() { bytes } else { [&self.bytes[..], &bytes].concat().into() };
    }
}

impl BufRead for Inbox {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.advance(amount.min(self.bytes.len()));
    }
}

impl Read for Inbox {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// A running decoder.
pub(super) enum Decoder {
    Gzip(Box<MultiGzDecoder<Inbox>>),
    /// `deflate` before its first bytes: most senders mean zlib (RFC 9110, section 8.4.1.2), some the bare stream.
    Undecided(Inbox),
    /// [`Coding::ByMagic`] before its first bytes.
    Unknown(Inbox),
    Plain(Inbox),
    Zlib(Box<ZlibDecoder<Inbox>>),
    Deflate(Box<DeflateDecoder<Inbox>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Inbox>>),
}

impl Decoder {
    /// A decoder for `coding`; `None` where nothing is to be undone.
    ///
    /// # Errors
    /// The decoder has no memory.
    pub(super) fn new(coding: Coding) -> io::Result<Option<Self>> {
        let inbox = Inbox::default();
        Ok(match coding {
            Coding::Identity => None,
            Coding::Gzip => Some(Self::Gzip(Box::new(MultiGzDecoder::new(inbox)))),
            Coding::Deflate => Some(Self::Undecided(inbox)),
            Coding::ByMagic => Some(Self::Unknown(inbox)),
            Coding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(inbox)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Some(Self::Zstd(Box::new(decoder)))
            }
        })
    }

    /// Takes the next compressed bytes, after a read that could not go on without them.
    pub(super) fn feed(&mut self, bytes: Bytes) {
        self.inbox().put(bytes);
    }

    /// No more bytes will come.
    pub(super) fn end(&mut self) {
        self.inbox().ended = true;
    }

    /// The next bytes, at most as many as `out` holds; 0 at the end.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when it has to be fed; anything else says that the body is damaged.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Self::Unknown(inbox) = self {
            let compression = inbox.compression()?;
            let inbox = std::mem::take(inbox);
            *self = match compression {
                Compression::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(inbox))),
                Compression::Zlib => Self::Zlib(Box::new(ZlibDecoder::new(inbox))),
                Compression::None => Self::Plain(inbox),
            };
        }
        if let Self::Undecided(inbox) = self {
            let compression = inbox.compression()?;
            let inbox = std::mem::take(inbox);
            *self = match compression {
                Compression::Zlib => Self::Zlib(Box::new(ZlibDecoder::new(inbox))),
                Compression::Gzip | Compression::None => Self::Deflate(Box::new(DeflateDecoder::new(inbox))),
            };
        }
        let count = match self {
            Self::Gzip(decoder) => decoder.read(out),
            Self::Zlib(decoder) => decoder.read(out),
            Self::Deflate(decoder) => decoder.read(out),
            Self::Zstd(decoder) => decoder.read(out),
            Self::Undecided(inbox) | Self::Unknown(inbox) | Self::Plain(inbox) => inbox.read(out),
        }?;
        if count > 0 {
            return Ok(count);
        }
        // The decoder is at the end of its stream: so must the body be.
        let is_whole = self.inbox().fill_buf()?.is_empty();
        if is_whole { Ok(0) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "bytes after the end")) }
    }

    fn inbox(&mut self) -> &mut Inbox {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Undecided(inbox) | Self::Unknown(inbox) | Self::Plain(inbox) => inbox,
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;

    use super::*;

    fn compress(coding: Coding, plain: &[u8]) -> Vec<u8> {
        match coding {
            Coding::Identity | Coding::ByMagic => plain.to_vec(),
            Coding::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Coding::Deflate => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Coding::Zstd => zstd::encode_all(plain, 3).unwrap(),
        }
    }

    /// Feeds `compressed` in pieces of `piece` bytes.
    fn undo(coding: Coding, compressed: &[u8], piece: usize) -> io::Result<Vec<u8>> {
        let mut decoder = Decoder::new(coding).unwrap().unwrap();
        let mut pieces = compressed.chunks(piece);
        let (mut plain, mut out) = (Vec::new(), [0; 100]);
        loop {
            match decoder.read(&mut out) {
                Ok(0) => return Ok(plain),
                Ok(count) => plain.extend_from_slice(&out[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match pieces.next() {
                    Some(piece) => decoder.feed(Bytes::copy_from_slice(piece)),
                    None => decoder.end(),
                },
                Err(error) => return Err(error),
            }
        }
    }

    fn sample() -> Vec<u8> {
        (0..2000u32).flat_map(|i| format!("line {} of {}\n", i, i * 7919 % 1013).into_bytes()).collect()
    }

    #[test]
    fn each_coding_is_undone_however_the_body_is_cut() {
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
            let compressed = compress(coding, &sample());
            for piece in [1, 2, 7, 1000, compressed.len()] {
                assert_eq!(undo(coding, &compressed, piece).unwrap(), sample(), "{coding:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_bare_deflate_stream_is_undone_too() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&sample()).unwrap();
        assert_eq!(undo(Coding::Deflate, &encoder.finish().unwrap(), 3).unwrap(), sample());
    }

    #[test]
    fn how_a_body_begins_tells_its_coding() {
        for coding in [Coding::Identity, Coding::Gzip, Coding::Deflate] {
            let compressed = compress(coding, b"{\"a\":1}");
            for piece in [1, compressed.len()] {
                assert_eq!(undo(Coding::ByMagic, &compressed, piece).unwrap(), b"{\"a\":1}", "{coding:?}");
            }
        }
        for text in [&b""[..], b"x", b"xyz: a line that begins as its window would"] {
            for piece in [1, 100] {
                assert_eq!(undo(Coding::ByMagic, text, piece).unwrap(), text);
            }
        }
    }

    #[test]
    fn joined_gzip_members_and_zstd_frames_are_one_body() {
        for coding in [Coding::Gzip, Coding::Zstd] {
            let twice = [compress(coding, b"one\n"), compress(coding, b"two\n")].concat();
            for piece in [1, 5, twice.len()] {
                assert_eq!(undo(coding, &twice, piece).unwrap(), b"one\ntwo\n", "{coding:?}");
            }
        }
    }

    #[test]
    fn a_body_that_is_cut_anywhere_is_an_error() {
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
            let compressed = compress(coding, b"some text that is long enough to be cut in many places");
            for end in 0..compressed.len() {
                assert!(undo(coding, &compressed[..end], 4).is_err(), "{coding:?} cut at {end}");
            }
        }
    }

    #[test]
    fn bytes_after_the_end_are_an_error() {
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
            let longer = [compress(coding, b"text").as_slice(), b"rubbish!"].concat();
            for piece in [1, longer.len()] {
                assert!(undo(coding, &longer, piece).is_err(), "{coding:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_small_bomb_comes_out_in_small_pieces() {
        let bomb = compress(Coding::Zstd, &vec![0; 64 << 20]);
        let mut decoder = Decoder::new(Coding::Zstd).unwrap().unwrap();
        decoder.feed(bomb.into());
        let mut out = [0; 4096];
        assert!(decoder.read(&mut out).unwrap() <= 4096);
    }

    #[test]
    fn one_known_encoding_is_accepted() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, value.parse().unwrap());
            Coding::of(&headers).ok()
        };
        assert_eq!(Coding::of(&HeaderMap::new()).ok(), Some(Coding::Identity));
        assert_eq!(of("GZip"), Some(Coding::Gzip));
        assert_eq!(of("x-gzip"), Some(Coding::Gzip));
        assert_eq!(of("identity"), Some(Coding::Identity));
        assert_eq!(of("deflate"), Some(Coding::Deflate));
        assert_eq!(of("zstd"), Some(Coding::Zstd));
        assert_eq!(of("br"), None);
        assert_eq!(of("gzip, gzip"), None);
    }
}
