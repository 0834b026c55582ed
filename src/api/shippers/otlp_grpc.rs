//! OpenTelemetry's logs over gRPC: the one method `LogsService/Export`, on a listener of its own.
//!
//! gRPC is HTTP/2 with a frame around each message, and a status in the trailers:
//!
//! ```text
//! frame    = compressed (1 byte, 0 or 1) length (4 bytes, big-endian) message
//! request  = one frame; "grpc-encoding" says how a compressed message is
//! answer   = 200, one frame, trailers "grpc-status: 0"
//! an error = 200, no body, headers "grpc-status", "grpc-message", "grpc-status-details-bin"
//! ```

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;
use logseal_parsers::push::otlp::Encoding;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::otlp::take;
use super::otlp_message as message;
use crate::api::body::{Whole, check_type, whole_coded};
use crate::api::caller::Caller;
use crate::api::decompress::Coding;
use crate::api::error::{ApiError, Problem};
use crate::api::state::Api;

/// Where the method is.
pub(in crate::api) const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const ORIGIN: &str = "grpc:otlp";
const CONTENT_TYPE: &str = "application/grpc";
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const FRAME_HEAD_BYTES: usize = 5;
/// What of a message stands for itself in `grpc-message`.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Takes the records of one call.
pub(in crate::api) async fn export(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    check_type(&parts.headers, &[CONTENT_TYPE, "application/grpc+proto"], false)?;
    let framed = whole_coded(&api, &parts.headers, Coding::Identity, body).await?;
    let request = unframed(&api, &parts.headers, framed).await?;
    let taken = take(&api, caller.filing(ORIGIN), Encoding::Protobuf, request.bytes.clone()).await?;
    Ok(answer(&taken.message()))
}

/// The message of the one frame that a request is.
async fn unframed(api: &Api, headers: &HeaderMap, framed: Whole) -> Result<Whole, ApiError> {
    let Some(([compressed, length @ ..], rest)) = framed.bytes.split_first_chunk::<FRAME_HEAD_BYTES>() else {
        return Err(ApiError::body("the request holds no message"));
    };
    if rest.len() as u64 != u64::from(u32::from_be_bytes(*length)) {
        return Err(ApiError::body("the request is not exactly one message"));
    }
    let coding = if *compressed == 0 { Coding::Identity } else { coding_of(headers)? };
    let message = framed.bytes.slice(FRAME_HEAD_BYTES..);
    whole_coded(api, headers, coding, Body::from(message)).await
}

fn coding_of(headers: &HeaderMap) -> Result<Coding, ApiError> {
    match headers.get(ENCODING).map(HeaderValue::as_bytes) {
        Some(b"gzip") => Ok(Coding::Gzip),
        Some(b"deflate") => Ok(Coding::Deflate),
        Some(b"zstd") => Ok(Coding::Zstd),
        _ => Err(ApiError::unsupported("grpc-encoding is not gzip, deflate or zstd")),
    }
}

fn answer(message: &[u8]) -> Response {
    let mut frame = Vec::with_capacity(FRAME_HEAD_BYTES + message.len());
    frame.push(0);
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    frame.extend_from_slice(message);
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
    let frames = [Frame::data(Bytes::from(frame)), Frame::trailers(trailers)];
    let body = StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
    with_type(Response::new(Body::new(body)))
}

/// An error as headers alone.
pub(super) fn refusal(problem: &Problem) -> Response {
    let code = message::code_of(problem.status);
    let mut response = with_type(Response::new(Body::empty()));
    let headers = response.headers_mut();
    headers.insert(STATUS, HeaderValue::from(code));
    if let Ok(text) = HeaderValue::try_from(utf8_percent_encode(&problem.detail, ESCAPED).to_string()) {
        headers.insert(MESSAGE, text);
    }
    if problem.retry_after_seconds.is_some() {
        let details = message::status(code, &problem.detail, problem.retry_after_seconds);
        if let Ok(text) = HeaderValue::try_from(STANDARD_NO_PAD.encode(details)) {
            headers.insert(DETAILS, text);
        }
    }
    response
}

fn with_type(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}
