//! Alerts as they change, and how the daemon is, once a second.

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::super::error::ApiError;
use super::super::openapi::bodies::EventShape;
use super::super::standing::Standing;
use super::super::state::Api;
use super::super::watching::{Place, Upgrade, event_stream, last_event_id, no_parameters, tell, web_socket};
use crate::meta::{Alert, MetaError};

/// Alerts that other daemons changed are looked for this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Something is said this often, so that dead connections are found.
const HEARTBEAT: Duration = Duration::from_secs(15);
const STATUS_EVERY: Duration = Duration::from_secs(1);
/// Changed alerts that are read at once.
const ALERTS_MAX: u32 = 100;
const WELCOME: Bytes = Bytes::from_static(b": logseal alerts\nretry: 2000\n\n");
const BEAT: Bytes = Bytes::from_static(b":\n\n");

/// `GET /alerts/stream`: every alert that is raised or changed from now on, or from `Last-Event-ID` on, as it is then.
#[utoipa::path(
    get,
    path = "/api/v1/alerts/stream",
    tag = "Alerts",
    operation_id = "watch_alerts",
    summary = "Alerts as they are raised and changed",
    security(("bearer" = ["auditor", "read"])),
    params(
        ("access_token" = Option<String>, Query, description = "The credentials, where no header can be sent"),
        ("Last-Event-ID" = Option<i64>, Header, description = "Goes on behind this change"),
    ),
    responses((status = 200, description = "Server-sent events `alert`", body = EventShape, content_type = "text/event-stream"))
)]
pub(in crate::api) async fn stream(
    State(api): State<Api>,
    standing: Standing,
    request: Request,
) -> Result<Response, ApiError> {
    no_parameters(&request)?;
    let place = Place::take(&api)?;
    let current = api.accounts.meta.alerts_version().await?;
    // One that is yet to come is of a database that was restored since.
    let seen: Option<i64> = last_event_id(request.headers(), "an event of this stream")?;
    let seen = seen.map_or(current, |seen| seen.min(current));
    let changes = Changes {
        seen,
        ready: VecDeque::new(),
        changes: api.alerts.changes(),
        stop: api.stop.clone(),
        api: api.clone(),
    };
    let events = stream::unfold((Some(WELCOME), changes, place), |(ready, mut changes, place)| async move {
        let event = match ready {
            Some(event) => event,
            None => match tokio::time::timeout(HEARTBEAT, changes.next()).await {
                Ok(Some(alert)) => event(&alert)?,
                Ok(None) => return None,
                Err(_) => BEAT,
            },
        };
        Some((Ok(event), (None, changes, place)))
    });
    Ok(event_stream(&api, standing, events))
}

fn event(alert: &Alert) -> Option<Bytes> {
    let json = serde_json::to_string(alert).ok()?;
    Some(Bytes::from(format!("event: alert\nid: {}\ndata: {json}\n\n", alert.version)))
}

/// Alerts in the order of their changes, each as it was when it was read.
struct Changes {
    api: Api,
    seen: i64,
    ready: VecDeque<Alert>,
    changes: watch::Receiver<u64>,
    stop: CancellationToken,
}

impl Changes {
    /// The next one; `None` where the daemon stops. Cancel-safe.
    async fn next(&mut self) -> Option<Alert> {
        loop {
            if let Some(alert) = self.ready.pop_front() {
                return Some(alert);
            }
            self.changes.borrow_and_update();
            match self.api.accounts.meta.alerts_since(self.seen, ALERTS_MAX).await {
                Ok(alerts) if !alerts.is_empty() => {
                    self.seen = alerts.last().map_or(self.seen, |alert| alert.version);
                    self.ready.extend(alerts);
                    continue;
                }
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

/// `WS /ws/status`: rates, the queue, the spool, the store and open alerts, once a second.
#[utoipa::path(
    get,
    path = "/api/v1/ws/status",
    tag = "System",
    operation_id = "watch_status",
    summary = "How the daemon is, once a second, over a WebSocket",
    security(("bearer" = ["auditor", "read"])),
    params(("access_token" = Option<String>, Query, description = "The credentials, where no header can be sent")),
    responses((status = 101, description = "A WebSocket that is sent texts of JSON: rates, the spool, the store, open alerts"))
)]
pub(in crate::api) async fn status(
    State(api): State<Api>,
    standing: Standing,
    upgrade: Upgrade,
    request: Request,
) -> Result<Response, ApiError> {
    no_parameters(&request)?;
    let upgrade = web_socket(upgrade)?;
    let place = Place::take(&api)?;
    Ok(upgrade.on_upgrade(move |socket| async move {
        let states = states(api.clone());
        tell(socket, api, standing, states, "nothing more is told").await;
        drop(place);
    }))
}

/// A state each second.
fn states(api: Api) -> impl Stream<Item = String> + Send {
    let mut ticks: Interval = tokio::time::interval_at(tokio::time::Instant::now() + STATUS_EVERY, STATUS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let before = (api.metrics.acked.get(), tokio::time::Instant::now());
    stream::unfold((api, ticks, before), |(api, mut ticks, before)| async move {
        ticks.tick().await;
        let after = (api.metrics.acked.get(), tokio::time::Instant::now());
        let seconds = (after.1 - before.1).as_secs_f64();
        let rate = (after.0.saturating_sub(before.0)) as f64 / seconds;
        let text = now(&api, rate).await.to_string();
        Some((text, (api, ticks, after)))
    })
}

async fn now(api: &Api, records_per_second: f64) -> Value {
    let stats = api.monitor.stats();
    let behind: serde_json::Map<String, Value> = api
        .monitor
        .lag()
        .into_iter()
        .map(|lag| (lag.follower, json!({ "records": lag.rows, "bytes": lag.bytes })))
        .collect();
    // Null where the database does not answer: better than none, or a stream that ends.
    let alerts = api.accounts.meta.open_alerts().await.ok().map(|open| {
        open.into_iter()
            .map(|(severity, count)| (severity.to_string(), json!(count)))
            .collect::<serde_json::Map<_, _>>()
    });
    json!({
        "records_per_second": records_per_second.round(),
        "records_acknowledged": api.metrics.acked.get(),
        "records_stored": api.metrics.stored.get(),
        "records_dropped": api.metrics.dropped_total(),
        "spool": { "bytes": stats.disk_bytes(), "last_id": stats.last_id, "behind": behind },
        "store": { "stored_through": *api.stored.borrow(), "engine_up": api.engine.then(|| api.metrics.engine_up.get() > 0) },
        "open_alerts": alerts,
    })
}
