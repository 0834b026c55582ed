//! Logstash's `http` input: `POST /`, with lines, an object or an array of objects, as their type says.
//!
//! Loggers made for it state no path, and take nothing but 200 for success.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::api::bulk;
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::state::Api;

/// Takes what `POST /logs/bulk` takes, and answers as Logstash does.
pub(in crate::api) async fn create(api: State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    bulk::create(api, caller, request).await?;
    Ok((StatusCode::OK, "ok").into_response())
}
