//! The correlations among the test vectors that rsigma 0.23 carries, by what is raised. `sigma/tests/vectors` says which vector is where.

use serde_json::{Value, json};

use super::*;
use crate::rules::sigma::import::assess;

/// A rule for records whose attribute `type` is its name.
fn detection(name: &str) -> String {
    format!(
        "title: Rule {name}\nid: rule-{name}\nlogsource:\n  category: test\ndetection:\n  s:\n    type: {name}\n  condition: s\n---\n"
    )
}

/// The rule that an import makes of a text with one correlation.
fn imported(names: &[&str], correlation: &str) -> Value {
    let indented: String = correlation.lines().map(|line| format!("  {line}\n")).collect();
    let rules: String = names.iter().map(|name| detection(name)).collect();
    of_text(&format!("{rules}title: Correlated\ncorrelation:\n{indented}"))
}

fn of_text(text: &str) -> Value {
    let mut rules = assess(text).unwrap();
    assert_eq!(rules.len(), 1, "{rules:?}");
    let mut spec = rules.remove(0).spec_json.unwrap();
    spec["quiet_seconds"] = json!(30);
    spec
}

/// A record with these attributes.
fn row(seconds: i64, attributes: &[(&'static str, &'static str)]) -> LogRow<'static> {
    let attributes = attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    LogRow { attributes, ..at(seconds as u64 + 1, seconds) }
}

fn login(seconds: i64, who: &'static str) -> LogRow<'static> {
    row(seconds, &[("type", "login"), ("User", who)])
}

const MANY: &str = "type: event_count\nrules: [rule-login]\ngroup-by: [User]\ntimespan: 60s\ncondition: {gte: 3}";

#[test]
fn events_are_counted_for_each_group() {
    let mut all = evaluator([imported(&["login"], &MANY.replace("60s", "300s").replace("gte: 3", "gte: 5"))]);
    assert!(observe(&mut all, (0..4).map(|n| login(n, "admin"))).is_empty());
    assert_eq!(observe(&mut all, [login(4, "admin")]), ["raised User=admin x5 @4"]);
    assert!(observe(&mut all, [login(10, "guest")]).is_empty());
}

#[test]
fn a_rule_is_called_by_its_title_as_well() {
    let text = MANY.replace("[rule-login]", "[Rule login]").replace("60s", "5m");
    let mut all = evaluator([imported(&["login"], &text)]);
    assert_eq!(observe(&mut all, (0..3).map(|n| login(n, "admin"))), ["raised User=admin x3 @2"]);
}

#[test]
fn different_values_are_counted_for_each_group() {
    let text =
        "type: value_count\nrules: [rule-login]\ngroup-by: [User]\ntimespan: 600s\ncondition:\n  field: From\n  gte: 3";
    let mut all = evaluator([imported(&["login"], text)]);
    let from = |seconds, address| row(seconds, &[("type", "login"), ("User", "admin"), ("From", address)]);
    assert!(observe(&mut all, [from(0, "10.0.0.1"), from(1, "10.0.0.2"), from(2, "10.0.0.2")]).is_empty());
    assert_eq!(observe(&mut all, [from(3, "10.0.0.3")]), ["raised User=admin x3 @3"]);
}

#[test]
fn what_is_older_than_the_window_is_not_counted() {
    let mut all = evaluator([imported(&["login"], MANY)]);
    assert!(observe(&mut all, [login(0, "admin"), login(1, "admin"), login(200, "admin")]).is_empty());
}

/// The crate leaves open whether a record counts that is exactly a window old. Our windows are half open.
#[test]
fn a_record_that_is_exactly_a_window_old_is_not_counted() {
    let mut all = evaluator([imported(&["login"], MANY)]);
    assert!(observe(&mut all, [login(0, "admin"), login(59, "admin"), login(60, "admin")]).is_empty());
    let mut all = evaluator([imported(&["login"], MANY)]);
    assert_eq!(
        observe(&mut all, [login(1, "admin"), login(59, "admin"), login(60, "admin")]),
        ["raised User=admin x3 @60"]
    );
}

/// The crate leaves open what becomes of it. A record that does not say its group is of none, as in databases that group.
#[test]
fn records_without_a_field_of_the_group_are_not_counted() {
    let mut all = evaluator([imported(&["login"], MANY)]);
    let nameless = |n| row(n, &[("type", "login")]);
    assert!(observe(&mut all, (0..5).map(nameless)).is_empty());
    // The name of a mapping is no field: its parts are.
    let nested = |n| row(n, &[("type", "login"), ("User.name", "admin")]);
    assert!(observe(&mut all, (5..10).map(nested)).is_empty());
    assert_eq!(all.statistics()[0].groups, 0);
}

#[test]
fn records_of_one_group_agree_in_every_field() {
    let text = "type: event_count\nrules: [rule-login]\ngroup-by: [User, From]\ntimespan: 60s\ncondition: {gte: 2}";
    let mut all = evaluator([imported(&["login"], text)]);
    let from = |seconds, address| row(seconds, &[("type", "login"), ("User", "admin"), ("From", address)]);
    assert!(observe(&mut all, [from(0, "10.0.0.1"), from(1, "10.0.0.2")]).is_empty());
    assert_eq!(observe(&mut all, [from(2, "10.0.0.1")]), ["raised User=admin From=10.0.0.1 x2 @2"]);
}

#[test]
fn only_the_order_of_the_rules_raises_an_alert() {
    let text = "type: temporal_ordered\nrules: [rule-a, rule-b, rule-c]\ngroup-by: [User]\ntimespan: 120s\ncondition: {gte: 3}";
    let mut all = evaluator([imported(&["a", "b", "c"], text)]);
    let of = |seconds, kind, who| row(seconds, &[("type", kind), ("User", who)]);
    assert!(observe(&mut all, [of(0, "c", "admin"), of(1, "b", "admin"), of(2, "a", "admin")]).is_empty());
    // Between them stand others, of the group and of another.
    let others =
        [of(10, "a", "admin"), of(11, "a", "guest"), of(12, "c", "guest"), of(13, "b", "admin"), of(14, "a", "admin")];
    assert!(observe(&mut all, others).is_empty());
    assert_eq!(observe(&mut all, [of(15, "c", "admin")]), ["raised User=admin x3 @15"]);
}

#[test]
fn rules_that_match_in_one_window_raise_an_alert() {
    let text =
        "type: temporal\nrules: [rule-recon, rule-exploit]\ngroup-by: [Machine]\ntimespan: 120s\ncondition: {gte: 2}";
    let of = |seconds, kind| row(seconds, &[("type", kind), ("Machine", "srv1")]);
    for kinds in [["recon", "exploit"], ["exploit", "recon"]] {
        let mut all = evaluator([imported(&["recon", "exploit"], text)]);
        assert!(observe(&mut all, [of(0, kinds[0]), of(3, kinds[0])]).is_empty());
        assert_eq!(observe(&mut all, [of(10, kinds[1])]), ["raised Machine=srv1 x2 @10"]);
    }
}

/// The crate's settings say whether it alerts again within a time, and whether it begins to count anew. Here an alert lasts as long
/// as records come, and a new one takes as many records as the first.
#[test]
fn no_second_alert_is_raised_while_the_first_lasts_and_then_it_counts_anew() {
    let mut all = evaluator([imported(&["login"], MANY)]);
    assert_eq!(observe(&mut all, (0..3).map(|n| login(n, "admin"))), ["raised User=admin x3 @2"]);
    assert_eq!(observe(&mut all, [login(10, "admin")]), ["continued x4 @10"]);
    assert_eq!(observe(&mut all, [login(41, "admin"), login(42, "admin")]), ["ended @40"]);
    assert_eq!(observe(&mut all, [login(43, "admin")]), ["raised User=admin x3 @43"]);
}

#[test]
fn what_is_said_for_all_documents_is_said_for_the_rules_of_a_correlation() {
    let text = "action: global\nlogsource:\n  product: windows\n  category: process_creation\nlevel: medium\n---\n\
                title: Cmd\nid: detect-cmd\ndetection:\n  selection:\n    CommandLine|contains: cmd\n  condition: selection\n---\n\
                action: repeat\ntitle: Ps\nid: detect-ps\ndetection:\n  selection:\n    CommandLine|contains: powershell\n  condition: selection\n---\n\
                title: Burst\ncorrelation:\n  type: event_count\n  rules: [detect-cmd, detect-ps]\n  group-by: [User]\n  timespan: 60s\n  \
                condition:\n    gte: 3\nlevel: high\n";
    let spec = of_text(text);
    assert_eq!((&spec["name"], &spec["severity"]), (&json!("Burst"), &json!("high")));
    let mut all = evaluator([spec]);
    let run = |seconds, line| {
        let row = row(seconds, &[("Channel", "Security"), ("CommandLine", line), ("User", "mallory")]);
        LogRow { msg_id: "4688".into(), ..row }
    };
    assert!(observe(&mut all, [run(0, "cmd.exe"), run(1, "powershell -enc"), run(2, "notepad")]).is_empty());
    assert_eq!(observe(&mut all, [run(3, "cmd /c whoami")]), ["raised User=mallory x3 @3"]);
}

#[test]
fn counts_of_each_group_go_on_after_a_restart_as_far_as_they_are_not_too_old() {
    let spec = || imported(&["login"], &MANY.replace("60s", "300s"));
    let mut all = evaluator([spec()]);
    assert!(observe(&mut all, [login(0, "admin"), login(1, "admin"), login(1, "bob")]).is_empty());
    let saved = all.checkpoint();
    let restored = |rules| Evaluator::restore(rules, Limits::default(), Clock::Received, &saved).unwrap();
    let mut all = restored(vec![rule(spec())]);
    assert_eq!(observe(&mut all, [login(2, "bob"), login(2, "admin")]), ["raised User=admin x3 @2"]);
    let mut late = restored(vec![rule(spec())]);
    assert!(observe(&mut late, [login(1000, "admin")]).is_empty());
    // What was kept for a rule that there is no more is forgotten.
    let mut other = spec();
    other["code"] = json!("other");
    let mut all = restored(vec![rule(other)]);
    assert!(observe(&mut all, [login(2, "admin"), login(3, "admin")]).is_empty());
    assert_eq!(observe(&mut all, [login(4, "admin")]), ["raised User=admin x3 @4"]);
}
