//! `GET /logs/export`: every matching record as CSV or NDJSON, streamed.
//!
//! The client's pace is the store's: the next records are read when the last ones were taken. If
//! the query fails in the middle, the transfer is aborted, so that a short file is visibly short.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Version;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tracing::warn;

use super::caller::By;
use super::cluster_names::name as name_cluster;
use super::error::ApiError;
use super::export_rows::{Rows, Shape};
use super::openapi::parameters::{ExportParameters, FilterParameters, OrderParameter};
use super::page::order;
use super::params::Params;
use super::recording::ExportRecord;
use super::state::Api;
use super::trace_id::TraceId;
use crate::clock::now_micros;
use crate::meta::{Cluster, MetaError};
use crate::store::{Export, ExportLimits, Order, StoreError};
use crate::telemetry::chain;

/// What is sent at once.
const CHUNK_BYTES: usize = 64 << 10;
/// How many records the export will have, told before the first of them.
const ROWS_HEADER: &str = "x-logseal-rows";

/// Why a transfer is aborted.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the store failed in the middle of an export")]
    Store(#[from] StoreError),
    #[error("the export ran longer than {0:?}")]
    Deadline(Duration),
    #[error("the store gave {given} of {promised} records")]
    Short { given: u64, promised: u64 },
    #[error("write the export's end into the operation log")]
    Record(#[from] MetaError),
    #[error("write the export's rows")]
    Write(#[from] io::Error),
}

/// Streams all records that match.
#[utoipa::path(
    get,
    path = "/api/v1/logs/export",
    tag = "Search",
    operation_id = "export_logs",
    summary = "All matching records as a file",
    security(("bearer" = ["auditor", "read"])),
    params(FilterParameters, OrderParameter, ExportParameters),
    responses((
        status = 200,
        description = "All records that match, however many; a transfer that fails in the middle is aborted",
        content((String = "text/csv"), (String = "application/x-ndjson"), (Vec<u8> = "application/gzip")),
        headers(("X-Logseal-Rows" = u64, description = "How many records it has")),
    ), (status = 505, description = "Asked over HTTP/1.0, where a transfer that fails looks like one that ends"))
)]
pub(super) async fn export(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    if request.version() == Version::HTTP_10 {
        return Err(ApiError::version(
            "an export needs HTTP/1.1: before it, a transfer that fails looks like one that ends",
        ));
    }
    let mut params = Params::of(request.uri());
    let selection = params.selection();
    let order = order(&mut params, Order::OldestFirst);
    let shape = Shape::of(&mut params);
    params.finish()?;
    let trace_id = request.extensions().get::<TraceId>().copied();
    let turn = api.export_turn().await?;
    let export = api.store.export(&selection.expr, order, ExportLimits::default()).await?;
    let rows = export.rows();
    let headers = shape.headers(now_micros());
    let time_max = Duration::from_secs(api.query.export_seconds_max.into());
    let clusters = api.cluster_names.current(&api).await;
    let mut running = Running::new(export, shape, clusters, time_max, turn);
    // A failure before the first byte still gets a proper answer.
    let first = running.chunk().await.map_err(|broken| match broken {
        Broken::Store(error) => ApiError::from(error),
        other => ApiError::internal(other),
    })?;
    let record = ExportRecord::begin(&api, by, request.uri(), rows).await?;
    let chunks =
        stream::try_unfold((Some(first), running, record), move |(ready, mut running, mut record)| async move {
            let chunk = match ready {
                Some(chunk) => chunk,
                None => running.chunk().await.inspect_err(|broken| log_abort(broken, trace_id))?,
            };
            match &chunk {
                Some(bytes) => record.add(bytes, running.given),
                None => {
                    record.complete().await.map_err(Broken::from).inspect_err(|broken| log_abort(broken, trace_id))?
                }
            }
            Ok::<_, Broken>(chunk.map(|chunk| (chunk, (None, running, record))))
        });
    Ok((headers, [(ROWS_HEADER, rows.to_string())], Body::from_stream(chunks)).into_response())
}

fn log_abort(broken: &Broken, trace_id: Option<TraceId>) {
    let trace_id = trace_id.map(|id| id.to_string()).unwrap_or_default();
    warn!(trace_id, error = %chain(broken), "an export was aborted");
}

/// An export on its way out.
struct Running {
    export: Export,
    shape: Shape,
    clusters: Arc<[Cluster]>,
    /// Plain rows that are not sent yet.
    plain: Vec<u8>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    given: u64,
    has_begun: bool,
    has_ended: bool,
    time_max: Duration,
    deadline: Instant,
    _turn: OwnedSemaphorePermit,
}

impl Running {
    fn new(
        export: Export,
        shape: Shape,
        clusters: Arc<[Cluster]>,
        time_max: Duration,
        turn: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            export,
            clusters,
            gzip: shape.is_gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
            shape,
            plain: Vec::new(),
            given: 0,
            has_begun: false,
            has_ended: false,
            time_max,
            deadline: Instant::now() + time_max,
            _turn: turn,
        }
    }

    /// The next bytes of the file; `None` behind the last.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        while !self.has_ended {
            self.fill().await?;
            if let Some(bytes) = self.drain()? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Reads rows until there are enough for a chunk, or no more.
    async fn fill(&mut self) -> Result<(), Broken> {
        let mut rows = Rows::new(&self.shape);
        if !self.has_begun {
            self.has_begun = true;
            rows.put_head(&self.shape)?;
        }
        while !self.has_ended && rows.bytes() < CHUNK_BYTES {
            let next = tokio::time::timeout_at(self.deadline, self.export.next()).await;
            match next.map_err(|_| Broken::Deadline(self.time_max))?? {
                Some(mut row) => {
                    name_cluster(&mut row, &self.clusters);
                    rows.put(&self.shape, &row)?;
                    self.given += 1;
                }
                None => self.has_ended = true,
            }
        }
        let promised = self.export.rows();
        if self.has_ended && self.given < promised {
            // Days may be dropped while an export runs: it must not look complete then.
            return Err(Broken::Short { given: self.given, promised });
        }
        self.plain = rows.into_bytes()?;
        Ok(())
    }

    /// What is ready to be sent: with compression a chunk may not be, yet.
    fn drain(&mut self) -> Result<Option<Bytes>, Broken> {
        let plain = std::mem::take(&mut self.plain);
        let ready = match self.gzip.take() {
            None => plain,
            Some(mut encoder) => {
                encoder.write_all(&plain)?;
                if self.has_ended {
                    encoder.finish()?
                } else {
                    let ready = std::mem::take(encoder.get_mut());
                    self.gzip = Some(encoder);
                    ready
                }
            }
        };
        Ok((!ready.is_empty()).then(|| ready.into()))
    }
}
