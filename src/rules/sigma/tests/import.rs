//! Sigma's rules as rules of ours.

use serde_json::json;

use super::super::import::assess;

const LOGIN: &str = "# a comment\ntitle: Failed Login\nid: 5D8FD9DA-6916-45ef-8d4d-3fa9d19d1a64\nname: failed\nstatus: test\n\
    description: somebody failed\nlogsource:\n  product: linux\n  service: sshd\ntags:\n  - attack.t1110\ndetection:\n  w:\n    \
    - Failed password\n  condition: w\nlevel: informational\n";

#[test]
fn a_rule_keeps_its_text_and_its_code_comes_from_its_id() {
    let imported = assess(LOGIN).unwrap();
    let [rule] = imported.as_slice() else { panic!("one rule: {imported:?}") };
    assert_eq!(
        rule.spec_json,
        Some(json!({
            "code": "sigma-5d8fd9da-6916-45ef-8d4d-3fa9d19d1a64",
            "name": "Failed Login",
            "description": "somebody failed",
            "severity": "info",
            "enabled": true,
            "tags": ["attack.t1110"],
            "kind": "sigma",
            "sigma": LOGIN,
        }))
    );
    assert_eq!((rule.level, rule.assessment.warnings.len()), (Some("informational"), 0));
}

#[test]
fn a_code_comes_from_the_title_where_there_is_no_id() {
    let text = "title: 'Éin  --Very/Long_Title '\ndetection:\n  s:\n    f: x\n  condition: s\nstatus: deprecated\n";
    let imported = assess(text).unwrap();
    let spec = imported.first().and_then(|rule| rule.spec_json.clone()).unwrap();
    assert_eq!(
        (&spec["code"], &spec["severity"], &spec["enabled"]),
        (&json!("sigma-in-very-long-title"), &json!("medium"), &json!(false))
    );
    let long = text.replace("Very", &"x".repeat(100));
    let spec = assess(&long).unwrap().remove(0).spec_json.unwrap();
    assert_eq!(spec["code"].as_str().map(str::len), Some(64));
}

#[test]
fn a_correlation_brings_its_rules_along() {
    let correlation = "---\ntitle: Many\ncorrelation:\n  type: event_count\n  rules: failed\n  timespan: 5m\n  condition:\n    gte: 5\n";
    let imported = assess(&format!("{LOGIN}{correlation}")).unwrap();
    let [rule] = imported.as_slice() else { panic!("one rule: {imported:?}") };
    assert_eq!(rule.title, "Many");
    let text = rule.spec_json.as_ref().and_then(|spec| spec["sigma"].as_str()).unwrap();
    let again = assess(text).unwrap();
    assert_eq!(again.len(), 1);
    assert!(again.iter().all(|rule| rule.assessment.can_be_evaluated()), "{again:?}");
    let generating = assess(&format!("{LOGIN}{correlation}generate: true\n")).unwrap();
    assert_eq!(generating.len(), 2);
    let text = generating[0].spec_json.as_ref().and_then(|spec| spec["sigma"].as_str()).unwrap();
    assert!(!text.contains("generate"), "its rules would alert twice: {text}");
}

#[test]
fn a_rule_that_cannot_be_evaluated_has_no_spec() {
    let imported = assess("title: t\ndetection:\n  s:\n    f|expand: '%x%'\n  condition: s\n").unwrap();
    let rule = imported.first().unwrap();
    assert_eq!(rule.spec_json, None);
    assert!(!rule.assessment.can_be_evaluated());
    let alone =
        assess("title: f\nlogsource:\n  product: x\nfilter:\n  rules: any\n  s:\n    f: x\n  condition: not s\n")
            .unwrap();
    assert!(alone.iter().all(|rule| rule.spec_json.is_none() && !rule.assessment.refused.is_empty()));
}
