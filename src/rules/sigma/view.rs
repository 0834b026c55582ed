//! A record as the evaluator sees it: fields are read from it when a rule asks, and nothing is copied.

use std::borrow::Cow;
use std::cell::OnceCell;

use rsigma_eval::event::{Event, EventValue};

use super::mapping::Column;
use super::slots::{self, Located, Slots, Spot};
use crate::record::{LogRow, Rfc3339};

/// The longest JSON list that is taken apart.
const LIST_BYTES_MAX: usize = 64 * 1024;

/// A record with the fields that rules ask for.
pub(crate) struct View<'a> {
    row: &'a LogRow<'a>,
    slots: &'a Slots,
    located: Located,
    ip: OnceCell<String>,
    timestamp: OnceCell<String>,
    message: OnceCell<Cow<'a, str>>,
    raw: OnceCell<Cow<'a, str>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(row: &'a LogRow<'a>, slots: &'a Slots) -> Self {
        Self {
            row,
            slots,
            located: slots.locate(row.attributes.iter().map(|(name, _)| &**name)),
            ip: OnceCell::new(),
            timestamp: OnceCell::new(),
            message: OnceCell::new(),
            raw: OnceCell::new(),
        }
    }

    pub(crate) fn row(&self) -> &'a LogRow<'a> {
        self.row
    }

    /// The value of a field; `None` where the record does not have it. An empty value is none.
    pub(crate) fn field(&self, number: usize) -> Option<EventValue<'_>> {
        self.slots.spots(number).iter().find_map(|spot| match spot {
            Spot::Attribute(name) => {
                let (_, value) = self.row.attributes.get(self.located.get(*name)?)?;
                present(value)
            }
            Spot::Every(name) => self.every(name),
            Spot::Column(column) => self.column(*column),
        })
    }

    /// The attributes of an audit event that are `name` in any of its records.
    fn every(&self, name: &str) -> Option<EventValue<'_>> {
        let mut values: Vec<EventValue<'_>> = Vec::new();
        for (attribute, value) in &self.row.attributes {
            let (record, field) = attribute.rsplit_once('.').unwrap_or(("", attribute));
            if field.eq_ignore_ascii_case(name) || attribute.eq_ignore_ascii_case(name) {
                values.extend(present(value));
            } else if name == "type" && !record.is_empty() {
                // Further records have their type before the names of their fields only.
                let kind = EventValue::Str(Cow::Owned(record.to_ascii_uppercase()));
                if values.last() != Some(&kind) {
                    values.push(kind);
                }
            }
        }
        match values.len() {
            0 => None,
            1 => values.pop(),
            _ => Some(EventValue::Array(values)),
        }
    }

    fn column(&self, column: Column) -> Option<EventValue<'_>> {
        let row = self.row;
        let text = match column {
            Column::Timestamp => self.timestamp.get_or_init(|| Rfc3339(row.timestamp).to_string()),
            Column::Level => row.level.as_str(),
            Column::Source => &row.source,
            Column::Host => &row.host,
            Column::App => &row.app,
            Column::ProcId => &row.proc_id,
            Column::MsgId => &row.msg_id,
            Column::UserName => &row.user_name,
            Column::Ip => {
                let ip = row.ip?;
                self.ip.get_or_init(|| ip.to_string())
            }
            Column::Message => self.message(),
        };
        (!text.is_empty()).then_some(EventValue::Str(Cow::Borrowed(text)))
    }

    fn message(&self) -> &str {
        self.message.get_or_init(|| String::from_utf8_lossy(&self.row.message))
    }

    fn raw(&self) -> &str {
        self.raw.get_or_init(|| String::from_utf8_lossy(&self.row.raw))
    }

    /// The texts that words without a field are searched in.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let raw = (self.row.raw != self.row.message).then(|| self.raw());
        [Some(self.message()), raw].into_iter().flatten().filter(|text| !text.is_empty())
    }
}

impl Event for View<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        let (number, is_present) = slots::decode(path)?;
        let value = self.field(number);
        // Null, not absent, so that "empty or one of these" can be said of a record without the field.
        if is_present { value } else { Some(value.unwrap_or(EventValue::Null)) }
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        self.texts().any(pred)
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        self.texts().map(Cow::Borrowed).collect()
    }

    fn to_json(&self) -> serde_json::Value {
        // Asked for only by rules that want the event in their result, which none of ours does.
        serde_json::Value::Null
    }
}

/// A value that is not empty; the members of a JSON list, and its text.
fn present(value: &str) -> Option<EventValue<'_>> {
    if value.is_empty() {
        return None;
    }
    let text = EventValue::Str(Cow::Borrowed(value));
    let is_list = value.starts_with('[') && value.ends_with(']') && value.len() <= LIST_BYTES_MAX;
    if is_list && let Ok(members) = serde_json::from_str::<Vec<serde_json::Value>>(value) {
        let mut values = vec![text];
        for member in members {
            values.extend(scalar(member));
        }
        return Some(EventValue::Array(values));
    }
    Some(text)
}

fn scalar(value: serde_json::Value) -> Option<EventValue<'static>> {
    match value {
        serde_json::Value::String(text) => Some(EventValue::Str(Cow::Owned(text))),
        serde_json::Value::Number(number) => Some(EventValue::Str(Cow::Owned(number.to_string()))),
        serde_json::Value::Bool(truth) => Some(EventValue::Bool(truth)),
        _ => None,
    }
}
