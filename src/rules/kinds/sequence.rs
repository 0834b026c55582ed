//! `sequence`: records of several steps, in order, within the window.
//!
//! For every step the latest time is known at which a chain that has come so far may have begun: the records of a step, newest
//! first, hand it on. While an alert lasts the records of the last step belong to it and nothing is remembered.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Firing, Seen};
use crate::rules::effect::NAMED_MAX;
use crate::rules::room;
use crate::rules::state::State;

/// The most records that are remembered of one group: more than all steps together can ask for.
const EVENTS_MAX: usize = 8192;

/// Records of any step, in the order of their times: time, the steps they belong to as bits, id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::rules) struct Events(VecDeque<(i64, u8, u64)>);

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
    let came_in_order = events.add((seen.time, seen.hit, seen.row.id), needed, forget);
    let may_complete = seen.hit & last_step != 0 || !came_in_order;
    let (start, end) = if may_complete { events.chain(needed, window)? } else { return None };
    let within = events.0.iter().filter(|(time, ..)| (start..=end).contains(time));
    let ids = within.map(|(.., id)| *id).take(NAMED_MAX).collect();
    *state = State::Empty;
    let count = needed.iter().sum::<usize>() as u64;
    Some(Firing { count, ids, last: end, value: count.to_string() })
}

impl Events {
    /// Adds a record and tells whether it is the newest.
    fn add(&mut self, event: (i64, u8, u64), needed: &[usize], forget: i64) -> bool {
        while self.0.pop_front_if(|(time, ..)| *time <= forget).is_some() {}
        let at = self.0.partition_point(|(time, ..)| *time <= event.0);
        let is_newest = at == self.0.len();
        self.0.insert(at, event);
        // Of a run of records of one step no chain needs more than the step asks for, and the newest serve it best.
        if is_newest && event.1.is_power_of_two() {
            let run = needed.get(event.1.trailing_zeros() as usize).copied().unwrap_or(1);
            let is_run = self.0.len() > run && self.0.iter().rev().take(run + 1).all(|(_, steps, _)| *steps == event.1);
            if is_run {
                self.0.remove(self.0.len() - run - 1);
            }
        }
        if self.0.len() > EVENTS_MAX {
            self.0.pop_front();
        }
        room::trim(&mut self.0);
        is_newest
    }

    /// The first and the last time of a chain of all steps that is shorter than `window`.
    fn chain(&self, needed: &[usize], window: i64) -> Option<(i64, i64)> {
        // For each step when the chains began whose newest records are of it, the latest first.
        let mut begun: Vec<VecDeque<i64>> = vec![VecDeque::new(); needed.len()];
        for (time, steps, _) in &self.0 {
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
        size_of::<Self>() + room::counted::<(i64, u8, u64)>(self.0.len())
    }
}

/// When the chain began that has all records of `step`.
fn begun_in_full(begun: &[VecDeque<i64>], needed: &[usize], step: usize) -> Option<i64> {
    let chains = begun.get(step)?;
    if needed.get(step).is_some_and(|needed| chains.len() >= *needed) { chains.back().copied() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(events: &[(i64, u8)], needed: &[usize]) -> Option<(i64, i64)> {
        let mut all = Events::default();
        for (time, steps) in events {
            all.add((*time, *steps, 1), needed, i64::MIN);
        }
        all.chain(needed, 100)
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
    fn a_record_is_one_link_of_a_chain() {
        assert_eq!(chain(&[(0, 3)], &[1, 1]), None);
        assert_eq!(chain(&[(0, 3), (1, 3)], &[1, 1]), Some((0, 1)));
        assert_eq!(chain(&[(0, 7), (1, 7)], &[1, 1, 1]), None);
        assert_eq!(chain(&[(0, 7), (1, 7), (2, 7)], &[1, 1, 1]), Some((0, 2)));
    }

    #[test]
    fn a_flood_of_one_step_takes_no_room_and_is_remembered() {
        let mut events = Events::default();
        for time in 0..1000 {
            events.add((time, 1, 1), &[5, 2], i64::MIN);
        }
        assert_eq!(events.0.len(), 5);
        events.add((1001, 2, 1), &[5, 2], i64::MIN);
        assert_eq!(events.chain(&[5, 2], 100), None);
        events.add((1002, 2, 1), &[5, 2], i64::MIN);
        assert_eq!(events.chain(&[5, 2], 100), Some((995, 1002)));
    }
}
