//! Faults: alerts that are likely to have one cause.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};

use super::super::error::ApiError;
use super::super::fields::path_id;
use super::super::listed::{Listed, Paging};
use super::super::openapi::parameters::PageParameters;
use super::super::params::Params;
use super::super::state::Api;
use crate::meta::{Fault, FaultHistory, FaultStatus};

/// `GET /faults`
#[utoipa::path(
    get,
    path = "/api/v1/faults",
    tag = "Alerts",
    operation_id = "list_faults",
    summary = "Alerts grouped by host, cluster or time, the last begun first",
    security(("bearer" = ["auditor", "read"])),
    params(PageParameters, ("status" = Option<FaultStatus>, Query, description = "Those that are open, or those that are not")),
    responses((status = 200, description = "A page", body = Listed<Fault>))
)]
pub(in crate::api) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    let status = params.choice("status", &[("open", FaultStatus::Open), ("resolved", FaultStatus::Resolved)]);
    params.finish()?;
    let page = api.accounts.meta.faults(status, paging.page(), paging.size).await?;
    Ok(Json(paging.listed(page.total, page.list)).into_response())
}

/// `GET /faults/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/faults/{id}",
    tag = "Alerts",
    operation_id = "get_fault",
    summary = "A fault with its alerts, hosts, clusters and timeline",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = i64, Path, description = "The fault's id", minimum = 1)),
    responses((status = 200, description = "The fault", body = FaultHistory))
)]
pub(in crate::api) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let fault = api.accounts.meta.fault(path_id(&id)?).await.map_err(ApiError::of_thing("fault", &id))?;
    Ok(Json(fault).into_response())
}
