//! What is said of an entry.

use std::fmt;
use std::io::BufRead;

use super::file_type::FileType;
use super::name::is_mac_metadata;
use super::problem::EntryProblem;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file, which may hold a log.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; it is never followed.
    Symlink,
    /// A second name of another entry.
    HardLink,
    /// A device, a pipe, or what else is not a file.
    Special,
    /// What macOS adds to archives: `__MACOSX/`, `._NAME`, `.DS_Store`.
    MacMetadata,
    /// An archive within the upload, visited only to tell its own problem.
    Archive,
}

impl EntryKind {
    /// The same, or [`MacMetadata`](Self::MacMetadata) if it is a file of such a name.
    pub(super) fn or_mac_metadata(self, shown_name: &str) -> Self {
        if self == Self::File && is_mac_metadata(shown_name) { Self::MacMetadata } else { self }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::HardLink => "a second name of another entry",
            Self::Special => "neither a file nor a directory",
            Self::MacMetadata => "metadata of macOS",
            Self::Archive => "an archive",
        })
    }
}

/// An entry as the visitor of `walk` gets it.
pub struct Entry<'a> {
    /// Counts all entries from 1, those of nested archives and those without content included. The same upload read with
    /// the same limits gives the same numbers, whichever entries the visitor reads.
    pub number: u64,
    /// Where it stands, `inner.zip/dir/a.log`, made harmless: separated by `/`, relative, without `..` and control
    /// characters. Not unique.
    pub path: &'a str,
    /// The path, with `#2` and so on behind it where an entry before this one has it too.
    pub unique_path: &'a str,
    /// What the archive calls it, where that is harmful or too long, as text that is safe to show. It is read all the same:
    /// nothing is ever written under this name.
    pub renamed_from: Option<&'a str>,
    /// What it is.
    pub kind: EntryKind,
    /// It is all of the upload, which is no archive but may be packed.
    pub is_whole: bool,
    /// Bytes of the member as the archive declares them; of a packed member they are the packed ones.
    pub size: Option<u64>,
    /// When the file was changed, microseconds since 1970. A zip may say it in its maker's unknown zone, taken as UTC.
    pub modified: Option<i64>,
    /// The content, or why there is none. Reading it ends with an error that carries an [`EntryProblem`] if a limit is
    /// met or damage begins; what stands before was read. An entry that is not read is skipped.
    pub content: Result<&'a mut dyn BufRead, EntryProblem>,
}

/// An entry as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// Its place in the listing, from 1. [`Entry::number`] is another as soon as there are nested archives, which are
    /// listed as one entry each.
    pub number: u64,
    /// As [`Entry::unique_path`].
    pub path: String,
    /// As [`Entry::renamed_from`].
    pub renamed_from: Option<String>,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes unpacked, if the archive says so.
    pub size: Option<u64>,
    /// Bytes in the archive. Absent for a member of a tar, which is packed as a whole.
    pub compressed_size: Option<u64>,
    /// As [`Entry::modified`].
    pub modified: Option<i64>,
    /// Why it will not be read, as far as it is known without reading it.
    pub problem: Option<EntryProblem>,
}

impl EntryInfo {
    /// How many bytes one packed byte stands for.
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.size?, self.compressed_size?)
    }

    /// Whether a password would be needed.
    pub fn is_encrypted(&self) -> bool {
        self.problem == Some(EntryProblem::Encrypted)
    }
}

/// What an upload holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What the upload is.
    pub file_type: FileType,
    /// At most [`Limits::entries_max`](super::limits::Limits::entries_max) entries.
    pub entries: Vec<EntryInfo>,
    /// Bytes of the upload.
    pub compressed_size: u64,
    /// Why the listing may lack entries.
    pub problem: Option<EntryProblem>,
}

impl Listing {
    /// Bytes of all entries together as the archive declares them; absent if it says so of none.
    pub fn size(&self) -> Option<u64> {
        self.entries.iter().filter_map(|entry| entry.size).reduce(u64::saturating_add)
    }

    /// How many bytes one byte of the upload stands for.
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.size()?, self.compressed_size)
    }
}

fn ratio(size: u64, compressed_size: u64) -> Option<f64> {
    (compressed_size > 0).then(|| size as f64 / compressed_size as f64)
}
