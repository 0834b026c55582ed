//! The daemon from start to stop, in order: the table of contents of the process.

mod alerting;
mod audit;
mod banner;
mod certificates;
mod housekeeping;
mod people;
mod retention;
mod starting;
mod storage;

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::alerts::Alerts;
use crate::api::{self, ApiState, LiveSettings, Routers};
use crate::auth::secret::Secret;
use crate::clock::now;
use crate::config::Config;
use crate::config::otlp::Otlp;
use crate::engine::child;
use crate::http_server::HttpServer;
use crate::ingest::{Ingest, Limits, Poisoned, Sequencer, Tail};
use crate::jobs::{self, AnalyserClient, Follow, Holdback, Jobs, Pipeline, schedule};
use crate::meta::{Action, Actor};
use crate::metrics::Metrics;
use crate::objects::Objects;
use crate::printing::print;
use crate::settings::Settings;
use crate::sources::{Listener, TokenBook};
use crate::telemetry::chain;
use crate::tls::{Certificates, Protocol};

use alerting::Alerting;
use banner::Listening;
use people::People;
use starting::Starting;
use storage::Storage;

use certificates::check_certificates;
use people::check_admin_password;

/// A stop does not wait longer for the metadata database.
const TELL_STOP_MAX: Duration = Duration::from_secs(2);

/// Why the daemon ended.
enum End {
    Asked(&'static str),
    SpoolPoisoned,
}

/// What the start would refuse though each key has a value that it can have.
///
/// # Errors
/// The key that is wrong, and why.
pub fn check_configuration(config: &Config) -> anyhow::Result<()> {
    check_certificates(config)?;
    check_admin_password(config)
}

/// Runs the daemon until it is asked to stop, or cannot go on.
///
/// # Errors
/// It could not start, or the spool could not be written any more.
pub async fn run(config: Config) -> anyhow::Result<()> {
    child::raise_open_files();
    let metrics = Metrics::new();
    let tail = Tail::new();

    // Everything that can be wrong with the configuration comes before the first record.
    check_configuration(&config)?;
    let api_listener = TcpListener::bind(config.api.listen)
        .await
        .with_context(|| format!("listen for the API on {}", config.api.listen))?;
    let api_address = api_listener.local_addr().context("ask for the API's own address")?;
    let certificates = config.api.tls.as_ref().map(|tls| Certificates::load(tls, Protocol::Http1)).transpose();
    let certificates = certificates.context("set up TLS for the API")?;
    let formats = config.formats();
    let mut listeners = Vec::new();
    for listener in config.syslog.iter().chain(&config.listener) {
        listeners.push(Listener::bind(listener, formats.find(listener.format())?).await?);
    }
    let otlp_grpc = match &config.otlp {
        Some(otlp) => Some(bind_otlp_grpc(otlp).await?),
        None => None,
    };
    let mut signals = Signals::listen()?;
    let side = TaskTracker::new();
    let starting = Starting::serve(&api_listener, &config.api, metrics.clone(), &side)?;
    let storage = tokio::select! {
        storage = Storage::open(&config, &side) => storage?,
        name = signals.next() => {
            info!("stopping on {name} before the start was complete");
            return Ok(());
        }
    };

    let stop = CancellationToken::new();
    let people = tokio::select! {
        people = People::open(&config, &stop) => people?,
        name = signals.next() => {
            info!("stopping on {name} before the metadata database was there");
            if let Some(engine) = storage.engine {
                engine.stop().await;
            }
            return Ok(());
        }
    };
    let People { accounts, first_password } = people;
    let meta = accounts.meta.clone();
    let settings = LiveSettings::open(meta.clone(), Settings::defaults(config.retention.days.get()))
        .await
        .context("read the settings")?;
    meta.record(Action::DaemonStarted, None, json!({ "version": env!("CARGO_PKG_VERSION") }), &Actor::default(), now())
        .await
        .context("write the start into the operation log")?;

    let alerts = Alerts::default();
    let (ingest, queue) =
        Ingest::new(config.ingest.queue_bytes_max, Duration::from_millis(config.ingest.queue_wait_ms));
    let limits = Limits {
        group_bytes_max: config.ingest.group_bytes_max,
        seal_after: Duration::from_millis(config.ingest.seal_after_ms),
    };
    let (poisoned_sender, poisoned) = oneshot::channel();
    let sequencer = {
        let sequencer = Sequencer::new(storage.spool, limits, metrics.clone(), tail.clone());
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("sequencer".to_owned())
            .spawn(move || {
                let ended = sequencer.run(queue, &runtime);
                if ended.is_err() {
                    // The daemon may be stopping already.
                    poisoned_sender.send(()).ok();
                }
                ended
            })
            .context("start the sequencer")?
    };

    let give_up = CancellationToken::new();
    let watermark = storage.follower.watermark();
    let follower = side.spawn(storage.store.clone().follow(
        storage.follower,
        storage.monitor.clone(),
        metrics.clone(),
        give_up.clone(),
    ));

    let (run_sender, runs) = mpsc::channel(retention::RUNS_MAX);
    side.spawn(retention::retain(storage.store.clone(), settings.watch(), run_sender, retention::PACE, stop.clone()));
    side.spawn(retention::report(runs, meta.clone(), stop.clone()));
    side.spawn(settings.clone().follow(stop.clone()));
    side.spawn(housekeeping::watch_spool(storage.monitor.clone(), metrics.clone(), stop.clone()));
    if let Some(engine) = &storage.engine {
        side.spawn(housekeeping::watch_engine(engine.state(), metrics.clone(), stop.clone()));
        side.spawn(housekeeping::record_engine_restarts(engine.state(), meta.clone(), stop.clone()));
    }

    side.spawn(people::keep(accounts.clone(), stop.clone()));

    let alerts_end = CancellationToken::new();
    let public_url = public_url(&config, api_address);
    let alerting = Alerting {
        follower: storage.alerts,
        alerts: alerts.clone(),
        meta: meta.clone(),
        settings: settings.watch(),
        monitor: storage.monitor.clone(),
        metrics: metrics.clone(),
    };
    let alerts_follower =
        alerting.start(&config, &public_url, &side, &stop, &alerts_end).await.context("start the alert rules")?;

    let uploads_end = CancellationToken::new();
    let holdback = Holdback::default();
    let follow = Follow {
        follower: storage.uploads,
        meta: meta.clone(),
        holdback: holdback.clone(),
        first_new_id: storage.first_new_id,
    };
    let (reconciled, follow) = follow.start(uploads_end.clone());
    let uploads_follower = side.spawn(follow);
    let objects = Objects::open(&config.storage, &config.data_dir).context("open the storage of uploaded files")?;
    let copies = config.data_dir.join("uploads");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&copies)
        .with_context(|| format!("make the folder {} for copies of uploaded files", copies.display()))?;
    let jobs =
        Jobs::new(meta.clone(), objects, config.uploads.clone(), config.analysers.clone(), formats.clone(), copies);

    let sources = TaskTracker::new();
    if config.operation_log.publish {
        sources.spawn(audit::publish(meta.clone(), ingest.clone(), stop.clone()));
    }
    let pipeline = Pipeline {
        ingest: ingest.clone(),
        metrics: metrics.clone(),
        monitor: storage.monitor.clone(),
        stored: watermark.clone(),
        holdback,
    };
    sources.spawn(schedule(jobs.clone(), pipeline, reconciled, stop.clone()));
    let analysers = AnalyserClient::new(&public_url);
    side.spawn(jobs::tell(jobs.clone(), analysers, stop.clone()));
    let book =
        TokenBook::open(listeners.iter().map(Listener::config), meta.clone(), Arc::clone(&accounts.limits)).await;
    let listening: Vec<Listening> = listeners.iter().map(describe).collect();
    for listener in listeners {
        sources.spawn(listener.run(ingest.clone(), metrics.clone(), book.clone(), stop.clone()));
    }
    side.spawn(book.keep(stop.clone()));
    let state = ApiState {
        store: storage.store.clone(),
        ingest,
        tail,
        metrics: metrics.clone(),
        accounts,
        settings,
        config: Arc::new(config.api.clone()),
        formats,
        query: config.query.clone(),
        stored: watermark,
        engine: storage.engine.is_some(),
        jobs: jobs.clone(),
        alerts: alerts.clone(),
        rule_limits: crate::alerts::limits(&config.alerts),
        mail: config.smtp.is_some(),
        node: config.node,
        monitor: storage.monitor.clone(),
        stop: stop.clone(),
        side: side.clone(),
    };
    let deadline = Duration::from_secs(config.shutdown_seconds);
    let Routers { api: router, otlp_grpc: grpc_router } = api::routers(state);
    let server = HttpServer { listener: api_listener, certificates, router, protocol: Protocol::Http1 };
    // Moved even where it is not served: a router holds a handle of the queue, which ends only without any.
    let otlp_grpc = otlp_grpc.map(move |(listener, address, certificates)| {
        (HttpServer { listener, certificates, router: grpc_router, protocol: Protocol::Http2 }, address)
    });
    let (grpc_server, otlp_grpc_address) = otlp_grpc.unzip();
    starting.end().await?;
    for server in [Some(server), grpc_server].into_iter().flatten() {
        let (api, stop) = (config.api.clone(), stop.clone());
        sources.spawn(async move { server.serve(&api, stop, deadline / 2).await });
    }

    print_banner(api_address, &listening, otlp_grpc_address, &config, first_password.as_ref());
    let end = tokio::select! {
        name = signals.next() => End::Asked(name),
        // Told, or dropped by a panic: either way nothing is written any more.
        _ = poisoned => End::SpoolPoisoned,
    };
    match end {
        End::Asked(name) => info!("stopping on {name}"),
        End::SpoolPoisoned => error!("stopping: the spool cannot be written"),
    }

    let daemon = Actor::default();
    let told = meta.record(Action::DaemonStopped, None, json!({}), &daemon, now());
    if !matches!(tokio::time::timeout(TELL_STOP_MAX, told).await, Ok(Ok(_))) {
        warn!("the stop could not be written into the operation log");
    }
    // Sources finish whole frames and the API its requests; with them the last handles of the queue go.
    let started_stopping = tokio::time::Instant::now();
    stop.cancel();
    sources.close();
    if tokio::time::timeout(deadline, sources.wait()).await.is_err() {
        warn!("sources did not end within {deadline:?}");
    }
    // The sequencer drains the queue, seals, and drops the spool, which lets the follower run out.
    let sequenced = tokio::task::spawn_blocking(move || sequencer.join()).await.context("join the sequencer")?;
    let left = deadline.saturating_sub(started_stopping.elapsed());
    let mut follower = follower;
    if tokio::time::timeout(left, &mut follower).await.is_err() {
        warn!("the store did not take everything in time: the rest waits in the spool for the next start");
        give_up.cancel();
        follower.await.context("join the store's follower")?;
    }
    if tokio::time::timeout(TELL_STOP_MAX, jobs.objects().settle()).await.is_err() {
        warn!("the storage of uploaded files did not answer: parts of unfinished uploads may be left there");
    }
    // Where a job could not note how far it came, the next start finds it in what is left.
    if tokio::time::timeout(TELL_STOP_MAX, uploads_follower).await.is_err() {
        uploads_end.cancel();
    }
    // What it has not evaluated waits in the spool.
    if tokio::time::timeout(TELL_STOP_MAX, alerts_follower).await.is_err() {
        alerts_end.cancel();
    }
    if let Some(engine) = storage.engine {
        engine.stop().await;
    }
    side.close();
    side.wait().await;
    meta.close().await;
    info!("stopped");
    match sequenced {
        Ok(ended) => ended.map_err(|error: Poisoned| anyhow::Error::new(error)),
        Err(_) => anyhow::bail!("the sequencer panicked"),
    }
}

/// Where others reach the API, without a slash at its end.
fn public_url(config: &Config, listening: SocketAddr) -> String {
    let scheme = if config.api.tls.is_some() { "https" } else { "http" };
    match config.uploads.public_url.trim_end_matches('/') {
        "" => format!("{scheme}://{listening}"),
        url => url.to_owned(),
    }
}

async fn bind_otlp_grpc(otlp: &Otlp) -> anyhow::Result<(TcpListener, SocketAddr, Option<Certificates>)> {
    let what = || format!("listen for OTLP over gRPC on {}", otlp.grpc);
    let listener = TcpListener::bind(otlp.grpc).await.with_context(what)?;
    let address = listener.local_addr().with_context(what)?;
    let certificates = otlp.tls.as_ref().map(|tls| Certificates::load(tls, Protocol::Http2)).transpose();
    Ok((listener, address, certificates.with_context(what)?))
}

fn describe(listener: &Listener) -> Listening {
    let config = listener.config();
    Listening {
        protocol: config.protocol,
        transport: config.transport,
        address: listener.address(),
        source: config.source().to_owned(),
    }
}

fn print_banner(
    api: SocketAddr,
    listening: &[Listening],
    otlp_grpc: Option<SocketAddr>,
    config: &Config,
    first_password: Option<&(&'static str, Secret)>,
) {
    let store =
        config.clickhouse_server().map_or_else(|| "embedded engine".to_owned(), |url| format!("ClickHouse at {url}"));
    let data_dir = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    let scheme = if config.api.tls.is_some() { "https" } else { "http" };
    let text = banner::text(&format!("{scheme}://{api}"), listening, otlp_grpc, &data_dir, &store, first_password);
    // Nothing that takes records needs it; a drawn password was shown before its account was made.
    if let Err(error) = print(text) {
        warn!("the start's summary is not shown: {}", chain(&error));
    }
}

/// The signals that ask the daemon to stop.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listen for SIGINT")?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
