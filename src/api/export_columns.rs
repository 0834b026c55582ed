//! The columns that an export can have.

use std::borrow::Cow;

use serde_json::Value;

use super::params::Params;
use crate::record::{LogRow, Rfc3339};

/// The columns where none are named.
const DEFAULT: [Column; 7] =
    [Column::Timestamp, Column::Level, Column::Source, Column::Ip, Column::UserName, Column::Message, Column::RawData];
const COLUMNS_MAX: usize = 64;

/// The names of all columns but attributes.
const NAMES: [(&str, Column); 20] = [
    ("id", Column::Id),
    ("timestamp", Column::Timestamp),
    ("received_at", Column::ReceivedAt),
    ("level", Column::Level),
    ("source", Column::Source),
    ("host", Column::Host),
    ("app", Column::App),
    ("proc_id", Column::ProcId),
    ("msg_id", Column::MsgId),
    ("ip", Column::Ip),
    ("user_name", Column::UserName),
    ("message", Column::Message),
    ("raw_data", Column::RawData),
    ("attributes", Column::Attributes),
    ("severity", Column::Severity),
    ("facility", Column::Facility),
    ("format", Column::Format),
    ("parse_error", Column::ParseError),
    ("origin", Column::Origin),
    ("cluster", Column::Cluster),
];

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    Timestamp,
    ReceivedAt,
    Level,
    Source,
    Host,
    App,
    ProcId,
    MsgId,
    Ip,
    UserName,
    Message,
    RawData,
    /// All of them, as a JSON object.
    Attributes,
    Severity,
    Facility,
    Format,
    ParseError,
    Origin,
    /// That of its host, at the time of the export.
    Cluster,
    Attribute(String),
}

/// Reads `columns=a,b,attributes.c`; `None` where it is not given.
pub(super) fn asked(params: &mut Params) -> Option<Vec<Column>> {
    let text = params.text("columns")?;
    let mut columns = Vec::new();
    for name in text.split(',').map(str::trim) {
        match named(name) {
            Some(column) if columns.contains(&column) => {
                params.fault("columns", format!("column \"{name}\" is named more than once"));
            }
            Some(column) => columns.push(column),
            None => params.fault("columns", format!("unknown column \"{name}\"")),
        }
    }
    if columns.len() > COLUMNS_MAX {
        params.fault("columns", format!("columns has at most {COLUMNS_MAX} names"));
    }
    Some(columns)
}

pub(super) fn default_columns() -> Vec<Column> {
    DEFAULT.to_vec()
}

fn named(name: &str) -> Option<Column> {
    let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, column)| column.clone());
    known.or_else(|| {
        let attribute = name.strip_prefix("attributes.").filter(|rest| !rest.is_empty())?;
        Some(Column::Attribute(attribute.to_owned()))
    })
}

impl Column {
    /// The name in the head of the table.
    pub(super) fn name(&self) -> Cow<'static, str> {
        if let Self::Attribute(name) = self {
            return Cow::Owned(format!("attributes.{name}"));
        }
        Cow::Borrowed(NAMES.iter().find(|(_, column)| column == self).map_or("", |(name, _)| name))
    }

    /// Whether a sender decides what its cells say.
    pub(super) fn is_text(&self) -> bool {
        !matches!(
            self,
            Self::Id | Self::Timestamp | Self::ReceivedAt | Self::Level | Self::Ip | Self::Severity | Self::Facility
        )
    }

    /// The cell of `row`, empty where the record has nothing there.
    pub(super) fn cell<'r>(&self, row: &'r LogRow<'_>) -> Cow<'r, [u8]> {
        let number = |n: Option<u8>| n.map_or(Cow::Borrowed(&b""[..]), |n| owned(n.to_string()));
        match self {
            Self::Id => owned(row.id.to_string()),
            Self::Timestamp => owned(Rfc3339(row.timestamp).to_string()),
            Self::ReceivedAt => owned(Rfc3339(row.received_at).to_string()),
            Self::Level => Cow::Borrowed(row.level.as_str().as_bytes()),
            Self::Source => Cow::Borrowed(row.source.as_bytes()),
            Self::Host => Cow::Borrowed(row.host.as_bytes()),
            Self::App => Cow::Borrowed(row.app.as_bytes()),
            Self::ProcId => Cow::Borrowed(row.proc_id.as_bytes()),
            Self::MsgId => Cow::Borrowed(row.msg_id.as_bytes()),
            Self::Ip => row.ip.map_or(Cow::Borrowed(b""), |ip| owned(ip.to_string())),
            Self::UserName => Cow::Borrowed(row.user_name.as_bytes()),
            Self::Message => Cow::Borrowed(&row.message),
            Self::RawData => Cow::Borrowed(&row.raw),
            Self::Attributes => owned(self.value(row).to_string()),
            Self::Severity => number(row.severity),
            Self::Facility => number(row.facility),
            Self::Format => Cow::Borrowed(row.format.as_bytes()),
            Self::ParseError => Cow::Borrowed(row.parse_error.as_bytes()),
            Self::Origin => Cow::Borrowed(row.origin.as_bytes()),
            Self::Cluster => Cow::Borrowed(row.cluster.as_bytes()),
            Self::Attribute(name) => {
                attribute(row, name).map_or(Cow::Borrowed(b""), |value| Cow::Borrowed(value.as_bytes()))
            }
        }
    }

    /// The value of `row` in JSON, null where the record has nothing there.
    pub(super) fn value(&self, row: &LogRow<'_>) -> Value {
        match self {
            Self::Id => row.id.into(),
            Self::Severity => row.severity.into(),
            Self::Facility => row.facility.into(),
            Self::Attributes => {
                let mut object = serde_json::Map::new();
                for (name, value) in &row.attributes {
                    object.entry(name.as_ref()).or_insert_with(|| Value::from(value.as_ref()));
                }
                object.into()
            }
            Self::Message | Self::RawData => String::from_utf8_lossy(&self.cell(row)).into(),
            _ => match &*self.cell(row) {
                b"" => Value::Null,
                bytes => String::from_utf8_lossy(bytes).into(),
            },
        }
    }
}

fn owned<'r>(text: String) -> Cow<'r, [u8]> {
    Cow::Owned(text.into_bytes())
}

fn attribute<'r>(row: &'r LogRow<'_>, name: &str) -> Option<&'r str> {
    row.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> LogRow<'static> {
        LogRow {
            id: 5,
            source: "S".into(),
            message: Cow::Borrowed(b"m\xff"),
            attributes: vec![("k".into(), "1".into()), ("k".into(), "2".into())],
            severity: Some(3),
            ..LogRow::default()
        }
    }

    #[test]
    fn names_lead_to_columns_and_back() {
        for (name, column) in NAMES {
            assert_eq!(named(name), Some(column.clone()));
            assert_eq!(column.name(), name);
        }
        assert_eq!(named("attributes.k").unwrap().name(), "attributes.k");
        assert_eq!(named("attributes."), None);
        assert_eq!(named("colour"), None);
    }

    #[test]
    fn cells_are_bytes_and_values_are_json() {
        let cell = |name: &str| named(name).unwrap().cell(&row()).into_owned();
        let value = |name: &str| named(name).unwrap().value(&row());
        assert_eq!(cell("message"), b"m\xff");
        assert_eq!(value("message"), "m\u{fffd}");
        assert_eq!((cell("id"), value("id")), (b"5".to_vec(), Value::from(5)));
        assert_eq!((cell("host"), value("host")), (Vec::new(), Value::Null));
        assert_eq!((cell("attributes.k"), cell("attributes.none")), (b"1".to_vec(), Vec::new()));
        assert_eq!(cell("attributes"), br#"{"k":"1"}"#);
        assert_eq!(value("facility"), Value::Null);
        assert_eq!(cell("severity"), b"3");
    }
}
