//! What is remembered over a restart, as bytes that are known again.
//!
//! ```text
//! magic 8  version u32  crc32c u32 of all behind it  content (postcard)
//! ```
//! Numbers of the head are little-endian.

use serde::Serialize;
use serde::de::DeserializeOwned;

const HEAD_LEN: usize = 16;

/// By what bytes of one kind are known.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The first bytes.
    pub magic: [u8; 8],
    /// Raised with each change of the content: another version is not read.
    pub version: u32,
}

/// Why bytes cannot be gone on from. In each case it is the way on to start afresh.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// They are of another kind, or were cut or changed.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// Another version of the program wrote them.
    #[error("it is of version {found}, which this program does not read")]
    Version {
        /// Their version.
        found: u32,
    },
}

impl Frame {
    /// `content` as bytes.
    #[must_use]
    pub fn write(&self, content: &impl Serialize) -> Vec<u8> {
        let bytes = postcard::to_extend(content, vec![0; HEAD_LEN]);
        let mut bytes = bytes.expect("lists and numbers in memory can be written");
        let sum = crc32c::crc32c(bytes.get(HEAD_LEN..).unwrap_or_default());
        let head = self.magic.into_iter().chain(self.version.to_le_bytes()).chain(sum.to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(head) {
            *to = from;
        }
        bytes
    }

    /// The content of what [`Frame::write`] gave.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, RestoreError> {
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(RestoreError::Damaged("too short"))?;
        if *magic != self.magic {
            return Err(RestoreError::Damaged("it does not begin as one"));
        }
        let (version, rest) = rest.split_first_chunk::<4>().ok_or(RestoreError::Damaged("too short"))?;
        let found = u32::from_le_bytes(*version);
        if found != self.version {
            return Err(RestoreError::Version { found });
        }
        let (sum, content) = rest.split_first_chunk::<4>().ok_or(RestoreError::Damaged("too short"))?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*sum) {
            return Err(RestoreError::Damaged("its checksum does not fit"));
        }
        postcard::from_bytes(content).map_err(|_| RestoreError::Damaged("its content cannot be read"))
    }
}
