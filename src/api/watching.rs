//! What all streams of the API share: who watches, from where on, and how it is answered.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseCode, CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt as _};
use futures_util::{Sink, SinkExt as _};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::error::{ApiError, FieldFault};
use super::params::Params;
use super::standing::Standing;
use super::state::Api;

const MESSAGE_BYTES_MAX: usize = 4096;
/// A WebSocket is sent something this often, so that dead connections are found.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Word of the end is not worth a longer wait.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// An answer of server-sent events that goes on as long as there are any, and their reader may have them.
pub(super) fn event_stream(
    api: &Api,
    standing: Standing,
    events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
) -> Response {
    let events = events.take_until(Box::pin(standing.ended(api.clone())));
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

/// Tells a watcher each of `events` until there are no more, it leaves, it may not watch any more, or the daemon stops.
/// `at_the_end` is why there are no more.
pub(super) async fn tell(
    mut socket: WebSocket,
    api: Api,
    standing: Standing,
    events: impl Stream<Item = String> + Send,
    at_the_end: &'static str,
) {
    let write_max = Duration::from_secs(api.config.write_stall_seconds_max);
    let mut events = pin!(events);
    let mut ended = pin!(standing.ended(api.clone()));
    let (code, reason) = loop {
        // All branches are cancel-safe: what they wait for is kept outside of the loop, or is not missed.
        let message = tokio::select! {
            biased;
            () = api.stop.cancelled() => break (close_code::AWAY, "the daemon stops"),
            () = &mut ended => break (close_code::POLICY, "who watches may not do so any more"),
            received = socket.recv() => if has_left(received.as_ref()) { return } else { continue },
            event = events.next() => match event {
                Some(text) => Message::Text(text.into()),
                None => break (close_code::NORMAL, at_the_end),
            },
            () = tokio::time::sleep(HEARTBEAT) => Message::Ping(Bytes::new()),
        };
        match send(&mut socket, message, write_max, &api.stop).await {
            Ok(()) => {}
            Err(Unsent::Stopped) => break (close_code::AWAY, "the daemon stops"),
            Err(Unsent::Gone | Unsent::NotTaken) => return,
        }
    };
    close(&mut socket, code, reason).await;
}

/// Why a message was not sent.
#[derive(Debug, PartialEq, Eq)]
enum Unsent {
    /// The watcher has left.
    Gone,
    /// The watcher takes nothing.
    NotTaken,
    Stopped,
}

/// Waits for a watcher that takes nothing no longer than `write_max`, and not beyond `stop`.
async fn send<S: Sink<Message> + Unpin>(
    socket: &mut S,
    message: Message,
    write_max: Duration,
    stop: &CancellationToken,
) -> Result<(), Unsent> {
    tokio::select! {
        sent = socket.send(message) => sent.map_err(|_| Unsent::Gone),
        () = tokio::time::sleep(write_max) => Err(Unsent::NotTaken),
        () = stop.cancelled() => Err(Unsent::Stopped),
    }
}

/// Says why it ends. A watcher that does not take that is left without.
async fn close<S: Sink<Message> + Unpin>(socket: &mut S, code: CloseCode, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    drop(tokio::time::timeout(CLOSE_MAX, socket.send(Message::Close(Some(frame)))).await);
}

/// Whether a watcher has left. Pings are answered by the library; what else it says means nothing.
fn has_left(received: Option<&Result<Message, axum::Error>>) -> bool {
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

#[cfg(test)]
mod tests {
    use futures_util::sink;

    use super::*;

    /// A socket whose other side reads nothing.
    fn full() -> impl Sink<Message, Error = Infallible> + Unpin {
        Box::pin(sink::unfold((), |(), _: Message| std::future::pending()))
    }

    #[tokio::test]
    async fn a_watcher_that_takes_nothing_is_not_waited_for_beyond_the_deadline_or_the_stop() {
        let (soon, late) = (Duration::from_millis(10), Duration::from_secs(3600));
        let message = || Message::Text("{}".into());
        let stop = CancellationToken::new();
        assert_eq!(send(&mut full(), message(), soon, &stop).await, Err(Unsent::NotTaken));
        assert_eq!(send(&mut Box::pin(sink::drain()), message(), late, &stop).await, Ok(()));
        let mut socket = full();
        let (sent, ()) = tokio::join!(send(&mut socket, message(), late, &stop), async { stop.cancel() });
        assert_eq!(sent, Err(Unsent::Stopped));
        // Whether it is taken or not, this ends.
        close(&mut full(), close_code::AWAY, "the daemon stops").await;
    }
}
