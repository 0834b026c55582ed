//! Lets pages of other sites use the API from a browser, where the configuration names them.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what it was told.
const PREFLIGHT_REMEMBERED: Duration = Duration::from_secs(600);

const METHODS: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

const SENT: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("traceparent"),
];

const SHOWN: [HeaderName; 10] = [
    header::CONTENT_DISPOSITION,
    header::RETRY_AFTER,
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
    HeaderName::from_static("x-logseal-rows"),
    HeaderName::from_static("x-logseal-stored"),
    HeaderName::from_static("x-trace-id"),
];

/// Answers every preflight, and tells browsers that pages of `origins` may read; `None` where there are none.
///
/// Credentials that a browser adds by itself (cookies, client certificates) are not asked for: tokens come in a header.
pub(super) fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods(METHODS)
        .allow_headers(SENT)
        .expose_headers(SHOWN)
        .max_age(PREFLIGHT_REMEMBERED);
    Some(layer)
}
