//! Headers that tell browsers to do no more with an answer than to show it to who asked.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What every answer has, unless it says something else itself.
const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];
/// Answers of the API may hold records, and belong to who asked.
const UNDER_API: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
/// A year, for this name alone.
const OVER_TLS: (HeaderName, HeaderValue) =
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));

/// Adds to `headers` what the handler has not set.
pub(super) fn add(headers: &mut HeaderMap, is_under_api: bool, is_over_tls: bool) {
    headers.reserve(ALWAYS.len() + 3);
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(value);
    }
    if is_under_api {
        headers.entry(UNDER_API.0).or_insert(UNDER_API.1);
    }
    if is_over_tls {
        headers.entry(OVER_TLS.0).or_insert(OVER_TLS.1);
    }
}
