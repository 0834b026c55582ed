//! GELF over HTTP: `POST /gelf`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use logseal_parsers::push::{gelf, json_stream};
use serde_json::json;

use super::intake::Intake;
use crate::api::body::{on_body, whole_coded};
use crate::api::caller::Caller;
use crate::api::decompress::Coding;
use crate::api::error::{ApiError, Problem};
use crate::api::state::Api;

const ORIGIN: &str = "http:gelf";
const SOURCE: &str = "gelf";

/// Takes a message, or several in lines of their own. One that is not understood is kept as it came: there is nothing in the
/// protocol to refuse one of several with.
pub(in crate::api) async fn create(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    // graypy says "gzip,deflate" of a body that is one zlib stream; others compress and say nothing.
    let body = whole_coded(&api, &parts.headers, Coding::ByMagic, body).await?;
    let mut intake = Intake::new(caller.filing(ORIGIN));
    let intake = on_body(body.bytes.clone(), move |body| {
        let cx = intake.context();
        json_stream::each_record(body, |message| intake.add(&gelf::parse(message, &cx), message, "", SOURCE));
        intake
    })
    .await?;
    intake.store(&api).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// An error as Graylog tells it.
pub(super) fn refusal(problem: &Problem) -> Response {
    let status = match problem.status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    (status, Json(json!({ "type": "ApiError", "message": problem.detail }))).into_response()
}
