//! Datadog's intake of logs: `POST /api/v2/logs`, and `/v1/input` as it was before, for its agents and for others that send there.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use logseal_parsers::StreamFormat;
use logseal_parsers::push::datadog::{self, Defaults};
use serde_json::json;

use super::intake::Intake;
use crate::api::body::{on_body, whole_coded};
use crate::api::caller::Caller;
use crate::api::decompress::Coding;
use crate::api::error::{ApiError, Problem};
use crate::api::state::Api;

const ORIGIN: &str = "http:datadog";
const SOURCE: &str = "datadog";

/// Takes the records of one request. One that is not understood is kept as it came: there is nothing in the protocol to refuse one of
/// several with.
pub(in crate::api) async fn logs(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body = whole_coded(&api, &parts.headers, Coding::of(&parts.headers)?, body).await?;
    let mut intake = Intake::new(caller.filing(ORIGIN));
    let defaults = defaults(&parts.uri);
    let intake = on_body(body.bytes.clone(), move |body| {
        let cx = intake.context();
        let mut stream = StreamFormat::mixed();
        if !datadog::is_probe(body) {
            datadog::each_record(body, |record, is_cut| {
                let event = datadog::parse(record, &defaults, &mut stream, &cx);
                intake.add(&event, record, &event.app, SOURCE);
                if is_cut {
                    intake.note_cut();
                }
            });
        }
        intake
    })
    .await?;
    intake.store(&api).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

/// What the parameters say; others are let pass.
fn defaults(uri: &Uri) -> Defaults {
    let mut defaults = Defaults::default();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let field = match &*name {
            "hostname" => &mut defaults.hostname,
            "service" => &mut defaults.service,
            "ddsource" => &mut defaults.ddsource,
            "ddtags" => &mut defaults.ddtags,
            _ => continue,
        };
        *field = value.into_owned();
    }
    defaults
}

/// An error as Datadog tells it.
pub(super) fn refusal(problem: &Problem) -> Response {
    let status = match problem.status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    let error = json!({ "status": status.as_str(), "title": status.canonical_reason(), "detail": problem.detail });
    (status, Json(json!({ "errors": [error] }))).into_response()
}
