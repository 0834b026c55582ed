//! How long records are kept, as a day and as a condition.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use clickhouse::query::Query;
use serde::Serialize;
use utoipa::ToSchema;

use crate::settings::Settings;

/// So many whole days behind today are kept, by arrival, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetentionPolicy {
    /// Of sources that are not named.
    pub days: u32,
    /// Of the others, longer or shorter.
    pub by_source: BTreeMap<String, u32>,
}

impl From<&Settings> for RetentionPolicy {
    fn from(settings: &Settings) -> Self {
        Self { days: settings.retention_days, by_source: settings.retention_days_by_source.clone() }
    }
}

/// A policy on a certain day: from which day on the records of each source are kept.
pub(super) struct Cutoffs {
    /// For sources that are not named.
    others: u32,
    /// Sources of the same day are asked for together.
    named: BTreeMap<u32, Vec<String>>,
}

impl Cutoffs {
    pub(super) fn new(policy: &RetentionPolicy, today: NaiveDate) -> Self {
        let mut named: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (source, days) in &policy.by_source {
            named.entry(first_kept(today, *days)).or_default().push(source.clone());
        }
        Self { others: first_kept(today, policy.days), named }
    }

    /// Nothing from this day on is past its retention.
    pub(super) fn newest(&self) -> u32 {
        self.named.keys().copied().fold(self.others, u32::max)
    }

    /// Everything before this day is past its retention, whatever its source.
    pub(super) fn oldest(&self) -> u32 {
        self.named.keys().copied().fold(self.others, u32::min)
    }

    /// Which records are past their retention; [`Cutoffs::bind`] gives its values.
    pub(super) fn expired(&self) -> String {
        let mut sql = "(toYYYYMMDD(received_at) < {others:UInt32}".to_owned();
        if !self.named.is_empty() {
            sql += " AND NOT has({named:Array(String)}, source)";
        }
        sql += ")";
        for i in 0..self.named.len() {
            sql += &format!(
                " OR (toYYYYMMDD(received_at) < {{first{i}:UInt32}} AND has({{sources{i}:Array(String)}}, source))"
            );
        }
        sql
    }

    pub(super) fn bind(&self, mut query: Query) -> Query {
        query = query.param("others", self.others);
        if !self.named.is_empty() {
            query = query.param("named", self.named.values().flatten().collect::<Vec<_>>());
        }
        for (i, (first, sources)) in self.named.iter().enumerate() {
            query = query.param(&format!("first{i}"), first).param(&format!("sources{i}"), sources);
        }
        query
    }
}

/// The oldest day that is kept: today and the `days` whole days before it.
fn first_kept(today: NaiveDate, days: u32) -> u32 {
    partition(today.checked_sub_days(Days::new(days.into())).unwrap_or_default())
}

/// A day as partitions are numbered: `YYYYMMDD`.
pub(super) fn partition(day: NaiveDate) -> u32 {
    day.year().unsigned_abs() * 10_000 + day.month() * 100 + day.day()
}

/// The day of a partition; `None` for a number that is none.
pub(super) fn day_of(partition: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt((partition / 10_000).try_into().ok()?, partition / 100 % 100, partition % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn today_and_the_days_before_it_are_kept() {
        assert_eq!(first_kept(date("2026-03-01"), 1), 20_260_228);
        assert_eq!(first_kept(date("2026-03-01"), 184), 20_250_829);
        assert_eq!(first_kept(date("2026-03-01"), 36_500), 19_260_326);
    }

    #[test]
    fn a_partition_is_a_day() {
        assert_eq!(day_of(partition(date("2026-02-28"))), Some(date("2026-02-28")));
        assert_eq!(day_of(20_260_229), None);
        assert_eq!(day_of(7), None);
    }

    #[test]
    fn sources_of_the_same_length_are_asked_for_together() {
        let by_source = [("a", 7), ("b", 365), ("c", 7)].map(|(source, days)| (source.to_owned(), days)).into();
        let cutoffs = Cutoffs::new(&RetentionPolicy { days: 30, by_source }, date("2026-03-31"));
        assert_eq!((cutoffs.oldest(), cutoffs.newest()), (20_250_331, 20_260_324));
        assert_eq!(cutoffs.expired().matches("has(").count(), 3);
        let plain = Cutoffs::new(&RetentionPolicy { days: 30, by_source: BTreeMap::new() }, date("2026-03-31"));
        assert_eq!(plain.expired(), "(toYYYYMMDD(received_at) < {others:UInt32})");
        assert_eq!((plain.oldest(), plain.newest()), (20_260_301, 20_260_301));
    }
}
