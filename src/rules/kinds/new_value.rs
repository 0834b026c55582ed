//! `new_value`: a value that was not seen before. Each value is a group of its own, so that those seen longest ago make room.

use super::{Firing, Seen};
use crate::rules::row_field::RowField;
use crate::rules::state::State;

pub(super) fn observe(
    state: &mut State,
    seen: &Seen<'_, '_>,
    field: &RowField,
    remember: Option<i64>,
    learn: i64,
) -> Option<Firing> {
    let is_known = match state {
        State::Seen(at) => remember.is_none_or(|remember| seen.now.saturating_sub(*at) < remember),
        _ => false,
    };
    *state = State::Seen(seen.now);
    let is_learning = seen.now.saturating_sub(seen.since) < learn;
    if is_known || is_learning || seen.lasts {
        return None;
    }
    Some(Firing { value: field.of(seen.row).into_owned(), ..Firing::by(seen) })
}
