//! Who may ask for what. Every route says it; nothing else in the API decides it.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::caller::Caller;
use super::credentials::Credentials;
use super::error::{ApiError, Stranger};
use super::peer::Peer;
use super::standing::Standing;
use super::state::Api;
use crate::auth::rate::{Client, Verdict};
use crate::clock::now;
use crate::meta::{Role, Scope};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Also who is not known: to sign in.
    Anyone,
    /// A person, whatever the role.
    SignedIn,
    /// Who sends records: any person, and tokens with the scope `ingest`.
    Ingest,
    /// Who searches: any person (a `user` among its own records), and tokens with the scope `read` or `admin`.
    Search,
    /// As `Auditor`; the credentials may also come as a parameter, since an `EventSource` sends no header.
    Stream,
    /// Auditors and admins, and tokens with the scope `read` or `admin`.
    Auditor,
    /// Who uploads files: auditors and admins, and tokens with the scope `ingest`.
    Upload,
    /// Auditors and admins, and tokens with the scope `admin`.
    Manage,
    /// Admins, and tokens with the scope `admin`.
    Admin,
}

impl Access {
    /// # Errors
    /// 401 where it takes to be known, 403 where that is not enough.
    pub(super) fn check(self, caller: Option<&Caller>) -> Result<(), ApiError> {
        let caller = match (self, caller) {
            (Self::Anyone, _) => return Ok(()),
            (_, None) => return Err(ApiError::not_authenticated()),
            (_, Some(caller)) => caller,
        };
        let (role_min, scopes): (Role, &[Scope]) = match self {
            Self::Anyone | Self::SignedIn => (Role::User, &[]),
            Self::Ingest => (Role::User, &[Scope::Ingest]),
            Self::Search => (Role::User, &[Scope::Read, Scope::Admin]),
            Self::Stream | Self::Auditor => (Role::Auditor, &[Scope::Read, Scope::Admin]),
            Self::Upload => (Role::Auditor, &[Scope::Ingest]),
            Self::Manage => (Role::Auditor, &[Scope::Admin]),
            Self::Admin => (Role::Admin, &[Scope::Admin]),
        };
        let is_allowed = match caller {
            Caller::Person { role, .. } => *role >= role_min,
            Caller::Program(token) => scopes.iter().any(|scope| token.scopes.contains(*scope)),
        };
        if is_allowed { Ok(()) } else { Err(self.refusal(caller)) }
    }

    fn refusal(self, caller: &Caller) -> ApiError {
        let message = match self {
            Self::Admin => "Admin only",
            Self::Stream | Self::Auditor | Self::Upload | Self::Manage => "Auditor only",
            Self::Anyone | Self::SignedIn | Self::Ingest | Self::Search => "Forbidden",
        };
        let detail = match (self, caller) {
            (Self::Admin, Caller::Person { .. }) => "this takes the role admin",
            (_, Caller::Person { .. }) => "this takes the role auditor or admin",
            (Self::SignedIn, Caller::Program(_)) => "an API token is no person: sign in",
            (Self::Ingest | Self::Upload, Caller::Program(_)) => "this API token lacks the scope ingest",
            (Self::Admin | Self::Manage, Caller::Program(_)) => "this API token lacks the scope admin",
            (_, Caller::Program(_)) => "this API token lacks the scope read",
        };
        ApiError::forbidden(message, detail)
    }
}

/// Lets a request to the handler if its caller may ask, and often enough has not.
pub(super) async fn gate(State((api, access)): State<(Api, Access)>, request: Request, next: Next) -> Response {
    match admit(&api, access, request).await {
        Ok((request, verdict)) => {
            let mut response = next.run(request).await;
            if let Some(verdict) = verdict {
                tell_limit(response.headers_mut(), &verdict);
            }
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn admit(api: &Api, access: Access, mut request: Request) -> Result<(Request, Option<Verdict>), ApiError> {
    let accounts = &api.accounts;
    let credentials = Credentials::of(access, request.headers(), request.uri());
    let caller = match &credentials {
        // A login must not fail for what an earlier session has left.
        Credentials::Shown(shown) if access != Access::Anyone => accounts.caller(shown, access, now()).await?,
        _ => None,
    };
    let client = match &caller {
        Some(Caller::Person { user_id, .. }) => {
            Some((Client::User(*user_id), accounts.config.requests_per_second_per_user))
        }
        Some(Caller::Program(token)) => {
            token.rate_limit.and_then(std::num::NonZeroU32::new).map(|limit| (Client::Token(token.id), limit))
        }
        None => {
            let peer = request.extensions().get::<Peer>().map(|peer| Client::at(peer.0));
            peer.map(|client| (client, accounts.config.requests_per_second_per_address))
        }
    };
    let verdict = client.map(|(client, limit)| accounts.limits.check(client, limit));
    if let Some(verdict) = verdict.filter(|verdict| !verdict.allowed) {
        let detail = format!("more than {} requests a second", verdict.limit);
        return Err(ApiError::too_many(detail, verdict.reset_seconds).limited(verdict));
    }
    access.check(caller.as_ref()).map_err(|error| match &credentials {
        _ if caller.is_some() => error,
        Credentials::Missing => error,
        Credentials::Malformed => ApiError::unknown_caller(Stranger::Unreadable),
        Credentials::Shown(_) => ApiError::unknown_caller(Stranger::Unknown),
    })?;
    if let Some(caller) = caller {
        if access == Access::Stream
            && let Credentials::Shown(shown) = &credentials
            && let Some(holder) = accounts.holder(shown, now())
        {
            request.extensions_mut().insert(Standing { holder, access });
        }
        request.extensions_mut().insert(caller);
    }
    Ok((request, verdict))
}

/// The headers that most APIs and clients use; none of them is a standard yet (draft-ietf-httpapi-ratelimit-headers).
pub(super) fn tell_limit(headers: &mut HeaderMap, verdict: &Verdict) {
    headers.insert("ratelimit-limit", HeaderValue::from(verdict.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(verdict.remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(verdict.reset_seconds));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::meta::TokenAccess;

    fn person(role: Role) -> Caller {
        Caller::Person { session_id: 1, user_id: 1, username: "p".into(), role }
    }

    fn program(scope: Scope) -> Caller {
        let scopes = [scope].into_iter().collect();
        let token =
            TokenAccess { id: 1, name: "t".to_owned(), scopes, source: None, rate_limit: None, expires_at: None };
        Caller::Program(Arc::new(token))
    }

    #[test]
    fn each_access_admits_whom_it_names_and_nobody_else() {
        let callers = [
            person(Role::User),
            person(Role::Auditor),
            person(Role::Admin),
            program(Scope::Ingest),
            program(Scope::Read),
            program(Scope::Admin),
        ];
        let check = |access: Access, nobody: bool, expected: [bool; 6]| {
            assert_eq!(access.check(None).is_ok(), nobody, "{access:?}");
            let allowed: Vec<bool> = callers.iter().map(|caller| access.check(Some(caller)).is_ok()).collect();
            assert_eq!(allowed, expected, "{access:?}");
        };
        check(Access::Anyone, true, [true; 6]);
        check(Access::SignedIn, false, [true, true, true, false, false, false]);
        check(Access::Ingest, false, [true, true, true, true, false, false]);
        check(Access::Search, false, [true, true, true, false, true, true]);
        check(Access::Stream, false, [false, true, true, false, true, true]);
        check(Access::Auditor, false, [false, true, true, false, true, true]);
        check(Access::Upload, false, [false, true, true, true, false, false]);
        check(Access::Manage, false, [false, true, true, false, false, true]);
        check(Access::Admin, false, [false, false, true, false, false, true]);
    }
}
