//! Records leave when they are past their retention: by whole days where that is possible, by source otherwise.
//!
//! A day of arrival is a partition. Where no source's records of it are kept, the partition is dropped at once.
//! Where some are, those of the other sources are deleted by a light delete: a mark on each record, which hides it
//! from the next query on, until a merge leaves it out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;
use clickhouse::query::Query;
use clickhouse::{Row, RowOwned, RowRead};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::retention_policy::{Cutoffs, RetentionPolicy, day_of, partition};
use super::{HANGS_AFTER, LogStore, StoreError};

/// What a policy would remove on a certain day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetentionPlan {
    pub policy: RetentionPolicy,
    pub today: NaiveDate,
    /// Days that go as a whole, oldest first.
    pub drops: Vec<ExpiredDay>,
    /// Sources whose records of a day go, while those of another stay.
    pub deletes: Vec<ExpiredSource>,
    /// Records of both.
    pub rows_total: u64,
}

/// What was removed. Of a run that was cut short the statement at hand may have been done without standing here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RetentionDone {
    pub drops: Vec<ExpiredDay>,
    pub deletes: Vec<ExpiredSource>,
    pub rows_total: u64,
}

/// A day of arrival of which nothing is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExpiredDay {
    pub day: NaiveDate,
    pub rows: u64,
}

/// A source of which nothing is kept of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExpiredSource {
    pub day: NaiveDate,
    pub source: String,
    pub rows: u64,
}

/// What there is of a day.
#[derive(Debug, Default)]
struct DaySurvey {
    /// Records past their retention, by source.
    expired: BTreeMap<String, u64>,
    /// Whether there are others.
    keeps: bool,
}

#[derive(Row, Deserialize)]
struct PartitionRow {
    id: String,
}

#[derive(Row, Deserialize)]
struct ExpiredRow {
    day: u32,
    #[serde(with = "serde_bytes")]
    name: Vec<u8>,
    rows: u64,
}

#[derive(Row, Deserialize)]
struct DayRow {
    day: u32,
}

impl LogStore {
    /// What `policy` would remove on the day `today` (UTC). Reads only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn plan_retention(
        &self,
        policy: &RetentionPolicy,
        today: NaiveDate,
    ) -> Result<RetentionPlan, StoreError> {
        let cutoffs = Cutoffs::new(policy, today);
        let days = self.days_before(cutoffs.newest()).await?;
        let survey = self.survey(&cutoffs, &days).await?;
        let mut plan =
            RetentionPlan { policy: policy.clone(), today, drops: Vec::new(), deletes: Vec::new(), rows_total: 0 };
        for (partition, found) in survey {
            // A partition that is no day is not ours to drop.
            let Some(day) = day_of(partition) else { continue };
            let rows = found.expired.values().sum::<u64>();
            plan.rows_total += rows;
            if found.keeps {
                let sources = found.expired.into_iter();
                plan.deletes.extend(sources.map(|(source, rows)| ExpiredSource { day, source, rows }));
            } else {
                plan.drops.push(ExpiredDay { day, rows });
            }
        }
        Ok(plan)
    }

    /// Removes what `plan` says, as far as its policy still allows it: each day is looked at again before. What was
    /// removed is added to `done` as it happens, so that it is known after an error, too, and where nobody waits for the end.
    ///
    /// # Errors
    /// [`StoreError`]; the rest of the plan is left.
    pub async fn apply_retention(&self, plan: &RetentionPlan, done: &mut RetentionDone) -> Result<(), StoreError> {
        let cutoffs = Cutoffs::new(&plan.policy, plan.today);
        for ExpiredDay { day, .. } in &plan.drops {
            let found = self.survey_day(&cutoffs, *day).await?;
            // Late records of a source that is kept longer may have come since.
            if let Some(found) = found.filter(|found| !found.keeps) {
                self.drop_day(*day).await?;
                let rows = found.expired.values().sum();
                done.rows_total += rows;
                done.drops.push(ExpiredDay { day: *day, rows });
            }
        }
        let mut by_day: BTreeMap<NaiveDate, BTreeSet<&str>> = BTreeMap::new();
        for ExpiredSource { day, source, .. } in &plan.deletes {
            by_day.entry(*day).or_default().insert(source);
        }
        for (day, planned) in by_day {
            let found = self.survey_day(&cutoffs, day).await?.unwrap_or_default();
            let expired = found.expired.into_iter().filter(|(source, _)| planned.contains(source.as_str()));
            let expired: Vec<_> = expired.map(|(source, rows)| ExpiredSource { day, source, rows }).collect();
            if !expired.is_empty() {
                self.delete_sources(day, expired.iter().map(|expired| expired.source.as_str()).collect()).await?;
                done.rows_total += expired.iter().map(|expired| expired.rows).sum::<u64>();
                done.deletes.extend(expired);
            }
        }
        Ok(())
    }

    /// The days before `newest` of which there is anything.
    async fn days_before(&self, newest: u32) -> Result<Vec<u32>, StoreError> {
        let sql = "SELECT DISTINCT partition_id AS id FROM system.parts
                   WHERE database = currentDatabase() AND table = 'logs' AND active";
        let partitions: Vec<PartitionRow> = self.look(self.statement(sql)).await?;
        let mut days: Vec<u32> = partitions.iter().filter_map(|row| row.id.parse().ok()).collect();
        days.retain(|day| *day < newest && day_of(*day).is_some());
        days.sort_unstable();
        Ok(days)
    }

    async fn survey_day(&self, cutoffs: &Cutoffs, day: NaiveDate) -> Result<Option<DaySurvey>, StoreError> {
        let mut days = self.days_before(cutoffs.newest()).await?;
        days.retain(|there| *there == partition(day));
        Ok(self.survey(cutoffs, &days).await?.into_values().next())
    }

    /// Looks at `days`; of the answer those are left out of which nothing is to be removed.
    async fn survey(&self, cutoffs: &Cutoffs, days: &[u32]) -> Result<BTreeMap<u32, DaySurvey>, StoreError> {
        let mut survey: BTreeMap<u32, DaySurvey> = BTreeMap::new();
        if days.is_empty() {
            return Ok(survey);
        }
        // A day may be there with nothing in it but records that are deleted already.
        survey.extend(days.iter().filter(|day| **day < cutoffs.oldest()).map(|day| (*day, DaySurvey::default())));
        let sql = format!(
            "SELECT toYYYYMMDD(received_at) AS day, toString(source) AS name, count() AS rows FROM logs
             WHERE ({}) AND has({{days:Array(UInt32)}}, toYYYYMMDD(received_at)) GROUP BY day, source",
            cutoffs.expired(),
        );
        let expired: Vec<ExpiredRow> = self.look(cutoffs.bind(self.long_read(&sql)).param("days", days)).await?;
        for row in expired {
            let source = String::from_utf8_lossy(&row.name).into_owned();
            survey.entry(row.day).or_default().expired.insert(source, row.rows);
        }
        let in_doubt: Vec<u32> = survey.keys().copied().filter(|day| *day >= cutoffs.oldest()).collect();
        if !in_doubt.is_empty() {
            let sql = format!(
                "SELECT DISTINCT toYYYYMMDD(received_at) AS day FROM logs
                 WHERE NOT ({}) AND has({{days:Array(UInt32)}}, toYYYYMMDD(received_at))",
                cutoffs.expired(),
            );
            let kept: Vec<DayRow> = self.look(cutoffs.bind(self.long_read(&sql)).param("days", in_doubt)).await?;
            for DayRow { day } in kept {
                survey.entry(day).or_default().keeps = true;
            }
        }
        Ok(survey)
    }

    async fn drop_day(&self, day: NaiveDate) -> Result<(), StoreError> {
        self.statement("ALTER TABLE logs DROP PARTITION ID {day:String}")
            .param("day", partition(day).to_string())
            // A server asks for leave to drop more than 50 GB at once. This is it.
            .with_setting("max_partition_size_to_drop", "0")
            .execute()
            .await?;
        Ok(())
    }

    async fn delete_sources(&self, day: NaiveDate, sources: Vec<&str>) -> Result<(), StoreError> {
        self.statement("DELETE FROM logs IN PARTITION ID {day:String} WHERE has({sources:Array(String)}, source)")
            .param("day", partition(day).to_string())
            .param("sources", sources)
            // Answered when no query sees them any more.
            .with_setting("lightweight_deletes_sync", "2")
            .execute()
            .await?;
        Ok(())
    }

    /// A read that nobody sits and waits for.
    fn long_read(&self, sql: &str) -> Query {
        self.read_for(sql, self.long())
    }

    fn long(&self) -> Duration {
        Duration::from_secs(self.limits.export_seconds_max.into())
    }

    async fn look<T: RowOwned + RowRead>(&self, query: Query) -> Result<Vec<T>, StoreError> {
        match tokio::time::timeout(self.long() + HANGS_AFTER, query.fetch_all::<T>()).await {
            Ok(rows) => Ok(rows?),
            Err(_) => Err(StoreError::Unavailable(clickhouse::error::Error::TimedOut)),
        }
    }
}
