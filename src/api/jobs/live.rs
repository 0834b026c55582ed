//! A job as it goes on: server-sent events and a WebSocket, which say the same.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::super::error::ApiError;
use super::super::openapi::bodies::EventShape;
use super::super::standing::Standing;
use super::super::state::Api;
use super::super::watching::{Place, Upgrade, event_stream, last_event_id, no_parameters, tell, web_socket};
use super::{Shown, job};
use crate::meta::{AnalysisStatus, JobId, MetaError};

/// Another daemon's jobs are looked at this often, and ours too.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Something is said this often, so that dead connections are found.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Sent at once, so that a client sees that it is connected.
const WELCOME: Bytes = Bytes::from_static(b": logseal job\nretry: 2000\n\n");
const BEAT: Bytes = Bytes::from_static(b":\n\n");

/// `GET /jobs/{id}/events`
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}/events",
    tag = "Uploads",
    operation_id = "watch_job",
    summary = "An upload as it goes on",
    security(("bearer" = ["auditor", "read"])),
    params(
        ("id" = String, Path, description = "The job's id", format = "uuid"),
        ("access_token" = Option<String>, Query, description = "The credentials, where no header can be sent"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The version that was seen last: it is not sent again"),
    ),
    responses(
        (status = 200, description = "Server-sent events `job`, the last one `end`", body = EventShape, content_type = "text/event-stream"),
        (status = 204, description = "It is at its end, and the client has seen that"),
    )
)]
pub(in crate::api) async fn events(
    State(api): State<Api>,
    Path(id): Path<String>,
    standing: Standing,
    request: Request,
) -> Result<Response, ApiError> {
    no_parameters(&request)?;
    let id = job(&api, &id).await?.id;
    let place = Place::take(&api)?;
    let seen = last_event_id(request.headers(), "an event of this job")?;
    let changes = Changes::new(&api, id, seen);
    // An EventSource comes again after each end; this tells it to stay away.
    if changes.is_seen_to_the_end().await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = stream::unfold((Some(WELCOME), changes, place), |(ready, mut changes, place)| async move {
        let event = match ready {
            Some(event) => event,
            None => match tokio::time::timeout(HEARTBEAT, changes.next()).await {
                Ok(Some(change)) => event(&change),
                Ok(None) => return None,
                Err(_) => BEAT,
            },
        };
        Some((Ok(event), (None, changes, place)))
    });
    Ok(event_stream(&api, standing, events))
}

/// `WS /ws/jobs/{id}`: the same as JSON texts; the server closes it at the end.
#[utoipa::path(
    get,
    path = "/api/v1/ws/jobs/{id}",
    tag = "Uploads",
    operation_id = "watch_job_by_socket",
    summary = "An upload as it goes on, over a WebSocket",
    security(("bearer" = ["auditor", "read"])),
    params(
        ("id" = String, Path, description = "The job's id", format = "uuid"),
        ("access_token" = Option<String>, Query, description = "The credentials, where no header can be sent"),
    ),
    responses((status = 101, description = "A WebSocket that is sent the job as texts of JSON, and closed at its end"))
)]
pub(in crate::api) async fn socket(
    State(api): State<Api>,
    Path(id): Path<String>,
    standing: Standing,
    upgrade: Upgrade,
    request: Request,
) -> Result<Response, ApiError> {
    no_parameters(&request)?;
    let id = job(&api, &id).await?.id;
    let upgrade = web_socket(upgrade)?;
    let place = Place::take(&api)?;
    let changes = Changes::new(&api, id, None);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let states = stream::unfold(changes, |mut changes| async { Some((changes.next().await?.json, changes)) });
        tell(socket, api, standing, states, "the job is at its end").await;
        drop(place);
    }))
}

fn event(change: &Change) -> Bytes {
    let name = if change.is_last { "end" } else { "job" };
    Bytes::from(format!("event: {name}\nid: {}\ndata: {}\n\n", change.version, change.json))
}

/// A state of the job.
struct Change {
    version: i64,
    is_last: bool,
    json: String,
}

/// The states of one job, each version once.
struct Changes {
    api: Api,
    id: JobId,
    seen: Option<i64>,
    is_over: bool,
    changes: watch::Receiver<u64>,
    stop: CancellationToken,
}

impl Changes {
    fn new(api: &Api, id: JobId, seen: Option<i64>) -> Self {
        Self { api: api.clone(), id, seen, is_over: false, changes: api.jobs.changes(), stop: api.stop.clone() }
    }

    /// Whether the client has seen the last state, and there will be no other.
    async fn is_seen_to_the_end(&self) -> Result<bool, ApiError> {
        let Some(seen) = self.seen else { return Ok(false) };
        let shown = self.read().await?;
        Ok(seen == shown.job.version && is_over(&shown))
    }

    async fn read(&self) -> Result<Shown, MetaError> {
        let job = self.api.accounts.meta.job(self.id).await?;
        Shown::of(&self.api, job).await
    }

    /// The next state that is new; `None` at the end, where the job is gone, and where the daemon stops. Cancel-safe.
    async fn next(&mut self) -> Option<Change> {
        loop {
            if self.is_over {
                return None;
            }
            self.changes.borrow_and_update();
            match self.read().await {
                Ok(shown) if self.seen != Some(shown.job.version) => {
                    let version = shown.job.version;
                    let json = serde_json::to_string(&shown).ok()?;
                    self.seen = Some(version);
                    self.is_over = is_over(&shown);
                    return Some(Change { version, is_last: self.is_over, json });
                }
                Ok(shown) if is_over(&shown) => return None,
                // The database may be back at the next look.
                Ok(_) | Err(MetaError::Unavailable(_)) => {}
                Err(_) => return None,
            }
            tokio::select! {
                _ = self.changes.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.stop.cancelled() => return None,
            }
        }
    }
}

/// Whether nothing more happens to it by itself.
fn is_over(shown: &Shown) -> bool {
    let is_settled = |status| matches!(status, AnalysisStatus::Completed | AnalysisStatus::Failed);
    shown.job.has_ended() && shown.analyses.iter().all(|analysis| is_settled(analysis.status))
}
