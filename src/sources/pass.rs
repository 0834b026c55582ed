//! What lets a connection send as an API token, for as long as that is good.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::token_book::{Fault, Page, Standing};
use crate::auth::rate::{Client, RateLimits};
use crate::meta::TokenAccess;

/// Cloning is cheap.
#[derive(Clone)]
pub(super) struct Pass {
    access: Arc<TokenAccess>,
    /// `token:NAME`, as of records that the token sends over HTTP.
    origin: Arc<str>,
    page: Arc<Page>,
    limits: Arc<RateLimits>,
}

/// Why a connection that was let in has ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API token {token:?}, as which it was let in, {why}")]
pub(super) struct Ended {
    token: String,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Why {
    #[error("was revoked")]
    Revoked,
    #[error("was revoked, and made again")]
    MadeAgain,
    #[error(transparent)]
    Fault(Fault),
}

impl Pass {
    /// # Errors
    /// Why the token lets nobody in now.
    pub(super) fn new(page: &Arc<Page>, limits: &Arc<RateLimits>) -> Result<Self, Fault> {
        let access = match &*page.standing.borrow() {
            Standing::Good { access, .. } => Arc::clone(access),
            Standing::Bad(fault) => return Err(*fault),
        };
        page.note_use();
        let origin = format!("token:{}", access.name).into();
        Ok(Self { access, origin, page: Arc::clone(page), limits: Arc::clone(limits) })
    }

    /// The source of all that it sends, where the token has one.
    pub(super) fn source(&self) -> Option<&str> {
        self.access.source.as_deref()
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// # Errors
    /// [`Ended`] where the token is not what it was.
    pub(super) fn check(&self) -> Result<(), Ended> {
        let why = self.why_not(&self.page.standing.borrow());
        why.map_or(Ok(()), |why| Err(Ended { token: self.page.name.clone(), why }))
    }

    /// Waits until the token is not what it was.
    pub(super) async fn ended(&self) -> Ended {
        let mut standing = self.page.standing.subscribe();
        loop {
            if let Err(ended) = self.check() {
                return ended;
            }
            if standing.changed().await.is_err() {
                // The page is held here, and with it what changes it.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Counts a batch as a request of the token, and waits until its limit allows that.
    pub(super) async fn count_batch(&self) {
        self.page.note_use();
        let Some(limit) = self.access.rate_limit.and_then(NonZeroU32::new) else { return };
        while let Err(wait) = self.limits.claim(Client::Token(self.access.id), limit) {
            tokio::time::sleep(wait).await;
        }
    }

    fn why_not(&self, standing: &Standing) -> Option<Why> {
        match standing {
            Standing::Good { access, .. } if access.id == self.access.id => None,
            Standing::Good { .. } => Some(Why::MadeAgain),
            Standing::Bad(Fault::Unknown) => Some(Why::Revoked),
            Standing::Bad(fault) => Some(Why::Fault(*fault)),
        }
    }
}

/// Waits until the token of a `pass` is not what it was; without one, for ever.
pub(super) async fn ended(pass: Option<&Pass>) -> Ended {
    match pass {
        Some(pass) => pass.ended().await,
        None => std::future::pending().await,
    }
}
