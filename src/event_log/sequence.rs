//! Whether the ids of a file's records are without a gap.
//!
//! Windows gives each record of a log the next id, and writes it behind the one before. A log of limited size goes on at its front
//! once it is full, so that in the file's order the newest records may stand before the oldest: there the ids go back once, and the
//! last one in the file is followed by the first.

use std::fmt;
use std::ops::RangeInclusive;

/// Ids that no record of a file has, though others before and after them are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// How many.
    pub count: u64,
    /// The first of them that stand together, in the order of the file.
    pub first: RangeInclusive<u64>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self { count, .. }, first, last) = (self, self.first.start(), self.first.end());
        match (*count, first == last) {
            (1, _) => write!(f, "the record id {first} is missing between others"),
            (_, true) => write!(f, "{count} record ids are missing between others, first {first}"),
            (_, false) => write!(f, "{count} record ids are missing between others, first {first} to {last}"),
        }
    }
}

/// The ids of the records of a file, as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Sequence {
    first: Option<u64>,
    last: Option<u64>,
    missing: Option<Missing>,
    /// How often an id was not above the one before it.
    turns: u64,
}

impl Sequence {
    /// Takes the id of the next record, be it readable or not.
    pub(super) fn see(&mut self, id: u64) {
        self.first.get_or_insert(id);
        if let Some(last) = self.last.replace(id) {
            if id > last {
                self.note(last, id);
            } else {
                self.turns += 1;
            }
        }
    }

    /// The id of the last record.
    pub(super) fn last(&self) -> Option<u64> {
        self.last
    }

    /// What is missing of all that have come.
    pub(super) fn missing(&self) -> Option<Missing> {
        let mut all = self.clone();
        if let (1, Some(last), Some(first)) = (self.turns, self.last, self.first)
            && last < first
        {
            all.note(last, first);
        }
        all.missing
    }

    /// Notes what lies between two ids that follow each other.
    fn note(&mut self, before: u64, after: u64) {
        let between = before.saturating_add(1)..=after.saturating_sub(1);
        let count = after - before - 1;
        if count > 0 {
            let missing = self.missing.get_or_insert(Missing { count: 0, first: between });
            missing.count = missing.count.saturating_add(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ids: impl IntoIterator<Item = u64>, expected: &str) {
        let mut sequence = Sequence::default();
        let ids: Vec<u64> = ids.into_iter().collect();
        ids.iter().for_each(|id| sequence.see(*id));
        let told = sequence.missing().map(|missing| missing.to_string()).unwrap_or_default();
        assert_eq!(told, expected, "{ids:?}");
    }

    #[test]
    fn ids_that_are_missing_between_others_are_counted() {
        check([], "");
        check([7], "");
        check(5..100, "");
        check([5, 7], "the record id 6 is missing between others");
        check([5, 9], "3 record ids are missing between others, first 6 to 8");
        check([5, 7, 8, 20], "12 record ids are missing between others, first 6");
        check(
            [0, u64::MAX],
            "18446744073709551614 record ids are missing between others, first 1 to 18446744073709551614",
        );
    }

    #[test]
    fn a_log_that_went_on_at_its_front_has_no_gap_where_its_end_meets_its_beginning() {
        check((90..100).chain(50..90), "");
        check((90..100).chain(50..85), "5 record ids are missing between others, first 85 to 89");
        check((90..95).chain(96..100).chain(50..90), "the record id 95 is missing between others");
        // No log of one round: only what is sure is told.
        check([9, 9, 10, 3, 4], "");
    }
}
