//! `GET` and `PUT /admin/config`, and what the retention that is set would remove.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{check_type, small};
use super::caller::By;
use super::error::{ApiError, FieldFault};
use super::fields::JSON;
use super::params::Params;
use super::state::Api;
use crate::clock::now;
use crate::settings::changes::{Change, validate};
use crate::settings::describe::SettingInfo;
use crate::store::{RetentionPlan, RetentionPolicy};

/// One member of the list; numbers are taken as they are written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingChange)]
struct Wanted {
    config_key: String,
    config_value: Value,
}

/// `GET /admin/config`
#[utoipa::path(
    get,
    path = "/api/v1/admin/config",
    tag = "Administration",
    operation_id = "list_settings",
    summary = "Settings that may change while the daemon runs",
    security(("bearer" = ["admin"])),
    responses((status = 200, description = "All of them", body = Vec<SettingInfo>))
)]
pub(super) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    Ok(Json(api.settings.describe()).into_response())
}

/// `PUT /admin/config`: all or none; they hold when the answer comes.
#[utoipa::path(
    put,
    path = "/api/v1/admin/config",
    tag = "Administration",
    operation_id = "change_settings",
    summary = "Change settings, all or none",
    security(("bearer" = ["admin"])),
    request_body(content = Vec<Wanted>, example = json!([{"config_key": "retention_days", "config_value": 90}])),
    responses((status = 200, description = "The settings after the change", body = Vec<SettingInfo>))
)]
pub(super) async fn change(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    check_type(request.headers(), &[JSON], false)?;
    let (parts, body) = request.into_parts();
    let body = small(&api, &parts.headers, body).await?;
    api.settings.change(changes(&body)?, &by, now()).await?;
    Ok(Json(api.settings.describe()).into_response())
}

/// The changes that a body asks for.
///
/// # Errors
/// 422, with every change that cannot be made.
fn changes(body: &[u8]) -> Result<Vec<Change>, ApiError> {
    let wanted: Vec<Wanted> = serde_json::from_slice(body).map_err(|error| {
        ApiError::body(format!("the body must be a list of {{\"config_key\", \"config_value\"}}: {error}"))
    })?;
    let pairs: Vec<_> = wanted.into_iter().map(|wanted| (wanted.config_key, text(wanted.config_value))).collect();
    validate(&pairs).map_err(|faults| {
        let in_words = |fault: crate::settings::changes::Fault| {
            let detail = format!("{}: {}", fault.key, fault.detail);
            FieldFault::new(fault.key, detail)
        };
        ApiError::parameters(faults.into_iter().map(in_words).collect())
    })
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// `POST /admin/retention/preview`: what the next run would remove; nothing is removed.
#[utoipa::path(
    post,
    path = "/api/v1/admin/retention/preview",
    tag = "Administration",
    operation_id = "preview_retention",
    summary = "What the next run of the retention would remove",
    security(("bearer" = ["admin"])),
    request_body(content = Option<Vec<Wanted>>, description = "Settings that are not changed yet, as `PUT /admin/config` takes them; none where there is no body"),
    responses((status = 200, description = "Nothing is removed by asking", body = RetentionPlan))
)]
pub(super) async fn preview_retention(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let (parts, body) = request.into_parts();
    let body = small(&api, &parts.headers, body).await?;
    let settings = if body.trim_ascii().is_empty() {
        api.settings.watch().current()
    } else {
        check_type(&parts.headers, &[JSON], false)?;
        Arc::new(api.settings.changed(&changes(&body)?).await?)
    };
    let _turn = api.read_turn().await?;
    let policy = RetentionPolicy::from(&*settings);
    Ok(Json(api.store.plan_retention(&policy, now().date_naive()).await?).into_response())
}
