//! Numbered migrations, applied in order at the start and recorded.

use clickhouse::Row;
use serde::Deserialize;
use tracing::info;

use super::{LogStore, StoreError};

/// Each is one statement, applied once and never changed after a release.
const MIGRATIONS: [(u32, &str, &str); 1] = [(1, "logs", include_str!("../../migrations/clickhouse/0001_logs.sql"))];

#[derive(Row, Deserialize)]
struct Applied {
    version: u32,
}

impl LogStore {
    /// Makes the database and brings its tables up to date. Safe to repeat, and to run from several daemons at once.
    ///
    /// # Errors
    /// [`StoreError`]; a newer database than this program knows is used as it is.
    pub async fn prepare(&self) -> Result<(), StoreError> {
        let database = self.database.replace('`', "");
        self.client.query_raw(&format!("CREATE DATABASE IF NOT EXISTS `{database}`")).execute().await?;
        self.statement(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version UInt32, name String, applied_at DateTime DEFAULT now())
             ENGINE = MergeTree ORDER BY version",
        )
        .execute()
        .await?;
        let applied: Vec<u32> = self
            .statement("SELECT version FROM schema_migrations")
            .fetch_all::<Applied>()
            .await?
            .into_iter()
            .map(|row| row.version)
            .collect();
        for (version, name, sql) in MIGRATIONS {
            if applied.contains(&version) {
                continue;
            }
            // Every statement is written to be harmless when it is run again: two daemons may start at once.
            self.statement(sql).execute().await?;
            self.statement("INSERT INTO schema_migrations (version, name) SELECT {version:UInt32}, {name:String}")
                .param("version", version)
                .param("name", name)
                .execute()
                .await?;
            info!(version, "applied migration {version} ({name}) to the store");
        }
        Ok(())
    }
}
