//! What the alerts' follower remembers over a restart, in one file.
//!
//! ```text
//! magic "LGSLALRT"  version u32  crc32c u32 of all behind it  content (postcard)
//! ```
//! Numbers of the head are little-endian. The file is replaced as a whole, so it is there as it was or as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::rules::effect::Effect;

const MAGIC: &[u8; 8] = b"LGSLALRT";
const VERSION: u32 = 1;
const HEAD_LEN: usize = 16;

/// What is remembered.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The last record that was evaluated.
    pub(super) last_id: u64,
    /// Effects that were not applied yet, the oldest first.
    pub(super) waiting: Vec<Bundle>,
    /// The evaluator's checkpoint.
    pub(super) evaluator: Vec<u8>,
}

/// Effects that are applied together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bundle {
    /// The last record that gave some; `None` for those of time that went by.
    pub(super) last_id: Option<u64>,
    pub(super) effects: Vec<Effect>,
}

/// How the file was found.
#[derive(Debug)]
pub(super) enum Found {
    Absent,
    Whole(Saved),
    Damaged(&'static str),
}

impl Saved {
    /// Reads the file. Blocking.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub(super) fn read(path: &Path) -> io::Result<Found> {
        match fs::read(path) {
            Ok(bytes) => Ok(decode(&bytes).map_or_else(Found::Damaged, Found::Whole)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Absent),
            Err(error) => Err(error),
        }
    }

    /// Replaces the file, durably. Blocking.
    ///
    /// # Errors
    /// The disk refuses; the file is as it was.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let incoming = path.with_extension("incoming");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&incoming)?;
        file.write_all(&encode(self).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&incoming, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

fn encode(saved: &Saved) -> Result<Vec<u8>, postcard::Error> {
    let mut bytes = vec![0; HEAD_LEN];
    bytes = postcard::to_extend(saved, bytes)?;
    let sum = crc32c::crc32c(bytes.get(HEAD_LEN..).unwrap_or_default());
    let head = MAGIC.iter().copied().chain(VERSION.to_le_bytes()).chain(sum.to_le_bytes());
    for (to, from) in bytes.iter_mut().zip(head) {
        *to = from;
    }
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<Saved, &'static str> {
    let (head, content) = bytes.split_at_checked(HEAD_LEN).ok_or("it is too short")?;
    let (magic, numbers) = head.split_at(MAGIC.len());
    let (version, sum) = numbers.split_at(size_of::<u32>());
    if magic != MAGIC {
        return Err("it is not such a file");
    }
    if version != VERSION.to_le_bytes() {
        return Err("it is of another version");
    }
    if sum != crc32c::crc32c(content).to_le_bytes() {
        return Err("its checksum is wrong");
    }
    postcard::from_bytes(content).map_err(|_| "its content cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_changed_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        assert!(matches!(Saved::read(&path).unwrap(), Found::Absent));
        let saved = Saved { last_id: 77, waiting: Vec::new(), evaluator: b"state".to_vec() };
        Saved::default().write(&path).unwrap();
        saved.write(&path).unwrap();
        assert!(matches!(Saved::read(&path).unwrap(), Found::Whole(found) if found == saved));
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(matches!(Saved::read(&path).unwrap(), Found::Damaged(_)), "a bit of byte {at}");
            fs::write(&path, &bytes[..at]).unwrap();
            assert!(matches!(Saved::read(&path).unwrap(), Found::Damaged(_)), "cut at {at}");
        }
    }
}
