//! Which API token a client acts as: what its protocol or its certificate shows of it, and what the listener says of that.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::pass::Pass;
use super::token_book::{Fault, Page, TokenBook};
use crate::auth::rate::RateLimits;
use crate::config::listener::ListenerConfig;

/// The map of one listener.
pub(super) struct Admission {
    mapping: Mapping,
    limits: Arc<RateLimits>,
}

enum Mapping {
    One(Arc<Page>),
    /// By the name of the user.
    Users(BTreeMap<String, Arc<Page>>),
    /// By a name in the certificate, in small letters.
    Certificates(BTreeMap<String, Arc<Page>>),
}

/// What a client has proved of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Of the protocol, where it asks for users.
    pub(super) user: Option<String>,
    /// The names in its certificate.
    pub(super) names: Vec<String>,
}

/// Why a client that has proved who it is may not send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0} is refused: the listener's map has no API token for it")]
    NotMapped(Shown),
    #[error("{shown} is refused: the API token {token:?} {fault}")]
    Token { shown: Shown, token: String, fault: Fault },
}

impl Refusal {
    /// What the client is told, where its protocol can: nothing that it need not know.
    pub(super) fn told(&self) -> &'static str {
        match self {
            Self::NotMapped(_) => "no API token is stated for this client",
            Self::Token { fault: Fault::Unknown, .. } => "the API token of this client does not exist",
            Self::Token { fault: Fault::Expired, .. } => "the API token of this client has expired",
            Self::Token { fault: Fault::LacksIngest, .. } => "the API token of this client lacks the scope ingest",
            Self::Token { fault: Fault::NotLookedUp, .. } => "API tokens cannot be looked up now: try again later",
        }
    }
}

impl Admission {
    /// None where the listener names no token. `book` was opened with this listener.
    pub(super) fn new(config: &ListenerConfig, book: &TokenBook) -> Option<Self> {
        let limits = Arc::clone(&book.limits);
        if let Some(token) = &config.token {
            return Some(Self { mapping: Mapping::One(book.page(token)), limits });
        }
        if config.tokens.is_empty() {
            return None;
        }
        let pages = config.tokens.iter().map(|(name, token)| (name, book.page(token)));
        let mapping = if config.users.is_empty() {
            Mapping::Certificates(pages.map(|(name, page)| (name.to_ascii_lowercase(), page)).collect())
        } else {
            Mapping::Users(pages.map(|(name, page)| (name.clone(), page)).collect())
        };
        Some(Self { mapping, limits })
    }

    /// The pass of a client that has proved to be what is `shown`.
    ///
    /// # Errors
    /// [`Refusal`]
    pub(super) fn admit(&self, shown: &Shown) -> Result<Pass, Refusal> {
        let page = match &self.mapping {
            Mapping::One(page) => Some(page),
            Mapping::Users(pages) => shown.user.as_deref().and_then(|user| pages.get(user)),
            Mapping::Certificates(pages) => {
                shown.names.iter().find_map(|name| pages.get(name.to_ascii_lowercase().as_str()))
            }
        };
        let page = page.ok_or_else(|| Refusal::NotMapped(shown.clone()))?;
        Pass::new(page, &self.limits).map_err(|fault| Refusal::Token {
            shown: shown.clone(),
            token: page.name.clone(),
            fault,
        })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.user, self.names.as_slice()) {
            (Some(user), _) => write!(f, "the user {user:?}"),
            (None, []) => f.write_str("a client without a name"),
            (None, [name]) => write!(f, "the client with the certificate of {name:?}"),
            (None, names) => write!(f, "the client with the certificate of {names:?}"),
        }
    }
}
