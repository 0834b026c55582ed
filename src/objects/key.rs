//! The name of an object.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Far below what a file name or S3 (1,024) may have.
const BYTES_MAX: usize = 200;

/// Parts of `a-z`, `0-9` and `-` between slashes: a path that stays in its folder, and needs no escape in an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

/// The text is not a [`Key`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not the key of an object")]
pub struct NotAKey(String);

impl Key {
    /// Of a file that was uploaded: `uploads/<uuid>`.
    #[must_use]
    pub fn upload(id: Uuid) -> Self {
        Self(format!("uploads/{}", id.hyphenated()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let is_allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_allowed);
        if text.len() <= BYTES_MAX && text.split('/').all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAKey(text.chars().take(BYTES_MAX).collect()))
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_in_its_folder() {
        for text in
            ["", "/", "/etc/passwd", "uploads/", "uploads/../meta", "uploads//a", ".incoming/a", "A", "a b", "a\0"]
        {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
        assert!("a".repeat(201).parse::<Key>().is_err());
        let key = Key::upload(Uuid::nil());
        assert_eq!(key.as_str().parse(), Ok(key));
    }
}
