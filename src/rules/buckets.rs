//! Counts in buckets of a sixtieth of the window, for rules that compare counts and need no exact edge: a window here is its
//! newest, unfinished bucket and the 59 before it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::room;

/// The buckets of a window.
pub(super) const BUCKETS: i64 = 60;
const DAY: i64 = 86_400_000_000;

/// The width of a bucket of a window of `length`.
pub(super) const fn width(length: i64) -> i64 {
    let width = length / BUCKETS;
    if width > 0 { width } else { 1 }
}

/// All records and the selected ones, within one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shares {
    /// The number of each bucket that is not empty, with its records.
    buckets: VecDeque<(i64, u32, u32)>,
    all: u64,
    selected: u64,
}

impl Shares {
    /// Counts a record at `time`, and gives all and the selected ones of the newest window.
    pub(super) fn add(&mut self, time: i64, is_selected: bool, length: i64) -> (u64, u64) {
        let number = time.div_euclid(width(length));
        let newest = self.buckets.back().map_or(number, |(newest, ..)| number.max(*newest));
        while let Some((_, all, selected)) = self.buckets.pop_front_if(|(first, ..)| *first <= newest - BUCKETS) {
            self.all -= u64::from(all);
            self.selected -= u64::from(selected);
        }
        if number > newest - BUCKETS {
            let at = self.buckets.partition_point(|(other, ..)| *other < number);
            if self.buckets.get(at).is_none_or(|(other, ..)| *other != number) {
                self.buckets.insert(at, (number, 0, 0));
            }
            if let Some((_, all, selected)) = self.buckets.get_mut(at)
                && *all < u32::MAX
            {
                *all += 1;
                *selected += u32::from(is_selected);
                self.all += 1;
                self.selected += u64::from(is_selected);
            }
        }
        room::trim(&mut self.buckets);
        (self.all, self.selected)
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        room::counted::<(i64, u32, u32)>(self.buckets.len())
    }
}

/// The records of two windows, and, where days are compared, of each window of so many days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct History {
    fine: VecDeque<(i64, u32)>,
    coarse: VecDeque<(i64, u32)>,
    /// The newest record.
    pub(super) last_id: u64,
    pub(super) last_time: i64,
}

impl History {
    /// Counts a record at `time`. So many `days` are kept.
    pub(super) fn add(&mut self, (time, id): (i64, u64), length: i64, days: Option<u32>) {
        count(&mut self.fine, time.div_euclid(width(length)), 2 * BUCKETS);
        if let Some(days) = days {
            let kept = (i64::from(days) + 1) * DAY / length + 2;
            count(&mut self.coarse, time.div_euclid(length), kept);
        }
        self.last_id = id;
        self.last_time = self.last_time.max(time);
    }

    /// The records of the window whose newest bucket holds `now`, and of the one before it.
    pub(super) fn now_and_before(&self, now: i64, length: i64) -> (u64, u64) {
        let newest = now.div_euclid(width(length));
        let mut sums = (0, 0);
        for (number, records) in &self.fine {
            if (newest - BUCKETS + 1..=newest).contains(number) {
                sums.0 += u64::from(*records);
            } else if (newest - 2 * BUCKETS + 1..=newest - BUCKETS).contains(number) {
                sums.1 += u64::from(*records);
            }
        }
        sums
    }

    /// The mean of the windows that ended so many whole days before `now`, of those that began after `since`; `None` if there is
    /// none. Within the stored windows records are taken to be spread evenly.
    pub(super) fn mean_of_days(&self, now: i64, length: i64, days: u32, since: i64) -> Option<f64> {
        let ends = (1..=i64::from(days)).map(|day| now - day * DAY).take_while(|end| end - length >= since);
        let mut sum = 0.0;
        let mut windows = 0.0;
        for end in ends {
            let number = end.div_euclid(length);
            let part = end.rem_euclid(length) as f64 / length as f64;
            sum += part * self.coarse_count(number) + (1.0 - part) * self.coarse_count(number - 1);
            windows += 1.0;
        }
        (windows > 0.0).then(|| sum / windows)
    }

    fn coarse_count(&self, number: i64) -> f64 {
        let found = self.coarse.binary_search_by_key(&number, |(other, _)| *other).ok();
        found.and_then(|at| self.coarse.get(at)).map_or(0.0, |(_, records)| f64::from(*records))
    }

    /// The bytes on the heap, with its own.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + room::counted::<(i64, u32)>(self.fine.len())
            + room::counted::<(i64, u32)>(self.coarse.len())
    }
}

/// Counts one in bucket `number` and keeps the newest `kept` buckets.
fn count(buckets: &mut VecDeque<(i64, u32)>, number: i64, kept: i64) {
    let newest = buckets.back().map_or(number, |(newest, _)| number.max(*newest));
    while buckets.pop_front_if(|(first, _)| *first <= newest - kept).is_some() {}
    if number <= newest - kept {
        return;
    }
    let at = buckets.partition_point(|(other, _)| *other < number);
    if buckets.get(at).is_none_or(|(other, _)| *other != number) {
        buckets.insert(at, (number, 0));
    }
    if let Some((_, records)) = buckets.get_mut(at) {
        *records = records.saturating_add(1);
    }
    room::trim(buckets);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;
    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_window_is_its_newest_bucket_and_the_59_before_it() {
        let mut shares = Shares::default();
        assert_eq!(shares.add(0, true, MINUTE), (1, 1));
        assert_eq!(shares.add(59 * SECOND + 999_999, false, MINUTE), (2, 1));
        assert_eq!(shares.add(60 * SECOND, false, MINUTE), (2, 0));
        // Behind the newest, but within the window; and before it.
        assert_eq!(shares.add(SECOND, true, MINUTE), (3, 1));
        assert_eq!(shares.add(SECOND - 1, true, MINUTE), (3, 1));
        assert_eq!(shares.add(10 * MINUTE, true, MINUTE), (1, 1));
    }

    #[test]
    fn two_windows_are_told_apart() {
        let mut history = History::default();
        for second in [0, 1, 59, 60, 61, 119] {
            history.add((second * SECOND, 1), MINUTE, None);
        }
        assert_eq!(history.now_and_before(119 * SECOND, MINUTE), (3, 3));
        assert_eq!(history.now_and_before(120 * SECOND, MINUTE), (2, 3));
        assert_eq!(history.now_and_before(1000 * SECOND, MINUTE), (0, 0));
    }

    #[test]
    fn days_are_compared_at_the_same_time() {
        let mut history = History::default();
        let hour = 60 * MINUTE;
        for (day, records) in [(0, 10), (1, 20), (2, 60)] {
            for n in 0..records {
                history.add((day * DAY + 8 * hour + n * MINUTE, 1), hour, Some(7));
            }
        }
        let now = 2 * DAY + 9 * hour;
        assert_eq!(history.mean_of_days(now, hour, 7, 0), Some(15.0));
        assert_eq!(history.mean_of_days(now, hour, 1, 0), Some(20.0));
        assert_eq!(history.mean_of_days(now, hour, 7, DAY), Some(20.0));
        assert_eq!(history.mean_of_days(now, hour, 7, now - DAY), None);
        // Half of the hour from eight on lies in the window that ends at half past.
        assert_eq!(history.mean_of_days(now - hour / 2, hour, 7, 0), Some(7.5));
    }
}
