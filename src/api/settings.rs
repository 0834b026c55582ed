//! `GET` and `PUT /admin/config`, and what the retention that is set would remove.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::body::{check_type, small};
use super::caller::By;
use super::clock::now;
use super::error::{ApiError, FieldFault};
use super::fields::JSON;
use super::params::Params;
use super::state::Api;
use crate::settings::changes::validate;
use crate::store::RetentionPolicy;

/// One member of the list; numbers are taken as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    config_key: String,
    config_value: Value,
}

/// `GET /admin/config`
pub(super) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    Ok(Json(api.settings.describe()).into_response())
}

/// `PUT /admin/config`: all or none; they hold when the answer comes.
pub(super) async fn change(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    check_type(request.headers(), &[JSON], false)?;
    let (parts, body) = request.into_parts();
    let body = small(&api, &parts.headers, body).await?;
    let wanted: Vec<Wanted> = serde_json::from_slice(&body).map_err(|error| {
        ApiError::body(format!("the body must be a list of {{\"config_key\", \"config_value\"}}: {error}"))
    })?;
    let pairs: Vec<_> = wanted.into_iter().map(|wanted| (wanted.config_key, text(wanted.config_value))).collect();
    let changes = validate(&pairs).map_err(|faults| {
        let in_words = |fault: crate::settings::changes::Fault| {
            let detail = format!("{}: {}", fault.key, fault.detail);
            FieldFault::new(fault.key, detail)
        };
        ApiError::parameters(faults.into_iter().map(in_words).collect())
    })?;
    api.settings.change(changes, &by, now()).await?;
    Ok(Json(api.settings.describe()).into_response())
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// `POST /admin/retention/preview`: what the next run would remove; nothing is removed.
pub(super) async fn preview_retention(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let _turn = api.read_turn().await?;
    let policy = RetentionPolicy::from(&*api.settings.watch().current());
    Ok(Json(api.store.plan_retention(&policy, now().date_naive()).await?).into_response())
}
