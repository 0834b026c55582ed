//! One line of the log for a request, written when the last byte of its answer is on its way.
//!
//! Without `api.request_log` only answers of 5xx get one, and of those that say "not now" (503), which may be as many as
//! there are requests, a few a second; the next line tells how many were left out.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use hyper::body::{Body as _, Frame, SizeHint};
use tracing::info;

use super::peer::Peer;
use super::trace_id::TraceId;

const TARGET: &str = "logseal::request";
/// How many answers of 503 get a line in each [`WINDOW`].
const UNAVAILABLE_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);
/// What a line shows of a path.
const PATH_BYTES_MAX: usize = 256;

/// Which requests get a line.
pub(super) struct RequestLog {
    all: bool,
    unavailable: Mutex<Window>,
}

/// What has been written lately.
struct Window {
    began: Instant,
    written: u32,
    left_out: u64,
}

/// A request that is under way. Dropping it writes its line, where it is to have one.
pub(super) struct Line {
    log: Arc<RequestLog>,
    method: Method,
    uri: Uri,
    peer: Option<IpAddr>,
    trace_id: TraceId,
    began: Instant,
    /// `None`: the client left before there was an answer.
    status: Option<StatusCode>,
    bytes: u64,
    is_whole: bool,
}

impl RequestLog {
    pub(super) fn new(all: bool, now: Instant) -> Self {
        Self { all, unavailable: Mutex::new(Window { began: now, written: 0, left_out: 0 }) }
    }

    /// How many lines were left out before this one; `None` where this one is to be, too.
    fn left_out_before(&self, status: Option<StatusCode>, now: Instant) -> Option<u64> {
        if self.all || status != Some(StatusCode::SERVICE_UNAVAILABLE) {
            return Some(0);
        }
        let mut window = self.unavailable.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(window.began) >= WINDOW {
            (window.began, window.written) = (now, 0);
        }
        if window.written == UNAVAILABLE_MAX {
            window.left_out += 1;
            return None;
        }
        window.written += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

impl Line {
    pub(super) fn new(
        log: &Arc<RequestLog>,
        method: &Method,
        uri: &Uri,
        peer: Option<Peer>,
        trace_id: TraceId,
        now: Instant,
    ) -> Self {
        Self {
            log: Arc::clone(log),
            method: method.clone(),
            uri: uri.clone(),
            peer: peer.map(|Peer(address)| address),
            trace_id,
            began: now,
            status: None,
            bytes: 0,
            is_whole: false,
        }
    }

    /// Has the line written at the end of the body of `response`, where it is to be written at all.
    pub(super) fn follow(mut self, response: Response) -> Response {
        self.status = Some(response.status());
        if !self.is_wanted() {
            return response;
        }
        response.map(|body| Body::new(Followed { body, line: self }))
    }

    fn is_wanted(&self) -> bool {
        self.log.all || self.status.is_some_and(|status| status.is_server_error())
    }

    fn write(&self) {
        let now = Instant::now();
        let Some(left_out) = self.log.left_out_before(self.status, now) else { return };
        let duration = now.duration_since(self.began);
        // Without the query, which may hold what is looked for, or a token.
        let path = self.uri.path().get(..PATH_BYTES_MAX).unwrap_or(self.uri.path());
        let outcome = match (self.status, self.is_whole) {
            (None, _) => "a client left before its answer",
            (Some(_), false) => "an answer was cut off",
            (Some(_), true) => "a request was answered",
        };
        info!(
            target: TARGET,
            method = %self.method,
            path,
            status = self.status.map(|status| status.as_u16()),
            duration_ms = duration.as_micros() as f64 / 1e3,
            bytes = self.bytes,
            peer = self.peer.map(tracing::field::display),
            trace_id = %self.trace_id,
            left_out = (left_out > 0).then_some(left_out),
            "{outcome}"
        );
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_wanted() {
            self.write();
        }
    }
}

/// A body whose bytes are counted on their way out.
struct Followed {
    body: Body,
    line: Line,
}

impl hyper::body::Body for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => this.line.bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Poll::Ready(None) => this.line.is_whole = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        // A body of known length is not asked again behind its last byte.
        self.line.is_whole |= self.body.is_end_stream();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_refusals_a_few_a_second_are_written_and_the_others_counted() {
        let start = Instant::now();
        let log = RequestLog::new(false, start);
        let unavailable = Some(StatusCode::SERVICE_UNAVAILABLE);
        let written = (0..50).filter(|_| log.left_out_before(unavailable, start).is_some()).count();
        assert_eq!(written, UNAVAILABLE_MAX as usize);
        assert_eq!(log.left_out_before(Some(StatusCode::INTERNAL_SERVER_ERROR), start), Some(0));
        assert_eq!(log.left_out_before(unavailable, start + WINDOW), Some(40));
        assert_eq!(log.left_out_before(unavailable, start + WINDOW), Some(0));
        let all = RequestLog::new(true, start);
        assert!((0..50).all(|_| all.left_out_before(unavailable, start) == Some(0)));
    }
}
