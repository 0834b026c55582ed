//! Rules of the kind `sigma`: detections and correlations, at the edges of their windows.

use serde_json::{Value, json};

use super::shipped::parsed;
use super::*;
use crate::query::ast::Expr;
use crate::rules::fault::Fault;
use crate::rules::sigma::import::assess;

/// A detection rule for records whose attribute `what` is its name.
fn detection(name: &str) -> String {
    format!("title: Rule {name}\nname: {name}\ndetection:\n  s:\n    what: {name}\n  condition: s\n---\n")
}

fn correlation(fields: &str) -> String {
    let indented: String = fields.lines().map(|line| format!("  {line}\n")).collect();
    format!("title: Correlated\ncorrelation:\n{indented}---\n")
}

/// A rule of these documents, whose alerts end after 100 seconds.
fn sigma(documents: &[String]) -> Value {
    json!({ "kind": "sigma", "sigma": documents.concat(), "quiet_seconds": 100 })
}

fn abc(fields: &str) -> Value {
    sigma(&[detection("a"), detection("b"), detection("c"), correlation(fields)])
}

fn what(id: u64, seconds: i64, what: &'static str) -> LogRow<'static> {
    LogRow { attributes: vec![("what".into(), what.into())], host: "h1".into(), ..at(id, seconds) }
}

fn with(row: LogRow<'static>, name: &'static str, value: &'static str) -> LogRow<'static> {
    let mut row = row;
    row.attributes.push((name.into(), value.into()));
    row
}

fn faults(fields: Value) -> Vec<Fault> {
    let mut all = json!({ "code": "rule", "name": "Rule", "kind": "sigma" });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Rule::new(&RuleSpec::from_json(&all).unwrap(), &values()).unwrap_err()
}

#[test]
fn a_detection_is_one_alert_a_host_or_of_what_the_rule_groups_by() {
    let mut all = evaluator([sigma(&[detection("a")])]);
    let other = LogRow { host: "h2".into(), ..what(4, 2, "a") };
    let none = LogRow { host: "".into(), ..what(5, 3, "a") };
    let rows = [what(1, 0, "a"), what(2, 1, "b"), what(3, 1, "A"), other, none];
    let expected = ["raised host=h1 x1 @0", "raised host=h2 x1 @2", "raised host= x1 @3", "continued x2 @1"];
    assert_eq!(observe(&mut all, rows), expected);
    assert_eq!(tick(&mut all, 101), ["ended @101"]);
    let mut grouped = sigma(&[detection("a")]);
    grouped["group_by"] = json!(["ip"]);
    let mut all = evaluator([grouped]);
    assert_eq!(observe(&mut all, [ip(what(1, 0, "a"), 7), what(2, 1, "a")]), ["raised ip=192.0.2.7 x1 @0"]);
}

#[test]
fn an_alert_tells_the_rule_the_record_and_the_group() {
    let mut all = evaluator([sigma(&[detection("a")])]);
    all.observe(&message(what(1, 0, "a"), "it happened"));
    let Some(Effect::Raised(raised)) = all.take_effects().pop() else { panic!("nothing is raised") };
    assert_eq!((raised.message.as_str(), &raised.hosts[..]), ("Rule: it happened (host=h1)", &["h1".to_owned()][..]));
    let mut all = evaluator([abc("type: event_count\nrules: [a]\ngroup-by: [who]\ntimespan: 1m\ncondition: {gte: 2}")]);
    // The others of the text alert by themselves, so that each is named.
    all.observe(&with(what(1, 0, "a"), "who", "bob"));
    all.observe(&with(what(2, 5, "a"), "who", "bob"));
    let Some(Effect::Raised(raised)) = all.take_effects().pop() else { panic!("nothing is raised") };
    assert_eq!(raised.message, "Rule: 2 records within 1 min (sigma=Correlated, who=bob)");
    assert_eq!((raised.count, &raised.samples[..]), (2, &[1, 2][..]));
}

#[test]
fn records_of_any_of_the_rules_are_counted_in_a_sliding_window() {
    let rule = abc("type: event_count\nrules: [a, b, c]\ngroup-by: [who]\ntimespan: 10s\ncondition: {gt: 2}");
    let row = |id, seconds, name| with(what(id, seconds, name), "who", "bob");
    let mut all = evaluator([rule.clone()]);
    // Exactly a window lies between the first and the last.
    assert!(observe(&mut all, [row(1, 0, "a"), row(2, 5, "b"), row(3, 10, "a")]).is_empty());
    // Without the field, in another group, and of no rule.
    assert!(observe(&mut all, [what(4, 11, "a"), with(what(5, 11, "b"), "who", "eve"), row(6, 11, "x")]).is_empty());
    let raised = ["raised who=bob x3 @14"];
    assert_eq!(observe(&mut all, [row(7, 14, "c")]), raised);
    assert_eq!(observe(&mut all, [row(8, 15, "c")]), ["continued x4 @15"]);
    assert_eq!(tick(&mut all, 115), ["ended @115"]);
    let mut inside = evaluator([rule]);
    assert_eq!(observe(&mut inside, [row(1, 0, "a"), row(2, 5, "b"), row(3, 9, "a")]), ["raised who=bob x3 @9"]);
}

#[test]
fn different_values_are_counted_and_records_without_one_are_not() {
    let rule =
        abc("type: value_count\nrules: [a, b, c]\ngroup-by: [who]\ntimespan: 10s\ncondition: {gte: 3, field: where}");
    let row = |id, seconds, at| with(with(what(id, seconds, "a"), "who", "bob"), "where", at);
    let mut all = evaluator([rule]);
    let without = with(what(3, 4, "a"), "who", "bob");
    assert!(observe(&mut all, [row(1, 0, "x"), row(2, 3, "y"), without, row(4, 5, "y"), row(5, 10, "z")]).is_empty());
    assert_eq!(observe(&mut all, [row(6, 12, "x")]), ["raised who=bob x3 @12"]);
}

#[test]
fn a_field_behind_what_a_forwarder_put_before_it_is_grouped_by_and_counted() {
    let fields = "type: value_count\nrules: [a]\ngroup-by: [who]\ntimespan: 10s\ncondition: {gte: 2, field: Image}";
    let rule = sigma(&[detection("a"), correlation(fields)]);
    for before in ["NXLOG@14506.", "nxlog@14506.", "EventData.", ""] {
        let row = |id, image: &str| LogRow {
            attributes: vec![
                (format!("{before}what").into(), "a".into()),
                (format!("{before}WHO").into(), "bob".into()),
                (format!("{before}Image").into(), image.to_owned().into()),
            ],
            ..at(id, id as i64)
        };
        let mut all = evaluator([rule.clone()]);
        assert_eq!(observe(&mut all, [row(1, "x"), row(2, "y")]), ["raised who=bob x2 @2"], "behind {before:?}");
    }
    // What is only called alike is another field.
    let mut all = evaluator([rule]);
    let other = |id, image| with(with(what(id, 0, "a"), "other.who", "bob"), "Image", image);
    assert!(observe(&mut all, [other(1, "x"), other(2, "y")]).is_empty());
}

#[test]
fn rules_match_together_in_any_order() {
    let rule = abc("type: temporal\nrules: [a, b, c]\ngroup-by: [who]\ntimespan: 10s");
    let row = |id, seconds, name| with(what(id, seconds, name), "who", "bob");
    let mut all = evaluator([rule.clone()]);
    // The first is exactly a window before the last; another of it completes them.
    assert!(observe(&mut all, [row(1, 0, "c"), row(2, 4, "a"), row(3, 5, "a"), row(4, 10, "b")]).is_empty());
    assert_eq!(observe(&mut all, [row(5, 13, "c")]), ["raised who=bob x3 @13"]);
    assert_eq!(observe(&mut all, [row(6, 14, "a")]), ["continued x4 @14"]);
    let mut all = evaluator([rule]);
    assert!(observe(&mut all, [row(1, 0, "c"), row(2, 4, "a")]).is_empty());
    assert!(observe(&mut all, [with(what(3, 5, "b"), "who", "eve")]).is_empty());
    assert_eq!(observe(&mut all, [row(4, 9, "b")]), ["raised who=bob x3 @9"]);
}

#[test]
fn a_record_that_several_rules_match_counts_for_each_together_and_once_in_a_count() {
    let both = detection("b").replace("what: b", "what: a");
    let text = |fields| sigma(&[detection("a"), both.clone(), correlation(fields)]);
    let mut together = evaluator([text("type: temporal\nrules: [a, b]\ntimespan: 10s")]);
    together.observe(&what(1, 0, "a"));
    let Some(Effect::Raised(raised)) = together.take_effects().pop() else { panic!("nothing is raised") };
    assert_eq!((raised.count, &raised.samples[..], raised.group.len()), (2, &[1][..], 0));
    let mut counted = evaluator([text("type: event_count\nrules: [a, b]\ntimespan: 10s\ncondition: {gte: 2}")]);
    assert!(observe(&mut counted, [what(1, 0, "a")]).is_empty());
    assert_eq!(observe(&mut counted, [what(2, 1, "a")]), ["raised x2 @1"]);
    let mut ordered = evaluator([text("type: temporal_ordered\nrules: [a, b]\ntimespan: 10s")]);
    assert!(observe(&mut ordered, [what(1, 0, "a")]).is_empty());
}

#[test]
fn rules_match_in_order() {
    let rule = abc("type: temporal_ordered\nrules: [b, a, c]\ngroup-by: [who]\ntimespan: 10s");
    let row = |id, seconds, name| with(what(id, seconds, name), "who", "bob");
    let mut all = evaluator([rule.clone()]);
    assert!(observe(&mut all, [row(1, 0, "a"), row(2, 1, "b"), row(3, 2, "c")]).is_empty());
    // Exactly a window lies between the first and the last.
    assert!(observe(&mut all, [row(4, 3, "a"), row(5, 11, "c")]).is_empty());
    assert_eq!(observe(&mut all, [row(6, 12, "b"), row(7, 13, "a"), row(8, 21, "c")]), ["raised who=bob x3 @21"]);
}

#[test]
fn a_field_is_found_where_each_rule_has_it() {
    let aliases = "aliases: {user: {a: who, b: name}}";
    let rule = sigma(&[
        detection("a"),
        detection("b"),
        correlation(&format!("type: temporal\nrules: [a, b]\ngroup-by: [user]\ntimespan: 10s\n{aliases}")),
    ]);
    let mut all = evaluator([rule]);
    let a = |id| with(with(what(id, 0, "a"), "who", "bob"), "name", "eve");
    assert!(observe(&mut all, [a(1), with(what(2, 1, "b"), "who", "bob")]).is_empty());
    assert_eq!(observe(&mut all, [with(what(3, 2, "b"), "name", "bob")]), ["raised user=bob x2 @2"]);
}

#[test]
fn rules_of_a_correlation_alert_by_themselves_only_if_it_says_so() {
    let text = "type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {gte: 2}";
    let silent = [detection("a"), detection("b"), correlation(text)];
    let generating = [detection("a"), detection("b"), correlation(&format!("{text}\ngenerate: true"))];
    let rows = || [what(1, 0, "a"), what(2, 1, "b"), what(3, 2, "a")];
    let mut all = evaluator([sigma(&silent)]);
    assert_eq!(observe(&mut all, rows()), ["raised sigma=Rule b host=h1 x1 @1", "raised sigma=Correlated x2 @2"]);
    let statistics = all.statistics();
    assert_eq!((statistics.len(), statistics[0].groups, statistics[0].matched), (1, 2, 3));
    let mut all = evaluator([sigma(&generating)]);
    let expected = [
        "raised sigma=Rule a host=h1 x1 @0",
        "raised sigma=Rule b host=h1 x1 @1",
        "raised sigma=Correlated x2 @2",
        "continued x2 @2",
    ];
    let mut told = observe(&mut all, rows());
    told.sort_by_key(|line| line.starts_with("continued"));
    assert_eq!(told, expected);
    // Of two correlations one says so.
    let other = correlation("type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {gte: 9}");
    let mut all = evaluator([sigma(&[generating.concat(), other])]);
    assert_eq!(observe(&mut all, [what(1, 0, "a")]), ["raised sigma=Rule a host=h1 x1 @0"]);
}

#[test]
fn parts_of_a_text_are_closed_and_kept_by_themselves() {
    let both = || rule(sigma(&[detection("a"), detection("b")]));
    let mut all = Evaluator::new(vec![both()], Limits::default(), Clock::Received);
    all.observe(&what(1, 0, "a"));
    all.observe(&what(2, 1, "b"));
    let effects = all.take_effects();
    let ids: Vec<&str> = effects.iter().map(Effect::episode).collect();
    assert_eq!(ids.len(), 2);
    assert!(all.close("rule", ids[1]) && !all.close("rule", ids[1]));
    all.replace_rules(vec![both()]);
    assert_eq!(observe(&mut all, [what(3, 2, "a"), what(4, 3, "b")]).len(), 2);
    all.replace_rules(vec![rule(sigma(&[detection("c"), detection("b")]))]);
    assert_eq!(told(&all.take_effects()), ["ended @3", "ended @3"]);
    assert_eq!(observe(&mut all, [what(5, 4, "a"), what(6, 5, "c")]), ["raised sigma=Rule c host=h1 x1 @5"]);
}

#[test]
fn correlations_go_on_after_a_restart() {
    let kinds = [
        "type: event_count\nrules: [a, b, c]\ntimespan: 10s\ncondition: {gte: 3}",
        "type: value_count\nrules: [a, b, c]\ntimespan: 10s\ncondition: {gte: 3, field: what}",
        "type: temporal\nrules: [a, b, c]\ntimespan: 10s",
        "type: temporal_ordered\nrules: [a, b, c]\ntimespan: 10s",
    ];
    let rows = [what(1, 0, "a"), what(2, 4, "b"), what(3, 9, "c"), what(4, 10, "c")];
    for kind in kinds {
        for cut in 0..=rows.len() {
            let mut all = evaluator([abc(kind)]);
            let mut told = observe(&mut all, rows[..cut].iter().cloned());
            let saved = all.checkpoint();
            observe(&mut all, rows[cut..].iter().cloned());
            let restored = vec![rule(abc(kind))];
            let mut all = Evaluator::restore(restored, Limits::default(), Clock::Received, &saved).unwrap();
            told.extend(observe(&mut all, rows[cut..].iter().cloned()));
            told.extend(tick(&mut all, 500));
            assert_eq!(told, ["raised x3 @9", "continued x4 @10", "ended @110"], "{kind} cut at {cut}");
        }
    }
}

#[test]
fn a_late_record_counts_for_a_detection_and_for_no_window() {
    let late = |id| LogRow { received_at: (START + 400) * SECOND, ..what(id, 0, "a") };
    let count = "type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {gte: 1}\ngenerate: true";
    let mut all = evaluator([sigma(&[detection("a"), correlation(count)])]);
    assert_eq!(observe(&mut all, [late(1)]), ["raised sigma=Rule a host=h1 x1 @400"]);
}

#[test]
fn groups_of_correlations_stay_within_the_limits() {
    let rule = abc("type: event_count\nrules: [a, b, c]\ngroup-by: [who]\ntimespan: 10s\ncondition: {gte: 2}");
    let limits = Limits { groups_per_rule_max: 2, ..Limits::default() };
    let mut all = Evaluator::new(vec![super::rule(rule)], limits, Clock::Received);
    let row = |id, who| with(what(id, 0, "a"), "who", who);
    let told = observe(&mut all, [row(1, "x"), row(2, "y"), row(3, "z"), row(4, "x")]);
    assert_eq!(told, ["raised rule=rule x1 @0", "continued x2 @0"]);
    assert_eq!((all.statistics()[0].groups, all.statistics()[0].evicted), (2, 2));
}

#[test]
fn a_text_that_cannot_be_evaluated_is_refused_with_its_document_and_the_reason() {
    let check = |documents: &[String], expected: &[&str]| {
        let told: Vec<String> =
            faults(json!({ "sigma": documents.concat() })).iter().map(ToString::to_string).collect();
        assert!(told.len() == expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{told}");
        }
    };
    check(&["title: [".to_owned()], &["sigma: document 1: not readable as YAML"]);
    check(&["title: x\n".to_owned()], &["sigma: document 1"]);
    let expand = detection("a").replace("what: a", "what|expand: '%x%'");
    check(&[detection("b"), expand], &["sigma: document 2 (Rule a): "]);
    let less = correlation("type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {lt: 3}");
    let unknown = correlation("type: temporal\nrules: [a, x]\ntimespan: 10s");
    let expected =
        ["sigma: document 2 (Correlated): a count has a lower bound", "sigma: document 3 (Correlated): the rule `x`"];
    check(&[detection("a"), less, unknown], &expected);
    let names: Vec<String> = (0..9).map(|n| format!("r{n}")).collect();
    let many: Vec<String> = names.iter().map(|name| detection(name)).collect();
    let temporal = correlation(&format!("type: temporal\nrules: [{}]\ntimespan: 10s", names.join(", ")));
    check(&[many.concat(), temporal], &["at most 8 rules"]);
    let filter = "title: f\nlogsource: {}\nfilter:\n  rules: any\n  s:\n    x: y\n  condition: not s\n".to_owned();
    check(&[filter], &["sigma: the text holds no rule"]);
    let parts: Vec<String> = (0..33).map(|n| detection(&format!("r{n}"))).collect();
    check(&parts, &["sigma: a text has at most 32 rules that alert"]);
    let count = correlation("type: event_count\nrules: [a]\ntimespan: 10s\ncondition: {gte: 3}");
    let text = [detection("a"), count].concat();
    let grouped = faults(json!({ "sigma": text, "group_by": ["ip"] }));
    assert_eq!((grouped.len(), grouped[0].field.as_str()), (1, "group_by"));
}

#[test]
fn raw_texts_are_read_only_for_words() {
    let fields = rule(sigma(&[detection("a")])).columns();
    assert!(fields.attributes && fields.message && fields.format && fields.host && !fields.raw);
    let words = detection("a").replace("s:\n    what: a", "s:\n    - failed");
    assert!(rule(sigma(&[detection("b"), words])).columns().raw);
}

#[test]
fn all_records_of_the_log_sources_are_looked_at() {
    let of = |service: &str| {
        detection(service)
            .replace("detection:", &format!("logsource:\n  product: linux\n  service: {service}\ndetection:"))
    };
    let looks_at = |documents: &[String]| rule(sigma(documents)).looks_at().to_string();
    assert_eq!(looks_at(&[of("auditd")]), "format:\"auditd\"");
    assert_eq!(looks_at(&[of("auditd"), detection("a")]), Expr::All.to_string());
}

#[test]
fn thousands_of_rules_are_asked_together_and_each_answers_for_itself() {
    let names: Vec<String> = (0..200).map(|n| format!("w{n}")).collect();
    let rules = names.iter().map(|name| {
        let mut rule = sigma(&[detection(name)]);
        rule["code"] = json!(name);
        rule
    });
    let mut all = evaluator(rules);
    all.observe(&what(1, 0, "w150"));
    let effects = all.take_effects();
    assert_eq!(effects.iter().map(Effect::rule).collect::<Vec<_>>(), ["w150"]);
}

#[test]
fn an_imported_correlation_counts_what_our_parsers_read() {
    let text = "title: Failed\nname: failed\nlogsource:\n  product: linux\n  service: sshd\ndetection:\n  w: [Failed password]\n  \
                condition: w\n---\ntitle: Guessing\ncorrelation:\n  type: value_count\n  rules: [failed]\n  group-by: [src_ip]\n  \
                timespan: 5m\n  condition:\n    gte: 3\n    field: user\nlevel: high\n";
    let imported = assess(text).unwrap();
    let json = imported.first().and_then(|rule| rule.spec_json.clone()).unwrap();
    let rule = Rule::new(&RuleSpec::from_json(&json).unwrap(), &values()).unwrap();
    let mut all = Evaluator::new(vec![rule], Limits::default(), Clock::Received);
    let row = |id: u64, user: &str, last: u8| {
        let line = format!(
            "<38>Jan 15 08:00:01 web-1 sshd[7]: Failed password for invalid user {user} from 198.51.100.{last} port 40000 ssh2"
        );
        parsed(id, id as i64, &line)
    };
    assert!(observe(&mut all, [row(1, "a", 1), row(2, "a", 1), row(3, "b", 1), row(4, "c", 2)]).is_empty());
    all.observe(&row(5, "c", 1));
    let Some(Effect::Raised(raised)) = all.take_effects().pop() else { panic!("nothing is raised") };
    assert_eq!(raised.message, "Guessing: 3 different values within 5 min (src_ip=198.51.100.1)");
    assert_eq!((raised.rule.as_str(), raised.user.as_deref()), ("sigma-guessing", Some("c")));
}
