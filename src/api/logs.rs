//! `GET /logs`, one record, and its neighbours.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::{By, Caller};
use super::cluster_names::name as name_cluster;
use super::error::{ApiError, FieldFault};
use super::openapi::bodies::RecordShape;
use super::openapi::parameters::{
    CursorParameter, FilterParameters, NeighbourParameters, OrderParameter, PageParameters, TotalParameter,
};
use super::page::Asked;
use super::params::Params;
use super::recording;
use super::searchable::wait_for_acknowledged;
use super::state::Api;
use crate::clock::now_micros;
use crate::record::LogRow;
use crate::store::Cursor;

/// Neighbours on one side of a record.
const CONTEXT_DEFAULT: u64 = 20;
const CONTEXT_MAX: u64 = 500;

#[derive(Serialize, ToSchema)]
#[schema(as = RecordList)]
struct List {
    /// Null with `total=false`.
    total: Option<u64>,
    #[schema(value_type = Vec<RecordShape>)]
    list: Vec<LogRow<'static>>,
    /// Null where a cursor was given.
    page: Option<u64>,
    size: u64,
    /// Null on the last page.
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecordWithLinks)]
struct Single {
    #[serde(flatten)]
    #[schema(value_type = RecordShape)]
    record: LogRow<'static>,
    links: Links,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecordLinks)]
struct Links {
    #[serde(rename = "self")]
    this: String,
    context: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecordContext)]
struct Context {
    #[schema(value_type = Vec<RecordShape>)]
    before: Vec<LogRow<'static>>,
    #[schema(value_type = RecordShape)]
    record: LogRow<'static>,
    #[schema(value_type = Vec<RecordShape>)]
    after: Vec<LogRow<'static>>,
}

/// Whether it is wanted how many records match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Counted,
    LeftOut,
    Only,
}

/// A page of the records that match.
#[utoipa::path(
    get,
    path = "/api/v1/logs",
    tag = "Search",
    operation_id = "list_logs",
    summary = "Search records",
    security(("bearer" = ["user", "read"])),
    params(FilterParameters, PageParameters, CursorParameter, OrderParameter, TotalParameter),
    responses((status = 200, description = "A page; a plain user sees its own records only", body = List))
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    by: By,
    request: Request,
) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let mut selection = params.selection();
    let asked = Asked::of(&mut params);
    let totals = [("true", Total::Counted), ("false", Total::LeftOut), ("only", Total::Only)];
    let total = params.choice("total", &totals).unwrap_or(Total::Counted);
    params.finish()?;
    selection.expr = caller.visible(selection.expr);
    let _turn = api.read_turn().await?;
    let (filter, page) = (&selection.expr, asked.for_store());
    let (total, mut list) = match total {
        Total::Counted => {
            let (total, list) = api.store.page(filter, page, now_micros()).await?;
            (Some(total), list)
        }
        Total::LeftOut => (None, api.store.page_alone(filter, page, now_micros()).await?),
        Total::Only => (Some(api.store.count(filter).await?), Vec::new()),
    };
    recording::searched(&api, &by, request.uri(), total).await?;
    let is_last = list.len() as u64 <= asked.size;
    list.truncate(usize::try_from(asked.size).unwrap_or(usize::MAX));
    let clusters = api.cluster_names.current(&api).await;
    list.iter_mut().for_each(|row| name_cluster(row, &clusters));
    let last = list.last().filter(|_| !is_last).map(|row| Cursor { timestamp: row.timestamp, id: row.id });
    let next_cursor = last.map(|last| asked.next_cursor(last));
    Ok(Json(List { total, list, page: asked.page, size: asked.size, next_cursor }).into_response())
}

/// One record, whole.
#[utoipa::path(
    get,
    path = "/api/v1/logs/{id}",
    tag = "Search",
    operation_id = "get_log",
    summary = "One record",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = u64, Path, description = "The record's id")),
    responses((status = 200, description = "The record, whole", body = Single))
)]
pub(super) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    by: By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let id = number(&id)?;
    wait_for_acknowledged(&api, id).await?;
    let _turn = api.read_turn().await?;
    let mut record = api.store.by_id(id).await?.ok_or_else(|| ApiError::not_found("log", id))?;
    name_cluster(&mut record, &api.cluster_names.current(&api).await);
    recording::searched(&api, &by, request.uri(), Some(1)).await?;
    let this = format!("/api/v1/logs/{id}");
    let context = format!("{this}/context?before={CONTEXT_DEFAULT}&after={CONTEXT_DEFAULT}");
    Ok(Json(Single { record, links: Links { this, context } }).into_response())
}

/// A record with its neighbours of the same source, host and app, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/logs/{id}/context",
    tag = "Search",
    operation_id = "get_log_context",
    summary = "The neighbours of a record",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = u64, Path, description = "The record's id"), NeighbourParameters),
    responses((status = 200, description = "Neighbours in time of the same source, host and app, oldest first", body = Context))
)]
pub(super) async fn context(
    State(api): State<Api>,
    Path(id): Path<String>,
    by: By,
    request: Request,
) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let mut side = |name| params.whole(name, 0..=CONTEXT_MAX).unwrap_or(CONTEXT_DEFAULT) as u32;
    let (before, after) = (side("before"), side("after"));
    params.finish()?;
    let id = number(&id)?;
    wait_for_acknowledged(&api, id).await?;
    let _turn = api.read_turn().await?;
    let mut record = api.store.by_id(id).await?.ok_or_else(|| ApiError::not_found("log", id))?;
    let (mut before, mut after) = api.store.context(&record, before, after).await?;
    let clusters = api.cluster_names.current(&api).await;
    for row in before.iter_mut().chain(&mut after).chain([&mut record]) {
        name_cluster(row, &clusters);
    }
    let found = before.len() + after.len() + 1;
    recording::searched(&api, &by, request.uri(), Some(found as u64)).await?;
    Ok(Json(Context { before, record, after }).into_response())
}

fn number(id: &str) -> Result<u64, ApiError> {
    let wrong = || ApiError::parameters(vec![FieldFault::new("id", "id must be a whole number")]);
    id.parse().map_err(|_| wrong())
}
