//! Tokens of shippers and scripts, for admins.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Datelike as _, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::By;
use super::error::ApiError;
use super::fields::{Fields, path_id};
use super::listed::{Listed, Paging};
use super::openapi::bodies;
use super::openapi::parameters::PageParameters;
use super::params::Params;
use super::record::source_fault;
use super::state::Api;
use crate::auth::secret::{Secret, display_prefix};
use crate::clock::now;
use crate::config::source_name::SOURCE_BYTES_MAX;
use crate::meta::{ApiToken, NewToken, Scope, Scopes};

const NAME_CHARACTERS_MAX: usize = 64;
/// Requests a second; nobody means more.
const RATE_LIMIT_MAX: u64 = 1_000_000;

/// A new token, the only time that its secret is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = NewApiToken)]
struct Made {
    #[serde(flatten)]
    about: ApiToken,
    token: String,
}

/// `GET /admin/tokens`: in the order of names.
#[utoipa::path(
    get,
    path = "/api/v1/admin/tokens",
    tag = "Administration",
    operation_id = "list_tokens",
    summary = "API tokens in the order of names",
    security(("bearer" = ["admin"])),
    params(PageParameters),
    responses((status = 200, description = "A page", body = Listed<ApiToken>))
)]
pub(super) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    params.finish()?;
    Ok(Json(paging.cut(api.accounts.meta.tokens().await?)).into_response())
}

/// `POST /admin/tokens`
#[utoipa::path(
    post,
    path = "/api/v1/admin/tokens",
    tag = "Administration",
    operation_id = "create_token",
    summary = "Make an API token",
    security(("bearer" = ["admin"])),
    request_body = bodies::NewTokenForm,
    responses(
        (status = 201, description = "The token, and its secret, which is not shown again", body = Made),
        (status = 409, description = "The name is taken"),
    )
)]
pub(super) async fn create(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let now = now();
    let mut fields = Fields::of(&api, request).await?;
    let name = fields.required_text("name", 1..=NAME_CHARACTERS_MAX);
    if name.chars().any(char::is_control) || name.trim() != name {
        fields.fault("name", "name must have no control characters, and no spaces around it");
    }
    let scopes = scopes(&mut fields);
    let source = source(&mut fields);
    let rate_limit = fields.whole("rate_limit", 1..=RATE_LIMIT_MAX).and_then(|limit| u32::try_from(limit).ok());
    let expires_at = expires_at(&mut fields, now);
    fields.finish()?;

    let secret = Secret::api_token();
    let new = NewToken {
        name: &name,
        secret_hash: secret.hash(),
        prefix: &display_prefix(&secret),
        scopes,
        source: source.as_deref(),
        rate_limit,
        expires_at,
    };
    let about = api.accounts.meta.create_token(&new, &by, now).await?;
    Ok((StatusCode::CREATED, Json(Made { about, token: secret.expose().to_owned() })).into_response())
}

/// `DELETE /admin/tokens/{id}`: the token is refused from now on.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/tokens/{id}",
    tag = "Administration",
    operation_id = "revoke_token",
    summary = "Revoke an API token",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The token's id", minimum = 1)),
    responses((status = 204, description = "It is refused from now on"))
)]
pub(super) async fn revoke(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let id = path_id(&id)?;
    api.accounts.meta.revoke_token(id, &by, now()).await.map_err(ApiError::of_thing("token", id))?;
    api.accounts.forget_all();
    Ok(StatusCode::NO_CONTENT)
}

fn scopes(fields: &mut Fields) -> Scopes {
    let names = fields.texts("scopes");
    let names = fields.required("scopes", names).unwrap_or_default();
    let read: Result<Vec<Scope>, _> = names.iter().map(|name| name.parse::<Scope>()).collect();
    match read {
        Ok(scopes) if scopes.is_empty() => {
            fields.required::<()>("scopes", None);
            Scopes::default()
        }
        Ok(scopes) => scopes.into_iter().collect(),
        Err(unknown) => {
            fields.fault("scopes", format!("scopes: {unknown}"));
            Scopes::default()
        }
    }
}

fn source(fields: &mut Fields) -> Option<String> {
    let source = fields.text("source", 1..=SOURCE_BYTES_MAX)?;
    if let Some(detail) = source_fault(&source) {
        fields.fault("source", detail);
    }
    Some(source)
}

fn expires_at(fields: &mut Fields, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = fields.text("expires_at", 1..=64)?;
    let time = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc());
    // An offset may lead into a year that no RFC 3339 time has.
    let time = time.filter(|time| time.year() < 10_000);
    match time {
        Some(time) if time > now => Some(time),
        Some(_) => {
            fields.fault("expires_at", "expires_at must lie in the future");
            None
        }
        None => {
            fields.fault("expires_at", "expires_at must be an RFC 3339 time");
            None
        }
    }
}
