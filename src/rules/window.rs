//! Exact sliding windows over records that may come out of order.
//!
//! A window fires when any stretch of its length that holds the new record holds enough. Because it is emptied when it fires, no
//! stretch in it ever holds more than was asked for: that bounds its size.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::room;

/// What made a window fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Full {
    /// So many records, or values.
    pub(super) count: u64,
    /// The ids of the first records, in the order of their times.
    pub(super) ids: Vec<u64>,
    /// The time of the last one.
    pub(super) last: i64,
}

/// The times and ids of records, in the order of their times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Times(VecDeque<(i64, u64)>);

impl Times {
    /// Adds a record, forgets those up to `forget`, and tells whether `at_least` lie within `length`.
    pub(super) fn add(&mut self, record: (i64, u64), length: i64, at_least: usize, forget: i64) -> Option<Full> {
        while self.0.front().is_some_and(|(time, _)| *time <= forget) {
            self.0.pop_front();
        }
        let at = self.0.partition_point(|(time, _)| *time <= record.0);
        self.0.insert(at, record);
        room::trim(&mut self.0);
        let time = |at: usize| self.0.get(at).map(|(time, _)| *time);
        let reach = at_least.saturating_sub(1);
        // Of a stretch that begins later, the end is not there yet: in a flood in order one is looked at, not all.
        let latest = self.0.len().checked_sub(at_least)?.min(at);
        let mut starts = at.saturating_sub(reach)..=latest;
        let start = starts.find(|start| match (time(*start), time(start + reach)) {
            (Some(first), Some(last)) => last.saturating_sub(first) < length,
            _ => false,
        })?;
        let ids = self.0.range(start..=start + reach).map(|(_, id)| *id).take(super::effect::NAMED_MAX).collect();
        Some(Full { count: at_least as u64, ids, last: time(start + reach).unwrap_or(record.0) })
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        room::counted::<(i64, u64)>(self.0.len())
    }
}

/// One sighting of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sighting {
    time: i64,
    value: u128,
    id: u64,
}

/// Sightings of values in the order of their times, without those that no window can tell from their neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Different(VecDeque<Sighting>);

impl Different {
    /// Adds the sighting of `value` in a record, forgets those up to `forget`, and tells whether `at_least` different values lie
    /// within `length`.
    pub(super) fn add(
        &mut self,
        (time, id): (i64, u64),
        value: u128,
        length: i64,
        at_least: usize,
        forget: i64,
    ) -> Option<Full> {
        while self.0.front().is_some_and(|sighting| sighting.time <= forget) {
            self.0.pop_front();
        }
        let at = self.insert(Sighting { time, value, id }, length);
        room::trim(&mut self.0);
        let at = at?;
        self.full_around(at, time, length, at_least)
    }

    /// Where the sighting stands now; `None` if it changes no window.
    ///
    /// A stretch of the window's length that holds a sighting lying between two others of the same value, which are no further
    /// apart than that, holds one of these two as well.
    fn insert(&mut self, sighting: Sighting, length: i64) -> Option<usize> {
        let at = self.0.partition_point(|other| other.time <= sighting.time);
        let same = |(_, other): &(usize, &Sighting)| other.value == sighting.value;
        let places = |(at, other): (usize, &Sighting)| (at, other.time);
        let mut earlier = self.0.iter().enumerate().take(at).rev().filter(same).map(places);
        let (before, long_before) = (earlier.next(), earlier.next());
        let mut later = self.0.iter().enumerate().skip(at).filter(same).map(places);
        let (after, long_after) = (later.next(), later.next());
        let near = |a: i64, b: i64| b.saturating_sub(a) <= length;
        if let (Some((_, a)), Some((_, b))) = (before, after)
            && near(a, b)
        {
            return None;
        }
        self.0.insert(at, sighting);
        if let (Some((next, _)), Some((_, b))) = (after, long_after)
            && near(sighting.time, b)
        {
            self.0.remove(next + 1);
        }
        if let (Some((previous, _)), Some((_, a))) = (before, long_before)
            && near(a, sighting.time)
        {
            self.0.remove(previous);
            return Some(at - 1);
        }
        Some(at)
    }

    fn full_around(&self, at: usize, time: i64, length: i64, at_least: usize) -> Option<Full> {
        let first = self.0.partition_point(|other| other.time <= time.saturating_sub(length));
        let end = self.0.partition_point(|other| other.time < time.saturating_add(length));
        if end.saturating_sub(first) < at_least {
            return None;
        }
        let mut counts: HashMap<u128, u32> = HashMap::new();
        let mut start = first;
        for (last, sighting) in self.0.iter().enumerate().take(end).skip(first) {
            *counts.entry(sighting.value).or_default() += 1;
            while let Some(leaving) = self.0.get(start).filter(|s| s.time <= sighting.time.saturating_sub(length)) {
                start += 1;
                if let Some(count) = counts.get_mut(&leaving.value) {
                    *count -= 1;
                    if *count == 0 {
                        counts.remove(&leaving.value);
                    }
                }
            }
            if last >= at && counts.len() >= at_least {
                let ids = self.0.range(start..=last).map(|s| s.id).take(super::effect::NAMED_MAX).collect();
                return Some(Full { count: counts.len() as u64, ids, last: sighting.time });
            }
        }
        None
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        room::counted::<Sighting>(self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Whether some stretch of `length` that holds the last of `all` holds three different values.
    fn is_full(all: &[(i64, u128)], length: i64) -> bool {
        let (last, _) = *all.last().unwrap();
        (last..last + length).any(|end| {
            let within = all.iter().filter(|(time, _)| (end - length + 1..=end).contains(time));
            within.map(|(_, value)| *value).collect::<std::collections::BTreeSet<_>>().len() >= 3
        })
    }

    proptest! {
        // Small numbers: the edges are where it can be wrong.
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn what_is_left_out_changes_no_window(length in 1..5_i64, sightings in vec((0..12_i64, 0..3_u128), 0..20)) {
            let mut values = Different::default();
            let mut all = Vec::new();
            for (time, value) in sightings {
                all.push((time, value));
                let full = values.add((time, 1), value, length, 3, i64::MIN);
                prop_assert_eq!(full.is_some(), is_full(&all, length), "{:?}", all);
                if full.is_some() {
                    break;
                }
            }
        }
    }

    fn add(times: &mut Times, time: i64) -> Option<Full> {
        times.add((time, time as u64), 100, 3, i64::MIN)
    }

    #[test]
    fn a_record_exactly_a_window_earlier_is_outside() {
        let mut times = Times::default();
        assert_eq!((add(&mut times, 0), add(&mut times, 50), add(&mut times, 100)), (None, None, None));
        assert_eq!(add(&mut times, 149), Some(Full { count: 3, ids: vec![50, 100, 149], last: 149 }));
    }

    #[test]
    fn a_record_that_comes_late_completes_the_window_it_belongs_to() {
        let mut times = Times::default();
        assert_eq!((add(&mut times, 0), add(&mut times, 200), add(&mut times, 99)), (None, None, None));
        assert_eq!(add(&mut times, 1), Some(Full { count: 3, ids: vec![0, 1, 99], last: 99 }));
    }

    #[test]
    fn what_lies_before_the_limit_is_forgotten() {
        let mut times = Times::default();
        for time in 0..10 {
            assert_eq!(times.add((time * 1000, 1), 100, 2, time * 1000 - 500), None);
        }
        assert_eq!(times.0.len(), 1);
    }

    #[test]
    fn a_value_counts_once_however_often_it_is_seen() {
        let mut values = Different::default();
        let mut add =
            |time: i64, value| values.add((time, time as u64), value, 100, 3, i64::MIN).map(|full| full.count);
        for time in 0..50 {
            assert_eq!(add(time, 1), None);
        }
        assert_eq!(add(120, 2), None);
        // The first value was last seen exactly a window before this.
        assert_eq!(add(149, 3), None);
        assert_eq!(add(148, 4), Some(3));
    }

    #[test]
    fn a_flood_of_one_value_takes_no_room() {
        let mut values = Different::default();
        for time in 0..10_000 {
            assert_eq!(values.add((time, 1), 7, 1000, 2, i64::MIN), None);
        }
        assert!(values.0.len() <= 24, "{}", values.0.len());
    }
}
