//! Limits, rules that are replaced, alerts that are closed, and checkpoints that cannot be read.

use serde_json::json;

use super::*;
use crate::rules::effect::LIMIT_RULE;
use crate::rules::frame::RestoreError;

fn failures() -> Value {
    json!({ "kind": "threshold", "filter": "app:sshd", "group_by": ["user_name"], "window_seconds": 60, "at_least": 2 })
}

fn row(id: u64, seconds: i64, user: String) -> LogRow<'static> {
    LogRow { app: "sshd".into(), user_name: user.into(), ..at(id, seconds) }
}

fn bob(id: u64, seconds: i64) -> LogRow<'static> {
    row(id, seconds, "bob".to_owned())
}

#[test]
fn a_million_groups_of_hostile_values_stay_within_the_limits() {
    let limits = Limits { groups_per_rule_max: 20_000, bytes_per_rule_max: 2 << 20, ..Limits::default() };
    let kinds = [
        failures(),
        json!({ "code": "distinct", "kind": "threshold", "distinct": "proc_id", "group_by": ["user_name"], "window_seconds": 9, "at_least": 9 }),
        json!({ "code": "match", "kind": "match", "group_by": ["user_name"] }),
        json!({ "code": "absence", "kind": "absence", "group_by": ["user_name"], "window_seconds": 9 }),
        json!({ "code": "new", "kind": "new_value", "field": "user_name" }),
        json!({ "code": "ratio", "kind": "ratio", "filter": "app:other", "group_by": ["user_name"], "window_seconds": 9, "at_least": 9, "share": 0.5 }),
        json!({ "code": "change", "kind": "change", "group_by": ["user_name"], "window_seconds": 60, "at_least": 9, "factor": 2, "against": "same_hour" }),
        json!({ "code": "sequence", "kind": "sequence", "group_by": ["user_name"], "window_seconds": 9,
                "steps": [{ "filter": "app:sshd", "at_least": 2 }, { "filter": "app:other" }] }),
    ];
    let mut all = Evaluator::new(kinds.into_iter().map(rule).collect(), limits, Clock::Received);
    // Two hundred thousand for each of the eight.
    let padding = "x".repeat(5000);
    for id in 0..200_000_u64 {
        // Every fourth value is very long, and all begin alike.
        let user = if id % 4 == 0 { format!("{padding}{id}") } else { format!("user{id}") };
        all.observe(&LogRow { proc_id: id.to_string().into(), ..row(id + 1, id as i64 / 1000, user) });
        if id % 1000 == 0 {
            all.take_effects();
        }
    }
    for rule in all.statistics() {
        assert!(rule.groups <= 20_000 && rule.bytes <= 2 << 20, "{rule:?}");
        assert!(rule.groups > 4000 && rule.matched == 200_000, "{rule:?}");
        assert!(rule.evicted > 100_000, "{rule:?}");
    }
}

#[test]
fn what_is_evicted_is_told_once_until_it_stops_and_lasting_alerts_end_with_it() {
    let limits = Limits { groups_per_rule_max: 2, ..Limits::default() };
    let mut all =
        Evaluator::new(vec![rule(json!({ "kind": "match", "group_by": ["user_name"] }))], limits, Clock::Received);
    let user = |id: u64, seconds| row(id, seconds, format!("user{id}"));
    let told = observe(&mut all, [user(1, 0), user(2, 1), user(3, 2), user(4, 3)]);
    let expected = [
        "raised user_name=user1 x1 @0",
        "raised user_name=user2 x1 @1",
        "raised user_name=user3 x1 @2",
        "ended @2",
        "raised rule=rule x1 @2",
        "raised user_name=user4 x1 @3",
        "ended @3",
        "continued x2 @3",
    ];
    assert_eq!(told, expected);
    assert_eq!(tick(&mut all, 303), ["ended @302", "ended @303", "ended @303"]);
    assert_eq!(all.statistics()[0].groups, 0);
    for id in 5..8 {
        all.observe(&user(id, 400));
    }
    let effects = all.take_effects();
    let limit = effects.iter().find(|effect| effect.rule() == LIMIT_RULE).unwrap();
    assert!(all.close(LIMIT_RULE, limit.episode()) && !all.close(LIMIT_RULE, limit.episode()));
}

#[test]
fn groups_that_no_longer_matter_are_dropped_without_a_word() {
    let mut all = evaluator([failures()]);
    for id in 0..10_000 {
        all.observe(&row(id + 1, id as i64, format!("user{id}")));
    }
    let statistics = &all.statistics()[0];
    assert!(statistics.groups < 700 && statistics.evicted == 0, "{statistics:?}");
}

#[test]
fn a_rule_that_is_only_shown_otherwise_keeps_its_memory() {
    let mut all = evaluator([failures()]);
    assert!(observe(&mut all, [bob(1, 0)]).is_empty());
    let mut renamed = failures();
    for (name, value) in [
        ("name", json!("Other")),
        ("severity", json!("high")),
        ("message", json!("{{rule}}")),
        ("quiet_seconds", json!(5)),
    ] {
        renamed[name] = value;
    }
    all.replace_rules(vec![rule(renamed)]);
    all.observe(&bob(2, 1));
    let effects = all.take_effects();
    let [Effect::Raised(raised)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(raised.message, "Other");
    assert_eq!(tick(&mut all, 6), ["ended @6"]);
}

#[test]
fn alerts_of_rules_that_are_changed_gone_or_asleep_end() {
    for replacement in [Some(("at_least", json!(3))), Some(("enabled", json!(false))), None] {
        let mut all = evaluator([failures()]);
        assert_eq!(observe(&mut all, [bob(1, 0), bob(2, 1)]), ["raised user_name=bob x2 @1"]);
        let saved = all.checkpoint();
        let rules: Vec<Rule> = replacement
            .iter()
            .map(|(name, value)| {
                let mut changed = failures();
                changed[*name] = value.clone();
                rule(changed)
            })
            .collect();
        all.replace_rules(rules.clone());
        assert_eq!(told(&all.take_effects()), ["ended @1"]);
        let mut restored = Evaluator::restore(rules, Limits::default(), Clock::Received, &saved).unwrap();
        assert_eq!(told(&restored.take_effects()), ["ended @1"]);
        assert!(observe(&mut restored, [bob(3, 2), bob(4, 3)]).is_empty());
    }
}

#[test]
fn a_setting_that_changes_is_followed() {
    let mut fields = failures();
    fields["at_least"] = json!("alert_threshold_login_fail");
    fields["window_seconds"] = json!("alert_window_login_fail");
    let mut object = json!({ "code": "rule", "name": "Rule" });
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let spec = RuleSpec::from_json(&object).unwrap();
    let with = |threshold, window| {
        Rule::new(&spec, &Values { alert_threshold_login_fail: threshold, alert_window_login_fail: window }).unwrap()
    };
    let mut all = Evaluator::new(vec![with(3, 10)], Limits::default(), Clock::Received);
    assert!(observe(&mut all, [bob(1, 0), bob(2, 1), bob(3, 10)]).is_empty());
    all.replace_rules(vec![with(2, 10)]);
    assert_eq!(observe(&mut all, [bob(4, 11), bob(5, 12)]), ["raised user_name=bob x2 @12"]);
}

#[test]
fn a_closed_alert_must_be_earned_anew() {
    let mut all = evaluator([failures()]);
    all.observe(&bob(1, 0));
    all.observe(&bob(2, 1));
    let effects = all.take_effects();
    assert!(!all.close("rule", "other") && !all.close("other", effects[0].episode()));
    assert!(all.close("rule", effects[0].episode()) && !all.close("rule", effects[0].episode()));
    assert!(observe(&mut all, [bob(3, 2)]).is_empty());
    all.observe(&bob(4, 3));
    let again = all.take_effects();
    assert_eq!(told(&again), ["raised user_name=bob x2 @3"]);
    assert_ne!(again[0].episode(), effects[0].episode());
    // The timer of the closed one does not end the other.
    assert_eq!(tick(&mut all, 9999), ["ended @303"]);
}

#[test]
fn of_many_closed_alerts_each_is_raised_anew_by_the_next_record() {
    let mut all = evaluator([json!({ "kind": "match", "group_by": ["user_name"], "hold_seconds": 60 })]);
    let user = |id: u64, seconds, name: u64| row(id, seconds, format!("user{name}"));
    for id in 1..=3 {
        all.observe(&user(id, 0, id));
    }
    let episodes: Vec<String> = all.take_effects().iter().map(|effect| effect.episode().to_owned()).collect();
    let closed = |code: &str, episodes: &[String]| {
        std::collections::BTreeMap::from([(code.to_owned(), episodes.iter().cloned().collect())])
    };
    assert!(!all.close_all(&closed("other", &episodes)) && !all.close_all(&closed("rule", &["other".to_owned()])));
    assert!(all.close_all(&closed("rule", &episodes[..2])) && !all.close_all(&closed("rule", &episodes[..2])));
    let told = observe(&mut all, [user(4, 1, 1), user(5, 1, 2), user(6, 1, 3)]);
    assert_eq!(told, ["raised user_name=user1 x1 @1", "raised user_name=user2 x1 @1", "continued x2 @1"]);
}

#[test]
fn a_closed_rise_keeps_what_it_is_compared_with() {
    let mut all = evaluator([json!({ "kind": "change", "window_seconds": 60, "at_least": 4, "factor": 2.0 })]);
    let burst = |from: u64, count: u64, seconds| (from..from + count).map(move |id| bob(id, seconds));
    assert!(observe(&mut all, burst(1, 30, 0)).is_empty());
    assert!(observe(&mut all, burst(40, 10, 110)).is_empty());
    for row in burst(60, 20, 200) {
        all.observe(&row);
    }
    let effects = all.take_effects();
    assert_eq!(told(&effects)[0], "raised x20 @200");
    assert!(all.close("rule", effects[0].episode()));
    // Ten were in the window before: it is still twice as many.
    assert_eq!(observe(&mut all, burst(90, 1, 201)), ["raised x21 @201"]);
}

#[test]
fn a_checkpoint_that_is_damaged_or_of_another_version_is_refused() {
    let mut all = evaluator([failures()]);
    observe(&mut all, [bob(1, 0)]);
    let saved = all.checkpoint();
    let restore =
        |bytes: &[u8]| Evaluator::restore(vec![rule(failures())], Limits::default(), Clock::Received, bytes).err();
    assert_eq!(restore(&saved), None);
    for cut in 0..saved.len() {
        assert!(restore(&saved[..cut]).is_some(), "cut at {cut}");
    }
    for at in 0..saved.len() {
        let mut changed = saved.clone();
        changed[at] ^= 0x40;
        assert!(restore(&changed).is_some(), "changed at {at}");
    }
    let mut newer = saved;
    newer[8] = 5;
    assert_eq!(restore(&newer), Some(RestoreError::Version { found: 5 }));
}

#[test]
fn the_columns_are_those_that_some_rule_reads() {
    let all = evaluator([
        json!({ "code": "a", "kind": "threshold", "filter": "failed level:error", "distinct": "attributes.path", "window_seconds": 1, "at_least": 1 }),
        json!({ "code": "b", "kind": "ratio", "filter": "app:x", "of": "format:y", "share": 1, "window_seconds": 1, "at_least": 1, "message": "{{pid}}" }),
    ]);
    let columns = all.columns();
    assert!(columns.message && columns.level && columns.attributes && columns.app && columns.format && columns.proc_id);
    assert!(columns.host && columns.ip && columns.user_name, "whom an alert is about");
    assert!(
        !columns.raw
            && !columns.source
            && !columns.origin
            && !columns.msg_id
            && !columns.parse_error
            && !columns.facility
    );
}
