//! What a Sigma text comes to for the evaluator: its detection rules that alert by themselves, and its correlations.
//!
//! Each is evaluated like a rule of its own, with its groups and its window. `sigma_reading.rs` makes them of the text.

use super::hash;
use super::row_field::RowField;
use super::sigma::correlations::GroupField;
use super::sigma::document::DetectionRule;
use crate::record::LogRow;

/// What a text alerts of by itself.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its title, where its text has several: the first value of its groups.
    pub(super) label: Option<String>,
    /// The detection rules that it is about.
    pub(super) members: Vec<DetectionRule>,
    pub(super) kind: PartKind,
    pub(super) group: PartGroup,
    /// The field whose values are counted.
    pub(super) counted: Option<GroupField>,
    /// 0 for a rule about single records.
    pub(super) window_seconds: u32,
}

/// What must happen within one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    /// A record matches.
    Single,
    /// So many records match.
    Count { at_least: usize },
    /// Records match that have so many different values.
    Values { at_least: usize },
    /// Each member matches, in any order.
    Together,
    /// The same in the order of the members.
    Ordered,
}

/// What records are grouped by.
#[derive(Clone, Debug)]
pub(super) enum PartGroup {
    /// The host, or nothing where a record has none: an alert must not be missed for the want of it.
    Host,
    Fields(Vec<RowField>),
    /// In the places of each member's log source. Records that lack one are not counted.
    Correlated(Vec<GroupField>),
}

/// A record counts for a group.
pub(super) struct Sighting {
    pub(super) key: Vec<u8>,
    /// The members that it matches as bits, where it matters which, else 1.
    pub(super) hit: u8,
    pub(super) value: Option<u128>,
}

impl PartKind {
    pub(super) fn default_message(self) -> &'static str {
        match self {
            Self::Single => "{{message}}",
            Self::Count { .. } => "{{count}} records within {{window}}",
            Self::Values { .. } => "{{count}} different values within {{window}}",
            Self::Together => "{{count}} rules matched within {{window}}",
            Self::Ordered => "{{count}} rules matched in this order within {{window}}",
        }
    }
}

impl Part {
    /// What the values of a group's key are called.
    pub(super) fn group_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.label.iter().map(|_| "sigma").collect();
        match &self.group {
            PartGroup::Host => names.push("host"),
            PartGroup::Fields(fields) => names.extend(fields.iter().map(|field| field.name.as_str())),
            PartGroup::Correlated(fields) => names.extend(fields.iter().map(|field| field.name.as_str())),
        }
        names
    }

    /// The groups for which `row` counts, which matches `members`: several where members find a field in different places.
    pub(super) fn sightings(&self, row: &LogRow<'_>, members: u64) -> Vec<Sighting> {
        let mut all: Vec<Sighting> = Vec::new();
        for member in (0..self.members.len()).filter(|member| members >> member & 1 == 1) {
            let Some(key) = self.key(row, member) else { continue };
            let value = match &self.counted {
                None => None,
                Some(field) => match field.by_rule.get(member).and_then(|field| field.value(row)) {
                    Some(value) => Some(hash::of_value(&value)),
                    None => continue,
                },
            };
            let hit = match self.kind {
                PartKind::Together | PartKind::Ordered => 1 << member,
                _ => 1,
            };
            match all.iter_mut().find(|known| known.key == key && known.value == value) {
                Some(known) => known.hit |= hit,
                None => all.push(Sighting { key, hit, value }),
            }
        }
        all
    }

    /// The key of the record's group; `None` if it lacks one of the fields.
    fn key(&self, row: &LogRow<'_>, member: usize) -> Option<Vec<u8>> {
        let mut key = Vec::new();
        if let Some(label) = &self.label {
            hash::push_value(&mut key, label);
        }
        match &self.group {
            PartGroup::Host => hash::push_value(&mut key, &row.host),
            PartGroup::Fields(fields) => {
                for field in fields {
                    let value = field.of(row);
                    hash::push_value(&mut key, (!value.is_empty()).then_some(&value)?);
                }
            }
            PartGroup::Correlated(fields) => {
                for field in fields {
                    hash::push_value(&mut key, &field.by_rule.get(member)?.value(row)?);
                }
            }
        }
        Some(key)
    }
}
