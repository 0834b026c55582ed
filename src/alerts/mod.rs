//! Alerts: the spool's follower that evaluates rules, and the delivery of what it finds.
//!
//! ```text
//! sealed segment ─ rules::Evaluator ─ effects ─► meta: alerts, faults, outbox ─► deliver ─ notify ─► channels
//!                       (follow)                 (one transaction, once)
//! ```
//!
//! **Once.** All effects of a segment are applied in one transaction, with this daemon's cursor. What the evaluator remembers is written
//! into a file (`saved`) before the spool's cursor moves. After a crash the evaluator goes on from that file and sees the segments behind it
//! again; since it is deterministic, their effects are the same, and those up to the cursor in `meta` are not applied again. That an alert
//! goes on is told with the number of all its records, so that it may be told again, and later: while more than a hundred alerts go on, they
//! are told together every five seconds, which keeps a storm of alerts from taking more than the records that it is about.
//!
//! **Closed.** Alerts that people resolved while they lasted are closed before each segment is judged (`closing`): the next record that
//! satisfies the rule raises a new one.
//!
//! **Apart.** Nothing here is waited for by those who take records in. While the metadata database is away, effects are kept, with the
//! evaluator's state, and applied when it is back.

mod backtest;
mod closing;
mod deliver;
mod effects;
mod follow;
mod messages;
mod observe;
mod rule_book;
mod saved;
mod trouble;
mod troubles;

use std::sync::Arc;

use tokio::sync::{Notify, watch};

pub use backtest::{Backtest, BacktestError, Fired, Report};
pub use deliver::{Deliver, config_of};
pub use follow::Follow;
pub use rule_book::{compile, ship, values};
pub use troubles::WatchTroubles;

use crate::config::alerts::Alerts as Config;
use crate::rules::limits::Limits;

/// The name of the alerts' follower of the spool.
pub const FOLLOWER: &str = "alerts";

/// What one rule may remember, by the configuration.
#[must_use]
pub fn limits(config: &Config) -> Limits {
    Limits {
        groups_per_rule_max: config.groups_per_rule_max.get(),
        bytes_per_rule_max: config.bytes_per_rule_max.get(),
        lateness_seconds: config.lateness_seconds,
    }
}

/// How the API and the tasks of alerts wake each other. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Alerts(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Rules were changed here.
    rules: Notify,
    /// There may be something to deliver.
    deliveries: Notify,
    /// Counts what has changed about alerts, for those who watch.
    changes: watch::Sender<u64>,
}

impl Alerts {
    /// Rules were changed: they count from the next segment on.
    pub fn rules_changed(&self) {
        self.0.rules.notify_one();
    }

    /// Alerts, or what is to be told of them, were changed.
    pub fn changed(&self) {
        self.0.deliveries.notify_one();
        self.0.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Word of changes that this daemon made. Those of others are not told.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }
}
