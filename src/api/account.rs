//! A person's own account: who am I, my password, where I am signed in.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::account_fields::{PASSWORD_TYPED_MAX, chosen_password};
use super::caller::{By, Caller};
use super::error::{ApiError, FieldFault};
use super::fields::{Fields, path_id};
use super::listed::{Listed, Paging};
use super::login::checked_password;
use super::openapi::bodies::PasswordChange;
use super::openapi::parameters::PageParameters;
use super::params::Params;
use super::state::Api;
use crate::clock::now;
use crate::meta::{MetaError, Session, User};

#[derive(Serialize, ToSchema)]
#[schema(as = OwnSession)]
struct Own {
    #[serde(flatten)]
    session: Session,
    /// Whether it is the one that asks.
    current: bool,
}

/// `GET /auth/me`
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "Session and account",
    operation_id = "get_me",
    summary = "Who am I",
    security(("bearer" = ["user"])),
    responses((status = 200, description = "The own account", body = User))
)]
pub(super) async fn me(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let person = Person::of(&caller)?;
    // Who was deleted within the last second has no session any more.
    let user = api.accounts.meta.user_by_id(person.id).await?.ok_or_else(ApiError::not_authenticated)?;
    Ok(Json(user).into_response())
}

/// `POST /auth/password`: sets a new password, and ends all other sessions.
#[utoipa::path(
    post,
    path = "/api/v1/auth/password",
    tag = "Session and account",
    operation_id = "change_password",
    summary = "Change the own password",
    security(("bearer" = ["user"])),
    request_body = PasswordChange,
    responses((status = 204, description = "Changed; the other sessions have ended"))
)]
pub(super) async fn change_password(
    State(api): State<Api>,
    caller: Caller,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let person = Person::of(&caller)?;
    let accounts = &api.accounts;
    let mut fields = Fields::of(&api, request).await?;
    let old = fields.required_text("old_password", 0..=PASSWORD_TYPED_MAX);
    let new = chosen_password(&mut fields, "new_password", accounts, person.username);
    let new = fields.required("new_password", new).unwrap_or_default();
    if !new.is_empty() && new == old {
        fields.fault("new_password", "new_password must differ from old_password");
    }
    fields.finish()?;

    let known = accounts.meta.credentials_by_id(person.id).await?;
    if !checked_password(accounts, person.username, old, known.as_ref(), &by).await? {
        return Err(ApiError::parameters(vec![FieldFault::new("old_password", "old_password is wrong")]));
    }
    let hash = accounts.passwords.hash(new).await?;
    accounts.meta.set_password(person.id, &hash, Some(person.session_id), &by, now()).await?;
    accounts.forget_all();
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /auth/sessions`
#[utoipa::path(
    get,
    path = "/api/v1/auth/sessions",
    tag = "Session and account",
    operation_id = "list_sessions",
    summary = "Where I am signed in",
    security(("bearer" = ["user"])),
    params(PageParameters),
    responses((status = 200, description = "The own live sessions", body = Listed<Own>))
)]
pub(super) async fn sessions(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    params.finish()?;
    let person = Person::of(&caller)?;
    let sessions = api.accounts.meta.sessions_of(person.id, now()).await?;
    let own = sessions.into_iter().map(|session| Own { current: session.id == person.session_id, session });
    Ok(Json(paging.cut(own.collect())).into_response())
}

/// `DELETE /auth/sessions/{id}`
#[utoipa::path(
    delete,
    path = "/api/v1/auth/sessions/{id}",
    tag = "Session and account",
    operation_id = "end_session",
    summary = "End one of the own sessions",
    security(("bearer" = ["user"])),
    params(("id" = i64, Path, description = "The session's id", minimum = 1)),
    responses((status = 204, description = "It has ended"))
)]
pub(super) async fn end_session(
    State(api): State<Api>,
    Path(id): Path<String>,
    caller: Caller,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let (person, id) = (Person::of(&caller)?, path_id(&id)?);
    match api.accounts.meta.end_session_of(person.id, id, &by, now()).await {
        Ok(()) => {
            api.accounts.forget_session(id);
            Ok(StatusCode::NO_CONTENT)
        }
        Err(MetaError::NotFound) => Err(ApiError::not_found("session", id)),
        Err(error) => Err(error.into()),
    }
}

/// Who asks, where it is no program.
struct Person<'a> {
    id: i64,
    session_id: i64,
    username: &'a str,
}

impl<'a> Person<'a> {
    fn of(caller: &'a Caller) -> Result<Self, ApiError> {
        match caller {
            Caller::Person { session_id, user_id, username, .. } => {
                Ok(Self { id: *user_id, session_id: *session_id, username })
            }
            Caller::Program(_) => Err(ApiError::forbidden("Forbidden", "an API token is no person: sign in")),
        }
    }
}
