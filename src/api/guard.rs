//! What a request meets before its handler: whether it may be asked at all, a place, a time, and a net under it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use super::error::ApiError;
use super::hosts::Hosts;
use crate::config;

/// The server reads heads of up to 64 KiB, so that one part of a head that is too large is refused here, in words.
const URI_BYTES_MAX: usize = 32 << 10;
const HEADER_BYTES_MAX: usize = 32 << 10;
/// They answer also when all places are taken: that is when they are asked.
const ALWAYS_SERVED: [&str; 4] = ["/health", "/api/v1/health", "/metrics", "/api/v1/metrics"];
/// Has a time of its own (`query.export_seconds_max`), and counts the records before its answer begins.
const EXPORT: &str = "/api/v1/logs/export";
/// Their bodies take as long as they take; they end where nothing comes any more (`uploads.stall_seconds_max`).
const UPLOADS: [&str; 2] = ["/api/v1/logs/upload", "/api/v1/jobs"];

/// The bounds of all requests together.
pub(super) struct Guard {
    hosts: Hosts,
    /// Held until the answer is made. What it then takes to send it is bounded elsewhere: exports and tails by places of
    /// their own, all others by their connections.
    places: Semaphore,
    request_time_max: Duration,
    body_time_max: Duration,
}

impl Guard {
    pub(super) fn new(config: &config::api::Api) -> Self {
        Self {
            hosts: Hosts::new(config),
            places: Semaphore::new(config.requests_max.min(Semaphore::MAX_PERMITS)),
            request_time_max: Duration::from_secs(config.request_seconds_max),
            body_time_max: Duration::from_secs(config.body_seconds_max),
        }
    }

    async fn pass(&self, request: Request, next: Next) -> Result<Response, ApiError> {
        check_head(&request)?;
        self.hosts.check(request.headers())?;
        let matched = request.extensions().get::<MatchedPath>().cloned();
        let route = matched.as_ref().map_or("", MatchedPath::as_str);
        let place = self.places.try_acquire();
        if place.is_err() && !ALWAYS_SERVED.contains(&route) {
            return Err(ApiError::unavailable("too many requests are being worked on: try again soon", 1));
        }
        let only_reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        let time_max = match route {
            EXPORT => return Ok(next.run(request).await),
            _ if UPLOADS.contains(&route) && *request.method() == Method::POST => return Ok(next.run(request).await),
            _ if only_reads => self.request_time_max,
            // The body has its own time, which ends with an answer of its own.
            _ => self.body_time_max + self.request_time_max,
        };
        let answered = tokio::time::timeout(time_max, next.run(request)).await;
        answered.map_err(|_| ApiError::timed_out(time_max, only_reads))
    }
}

/// Passes a request on, within bounds. What goes wrong, also a panic, is an [`ApiError`] in the answer's extensions.
pub(super) async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match AssertUnwindSafe(guard.pass(request, next)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => error.into_response(),
        Err(panic) => panicked(&*panic).into_response(),
    }
}

fn check_head(request: &Request) -> Result<(), ApiError> {
    let uri_bytes = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    if uri_bytes > URI_BYTES_MAX {
        return Err(ApiError::uri_too_long(URI_BYTES_MAX));
    }
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > HEADER_BYTES_MAX {
        return Err(ApiError::headers_too_large(HEADER_BYTES_MAX));
    }
    Ok(())
}

fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::internal(format!("panic: {}", said.unwrap_or("without a message")))
}
