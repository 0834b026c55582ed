//! What is wrong with a rule is told field by field, all of it at once.

use serde_json::json;

use super::*;

fn faults(fields: Value) -> Vec<String> {
    let faults = RuleSpec::from_json(&fields).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn all_faults_are_told_at_once_with_hints() {
    let told = faults(json!({
        "code": "Not A Code", "name": "", "severity": "hihg", "kind": "threshold", "filter": "levl:error", "group_by": ["ip", "usr", "ip"],
        "windw_seconds": 5, "at_least": "ten", "share": 0.5, "tags": ["ok", 7], "message": "{{cuont}}"
    }));
    let expected = [
        "windw_seconds: unknown field (did you mean \"window_seconds\"?)",
        "share: a rule of kind threshold has no such field; ratio have it",
        "severity: must be one of info, low, medium, high, critical (did you mean \"high\"?)",
        "tags[1]: must be a text",
        "at_least: must be a whole number or the name of the setting \"alert_threshold_login_fail\"",
        "code: must have 1 to 64 of the characters a-z, 0-9, \".\", \"_\" and \"-\", and begin with one of a-z, 0-9",
        "name: must have 1 to 200 characters",
        "message: unknown name \"cuont\" (did you mean \"count\"?)",
        "filter: column 1: unknown field \"levl\" (did you mean \"level\"?)",
        "group_by[1]: unknown field \"usr\" (did you mean \"user\"?)",
        "group_by[2]: \"ip\" stands here twice",
        "window_seconds: must be given: 1 to 604800",
    ];
    assert_eq!(told, expected);
}

#[test]
fn each_kind_asks_for_its_own_fields() {
    let check = |fields: Value, expected: &[&str]| {
        let mut all = json!({ "code": "a", "name": "A" });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        assert_eq!(faults(all.clone()), expected, "{all}");
    };
    check(json!({}), &["kind: must be given: threshold, match, ratio, change, absence, new_value, sequence, sigma"]);
    check(
        json!({ "kind": "treshold" }),
        &[
            "kind: must be one of threshold, match, ratio, change, absence, new_value, sequence, sigma (did you mean \"threshold\"?)",
        ],
    );
    check(
        json!({ "kind": "threshold", "window_seconds": 0, "at_least": 100_001 }),
        &["window_seconds: must be from 1 to 604800", "at_least: must be from 1 to 100000"],
    );
    check(
        json!({ "kind": "threshold", "window_seconds": "alert_threshold_login_fail", "at_least": 1 }),
        &["window_seconds: must be a whole number or the name of the setting \"alert_window_login_fail\""],
    );
    check(
        json!({ "kind": "threshold", "window_seconds": 1, "at_least": 10_001, "distinct": "timestamp" }),
        &[
            "at_least: must be from 1 to 10000",
            "distinct: \"timestamp\" differs in every record, so nothing can be grouped by it",
        ],
    );
    check(
        json!({ "kind": "ratio", "window_seconds": 1, "at_least": 1, "share": 1.01, "of": "(" }),
        &["share: must be given: above 0 and at most 1", "of: column 2: a value is missing here"],
    );
    check(
        json!({ "kind": "change", "window_seconds": 1, "at_least": 1, "factor": 0.5, "days": 3 }),
        &[
            "factor: must be given: above 1; for a fall, add \"direction\": \"down\"",
            "days: is only for \"against\": \"same_hour\"",
        ],
    );
    check(
        json!({ "kind": "absence", "window_seconds": 60, "forget_seconds": 60 }),
        &["forget_seconds: must be more than window_seconds, or nothing is ever missed"],
    );
    check(
        json!({ "kind": "new_value", "learn_seconds": -1 }),
        &["learn_seconds: must be a whole number", "field: must be given: the field whose values are watched"],
    );
    check(
        json!({ "kind": "sequence", "window_seconds": 60, "steps": [{ "filter": "a:", "atleast": 2 }] }),
        &[
            "steps[0].atleast: unknown field (did you mean \"at_least\"?)",
            "steps: must be given: 2 to 8 of them",
            "steps[0].filter: column 1: unknown field \"a\" (to search for the text, put it in quotes: \"a:…\")",
        ],
    );
    check(
        json!({ "kind": "match", "filter": "time:>now-1h" }),
        &["filter: a rule's filter cannot name a time relative to now; leave it out"],
    );
    check(
        json!({ "kind": "match", "group_by": ["a", "host", "id", "app", "source", "level"] }),
        &[
            "group_by: there are at most 5",
            "group_by[0]: unknown field \"a\"",
            "group_by[2]: \"id\" differs in every record, so nothing can be grouped by it",
        ],
    );
    assert_eq!(faults(json!([])), ["rule: a rule is an object of fields"]);
}

#[test]
fn a_rule_is_read_as_it_was_written() {
    let fields = json!({
        "code": "a.b_c-1", "name": "A", "description": "D", "severity": "critical", "enabled": false, "tags": ["attack.t1110"],
        "kind": "sequence", "group_by": ["ip", "attributes.x"], "window_seconds": "alert_window_login_fail", "quiet_seconds": 5,
        "hold_seconds": 6, "resolve_when_quiet": true, "message": "{{ip}}", "steps": [{ "filter": "a" }, { "filter": "b", "at_least": 2 }]
    });
    let spec = RuleSpec::from_json(&fields).unwrap();
    assert_eq!(spec.to_json(), fields);
    assert_eq!(serde_json::from_value::<RuleSpec>(fields).unwrap(), spec);
}

#[test]
fn a_huge_regular_expression_in_a_filter_is_refused() {
    let check = |filter: &str, expected: &str| {
        let told = faults(json!({ "code": "a", "name": "A", "kind": "match", "filter": filter })).concat();
        assert!(told.starts_with("filter: ") && told.contains(expected), "{told}");
    };
    check("/((a{100}){100}){100}/", "the repetitions multiply to too much");
    check("/a{101}/", "a repetition goes up to 100");
    // Letters from all over Unicode, each of which takes bytes of its own.
    let letters: String = (0..70).filter_map(|n| char::from_u32(0x1000 + n * 0x211)).collect();
    check(&format!("/([{letters}]{{100}}){{10}}/"), "too large");
    check(&format!("/{}/", "a".repeat(300)), "1 to 256 bytes");
}
