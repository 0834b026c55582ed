//! The text index of records that were stored in a hurry, built when there is time.

use chrono::DateTime;

use super::insert::TEXT_INDEX;
use super::{LogStore, StoreError};

impl LogStore {
    /// Has the engine build, in the background, the text index of a day's records that lack it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn build_text_index(&self, day: Day) -> Result<(), StoreError> {
        let sql = format!("ALTER TABLE logs MATERIALIZE INDEX {TEXT_INDEX} IN PARTITION ID '{}'", day.0);
        self.statement(&sql).with_setting("mutations_sync", "0").execute().await?;
        Ok(())
    }
}

/// A day of arrival, as partitions are named: `YYYYMMDD`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(String);

impl Day {
    pub(super) fn of_millis(unix_ms: u64) -> Self {
        let time = i64::try_from(unix_ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
        Self(time.format("%Y%m%d").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_as_its_partition() {
        assert_eq!(Day::of_millis(1_795_132_799_999), Day("20261119".to_owned()));
        assert_eq!(Day::of_millis(1_795_132_800_000), Day("20261120".to_owned()));
    }
}
