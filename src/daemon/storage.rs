//! Opens what records are kept in: the spool, the engine or a server, the store; and settles the next id.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::alerts;
use crate::config::Config;
use crate::engine::supervisor::Supervisor;
use crate::engine_commands;
use crate::jobs;
use crate::spool::SpoolConfig;
use crate::spool::follower::Follower;
use crate::spool::ledger::Monitor;
use crate::spool::recovery::Recovered;
use crate::spool::writer::Spool;
use crate::store::{self, LogStore};

/// Ids of one daemon: its number in the high bits, below 2^53 in all.
const NODE_SHIFT: u32 = 43;
/// How long a start waits for the store where the spool itself knows the last id.
const STORE_WAIT: Duration = Duration::from_secs(5);
/// A store that takes a connection and does not answer within this is asked anew.
const STORE_ANSWER_MAX: Duration = Duration::from_secs(60);
/// Nothing is said of a store that is there within this.
const WARN_AFTER: Duration = Duration::from_secs(2);
const STORE_RETRY: Duration = Duration::from_millis(50);
const STORE_RETRY_MAX: Duration = Duration::from_secs(2);

pub(super) struct Storage {
    pub(super) spool: Spool,
    pub(super) monitor: Monitor,
    pub(super) follower: Follower,
    pub(super) uploads: Follower,
    pub(super) alerts: Follower,
    /// Records below it were written before this start.
    pub(super) first_new_id: u64,
    pub(super) store: LogStore,
    pub(super) engine: Option<Supervisor>,
}

impl Storage {
    pub(super) async fn open(config: &Config, tasks: &TaskTracker) -> anyhow::Result<Self> {
        let dir = &config.data_dir;
        std::fs::create_dir_all(dir).with_context(|| format!("make the data folder {}", dir.display()))?;
        let dir = std::path::absolute(dir).with_context(|| format!("resolve the data folder {}", dir.display()))?;
        let (mut spool, recovered) = open_spool(config, &dir)?;
        report(&recovered);

        let (client, engine) = match config.clickhouse_server() {
            Some(url) => (server_client(config, url), None),
            None => {
                let (client, engine) = engine_commands::start(&config.engine, &dir, tasks)?;
                (client, Some(engine))
            }
        };
        let store = LogStore::new(client, &config.clickhouse.database, config.query.clone());
        let first_id = (u64::from(config.node) << NODE_SHIFT) + 1;
        let last_id = (u64::from(config.node) + 1) << NODE_SHIFT;
        let stored = tokio::select! {
            stored = highest_stored(&store, first_id, last_id - 1, recovered.fresh) => stored?,
            file = unloadable(engine.as_ref()) => anyhow::bail!(
                "the engine library {} cannot be loaded: {}, or name a ClickHouse server in `clickhouse.url`",
                file.display(),
                if config.engine.library.as_os_str().is_empty() {
                    "remove it and run `logseal engine install`"
                } else {
                    "correct `engine.library`, or remove it and run `logseal engine install`"
                },
            ),
        };
        spool.raise_next_id(first_id.max(stored + 1)).context("number the records")?;
        let [follower, uploads, alerts] = spool
            .register([store::FOLLOWER, jobs::FOLLOWER, alerts::FOLLOWER])
            .context("open the cursors of the followers")?;
        let (monitor, first_new_id) = (spool.monitor(), spool.next_id());
        Ok(Self { monitor, first_new_id, spool, follower, uploads, alerts, store, engine })
    }
}

/// The embedded engine's library, if it is the store, as soon as it is clear that it can never start.
async fn unloadable(engine: Option<&Supervisor>) -> &Path {
    match engine {
        Some(engine) => engine.unloadable().await,
        None => std::future::pending().await,
    }
}

fn open_spool(config: &Config, dir: &Path) -> anyhow::Result<(Spool, Recovered)> {
    let spool = SpoolConfig {
        dir: dir.join("spool"),
        node: config.node,
        segment_rows_max: config.spool.segment_rows_max,
        segment_bytes_max: config.spool.segment_bytes_max,
        disk_bytes_max: config.spool.disk_bytes_max,
        disk_free_bytes_min: config.spool.disk_free_bytes_min,
    };
    Ok(Spool::open(spool)?)
}

fn server_client(config: &Config, url: &str) -> clickhouse::Client {
    clickhouse::Client::default()
        .with_url(url)
        .with_user(&config.clickhouse.user)
        .with_password(&config.clickhouse.password)
        .with_compression(clickhouse::Compression::None)
}

fn report(recovered: &Recovered) {
    if recovered.sealed > 0 {
        info!("recovered {} segments that are not stored yet", recovered.sealed);
    }
    for cut in &recovered.cuts {
        match &cut.kept {
            None => info!(segment.id = %cut.segment, "cut {} bytes of a write that had not been finished", cut.bytes),
            Some(kept) => warn!(
                segment.id = %cut.segment,
                "cut {} bytes that do not look like an unfinished write, records from {} on may have been in them; kept in {}",
                cut.bytes, cut.first_id, kept.display(),
            ),
        }
    }
    for loss in &recovered.losses {
        error!(
            segment.id = %loss.segment,
            "records {} to {} are damaged on disk and lost ({}); the original bytes are kept in {}",
            loss.first_id, loss.last_id,
            if loss.acknowledged { "they had been acknowledged" } else { "they may not have been acknowledged" },
            loss.kept.display(),
        );
    }
    for file in &recovered.repaired {
        warn!("a damaged segment was repaired; its original is kept in {}", file.display());
    }
    for gap in &recovered.gaps {
        warn!("ids {} to {} are missing from the spool", gap.start(), gap.end());
    }
    if recovered.sequence_damaged {
        warn!("the spool's sequence file was damaged; the next id is taken from the segments and the store");
    }
}

/// The greatest id in the store, so that a lost data folder hands no number out twice.
///
/// A fresh spool must know it, and waits. One with a history goes on by its own count if the store is away.
async fn highest_stored(store: &LogStore, first: u64, last: u64, fresh: bool) -> anyhow::Result<u64> {
    let started = Instant::now();
    let mut wait = STORE_RETRY;
    let mut said = String::new();
    loop {
        let answer = async {
            store.prepare().await?;
            store.max_id(first, last).await
        };
        let at_most = if fresh { STORE_ANSWER_MAX } else { STORE_WAIT };
        let error = match tokio::time::timeout(at_most, answer).await {
            Ok(Ok(id)) => return Ok(id),
            Ok(Err(error)) => anyhow::Error::new(error),
            Err(_) => anyhow::anyhow!("the store does not answer"),
        };
        if !fresh && started.elapsed() >= STORE_WAIT {
            warn!("starting without the store, records wait in the spool: {error:#}");
            return Ok(0);
        }
        let cause = format!("{error:#}");
        // Once for each cause, so that who mends the first one is told of the next.
        if started.elapsed() > WARN_AFTER && cause != said {
            warn!("waiting for the store: {cause}");
            said = cause;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(STORE_RETRY_MAX);
    }
}
