//! One field of a record, as rules name it to group, to count and to show.

use std::borrow::Cow;

use super::fault::Fault;
use crate::query::field::{Field, NumberField, TextField, is_attribute_prefix, suggestion};
use crate::query::matcher::{number_of, text_of, time_of};
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
            Field::Text(field) => String::from_utf8_lossy(text_of(row, field)),
            Field::Number(field) => number_of(row, *field).map(|n| n.to_string()).unwrap_or_default().into(),
            Field::Time(field) => show_instant(time_of(row, *field)).into(),
            Field::Ip => row.ip.map(|ip| ip.to_string()).unwrap_or_default().into(),
            Field::Level => row.level.as_str().into(),
        }
    }
}

fn find(name: &str) -> Option<Field> {
    if let Some((prefix, rest)) = name.split_once('.')
        && is_attribute_prefix(prefix)
    {
        let plain = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(rest);
        return (!plain.is_empty()).then(|| Field::Text(TextField::Attribute(plain.to_owned())));
    }
    Field::named(name)
}
