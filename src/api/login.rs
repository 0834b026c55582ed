//! Signing in, staying signed in, signing out.

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::account_fields::PASSWORD_TYPED_MAX;
use super::accounts::Accounts;
use super::caller::{By, Caller};
use super::error::ApiError;
use super::fields::Fields;
use super::openapi::bodies;
use super::params::Params;
use super::state::Api;
use crate::auth::secret::{self, Secret};
use crate::auth::throttle::{self, Throttle};
use crate::clock::now;
use crate::meta::{
    Actor, Credentials, EndReason, FailureCount, Failures, MetaError, NewSession, RefreshOutcome, Role, UserStatus,
};

/// What is typed may be a mail address.
const USERNAME_TYPED_MAX: usize = 254;
const REFRESH_TOKEN_CHARACTERS_MAX: usize = 128;
/// What OAuth2 password clients send besides.
const OF_OAUTH2: [&str; 4] = ["grant_type", "scope", "client_id", "client_secret"];

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenPair)]
struct Pair {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    /// In seconds, of the access token.
    expires_in: u64,
    user: Whom,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignedInUser)]
struct Whom {
    id: i64,
    username: String,
    role: Role,
}

/// `POST /auth/login`. An unknown name, a disabled user and a wrong password take the same time and get the same answer.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "Session and account",
    operation_id = "login",
    summary = "Sign in",
    request_body(content(
        (bodies::Login = "application/json"), (bodies::Login = "application/x-www-form-urlencoded")
    )),
    responses((status = 200, description = "A session", body = Pair), (status = 401, description = "Name or password is wrong"))
)]
pub(super) async fn login(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let mut fields = Fields::of_form_too(&api, request, &OF_OAUTH2).await?;
    let username = fields.required_text("username", 1..=USERNAME_TYPED_MAX);
    let password = fields.required_text("password", 0..=PASSWORD_TYPED_MAX);
    fields.finish()?;

    let accounts = &api.accounts;
    let found = accounts.meta.credentials_by_username(&username).await?;
    let known = found.filter(|found| found.user.status == UserStatus::Active);
    let is_right = checked_password(accounts, &username, password, known.as_ref(), &by).await?;
    let Some(Credentials { user, .. }) = known.filter(|_| is_right) else { return Err(ApiError::wrong_credentials()) };

    let now = now();
    accounts.meta.clear_failures(&username).await?;
    let refresh = Secret::refresh_token();
    let new = NewSession {
        user_id: user.id,
        refresh_hash: refresh.hash(),
        refresh_expires_at: refresh_expires_at(accounts, now),
    };
    let session = accounts.meta.open_session(&new, &by, now).await.map_err(|error| match error {
        // Disabled or deleted a moment ago.
        MetaError::NotFound => ApiError::wrong_credentials(),
        error => error.into(),
    })?;
    let whom = Whom { id: user.id, username: user.username, role: user.role };
    Ok(pair(accounts, session.id, whom, &refresh, now))
}

/// `POST /auth/refresh`: a new pair for a refresh token, which is spent by it.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "Session and account",
    operation_id = "refresh",
    summary = "Exchange a refresh token",
    request_body = bodies::Refresh,
    responses((status = 200, description = "A new pair; the old refresh token is spent", body = Pair), (status = 401, description = "It is not good"))
)]
pub(super) async fn refresh(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let mut fields = Fields::of(&api, request).await?;
    let token = fields.required_text("refresh_token", 1..=REFRESH_TOKEN_CHARACTERS_MAX);
    fields.finish()?;
    if !secret::is_refresh_token(&token) {
        return Err(ApiError::not_authenticated());
    }
    let (accounts, now) = (&api.accounts, now());
    let (old, new) = (secret::hash(&token), Secret::refresh_token());
    let expires_at = refresh_expires_at(accounts, now);
    match accounts.meta.rotate_refresh(&old, &new.hash(), expires_at, &by, now).await? {
        RefreshOutcome::Rotated(access) => {
            let whom = Whom { id: access.user_id, username: access.username, role: access.role };
            Ok(pair(accounts, access.session_id, whom, &new, now))
        }
        RefreshOutcome::Reused { session_id, user_id } => {
            tracing::warn!(session_id, user_id, "a spent refresh token came back: its session has ended");
            accounts.forget_session(session_id);
            Err(ApiError::not_authenticated())
        }
        RefreshOutcome::Unknown | RefreshOutcome::Expired => Err(ApiError::not_authenticated()),
    }
}

/// `POST /auth/logout`: the tokens of this session are refused from now on.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "Session and account",
    operation_id = "logout",
    summary = "Sign out",
    security(("bearer" = ["user"])),
    responses((status = 204, description = "The session's tokens are refused from now on"))
)]
pub(super) async fn logout(
    State(api): State<Api>,
    caller: Caller,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let Caller::Person { session_id, .. } = caller else { return Err(ApiError::not_authenticated()) };
    api.accounts.meta.end_session(session_id, EndReason::Logout, &by, now()).await?;
    api.accounts.forget_session(session_id);
    Ok(StatusCode::NO_CONTENT)
}

/// Whether `password` is that of `known`, who typed `username`. A wrong one counts as a failed login.
///
/// # Errors
/// 429 where so many failures came before that no try is allowed, or while another try for this name is under way: such a try is
/// not told whether it was right, and does not count.
pub(super) async fn checked_password(
    accounts: &Accounts,
    username: &str,
    password: String,
    known: Option<&Credentials>,
    by: &Actor,
) -> Result<bool, ApiError> {
    let attempt = accounts.attempts.begin(username);
    let _attempt = attempt.ok_or_else(|| ApiError::too_many("another login of this user is under way", 1))?;
    allow(accounts, username, by).await?;
    let hash = known.map(|known| known.password_hash.clone());
    let is_right = accounts.passwords.verify(password, hash).await?;
    if !is_right {
        accounts.meta.record_login_failure(username, by, now()).await?;
    }
    Ok(is_right)
}

async fn allow(accounts: &Accounts, username: &str, by: &Actor) -> Result<(), ApiError> {
    let now = now();
    let failures = accounts.meta.failures_since(username, by.ip, now - throttle::WINDOW).await?;
    let decided = decide(&failures, now);
    let seconds = u32::try_from(decided.seconds(now)).unwrap_or(u32::MAX);
    match decided {
        Throttle::Allowed => Ok(()),
        Throttle::WaitUntil(_) => Err(ApiError::too_many("a login failed a moment ago", seconds)),
        Throttle::LockedUntil(_) => Err(ApiError::too_many("too many logins failed", seconds)),
    }
}

/// Of the failures only their number and the last are known, which is what decides. When a lock-out ends depends on the others, too: its
/// end is told as late as it can be.
fn decide(failures: &Failures, now: DateTime<Utc>) -> Throttle {
    let times = |counted: &FailureCount| {
        let count = usize::try_from(counted.count).unwrap_or(usize::MAX).min(throttle::FAILURES_MAX);
        counted.latest.map(|latest| vec![latest; count]).unwrap_or_default()
    };
    throttle::decide(&times(&failures.of_user), &times(&failures.of_address), now)
}

fn pair(accounts: &Accounts, session_id: i64, user: Whom, refresh: &Secret, now: DateTime<Utc>) -> Response {
    let lifetime = Duration::from_secs(60 * u64::from(accounts.config.access_token_minutes.get()));
    let pair = Pair {
        access_token: accounts.signer.issue(user.id, session_id, now, lifetime),
        refresh_token: refresh.expose().to_owned(),
        token_type: "bearer",
        expires_in: lifetime.as_secs(),
        user,
    };
    Json(pair).into_response()
}

fn refresh_expires_at(accounts: &Accounts, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::days(i64::from(accounts.config.refresh_token_days.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_decides_as_its_failures_would() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let check = |of_user: u64, of_address: u64, expected: Throttle| {
            let counted = |count| FailureCount { count, latest: (count > 0).then_some(now) };
            let failures = Failures { of_user: counted(of_user), of_address: counted(of_address) };
            assert_eq!(decide(&failures, now), expected, "{of_user} {of_address}");
        };
        check(0, 0, Throttle::Allowed);
        check(2, 29, Throttle::Allowed);
        check(3, 0, Throttle::WaitUntil(now + TimeDelta::seconds(1)));
        check(9, 0, Throttle::WaitUntil(now + TimeDelta::seconds(64)));
        check(10, 0, Throttle::LockedUntil(now + throttle::WINDOW));
        check(0, 40, Throttle::WaitUntil(now + TimeDelta::seconds(2)));
        check(0, u64::MAX, Throttle::LockedUntil(now + throttle::WINDOW));
    }
}
