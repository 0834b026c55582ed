//! Whether the daemon works, its metrics, and a page that says what this is.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::database::PROBE_MAX;
use super::error::{ApiError, Envelope};
use super::openapi::parameters::HealthParameters;
use super::params::Params;
use super::shippers::elastic_probes;
use super::state::Api;
use crate::ingest::Rejected;

/// One state for all: whether it can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Condition {
    Up,
    Down,
}

/// Whether the spool takes records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Room {
    Up,
    Full,
}

/// All of it, or what `ready` and `live` ask for.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes JSON, is never made")]
enum HealthAnswer {
    Whole(Health),
    Brief(Brief),
}

/// All of it where the spool is full, an error otherwise.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes JSON, is never made")]
enum HealthRefused {
    Whole(Health),
    Refused(Envelope<'static>),
}

/// Whether it can be relied on, and nothing else.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Brief {
    /// `live` or `ready`.
    status: &'static str,
}

impl Brief {
    pub(super) const LIVE: Self = Self { status: "live" };
    const READY: Self = Self { status: "ready" };
}

#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`; `degraded`: records are taken in, but what needs the dependency that is down is not served; `full`: the spool takes no more
    /// records.
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    dependencies: Dependencies,
}

#[derive(Serialize, ToSchema)]
struct Dependencies {
    store: Store,
    /// The metadata database: accounts, settings, rules, the operation log.
    database: Database,
    /// Only where the embedded engine is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<Engine>,
    spool: Spool,
}

#[derive(Serialize, ToSchema)]
struct Store {
    state: Condition,
    /// The last id up to which search finds everything.
    stored_through: u64,
}

#[derive(Serialize, ToSchema)]
struct Database {
    state: Condition,
}

#[derive(Serialize, ToSchema)]
struct Engine {
    state: Condition,
    restarts: i64,
}

#[derive(Serialize, ToSchema)]
struct Spool {
    state: Room,
    bytes: u64,
    followers: Vec<Follower>,
}

/// What one follower has not taken yet.
#[derive(Serialize, ToSchema)]
struct Follower {
    name: String,
    passed_id: u64,
    segments: u64,
    records: u64,
    bytes: u64,
}

/// `GET /health`: 200 while records are taken in, 503 otherwise, with the state of each dependency where the spool is full. `?live` only
/// says that the process answers.
#[utoipa::path(
    get,
    path = "/api/v1/health",
    tag = "System",
    operation_id = "get_health",
    summary = "Whether the daemon works",
    params(HealthParameters),
    responses(
        (status = 200, description = "Records are taken in; `status` alone with `ready` or `live`", body = HealthAnswer),
        (
            status = 503,
            description = "None are taken in: the spool is full (with `ready` an error), or the daemon stops (an error)",
            body = HealthRefused
        )
    )
)]
pub(super) async fn health(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let (only_live, only_ready) = (params.flag("live"), params.flag("ready"));
    params.finish()?;
    if only_live {
        return Ok(Json(Brief::LIVE).into_response());
    }
    if api.stop.is_cancelled() {
        return Err(ApiError::unavailable("the daemon is stopping", 5));
    }
    let is_full = is_full(&api);
    if only_ready && is_full {
        return Err(Rejected::SpoolFull.into());
    }
    if only_ready {
        return Ok(Json(Brief::READY).into_response());
    }
    let dependencies = dependencies(&api).await;
    let needed = [dependencies.store.state, dependencies.database.state];
    let is_degraded = needed.contains(&Condition::Down);
    let (code, status) = match (is_full, is_degraded) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "full"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ok"),
    };
    let health = Health {
        status,
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: api.started.elapsed().as_secs(),
        dependencies,
    };
    let mut response = (code, [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response();
    if is_full {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    Ok(response)
}

/// Whether records are refused for want of room. That a group was refused is known; that there is room again is looked for, so that it is
/// told to who sends nothing before.
pub(super) fn is_full(api: &Api) -> bool {
    api.metrics.spool_full.get() > 0
}

async fn dependencies(api: &Api) -> Dependencies {
    let stats = api.monitor.stats();
    let lag = api.monitor.lag();
    let engine =
        Engine { state: condition(api.metrics.engine_up.get() > 0), restarts: api.metrics.engine_restarts.get() };
    let (store, database) = tokio::join!(store_answers(api), api.database.answers(&api.accounts.meta));
    Dependencies {
        database: Database { state: condition(database) },
        store: Store { state: condition(store), stored_through: *api.stored.borrow() },
        engine: api.engine.then_some(engine),
        spool: Spool {
            state: if is_full(api) { Room::Full } else { Room::Up },
            bytes: stats.disk_bytes(),
            followers: lag
                .into_iter()
                .map(|lag| Follower {
                    name: lag.follower,
                    passed_id: lag.passed_id,
                    segments: lag.segments,
                    records: lag.rows,
                    bytes: lag.bytes,
                })
                .collect(),
        },
    }
}

async fn store_answers(api: &Api) -> bool {
    // No record has the id 0, so the index answers this without reading one.
    let probe = tokio::time::timeout(PROBE_MAX, api.store.max_id(0, 0)).await;
    matches!(probe, Ok(Ok(_)))
}

fn condition(is_up: bool) -> Condition {
    if is_up { Condition::Up } else { Condition::Down }
}

/// `GET /metrics`, in OpenMetrics text.
#[utoipa::path(
    get,
    path = "/api/v1/metrics",
    tag = "System",
    operation_id = "get_metrics",
    summary = "Metrics for Prometheus",
    security(("bearer" = ["auditor", "read"])),
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"))
)]
pub(super) async fn metrics(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], api.metrics.render()).into_response())
}

/// `GET /`. Clients of Elasticsearch ask here what they have before them.
pub(super) async fn front_page(headers: HeaderMap) -> Response {
    const TEXT: &str = concat!(
        "logseal ",
        env!("CARGO_PKG_VERSION"),
        ": log records in over syslog and HTTP, durable when acknowledged, stored once, searched here.\n\n",
        "Send a record:\n",
        "  curl http://HOST/api/v1/logs -H 'Content-Type: application/json' \\\n",
        "    -d '{\"source\":\"demo\",\"level\":\"INFO\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"message\":\"hello\"}'\n",
        "Find it:\n",
        "  curl 'http://HOST/api/v1/logs?q=hello'\n",
        "All records as CSV:\n",
        "  curl -OJ 'http://HOST/api/v1/logs/export'\n\n",
        "All of the API: /docs\n\n",
        "/api/v1/health   /api/v1/metrics\n",
    );
    if elastic_probes::asks_for_elasticsearch(&headers) {
        return elastic_probes::greeting();
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], TEXT).into_response()
}
