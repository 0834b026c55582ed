//! Where a field of Sigma is in our records.
//!
//! | a field | is |
//! |---|---|
//! | that the log source's row in `logsources.rs` names | what stands there: attributes, and columns |
//! | of audit records | the attribute of every record of the event (`a0`, `execve.a0`) |
//! | behind the envelope that rules of a source write (`data.` of GCP) | the attribute of the name with it, or without it |
//! | any other | the attribute of that name, else the column that our parsers fill from that name |
//!
//! Names of attributes are compared in any case, and are found behind the names that forwarders put before them
//! (`EventData.`, `winlog.event_data.` …).

use logseal_parsers::{Filled, filled_by};

use super::logsources::{self, Found, Source};

/// A place in a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The attribute of this name, in lower case.
    Attribute(String),
    /// The attributes of this name (lower case), whatever record of an audit event they are from.
    Every(String),
    /// A column.
    Column(Column),
}

/// A column that a field may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Column {
    Timestamp,
    Level,
    Source,
    Host,
    App,
    ProcId,
    MsgId,
    UserName,
    Ip,
    Message,
}

/// The columns by what the table of log sources calls them.
const COLUMNS: [(&str, Column); 10] = [
    ("@timestamp", Column::Timestamp),
    ("@level", Column::Level),
    ("@source", Column::Source),
    ("@host", Column::Host),
    ("@app", Column::App),
    ("@proc_id", Column::ProcId),
    ("@msg_id", Column::MsgId),
    ("@user_name", Column::UserName),
    ("@ip", Column::Ip),
    ("@message", Column::Message),
];

/// Names that become columns in formats that name their fields otherwise than JSON ([`filled_by`]), in lower case.
const FILLED: [(Column, &[&str]); 4] = [
    (Column::Timestamp, &["utctime"]),
    (Column::App, &["provider_name"]),
    (Column::MsgId, &["event_id"]),
    (Column::Ip, &["sourceaddress"]),
];

/// What forwarders put before the names of fields, in lower case.
pub(crate) const PREFIXES: [&str; 16] = [
    "winlog.event_data.",
    "winlog.user_data.",
    "winlog.",
    "event.eventdata.",
    "event.system.",
    "event.userdata.",
    "eventdata.",
    "event_data.",
    "system.",
    "userdata.",
    "data.win.eventdata.",
    "data.win.system.",
    "win.eventdata.",
    "win.system.",
    "fields.",
    "_source.",
];

/// What a rule is about, as its `logsource` states it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogSource {
    /// `windows`, `linux`, `aws` …
    pub product: Option<String>,
    /// `process_creation`, `webserver` …
    pub category: Option<String>,
    /// `sshd`, `security` …
    pub service: Option<String>,
}

impl LogSource {
    /// Whether it states nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.product.is_none() && self.category.is_none() && self.service.is_none()
    }

    /// Its row in the table.
    pub(crate) fn row(&self) -> Option<(&'static Source, Found)> {
        logsources::find(self.product.as_deref(), self.category.as_deref(), self.service.as_deref())
    }

    /// `product=windows service=security`.
    #[must_use]
    pub fn describe(&self) -> String {
        let parts = [("product", &self.product), ("category", &self.category), ("service", &self.service)];
        let stated = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        stated.collect::<Vec<_>>().join(" ")
    }
}

/// The places of `field` in the records of `source`, best first.
pub(crate) fn places(source: Option<&Source>, field: &str) -> Vec<Place> {
    if source.is_some_and(|source| source.joined) {
        return vec![Place::Every(field.to_ascii_lowercase())];
    }
    if let Some(listed) = listed(source, field) {
        return listed.iter().map(|name| place(name)).collect();
    }
    let name = field.to_ascii_lowercase();
    let bare = source.and_then(|source| name.strip_prefix(source.envelope?)).map(str::to_owned);
    let filled = column(bare.as_deref().unwrap_or(&name));
    let mut places = vec![Place::Attribute(name)];
    places.extend(bare.map(Place::Attribute));
    places.extend(filled.map(Place::Column));
    places
}

/// The column that a field of this name (lower case) becomes: it leaves no attribute behind.
fn column(name: &str) -> Option<Column> {
    let listed = FILLED.iter().find(|(_, names)| names.contains(&name)).map(|(column, _)| *column);
    listed.or_else(|| {
        filled_by(name).map(|filled| match filled {
            Filled::Timestamp => Column::Timestamp,
            Filled::Level => Column::Level,
            Filled::Message => Column::Message,
            Filled::Host => Column::Host,
            Filled::App => Column::App,
            Filled::ProcId => Column::ProcId,
            Filled::MsgId => Column::MsgId,
            Filled::Ip => Column::Ip,
            Filled::UserName => Column::UserName,
        })
    })
}

/// Whether our parsers are known to give `field` in records of `source`.
pub(crate) fn is_known(source: &Source, field: &str) -> bool {
    !source.closed || listed(Some(source), field).is_some()
}

fn listed(source: Option<&Source>, field: &str) -> Option<&'static [&'static str]> {
    let fields = source?.fields;
    fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(field)).map(|(_, places)| *places)
}

fn place(name: &str) -> Place {
    if let Some((_, column)) = COLUMNS.iter().find(|(known, _)| *known == name) {
        return Place::Column(*column);
    }
    match name.strip_prefix('+') {
        Some(name) => Place::Every(name.to_ascii_lowercase()),
        None => Place::Attribute(name.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(product: &str, category: &str, service: &str) -> LogSource {
        let stated = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        LogSource { product: stated(product), category: stated(category), service: stated(service) }
    }

    #[test]
    fn a_rule_gets_the_row_of_its_log_source_or_a_wider_one() {
        let check = |product, category, service, expected| {
            let found = source(product, category, service).row().map(|(_, found)| found);
            assert_eq!(found, expected, "{product} {category} {service}");
        };
        check("windows", "process_creation", "", Some(Found::Exact));
        check("windows", "", "security", Some(Found::Exact));
        check("windows", "", "unheard", Some(Found::Wider));
        check("linux", "", "sshd", Some(Found::Exact));
        check("macos", "process_creation", "", None);
        check("", "webserver", "", Some(Found::Exact));
        check("apache", "webserver", "", Some(Found::Wider));
        check("m365", "", "exchange", Some(Found::Wider));
        check("", "", "test", None);
        check("", "", "", None);
    }

    #[test]
    fn a_field_is_where_the_row_says_else_under_its_own_name() {
        let security = source("windows", "", "security").row().unwrap().0;
        assert_eq!(places(Some(security), "EventID").first(), Some(&Place::Column(Column::MsgId)));
        assert_eq!(places(Some(security), "LogonType"), [Place::Attribute("logontype".into())]);
        let audit = source("linux", "", "auditd").row().unwrap().0;
        assert_eq!(places(Some(audit), "a0"), [Place::Every("a0".into())]);
        assert_eq!(
            places(None, "sourceIPAddress"),
            [Place::Attribute("sourceipaddress".into()), Place::Column(Column::Ip)]
        );
        let web = source("", "webserver", "").row().unwrap().0;
        assert!(is_known(web, "cs-method") && !is_known(web, "x-nothing"));
    }

    #[test]
    fn every_column_in_the_tables_is_one() {
        use crate::rules::sigma::{logsources, windows};
        for source in [windows::CATEGORIES, windows::SERVICES, logsources::SOURCES].concat() {
            for name in source.fields.iter().flat_map(|(_, places)| *places) {
                assert!(!name.starts_with('@') || matches!(place(name), Place::Column(_)), "{name}");
            }
        }
    }
}
