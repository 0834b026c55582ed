//! Records leave by whole days of arrival.

use chrono::{NaiveDate, NaiveTime};
use clickhouse::Row;
use serde::Deserialize;

use super::search::Count;
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
    /// The begin of the first day on which records arrived that are still there, in microseconds since 1970 (UTC).
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn first_arrival(&self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT toUInt64OrZero(min(partition_id)) AS n FROM system.parts
                   WHERE database = currentDatabase() AND table = 'logs' AND active";
        let day = self.answer(self.read(sql).fetch_one::<Count>()).await?.n;
        Ok(u32::try_from(day).ok().and_then(day_begin))
    }

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

/// The begin of the day `YYYYMMDD` in UTC, in microseconds since 1970.
fn day_begin(day: u32) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(i32::try_from(day / 10_000).ok()?, day / 100 % 100, day % 100)?;
    Some(date.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(day_begin(19_700_102), Some(86_400_000_000));
        assert_eq!(day_begin(20_260_231), None);
        assert_eq!(day_begin(0), None);
    }
}
