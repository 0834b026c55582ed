//! Rules as a resource: list, read, make, replace, delete.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::caller::By;
use super::super::error::ApiError;
use super::super::listed::{Listed, Paging};
use super::super::openapi::parameters::PageParameters;
use super::super::params::Params;
use super::super::state::Api;
use super::{Shown, Written, rule};
use crate::clock::now;
use crate::meta::{NewRule, RuleChange, RuleFilter, RuleOrigin};
use crate::rules::spec::{Kind, RuleSpec};

/// `GET /rules`
#[utoipa::path(
    get,
    path = "/api/v1/rules",
    tag = "Alerts",
    operation_id = "list_rules",
    summary = "Rules in the order of their codes",
    security(("bearer" = ["auditor", "read"])),
    params(
        PageParameters,
        ("enabled" = Option<bool>, Query, description = "Those that are evaluated, or those that are not"),
        ("origin" = Option<RuleOrigin>, Query, description = "Where they come from"),
        ("kind" = Option<Kind>, Query, description = "What they look for"),
    ),
    responses((status = 200, description = "A page", body = Listed<Shown>))
)]
pub(in crate::api) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    let enabled = params.choice("enabled", &[("true", true), ("false", false)]);
    let origins = [("shipped", RuleOrigin::Shipped), ("user", RuleOrigin::User), ("sigma", RuleOrigin::Sigma)];
    let origin = params.choice("origin", &origins);
    let names = Kind::ALL.into_iter().chain(Kind::OTHER_NAMES);
    let kinds: Vec<(&str, &str)> = names.map(|(name, kind)| (name, kind.name())).collect();
    let kind = params.choice("kind", &kinds);
    params.finish()?;
    let filter = RuleFilter { enabled, origin, kind };
    let page = api.accounts.meta.rules(&filter, paging.page(), paging.size).await?;
    let list: Vec<Shown> = page.list.into_iter().map(Shown::of).collect();
    Ok(Json(paging.listed(page.total, list)).into_response())
}

/// `GET /rules/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/rules/{id}",
    tag = "Alerts",
    operation_id = "get_rule",
    summary = "One rule",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = String, Path, description = "The rule's id or code")),
    responses((status = 200, description = "The rule", body = Shown))
)]
pub(in crate::api) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    Ok(Json(Shown::of(rule(&api, &id).await?)).into_response())
}

/// `POST /rules`: it counts from the next records on.
#[utoipa::path(
    post,
    path = "/api/v1/rules",
    tag = "Alerts",
    operation_id = "create_rule",
    summary = "Make a rule; it is evaluated from the next records on",
    security(("bearer" = ["admin"])),
    request_body = RuleSpec,
    responses((status = 201, description = "The rule", body = Shown), (status = 409, description = "The code is taken"))
)]
pub(in crate::api) async fn create(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let written = Written::read(&api, request).await?;
    let new = NewRule {
        code: &written.spec.code,
        definition: &written.spec.to_json(),
        enabled: written.spec.enabled,
        origin: RuleOrigin::User,
    };
    let rule = api.accounts.meta.create_rule(&new, &by, now()).await?;
    api.alerts.rules_changed();
    Ok((StatusCode::CREATED, Json(Shown::of(rule))).into_response())
}

/// `PUT /rules/{id}`: another rule in its place. Its code stays; with `version`, only where it is still of that version.
#[utoipa::path(
    put,
    path = "/api/v1/rules/{id}",
    tag = "Alerts",
    operation_id = "replace_rule",
    summary = "Change a rule; it is evaluated so from the next records on",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The rule's id or code")),
    request_body = RuleSpec,
    responses(
        (status = 200, description = "The rule", body = Shown),
        (status = 409, description = "It was changed since the `version` that the body states"),
    )
)]
pub(in crate::api) async fn replace(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let before = rule(&api, &id).await?;
    let Written { spec, version, .. } = Written::read(&api, request).await?;
    if spec.code != before.code {
        return Err(ApiError::conflict(format!(
            "the code of rule {} stays as it is: alerts are known by it",
            before.code
        )));
    }
    let mut definition = spec.to_json();
    // Of the stored rule the column counts; a rule that is only turned off is still the one that was shipped.
    if let (Some(fields), Some(stored)) = (definition.as_object_mut(), before.definition.get("enabled")) {
        fields.insert("enabled".to_owned(), stored.clone());
    }
    let change = RuleChange { definition: Some(&definition), enabled: Some(spec.enabled), version };
    let rule = api.accounts.meta.change_rule(before.id, &change, &by, now()).await;
    let rule = rule.map_err(ApiError::of_thing("rule", &id))?;
    api.alerts.rules_changed();
    Ok(Json(Shown::of(rule)).into_response())
}

/// `DELETE /rules/{id}`: its alerts stay.
#[utoipa::path(
    delete,
    path = "/api/v1/rules/{id}",
    tag = "Alerts",
    operation_id = "delete_rule",
    summary = "Delete a rule; its alerts stay",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The rule's id or code")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It comes with the program: disable it instead"),
    )
)]
pub(in crate::api) async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let rule = rule(&api, &id).await?;
    api.accounts.meta.delete_rule(rule.id, &by, now()).await.map_err(ApiError::of_thing("rule", &id))?;
    api.alerts.rules_changed();
    Ok(StatusCode::NO_CONTENT.into_response())
}
