//! Compressed parts of a protocol's messages, undone whole and never beyond a limit.

use std::io::Read as _;

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use logseal_parsers::framing::compressed::{Compression, zipped};
use logseal_parsers::framing::datagram;

/// Why there is no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InflateError {
    #[error("it decompresses to more than {0} bytes")]
    TooLarge(usize),
    #[error("its compression is damaged")]
    Damaged,
    #[error("it holds more than {0} entries")]
    TooMany(usize),
}

/// The content of `bytes`: of gzip or of zlib where they begin so, else themselves.
pub(super) fn inflate(bytes: &[u8], max: usize) -> Result<std::borrow::Cow<'_, [u8]>, InflateError> {
    match Compression::of(bytes) {
        Compression::Gzip => read(MultiGzDecoder::new(bytes), max).map(Into::into),
        Compression::Zlib => read(ZlibDecoder::new(bytes), max).map(Into::into),
        Compression::None => Ok(bytes.into()),
    }
}

/// The content of a message that rsyslog compressed by itself, without line ends and NULs behind it; of a longer one the first
/// `max` bytes and one more.
///
/// `None` for any other message, and for one that does not decompress to its last byte: it is kept as it came.
pub(super) fn unzipped(message: &[u8], max: usize) -> Option<Vec<u8>> {
    let compressed = zipped(message)?;
    let mut decoder = flate2::bufread::ZlibDecoder::new(compressed);
    let mut content = Vec::new();
    decoder.by_ref().take(max as u64 + 1).read_to_end(&mut content).ok()?;
    let is_all = content.len() > max || decoder.total_in() == compressed.len() as u64;
    let length = datagram(&content).next()?.len();
    content.truncate(length);
    is_all.then_some(content)
}

fn read(decoder: impl std::io::Read, max: usize) -> Result<Vec<u8>, InflateError> {
    let mut content = Vec::new();
    decoder.take(max as u64 + 1).read_to_end(&mut content).map_err(|_| InflateError::Damaged)?;
    if content.len() > max { Err(InflateError::TooLarge(max)) } else { Ok(content) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn gzip_and_zlib_are_undone_up_to_the_limit_and_other_bytes_stay() {
        let text = [b'x'; 1000];
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).unwrap();
        for compressed in [gzip.finish().unwrap(), zlib.finish().unwrap()] {
            assert_eq!(inflate(&compressed, 1000).as_deref(), Ok(&text[..]));
            assert_eq!(inflate(&compressed, 999), Err(InflateError::TooLarge(999)));
            assert_eq!(inflate(&compressed[..compressed.len() - 3], 1000), Err(InflateError::Damaged));
        }
        assert_eq!(inflate(b"{}", 1).as_deref(), Ok(&b"{}"[..]));
    }

    #[test]
    fn a_message_that_was_compressed_by_itself_is_undone_only_if_all_of_it_can_be() {
        let mut zlib = ZlibEncoder::new(b"z".to_vec(), Compression::best());
        zlib.write_all(&[&[b'x'; 1000][..], b"\n"].concat()).unwrap();
        let message = zlib.finish().unwrap();
        assert_eq!(unzipped(&message, 1001).as_deref(), Some(&[b'x'; 1000][..]));
        assert_eq!(unzipped(&message, 10).map(|content| content.len()), Some(11));
        assert_eq!(unzipped(&message[..message.len() - 1], 2000), None);
        assert_eq!(unzipped(&[&message[..], b"\n"].concat(), 2000), None);
        assert_eq!(unzipped(b"zx^ is text", 1000), None);
        assert_eq!(unzipped(b"<13>text", 1000), None);
    }
}
