//! What happens around every request: a trace id, its sender, a span, a count, one form for all errors, and a line of the log.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{Instrument as _, debug, debug_span, error, warn};

use super::error::{ApiError, Problem};
use super::peer::Peer;
use super::request_log::{Line, RequestLog};
use super::security_headers;
use super::shippers::dialect::Dialect;
use super::trace_id::TraceId;
use crate::config::{self, Networks};
use crate::metrics::{Metrics, RequestLabel};
use crate::telemetry::chain;

const TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// What is known to all requests.
pub(super) struct Observer {
    metrics: Metrics,
    trusted_proxies: Networks,
    request_log: Arc<RequestLog>,
    is_over_tls: bool,
}

impl Observer {
    pub(super) fn new(metrics: Metrics, config: &config::api::Api) -> Self {
        Self {
            metrics,
            trusted_proxies: config.trusted_proxies.clone(),
            request_log: Arc::new(RequestLog::new(config.request_log, Instant::now())),
            is_over_tls: config.tls.is_some(),
        }
    }
}

/// Serves `request`, whatever comes of it.
pub(super) async fn observe(State(observer): State<Arc<Observer>>, mut request: Request, next: Next) -> Response {
    let trace_id = TraceId::of(request.headers());
    request.extensions_mut().insert(trace_id);
    let peer = Peer::of(request.extensions(), request.headers(), &observer.trusted_proxies);
    if let Some(peer) = peer {
        request.extensions_mut().insert(peer);
    }
    let line = Line::new(&observer.request_log, request.method(), request.uri(), peer, trace_id, Instant::now());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let is_under_api = request.uri().path().starts_with("/api/");
    let dialect = Dialect::of(request.uri().path(), request.headers());
    let span = debug_span!("request", trace_id = %trace_id, method = %request.method(), route);
    let mut response = next.run(request).instrument(span).await;
    if let Some(problem) = problem_of(&mut response, dialect) {
        log(&problem, trace_id, route);
        response = in_envelope(response, &problem, dialect, trace_id);
    }
    dialect.sign(response.headers_mut());
    response.headers_mut().insert(TRACE_ID, trace_id.header_value());
    security_headers::add(response.headers_mut(), is_under_api, observer.is_over_tls);
    let label = RequestLabel { route: route.to_owned(), status: response.status().as_u16() };
    observer.metrics.requests.get_or_create(&label).inc();
    line.follow(response)
}

/// The problem that the answer stands for; an error that was made outside the handlers gets one here.
fn problem_of(response: &mut Response, dialect: Dialect) -> Option<Arc<Problem>> {
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        return Some(problem);
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let is_in_form = match dialect {
        Dialect::Own => content_type.is_some_and(|value| value == "application/json"),
        _ => content_type.is_some(),
    };
    if !is_error || is_in_form {
        return None;
    }
    ApiError::of_status(status).into_response().extensions_mut().remove()
}

/// The envelope, with the headers that the handler or the router had set beside the body (such as `Allow`).
fn in_envelope(response: Response<Body>, problem: &Problem, dialect: Dialect, trace_id: TraceId) -> Response {
    let mut answer = dialect.envelope(problem, trace_id);
    problem.add_headers(answer.headers_mut());
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    answer
}

fn log(problem: &Problem, trace_id: TraceId, route: &str) {
    let Some(cause) = &problem.cause else { return };
    let chain = chain(&**cause);
    if problem.status == StatusCode::INTERNAL_SERVER_ERROR {
        error!(trace_id = %trace_id, route, error = %chain, "a request failed");
    } else if problem.is_unwatched {
        warn!(trace_id = %trace_id, route, error = %chain, "the store of uploaded files failed a request");
    } else {
        // That the store is away is told once, by those who watch it: not by each request that meets it.
        debug!(trace_id = %trace_id, route, status = problem.status.as_u16(), error = %chain, "a request was refused");
    }
}
