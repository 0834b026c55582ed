//! Counts of the matching records: over time, by level, by the values of a field, by the shape of the message.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::By;
use super::error::{ApiError, FieldFault};
use super::openapi::parameters::{
    FieldName, FieldParameters, FilterParameters, HistogramParameters, PatternParameters,
};
use super::params::{Params, Selection};
use super::recording;
use super::state::Api;
use super::time_buckets::{BUCKETS_MAX, Span};
use crate::store::{Bucket, FacetField, PATTERNS_MAX};

const TOP_DEFAULT: u64 = 10;
const TOP_MAX: u64 = 1000;
const PATTERNS_DEFAULT: u64 = 50;

#[derive(Serialize, ToSchema)]
#[schema(as = FieldValue)]
struct Value {
    value: String,
    count: u64,
}

#[derive(Serialize, ToSchema)]
struct Facet {
    field: String,
    values: Vec<Value>,
}

#[derive(Serialize, ToSchema)]
struct Pattern {
    pattern: String,
    count: u64,
}

/// `GET /logs/facets?field=host`: the commonest values of any field.
#[utoipa::path(
    get,
    path = "/api/v1/logs/facets",
    tag = "Counts",
    operation_id = "list_facets",
    summary = "The commonest values of a field",
    security(("bearer" = ["auditor", "read"])),
    params(
        FilterParameters,
        ("field" = inline(FieldName), Query, description = "A field of a record, or `attributes.NAME`"),
        FieldParameters,
    ),
    responses((status = 200, description = "Values, the commonest first", body = Facet))
)]
pub(super) async fn facets(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let (field, values) = commonest(&api, &by, request.uri()).await?;
    Ok(Json(Facet { field, values }).into_response())
}

/// `GET /stats/top?field=ip`: the same as a plain list.
#[utoipa::path(
    get,
    path = "/api/v1/stats/top",
    tag = "Counts",
    operation_id = "list_top_values",
    summary = "The commonest values of a field, as a plain list",
    security(("bearer" = ["auditor", "read"])),
    params(
        FilterParameters,
        ("field" = inline(FieldName), Query, description = "A field of a record, or `attributes.NAME`"),
        FieldParameters,
    ),
    responses((status = 200, description = "Values, the commonest first", body = Vec<Value>))
)]
pub(super) async fn top(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let (_, values) = commonest(&api, &by, request.uri()).await?;
    Ok(Json(values).into_response())
}

async fn commonest(api: &Api, by: &By, uri: &Uri) -> Result<(String, Vec<Value>), ApiError> {
    let mut params = Params::of(uri);
    let selection = params.selection();
    let limit = params.whole("limit", 1..=TOP_MAX).unwrap_or(TOP_DEFAULT);
    let name = params.text("field");
    let field = name.as_deref().and_then(FacetField::from_name);
    if field.is_none() {
        let detail = "field must be level, source, host, app, user_name, ip, format, parse_error, origin, msg_id or attributes.NAME";
        params.fault("field", detail);
    }
    params.finish()?;
    let (Some(name), Some(field)) = (name, field) else {
        return Err(ApiError::parameters(vec![FieldFault::new("field", "field is required")]));
    };
    let _turn = api.read_turn().await?;
    let values = api.store.top(&selection.expr, &field, limit as u32).await?;
    recording::counted(api, by, uri, sum(&values)).await?;
    Ok((name, values.into_iter().map(|(value, count)| Value { value, count }).collect()))
}

/// `GET /stats/patterns`: messages with their numbers, addresses and ids taken out.
#[utoipa::path(
    get,
    path = "/api/v1/stats/patterns",
    tag = "Counts",
    operation_id = "list_patterns",
    summary = "The commonest shapes of messages",
    security(("bearer" = ["auditor", "read"])),
    params(FilterParameters, PatternParameters),
    responses((status = 200, description = "Messages with their numbers, addresses and ids taken out", body = Vec<Pattern>))
)]
pub(super) async fn patterns(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let selection = params.selection();
    let limit = params.whole("limit", 1..=u64::from(PATTERNS_MAX)).unwrap_or(PATTERNS_DEFAULT);
    params.finish()?;
    let _turn = api.read_turn().await?;
    let found = api.store.patterns(&selection.expr, limit as u32).await?;
    recording::counted(&api, &by, request.uri(), sum(&found)).await?;
    let patterns: Vec<_> = found.into_iter().map(|(pattern, count)| Pattern { pattern, count }).collect();
    Ok(Json(patterns).into_response())
}

/// `GET /stats/logs-by-level`: the levels that occur.
#[utoipa::path(
    get,
    path = "/api/v1/stats/logs-by-level",
    tag = "Counts",
    operation_id = "count_by_level",
    summary = "How many records of each level",
    security(("bearer" = ["auditor", "read"])),
    params(FilterParameters),
    responses((status = 200, description = "The levels that occur", body = BTreeMap<String, u64>))
)]
pub(super) async fn by_level(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let selection = params.selection();
    params.finish()?;
    let _turn = api.read_turn().await?;
    let levels = api.store.top(&selection.expr, &FacetField::Level, logseal_parsers::Level::ALL.len() as u32).await?;
    recording::counted(&api, &by, request.uri(), sum(&levels)).await?;
    Ok(Json(levels.into_iter().collect::<BTreeMap<_, _>>()).into_response())
}

/// `GET /stats/logs-by-time`: a histogram, from `start_time` to `end_time`, or from the first to the last record that matches.
#[utoipa::path(
    get,
    path = "/api/v1/stats/logs-by-time",
    tag = "Counts",
    operation_id = "count_by_time",
    summary = "How many records over time",
    security(("bearer" = ["auditor", "read"])),
    params(FilterParameters, HistogramParameters),
    responses((status = 200, description = "Buckets in UTC, also the empty ones", body = Vec<super::time_buckets::Column>))
)]
pub(super) async fn by_time(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let selection = params.selection();
    let buckets = [("minute", Bucket::Minute), ("hour", Bucket::Hour), ("day", Bucket::Day)];
    let bucket = params.choice("bucket", &buckets).unwrap_or(Bucket::Hour);
    let by_level = params.choice("by", &[("level", true)]).unwrap_or(false);
    params.finish()?;
    let _turn = api.read_turn().await?;
    let Some((first, last)) = extent(&api, &selection).await? else {
        recording::counted(&api, &by, request.uri(), 0).await?;
        return Ok(Json(Vec::<Value>::new()).into_response());
    };
    // Before the query: what cannot be shown need not be counted.
    let span = Span::of(first, last, bucket).ok_or_else(too_many_buckets)?;
    let counted = api.store.by_time(&selection.expr, bucket, by_level).await?;
    recording::counted(&api, &by, request.uri(), counted.iter().map(|(_, _, n)| n).sum()).await?;
    Ok(Json(span.columns(&counted, by_level)).into_response())
}

fn sum(values: &[(String, u64)]) -> u64 {
    values.iter().map(|(_, count)| count).sum()
}

/// The first and the last instant to show; `None` where there is neither a bound nor a record to tell it.
async fn extent(api: &Api, selection: &Selection) -> Result<Option<(i64, i64)>, ApiError> {
    // `end_time` itself is excluded.
    let last_asked = selection.end_time.map(|end| end.saturating_sub(1));
    if let (Some(first), Some(last)) = (selection.start_time, last_asked) {
        return Ok(Some((first, last)));
    }
    let found = api.store.extent(&selection.expr).await?;
    Ok(found.map(|(first, last)| (selection.start_time.unwrap_or(first), last_asked.unwrap_or(last))))
}

fn too_many_buckets() -> ApiError {
    let detail =
        format!("the span has more than {BUCKETS_MAX} buckets: give start_time and end_time, or a wider bucket");
    ApiError::parameters(vec![FieldFault::new("bucket", detail)])
}
