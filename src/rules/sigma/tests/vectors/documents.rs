//! Documents of one text that are about each other: filters, and what `action` says.

use logseal_parsers::Format;

use super::super::super::document::{DetectionRule, SigmaDocument, SigmaRules};
use super::super::super::filters;
use super::super::{matches, parsed};

/// The detection rules of a text with its filters.
fn filtered(text: &str) -> Vec<DetectionRule> {
    let (mut rules, mut filtering) = (Vec::new(), Vec::new());
    for document in SigmaRules::parse(text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}")) {
        match document {
            SigmaDocument::Detection(rule) => rules.push(*rule),
            SigmaDocument::Filter(filter) => filtering.push(*filter),
            SigmaDocument::Correlation(_) => {}
        }
    }
    filters::apply(&filtering, &mut rules).unwrap();
    rules
}

fn check(rules: &[DetectionRule], event: &str, expected: &[&str]) {
    let row = parsed(Format::Json, event);
    let found: Vec<&str> =
        rules.iter().filter(|rule| matches(rule, &row)).map(|rule| rule.about.title.as_str()).collect();
    assert_eq!(found, expected, "{event}");
}

/// A rule for records whose attribute `kind` is its title.
fn detection(title: &str, logsource: &str) -> String {
    format!(
        "title: {title}\nid: rule-{title}\nlogsource: {logsource}\ndetection:\n  sel:\n    kind: {title}\n  condition: sel\n---\n"
    )
}

fn filter(title: &str, rules: &str, selection: &str) -> String {
    format!(
        "title: {title}\nfilter:\n  rules: {rules}\n  selection:\n    {selection}\n  condition: not selection\n---\n"
    )
}

#[test]
fn a_filter_leaves_out_of_the_rule_that_it_names() {
    let rules = filtered(&[detection("a", "{category: test}"), filter("f", "[rule-a]", "who: SYSTEM")].concat());
    check(&rules, r#"{"kind":"a","who":"admin"}"#, &["a"]);
    check(&rules, r#"{"kind":"a","who":"SYSTEM"}"#, &[]);
    check(&rules, r#"{"kind":"b","who":"admin"}"#, &[]);
}

#[test]
fn a_filter_of_any_rule_or_of_an_empty_list_is_about_all() {
    for target in ["any", "[]"] {
        let text = [
            detection("a", "{product: x}"),
            detection("b", "{product: y}"),
            detection("c", "{category: test}"),
            filter("everywhere", target, "env: test"),
            filter("of one", "[rule-a]", "who: svc"),
        ];
        let rules = filtered(&text.concat());
        for kind in ["a", "b", "c"] {
            check(&rules, &format!(r#"{{"kind":"{kind}","env":"test","who":"admin"}}"#), &[]);
            check(&rules, &format!(r#"{{"kind":"{kind}","env":"prod","who":"admin"}}"#), &[kind]);
        }
        check(&rules, r#"{"kind":"a","env":"prod","who":"svc"}"#, &[]);
        check(&rules, r#"{"kind":"b","env":"prod","who":"svc"}"#, &["b"]);
    }
}

#[test]
fn filters_whose_selections_have_one_name_do_not_mix() {
    let text = [
        detection("a", "{category: test}").replace("sel", "selection"),
        filter("f", "[rule-a]", "env: test"),
        filter("g", "[rule-a]", "who: bot"),
    ];
    let rules = filtered(&text.concat());
    check(&rules, r#"{"kind":"a","env":"test","who":"admin"}"#, &[]);
    check(&rules, r#"{"kind":"a","env":"prod","who":"bot"}"#, &[]);
    check(&rules, r#"{"kind":"a","env":"prod","who":"admin"}"#, &["a"]);
    check(&rules, r#"{"kind":"x","env":"prod","who":"admin"}"#, &[]);
}

#[test]
fn a_global_document_says_it_for_all_until_it_is_reset_and_a_repeated_one_says_the_rest() {
    let text = "action: global\nlogsource:\n  category: test\nlevel: low\n---\n\
                title: cmd\ndetection:\n  s:\n    line|contains: cmd\n  condition: s\n---\n\
                action: repeat\ntitle: ps\nlevel: high\ndetection:\n  s:\n    line|contains: ps\n---\n\
                title: net\ndetection:\n  s:\n    line|contains: net\n  condition: s\n---\n\
                action: reset\n---\n\
                title: last\ndetection:\n  s:\n    line|contains: cmd\n  condition: s\n";
    let rules = filtered(text);
    let said: Vec<_> = rules
        .iter()
        .map(|rule| {
            let level = rule.about.level.map(|level| level.as_str());
            (rule.about.title.as_str(), level, rule.logsource.category.as_deref())
        })
        .collect();
    let test = Some("test");
    let expected =
        [("cmd", Some("low"), test), ("ps", Some("high"), test), ("net", Some("low"), test), ("last", None, None)];
    assert_eq!(said, expected);
    // The field of the first is there in the second with another value.
    check(&rules, r#"{"line":"run ps"}"#, &["ps"]);
    check(&rules, r#"{"line":"run cmd"}"#, &["cmd", "last"]);
    // What is kept of each is the rule by itself.
    for rule in &rules {
        let alone = filtered(&rule.text);
        assert_eq!((alone.len(), &alone[0].about, &alone[0].rule), (1, &rule.about, &rule.rule));
    }
}

#[test]
fn a_filter_may_be_behind_what_is_said_for_all() {
    let text = "action: global\nlogsource:\n  category: test\n---\ntitle: a\ndetection:\n  s:\n    kind: a\n  condition: s\n---\n\
                title: f\nfilter:\n  rules: any\n  s:\n    who: bot\n  condition: not s\n";
    let rules = filtered(text);
    check(&rules, r#"{"kind":"a","who":"bot"}"#, &[]);
    check(&rules, r#"{"kind":"a","who":"bob"}"#, &["a"]);
}
