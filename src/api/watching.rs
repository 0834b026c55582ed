//! What all streams of the API share: who watches, from where on, and how it is answered.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::Stream;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::OwnedSemaphorePermit;

use super::error::{ApiError, FieldFault};
use super::params::Params;
use super::state::Api;

const MESSAGE_BYTES_MAX: usize = 4096;

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

/// Behind which id the client goes on; `None` where it begins. `what` has such ids.
///
/// # Errors
/// 422 where the header is none.
pub(super) fn last_event_id<T: TryFrom<u64>>(headers: &HeaderMap, what: &str) -> Result<Option<T>, ApiError> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse::<u64>().ok());
    let wrong = || FieldFault::new("Last-Event-ID", format!("Last-Event-ID must be the id of {what}"));
    id.and_then(|id| id.try_into().ok()).map(Some).ok_or_else(|| ApiError::parameters(vec![wrong()]))
}

/// What a route of a stream takes beside its path: nothing but the credentials, which were read where the caller was (see `access`).
///
/// # Errors
/// 422, with what else was sent.
pub(super) fn no_parameters(request: &Request) -> Result<(), ApiError> {
    let mut params = Params::of(request.uri());
    params.text("access_token");
    params.finish()
}

/// A request that should be one for a WebSocket.
pub(super) type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// For watchers, who have nothing to say.
///
/// # Errors
/// 422 where it is no request for a WebSocket.
pub(super) fn web_socket(upgrade: Upgrade) -> Result<WebSocketUpgrade, ApiError> {
    let upgrade =
        upgrade.map_err(|refused| ApiError::body(format!("a WebSocket is served here: {}", refused.body_text())))?;
    Ok(upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX))
}

/// Whether a watcher has left. Pings are answered by the library; what else it says means nothing.
pub(super) fn has_left(received: Option<&Result<Message, axum::Error>>) -> bool {
    !matches!(received, Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_) | Message::Binary(_))))
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
