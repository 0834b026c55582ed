//! Alerts, and what people do about them.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;

use super::super::caller::By;
use super::super::error::ApiError;
use super::super::fields::{Fields, path_id};
use super::super::listed::{Listed, Paging};
use super::super::openapi::bodies;
use super::super::openapi::parameters::PageParameters;
use super::super::params::Params;
use super::super::state::Api;
use super::several;
use crate::clock::now;
use crate::meta::{Alert, AlertFilter, AlertHistory, AlertPatch, AlertStatus, Severity};

const COMMENT_CHARACTERS_MAX: usize = 4000;
pub(super) const SEVERITIES: &str = "info, low, medium, high, critical";
const STATUSES: &str = "new, processing, resolved";

/// `GET /alerts`: the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/alerts",
    tag = "Alerts",
    operation_id = "list_alerts",
    summary = "Alerts, the last raised first",
    security(("bearer" = ["auditor", "read"])),
    params(
        PageParameters,
        ("start_time" = Option<String>, Query, description = "Triggered from this moment on"),
        ("end_time" = Option<String>, Query, description = "Triggered before this moment"),
        ("rule_code" = Option<String>, Query, description = "Of one rule"),
        ("severity" = Option<String>, Query, description = "Severities, separated by commas", example = "high,critical"),
        ("status" = Option<String>, Query, description = "`new`, `processing` or `resolved`, separated by commas", example = "new,processing"),
    ),
    responses((status = 200, description = "A page", body = Listed<Alert>))
)]
pub(in crate::api) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    let span = params.times();
    let rule_code = params.text("rule_code");
    let severity: Vec<Severity> = several(&mut params, "severity", SEVERITIES);
    let status: Vec<AlertStatus> = several(&mut params, "status", STATUSES);
    params.finish()?;
    let filter = AlertFilter {
        start: span.start.and_then(DateTime::from_timestamp_micros),
        end: span.end.and_then(DateTime::from_timestamp_micros),
        rule_code: rule_code.as_deref(),
        severity: &severity,
        status: &status,
    };
    let page = api.accounts.meta.alerts(&filter, paging.page(), paging.size).await?;
    Ok(Json(paging.listed(page.total, page.list)).into_response())
}

/// `GET /alerts/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/alerts/{id}",
    tag = "Alerts",
    operation_id = "get_alert",
    summary = "One alert, with what became of it",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = i64, Path, description = "The alert's id", minimum = 1)),
    responses((status = 200, description = "The alert", body = AlertHistory))
)]
pub(in crate::api) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let history = api.accounts.meta.alert(path_id(&id)?).await.map_err(ApiError::of_thing("alert", &id))?;
    Ok(Json(history).into_response())
}

/// `PATCH /alerts/{id}`: somebody works on it, or has resolved it, or has something to say of it.
#[utoipa::path(
    patch,
    path = "/api/v1/alerts/{id}",
    tag = "Alerts",
    operation_id = "update_alert",
    summary = "Work on an alert, resolve it, comment it",
    security(("bearer" = ["auditor", "admin"])),
    params(("id" = i64, Path, description = "The alert's id", minimum = 1)),
    request_body = bodies::AlertChange,
    responses(
        (status = 200, description = "The alert, with what became of it", body = AlertHistory),
        (status = 409, description = "The way goes forward only: a resolved alert is raised anew by its rule"),
    )
)]
pub(in crate::api) async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let number = path_id(&id)?;
    let mut fields = Fields::of(&api, request).await?;
    let status = fields.parsed("status");
    let comment = fields.text("comment", 0..=COMMENT_CHARACTERS_MAX);
    fields.finish()?;
    let patch = AlertPatch { status, comment: comment.as_deref().filter(|comment| !comment.is_empty()) };
    let meta = &api.accounts.meta;
    meta.patch_alert(number, &patch, &by, now()).await.map_err(ApiError::of_thing("alert", &id))?;
    api.alerts.changed();
    Ok(Json(meta.alert(number).await.map_err(ApiError::of_thing("alert", &id))?).into_response())
}
