//! `GET /logs/tail`: records as they become durable, as server-sent events.

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;

use super::caller::By;
use super::error::ApiError;
use super::live::Live;
use super::openapi::bodies::EventShape;
use super::openapi::parameters::FilterParameters;
use super::params::Params;
use super::recording;
use super::standing::Standing;
use super::state::Api;
use super::watching::{Place, event_stream, last_event_id};

/// Sent at once, so that a client sees that it is connected; it comes again after two seconds when it is cut off.
const WELCOME: Bytes = Bytes::from_static(b": logseal live tail\nretry: 2000\n\n");

/// Streams the matching records until the client leaves or the daemon stops.
#[utoipa::path(
    get,
    path = "/api/v1/logs/tail",
    tag = "Search",
    operation_id = "tail_logs",
    summary = "Matching records as they come in",
    security(("bearer" = ["auditor", "read"])),
    params(
        FilterParameters,
        ("access_token" = Option<String>, Query, description = "The credentials, where no header can be sent"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Goes on behind this record"),
    ),
    responses((status = 200, description = "Server-sent events `log` and `gap`", body = EventShape, content_type = "text/event-stream"))
)]
pub(super) async fn tail(
    State(api): State<Api>,
    by: By,
    standing: Standing,
    request: Request,
) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let selection = params.selection();
    // Read where the caller was: see `access`.
    params.text("access_token");
    params.finish()?;
    let resume_behind = last_event_id(request.headers(), "a record")?;
    recording::searched(&api, &by, request.uri(), None).await?;
    let place = Place::take(&api)?;
    let live = Live::new(&api, selection.expr, resume_behind);
    let events = stream::unfold((Some(WELCOME), live, place), |(ready, mut live, place)| async move {
        let events = match ready {
            Some(events) => events,
            None => live.next().await?,
        };
        Some((Ok(events), (None, live, place)))
    });
    Ok(event_stream(&api, standing, events))
}
