//! What happens around every request: a trace id, a span, a count, and one form for all errors.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tracing::{Instrument as _, debug, debug_span, error};

use super::error::{ApiError, Problem};
use super::trace_id::TraceId;
use crate::metrics::{Metrics, RequestLabel};
use crate::telemetry::chain;

const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// Serves `request`, whatever happens within.
pub(super) async fn observe(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let trace_id = TraceId::of(request.headers());
    request.extensions_mut().insert(trace_id);
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = debug_span!("request", trace_id = %trace_id, method = %request.method(), route);
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span).await;
    let mut response = outcome.unwrap_or_else(|panic| panicked(&*panic).into_response());
    if let Some(problem) = problem_of(&mut response) {
        log(&problem, trace_id, route);
        response = in_envelope(response, &problem, trace_id);
    }
    let text = trace_id.to_string();
    response
        .headers_mut()
        .insert(TRACE_ID, HeaderValue::from_str(&text).expect("hex digits and hyphens are allowed in a header"));
    let label = RequestLabel { route: route.to_owned(), status: response.status().as_u16() };
    metrics.requests.get_or_create(&label).inc();
    response
}

/// The problem that the answer stands for; an error that was made outside the handlers gets one here.
fn problem_of(response: &mut Response) -> Option<Arc<Problem>> {
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        return Some(problem);
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
    if !is_error || is_json {
        return None;
    }
    ApiError::of_status(status).into_response().extensions_mut().remove()
}

/// The envelope, with the headers that the handler or the router had set beside the body (such as `Allow`).
fn in_envelope(response: Response<Body>, problem: &Problem, trace_id: TraceId) -> Response {
    let mut answer = problem.envelope(trace_id);
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    answer
}

fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::internal(format!("panic: {}", said.unwrap_or("without a message")))
}

fn log(problem: &Problem, trace_id: TraceId, route: &str) {
    let Some(cause) = &problem.cause else { return };
    let chain = chain(&**cause);
    if problem.status == StatusCode::INTERNAL_SERVER_ERROR {
        error!(trace_id = %trace_id, route, error = %chain, "a request failed");
    } else {
        // That the store is away is told once, by those who watch it: not by each request that meets it.
        debug!(trace_id = %trace_id, route, status = problem.status.as_u16(), error = %chain, "a request was refused");
    }
}
