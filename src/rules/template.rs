//! The text of an alert: `{{name}}` stands for a value, all else for itself.

use super::fault::{Fault, hint};
use super::row_field::RowField;
use crate::record::LogRow;

/// The most characters of a template, and of what it makes.
pub(super) const MESSAGE_CHARS_MAX: usize = 1000;
/// The most characters that one value takes.
const VALUE_CHARS_MAX: usize = 200;

/// The names that are no fields.
const OWN_NAMES: [&str; 4] = ["count", "rule", "window", "value"];

/// A template, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Count,
    Rule,
    Window,
    Value,
    Field(RowField),
    /// All values of the group, between parentheses, behind a blank.
    Group,
}

/// What is filled in.
pub(super) struct Filling<'a> {
    pub(super) rule: &'a str,
    pub(super) count: u64,
    pub(super) window_seconds: u32,
    pub(super) value: &'a str,
    pub(super) group: &'a [(String, String)],
    /// The record that raised the alert, if one did.
    pub(super) row: Option<&'a LogRow<'a>>,
}

impl Template {
    /// Reads `text`; each unknown name is a fault.
    pub(super) fn new(text: &str) -> Result<Self, Vec<Fault>> {
        let mut pieces = Vec::new();
        let mut faults = Vec::new();
        let mut rest = text;
        while let Some((before, opened)) = rest.split_once("{{") {
            let Some((name, after)) = opened.split_once("}}") else {
                faults.push(Fault::new("message", "a {{ is not closed by }}"));
                break;
            };
            push_text(&mut pieces, before);
            match piece(name.trim()) {
                Ok(piece) => pieces.push(piece),
                Err(fault) => faults.push(fault),
            }
            rest = after;
        }
        push_text(&mut pieces, rest);
        if faults.is_empty() { Ok(Self(pieces)) } else { Err(faults) }
    }

    /// The same with the group behind it, whose names need not be fields of ours.
    pub(super) fn with_group(mut self) -> Self {
        self.0.push(Piece::Group);
        self
    }

    /// The fields of records that it shows.
    pub(super) fn fields(&self) -> impl Iterator<Item = &RowField> {
        self.0.iter().filter_map(|piece| if let Piece::Field(field) = piece { Some(field) } else { None })
    }

    /// The text with all values in place, cut to [`MESSAGE_CHARS_MAX`].
    pub(super) fn fill(&self, filling: &Filling<'_>) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Count => out.push_str(&filling.count.to_string()),
                Piece::Rule => out.push_str(filling.rule),
                Piece::Window => out.push_str(&shown_seconds(filling.window_seconds)),
                Piece::Value => push_cut(&mut out, filling.value),
                Piece::Field(field) => push_cut(&mut out, &filling.field(field)),
                Piece::Group => filling.push_group(&mut out),
            }
        }
        match out.char_indices().nth(MESSAGE_CHARS_MAX) {
            Some((end, _)) => out.get(..end).unwrap_or_default().to_owned(),
            None => out,
        }
    }
}

impl Filling<'_> {
    fn push_group(&self, out: &mut String) {
        let mut opened = false;
        for (name, value) in self.group.iter().filter(|(_, value)| !value.is_empty()) {
            out.push_str(if opened { ", " } else { " (" });
            opened = true;
            push_cut(out, name);
            out.push('=');
            push_cut(out, value);
        }
        if opened {
            out.push(')');
        }
    }

    fn field(&self, field: &RowField) -> String {
        let in_group = self.group.iter().find(|(name, _)| *name == field.name);
        match (in_group, self.row) {
            (Some((_, value)), _) => value.clone(),
            (None, Some(row)) => field.of(row).into_owned(),
            (None, None) => String::new(),
        }
    }
}

fn piece(name: &str) -> Result<Piece, Fault> {
    Ok(match name {
        "count" => Piece::Count,
        "rule" => Piece::Rule,
        "window" => Piece::Window,
        "value" => Piece::Value,
        field => {
            let own = hint(name, OWN_NAMES);
            Piece::Field(RowField::named(field, "message").map_err(|fault| match own.as_str() {
                "" => fault,
                hint => Fault::new("message", format!("unknown name \"{name}\"{hint}")),
            })?)
        }
    })
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

/// Control characters become blanks: an alert is shown on one line.
fn push_cut(out: &mut String, value: &str) {
    let shown = value.chars().take(VALUE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c });
    out.extend(shown);
    if value.chars().nth(VALUE_CHARS_MAX).is_some() {
        out.push('…');
    }
}

/// A duration in the largest unit that divides it: `5 min`, `90 s`.
fn shown_seconds(seconds: u32) -> String {
    for (unit, name) in [(86_400, "d"), (3600, "h"), (60, "min")] {
        if seconds >= unit && seconds.is_multiple_of(unit) {
            return format!("{} {name}", seconds / unit);
        }
    }
    format!("{seconds} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, group: &[(String, String)], row: Option<&LogRow<'_>>) -> String {
        let filling = Filling { rule: "Rule", count: 7, window_seconds: 300, value: "v", group, row };
        Template::new(template).unwrap().fill(&filling)
    }

    #[test]
    fn names_stand_for_their_values() {
        let row = LogRow { host: "web1".into(), message: b"line\none".into(), ..LogRow::default() };
        let group = [("ip".to_owned(), "192.0.2.1".to_owned()), ("host".to_owned(), "grouped".to_owned())];
        let text = "{{rule}}: {{ count }} in {{window}} ({{value}}) {{ip}} {{host}} {{message}} {{attributes.x}}.";
        assert_eq!(filled(text, &group, Some(&row)), "Rule: 7 in 5 min (v) 192.0.2.1 grouped line one .");
        assert_eq!(filled("{{host}}|{{ip}}", &[], Some(&row)), "web1|");
        assert_eq!(filled("{{host}}", &[], None), "");
        assert_eq!(filled("{ } }} x", &[], None), "{ } }} x");
    }

    #[test]
    fn long_values_and_long_texts_are_cut() {
        let row = LogRow { host: "é".repeat(500).into(), ..LogRow::default() };
        assert_eq!(filled("{{host}}", &[], Some(&row)), format!("{}…", "é".repeat(200)));
        assert_eq!(filled(&"{{host}}".repeat(50), &[], Some(&row)).chars().count(), MESSAGE_CHARS_MAX);
    }

    #[test]
    fn every_unknown_name_is_a_fault() {
        let faults = Template::new("{{cuont}} {{usr}} {{x").unwrap_err();
        let problems: Vec<&str> = faults.iter().map(|fault| fault.problem.as_str()).collect();
        assert_eq!(
            problems,
            [
                "unknown name \"cuont\" (did you mean \"count\"?)",
                "unknown field \"usr\" (did you mean \"user\"?)",
                "a {{ is not closed by }}"
            ]
        );
    }

    #[test]
    fn durations_are_shown_in_their_largest_unit() {
        for (seconds, shown) in [(1, "1 s"), (60, "1 min"), (90, "90 s"), (7200, "2 h"), (172_800, "2 d"), (0, "0 s")] {
            assert_eq!(shown_seconds(seconds), shown);
        }
    }
}
