//! The router with a real spool behind it and a store that cannot be reached.

mod accounts;
mod alerts;
mod around;
mod elastic;
mod errors;
mod full;
mod gates;
mod ingestion;
mod live_tail;
mod otlp;
mod people;
mod registration;
mod roles;
mod rules;
mod shippers;
mod splunk;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use axum::routing::MethodRouter;
use http_body_util::BodyExt as _;
use logseal_parsers::custom::Pattern;
use logseal_parsers::{CustomFormat, Formats};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::live_settings::LiveSettings;
use super::{Accounts, ApiState, Routers, router};
use crate::alerts::Alerts;
use crate::auth::secret;
use crate::auth::server_secret::ServerSecret;
use crate::config;
use crate::ingest::{Ingest, Limits, Sequencer, Tail};
use crate::jobs::Jobs;
use crate::meta::{Actor, Location, Meta, NewToken, Scope};
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::settings::Settings;
use crate::spool::SpoolConfig;
use crate::spool::follower::Follower;
use crate::spool::writer::Spool;
use crate::store::LogStore;

/// How long anything may take that is waited for.
const DEADLINE: Duration = Duration::from_secs(20);

/// A token that may do everything a token can.
const TOKEN: &str = "ls_0123456789012345678901234567890123456789012";

async fn open_accounts(dir: &std::path::Path) -> Accounts {
    let meta = Meta::open(&Location::Sqlite(dir.join("meta.sqlite")), 0).await.unwrap();
    let token = NewToken {
        name: "test",
        secret_hash: secret::hash(TOKEN),
        prefix: "ls_0123",
        scopes: [Scope::Ingest, Scope::Read, Scope::Admin].into_iter().collect(),
        source: None,
        rate_limit: None,
        expires_at: None,
    };
    meta.create_token(&token, &Actor::default(), crate::clock::now()).await.unwrap();
    let secret = ServerSecret::given("0123456789abcdef0123456789abcdef").unwrap();
    Accounts::new(meta, secret, None, &config::auth::Auth::default())
}

struct App {
    router: axum::Router,
    otlp_grpc: axum::Router,
    accounts: Accounts,
    metrics: Metrics,
    /// What the store's follower would say.
    stored: watch::Sender<u64>,
    stop: CancellationToken,
    /// Moves only where a test moves it: nothing is stored.
    follower: Follower,
    _dir: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl App {
    fn new() -> Self {
        Self::with(|_| {}, u64::MAX)
    }

    /// With a changed configuration of the API, and a spool of at most `spool_bytes_max`.
    fn with(change: impl FnOnce(&mut config::api::Api), spool_bytes_max: u64) -> Self {
        Self::with_all(change, spool_bytes_max, |_| {})
    }

    fn with_accounts(change: impl FnOnce(&mut Accounts)) -> Self {
        Self::with_all(|_| {}, u64::MAX, change)
    }

    fn with_all(
        change: impl FnOnce(&mut config::api::Api),
        spool_bytes_max: u64,
        change_accounts: impl FnOnce(&mut Accounts),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spool = SpoolConfig {
            dir: dir.path().join("spool"),
            node: 0,
            segment_rows_max: 1_000_000,
            segment_bytes_max: 64 << 20,
            disk_bytes_max: spool_bytes_max,
            disk_free_bytes_min: 0,
        };
        let (mut spool, _) = Spool::open(spool).unwrap();
        let [follower] = spool.register(["store"]).unwrap();
        let monitor = spool.monitor();
        let (metrics, tail, stop) = (Metrics::new(), Tail::new(), CancellationToken::new());
        let (ingest, queue) = Ingest::new(8 << 20, Duration::from_millis(500));
        let limits = Limits { group_bytes_max: 1 << 20, seal_after: Duration::from_secs(60) };
        let sequencer = Sequencer::new(spool, limits, metrics.clone(), tail.clone());
        let runtime = tokio::runtime::Handle::current();
        let runtime_for_accounts = runtime.clone();
        std::thread::spawn(move || drop(sequencer.run(queue, &runtime)));
        let mut api = config::api::Api::default();
        change(&mut api);
        // Nothing listens at port 1.
        let client = clickhouse::Client::default().with_url("http://127.0.0.1:1");
        let (stored, watermark) = watch::channel(0);
        let mut accounts = tokio::task::block_in_place(|| runtime_for_accounts.block_on(open_accounts(dir.path())));
        change_accounts(&mut accounts);
        let settings = LiveSettings::open(accounts.meta.clone(), Settings::defaults(184));
        let settings = tokio::task::block_in_place(|| runtime_for_accounts.block_on(settings)).unwrap();
        let objects = Objects::open(&config::storage::Storage::default(), dir.path()).unwrap();
        let (uploads, analysers) = (config::uploads::Uploads::default(), config::uploads::Analysers::default());
        let jobs = Jobs::new(
            accounts.meta.clone(),
            objects,
            uploads,
            analysers,
            logseal_parsers::Formats::default(),
            dir.path().join("uploads"),
        );
        let Routers { api: router, otlp_grpc } = router::routers(ApiState {
            store: LogStore::new(client, "logseal", config::stages::Query::default()),
            ingest,
            tail,
            metrics: metrics.clone(),
            accounts: accounts.clone(),
            settings,
            config: Arc::new(api),
            formats: own_formats(),
            query: config::stages::Query::default(),
            stored: watermark,
            engine: false,
            jobs,
            alerts: Alerts::default(),
            rule_limits: crate::alerts::limits(&config::alerts::Alerts::default()),
            mail: false,
            node: 0,
            monitor,
            stop: stop.clone(),
            side: tokio_util::task::TaskTracker::new(),
        });
        Self { router, otlp_grpc, accounts, metrics, stored, stop, follower, _dir: dir }
    }

    /// With one route of the test's own instead of all others, and everything around it that those have.
    fn around(self, path: &str, route: MethodRouter, change: impl FnOnce(&mut config::api::Api)) -> Self {
        let mut config = config::api::Api::default();
        change(&mut config);
        let router = router::surround(axum::Router::new().route(path, route), self.metrics.clone(), &config);
        Self { router, ..self }
    }

    async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.answer(request).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, &[], Body::empty())).await
    }

    async fn post_json(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(request(Method::POST, path, &[("content-type", "application/json")], body.into())).await
    }
}

fn request(method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.header("authorization", format!("Bearer {TOKEN}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// A format of the tests' own.
fn own_formats() -> Formats {
    let pattern = Pattern::compile("^%{WORD:app}> %{GREEDYDATA:message}", &[]).unwrap();
    Formats::new([CustomFormat::new("shop", pattern)])
}

fn record(message: &str) -> String {
    format!(r#"{{"source":"A","level":"INFO","timestamp":"2026-11-20T10:20:30Z","message":"{message}"}}"#)
}
