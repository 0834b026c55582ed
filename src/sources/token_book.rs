//! The API tokens that listeners name: whether each may send now, looked up once a second for all connections together.
//!
//! Connections ask the book, never the database. While that cannot be reached, a token that was good stays so for 15 minutes, as
//! one that is shown over HTTP does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::auth::rate::RateLimits;
use crate::clock::{now, now_micros};
use crate::config::listener::ListenerConfig;
use crate::meta::{Meta, MetaError, Scope, TOKEN_TRUSTED_FOR, TokenAccess};
use crate::telemetry::chain;

/// A revocation ends the token's connections after so long, and the time of a look-up.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The last uses are written down once in so many looks.
const LOOKS_BETWEEN_NOTES: u32 = 10;
/// Of a token that was not used since its last use was written down.
const NOT_USED: i64 = i64::MIN;

/// A page for each token that a listener names. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct TokenBook {
    pages: Arc<BTreeMap<String, Arc<Page>>>,
    meta: Meta,
    /// Shared with the API: a token has one limit, however its holder sends.
    pub(super) limits: Arc<RateLimits>,
}

/// What is known of one token.
pub(super) struct Page {
    pub(super) name: String,
    /// The listeners that name it, for people to read.
    named_by: String,
    pub(super) standing: watch::Sender<Standing>,
    /// In microseconds.
    used_at: AtomicI64,
}

/// Whether a token may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Good { access: Arc<TokenAccess>, looked_up_at: DateTime<Utc> },
    Bad(Fault),
}

/// Why it may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("does not exist")]
    Unknown,
    #[error("has expired")]
    Expired,
    #[error("lacks the scope ingest")]
    LacksIngest,
    #[error("cannot be looked up, since the metadata database cannot be reached")]
    NotLookedUp,
}

impl TokenBook {
    /// Looks up what `listeners` name, and warns of tokens that are not good: they may be made later.
    pub(crate) async fn open(
        listeners: impl Iterator<Item = &ListenerConfig>,
        meta: Meta,
        limits: Arc<RateLimits>,
    ) -> Self {
        let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for listener in listeners {
            let listener_name = format!("{} on {} ({})", listener.protocol, listener.listen(), listener.transport);
            for token in listener.token_names() {
                let by = named.entry(token).or_default();
                if !by.contains(&listener_name) {
                    by.push(listener_name.clone());
                }
            }
        }
        let pages = named.into_iter().map(|(token, by)| (token.to_owned(), Arc::new(Page::new(token, by.join(", ")))));
        let book = Self { pages: Arc::new(pages.collect()), meta, limits };
        book.look(now()).await;
        book
    }

    /// The page of a token that a listener named when the book was opened. Any other lets nobody in.
    pub(super) fn page(&self, token: &str) -> Arc<Page> {
        self.pages.get(token).map_or_else(|| Arc::new(Page::new(token, String::new())), Arc::clone)
    }

    /// Keeps the book until `stop`.
    pub(crate) async fn keep(self, stop: CancellationToken) {
        if self.pages.is_empty() {
            return;
        }
        let kept = async {
            for round in 1u32.. {
                tokio::time::sleep(LOOK_EVERY).await;
                self.look(now()).await;
                if round.is_multiple_of(LOOKS_BETWEEN_NOTES) {
                    self.note_uses().await;
                }
            }
        };
        tokio::select! {
            () = kept => {}
            () = stop.cancelled() => {}
        }
    }

    async fn look(&self, now: DateTime<Utc>) {
        let mut is_away = false;
        for page in self.pages.values() {
            // Each question may take ten seconds: the first that is not answered speaks for the others of this round.
            let found = if is_away { None } else { self.ask(&page.name).await.ok() };
            is_away = found.is_none();
            let standing = match found {
                Some(found) => judge(found, now),
                None => while_away(&page.standing.borrow(), now),
            };
            page.update(standing);
        }
    }

    async fn ask(&self, token: &str) -> Result<Option<TokenAccess>, MetaError> {
        let found = self.meta.token_named(token).await;
        if let Err(error) = &found {
            debug!(error = %chain(error), "an API token that a listener names was not looked up");
        }
        found
    }

    /// What cannot be written is lost: it is bookkeeping.
    async fn note_uses(&self) {
        let mut uses = Vec::new();
        for page in self.pages.values() {
            let used_at = page.used_at.swap(NOT_USED, Ordering::Relaxed);
            if let (Standing::Good { access, .. }, Some(at)) =
                (&*page.standing.borrow(), DateTime::from_timestamp_micros(used_at))
            {
                uses.push((access.id, at));
            }
        }
        if let Err(error) = self.meta.touch_tokens(&uses).await {
            debug!(error = %chain(&error), "noting the last use of the tokens of listeners failed");
        }
    }
}

impl Page {
    fn new(name: &str, named_by: String) -> Self {
        Self {
            name: name.to_owned(),
            named_by,
            standing: watch::Sender::new(Standing::Bad(Fault::NotLookedUp)),
            used_at: AtomicI64::new(NOT_USED),
        }
    }

    /// Notes that it was used now.
    pub(super) fn note_use(&self) {
        self.used_at.store(now_micros(), Ordering::Relaxed);
    }

    /// Wakes its connections where it is not the same token with the same rights any more.
    fn update(&self, standing: Standing) {
        let mut was_good = false;
        let is_news = self.standing.send_if_modified(|old| {
            let is_news = match (&*old, &standing) {
                (Standing::Good { access: old, .. }, Standing::Good { access: new, .. }) => old != new,
                (Standing::Bad(old), Standing::Bad(new)) => old != new,
                _ => true,
            };
            was_good = matches!(old, Standing::Good { .. });
            *old = standing.clone();
            is_news
        });
        match standing {
            _ if !is_news => {}
            Standing::Good { .. } => info!(token.name = self.name, "{self} is good: whoever acts as it is let in"),
            Standing::Bad(fault) if was_good => {
                warn!(token.name = self.name, "{self} {fault}: connections that act as it end, and no more are let in");
            }
            Standing::Bad(fault) => {
                warn!(token.name = self.name, "{self} {fault}: whoever would act as it is refused until it is good");
            }
        }
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the API token {:?}, named by the listener {},", self.name, self.named_by)
    }
}

fn judge(found: Option<TokenAccess>, now: DateTime<Utc>) -> Standing {
    match found {
        None => Standing::Bad(Fault::Unknown),
        Some(access) if access.has_expired(now) => Standing::Bad(Fault::Expired),
        Some(access) if !access.scopes.contains(Scope::Ingest) => Standing::Bad(Fault::LacksIngest),
        Some(access) => Standing::Good { access: Arc::new(access), looked_up_at: now },
    }
}

/// What is to be thought of a token that cannot be looked up.
fn while_away(last: &Standing, now: DateTime<Utc>) -> Standing {
    match last {
        Standing::Good { access, .. } if access.has_expired(now) => Standing::Bad(Fault::Expired),
        Standing::Good { looked_up_at, .. } if now - looked_up_at >= TOKEN_TRUSTED_FOR => {
            Standing::Bad(Fault::NotLookedUp)
        }
        last => last.clone(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn token(scope: Scope, expires_at: Option<DateTime<Utc>>) -> TokenAccess {
        let scopes = [scope].into_iter().collect();
        TokenAccess { id: 7, name: "web".to_owned(), scopes, source: None, rate_limit: None, expires_at }
    }

    #[test]
    fn a_token_is_good_while_it_is_there_has_the_scope_and_has_not_expired() {
        let good = |expires_at| judge(Some(token(Scope::Ingest, expires_at)), at(10));
        assert!(matches!(good(None), Standing::Good { looked_up_at, .. } if looked_up_at == at(10)));
        assert!(matches!(good(Some(at(11))), Standing::Good { .. }));
        assert_eq!(good(Some(at(10))), Standing::Bad(Fault::Expired));
        assert_eq!(judge(Some(token(Scope::Read, None)), at(10)), Standing::Bad(Fault::LacksIngest));
        assert_eq!(judge(None, at(10)), Standing::Bad(Fault::Unknown));
    }

    #[test]
    fn without_the_database_a_good_token_is_trusted_for_a_quarter_of_an_hour_and_a_bad_one_stays_so() {
        let lasting = judge(Some(token(Scope::Ingest, None)), at(0));
        assert_eq!(while_away(&lasting, at(14)), lasting);
        assert_eq!(while_away(&lasting, at(15)), Standing::Bad(Fault::NotLookedUp));
        let ending = judge(Some(token(Scope::Ingest, Some(at(5)))), at(0));
        assert_eq!(while_away(&ending, at(4)), ending);
        assert_eq!(while_away(&ending, at(5)), Standing::Bad(Fault::Expired));
        assert_eq!(while_away(&Standing::Bad(Fault::Unknown), at(1)), Standing::Bad(Fault::Unknown));
    }

    #[test]
    fn connections_are_woken_by_a_change_and_not_by_a_look() {
        let page = Page::new("web", "relp".to_owned());
        page.update(judge(Some(token(Scope::Ingest, None)), at(0)));
        let mut watching = page.standing.subscribe();
        page.update(judge(Some(token(Scope::Ingest, None)), at(1)));
        assert!(!watching.has_changed().unwrap());
        assert!(
            matches!(&*watching.borrow_and_update(), Standing::Good { looked_up_at, .. } if *looked_up_at == at(1))
        );
        // Revoked, and made again with the same name.
        page.update(judge(Some(TokenAccess { id: 8, ..token(Scope::Ingest, None) }), at(2)));
        assert!(watching.has_changed().unwrap());
    }
}
