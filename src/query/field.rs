//! The fields that a query can name.

use crate::spelling::edits;

/// Any field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Holds text.
    Text(TextField),
    /// Holds a number, or nothing.
    Number(NumberField),
    /// Holds a time.
    Time(TimeField),
    /// The address.
    Ip,
    /// The level.
    Level,
}

/// A field that holds text; absent text is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of that name in LogRow")]
pub enum TextField {
    Message,
    Raw,
    Source,
    Host,
    App,
    ProcId,
    MsgId,
    UserName,
    Format,
    ParseError,
    Origin,
    /// The attribute of this name.
    Attribute(String),
}

/// A field that holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of that name in LogRow")]
pub enum NumberField {
    Id,
    Severity,
    Facility,
}

/// A field that holds a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of that name in LogRow")]
pub enum TimeField {
    Timestamp,
    ReceivedAt,
}

/// What attributes' names are written behind.
const ATTRIBUTE_PREFIXES: [&str; 3] = ["attributes", "attribute", "attr"];

/// Whether an attribute's name is written behind `prefix` and a dot.
pub(crate) fn is_attribute_prefix(prefix: &str) -> bool {
    ATTRIBUTE_PREFIXES.iter().any(|known| known.eq_ignore_ascii_case(prefix))
}

/// Every name and every other name; the first of a field is the one that is shown.
static NAMES: [(&str, Field); 26] = [
    ("message", Field::Text(TextField::Message)),
    ("msg", Field::Text(TextField::Message)),
    ("raw_data", Field::Text(TextField::Raw)),
    ("raw", Field::Text(TextField::Raw)),
    ("source", Field::Text(TextField::Source)),
    ("host", Field::Text(TextField::Host)),
    ("hostname", Field::Text(TextField::Host)),
    ("app", Field::Text(TextField::App)),
    ("program", Field::Text(TextField::App)),
    ("proc_id", Field::Text(TextField::ProcId)),
    ("pid", Field::Text(TextField::ProcId)),
    ("msg_id", Field::Text(TextField::MsgId)),
    ("user_name", Field::Text(TextField::UserName)),
    ("user", Field::Text(TextField::UserName)),
    ("format", Field::Text(TextField::Format)),
    ("parse_error", Field::Text(TextField::ParseError)),
    ("origin", Field::Text(TextField::Origin)),
    ("id", Field::Number(NumberField::Id)),
    ("severity", Field::Number(NumberField::Severity)),
    ("facility", Field::Number(NumberField::Facility)),
    ("timestamp", Field::Time(TimeField::Timestamp)),
    ("time", Field::Time(TimeField::Timestamp)),
    ("received_at", Field::Time(TimeField::ReceivedAt)),
    ("received", Field::Time(TimeField::ReceivedAt)),
    ("ip", Field::Ip),
    ("level", Field::Level),
];

impl Field {
    /// The field of this name or other name, whatever its case. Attributes are not looked up here.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, field)| field.clone())
    }

    /// The name as it is shown; for an attribute, its prefix.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if let Self::Text(TextField::Attribute(_)) = self {
            return "attributes";
        }
        NAMES.iter().find(|(_, field)| field == self).map_or("", |(name, _)| name)
    }
}

impl TextField {
    /// The name as it is shown; for an attribute, its prefix.
    #[must_use]
    pub fn name(&self) -> &'static str {
        Field::Text(self.clone()).name()
    }

    /// Running text, of which `field:value` asks for whole words, whatever the case.
    #[must_use]
    pub const fn is_prose(&self) -> bool {
        matches!(self, Self::Message | Self::Raw | Self::ParseError)
    }

    /// Whether equality ignores case. Host names do (RFC 4343); the other names are told apart,
    /// which also lets the sort key and the indexes serve them.
    #[must_use]
    pub const fn ignores_case(&self) -> bool {
        matches!(self, Self::Host)
    }

    /// Whether its text may be compared as a number.
    #[must_use]
    pub const fn may_hold_number(&self) -> bool {
        matches!(self, Self::Attribute(_) | Self::ProcId)
    }
}

/// The known name that `name` was probably meant to be.
pub(crate) fn suggestion(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    // The same limit as for a name that could be close to a known one: spares long work on long words.
    if lower.len() > 24 {
        return None;
    }
    if let Some((first, rest)) = name.split_once('.') {
        let close = |prefix: &&str| edits(&first.to_ascii_lowercase(), prefix) <= prefix.len() / 4;
        let meant = ATTRIBUTE_PREFIXES.into_iter().find(close);
        return Some(meant.map_or_else(|| format!("attributes.{name}"), |prefix| format!("{prefix}.{rest}")));
    }
    let (closest, distance) = NAMES.iter().map(|(known, _)| (*known, edits(&lower, known))).min_by_key(|(_, d)| *d)?;
    let close_enough = distance <= 2 && distance < closest.len().max(lower.len()) / 2 + 1;
    close_enough.then(|| closest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_recognized() {
        let check = |name: &str, meant: Option<&str>| assert_eq!(suggestion(name).as_deref(), meant, "{name}");
        check("sorce", Some("source"));
        check("hsot", Some("host"));
        check("Usr", Some("user"));
        check("http", None);
        check("x", None);
        check("attribtes.code", Some("attributes.code"));
        check("http.status", Some("attributes.http.status"));
    }
}
