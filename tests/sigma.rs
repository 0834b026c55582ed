//! Sigma against real cases: rules of others with the records that they must match, or must not.
//!
//! The cases belong to others and are not part of this repository. They are looked for in the folder that the environment
//! variable `LOGSEAL_CASES` names, else in `../shared/cases` beside the checkout. Without them this test prints a notice and
//! passes.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use logseal::record::LogRow;
use logseal::rules::sigma::document::{DetectionRule, SigmaDocument, SigmaRules};
use logseal::rules::sigma::matcher::SigmaMatcher;
use logseal_parsers::{Context, Format, Zone, format};
use serde_json::Value;

/// Cases that are judged wrong, with the reason; one that is listed here and passes is an error too.
const EXCEPTIONS: [(&str, &str); 1] = [(
    "sigma/sigma-rust-test_match_null_fields-1",
    "its filter `CommandLine: null` is not to match a record without that field; here a field that is null is one that the \
     record does not have, as in the queries that Sigma's own converter writes, for our records do not keep nulls",
)];

fn cases() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    let file = std::env::var_os("LOGSEAL_CASES").map_or_else(beside, PathBuf::from).join("sigma.ndjson");
    if file.is_file() {
        return Some(file);
    }
    let notice =
        "\nNOTICE: no cases for Sigma found, nothing is checked against them; set LOGSEAL_CASES to where they are\n";
    std::io::stderr().write_all(notice.as_bytes()).unwrap();
    None
}

fn rule(text: &str) -> DetectionRule {
    match SigmaRules::parse(text).unwrap().pop() {
        Some(SigmaDocument::Detection(rule)) => *rule,
        other => panic!("not a detection rule: {other:?}"),
    }
}

fn matches(rule: &DetectionRule, row: &LogRow<'_>) -> bool {
    let matcher = SigmaMatcher::new(std::slice::from_ref(rule)).unwrap();
    let (mut found, mut unindexed) = (Vec::new(), Vec::new());
    matcher.matches(row, &mut found);
    matcher.matches_unindexed(row, &mut unindexed);
    assert_eq!(found, unindexed, "the index gives another answer for {}", rule.about.title);
    !found.is_empty()
}

/// The event as a line of JSON that our parser read.
fn as_line(line: &str) -> LogRow<'static> {
    let event = format::parse(Format::Json, line.as_bytes(), &Context { received_at: 0, zone: Zone::UTC });
    let attributes = event.attributes.iter().map(|(name, value)| (name.to_owned().into(), value.to_owned().into()));
    LogRow {
        attributes: attributes.collect(),
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

/// The event's members as attributes under their own names.
fn as_attributes(event: &Value) -> LogRow<'static> {
    let members = event.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    LogRow {
        attributes: members.map(|(name, value)| (name.clone().into(), text(value).into())).collect(),
        raw: event.to_string().into_bytes().into(),
        ..LogRow::default()
    }
}

#[test]
fn real_rules_match_the_events_that_they_must_match_and_no_others() {
    let Some(file) = cases() else { return };
    let text = fs::read_to_string(file).unwrap();
    let (mut failed, mut count) = (Vec::new(), 0);
    for case in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let Some(id) = case.get("id").and_then(Value::as_str) else { continue };
        let rule = rule(case.get("rule").and_then(Value::as_str).unwrap());
        let expected = case.pointer("/expect/match").and_then(Value::as_bool).unwrap();
        let event = case.get("event").unwrap();
        count += 1;
        for (way, row) in [("line", as_line(&event.to_string())), ("attributes", as_attributes(event))] {
            let passes = matches(&rule, &row) == expected;
            let exception = EXCEPTIONS.iter().find(|(listed, _)| *listed == id);
            match exception {
                None if !passes => failed.push(format!("{id} as {way}: expected {expected}")),
                Some(_) if passes => failed.push(format!("{id} as {way} is listed as an exception and passes")),
                _ => {}
            }
        }
    }
    assert_eq!(count, 43);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
