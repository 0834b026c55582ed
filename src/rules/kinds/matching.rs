//! `match`: any record.

use super::{Firing, Seen};

pub(super) fn observe(seen: &Seen<'_, '_>) -> Option<Firing> {
    Some(Firing::by(seen))
}
