//! Elasticsearch's bulk API: `POST` or `PUT /_bulk` and `/{index}/_bulk`, answered item by item. Fluent Bit has a slash behind it where it
//! names a pipeline, and clients of the versions before 7 a type between.
//!
//! A document is a record, and its index the record's source. There is nothing here to change or to take away: a plain update and a
//! delete are answered as where there is no such document. An `_id` is given back, no more: whoever sends it twice has two records.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use logseal_parsers::push::elastic::{Action, Content, Item, items};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::json;

use super::intake::{Fate, Intake};
use crate::api::body::{on_body, whole};
use crate::api::caller::Caller;
use crate::api::error::{ApiError, Problem};
use crate::api::state::Api;
use crate::ingest::Rejected;

pub(super) const ORIGIN: &str = "http:elastic";
/// The source of documents that name no index, where the path names none either.
pub(super) const SOURCE: &str = "elastic";
/// A request has at most this many items, each of which has an answer of its own.
const ITEMS_MAX: usize = 200_000;
/// Elasticsearch's own clients go on only where every answer has it.
const PRODUCT: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-elastic-product"), HeaderValue::from_static("Elasticsearch"));

#[derive(Serialize)]
struct Answer<'a> {
    took: u64,
    errors: bool,
    items: Vec<ItemAnswer<'a>>,
}

/// `{"index": {…}}`.
struct ItemAnswer<'a> {
    action: Action,
    told: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    _index: &'a str,
    _id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    _version: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    _shards: Option<Shards>,
    #[serde(skip_serializing_if = "Option::is_none")]
    _seq_no: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    _primary_term: Option<u8>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ItemError>,
}

#[derive(Serialize)]
struct Shards {
    total: u8,
    successful: u8,
    failed: u8,
}

#[derive(Serialize)]
struct ItemError {
    r#type: &'static str,
    reason: String,
}

impl Serialize for ItemAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.action.as_str(), &self.told)?;
        map.end()
    }
}

/// An item without the bytes it came from.
struct Noted {
    action: Action,
    index: Arc<str>,
    id: Option<Box<str>>,
    kind: Kind,
}

enum Kind {
    Record,
    Change,
    BadAction(String),
    BadDocument(String),
}

/// Takes the documents of a bulk request.
pub(in crate::api) async fn bulk(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    // The names of indices do not begin so: Beats send what they monitor of themselves to /_xpack/monitoring/_bulk.
    if path.starts_with("/_") && path.trim_end_matches('/') != "/_bulk" {
        return Err(ApiError::no_route(path));
    }
    let default_index = index_of(path);
    let body = whole(&api, &parts.headers, body).await?;
    let mut intake = Intake::new(caller.filing(ORIGIN));
    let (intake, noted) = on_body(body.bytes.clone(), move |body| {
        let noted = take(body, &default_index, &mut intake);
        (intake, noted)
    })
    .await?;
    if noted.len() > ITEMS_MAX {
        return Err(ApiError::too_large(format!("the request has more than {ITEMS_MAX} items; send it in parts")));
    }
    if let Some(refusal) = refuse_whole(&noted) {
        return Ok(refusal);
    }
    let fates = intake.submit(&api).await?;
    // Where nothing at all was stored the request as a whole may come again.
    if let Some(rejected) = rejected_all(&fates) {
        return Err(rejected.into());
    }
    let items = answers(&noted, &fates);
    let errors = items.iter().any(|item| item.told.error.is_some());
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(Answer { took, errors, items }).into_response())
}

/// The index of `/{index}/_bulk` and `/{index}/{type}/_bulk`.
fn index_of(path: &str) -> Arc<str> {
    let before = path.trim_end_matches('/').strip_suffix("/_bulk").unwrap_or_default();
    let index = before.trim_start_matches('/').split('/').next().unwrap_or_default();
    percent_decode_str(index).decode_utf8_lossy().into()
}

/// Hands the records of `body` to `intake`; all items.
fn take(body: &[u8], default_index: &Arc<str>, intake: &mut Intake) -> Vec<Noted> {
    let cx = intake.context();
    let mut noted = Vec::new();
    let mut index = Arc::clone(default_index);
    for Item { action, index: named, id, content } in items(body, &cx).take(ITEMS_MAX + 1) {
        match named.as_deref() {
            // Most requests name one index again and again.
            Some(named) if *named != *index => index = named.into(),
            Some(_) => {}
            None => index = Arc::clone(default_index),
        }
        let kind = match content {
            Content::Record { event, raw } => {
                intake.add(&event, raw, &index, SOURCE);
                Kind::Record
            }
            Content::Change => Kind::Change,
            Content::BadAction(reason) => Kind::BadAction(reason),
            Content::BadDocument(reason) => Kind::BadDocument(reason),
        };
        noted.push(Noted { action, index: Arc::clone(&index), id: id.as_deref().map(Into::into), kind });
    }
    noted
}

/// A body in which nothing says what to do is no bulk request.
fn refuse_whole(noted: &[Noted]) -> Option<Response> {
    let (r#type, reason) = match noted.first() {
        None => ("parse_exception", "request body is required"),
        Some(Noted { kind: Kind::BadAction(reason), .. })
            if noted.iter().all(|item| matches!(item.kind, Kind::BadAction(_))) =>
        {
            ("illegal_argument_exception", reason.as_str())
        }
        Some(_) => return None,
    };
    Some(error(StatusCode::BAD_REQUEST, r#type, reason))
}

fn rejected_all(fates: &[Fate]) -> Option<Rejected> {
    let first = fates.first()?.outcome.err()?;
    fates.iter().all(|fate| fate.outcome.is_err()).then_some(first)
}

fn answers<'n>(noted: &'n [Noted], fates: &[Fate]) -> Vec<ItemAnswer<'n>> {
    let mut record_ids =
        fates.iter().flat_map(|fate| (0..fate.rows as u64).map(|row| fate.outcome.map(|ids| ids.first + row)));
    let answer = |item: &'n Noted| {
        let told = match &item.kind {
            Kind::Record => match record_ids.next() {
                Some(Ok(id)) => kept(item, id),
                Some(Err(rejected)) => failed(item, 429, "es_rejected_execution_exception", rejected.to_string()),
                None => failed(item, 500, "exception", "the record was lost on its way".to_owned()),
            },
            Kind::Change if item.action == Action::Delete => Told { result: Some("not_found"), ..told(item, 404) },
            Kind::Change => {
                failed(item, 404, "document_missing_exception", format!("[{}]: document missing", id_of(item)))
            }
            Kind::BadAction(reason) => failed(item, 400, "illegal_argument_exception", reason.clone()),
            Kind::BadDocument(reason) => failed(item, 400, "document_parsing_exception", reason.clone()),
        };
        ItemAnswer { action: item.action, told }
    };
    noted.iter().map(answer).collect()
}

fn kept(item: &Noted, record_id: u64) -> Told<'_> {
    let given = item.id.as_deref().map(str::to_owned);
    Told {
        _id: given.unwrap_or_else(|| record_id.to_string()),
        _version: Some(1),
        result: Some("created"),
        _shards: Some(Shards { total: 1, successful: 1, failed: 0 }),
        _seq_no: Some(record_id),
        _primary_term: Some(1),
        ..told(item, 201)
    }
}

fn failed<'n>(item: &'n Noted, status: u16, r#type: &'static str, reason: String) -> Told<'n> {
    Told { error: Some(ItemError { r#type, reason }), ..told(item, status) }
}

fn told(item: &Noted, status: u16) -> Told<'_> {
    Told {
        _index: &item.index,
        _id: id_of(item).to_owned(),
        _version: None,
        result: None,
        _shards: None,
        _seq_no: None,
        _primary_term: None,
        status,
        error: None,
    }
}

fn id_of(item: &Noted) -> &str {
    item.id.as_deref().unwrap_or_default()
}

/// An error as Elasticsearch tells it.
pub(super) fn refusal(problem: &Problem) -> Response {
    let status = match problem.status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    let r#type = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "security_exception",
        StatusCode::NOT_FOUND => "resource_not_found_exception",
        StatusCode::PAYLOAD_TOO_LARGE => "content_too_long_exception",
        StatusCode::TOO_MANY_REQUESTS => "es_rejected_execution_exception",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable_shards_exception",
        status if status.is_client_error() => "illegal_argument_exception",
        _ => "exception",
    };
    error(status, r#type, &problem.detail)
}

pub(super) fn error(status: StatusCode, r#type: &str, reason: &str) -> Response {
    let cause = json!({ "type": r#type, "reason": reason });
    let body = json!({
        "error": { "root_cause": [cause], "type": r#type, "reason": reason },
        "status": status.as_u16(),
    });
    (status, Json(body)).into_response()
}

/// Says that this is what Elasticsearch's clients look for.
pub(super) fn sign(headers: &mut HeaderMap) {
    headers.insert(PRODUCT.0, PRODUCT.1);
}
