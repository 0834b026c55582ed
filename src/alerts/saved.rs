//! What the alerts' follower remembers over a restart, in one file.
//! It is replaced as a whole, so it is there as it was or as it is.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::rules::effect::Effect;
use crate::rules::frame::{Frame, RestoreError};
use crate::spool::disk;

const FRAME: Frame = Frame { magic: *b"LGSLALRT", version: 3 };

/// What is remembered.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The last record that was evaluated.
    pub(super) last_id: u64,
    /// The last change of alerts that was looked at for what people resolved.
    pub(super) alerts_version: i64,
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
    Damaged(RestoreError),
}

impl Saved {
    /// Reads the file. Blocking.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub(super) fn read(path: &Path) -> io::Result<Found> {
        match fs::read(path) {
            Ok(bytes) => Ok(FRAME.read(&bytes).map_or_else(Found::Damaged, Found::Whole)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Absent),
            Err(error) => Err(error),
        }
    }

    /// Reads the file away from those who wait. Where it says nothing, that is told, and nothing is remembered.
    pub(super) async fn load(path: &Path) -> Self {
        let (place, path) = (path.display(), path.to_owned());
        match tokio::task::spawn_blocking(move || Self::read(&path)).await {
            Ok(Ok(Found::Whole(saved))) => return saved,
            Ok(Ok(Found::Absent)) => {}
            Ok(Ok(Found::Damaged(problem))) => {
                warn!(path = %place, "what alert rules had seen is forgotten: {problem}");
            }
            Ok(Err(error)) => {
                warn!(path = %place, %error, "what alert rules had seen is forgotten: it is not readable");
            }
            Err(error) => warn!(path = %place, %error, "what alert rules had seen is forgotten: reading it failed"),
        }
        Self::default()
    }

    /// Replaces the file, durably. Blocking.
    ///
    /// # Errors
    /// The disk refuses; the file is as it was.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        disk::write_durably(path, &FRAME.write(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_changed_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        assert!(matches!(Saved::read(&path).unwrap(), Found::Absent));
        let saved = Saved { last_id: 77, alerts_version: 5, waiting: Vec::new(), evaluator: b"state".to_vec() };
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
