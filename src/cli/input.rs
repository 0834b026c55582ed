//! Files and standard input as streams of bytes, unpacked where they are gzip, zstd, bzip2 or xz. Archives of several files are refused.
//!
//! What a file is packed with is seen by its first bytes, not by its name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;

use crate::archive::file_type::{Magic, Packing};
use crate::event_log;

const BUFFER_BYTES: usize = 256 << 10;
/// What is read of a pipe before all else, which may give its first bytes one by one: as much as tells what packs it.
const PIPE_BEGIN_BYTES: u64 = 10;
/// What is read of a file: as much as tells an archive, too.
const FILE_BEGIN_BYTES: u64 = 512;

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
    let input = if is_standard_input(path) {
        unpacked(io::stdin(), PIPE_BEGIN_BYTES)
    } else {
        let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
        let begin_bytes = if size_bytes(path).is_some() { FILE_BEGIN_BYTES } else { PIPE_BEGIN_BYTES };
        unpacked(file, begin_bytes)
    };
    input.with_context(|| format!("read {}", name(path)))
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

fn unpacked(source: impl Read + Send + 'static, begin_bytes: u64) -> io::Result<Input> {
    let read_bytes = Arc::new(AtomicU64::new(0));
    let mut source = Counted { inner: source, read_bytes: Arc::clone(&read_bytes) };
    // Read on its own and put back.
    let mut begin = Vec::new();
    (&mut source).take(begin_bytes).read_to_end(&mut begin)?;
    let packing = Magic::of(&begin);
    let whole = BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(begin).chain(source));
    let mut reader: Box<dyn BufRead + Send> = match packing {
        Magic::Packed(Packing::Gzip) => buffered(flate2::bufread::MultiGzDecoder::new(whole)),
        Magic::Packed(Packing::Zstd) => buffered(zstd::stream::read::Decoder::with_buffer(whole)?),
        Magic::Packed(Packing::Bzip2) => buffered(bzip2::bufread::MultiBzDecoder::new(whole)),
        Magic::Packed(Packing::Xz) => buffered(lzma_rust2::XzReader::new(whole, true)),
        Magic::Plain | Magic::Zip | Magic::Tar | Magic::Foreign(_) => Box::new(whole),
    };
    // Of a pipe that gives little at once it sees too little of a tar, which is read as text.
    match Magic::of(reader.fill_buf()?) {
        Magic::Zip => return Err(archive("zip")),
        Magic::Tar => return Err(archive("tar")),
        Magic::Plain | Magic::Packed(_) | Magic::Foreign(_) => {}
    }
    Ok(Input { reader, read_bytes })
}

fn buffered(reader: impl Read + Send + 'static) -> Box<dyn BufRead + Send> {
    Box::new(BufReader::with_capacity(BUFFER_BYTES, reader))
}

fn archive(kind: &str) -> io::Error {
    let text = format!(
        "it is a {kind} archive: unpack it, or upload it (POST /api/v1/logs/upload), which reads each file in it"
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
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
        let bzip2 = {
            let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            packer.write_all(&text).unwrap();
            packer.finish().unwrap()
        };
        let xz = {
            let mut packer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).unwrap();
            packer.write_all(&text).unwrap();
            packer.finish().unwrap()
        };
        let more = [bzip2.as_slice(), &bzip2].concat();
        for (packed, copies) in [
            (text.clone(), 1),
            (gzip, 1),
            (twice, 2),
            (zstd, 1),
            (bzip2, 1),
            (more, 2),
            (xz.clone(), 1),
            ([&*xz, &xz].concat(), 2),
        ] {
            let size = packed.len() as u64;
            let mut input = unpacked(io::Cursor::new(packed), FILE_BEGIN_BYTES).unwrap();
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
            let mut input = unpacked(io::Cursor::new(bytes), FILE_BEGIN_BYTES).unwrap();
            assert_eq!(input.is_event_log().unwrap(), expected);
        }
    }

    #[test]
    fn archives_are_refused_by_what_they_are_packed_or_not() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(4);
        header.set_cksum();
        tar.append_data(&mut header, "a.log", &b"text"[..]).unwrap();
        let tar = tar.into_inner().unwrap();
        let packed = zstd::encode_all(tar.as_slice(), 1).unwrap();
        for (bytes, kind) in [(tar, "tar"), (packed, "tar"), (b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), "zip")] {
            let Err(error) = unpacked(io::Cursor::new(bytes), FILE_BEGIN_BYTES) else { panic!("a {kind} was taken") };
            assert!(error.to_string().starts_with(&format!("it is a {kind} archive: unpack it")), "{error}");
        }
    }

    #[test]
    fn an_input_shorter_than_any_magic_is_plain() {
        for short in [&b""[..], b"\x1f", b"ab"] {
            let mut whole = Vec::new();
            unpacked(short, PIPE_BEGIN_BYTES).unwrap().reader.read_to_end(&mut whole).unwrap();
            assert_eq!(whole, short);
        }
    }

    #[test]
    fn a_torn_packed_file_is_an_error_and_not_a_short_one() {
        let packed = zstd::encode_all(b"text".repeat(1000).as_slice(), 1).unwrap();
        let torn = packed[..packed.len() - 3].to_vec();
        let outcome = unpacked(io::Cursor::new(torn), FILE_BEGIN_BYTES)
            .and_then(|mut input| input.reader.read_to_end(&mut Vec::new()));
        assert!(outcome.is_err());
    }
}
