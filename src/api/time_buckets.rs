//! The columns of a histogram: counts by time, empty buckets included.

use std::collections::BTreeMap;

use chrono::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::Bucket;

/// More columns than this are refused.
pub(super) const BUCKETS_MAX: i64 = 10_000;

/// One column.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimeBucket)]
pub(super) struct Column {
    /// The begin, as `2025-11-28T10:00` (UTC).
    bucket: String,
    count: u64,
    /// Counts of the levels that occur, where they are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    levels: Option<BTreeMap<String, u64>>,
}

/// The buckets from the one with the instant `first` to the one with `last`, in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    first: i64,
    count: i64,
    width: i64,
}

impl Span {
    /// `None` where they are too many; empty where `last` is before `first`.
    pub(super) fn of(first: i64, last: i64, bucket: Bucket) -> Option<Self> {
        let width = bucket.micros();
        let number = |instant: i64| instant.div_euclid(width);
        let count = if last < first { 0 } else { number(last).checked_sub(number(first))?.checked_add(1)? };
        (count <= BUCKETS_MAX).then_some(Self { first: number(first).saturating_mul(width), count, width })
    }

    /// All columns, with what was counted. `counted` has the begin of a bucket, a level (empty without levels), and the count.
    pub(super) fn columns(&self, counted: &[(i64, String, u64)], by_level: bool) -> Vec<Column> {
        let mut by_begin: BTreeMap<i64, Vec<(&str, u64)>> = BTreeMap::new();
        for (begin, level, count) in counted {
            by_begin.entry(*begin).or_default().push((level, *count));
        }
        let begins = (0..self.count).map(|i| self.first.saturating_add(i.saturating_mul(self.width)));
        begins
            .map(|begin| {
                let parts = by_begin.get(&begin).map(Vec::as_slice).unwrap_or_default();
                let levels = || parts.iter().map(|(level, count)| ((*level).to_owned(), *count)).collect();
                Column {
                    bucket: minute(begin),
                    count: parts.iter().map(|(_, count)| count).sum(),
                    levels: by_level.then(levels),
                }
            })
            .collect()
    }
}

fn minute(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().format("%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn empty_buckets_are_there_with_count_0() {
        let span = Span::of(HOUR / 2, 3 * HOUR, Bucket::Hour).unwrap();
        let counted = [(0, String::new(), 5), (2 * HOUR, String::new(), 7)];
        let columns = span.columns(&counted, false);
        let shown: Vec<_> = columns.iter().map(|c| (c.bucket.as_str(), c.count)).collect();
        assert_eq!(
            shown,
            [("1970-01-01T00:00", 5), ("1970-01-01T01:00", 0), ("1970-01-01T02:00", 7), ("1970-01-01T03:00", 0)]
        );
    }

    #[test]
    fn levels_add_up_to_the_count() {
        let span = Span::of(0, HOUR, Bucket::Hour).unwrap();
        let counted = [(0, "ERROR".to_owned(), 2), (0, "INFO".to_owned(), 3)];
        let columns = serde_json::to_value(span.columns(&counted, true)).unwrap();
        let expected = serde_json::json!([
            {"bucket": "1970-01-01T00:00", "count": 5, "levels": {"ERROR": 2, "INFO": 3}},
            {"bucket": "1970-01-01T01:00", "count": 0, "levels": {}},
        ]);
        assert_eq!(columns, expected);
    }

    #[test]
    fn too_many_buckets_are_refused_and_none_are_fine() {
        assert!(Span::of(0, BUCKETS_MAX * HOUR - 1, Bucket::Hour).is_some());
        assert!(Span::of(0, BUCKETS_MAX * HOUR, Bucket::Hour).is_none());
        assert!(Span::of(i64::MIN, i64::MAX, Bucket::Minute).is_none());
        assert_eq!(Span::of(5, 4, Bucket::Day).unwrap().columns(&[], false), []);
        assert_eq!(Span::of(-1, -1, Bucket::Day).unwrap().columns(&[], false)[0].bucket, "1969-12-31T00:00");
    }
}
