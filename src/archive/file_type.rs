//! What a file is, by its first bytes and never by its name.

use std::fs::File;
use std::io;

use super::buffered::{Buffered, Stream};
use super::limits::Limits;
use super::meter::Meter;
use super::packed::Unpacked;
use super::source::Source;
use super::{tar, zip};

/// What an uploaded file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// One file that is not packed.
    Single,
    /// One file packed with gzip.
    Gzip,
    /// One file packed with zstd.
    Zstd,
    /// One file packed with bzip2.
    Bzip2,
    /// One file packed with xz.
    Xz,
    /// A zip.
    Zip,
    /// A tar, however it is packed.
    Tar,
}

impl FileType {
    /// The word for it in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zip => "zip",
            Self::Tar => "tar",
        }
    }
}

/// What the file is. Reads its beginning; damage is not its matter.
pub fn file_type(file: &File) -> io::Result<FileType> {
    let limits = Limits::default();
    let source = Source::new(file, None)?;
    let meter = Meter::new(&limits, &source);
    let mut stream: Stream<'_> = Buffered::new(Box::new(source.aside(0, source.len())));
    let magic = Magic::of_upload(stream.peek(PEEKED_BYTES), &source)?;
    let file_type = match magic {
        Magic::Zip => FileType::Zip,
        Magic::Tar => FileType::Tar,
        Magic::Plain | Magic::Foreign(_) => FileType::Single,
        Magic::Packed(packing) => {
            let mut unpacked = Buffered::new(Unpacked::new(packing, stream, &meter, &source));
            match Magic::of(unpacked.peek(PEEKED_BYTES)) {
                Magic::Tar => FileType::Tar,
                _ => packing.file_type(),
            }
        }
    };
    source.failure().map_or(Ok(file_type), Err)
}

/// How much [`Magic::of`] wants to see: a tar's first header.
pub(super) const PEEKED_BYTES: usize = 512;

/// What bytes begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    Plain,
    Packed(Packing),
    Zip,
    Tar,
    /// Packed or written in a way that is not read: its bytes must not pass for a log.
    Foreign(&'static str),
}

impl Magic {
    /// What an upload is that so begins. A zip that unpacks itself begins as a program does, which no text looks like.
    pub(super) fn of_upload(beginning: &[u8], source: &Source<'_>) -> io::Result<Self> {
        let magic = Self::of(beginning);
        let is_text = || !beginning.iter().take(PEEKED_BYTES).any(|&byte| byte == 0);
        let is_zip = magic == Self::Plain && !is_text() && zip::is_at_end_of(source)?;
        Ok(if is_zip { Self::Zip } else { magic })
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        if let Some(packing) = Packing::of(bytes) {
            return Self::Packed(packing);
        }
        match bytes {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => Self::Zip,
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Self::Foreign("a 7z archive"),
            [b'R', b'a', b'r', b'!', 0x1a, 0x07, ..] => Self::Foreign("a RAR archive"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Foreign("packed with LZ4"),
            [0x1f, 0x9d, ..] => Self::Foreign("packed with compress (.Z)"),
            [b'L', b'Z', b'I', b'P', 0 | 1, ..] => Self::Foreign("packed with lzip"),
            [b'M', b'S', b'C', b'F', 0, 0, 0, 0, ..] => Self::Foreign("a cabinet archive"),
            [b'L', b'P', b'K', b'S', b'H', b'H', b'R', b'H', ..] => {
                Self::Foreign("a binary journal of systemd (export it: `journalctl --file FILE -o json`)")
            }
            _ if bytes.first_chunk().is_some_and(tar::is_header) => Self::Tar,
            _ => Self::Plain,
        }
    }
}

/// How one file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Packing {
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A frame, or a skippable one, with which pzstd begins.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            // The first block or, of an empty file, the end: a text may well begin with `BZh1`.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    pub(super) fn file_type(self) -> FileType {
        match self {
            Self::Gzip => FileType::Gzip,
            Self::Zstd => FileType::Zstd,
            Self::Bzip2 => FileType::Bzip2,
            Self::Xz => FileType::Xz,
        }
    }
}
