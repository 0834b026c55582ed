//! Why an entry, or the rest of an archive, is not there.

use std::io;

use super::entry::EntryKind;

/// Why the content of an entry is missing or ends early. What could be read before it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// It needs a password.
    #[error("it is encrypted")]
    Encrypted,
    /// It says that it is too large (and nothing of it was read), or turned out to be while it was read.
    #[error("it is larger than the {limit} bytes that are allowed")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// All entries together are too large; nothing behind this one is read.
    #[error("the whole archive is larger than the {limit} bytes that are allowed")]
    TotalTooLarge {
        /// The limit.
        limit: u64,
    },
    /// It grows too much for what it was packed in, as only a bomb does.
    #[error("it unpacks to more than {limit} times its size")]
    RatioTooHigh {
        /// The limit.
        limit: u64,
    },
    /// There are more entries than are read; nothing behind this one is read.
    #[error("the archive has more than the {limit} entries that are allowed")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
    /// It is packed once more than is undone.
    #[error("it is packed within an archive that is itself nested; {limit} such levels are read")]
    NestedTooDeep {
        /// The limit.
        limit: u8,
    },
    /// A zip's compression method that is not undone, by the number that APPNOTE.TXT gives it.
    #[error("its compression method {0}{name} is not supported", name = method_name(*.0))]
    UnsupportedMethod(u16),
    /// A packed file of another kind.
    #[error("it is {0}, which is not supported")]
    UnsupportedFormat(&'static str),
    /// Its decoder would take too much memory.
    #[error("to unpack it takes more than the {limit} bytes of memory that are allowed")]
    NeedsMemory {
        /// The limit.
        limit: u64,
    },
    /// It has to be copied to be read, and the disk's last room is others'.
    #[error("to read it takes a copy, and the disk would have less than the {free_min} bytes free that are kept")]
    NoRoom {
        /// What has to stay free.
        free_min: u64,
    },
    /// Its bytes are not what its format asks for.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// It was read to its end, and is not what was packed.
    #[error("it is damaged: its checksum does not match")]
    ChecksumMismatch,
    /// Its bytes in the archive are also those of another entry, as in a bomb.
    #[error("it shares its bytes with another entry of the archive")]
    Overlapping,
    /// It was read to its end, and something else follows.
    #[error("bytes that do not belong to it follow its end; they were not read")]
    TrailingBytes,
    /// There is nothing wrong with it, but it holds no log.
    #[error("it is {0}")]
    NotALog(EntryKind),
}

impl EntryProblem {
    /// The problem that an error of reading an entry's content carries. An error without one is of the machine: the
    /// uploaded file could not be read.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
    }

    /// A word for it, for results and counters; it never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::TooLarge { .. } => "too_large",
            Self::TotalTooLarge { .. } => "total_too_large",
            Self::RatioTooHigh { .. } => "ratio_too_high",
            Self::TooManyEntries { .. } => "too_many_entries",
            Self::NestedTooDeep { .. } => "nested_too_deep",
            Self::UnsupportedMethod(_) => "unsupported_method",
            Self::UnsupportedFormat(_) => "unsupported_format",
            Self::NeedsMemory { .. } => "needs_memory",
            Self::NoRoom { .. } => "no_room",
            Self::Damaged(_) => "damaged",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::Overlapping => "overlapping",
            Self::TrailingBytes => "trailing_bytes",
            Self::NotALog(_) => "not_a_log",
        }
    }
}

impl From<EntryProblem> for io::Error {
    fn from(problem: EntryProblem) -> Self {
        Self::new(io::ErrorKind::InvalidData, problem)
    }
}

/// Why an archive was not read to its end. Entries before it were visited.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The machine failed; another attempt may succeed.
    #[error("read the uploaded file")]
    Read(#[source] io::Error),
    /// The upload itself is at fault; another attempt ends in the same way.
    #[error("the archive could not be read whole: {0}")]
    Incomplete(EntryProblem),
}

/// `error` once more, for those who ask again.
pub(super) fn repeated(error: &io::Error) -> io::Error {
    match (EntryProblem::of(error), error.raw_os_error()) {
        (Some(problem), _) => problem.into(),
        (None, Some(code)) => io::Error::from_raw_os_error(code),
        (None, None) => error.kind().into(),
    }
}

fn method_name(method: u16) -> &'static str {
    match method {
        1 => " (shrunk)",
        2..=5 => " (reduced)",
        6 => " (imploded)",
        10 | 18 => " (IBM TERSE)",
        19 => " (IBM LZ77)",
        94 => " (MP3)",
        96 => " (JPEG)",
        97 => " (WavPack)",
        98 => " (PPMd)",
        _ => "",
    }
}
