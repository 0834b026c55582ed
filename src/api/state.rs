//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use logseal_parsers::Formats;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::accounts::Accounts;
use super::cluster_names::ClusterNames;
use super::database::DatabaseProbe;
use super::error::ApiError;
use super::letters::Letters;
use super::live_settings::LiveSettings;
use super::recording::RecordedCounts;
use crate::alerts::Alerts;
use crate::config;
use crate::ingest::{Ingest, Tail};
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::rules::limits::Limits;
use crate::spool::ledger::Monitor;
use crate::store::LogStore;

/// How long a read waits for its turn before it is told 503.
const TURN_WAIT: Duration = Duration::from_secs(2);
/// Whole bodies in memory at once take at most this many times the largest one.
const BODIES_HELD_MAX: usize = 4;
/// The room for whole bodies is counted in units of this many bytes.
pub(super) const BODY_UNIT_BYTES: usize = 1024;

/// What the API is built from.
#[derive(Clone)]
pub struct ApiState {
    pub store: LogStore,
    pub ingest: Ingest,
    pub tail: Tail,
    pub metrics: Metrics,
    pub accounts: Accounts,
    pub settings: LiveSettings,
    pub config: Arc<config::api::Api>,
    /// The formats that requests can name.
    pub formats: Formats,
    pub query: config::stages::Query,
    /// The id of the last record that the store has taken: up to it, search finds everything.
    pub stored: watch::Receiver<u64>,
    /// Whether the embedded engine is used, and so its state shown.
    pub engine: bool,
    /// Uploads.
    pub jobs: Jobs,
    pub alerts: Alerts,
    /// What rules that are tried may remember, as those in use.
    pub rule_limits: Limits,
    /// Whether mail can be sent.
    pub mail: bool,
    /// This daemon's number.
    pub node: u16,
    /// The spool's figures.
    pub monitor: Monitor,
    /// Cancelled when the daemon begins to stop.
    pub stop: CancellationToken,
    /// What goes on after an answer; the daemon waits for it.
    pub side: TaskTracker,
}

/// [`ApiState`] with the bounds that all requests share. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Api(Arc<Shared>);

pub(super) struct Shared {
    state: ApiState,
    pub(super) started: Instant,
    reads: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    tails: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    listings: Arc<Semaphore>,
    /// Room for bodies that are held whole, in units of [`BODY_UNIT_BYTES`].
    pub(super) bodies: Arc<Semaphore>,
    pub(super) letters: Letters,
    pub(super) cluster_names: ClusterNames,
    pub(super) recorded_counts: RecordedCounts,
    pub(super) database: DatabaseProbe,
}

impl Api {
    pub(super) fn new(state: ApiState) -> Self {
        let reads = state.query.concurrent_max.get();
        let body_units = (state.config.body_bytes_max / BODY_UNIT_BYTES + 1).saturating_mul(BODIES_HELD_MAX);
        Self(Arc::new(Shared {
            started: Instant::now(),
            reads: Arc::new(Semaphore::new(reads)),
            // An export may last an hour: it must not take the place of every search.
            exports: Arc::new(Semaphore::new(reads.div_ceil(2))),
            tails: Arc::new(Semaphore::new(state.config.tails_max)),
            uploads: Arc::new(Semaphore::new(state.jobs.limits().receiving_max.get())),
            listings: Arc::new(Semaphore::new(state.jobs.limits().listing_max.get())),
            bodies: Arc::new(Semaphore::new(body_units.min(Semaphore::MAX_PERMITS))),
            letters: Letters::new(state.stop.clone()),
            cluster_names: ClusterNames::default(),
            recorded_counts: RecordedCounts::default(),
            database: DatabaseProbe::default(),
            state,
        }))
    }

    /// A turn to query the store, held until the answer is made.
    pub(super) async fn read_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        turn(&self.0.reads, "too many queries are running").await
    }

    /// A turn to export, held until the last byte is sent.
    pub(super) async fn export_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        turn(&self.0.exports, "too many exports are running").await
    }

    /// A place among the uploads, held until the file is kept.
    pub(super) fn upload_place(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = Arc::clone(&self.0.uploads).try_acquire_owned();
        place.map_err(|_| ApiError::unavailable("too many files are being uploaded: try again soon", 10))
    }

    /// A turn to look into an uploaded file, held until all of it was looked at.
    pub(super) async fn listing_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        turn(&self.0.listings, "too many uploads are being listed").await
    }

    /// A place among the live tails, held until the reader leaves.
    pub(super) fn tail_place(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = Arc::clone(&self.0.tails).try_acquire_owned();
        place.map_err(|_| ApiError::unavailable("too many live tails are open", 10))
    }
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Deref for Shared {
    type Target = ApiState;

    fn deref(&self) -> &ApiState {
        &self.state
    }
}

async fn turn(turns: &Arc<Semaphore>, busy: &str) -> Result<OwnedSemaphorePermit, ApiError> {
    let turn = tokio::time::timeout(TURN_WAIT, Arc::clone(turns).acquire_owned()).await;
    match turn {
        Ok(Ok(permit)) => Ok(permit),
        // The semaphores are never closed; a late turn is the only way here.
        Ok(Err(_)) | Err(_) => Err(ApiError::unavailable(format!("{busy}: try again soon"), 1)),
    }
}
