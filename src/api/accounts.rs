//! What the API knows of people and programs: their credentials, looked up and remembered for a moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::access::Access;
use super::caller::Caller;
use crate::auth::attempt::Attempts;
use crate::auth::jwt::Signer;
use crate::auth::mail::Mailer;
use crate::auth::password::Passwords;
use crate::auth::password_policy::PasswordPolicy;
use crate::auth::rate::RateLimits;
use crate::auth::secret;
use crate::auth::server_secret::ServerSecret;
use crate::config::auth::Auth;
use crate::meta::{Meta, MetaError, Scope, Scopes, TOKEN_TRUSTED_FOR, TokenAccess};

/// What was looked up is believed for so long, so that a log-out, a revocation or a demotion by another daemon holds after a second.
const BELIEVED_FOR: TimeDelta = TimeDelta::seconds(1);
/// Callers that are remembered; beyond it all are looked up anew.
const REMEMBERED_MAX: usize = 10_000;

/// Everything about accounts that the handlers share. Cloning is cheap.
#[derive(Clone)]
pub struct Accounts {
    pub meta: Meta,
    pub signer: Arc<Signer>,
    pub secret: Arc<ServerSecret>,
    pub passwords: Passwords,
    pub policy: Arc<PasswordPolicy>,
    pub limits: Arc<RateLimits>,
    pub attempts: Attempts,
    /// `None` where no mail server is configured.
    pub mailer: Option<Arc<Mailer>>,
    pub config: Arc<Auth>,
    remembered: Arc<Mutex<Remembered>>,
}

/// Whom good credentials are of, for as long as that has to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Session {
        id: i64,
        user_id: i64,
    },
    /// The hash of an API token.
    Token([u8; 32]),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Session(i64),
    Token([u8; 32]),
}

#[derive(Default)]
struct Remembered {
    callers: HashMap<Key, (DateTime<Utc>, Caller)>,
    /// Used since the last look, with the last use.
    tokens_used: HashMap<i64, DateTime<Utc>>,
    sessions_used: HashMap<i64, DateTime<Utc>>,
}

impl Accounts {
    #[must_use]
    pub fn new(meta: Meta, secret: ServerSecret, mailer: Option<Mailer>, config: &Auth) -> Self {
        Self {
            meta,
            signer: Arc::new(Signer::new(&secret)),
            secret: Arc::new(secret),
            passwords: Passwords::new(config.password_hashes_max),
            policy: Arc::new(PasswordPolicy::new()),
            limits: Arc::new(RateLimits::new()),
            attempts: Attempts::default(),
            mailer: mailer.map(Arc::new),
            config: Arc::new(config.clone()),
            remembered: Arc::default(),
        }
    }

    /// Whose `credentials` these are: an API token, or an access token of a live session. `None` where they are not good. Who sends
    /// records is known for a while even where that cannot be looked up.
    pub(super) async fn caller(
        &self,
        credentials: &str,
        access: Access,
        now: DateTime<Utc>,
    ) -> Result<Option<Caller>, MetaError> {
        let Some(holder) = self.holder(credentials, now) else { return Ok(None) };
        match self.current(holder, now).await {
            Err(error @ MetaError::Unavailable(_)) if access == Access::Ingest => {
                self.trusted_to_send(holder, now).map(Some).ok_or(error)
            }
            found => found,
        }
    }

    /// Whom `credentials` name. Whether they are still good is not looked up.
    pub(super) fn holder(&self, credentials: &str, now: DateTime<Utc>) -> Option<Holder> {
        if secret::is_api_token(credentials) {
            return Some(Holder::Token(secret::hash(credentials)));
        }
        let claims = self.signer.verify(credentials, now).ok()?;
        Some(Holder::Session { id: claims.session_id, user_id: claims.user_id })
    }

    /// Who `holder` is now; `None` where it is nobody any more.
    pub(super) async fn current(&self, holder: Holder, now: DateTime<Utc>) -> Result<Option<Caller>, MetaError> {
        match holder {
            Holder::Session { id, user_id } => self.person(id, user_id, now).await,
            Holder::Token(hash) => self.program(hash, now).await,
        }
    }

    async fn program(&self, hash: [u8; 32], now: DateTime<Utc>) -> Result<Option<Caller>, MetaError> {
        let key = Key::Token(hash);
        let known = self.with(|remembered| remembered.callers.get(&key).cloned());
        let found = match known {
            Some((at, caller)) if now - at < BELIEVED_FOR => Some(caller),
            _ => {
                let access = self.meta.token_access(&hash, now).await?;
                self.remember(key, access.map(|access| Caller::Program(Arc::new(access))), now)
            }
        };
        Ok(found.filter(|caller| match caller {
            Caller::Program(token) => {
                self.with(|remembered| remembered.tokens_used.insert(token.id, now));
                !token.has_expired(now)
            }
            Caller::Person { .. } => false,
        }))
    }

    /// A token that was good lately, while it cannot be looked up.
    fn trusted_to_send(&self, holder: Holder, now: DateTime<Utc>) -> Option<Caller> {
        let Holder::Token(hash) = holder else { return None };
        let known = self.with(|remembered| remembered.callers.get(&Key::Token(hash)).cloned());
        let (_, caller) = known.filter(|(at, _)| now - *at < TOKEN_TRUSTED_FOR)?;
        only_sending(&caller, now)
    }

    async fn person(&self, session_id: i64, user_id: i64, now: DateTime<Utc>) -> Result<Option<Caller>, MetaError> {
        let key = Key::Session(session_id);
        let known = self.with(|remembered| {
            remembered.sessions_used.insert(session_id, now);
            remembered.callers.get(&key).cloned()
        });
        if let Some((at, caller)) = known
            && now - at < BELIEVED_FOR
        {
            return Ok(Some(caller));
        }
        let access = self.meta.session_access(session_id, now).await?.filter(|access| access.user_id == user_id);
        let person = access.map(|access| Caller::Person {
            session_id,
            user_id,
            username: access.username.into(),
            role: access.role,
        });
        Ok(self.remember(key, person, now))
    }

    fn remember(&self, key: Key, found: Option<Caller>, now: DateTime<Utc>) -> Option<Caller> {
        self.with(|remembered| {
            if remembered.callers.len() >= REMEMBERED_MAX {
                remembered.callers.clear();
            }
            match &found {
                Some(caller) => drop(remembered.callers.insert(key, (now, caller.clone()))),
                None => drop(remembered.callers.remove(&key)),
            }
        });
        found
    }

    /// Has the next request of this session look it up.
    pub(super) fn forget_session(&self, id: i64) {
        self.with(|remembered| remembered.callers.remove(&Key::Session(id)));
    }

    /// Has every next request look its caller up.
    pub(super) fn forget_all(&self) {
        self.with(|remembered| remembered.callers.clear());
    }

    /// Writes down which tokens and sessions were used since the last call. What cannot be written is lost: it is bookkeeping.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn note_uses(&self) -> Result<(), MetaError> {
        let (tokens, sessions) = self.with(|remembered| {
            (std::mem::take(&mut remembered.tokens_used), std::mem::take(&mut remembered.sessions_used))
        });
        let tokens: Vec<_> = tokens.into_iter().collect();
        if !tokens.is_empty() {
            self.meta.touch_tokens(&tokens).await?;
        }
        for (session, at) in sessions {
            self.meta.touch_session(session, at).await?;
        }
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Remembered) -> T) -> T {
        work(&mut self.remembered.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The same token, good for sending records alone.
fn only_sending(caller: &Caller, now: DateTime<Utc>) -> Option<Caller> {
    let Caller::Program(token) = caller else { return None };
    let scopes: Scopes = [Scope::Ingest].into_iter().collect();
    token.may_send(now).then(|| Caller::Program(Arc::new(TokenAccess { scopes, ..(**token).clone() })))
}
