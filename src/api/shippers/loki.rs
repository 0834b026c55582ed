//! Loki's push API: `POST /loki/api/v1/push`, and `/api/prom/push` as it was first, JSON, or protobuf inside snappy.
//!
//! `X-Scope-OrgID` is ignored: the token says who sends, and its source where the records belong.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use logseal_parsers::push::loki::{self, Encoding, Record};

use super::intake::Intake;
use super::otlp::refused;
use crate::api::body::{on_body, room_for, whole_coded};
use crate::api::caller::{Caller, Filing};
use crate::api::decompress::Coding;
use crate::api::error::{ApiError, Problem};
use crate::api::state::Api;

const ORIGIN: &str = "http:loki";
const SOURCE: &str = "loki";

/// Takes the lines of one request.
pub(in crate::api) async fn push(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let says_snappy = parts.headers.get(header::CONTENT_ENCODING).is_some_and(|value| value == "snappy");
    let coding = if says_snappy { Coding::Identity } else { Coding::of(&parts.headers)? };
    let body = whole_coded(&api, &parts.headers, coding, body).await?;
    let filing = caller.filing(ORIGIN);
    let encoding = encoding_of(&parts.headers, &body.bytes);
    if !may_be_snappy(encoding, says_snappy, &body.bytes) {
        take(&api, filing, encoding, body.bytes.clone()).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let bytes_max = api.config.body_bytes_max;
    let bytes = snap::raw::decompress_len(&body.bytes).map_err(damaged)?;
    if bytes > bytes_max {
        return Err(ApiError::too_large(format!("the body is larger than {bytes_max} bytes after decompression")));
    }
    let _room = room_for(&api, bytes)?;
    let plain = on_body(body.bytes.clone(), |body| snap::raw::Decoder::new().decompress_vec(body)).await?;
    match plain {
        Ok(plain) => take(&api, filing, encoding, plain.into()).await?,
        Err(_) if is_bare(encoding, &body.bytes) => take(&api, filing, encoding, body.bytes.clone()).await?,
        Err(error) => return Err(damaged(error)),
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What the type says; without one that is known, what the body begins with.
fn encoding_of(headers: &HeaderMap, body: &[u8]) -> Encoding {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match value.split(';').next().unwrap_or_default().trim() {
        "application/json" => Encoding::Json,
        "application/x-protobuf" => Encoding::Protobuf,
        _ if body.trim_ascii_start().first() == Some(&b'{') => Encoding::Json,
        _ => Encoding::Protobuf,
    }
}

/// Whether the body is a snappy block, which protobuf is whatever the header says, and JSON where the header says so and it is none yet.
fn may_be_snappy(encoding: Encoding, says_snappy: bool, body: &[u8]) -> bool {
    encoding == Encoding::Protobuf || says_snappy && body.trim_ascii_start().first() != Some(&b'{')
}

/// Whether a body that is no snappy block is protobuf as it is, or was within another compression: it begins with a stream.
fn is_bare(encoding: Encoding, body: &[u8]) -> bool {
    encoding == Encoding::Protobuf && body.first() == Some(&0x0a)
}

async fn take(api: &Api, filing: Filing, encoding: Encoding, body: Bytes) -> Result<(), ApiError> {
    let mut intake = Intake::new(filing);
    let decoded = on_body(body, move |body| {
        let cx = intake.context();
        loki::decode(encoding, body, &cx, &mut |Record { event, raw, service }| {
            intake.add(&event, raw, service, SOURCE);
        })
        .map(|()| intake)
    });
    decoded.await?.map_err(refused)?.store(api).await?;
    Ok(())
}

fn damaged(error: snap::Error) -> ApiError {
    ApiError::body(format!("the body is not a snappy block: {error}"))
}

/// An error as Loki tells it: a line of text.
pub(super) fn refusal(problem: &Problem) -> Response {
    let status = match problem.status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    (status, format!("{}\n", problem.detail)).into_response()
}
