//! The conditions of log sources, compiled: which rules are asked of a record at all.

use rsigma_eval::event::EventValue;

use super::mapping::{self, Column, Place};
use super::slots::Slots;
use super::view::View;
use super::when::When;

/// A [`When`] whose fields are numbered.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Always,
    Format(&'static [&'static str]),
    App(&'static [&'static str]),
    Facility(u8),
    Is(usize, &'static [&'static str]),
    Has(usize),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    pub(crate) fn new(when: &When, slots: &mut Slots) -> Self {
        let mut each = |parts: &[When]| parts.iter().map(|part| Self::new(part, slots)).collect();
        match when {
            When::Always => Self::Always,
            When::Format(formats) => Self::Format(formats),
            When::App(apps) => Self::App(apps),
            When::Facility(facility) => Self::Facility(*facility),
            When::Channel(channels) => Self::Is(slots.number(places("Channel")), channels),
            When::Is(field, values) => Self::Is(slots.number(places(field)), values),
            When::Has(field) => Self::Has(slots.number(places(field))),
            When::All(parts) => Self::All(each(parts)),
            When::Any(parts) => Self::Any(each(parts)),
            When::Not(part) => Self::Not(Box::new(Self::new(part, slots))),
        }
    }

    pub(crate) fn holds(&self, view: &View<'_>) -> bool {
        let row = view.row();
        match self {
            Self::Always => true,
            Self::Format(formats) => formats.contains(&&*row.format),
            Self::App(apps) => apps.iter().any(|app| app.eq_ignore_ascii_case(&row.app)),
            Self::Facility(facility) => row.facility == Some(*facility),
            Self::Is(slot, values) => view.field(*slot).is_some_and(|value| is_one_of(&value, values)),
            Self::Has(slot) => view.field(*slot).is_some(),
            Self::All(parts) => parts.iter().all(|part| part.holds(view)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(view)),
            Self::Not(part) => !part.holds(view),
        }
    }
}

/// Where a field of a condition is: the table states no log source for it.
fn places(field: &str) -> Vec<Place> {
    match field {
        "EventID" => vec![Place::Column(Column::MsgId), Place::Attribute("eventid".to_owned())],
        "Channel" => vec![Place::Attribute("channel".to_owned())],
        // Audit records of one event have a type each.
        "type" => vec![Place::Every("type".to_owned())],
        _ => mapping::places(None, field),
    }
}

fn is_one_of(value: &EventValue<'_>, values: &[&str]) -> bool {
    match value {
        EventValue::Str(text) => values.iter().any(|known| known.eq_ignore_ascii_case(text)),
        EventValue::Array(members) => members.iter().any(|member| is_one_of(member, values)),
        _ => false,
    }
}
