//! Rules against records.

mod correlations;
mod hostile;
mod import;
mod index;
mod modifiers;
mod mutated;
mod records;
mod vectors;

use logseal_parsers::{Context, Format, Zone, format};

use super::document::{DetectionRule, SigmaDocument, SigmaRules};
use super::matcher::SigmaMatcher;
use crate::record::LogRow;

/// The detection rules of a text.
fn rules(text: &str) -> Vec<DetectionRule> {
    let documents = SigmaRules::parse(text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
    let detections = documents.into_iter().filter_map(|document| match document {
        SigmaDocument::Detection(rule) => Some(*rule),
        _ => None,
    });
    detections.collect()
}

/// A rule with this log source and this detection, a line each.
fn rule(logsource: &str, detection: &str) -> DetectionRule {
    let indented = |text: &str| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let logsource = if logsource.is_empty() { String::new() } else { format!("logsource:\n{}", indented(logsource)) };
    let text = format!("title: a rule\n{logsource}detection:\n{}", indented(detection));
    rules(&text).pop().unwrap()
}

/// A rule with one selection.
fn selection(selection: &str) -> DetectionRule {
    let indented: String = selection.lines().map(|line| format!("  {line}\n")).collect();
    rule("", &format!("selection:\n{indented}condition: selection"))
}

fn matches(rule: &DetectionRule, row: &LogRow<'_>) -> bool {
    let matcher = SigmaMatcher::new(std::slice::from_ref(rule)).unwrap();
    let (mut found, mut unindexed) = (Vec::new(), Vec::new());
    matcher.matches(row, &mut found);
    matcher.matches_unindexed(row, &mut unindexed);
    assert_eq!(found, unindexed, "the index gives another answer");
    !found.is_empty()
}

/// A record with these attributes.
fn with(attributes: &[(&'static str, &'static str)]) -> LogRow<'static> {
    LogRow {
        attributes: attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        ..LogRow::default()
    }
}

/// The record that our parsers make of a line.
fn parsed(format: Format, line: &str) -> LogRow<'static> {
    let event =
        format::parse(format, line.as_bytes(), &Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC });
    let attributes = event.attributes.iter().map(|(name, value)| (name.to_owned().into(), value.to_owned().into()));
    LogRow {
        attributes: attributes.collect(),
        facility: event.facility,
        host: event.host.into_owned().into(),
        app: event.app.into_owned().into(),
        proc_id: event.proc_id.into_owned().into(),
        msg_id: event.msg_id.into_owned().into(),
        user_name: event.user_name.into_owned().into(),
        ip: event.ip,
        format: event.format.into(),
        message: event.message.into_owned().into(),
        raw: line.as_bytes().to_vec().into(),
        ..LogRow::default()
    }
}
