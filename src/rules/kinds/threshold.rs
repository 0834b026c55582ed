//! `threshold`: many records, or many different values, in a sliding window.
//!
//! While an alert lasts every record belongs to it and the window stays empty: what an alert has told of counts for no second one.

use super::{Firing, Seen};
use crate::rules::state::State;
use crate::rules::window::{Different, Times};

pub(super) fn observe(state: &mut State, seen: &Seen<'_, '_>, window: i64, at_least: usize) -> Option<Firing> {
    if seen.lasts {
        return Some(Firing::by(seen));
    }
    if seen.is_held {
        return None;
    }
    let record = (seen.time, seen.row.id);
    let forget = seen.now.saturating_sub(seen.slack).saturating_sub(window);
    let full = if let Some(value) = seen.value {
        if !matches!(state, State::Different(_)) {
            *state = State::Different(Different::default());
        }
        let State::Different(values) = state else { return None };
        values.add(record, value, window, at_least, forget)
    } else {
        if !matches!(state, State::Times(_)) {
            *state = State::Times(Times::default());
        }
        let State::Times(times) = state else { return None };
        times.add(record, window, at_least, forget)
    };
    if full.is_some() {
        *state = State::Empty;
    }
    full.map(Firing::from)
}
