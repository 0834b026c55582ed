//! `absence`: a group that was heard of falls silent. The alert is raised by time alone, and ends when the group is heard again.

use super::{Firing, Seen};
use crate::rules::state::State;

pub(super) fn observe(state: &mut State, seen: &Seen<'_, '_>) -> Option<Firing> {
    *state = State::Heard(seen.now, seen.row.id);
    None
}
