//! `GET /logs/tail`: records as they become durable, as server-sent events.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::OwnedSemaphorePermit;

use super::caller::By;
use super::error::{ApiError, FieldFault};
use super::live::Live;
use super::openapi::bodies::EventShape;
use super::openapi::parameters::FilterParameters;
use super::params::Params;
use super::recording;
use super::state::Api;

/// Sent at once, so that a client sees that it is connected; it comes again after two seconds when it is cut off.
const WELCOME: Bytes = Bytes::from_static(b": logseal live tail\nretry: 2000\n\n");

/// Streams the matching records until the client leaves or the daemon stops.
#[utoipa::path(
    get,
    path = "/api/v1/logs/tail",
    tag = "Search",
    operation_id = "tail_logs",
    summary = "Matching records as they come in",
    security(("bearer" = ["auditor", "read"])),
    params(
        FilterParameters,
        ("access_token" = Option<String>, Query, description = "The credentials, where no header can be sent"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Goes on behind this record"),
    ),
    responses((status = 200, description = "Server-sent events `log` and `gap`", body = EventShape, content_type = "text/event-stream"))
)]
pub(super) async fn tail(State(api): State<Api>, by: By, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let selection = params.selection();
    // Read where the caller was: see `access`.
    params.text("access_token");
    params.finish()?;
    let resume_behind = last_event_id(request.headers())?;
    recording::searched(&api, &by, request.uri(), None).await?;
    let place = Place::take(&api)?;
    let live = Live::new(&api, selection.expr, resume_behind);
    let events = stream::unfold((Some(WELCOME), live, place), |(ready, mut live, place)| async move {
        let events = match ready {
            Some(events) => events,
            None => live.next().await?,
        };
        Some((Ok(events), (None, live, place)))
    });
    Ok(event_stream(events))
}

/// An answer of server-sent events that goes on as long as there are any.
pub(super) fn event_stream(events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        // Proxies of nginx's kind would hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(events)).into_response()
}

/// The id that the client saw last.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let wrong =
        || ApiError::parameters(vec![FieldFault::new("Last-Event-ID", "Last-Event-ID must be the id of a record")]);
    id.map(Some).ok_or_else(wrong)
}

/// A place among the open tails, given back and uncounted when the reader leaves.
pub(super) struct Place {
    open: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub(super) fn take(api: &Api) -> Result<Self, ApiError> {
        let permit = api.tail_place()?;
        let open = api.metrics.tails.clone();
        open.inc();
        Ok(Self { open, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}
