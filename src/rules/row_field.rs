//! One field of a record, as rules name it to group, to count and to show.

use std::borrow::Cow;

use super::fault::Fault;
use crate::query::field::{ATTRIBUTE_PREFIXES, Field, NumberField, TextField, TimeField, suggestion};
use crate::query::time::show_instant;
use crate::record::LogRow;

/// A field by its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowField {
    /// As the rule writes it.
    pub(super) name: String,
    pub(super) field: Field,
}

impl RowField {
    /// The field of this name; the fault names `at`.
    pub(super) fn named(name: &str, at: &str) -> Result<Self, Fault> {
        let field = find(name).ok_or_else(|| {
            let hint = suggestion(name).map(|meant| format!(" (did you mean \"{meant}\"?)")).unwrap_or_default();
            Fault::new(at, format!("unknown field \"{name}\"{hint}"))
        })?;
        Ok(Self { name: name.to_owned(), field })
    }

    /// The field of this name for groups and for values that are told apart; a field that differs in every record is none.
    pub(super) fn to_group_by(name: &str, at: &str) -> Result<Self, Fault> {
        let found = Self::named(name, at)?;
        // The message names each group, between braces.
        if name.contains(['{', '}']) {
            return Err(Fault::new(at, "a name with braces cannot stand here"));
        }
        let differs = matches!(found.field, Field::Time(_) | Field::Number(NumberField::Id));
        if differs {
            return Err(Fault::new(at, format!("\"{name}\" differs in every record, so nothing can be grouped by it")));
        }
        Ok(found)
    }

    /// The value in `row`; absent is empty.
    pub(super) fn of<'r>(&self, row: &'r LogRow<'_>) -> Cow<'r, str> {
        match &self.field {
            Field::Text(field) => text_of(row, field),
            Field::Number(NumberField::Id) => row.id.to_string().into(),
            Field::Number(NumberField::Severity) => number(row.severity),
            Field::Number(NumberField::Facility) => number(row.facility),
            Field::Time(TimeField::Timestamp) => show_instant(row.timestamp).into(),
            Field::Time(TimeField::ReceivedAt) => show_instant(row.received_at).into(),
            Field::Ip => row.ip.map(|ip| ip.to_string()).unwrap_or_default().into(),
            Field::Level => row.level.as_str().into(),
        }
    }
}

fn number(value: Option<u8>) -> Cow<'static, str> {
    value.filter(|n| *n != u8::MAX).map(|n| n.to_string()).unwrap_or_default().into()
}

fn find(name: &str) -> Option<Field> {
    if let Some((prefix, rest)) = name.split_once('.')
        && ATTRIBUTE_PREFIXES.iter().any(|known| known.eq_ignore_ascii_case(prefix))
    {
        let plain = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest);
        return (!plain.is_empty()).then(|| Field::Text(TextField::Attribute(plain.to_owned())));
    }
    Field::named(name)
}

/// The text of a field; absent is empty.
pub(super) fn text_of<'r>(row: &'r LogRow<'_>, field: &TextField) -> Cow<'r, str> {
    match field {
        TextField::Message => String::from_utf8_lossy(&row.message),
        TextField::Raw => String::from_utf8_lossy(&row.raw),
        TextField::Source => Cow::Borrowed(&row.source),
        TextField::Host => Cow::Borrowed(&row.host),
        TextField::App => Cow::Borrowed(&row.app),
        TextField::ProcId => Cow::Borrowed(&row.proc_id),
        TextField::MsgId => Cow::Borrowed(&row.msg_id),
        TextField::UserName => Cow::Borrowed(&row.user_name),
        TextField::Format => Cow::Borrowed(&row.format),
        TextField::ParseError => Cow::Borrowed(&row.parse_error),
        TextField::Origin => Cow::Borrowed(&row.origin),
        TextField::Attribute(name) => {
            let found = row.attributes.iter().find(|(known, _)| known == name);
            found.map_or(Cow::Borrowed(""), |(_, value)| Cow::Borrowed(&**value))
        }
    }
}
