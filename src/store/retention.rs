//! Records leave by whole days of arrival.

use clickhouse::Row;
use serde::Deserialize;

use super::{LogStore, StoreError};

#[derive(Row, Deserialize)]
struct Partition {
    id: String,
    rows: u64,
}

/// A day that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedDay {
    /// As `YYYYMMDD`.
    pub day: String,
    pub rows: u64,
}

impl LogStore {
    /// Drops the records that arrived before `first_kept` (`YYYYMMDD`), by whole days.
    ///
    /// # Errors
    /// [`StoreError`]; days that were dropped before it stay dropped.
    pub async fn drop_days_before(&self, first_kept: u32) -> Result<Vec<DroppedDay>, StoreError> {
        let partitions = self
            .statement(
                "SELECT partition_id AS id, sum(rows) AS rows FROM system.parts
                 WHERE database = currentDatabase() AND table = 'logs' AND active
                 GROUP BY id ORDER BY id",
            )
            .fetch_all::<Partition>()
            .await?;
        let mut dropped = Vec::new();
        for partition in partitions {
            // Only a day's number can be older than a day: anything else is not ours to drop.
            if partition.id.parse::<u32>().is_ok_and(|day| day < first_kept) {
                self.statement(&format!("ALTER TABLE logs DROP PARTITION ID '{}'", partition.id)).execute().await?;
                dropped.push(DroppedDay { day: partition.id, rows: partition.rows });
            }
        }
        Ok(dropped)
    }
}
