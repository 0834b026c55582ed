//! `POST /logs`: one record or an array of them, each checked strictly.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::{check_type, on_body, whole};
use super::caller::{Caller, Filing};
use super::error::{ApiError, FieldFault};
use super::openapi::bodies::NewRecords;
use super::openapi::parameters::WaitParameter;
use super::params::Params;
use super::record::{self, Record};
use super::searchable::Wait;
use super::state::Api;
use super::submission::{IdSpan, Submission};
use crate::clock::now_micros;
use crate::metrics::{Metrics, OriginLabel};
use crate::record::{Batch, Origin};

/// The origin of records that come one by one or in arrays.
const ORIGIN: &str = "http:logs";
/// How many records of an array become one batch.
const BATCH_ROWS: usize = 32_768;
const BATCH_BYTES: usize = 4 << 20;
/// Bad elements that an answer names; all are counted.
const ERRORS_MAX: usize = 100;

#[derive(Serialize, ToSchema)]
#[schema(as = StoredRecord)]
struct One {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    searchable: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StoredRecords)]
struct Many {
    ids: Option<IdSpan>,
    inserted: u64,
    failed: u64,
    errors: Vec<ElementFault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    searchable: Option<bool>,
}

/// What is said of one record, or of an array.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes JSON, is never made")]
enum Stored {
    One(One),
    Many(Many),
}

/// An element that was refused.
#[derive(Serialize, ToSchema)]
struct ElementFault {
    index: u64,
    detail: String,
}

/// Takes one record, or an array of which the good elements are stored and the bad ones named.
#[utoipa::path(
    post,
    path = "/api/v1/logs",
    tag = "Records in",
    operation_id = "create_logs",
    summary = "Store one record or several",
    security(("bearer" = ["user", "ingest"])),
    params(WaitParameter),
    request_body(content = NewRecords, description = "One record, or an array of records"),
    responses(
        (status = 201, description = "Durable. Of an array, the good records are.", body = Stored),
        (status = 202, description = "Durable, but not found by search within the time that `wait=searchable` gives.", body = Stored),
    )
)]
pub(super) async fn create(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let wait = Wait::of(&mut params);
    params.finish()?;
    check_type(request.headers(), &["application/json"], false)?;
    let (parts, body) = request.into_parts();
    let body = whole(&api, &parts.headers, body).await?;
    let received_at = now_micros();
    let filing = caller.filing(ORIGIN);
    if body.bytes.trim_ascii_start().first() == Some(&b'[') {
        many(&api, body.bytes.clone(), received_at, filing, wait).await
    } else {
        one(&api, &body.bytes, received_at, &filing, wait).await
    }
}

async fn one(api: &Api, body: &[u8], received_at: i64, filing: &Filing, wait: Wait) -> Result<Response, ApiError> {
    let json = text(body)?.trim_ascii();
    if json.is_empty() {
        return Err(ApiError::body("the body is empty: send a JSON object or an array of them"));
    }
    let record = record::read(json).map_err(ApiError::record)?;
    let mut batch = Batch::default();
    push(&mut batch, &record, json, received_at, filing);
    count(&api.metrics, filing, 1, json.len());
    let ids = api.ingest.submit(batch, crate::ingest::WhenFull::Refuse).await?;
    let (status, searchable) = wait.reached(api, Some(ids.last)).await;
    Ok((status, Json(One { id: ids.first, searchable })).into_response())
}

async fn many(api: &Api, body: Bytes, received_at: i64, filing: Filing, wait: Wait) -> Result<Response, ApiError> {
    let bytes = body.len();
    let filing = Arc::new(filing);
    let shared = Arc::clone(&filing);
    let sorted = on_body(body, move |body| Sorted::of(body, received_at, &shared)).await??;
    if sorted.good == 0 && sorted.bad > 0 {
        return Err(ApiError::record(sorted.faults()));
    }
    count(&api.metrics, &filing, sorted.good, bytes);
    let mut submission = Submission::new(&api.ingest);
    let mut refused = None;
    for (batch, through) in sorted.batches {
        refused = submission.add(batch, through).await.err();
        if refused.is_some() {
            break;
        }
    }
    let (durable, failure) = submission.settle().await;
    if let Some(rejected) = refused.or(failure) {
        return Err(ApiError::from(rejected).after_storing(durable.through, "elements"));
    }
    let (status, searchable) = wait.reached(api, durable.ids.map(|ids| ids.last)).await;
    let answer =
        Many { ids: durable.ids, inserted: durable.rows, failed: sorted.bad, errors: sorted.errors, searchable };
    Ok((status, Json(answer)).into_response())
}

fn push(batch: &mut Batch, record: &Record<'_>, json: &str, received_at: i64, filing: &Filing) {
    let raw = record.raw_data.as_ref().map_or(json.as_bytes(), |raw| raw.as_bytes());
    // The sender names the host or there is none: a proxy's address would be a wrong one.
    let source = filing.source.as_deref().unwrap_or(&record.source);
    let origin = Origin { source, origin: &filing.origin, peer: "", received_at };
    batch.push(&record.event, raw, &origin);
}

fn count(metrics: &Metrics, filing: &Filing, records: u64, bytes: usize) {
    let label = OriginLabel { origin: filing.origin.clone() };
    metrics.received.get_or_create(&label).inc_by(records);
    metrics.received_bytes.get_or_create(&label).inc_by(bytes as u64);
}

fn text(body: &[u8]) -> Result<&str, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| ApiError::body(format!("the body is not UTF-8: {error}")))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The elements of an array, the good ones in batches.
#[derive(Default)]
struct Sorted {
    /// Each with the number of elements up to its end.
    batches: Vec<(Batch, u64)>,
    good: u64,
    bad: u64,
    errors: Vec<ElementFault>,
}

impl Sorted {
    /// # Errors
    /// 422 where the body is not a JSON array.
    fn of(body: &[u8], received_at: i64, filing: &Filing) -> Result<Self, ApiError> {
        let mut sorting = Sorting { sorted: Self::default(), open: Batch::default(), seen: 0, received_at, filing };
        let mut json = serde_json::Deserializer::from_str(text(body)?);
        let read = (&mut sorting).deserialize(&mut json).and_then(|()| json.end());
        read.map_err(|error| ApiError::body(format!("the body is not a valid JSON array: {error}")))?;
        sorting.close_batch();
        Ok(sorting.sorted)
    }

    fn faults(self) -> Vec<FieldFault> {
        let in_words = |fault: ElementFault| FieldFault::new(format!("[{}]", fault.index), fault.detail);
        self.errors.into_iter().map(in_words).collect()
    }
}

/// Sorts elements as the JSON parser meets them, so that no list of all of them is needed.
struct Sorting<'f> {
    sorted: Sorted,
    open: Batch,
    seen: u64,
    received_at: i64,
    filing: &'f Filing,
}

impl Sorting<'_> {
    fn element(&mut self, json: &str) {
        match record::read(json) {
            Ok(record) => {
                push(&mut self.open, &record, json, self.received_at, self.filing);
                self.sorted.good += 1;
            }
            Err(faults) => self.refuse(&faults),
        }
        self.seen += 1;
        if self.open.rows() >= BATCH_ROWS || self.open.bytes() >= BATCH_BYTES {
            self.close_batch();
        }
    }

    fn refuse(&mut self, faults: &[FieldFault]) {
        self.sorted.bad += 1;
        if self.sorted.errors.len() < ERRORS_MAX {
            let detail = faults.iter().map(|fault| fault.detail.as_str()).collect::<Vec<_>>().join("; ");
            self.sorted.errors.push(ElementFault { index: self.seen, detail });
        }
    }

    fn close_batch(&mut self) {
        if !self.open.is_empty() {
            self.sorted.batches.push((std::mem::take(&mut self.open), self.seen));
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Sorting<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Sorting<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<(), S::Error> {
        while let Some(element) = elements.next_element::<&RawValue>()? {
            self.element(element.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filing() -> Filing {
        Filing { origin: ORIGIN.to_owned(), source: None }
    }

    const GOOD: &str = r#"{"source":"A","level":"INFO","timestamp":"2026-11-20T10:20:30Z","message":"m"}"#;

    #[test]
    fn good_elements_are_kept_and_bad_ones_named_by_index() {
        let body = format!("[{GOOD}, 5, {GOOD}, {{\"source\":\"A\"}}]");
        let sorted = Sorted::of(body.as_bytes(), 0, &filing()).unwrap();
        assert_eq!((sorted.good, sorted.bad), (2, 2));
        assert_eq!(sorted.errors.iter().map(|e| e.index).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(
            sorted.batches.iter().map(|(batch, through)| (batch.rows(), *through)).collect::<Vec<_>>(),
            [(2, 4)]
        );
    }

    #[test]
    fn an_array_that_breaks_off_is_refused_as_a_whole() {
        for body in [format!("[{GOOD},"), format!("[{GOOD}] x"), "[".to_owned(), format!("[{GOOD} {GOOD}]")] {
            assert!(Sorted::of(body.as_bytes(), 0, &filing()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_long_array_becomes_several_batches() {
        let body = format!("[{}]", vec![GOOD; BATCH_ROWS + 1].join(","));
        let sorted = Sorted::of(body.as_bytes(), 0, &filing()).unwrap();
        assert_eq!(sorted.batches.iter().map(|(batch, _)| batch.rows()).sum::<usize>(), BATCH_ROWS + 1);
        assert!(sorted.batches.len() >= 2);
        assert_eq!(sorted.batches.last().unwrap().1, BATCH_ROWS as u64 + 1);
    }

    #[test]
    fn errors_are_counted_beyond_those_that_are_named() {
        let body = format!("[{}]", vec!["1"; ERRORS_MAX + 50].join(","));
        let sorted = Sorted::of(body.as_bytes(), 0, &filing()).unwrap();
        assert_eq!((sorted.bad, sorted.errors.len()), (ERRORS_MAX as u64 + 50, ERRORS_MAX));
    }
}
