//! Accounts, for admins.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::account_fields::{chosen_password, email, new_username, nullable_email};
use super::caller::By;
use super::error::ApiError;
use super::fields::{Fields, path_id};
use super::listed::{Listed, Paging};
use super::openapi::bodies;
use super::openapi::parameters::PageParameters;
use super::params::Params;
use super::state::Api;
use crate::clock::now;
use crate::meta::{NewUser, Role, User, UserPatch, UserStatus};

/// `GET /admin/users?q=`: in the order of names, those that have `q` in their name or address.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users",
    tag = "Administration",
    operation_id = "list_users",
    summary = "Accounts in the order of names",
    security(("bearer" = ["admin"])),
    params(PageParameters, ("q" = Option<String>, Query, description = "A part of the name or address")),
    responses((status = 200, description = "A page", body = Listed<User>))
)]
pub(super) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    let q = params.text("q").unwrap_or_default();
    params.finish()?;
    let users = api.accounts.meta.users(paging.page(), paging.size, &q).await?;
    Ok(Json(paging.listed(users.total, users.list)).into_response())
}

/// `POST /admin/users`
#[utoipa::path(
    post,
    path = "/api/v1/admin/users",
    tag = "Administration",
    operation_id = "create_user",
    summary = "Make an account",
    security(("bearer" = ["admin"])),
    request_body = bodies::NewUserForm,
    responses((status = 201, description = "The account", body = User), (status = 409, description = "Name or address is taken"))
)]
pub(super) async fn create(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let accounts = &api.accounts;
    let mut fields = Fields::of(&api, request).await?;
    let username = new_username(&mut fields);
    let password = chosen_password(&mut fields, "password", accounts, &username);
    let password = fields.required("password", password).unwrap_or_default();
    let role = fields.parsed("role");
    let role = fields.required("role", role).unwrap_or(Role::User);
    let email = email(&mut fields);
    fields.finish()?;
    let password_hash = accounts.passwords.hash(password).await?;
    let new = NewUser { username: &username, email: email.as_deref(), password_hash: &password_hash, role };
    let user = accounts.meta.create_user(&new, &by, now()).await?;
    Ok((StatusCode::CREATED, Json(user)).into_response())
}

/// `GET /admin/users/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/admin/users/{id}",
    tag = "Administration",
    operation_id = "get_user",
    summary = "One account",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses((status = 200, description = "The account", body = User))
)]
pub(super) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let id = path_id(&id)?;
    let user = api.accounts.meta.user_by_id(id).await?.ok_or_else(|| ApiError::not_found("user", id))?;
    Ok(Json(user).into_response())
}

/// `PATCH /admin/users/{id}`: what is not sent stays. A new role, status or password ends the user's sessions.
#[utoipa::path(
    patch,
    path = "/api/v1/admin/users/{id}",
    tag = "Administration",
    operation_id = "update_user",
    summary = "Change an account",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    request_body = bodies::UserChanges,
    responses(
        (status = 200, description = "The changed account; a new password, role or status has ended its sessions", body = User),
        (status = 409, description = "The address is taken, or the last active admin would go"),
    )
)]
pub(super) async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let id = path_id(&id)?;
    let accounts = &api.accounts;
    let user = accounts.meta.user_by_id(id).await?.ok_or_else(|| ApiError::not_found("user", id))?;
    let mut fields = Fields::of(&api, request).await?;
    let password = chosen_password(&mut fields, "password", accounts, &user.username);
    let role: Option<Role> = fields.parsed("role");
    let status: Option<UserStatus> = fields.parsed("status");
    let email = nullable_email(&mut fields);
    fields.finish()?;
    let password_hash = match password {
        Some(password) => Some(accounts.passwords.hash(password).await?),
        None => None,
    };
    let patch = UserPatch {
        password_hash: password_hash.as_deref(),
        role,
        status,
        email: email.as_ref().map(|email| email.as_deref()),
    };
    let user = accounts.meta.update_user(id, &patch, &by, now()).await.map_err(ApiError::of_thing("user", id))?;
    accounts.forget_all();
    Ok(Json(user).into_response())
}

/// `DELETE /admin/users/{id}`
#[utoipa::path(
    delete,
    path = "/api/v1/admin/users/{id}",
    tag = "Administration",
    operation_id = "delete_user",
    summary = "Delete an account",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The user's id", minimum = 1)),
    responses((status = 204, description = "It is gone"), (status = 409, description = "It is the last active admin"))
)]
pub(super) async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let id = path_id(&id)?;
    api.accounts.meta.delete_user(id, &by, now()).await.map_err(ApiError::of_thing("user", id))?;
    api.accounts.forget_all();
    Ok(StatusCode::NO_CONTENT)
}
