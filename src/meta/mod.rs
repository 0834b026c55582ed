//! What is known of people and machines: users, sessions, tokens, settings, jobs, rules, alerts, who is told of them, and the operation log, on SQLite or on Postgres.
//!
//! A query is written once and compiled for both drivers by `both!`: `$1` placeholders, `RETURNING`, `ON CONFLICT`, times bound by
//! the caller, nothing that only one of them knows. Every function that changes something takes who does it (`by`) and when (`now`), and
//! writes the change and its entry in the operation log in one transaction. What is bookkeeping and nobody's deed (last use,
//! rotation of refresh tokens, pruning) says so and writes none.

mod actor;
mod alert_effects;
mod alert_episodes;
mod alert_going;
mod alert_parts;
mod alert_patch;
mod alert_raising;
mod alert_rows;
mod alert_writer;
mod alerts;
mod api_tokens;
mod channels;
mod clusters;
mod codes;
mod column;
mod connect;
mod deliveries;
mod delivery_queue;
mod error;
mod failures;
mod fault_book;
mod fault_choice;
mod faults;
mod job_analyses;
mod job_progress;
mod jobs;
mod location;
mod operation;
mod operation_list;
mod outbox;
mod pattern;
mod prune;
mod refresh;
mod role;
mod rules;
mod rules_shipped;
mod sessions;
mod settings;
mod severity;
mod silences;
mod text;
mod transaction;
mod users;

use std::time::Duration;

use sqlx::{PgPool, SqlitePool};

pub use actor::Actor;
pub use alert_effects::{AlertEffect, Applied, ContinuedAlert, EndedAlert, RaisedAlert};
pub use alert_episodes::ResolvedEpisodes;
pub use alert_patch::AlertPatch;
pub use alerts::{Alert, AlertEvent, AlertFilter, AlertHistory, AlertPage, AlertStatus};
pub use api_tokens::{ApiToken, NewToken, TOKEN_TRUSTED_FOR, TokenAccess};
pub use channels::{Channel, ChannelKind, NewChannel};
pub use clusters::{Cluster, NewCluster, cluster_of};
pub use codes::{CODE_ATTEMPTS_MAX, CodeCheck, CodePurpose, CodeStored};
pub use deliveries::{Delivery, DeliveryEvent, DeliveryPage, DeliveryStatus};
pub use error::MetaError;
pub use failures::{FailureCount, Failures};
pub use faults::{Fault, FaultHistory, FaultPage, FaultStatus};
pub use job_analyses::{AnalysisStatus, DueAnalysis, JobAnalysis};
pub use job_progress::{Checkpoint, EntryStatus, JobEnd, JobEntry, JobEntryPage, LineError};
pub use jobs::{Job, JobId, JobPage, JobStatus, JobStep, NewJob, RecordMark};
pub use location::{Location, LocationError};
pub use operation::{Action, Operation};
pub use operation_list::{OperationCursor, OperationFilter, OperationPage, OperationPlace};
pub use prune::Pruned;
pub use refresh::RefreshOutcome;
pub use role::{Role, Scope, Scopes, UnknownName, UserStatus};
pub use rules::{NewRule, RuleChange, RuleFilter, RuleOrigin, RulePage, StoredRule};
pub use rules_shipped::{Shipped, ShippedRule};
pub use sessions::{EndReason, NewSession, Session, SessionAccess};
pub use settings::SettingChange;
pub use severity::Severity;
pub use silences::{Matcher, NewSilence, Silence};
pub use users::{Credentials, NewUser, User, UserPage, UserPatch};

/// An answer that takes longer never comes: the network swallowed it.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The metadata database. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Meta {
    pool: Pool,
    /// The daemon that this process is, in the entries that it writes.
    node: u16,
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Meta {
    /// Asks whether the database answers.
    ///
    /// # Errors
    /// [`MetaError::Unavailable`] where it does not.
    pub async fn ping(&self) -> Result<(), MetaError> {
        both!(at self, db => sqlx::query_scalar::<_, i64>("SELECT version FROM versions WHERE name = 'users'").fetch_one(db).await?)
            .map(drop)
    }

    /// Closes the connections; what is running is waited for a moment.
    pub async fn close(&self) {
        let closed = async {
            match &self.pool {
                Pool::Sqlite(pool) => pool.close().await,
                Pool::Postgres(pool) => pool.close().await,
            }
        };
        if tokio::time::timeout(ANSWER_MAX, closed).await.is_err() {
            tracing::warn!("connections to the metadata database were still busy when they were given up");
        }
    }
}

/// Compiles one query for both drivers. `at meta` runs it on a connection of the pool, `in tx` within the transaction; the name stands for
/// what it is to be run on. The body is an async expression in which `?` passes an `sqlx::Error` on.
macro_rules! both {
    (at $meta:expr, $db:ident => $body:expr) => {
        match &$meta.pool {
            $crate::meta::Pool::Sqlite($db) => $crate::meta::answer(async { Ok($body) }).await,
            $crate::meta::Pool::Postgres($db) => $crate::meta::answer(async { Ok($body) }).await,
        }
    };
    (in $tx:expr, $db:ident => $body:expr) => {
        match &mut $tx.on {
            $crate::meta::transaction::On::Sqlite(tx) => {
                let $db = &mut **tx;
                $crate::meta::answer(async { Ok($body) }).await
            }
            $crate::meta::transaction::On::Postgres(tx) => {
                let $db = &mut **tx;
                $crate::meta::answer(async { Ok($body) }).await
            }
        }
    };
}
use both;

async fn answer<T>(query: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, MetaError> {
    match tokio::time::timeout(ANSWER_MAX, query).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(MetaError::Unavailable(std::io::Error::from(std::io::ErrorKind::TimedOut).into())),
    }
}
