//! What is remembered of one group.

use serde::{Deserialize, Serialize};

use super::buckets::{History, Shares};
use super::kinds::sequence::Events;
use super::window::{Different, Times};

/// The memory of one group; which one depends on the rule's kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// Nothing.
    #[default]
    Empty,
    Times(Times),
    Different(Different),
    Shares(Box<Shares>),
    History(Box<History>),
    /// When, and in which record, the group was heard of last.
    Heard(i64, u64),
    /// When the value was seen last.
    Seen(i64),
    Events(Box<Events>),
}

impl State {
    /// How many records that might have mattered were forgotten for want of room, since the last call.
    pub(super) fn take_lost(&mut self) -> u64 {
        if let Self::Events(events) = self { events.take_lost() } else { 0 }
    }

    /// The bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Empty | Self::Heard(..) | Self::Seen(_) => 0,
            Self::Times(times) => times.heap_bytes(),
            Self::Different(values) => values.heap_bytes(),
            Self::Shares(shares) => size_of::<Shares>() + shares.heap_bytes(),
            Self::History(history) => history.heap_bytes(),
            Self::Events(events) => events.heap_bytes(),
        }
    }
}
