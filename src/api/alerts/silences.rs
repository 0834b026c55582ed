//! Silences: of which alerts nobody is told, and how long.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

use super::super::caller::By;
use super::super::error::ApiError;
use super::super::fields::{Fields, path_id};
use super::super::listed::{Listed, Paging};
use super::super::openapi::bodies;
use super::super::openapi::parameters::PageParameters;
use super::super::params::Params;
use super::super::state::Api;
use crate::clock::now;
use crate::meta::{Matcher, NewSilence, Silence};

const MATCHERS_MAX: usize = 20;
const TEXT_CHARACTERS_MAX: usize = 200;
const COMMENT_CHARACTERS_MAX: usize = 4000;

/// `GET /silences`
#[utoipa::path(
    get,
    path = "/api/v1/silences",
    tag = "Alerts",
    operation_id = "list_silences",
    summary = "Silences, the last to end first",
    security(("bearer" = ["auditor", "read"])),
    params(PageParameters, ("ended" = Option<bool>, Query, description = "`true`: also those that have ended")),
    responses((status = 200, description = "A page", body = Listed<Silence>))
)]
pub(in crate::api) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    let ended = params.flag("ended");
    params.finish()?;
    let silences = api.accounts.meta.silences((!ended).then(now)).await?;
    Ok(Json(paging.cut(silences)).into_response())
}

/// `POST /silences`
#[utoipa::path(
    post,
    path = "/api/v1/silences",
    tag = "Alerts",
    operation_id = "create_silence",
    summary = "Tell nobody of certain alerts for a while; they are raised all the same",
    security(("bearer" = ["admin"])),
    request_body = bodies::NewSilenceForm,
    responses((status = 201, description = "The silence", body = Silence))
)]
pub(in crate::api) async fn create(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let mut fields = Fields::of(&api, request).await?;
    let matchers = matchers(&mut fields);
    let starts_at = fields.parsed("starts_at");
    let ends_at: Option<DateTime<Utc>> = fields.parsed("ends_at");
    let ends_at = fields.required("ends_at", ends_at);
    let starts_at = starts_at.unwrap_or_else(now);
    if ends_at.is_some_and(|ends_at| ends_at <= starts_at) {
        fields.fault("ends_at", "ends_at must be later than starts_at, which is now where it is not given");
    }
    let comment = fields.text("comment", 0..=COMMENT_CHARACTERS_MAX).unwrap_or_default();
    fields.finish()?;
    let ends_at = ends_at.unwrap_or(starts_at);
    let new = NewSilence { matchers: &matchers, starts_at, ends_at, comment: &comment };
    let silence = api.accounts.meta.create_silence(&new, &by, now()).await?;
    Ok((StatusCode::CREATED, Json(silence)).into_response())
}

fn matchers(fields: &mut Fields) -> Vec<Matcher> {
    let Some(value) = fields.json("matchers") else {
        fields.fault("matchers", "matchers is required");
        return Vec::new();
    };
    let fits = |text: &str| (1..=TEXT_CHARACTERS_MAX).contains(&text.chars().count());
    match serde_json::from_value::<Vec<Matcher>>(value) {
        Ok(matchers) if matchers.is_empty() || matchers.len() > MATCHERS_MAX => {
            fields.fault("matchers", format!("matchers must be 1 to {MATCHERS_MAX}"));
            Vec::new()
        }
        Ok(matchers) => {
            if !matchers.iter().all(|matcher| fits(&matcher.field) && fits(&matcher.value)) {
                fields.fault("matchers", format!("field and value must have 1 to {TEXT_CHARACTERS_MAX} characters"));
            }
            matchers
        }
        Err(error) => {
            fields.fault("matchers", format!("matchers must be a list of {{\"field\", \"value\"}}: {error}"));
            Vec::new()
        }
    }
}

/// `DELETE /silences/{id}`: it ends now.
#[utoipa::path(
    delete,
    path = "/api/v1/silences/{id}",
    tag = "Alerts",
    operation_id = "delete_silence",
    summary = "End a silence; what was silenced is not told later",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The silence's id", minimum = 1)),
    responses((status = 204, description = "It is gone"))
)]
pub(in crate::api) async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    api.accounts.meta.delete_silence(path_id(&id)?, &by, now()).await.map_err(ApiError::of_thing("silence", &id))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
