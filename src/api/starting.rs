//! What is served before the daemon is up: that it lives, and that it takes nothing yet.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::error::ApiError;
use super::params::Params;
use super::router::surround;
use super::system::Brief;
use crate::config;
use crate::metrics::Metrics;

/// The service of the time in which the start waits for the store or the metadata database: `/health?live` is 200, all else 503.
pub fn starting(metrics: Metrics, config: &config::api::Api) -> Router {
    let routes = Router::new()
        .route("/health", get(health))
        .route("/api/v1/health", get(health))
        .fallback(not_yet)
        .method_not_allowed_fallback(not_yet);
    surround(routes, metrics, config)
}

async fn health(request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let (only_live, _) = (params.flag("live"), params.flag("ready"));
    params.finish()?;
    if only_live { Ok(Json(Brief::LIVE).into_response()) } else { Err(not_yet().await) }
}

async fn not_yet() -> ApiError {
    ApiError::unavailable("the daemon is starting: it waits for the store or the metadata database, as its log says", 5)
}
