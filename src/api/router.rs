//! Every route of the API.

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::routing::{get, post};

use super::error::ApiError;
use super::local_only::local_only;
use super::observe::observe;
use super::state::{Api, ApiState};
use super::{bulk, export, logs, post, stats, system, tail};

/// The API as a service.
pub fn router(state: ApiState) -> Router {
    let metrics = state.metrics.clone();
    Router::new()
        .route("/", get(system::front_page))
        .route("/health", get(system::health))
        .route("/metrics", get(system::metrics))
        .route("/api/v1/health", get(system::health))
        .route("/api/v1/metrics", get(system::metrics))
        .route("/api/v1/logs", get(logs::list).post(post::create))
        .route("/api/v1/logs/bulk", post(bulk::create))
        .route("/api/v1/logs/export", get(export::export))
        .route("/api/v1/logs/tail", get(tail::tail))
        .route("/api/v1/logs/facets", get(stats::facets))
        .route("/api/v1/logs/{id}", get(logs::by_id))
        .route("/api/v1/logs/{id}/context", get(logs::context))
        .route("/api/v1/stats/logs-by-time", get(stats::by_time))
        .route("/api/v1/stats/logs-by-level", get(stats::by_level))
        .route("/api/v1/stats/top", get(stats::top))
        .route("/api/v1/stats/patterns", get(stats::patterns))
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(local_only))
        // Outermost: also what the router itself refuses gets a trace id and the one form.
        .layer(middleware::from_fn_with_state(metrics, observe))
        .with_state(Api::new(state))
}

async fn no_route(request: Request) -> ApiError {
    ApiError::no_route(request.uri().path())
}

async fn method_not_allowed(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), request.uri().path())
}
