//! The one store of logs: ClickHouse, embedded or a server, through the same client and the same SQL.

mod columns;
mod error;
mod export;
mod export_slice;
mod follow;
mod indexes;
mod insert;
mod inventory;
mod retention;
mod retention_policy;
mod schema;
mod search;
mod slice;
mod span;
mod stats;
mod tally;

use std::time::Duration;

use clickhouse::Client;
use clickhouse::error::Error;
use clickhouse::query::Query;

use crate::config;
use crate::query::sql::Where;

pub use error::StoreError;
pub use export::{Export, ExportLimits};
pub use insert::InsertError;
pub use inventory::{InventoryPage, InventorySort, Sender};
pub use retention::{ExpiredDay, ExpiredSource, RetentionDone, RetentionPlan};
pub use retention_policy::RetentionPolicy;
pub use search::{Cursor, Order, Page};
pub use span::Span;
pub use stats::{Bucket, FacetField, PATTERNS_MAX};

/// The name of the store's follower of the spool.
pub const FOLLOWER: &str = "store";

/// A read that is not answered so long after its limit of time never will be.
const HANGS_AFTER: Duration = Duration::from_secs(5);

/// The table and its queries. Cloning is cheap.
#[derive(Clone)]
pub struct LogStore {
    client: Client,
    database: String,
    limits: config::stages::Query,
}

impl LogStore {
    /// A store in `database` behind `client`; [`LogStore::prepare`] makes its tables.
    #[must_use]
    pub fn new(client: Client, database: &str, limits: config::stages::Query) -> Self {
        // Validation would fetch every answer's column types, which are known here.
        Self { client: client.with_validation(false), database: database.to_owned(), limits }
    }

    /// A statement that runs inside the database, not limited.
    fn statement(&self, sql: &str) -> Query {
        self.client.clone().with_database(&self.database).query_raw(sql)
    }

    /// A read within the limits of the configuration.
    fn read(&self, sql: &str) -> Query {
        self.read_for(sql, Duration::from_secs(self.limits.seconds_max.into()))
    }

    fn read_for(&self, sql: &str, at_most: Duration) -> Query {
        self.statement(sql)
            .with_setting("max_execution_time", at_most.as_secs().to_string())
            .with_setting("max_memory_usage", self.limits.memory_bytes_max.to_string())
            .with_setting("max_bytes_before_external_sort", (self.limits.memory_bytes_max / 4).to_string())
            .with_setting("max_bytes_before_external_group_by", (self.limits.memory_bytes_max / 4).to_string())
    }
}

impl LogStore {
    /// Waits for the answer to a read. A store that hangs does not keep its own limits, so it has a little more, no more.
    async fn answer<T>(&self, read: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
        let at_most = Duration::from_secs(self.limits.seconds_max.into()) + HANGS_AFTER;
        match tokio::time::timeout(at_most, read).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(StoreError::Unavailable(Error::TimedOut)),
        }
    }
}

/// Binds the values of `condition`.
fn bind(mut query: Query, condition: &Where) -> Query {
    for (name, value) in &condition.params {
        query = query.param(name, value);
    }
    query
}
