//! Compressed parts of a protocol's messages, undone whole and never beyond a limit.

use std::io::Read as _;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// Why there is no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InflateError {
    #[error("it decompresses to more than {0} bytes")]
    TooLarge(usize),
    #[error("its compression is damaged")]
    Damaged,
}

/// The content of `bytes`: of gzip or of zlib where they begin so, else themselves.
pub(super) fn inflate(bytes: &[u8], max: usize) -> Result<std::borrow::Cow<'_, [u8]>, InflateError> {
    match bytes {
        [0x1f, 0x8b, ..] => read(MultiGzDecoder::new(bytes), max).map(Into::into),
        // RFC 1950, section 2.2: deflate with a window of up to 32 KiB, and a check of both octets.
        [head, flags, ..] if head & 0x8f == 0x08 && u16::from_be_bytes([*head, *flags]) % 31 == 0 => {
            read(ZlibDecoder::new(bytes), max).map(Into::into)
        }
        _ => Ok(bytes.into()),
    }
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
}
