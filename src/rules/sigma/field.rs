//! A field of Sigma in single records, outside of rules.

use std::borrow::Cow;

use super::mapping::{self, Column, LogSource, Place};
use super::slots::unprefixed;
use crate::record::{LogRow, Rfc3339};

/// Where a field is in the records of a log source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuleField {
    name: String,
    places: Vec<Place>,
}

impl RuleField {
    /// The field that a rule for `logsource` calls `name`.
    #[must_use]
    pub fn new(logsource: &LogSource, name: &str) -> Self {
        let source = logsource.row().map(|(source, _)| source);
        Self { name: name.to_owned(), places: mapping::places(source, name) }
    }

    /// The rule's own name for it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value, which is never empty; `None` where the record does not have it.
    #[must_use]
    pub fn value<'r>(&self, row: &'r LogRow<'_>) -> Option<Cow<'r, str>> {
        let values = self.places.iter().filter_map(|place| match place {
            Place::Attribute(name) => attribute(row, name).map(Cow::Borrowed),
            Place::Every(name) => every(row, name).map(Cow::Borrowed),
            Place::Column(column) => self::column(row, *column),
        });
        values.into_iter().find(|value| !value.is_empty())
    }
}

fn attribute<'r>(row: &'r LogRow<'_>, name: &str) -> Option<&'r str> {
    let whole = row.attributes.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    let behind = || {
        row.attributes.iter().find(|(own, _)| {
            let rest = own.len().checked_sub(name.len()).and_then(|at| own.get(at..));
            rest.is_some_and(|rest| rest.eq_ignore_ascii_case(name))
                && unprefixed(&own.to_ascii_lowercase()).is_some_and(|rest| rest.eq_ignore_ascii_case(name))
        })
    };
    whole.or_else(behind).map(|(_, value)| &**value)
}

fn every<'r>(row: &'r LogRow<'_>, name: &str) -> Option<&'r str> {
    let named = |own: &str| own.rsplit_once('.').map_or(own, |(_, field)| field).eq_ignore_ascii_case(name);
    row.attributes.iter().find(|(own, _)| named(own)).map(|(_, value)| &**value)
}

fn column<'r>(row: &'r LogRow<'_>, column: Column) -> Option<Cow<'r, str>> {
    Some(match column {
        Column::Timestamp => Cow::Owned(Rfc3339(row.timestamp).to_string()),
        Column::Level => Cow::Borrowed(row.level.as_str()),
        Column::Source => Cow::Borrowed(&row.source),
        Column::Host => Cow::Borrowed(&row.host),
        Column::App => Cow::Borrowed(&row.app),
        Column::ProcId => Cow::Borrowed(&row.proc_id),
        Column::MsgId => Cow::Borrowed(&row.msg_id),
        Column::UserName => Cow::Borrowed(&row.user_name),
        Column::Ip => Cow::Owned(row.ip?.to_string()),
        Column::Message => String::from_utf8_lossy(&row.message),
    })
}
