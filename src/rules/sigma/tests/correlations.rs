//! Correlations and filters.

use super::super::correlations::{Correlation, CorrelationKind, translate};
use super::super::document::{CorrelationRule, DetectionRule, FilterRule, SigmaDocument, SigmaRules};
use super::super::filters;
use super::{matches, with};

const RULES: &str = "title: Failed login\nname: failed\nlogsource:\n  product: windows\n  service: security\ndetection:\n  s:\n    \
    EventID: 4625\n  condition: s\n---\ntitle: Login\nname: succeeded\nlogsource:\n  product: linux\n  service: sshd\ndetection:\n  \
    w:\n    - Accepted\n  condition: w\n---\n";

fn documents(text: &str) -> (Vec<DetectionRule>, Vec<CorrelationRule>, Vec<FilterRule>) {
    let (mut rules, mut correlations, mut filters) = (Vec::new(), Vec::new(), Vec::new());
    for document in SigmaRules::parse(text).unwrap() {
        match document {
            SigmaDocument::Detection(rule) => rules.push(*rule),
            SigmaDocument::Correlation(rule) => correlations.push(*rule),
            SigmaDocument::Filter(rule) => filters.push(*rule),
        }
    }
    (rules, correlations, filters)
}

fn translated(correlation: &str) -> Result<Correlation, Vec<String>> {
    let indented: String = correlation.lines().map(|line| format!("  {line}\n")).collect();
    let (rules, correlations, _) = documents(&format!("{RULES}title: c\ncorrelation:\n{indented}"));
    translate(correlations.first().unwrap(), &rules)
}

#[test]
fn counts_are_translated_to_at_least() {
    let check = |condition: &str, expected| {
        let found = translated(&format!(
            "type: event_count\nrules: failed\ngroup-by:\n  - TargetUserName\ntimespan: 5m\ncondition:\n  {condition}"
        ));
        let found = found.unwrap_or_else(|problems| panic!("{condition}: {problems:?}"));
        assert_eq!(found.kind, CorrelationKind::EventCount { at_least: expected }, "{condition}");
        assert_eq!((found.rules.as_slice(), found.window_seconds, found.generate), (&[0][..], 300, false));
        assert_eq!(found.group_by.first().map(|field| field.name.as_str()), Some("TargetUserName"));
        assert_eq!(found.warnings.is_empty(), !condition.starts_with("eq"));
    };
    check("gte: 10", 10);
    check("gt: 10", 11);
    check("eq: 10", 10);
}

#[test]
fn values_and_sequences_keep_their_fields_by_rule() {
    let found = translated(
        "type: value_count\nrules:\n  - failed\n  - succeeded\ngroup-by:\n  - address\ntimespan: 1h\naliases:\n  address:\n    \
         failed: IpAddress\n    succeeded: src_ip\ncondition:\n  gte: 3\n  field: TargetUserName",
    )
    .unwrap();
    let group = found.group_by.first().unwrap();
    let names: Vec<&str> = group.by_rule.iter().map(|field| field.name()).collect();
    assert_eq!((group.name.as_str(), names.as_slice()), ("address", &["IpAddress", "src_ip"][..]));
    let CorrelationKind::ValueCount { field, at_least: 3 } = &found.kind else { panic!("{:?}", found.kind) };
    assert_eq!(field.name, "TargetUserName");
    let ordered = translated("type: temporal_ordered\nrules:\n  - succeeded\n  - failed\ntimespan: 1d").unwrap();
    assert_eq!((ordered.kind, ordered.rules.as_slice()), (CorrelationKind::TemporalOrdered, &[1, 0][..]));
    let temporal =
        translated("type: temporal\nrules:\n  - failed\n  - succeeded\ntimespan: 10s\ncondition: failed and succeeded");
    assert_eq!(temporal.unwrap().kind, CorrelationKind::Temporal);
}

#[test]
fn what_cannot_be_said_so_is_refused_with_the_reason() {
    let check = |text: &str, expected: &str| {
        let problems = translated(text).expect_err(text);
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{text}: {problems:?}");
    };
    let count = |condition: &str| format!("type: event_count\nrules: failed\ntimespan: 5m\ncondition:\n  {condition}");
    check(&count("lt: 3"), "lower bound");
    check(&count("neq: 3"), "lower bound");
    check(&count("gte: 3\n  lte: 9"), "two bounds");
    check(&count("gte: 0"), "from 1 to");
    check(&count("gte: 100001"), "from 1 to");
    check("type: event_count\nrules: unheard\ntimespan: 5m\ncondition:\n  gte: 1", "`unheard` is no detection rule");
    check("type: event_count\nrules: failed\ntimespan: 8d\ncondition:\n  gte: 1", "7 days");
    check("type: event_count\nrules: failed\ntimespan: 5m\nwindow: tumbling\ncondition:\n  gte: 1", "`tumbling`");
    check("type: value_sum\nrules: failed\ntimespan: 5m\ncondition:\n  gte: 1\n  field: x", "`value_sum`");
    check("type: value_count\nrules: failed\ntimespan: 5m\ncondition:\n  gte: 1", "names the field");
    check("type: temporal\nrules: failed\ntimespan: 5m", "two rules");
    check(
        "type: temporal\nrules:\n  - failed\n  - succeeded\ntimespan: 5m\ncondition: failed and not succeeded",
        "all of its rules",
    );
    check(
        "type: temporal\nrules:\n  - failed\n  - succeeded\ntimespan: 5m\ncondition: failed or succeeded",
        "all of its rules",
    );
    check(
        "type: temporal\nrules:\n  - failed\n  - succeeded\ntimespan: 5m\ngroup-by:\n  - a\naliases:\n  a:\n    failed: b",
        "says no field for the rule `Login`",
    );
}

#[test]
fn filters_leave_out_what_they_say_of_the_rules_that_they_name() {
    let text = "title: r\nid: 5d8fd9da-6916-45ef-8d4d-3fa9d19d1a64\nlogsource:\n  product: x\ndetection:\n  selection:\n    f: a\n  \
                condition: 1 of sel*\n---\ntitle: other\nlogsource:\n  product: x\ndetection:\n  selection:\n    f: a\n  condition: selection\n\
                ---\ntitle: no admins\nlogsource:\n  product: x\nfilter:\n  rules:\n    - 5d8fd9da-6916-45ef-8d4d-3fa9d19d1a64\n  \
                selection_a:\n    user|startswith: adm_\n  selection_b:\n    user: root\n  condition: not 1 of selection_*\n";
    let (mut rules, _, filters) = documents(text);
    filters::apply(&filters, &mut rules).unwrap();
    let check = |rule: &DetectionRule, user, expected| {
        assert_eq!(matches(rule, &with(&[("f", "a"), ("user", user)])), expected, "{} {user}", rule.about.title);
    };
    let [named, other] = rules.as_slice() else { panic!("two rules") };
    check(named, "bob", true);
    check(named, "adm_bob", false);
    check(named, "root", false);
    check(other, "root", true);
    assert!(!matches(named, &with(&[("f", "b"), ("user", "adm_x")])));
}
