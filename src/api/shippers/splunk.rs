//! Splunk's HTTP Event Collector: `/services/collector` and what is below it.
//!
//! Splunk tells its clients later, on asking, what has been indexed. Here the answer itself says that the events are durable, so whoever
//! asks for an acknowledgement of an id that was given out is told yes, without anything being remembered: an id is that of the
//! request's last record.

use std::borrow::Cow;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use logseal_parsers::push::splunk::{Event, Fault, Metadata, events, lines};
use logseal_parsers::timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::intake::Intake;
use crate::api::body::{on_body, small, whole};
use crate::api::caller::Caller;
use crate::api::error::{ApiError, Problem, Stranger};
use crate::api::state::Api;
use crate::api::system;

const ORIGIN: &str = "http:splunk";
/// The source of events that name none.
const SOURCE: &str = "splunk";
/// Who names a channel wants to ask for acknowledgements.
const CHANNEL: &str = "x-splunk-request-channel";

/// What happened, in the collector's words.
#[derive(Clone, Copy, Debug)]
struct Reply {
    status: StatusCode,
    code: u16,
    text: &'static str,
}

impl Reply {
    const fn new(status: StatusCode, code: u16, text: &'static str) -> Self {
        Self { status, code, text }
    }

    fn of(fault: Fault) -> Self {
        let (code, text) = match fault {
            Fault::Malformed => (6, "Invalid data format"),
            Fault::NoEvent => (12, "Event field is required"),
            Fault::BlankEvent => (13, "Event field cannot be blank"),
            Fault::BadFields => (15, "Error in handling indexed fields"),
        };
        Self::new(StatusCode::BAD_REQUEST, code, text)
    }

    fn json(self) -> Map<String, Value> {
        Map::from_iter([("text".to_owned(), json!(self.text)), ("code".to_owned(), json!(self.code))])
    }

    fn response(self) -> Response {
        (self.status, Json(self.json())).into_response()
    }
}

const NO_DATA: Reply = Reply::new(StatusCode::BAD_REQUEST, 5, "No data");
const NO_CHANNEL: Reply = Reply::new(StatusCode::BAD_REQUEST, 10, "Data channel is missing");
const BAD_FORMAT: Reply = Reply::new(StatusCode::BAD_REQUEST, 6, "Invalid data format");
const HEALTHY: Reply = Reply::new(StatusCode::OK, 17, "HEC is healthy");
const QUEUES_FULL: Reply = Reply::new(StatusCode::SERVICE_UNAVAILABLE, 18, "HEC is unhealthy, queues are full");
const STOPPING: Reply = Reply::new(StatusCode::SERVICE_UNAVAILABLE, 23, "Server is shutting down");

/// How the records of a body are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Events,
    Lines,
}

/// Takes JSON objects with events in them. Where some are none, the others are stored all the same, and the answer names the first
/// that is not.
pub(in crate::api) async fn event(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    take(&api, &caller, request, Form::Events).await
}

/// Takes lines of text.
pub(in crate::api) async fn raw(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    take(&api, &caller, request, Form::Lines).await
}

async fn take(api: &Api, caller: &Caller, request: Request, form: Form) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let wants_ack = has_channel(&parts.headers, &parts.uri);
    let metadata = metadata(&parts.uri);
    // The type is not looked at: most clients leave it to their HTTP library, which says that JSON is a form.
    let body = whole(api, &parts.headers, body).await?;
    let mut intake = Intake::new(caller.filing(ORIGIN));
    let (intake, fault) = on_body(body.bytes.clone(), move |body| {
        let fault = read(body, metadata, form, &mut intake);
        (intake, fault)
    })
    .await?;
    if intake.is_empty() && fault.is_none() {
        return Ok(NO_DATA.response());
    }
    let last_id = intake.store(api).await?;
    if let Some((number, fault)) = fault {
        let reply = Reply::of(fault);
        let mut json = reply.json();
        json.insert("invalid-event-number".to_owned(), json!(number));
        return Ok((reply.status, Json(json)).into_response());
    }
    let mut json = Reply::new(StatusCode::OK, 0, "Success").json();
    if let Some(id) = last_id.filter(|_| wants_ack) {
        json.insert("ackId".to_owned(), json!(id));
    }
    Ok(Json(json).into_response())
}

/// Hands the records of `body` to `intake`; the first event that is none, with its number from 0.
fn read(body: &[u8], metadata: Metadata<'_>, form: Form, intake: &mut Intake) -> Option<(usize, Fault)> {
    let cx = intake.context();
    let mut first_fault = None;
    let keep = |intake: &mut Intake, event: Event<'_>| {
        intake.add(&event.event, event.raw, event.source.as_deref().unwrap_or_default(), SOURCE);
    };
    match form {
        Form::Lines => lines(body, metadata, &cx).for_each(|event| keep(intake, event)),
        Form::Events => {
            for (number, outcome) in events(body, metadata, &cx).enumerate() {
                match outcome {
                    Ok(event) => keep(intake, event),
                    Err(fault) => first_fault = first_fault.or(Some((number, fault))),
                }
            }
        }
    }
    first_fault
}

/// What the query says of all events that say nothing else.
fn metadata(uri: &Uri) -> Metadata<'static> {
    let mut metadata = Metadata::default();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name == "time" {
            metadata.time = timestamp::epoch(&value);
        }
        let value = Some(Cow::Owned(value.into_owned()));
        match &*name {
            "host" => metadata.host = value,
            "source" => metadata.source = value,
            "sourcetype" => metadata.sourcetype = value,
            "index" => metadata.index = value,
            _ => {}
        }
    }
    metadata
}

fn has_channel(headers: &HeaderMap, uri: &Uri) -> bool {
    let mut query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    headers.contains_key(CHANNEL) || query.any(|(name, _)| name == "channel")
}

#[derive(Deserialize)]
struct Asked {
    acks: Vec<u64>,
}

/// Says of each id that is asked for that its events are durable.
pub(in crate::api) async fn ack(
    State(api): State<Api>,
    _caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    if !has_channel(&parts.headers, &parts.uri) {
        return Ok(NO_CHANNEL.response());
    }
    let body = small(&api, &parts.headers, body).await?;
    let Ok(Asked { acks }) = serde_json::from_slice(&body) else { return Ok(BAD_FORMAT.response()) };
    let acks: Map<String, Value> = acks.into_iter().map(|id| (id.to_string(), Value::Bool(true))).collect();
    Ok(Json(json!({ "acks": acks })).into_response())
}

/// Whether events are taken.
pub(in crate::api) async fn health(State(api): State<Api>) -> Response {
    let reply = if api.stop.is_cancelled() {
        STOPPING
    } else if system::is_full(&api) {
        QUEUES_FULL
    } else {
        HEALTHY
    };
    reply.response()
}

/// Answers Docker's driver, which asks so before it sends whether there is a collector, and shows no token.
pub(in crate::api) async fn options() -> StatusCode {
    StatusCode::OK
}

/// An error as the collector tells it.
pub(super) fn refusal(problem: &Problem) -> Response {
    let reply = match (problem.status, problem.stranger) {
        (_, Some(Stranger::Silent)) => Reply::new(StatusCode::UNAUTHORIZED, 2, "Token is required"),
        (_, Some(Stranger::Unreadable)) => Reply::new(StatusCode::UNAUTHORIZED, 3, "Invalid authorization"),
        (_, Some(Stranger::Unknown)) => Reply::new(StatusCode::FORBIDDEN, 4, "Invalid token"),
        (status @ StatusCode::FORBIDDEN, _) => Reply::new(status, 1, "Token disabled"),
        (status @ StatusCode::PAYLOAD_TOO_LARGE, _) => Reply::new(status, 27, "Request entity too large"),
        (status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE), _) => {
            Reply::new(status, 9, "Server is busy")
        }
        (status @ (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED), _) => {
            Reply::new(status, status.as_u16(), "The requested URL was not found on this server.")
        }
        (status, _) if status.is_client_error() => BAD_FORMAT,
        (status, _) => Reply::new(status, 8, "Internal server error"),
    };
    reply.response()
}
