//! Rules tried on what is stored, before they are switched on.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::caller::By;
use super::super::error::ApiError;
use super::super::params::Params;
use super::super::recording;
use super::super::state::Api;
use super::{Written, current_values, refused, rule};
use crate::alerts::{Backtest, BacktestError, Report, compile};
use crate::rules::fault::Fault;
use crate::rules::rule::Rule;
use crate::rules::spec::RuleSpec;
use crate::store::Span;

/// `POST /rules/{id}/backtest`
#[utoipa::path(
    post,
    path = "/api/v1/rules/{id}/backtest",
    tag = "Alerts",
    operation_id = "backtest_rule",
    summary = "What a rule would have raised among the stored records",
    security(("bearer" = ["auditor", "read"])),
    params(
        ("id" = String, Path, description = "The rule's id or code"),
        ("start_time" = Option<String>, Query, description = "The first instant, as for `GET /logs`"),
        ("end_time" = Option<String>, Query, description = "The first instant that is too late"),
    ),
    responses((status = 200, description = "What it would have raised; nothing is", body = Report))
)]
pub(in crate::api) async fn of_stored(
    State(api): State<Api>,
    Path(id): Path<String>,
    by: By,
    request: Request,
) -> Result<Response, ApiError> {
    let span = span(&request)?;
    let mut stored = rule(&api, &id).await?;
    // It is tried whether it is in use or not.
    stored.enabled = true;
    let (code, values) = (stored.code.clone(), current_values(&api));
    let rule = compiled(move || compile(&stored, &values)).await?;
    let report = report(&api, rule, span).await?;
    recording::backtested(&api, &by, request.uri(), json!(code), report.records).await?;
    Ok(Json(report).into_response())
}

/// `POST /rules/backtest`
#[utoipa::path(
    post,
    path = "/api/v1/rules/backtest",
    tag = "Alerts",
    operation_id = "backtest_new_rule",
    summary = "What the rule in the body would have raised among the stored records",
    security(("bearer" = ["auditor", "read"])),
    params(
        ("start_time" = Option<String>, Query, description = "The first instant, as for `GET /logs`"),
        ("end_time" = Option<String>, Query, description = "The first instant that is too late"),
    ),
    request_body = RuleSpec,
    responses((status = 200, description = "What it would have raised; nothing is, and the rule is not kept", body = Report))
)]
pub(in crate::api) async fn of_body(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let span = span(&request)?;
    let uri = request.uri().clone();
    let Written { spec, rule, .. } = Written::adapted(&api, request, |spec| spec.enabled = true).await?;
    let definition = serde_json::to_value(&spec).unwrap_or(Value::Null);
    let report = report(&api, rule, span).await?;
    recording::backtested(&api, &by, &uri, definition, report.records).await?;
    Ok(Json(report).into_response())
}

/// A rule may be as long as a book of Sigma: it is compiled away from those who wait for the network.
async fn compiled(compile: impl FnOnce() -> Result<Rule, Vec<Fault>> + Send + 'static) -> Result<Rule, ApiError> {
    let rule = tokio::task::spawn_blocking(compile).await.map_err(ApiError::internal)?;
    rule.map_err(|faults| refused(&faults))
}

fn span(request: &Request) -> Result<Span, ApiError> {
    let mut params = Params::of(request.uri());
    let span = params.times();
    params.finish()?;
    Ok(span)
}

async fn report(api: &Api, rule: Rule, span: Span) -> Result<Report, ApiError> {
    // It reads as much as an export, and takes the place of one.
    let _turn = api.export_turn().await?;
    let seconds_max = Duration::from_secs(api.query.export_seconds_max.into());
    let backtest = Backtest { rule, span, limits: api.rule_limits, seconds_max };
    backtest.run(&api.store).await.map_err(|error| match error {
        BacktestError::Store(error) => error.into(),
        error @ BacktestError::Deadline(_) => ApiError::unavailable(format!("{error}: narrow the span"), 60),
        error @ BacktestError::Evaluation(_) => ApiError::internal(error),
    })
}
