//! Numbered migrations, applied in order at the start and recorded.

use clickhouse::Row;
use serde::Deserialize;
use tracing::{info, warn};

use super::search::Count;
use super::{LogStore, StoreError};

/// Each is one statement, applied once and never changed after a release.
const MIGRATIONS: [(u32, &str, &str); 4] = [
    (1, "logs", include_str!("../../migrations/clickhouse/0001_logs.sql")),
    (2, "logs_by_minute", include_str!("../../migrations/clickhouse/0002_logs_by_minute.sql")),
    (3, "count_older_logs", include_str!("../../migrations/clickhouse/0003_count_older_logs.sql")),
    (4, "small_blocks", include_str!("../../migrations/clickhouse/0004_small_blocks.sql")),
];

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
        self.count_again_where_counts_are_broken().await
    }

    /// The engine does not sync the counts that it keeps with an insert: after a loss of power some may be missing. It tells them from the records then, but
    /// slower, and merges their parts with no others.
    async fn count_again_where_counts_are_broken(&self) -> Result<(), StoreError> {
        let sql = "SELECT count() AS n FROM system.projection_parts
                   WHERE database = currentDatabase() AND table = 'logs' AND active AND is_broken";
        let broken = self.statement(sql).fetch_one::<Count>().await?.n;
        if broken > 0 {
            warn!(parts = broken, "counts kept with {broken} parts are damaged: they are made anew from the records");
            self.statement("ALTER TABLE logs CLEAR PROJECTION by_minute, MATERIALIZE PROJECTION by_minute")
                .execute()
                .await?;
        }
        Ok(())
    }
}
