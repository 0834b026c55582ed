//! What each kind of rule makes of a record: one file each.

pub(super) mod absence;
pub(super) mod change;
pub(super) mod matching;
pub(super) mod new_value;
pub(super) mod ratio;
pub(super) mod sequence;
pub(super) mod threshold;
pub(super) mod together;

use super::limits::Moment;
use super::row_field::RowField;
use super::rule::{Compiled, What};
use super::sigma_parts::PartKind;
use super::state::State;
use super::window::Full;
use crate::query::field::{Field, TextField};
use crate::record::LogRow;

/// A record that a rule looks at.
pub(super) struct Seen<'a, 'r> {
    pub(super) row: &'a LogRow<'r>,
    /// When it counts.
    pub(super) time: i64,
    /// The watermark.
    pub(super) now: i64,
    /// What it is to the rule; see [`hit`].
    pub(super) hit: u8,
    /// The value that is told apart from others, where the rule counts values.
    pub(super) value: Option<u128>,
    /// No record that is not late counts up to this time behind the watermark.
    pub(super) slack: i64,
    /// When the rule's first record came.
    pub(super) since: i64,
    /// Whether the group has an alert that lasts.
    pub(super) lasts: bool,
    /// Whether none may be raised yet because the last one ended a short while ago.
    pub(super) is_held: bool,
}

/// A rule is satisfied.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Firing {
    /// So many records, or values.
    pub(super) count: u64,
    /// The ids of the first of them.
    pub(super) ids: Vec<u64>,
    /// The time of the last.
    pub(super) last: i64,
    /// What `{{value}}` stands for.
    pub(super) value: String,
}

impl Firing {
    /// By one record.
    pub(super) fn by(seen: &Seen<'_, '_>) -> Self {
        Self { count: 1, ids: vec![seen.row.id], last: seen.time, value: "1".to_owned() }
    }
}

impl From<Full> for Firing {
    fn from(full: Full) -> Self {
        Self { count: full.count, ids: full.ids, last: full.last, value: full.count.to_string() }
    }
}

/// What the record is to the rule: 0 if nothing, else bits: for `ratio` 1 for all and 2 for the selected ones, for `sequence` one
/// for each step, else 1. For `sigma` others tell.
pub(super) fn hit(what: &What, row: &LogRow<'_>) -> u8 {
    match what {
        What::Threshold { filter, skew, distinct: _, at_least: _ } => {
            let is_skewed = skew.is_none_or(|skew| (row.timestamp.abs_diff(row.received_at)) > skew.unsigned_abs());
            u8::from(is_skewed && filter.matches(row))
        }
        What::Match { filter } | What::Absence { filter, .. } | What::NewValue { filter, .. } => {
            u8::from(filter.matches(row))
        }
        What::Change(change) => u8::from(change.filter.matches(row)),
        What::Ratio { filter, of, .. } => {
            if of.matches(row) {
                1 | u8::from(filter.matches(row)) << 1
            } else {
                0
            }
        }
        What::Sequence { steps } => {
            steps.iter().rev().fold(0, |bits, (filter, _)| bits << 1 | u8::from(filter.matches(row)))
        }
        // Records are matched against all Sigma rules at once.
        What::Sigma(_) => 0,
    }
}

/// When a record counts for the rule; `None` if it is too late for it.
pub(super) fn time(what: &What, moment: &Moment) -> Option<i64> {
    match what {
        // A record with a wrong time counts when it comes: its own time says nothing.
        What::Threshold { skew: Some(_), .. } => Some(moment.now),
        What::Absence { .. } => Some(moment.now),
        What::Match { .. } | What::NewValue { .. } => Some(moment.time.unwrap_or(moment.now)),
        What::Sigma(part) if part.kind == PartKind::Single => Some(moment.time.unwrap_or(moment.now)),
        What::Threshold { .. } | What::Ratio { .. } | What::Change(_) | What::Sequence { .. } | What::Sigma(_) => {
            moment.time
        }
    }
}

/// Counts a record for its group, and tells whether it satisfies the rule.
pub(super) fn observe(rule: &Compiled, state: &mut State, seen: &Seen<'_, '_>) -> Option<Firing> {
    match &rule.what {
        What::Threshold { at_least, .. } => threshold::observe(state, seen, rule.window, *at_least),
        What::Match { .. } => matching::observe(seen),
        What::Ratio { at_least, share, .. } => ratio::observe(state, seen, rule.window, *at_least, *share),
        What::Change(change) => change::observe(state, seen, rule.window, change),
        What::Absence { .. } => absence::observe(state, seen),
        What::NewValue { remember, learn, field, .. } => new_value::observe(state, seen, field, *remember, *learn),
        What::Sequence { steps } => {
            let needed: Vec<usize> = steps.iter().map(|(_, at_least)| *at_least).collect();
            sequence::observe(state, seen, rule.window, &needed)
        }
        What::Sigma(part) => match part.kind {
            PartKind::Single => matching::observe(seen),
            PartKind::Count { at_least } | PartKind::Values { at_least } => {
                threshold::observe(state, seen, rule.window, at_least)
            }
            PartKind::Together => together::observe(state, seen, rule.window, part.members.len()),
            PartKind::Ordered => sequence::observe(state, seen, rule.window, &vec![1; part.members.len()]),
        },
    }
}

/// Whether a record that raises no alert may be one of several that raise the next, whose hosts are gathered then. Where the host is one of
/// the group's fields all of them have the same.
pub(super) fn gathers_hosts(rule: &Compiled, hit: u8) -> bool {
    let is_host = |field: &RowField| matches!(field.field, Field::Text(TextField::Host));
    let counts = match &rule.what {
        What::Threshold { .. } | What::Change(_) | What::Sequence { .. } => true,
        What::Ratio { .. } => hit & ratio::SELECTED != 0,
        What::Sigma(part) => part.kind != PartKind::Single,
        What::Match { .. } | What::Absence { .. } | What::NewValue { .. } => false,
    };
    counts && !rule.group_by.iter().any(is_host)
}

/// How long after its last record a group that has no alert need not be remembered; `None` for ever.
pub(super) fn keep(rule: &Compiled, slack: i64) -> Option<i64> {
    match &rule.what {
        What::Match { .. } => Some(0),
        What::Sigma(part) if part.kind == PartKind::Single => Some(0),
        What::Threshold { .. } | What::Sequence { .. } | What::Ratio { .. } | What::Sigma(_) => {
            Some(rule.window + slack)
        }
        What::Change(change) => Some(change::keep(change, rule.window) + slack),
        What::NewValue { remember, .. } => *remember,
        What::Absence { .. } => None,
    }
}
