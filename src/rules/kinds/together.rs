//! Several rules match within the window, in any order. A record that matches several counts for each of them.

use super::{Firing, Seen};
use crate::rules::state::State;
use crate::rules::window::Different;

/// Which rules the record matches is told by the bits of its hit. The numbers of rules are counted as different values.
pub(super) fn observe(state: &mut State, seen: &Seen<'_, '_>, window: i64, rules: usize) -> Option<Firing> {
    if seen.lasts {
        return Some(Firing::by(seen));
    }
    if seen.is_held {
        return None;
    }
    if !matches!(state, State::Different(_)) {
        *state = State::Different(Different::default());
    }
    let State::Different(values) = state else { return None };
    let record = (seen.time, seen.row.id);
    let forget = seen.now.saturating_sub(seen.slack).saturating_sub(window);
    let matched = (0..u8::BITS).filter(|rule| seen.hit >> rule & 1 == 1);
    let full = matched.into_iter().find_map(|rule| values.add(record, u128::from(rule), window, rules, forget))?;
    *state = State::Empty;
    let mut firing = Firing::from(full);
    firing.ids.dedup();
    Some(firing)
}
