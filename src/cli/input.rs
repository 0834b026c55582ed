//! Files and standard input as streams of bytes, unpacked where they are gzip or zstd.
//!
//! What a file is packed with is seen by its first bytes, not by its name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;

use crate::event_log;

const BUFFER_BYTES: usize = 256 << 10;
/// The member header of RFC 1952.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The frame magic of RFC 8878.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// An open file or standard input.
pub(super) struct Input {
    /// What it holds, unpacked.
    pub(super) reader: Box<dyn BufRead + Send>,
    /// How much of the file itself has been read, packed as it is.
    pub(super) read_bytes: Arc<AtomicU64>,
}

/// Opens `path`; `-` is standard input.
///
/// # Errors
/// Where there is no such file, or its begin cannot be read.
pub(super) fn open(path: &Path) -> anyhow::Result<Input> {
    let source: Box<dyn Read + Send> = if is_standard_input(path) {
        Box::new(io::stdin())
    } else {
        let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
        Box::new(file)
    };
    unpacked(source).with_context(|| format!("read {}", name(path)))
}

/// What to call `path` in a message.
pub(super) fn name(path: &Path) -> String {
    if is_standard_input(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// The size of the file; `None` for what is none.
pub(super) fn size_bytes(path: &Path) -> Option<u64> {
    if is_standard_input(path) {
        return None;
    }
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|data| data.len())
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn unpacked(source: impl Read + Send + 'static) -> io::Result<Input> {
    let read_bytes = Arc::new(AtomicU64::new(0));
    let mut source = Counted { inner: source, read_bytes: Arc::clone(&read_bytes) };
    // A pipe may give its first bytes one by one, so the begin is read on its own and put back.
    let mut begin = Vec::with_capacity(event_log::MAGIC.len());
    (&mut source).take(event_log::MAGIC.len() as u64).read_to_end(&mut begin)?;
    let (is_gzip, is_zstd) = (begin.starts_with(&GZIP), begin.starts_with(&ZSTD));
    let whole = BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(begin).chain(source));
    let reader: Box<dyn BufRead + Send> = if is_gzip {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, flate2::bufread::MultiGzDecoder::new(whole)))
    } else if is_zstd {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::stream::read::Decoder::with_buffer(whole)?))
    } else {
        Box::new(whole)
    };
    Ok(Input { reader, read_bytes })
}

impl Input {
    /// Whether it holds a binary event log of Windows.
    ///
    /// # Errors
    /// Where its begin cannot be read.
    pub(super) fn is_event_log(&mut self) -> io::Result<bool> {
        Ok(self.reader.fill_buf()?.starts_with(event_log::MAGIC))
    }
}

struct Counted<R> {
    inner: R,
    read_bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn packed_files_are_recognized_and_unpacked() {
        let text = b"one\ntwo\n".repeat(1000);
        let gzip = {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(&text).unwrap();
            packer.finish().unwrap()
        };
        // Two members one after the other are one file, as `cat a.gz b.gz` makes it.
        let twice = [gzip.as_slice(), &gzip].concat();
        let zstd = zstd::encode_all(text.as_slice(), 1).unwrap();
        for (packed, copies) in [(text.clone(), 1), (gzip, 1), (twice, 2), (zstd, 1)] {
            let size = packed.len() as u64;
            let mut input = unpacked(io::Cursor::new(packed)).unwrap();
            let mut whole = Vec::new();
            input.reader.read_to_end(&mut whole).unwrap();
            assert_eq!(whole, text.repeat(copies));
            assert_eq!(input.read_bytes.load(Ordering::Relaxed), size);
        }
    }

    #[test]
    fn a_binary_event_log_is_told_from_text_packed_or_not() {
        let log = b"ElfFile\0and more".to_vec();
        let zstd = zstd::encode_all(log.as_slice(), 1).unwrap();
        for (bytes, expected) in [(log, true), (zstd, true), (b"ElfFile says".to_vec(), false), (b"".to_vec(), false)] {
            let mut input = unpacked(io::Cursor::new(bytes)).unwrap();
            assert_eq!(input.is_event_log().unwrap(), expected);
        }
    }

    #[test]
    fn an_input_shorter_than_any_magic_is_plain() {
        for short in [&b""[..], b"\x1f", b"ab"] {
            let mut whole = Vec::new();
            unpacked(short).unwrap().reader.read_to_end(&mut whole).unwrap();
            assert_eq!(whole, short);
        }
    }

    #[test]
    fn a_torn_packed_file_is_an_error_and_not_a_short_one() {
        let packed = zstd::encode_all(b"text".repeat(1000).as_slice(), 1).unwrap();
        let torn = packed[..packed.len() - 3].to_vec();
        let outcome = unpacked(io::Cursor::new(torn)).unwrap().reader.read_to_end(&mut Vec::new());
        assert!(outcome.is_err());
    }
}
