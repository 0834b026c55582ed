//! The keys of `[database]`.

use serde::{Deserialize, Serialize};

/// Users, tokens, settings and the operation log.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, or `sqlite:PATH`; empty: a SQLite file in the data folder.
    #[serde(deserialize_with = "super::secret_text::text")]
    pub url: String,
}

impl Database {
    /// The address without the password, for people to read.
    #[must_use]
    pub fn url_shown(&self) -> String {
        const HIDDEN: &str = "(not shown)";
        let Some((scheme, rest)) = self.url.split_once("://") else { return self.url.clone() };
        // A parameter can be a password, too.
        if rest.contains("password") {
            return format!("{scheme}://{HIDDEN}");
        }
        // The last @ ends user and password, whatever characters a password has that should have been escaped.
        match rest.rsplit_once('@') {
            Some((login, host)) => {
                let user = login.split_once(':').map_or(login.to_owned(), |(user, _)| format!("{user}:{HIDDEN}"));
                format!("{scheme}://{user}@{host}")
            }
            None => self.url.clone(),
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("url", &self.url_shown()).finish()
    }
}
