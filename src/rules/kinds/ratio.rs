//! `ratio`: a share of all records of the window. It may also be reached by a record that is not selected, if too few came before.

use super::{Firing, Seen};
use crate::rules::state::State;

/// The bit of [`Seen::hit`] for records that the filter selects.
pub(super) const SELECTED: u8 = 2;

pub(super) fn observe(
    state: &mut State,
    seen: &Seen<'_, '_>,
    window: i64,
    at_least: u64,
    share: f64,
) -> Option<Firing> {
    if !matches!(state, State::Shares(_)) {
        *state = State::Shares(Box::default());
    }
    let State::Shares(shares) = state else { return None };
    let is_selected = seen.hit & SELECTED != 0;
    let (all, selected) = shares.add(seen.time, is_selected, window);
    let is_reached = all >= at_least && selected > 0 && selected as f64 >= share * all as f64;
    if !is_reached || (seen.lasts && !is_selected) {
        return None;
    }
    let value = format!("{:.0} %", 100.0 * selected as f64 / all.max(1) as f64);
    let ids = if is_selected { vec![seen.row.id] } else { Vec::new() };
    Some(Firing { count: if seen.lasts { 1 } else { selected }, ids, last: seen.time, value })
}
