//! `sequence`: records of several steps, in order, within the window.
//!
//! For every step the latest time is known at which a chain that has come so far may have begun: the records of a step, newest
//! first, hand it on. While an alert lasts the records of the last step belong to it and nothing is remembered.
//!
//! Records may come out of order, so that a run of records of one step is not just its newest ones: one of another step may come to lie
//! between them. Of a run the first and the newest of each eighth of the window are kept, as many as the step asks for. A flood of one
//! step takes little room, and a record that comes late into it finds what it needs, but for chains that fill the window to an eighth.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Firing, Seen};
use crate::rules::effect::NAMED_MAX;
use crate::rules::room;
use crate::rules::state::State;

/// The most records that are remembered of one group.
const EVENTS_MAX: usize = 8704;
/// So much room is made at once. What is left is more than all steps together can ask for, which is 8,000.
const ROOM: usize = 512;
/// Runs are thinned within such a part of the window.
const CELLS: i64 = 8;

/// Records of any step, in the order of their times: time, the steps they belong to as bits, id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::rules) struct Events {
    list: VecDeque<(i64, u8, u64)>,
    /// Records that might have mattered and were forgotten for want of room, until somebody asks.
    #[serde(skip)]
    lost: u64,
}

pub(super) fn observe(state: &mut State, seen: &Seen<'_, '_>, window: i64, needed: &[usize]) -> Option<Firing> {
    let last_step = 1 << needed.len().saturating_sub(1);
    if seen.lasts {
        return (seen.hit & last_step != 0).then(|| Firing::by(seen));
    }
    if seen.is_held {
        return None;
    }
    if !matches!(state, State::Events(_)) {
        *state = State::Events(Box::default());
    }
    let State::Events(events) = state else { return None };
    let forget = seen.now.saturating_sub(seen.slack).saturating_sub(window);
    let cell = (window / CELLS).max(1);
    let came_in_order = events.add((seen.time, seen.hit, seen.row.id), needed, cell, forget);
    let may_complete = seen.hit & last_step != 0 || !came_in_order;
    let (start, end) = if may_complete { events.chain(needed, window)? } else { return None };
    let within = events.list.iter().filter(|(time, ..)| (start..=end).contains(time));
    let ids = within.map(|(.., id)| *id).take(NAMED_MAX).collect();
    *state = State::Empty;
    let count = needed.iter().sum::<usize>() as u64;
    Some(Firing { count, ids, last: end, value: count.to_string() })
}

impl Events {
    /// Adds a record and tells whether it is the newest. Runs are thinned in parts of the length of `cell`.
    fn add(&mut self, event: (i64, u8, u64), needed: &[usize], cell: i64, forget: i64) -> bool {
        while self.list.pop_front_if(|(time, ..)| *time <= forget).is_some() {}
        let at = self.list.partition_point(|(time, ..)| *time <= event.0);
        let is_newest = at == self.list.len();
        self.list.insert(at, event);
        if is_newest {
            self.thin(event, needed, cell);
        }
        if self.list.len() > EVENTS_MAX {
            self.make_room(needed);
        }
        room::trim(&mut self.list);
        is_newest
    }

    /// Takes one out of the middle of the run that the newest record is the end of, if it has more than are of use.
    fn thin(&mut self, (time, step, _): (i64, u8, u64), needed: &[usize], cell: i64) {
        let Some(kept) = kept(step, needed) else { return };
        let number = time.div_euclid(cell);
        let is_same = |(time, other, _): &&(i64, u8, u64)| *other == step && time.div_euclid(cell) == number;
        let run = self.list.iter().rev().take(2 * kept + 1).take_while(is_same).count();
        if run > 2 * kept {
            self.list.remove(self.list.len() - 1 - kept);
        }
    }

    /// Forgets what matters least: in the older half all but the newest records of each run, which only one that comes very late would
    /// miss; else the same in all of it; where that is not enough, the oldest records.
    fn make_room(&mut self, needed: &[usize]) {
        let most = EVENTS_MAX - ROOM;
        let newer = self.list.split_off(self.list.len() / 2);
        self.list = condensed(std::mem::take(&mut self.list), needed);
        self.list.extend(newer);
        if self.list.len() > most {
            self.list = condensed(std::mem::take(&mut self.list), needed);
        }
        while self.list.len() > most {
            self.list.pop_front();
            self.lost += 1;
        }
    }

    /// How many records were forgotten that might have mattered, since the last call.
    pub(in crate::rules) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// The first and the last time of a chain of all steps that is shorter than `window`.
    fn chain(&self, needed: &[usize], window: i64) -> Option<(i64, i64)> {
        // For each step when the chains began whose newest records are of it, the latest first.
        let mut begun: Vec<VecDeque<i64>> = vec![VecDeque::new(); needed.len()];
        for (time, steps, _) in &self.list {
            // The last step first: one record is never two links of a chain.
            for step in (0..needed.len()).rev().filter(|step| steps >> step & 1 == 1) {
                let start = match step.checked_sub(1) {
                    None => Some(*time),
                    Some(before) => begun_in_full(&begun, needed, before),
                };
                let (Some(start), Some(chains), Some(needed)) = (start, begun.get_mut(step), needed.get(step)) else {
                    continue;
                };
                chains.push_front(start);
                chains.truncate(*needed);
            }
            let start = begun_in_full(&begun, needed, needed.len().saturating_sub(1));
            if let Some(start) = start.filter(|start| time.saturating_sub(*start) < window) {
                return Some((start, *time));
            }
        }
        None
    }

    /// The bytes on the heap, with its own.
    pub(in crate::rules) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + room::counted::<(i64, u8, u64)>(self.list.len())
    }
}

/// Of each run its newest records, as many as a chain can make use of.
fn condensed(list: VecDeque<(i64, u8, u64)>, needed: &[usize]) -> VecDeque<(i64, u8, u64)> {
    let mut left = VecDeque::with_capacity(list.len());
    let (mut steps, mut run) = (0, 0);
    for event in list.into_iter().rev() {
        run = if steps == event.1 { run + 1 } else { 1 };
        steps = event.1;
        if kept(steps, needed).is_none_or(|kept| run <= kept) {
            left.push_front(event);
        }
    }
    left
}

/// How many records of a run of `steps` a chain can make use of; `None` where they are of several steps.
fn kept(steps: u8, needed: &[usize]) -> Option<usize> {
    steps.is_power_of_two().then(|| needed.get(steps.trailing_zeros() as usize).copied().unwrap_or(1))
}

/// When the chain began that has all records of `step`.
fn begun_in_full(begun: &[VecDeque<i64>], needed: &[usize], step: usize) -> Option<i64> {
    let chains = begun.get(step)?;
    if needed.get(step).is_some_and(|needed| chains.len() >= *needed) { chains.back().copied() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn chain(events: &[(i64, u8)], needed: &[usize]) -> Option<(i64, i64)> {
        let mut all = Events::default();
        for (time, steps) in events {
            all.add((*time, *steps, 1), needed, 12, i64::MIN);
        }
        all.chain(needed, 100)
    }

    /// Whether some records of `all` are a chain that is shorter than `window`: each of them is tried as the first one.
    fn has_chain(all: &[(i64, u8)], needed: &[usize], window: i64) -> bool {
        let mut sorted = all.to_vec();
        sorted.sort_by_key(|(time, _)| *time);
        (0..sorted.len()).filter(|start| sorted[*start].1 & 1 == 1).any(|start| {
            let (mut step, mut count) = (0, 0);
            for (time, steps) in &sorted[start..] {
                count += usize::from(steps >> step & 1 == 1);
                if count == needed[step] {
                    (step, count) = (step + 1, 0);
                }
                if step == needed.len() {
                    return time - sorted[start].0 < window;
                }
            }
            false
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn a_chain_is_found_whatever_the_order_in_which_its_records_come(
            needed in vec(1..4_usize, 2..4),
            briefs in vec((0..3_i64, prop_oneof![3 => Just(0_i64), 1 => 0..12_i64], prop_oneof![4 => Just(1_u8), 3 => Just(2), 3 => Just(4), 1 => 1..8_u8]), 0..60),
        ) {
            const WINDOW: i64 = 10;
            const SLACK: i64 = 12;
            let steps_all = (1 << needed.len()) - 1;
            let (mut now, mut events, mut all) = (0, Events::default(), Vec::new());
            for (at, (step, age, steps)) in briefs.into_iter().enumerate() {
                now += step;
                let (time, steps) = (now - age, steps & steps_all);
                if steps == 0 {
                    continue;
                }
                all.push((time, steps));
                events.add((time, steps, at as u64), &needed, 1, now - SLACK - WINDOW);
                let found = events.chain(&needed, WINDOW);
                prop_assert_eq!(found.is_some(), has_chain(&all, &needed, WINDOW), "{:?} of {:?}", all, needed);
                if found.is_some() {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_late_record_finds_the_others_in_the_middle_of_a_flood() {
        let needed = [5, 1];
        for late in [40, 41, 500, 501, 7777, 9998] {
            let mut events = Events::default();
            for time in 0..10_000 {
                events.add((time, 1, 1), &needed, 125, i64::MIN);
            }
            assert!(events.list.len() <= 10_000 / 125 * 10, "{}", events.list.len());
            assert!(!events.add((late, 2, 1), &needed, 125, i64::MIN));
            let (start, end) = events.chain(&needed, 1000).unwrap();
            assert!(end == late && late - start <= 125 + 5, "{start} to {end}");
        }
    }

    #[test]
    fn what_is_beyond_the_limit_and_might_have_mattered_is_told() {
        let add =
            |events: &mut Events, time: i64, steps| events.add((time, steps, 1), &[1000, 1, 1], 1 << 40, i64::MIN);
        let mut events = Events::default();
        // Runs give what they do not need.
        for time in 0..100_000 {
            add(&mut events, time, 1);
        }
        for time in 100_000..106_000 {
            add(&mut events, time, [2, 4, 4, 4][time as usize % 4]);
        }
        assert_eq!((events.take_lost(), events.list.len() <= EVENTS_MAX), (0, true));
        for time in 200_000..210_000 {
            add(&mut events, time, [2, 1][time as usize % 2]);
        }
        assert!(events.list.len() <= EVENTS_MAX, "{}", events.list.len());
        assert!(events.take_lost() > 1000 && events.take_lost() == 0);
    }

    #[test]
    fn steps_must_come_in_order_within_the_window() {
        assert_eq!(chain(&[(0, 1), (10, 1), (20, 2)], &[2, 1]), Some((0, 20)));
        assert_eq!(chain(&[(0, 2), (10, 1), (20, 1)], &[2, 1]), None);
        assert_eq!(chain(&[(0, 1), (100, 2)], &[1, 1]), None);
        assert_eq!(chain(&[(1, 1), (100, 2)], &[1, 1]), Some((1, 100)));
        // The second of the first step begins a chain that is short enough.
        assert_eq!(chain(&[(0, 1), (50, 1), (120, 2)], &[1, 1]), Some((50, 120)));
    }

    #[test]
    fn a_second_step_that_comes_late_between_two_first_ones_is_found() {
        assert_eq!(chain(&[(10, 1), (20, 1), (15, 2)], &[1, 1]), Some((10, 15)));
        assert_eq!(chain(&[(10, 1), (11, 1), (20, 1), (30, 1), (15, 2)], &[2, 1]), Some((10, 15)));
        assert_eq!(chain(&[(10, 1), (20, 1), (9, 2)], &[1, 1]), None);
    }

    #[test]
    fn a_record_is_one_link_of_a_chain() {
        assert_eq!(chain(&[(0, 3)], &[1, 1]), None);
        assert_eq!(chain(&[(0, 3), (1, 3)], &[1, 1]), Some((0, 1)));
        assert_eq!(chain(&[(0, 7), (1, 7)], &[1, 1, 1]), None);
        assert_eq!(chain(&[(0, 7), (1, 7), (2, 7)], &[1, 1, 1]), Some((0, 2)));
    }

    #[test]
    fn a_flood_of_one_step_takes_little_room_and_is_remembered() {
        let mut events = Events::default();
        for time in 0..1000 {
            events.add((time, 1, 1), &[5, 2], 125, i64::MIN);
        }
        assert_eq!(events.list.len(), 80, "ten in each eighth");
        events.add((1001, 2, 1), &[5, 2], 125, i64::MIN);
        assert_eq!(events.chain(&[5, 2], 100), None);
        events.add((1002, 2, 1), &[5, 2], 125, i64::MIN);
        assert_eq!(events.chain(&[5, 2], 100), Some((995, 1002)));
    }
}
