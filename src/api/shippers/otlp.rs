//! OpenTelemetry's logs over HTTP: `POST /v1/logs`, in protobuf or JSON; answers come in the form of the request.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use logseal_parsers::push::fault::BodyFault;
use logseal_parsers::push::otlp::{self, Encoding, Item};
use serde_json::json;

use super::intake::Intake;
use super::otlp_message as message;
use crate::api::body::{check_type, on_body, whole};
use crate::api::caller::{Caller, Filing};
use crate::api::error::{ApiError, Problem};
use crate::api::state::Api;

const ORIGIN: &str = "http:otlp";
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Takes the records of one request.
pub(in crate::api) async fn logs(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    check_type(&parts.headers, &[PROTOBUF, JSON], false)?;
    let encoding = encoding_of(&parts.headers);
    let body = whole(&api, &parts.headers, body).await?;
    let taken = take(&api, caller.filing(ORIGIN), encoding, body.bytes.clone()).await?;
    Ok(match encoding {
        Encoding::Protobuf => protobuf(StatusCode::OK, taken.message()),
        Encoding::Json => Json(taken.json()).into_response(),
    })
}

/// In which form a client sends, and so is answered.
pub(super) fn encoding_of(headers: &HeaderMap) -> Encoding {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(PROTOBUF) { Encoding::Protobuf } else { Encoding::Json }
}

/// What became of a request all whose good records are durable.
#[derive(Debug, Default)]
pub(super) struct Taken {
    rejected: u64,
    /// Why the first of them was.
    reason: String,
}

impl Taken {
    /// `ExportLogsServiceResponse`; empty where nothing was rejected.
    pub(super) fn message(&self) -> Vec<u8> {
        let mut response = Vec::new();
        if self.rejected > 0 {
            let mut partial = Vec::new();
            message::put_number(1, self.rejected, &mut partial);
            message::put_bytes(2, self.words().as_bytes(), &mut partial);
            message::put_bytes(1, &partial, &mut response);
        }
        response
    }

    fn json(&self) -> serde_json::Value {
        if self.rejected == 0 {
            return json!({});
        }
        json!({ "partialSuccess": { "rejectedLogRecords": self.rejected.to_string(), "errorMessage": self.words() } })
    }

    fn words(&self) -> String {
        match self.rejected {
            1 => format!("1 record was rejected: {}", self.reason),
            count => format!("{count} records were rejected; the first: {}", self.reason),
        }
    }
}

/// Stores the records of a request.
///
/// # Errors
/// 422 for what is no request, 413 for one that would grow beyond measure, 503 where it cannot be stored now.
pub(super) async fn take(api: &Api, filing: Filing, encoding: Encoding, body: Bytes) -> Result<Taken, ApiError> {
    let mut intake = Intake::new(filing);
    let decoded = on_body(body, move |body| {
        let cx = intake.context();
        let mut taken = Taken::default();
        otlp::decode(encoding, body, &cx, &mut |item| match item {
            Item::Record { event, raw, service } => {
                intake.add(&event, raw, service, "otlp");
            }
            Item::Rejected(reason) => {
                if taken.rejected == 0 {
                    taken.reason = reason;
                }
                taken.rejected += 1;
            }
        })
        .map(|()| (intake, taken))
    });
    let (intake, taken) = decoded.await?.map_err(refused)?;
    intake.store(api).await?;
    Ok(taken)
}

/// What a client is told of a body that is refused as a whole.
pub(super) fn refused(fault: BodyFault) -> ApiError {
    match fault {
        BodyFault::Malformed(detail) => ApiError::body(detail),
        BodyFault::TooLarge => ApiError::too_large(fault.to_string()),
    }
}

fn protobuf(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, PROTOBUF)], body).into_response()
}

/// An error as a `google.rpc.Status`. 429 and 503 are what clients repeat.
pub(super) fn refusal(problem: &Problem, encoding: Encoding) -> Response {
    let status = match problem.status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    let code = message::code_of(status);
    match encoding {
        Encoding::Protobuf => protobuf(status, message::status(code, &problem.detail, None)),
        Encoding::Json => (status, Json(json!({ "code": code, "message": problem.detail }))).into_response(),
    }
}
