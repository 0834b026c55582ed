//! Every route of the API.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::routing::{get, post};

use super::cors::cors;
use super::error::ApiError;
use super::guard::{Guard, guard};
use super::observe::{Observer, observe};
use super::state::{Api, ApiState};
use super::{bulk, export, logs, post, stats, system, tail};
use crate::config;
use crate::metrics::Metrics;

/// The API as a service.
pub fn router(state: ApiState) -> Router {
    let (metrics, config) = (state.metrics.clone(), Arc::clone(&state.config));
    let routes = Router::new()
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
        .with_state(Api::new(state));
    surround(routes, metrics, &config)
}

/// What every route has around it.
pub(super) fn surround(routes: Router, metrics: Metrics, config: &config::Api) -> Router {
    let guarded = routes.layer(middleware::from_fn_with_state(Arc::new(Guard::new(config)), guard));
    // Around the guard: a page that may ask may also read why it was refused.
    let guarded = match cors(&config.cors_origins) {
        Some(layer) => guarded.layer(layer),
        None => guarded,
    };
    // Outermost: also what the router itself refuses gets a trace id and the one form.
    guarded.layer(middleware::from_fn_with_state(Arc::new(Observer::new(metrics, config)), observe))
}

async fn no_route(request: Request) -> ApiError {
    ApiError::no_route(request.uri().path())
}

async fn method_not_allowed(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), request.uri().path())
}
