//! A secret that stands in the configuration.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that is never shown: its `Debug` says only whether there is any.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// The secret itself, for the one who uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What `check-config` shows in its place.
    pub(super) fn hide(&mut self) {
        if !self.is_empty() {
            self.0 = super::NOT_SHOWN.to_owned();
        }
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "(empty)" } else { super::NOT_SHOWN })
    }
}
