//! The one error of the API, and the one form in which clients see it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::tell_limit;
use super::trace_id::TraceId;
use crate::auth::password::PasswordError;
use crate::auth::rate::Verdict;
use crate::ingest::Rejected;
use crate::meta::MetaError;
use crate::store::StoreError;

/// How many records or lines at the front of a refused body are durable all the same.
pub(super) const STORED_HEADER: &str = "x-logseal-stored";

/// One part of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldFault {
    pub(super) field: Cow<'static, str>,
    pub(super) detail: String,
}

impl FieldFault {
    pub(super) fn new(field: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// Why a caller is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// It shows no credentials.
    Silent,
    /// It shows something that the route does not read.
    Unreadable,
    /// What it shows is not good, or not any more.
    Unknown,
}

/// Why a request was not served.
#[derive(Debug)]
pub(super) struct ApiError(Box<Problem>);

/// What the client is told, and what only the log says.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    message: &'static str,
    pub(super) detail: String,
    errors: Vec<FieldFault>,
    /// Where the caller is not known, why.
    pub(super) stranger: Option<Stranger>,
    pub(super) retry_after_seconds: Option<u32>,
    stored: Option<u64>,
    limit: Option<Verdict>,
    /// Nobody but the one who meets the cause tells of it.
    pub(super) is_unwatched: bool,
    /// For the log, never for the client.
    pub(super) cause: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Envelope<'a> {
    code: u16,
    message: &'a str,
    detail: &'a str,
    #[serde(rename = "traceId")]
    trace_id: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldFault],
}

impl ApiError {
    fn new(status: StatusCode, message: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            status,
            message,
            detail: detail.into(),
            errors: Vec::new(),
            stranger: None,
            retry_after_seconds: None,
            stored: None,
            limit: None,
            is_unwatched: false,
            cause: None,
        }))
    }

    /// 422: query parameters are wrong; `faults` are all of them.
    pub(super) fn parameters(faults: Vec<FieldFault>) -> Self {
        Self::fields("invalid parameter", faults)
    }

    /// 422: a record's fields are wrong; `faults` are all of them.
    pub(super) fn record(faults: Vec<FieldFault>) -> Self {
        Self::fields("invalid record", faults)
    }

    fn fields(message: &'static str, faults: Vec<FieldFault>) -> Self {
        let detail = match faults.as_slice() {
            [only] => only.detail.clone(),
            several => several.iter().map(|fault| fault.detail.as_str()).collect::<Vec<_>>().join("; "),
        };
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, message, detail);
        error.0.errors = faults;
        error
    }

    /// 422: the body is not what the route reads.
    pub(super) fn body(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid body", detail)
    }

    /// 400: the connection failed before the body was whole.
    pub(super) fn broken_body(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "broken body", "the connection failed before the whole body had come")
            .because(cause)
    }

    /// 503: the store of uploaded files does not do it.
    pub(super) fn storage(cause: impl StdError + Send + Sync + 'static) -> Self {
        let detail = "the store of uploaded files cannot be used now; the daemon's log says more";
        let mut error = Self::unavailable(detail, 5).because(cause);
        error.0.is_unwatched = true;
        error
    }

    /// 403: the request comes from a page of another site.
    pub(super) fn foreign(header: &str, value: &str) -> Self {
        let detail =
            format!("the header {header} names \"{value}\", which is neither this machine nor configured to be let in");
        Self::new(StatusCode::FORBIDDEN, "foreign request", detail)
    }

    /// 401: without credentials, or with such as are not good any more.
    pub(super) fn not_authenticated() -> Self {
        Self::unknown_caller(Stranger::Silent)
    }

    /// 401, where some protocol tells its client more.
    pub(super) fn unknown_caller(stranger: Stranger) -> Self {
        let detail = "sign in, or send an API token, as \"Authorization: Bearer …\"";
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "Not authenticated", detail);
        error.0.stranger = Some(stranger);
        error
    }

    /// 401: a login that is refused, whatever the reason.
    pub(super) fn wrong_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Not authenticated", "user name or password is wrong")
    }

    /// 403: known, but not allowed; `message` says who is.
    pub(super) fn forbidden(message: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message, detail)
    }

    /// 409.
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 429: the same request may succeed after `seconds`.
    pub(super) fn too_many(detail: impl Into<String>, seconds: u32) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests", detail);
        error.0.retry_after_seconds = Some(seconds);
        error
    }

    /// 404: there is no `thing` with this id.
    pub(super) fn not_found(thing: &str, id: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", format!("there is no {thing} {id}"))
    }

    /// What the metadata database says of a thing that a path names: 404 where it is not there.
    pub(super) fn of_thing(thing: &'static str, id: impl Display) -> impl FnOnce(MetaError) -> Self {
        move |error| match error {
            MetaError::NotFound => Self::not_found(thing, id),
            error => error.into(),
        }
    }

    /// 404: there is no such route.
    pub(super) fn no_route(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", format!("there is no route {path}"))
    }

    /// 405.
    pub(super) fn method_not_allowed(method: &str, path: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed", format!("{method} is not served at {path}"))
    }

    /// 408: the body came too slowly.
    pub(super) fn slow_body(seconds: u64) -> Self {
        let detail = format!("the body was not whole after {seconds} seconds");
        Self::new(StatusCode::REQUEST_TIMEOUT, "request timeout", detail)
    }

    /// 413.
    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body too large", detail)
    }

    /// 414.
    pub(super) fn uri_too_long(bytes_max: usize) -> Self {
        let detail = format!("path and query have more than {bytes_max} bytes");
        Self::new(StatusCode::URI_TOO_LONG, "uri too long", detail)
    }

    /// 431.
    pub(super) fn headers_too_large(bytes_max: usize) -> Self {
        let detail = format!("the headers have more than {bytes_max} bytes");
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers too large", detail)
    }

    /// 505.
    pub(super) fn version(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "http version not supported", detail)
    }

    /// 503: the answer was not there in time.
    pub(super) fn timed_out(after: Duration, only_read: bool) -> Self {
        let doubt = if only_read { "" } else { "; what it asked for may be done all the same" };
        Self::unavailable(format!("the request took longer than {} seconds{doubt}", after.as_secs()), 1)
    }

    /// 415.
    pub(super) fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type", detail)
    }

    /// 503: the same request may succeed after `seconds`.
    pub(super) fn unavailable(detail: impl Into<String>, seconds: u32) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        error.0.retry_after_seconds = Some(seconds);
        error
    }

    /// 500: our fault; the cause is only logged.
    pub(super) fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let detail = "the daemon's log says more under this trace id";
        let mut error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error", detail);
        error.0.cause = Some(cause.into());
        error
    }

    /// What an answer says that the router or a library made without us.
    pub(super) fn of_status(status: StatusCode) -> Self {
        Self::new(status, status.canonical_reason().unwrap_or("error"), "the request was refused")
    }

    /// Tells the client of the limit that it met.
    pub(super) fn limited(mut self, verdict: Verdict) -> Self {
        self.0.limit = Some(verdict);
        self
    }

    fn because(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Box::new(cause));
        self
    }

    /// Says that the first `units` (`"lines"`, `"records"`) of the body are durable though the request failed.
    pub(super) fn after_storing(mut self, count: u64, units: &str) -> Self {
        if count > 0 {
            self.0.detail =
                format!("{}; the first {count} {units} of the body are stored, send the rest again", self.0.detail);
        }
        self.0.stored = Some(count);
        self
    }
}

impl Problem {
    /// The body in the API's one form.
    pub(super) fn envelope(&self, trace_id: TraceId) -> Response {
        let envelope = Envelope {
            code: self.status.as_u16(),
            message: self.message,
            detail: &self.detail,
            trace_id: trace_id.to_string(),
            errors: &self.errors,
        };
        (self.status, Json(envelope)).into_response()
    }

    /// Adds what the answer says in its headers, whatever its form.
    pub(super) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(stored) = self.stored {
            headers.insert(STORED_HEADER, HeaderValue::from(stored));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(verdict) = &self.limit {
            tell_limit(headers, verdict);
        }
    }
}

impl IntoResponse for ApiError {
    /// Hands the problem to [`super::observe`], which knows the trace id.
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(Arc::new(*self.0));
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                Self::unavailable("the store cannot be reached; records are still taken in", 1).because(error)
            }
            StoreError::OverLimit { limit, .. } => {
                let detail = format!(
                    "the query went over its limit of {limit}; ask for a shorter span of time or a narrower filter"
                );
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "query too large", detail)
            }
            StoreError::Refused(_) | StoreError::Failed(_) => Self::internal(error),
        }
    }
}

impl From<Rejected> for ApiError {
    fn from(rejected: Rejected) -> Self {
        let (detail, seconds) = match rejected {
            Rejected::QueueFull => ("the queue before the spool is full: send again, more slowly", 1),
            Rejected::SpoolFull => ("the spool is full: records wait for the store, or the disk has no room", 5),
            Rejected::Stopping => ("the daemon is stopping", 5),
            Rejected::Poisoned => ("the spool cannot be written and the daemon restarts", 5),
        };
        Self::unavailable(detail, seconds)
    }
}

impl From<MetaError> for ApiError {
    fn from(error: MetaError) -> Self {
        match &error {
            MetaError::Unavailable(_) => {
                Self::unavailable("the metadata database cannot be reached; records are still taken in", 1)
                    .because(error)
            }
            MetaError::Conflict { field } => Self::conflict(format!("this {field} is taken")),
            MetaError::NotFound => Self::new(StatusCode::NOT_FOUND, "not found", "there is no such thing any more"),
            MetaError::LastAdmin => Self::conflict("the last active admin cannot be demoted, disabled or deleted"),
            MetaError::Stale => Self::conflict("somebody else changed it meanwhile; read it again"),
            MetaError::Refused(why) => Self::conflict(*why),
            MetaError::Failed(_) => Self::internal(error),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::unavailable("too many passwords are waiting to be verified", 2),
            PasswordError::Unusable(_) => Self::internal(error),
        }
    }
}
