//! Sigma's rules as rules of ours.

use serde_json::json;

use super::super::import::{ImportedRule, assess};
use crate::rules::rule::Rule;
use crate::rules::spec::{RuleSpec, Values};

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
fn a_byte_order_mark_is_no_part_of_a_text() {
    assert_eq!(assess(&format!("\u{feff}{LOGIN}")), assess(LOGIN));
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
    assert_eq!(alone.len(), 1);
    assert!(alone.iter().all(|rule| rule.spec_json.is_none() && !rule.assessment.refused.is_empty()));
}

/// A small folder: each file with what comes of it, as `code: refused or warned of`.
const FOLDER: [(&str, &[&str]); 9] = [
    (
        "title: Certutil decodes\nid: 11111111-0000-4000-8000-000000000001\nstatus: stable\nlogsource:\n  category: process_creation\n  \
         product: windows\ndetection:\n  img:\n    - Image|endswith: '\\certutil.exe'\n    - OriginalFileName: CertUtil.exe\n  cli:\n    \
         CommandLine|contains|windash: '-decode '\n  condition: all of *\nlevel: high\ntags: [attack.t1140]\n",
        &["sigma-11111111-0000-4000-8000-000000000001 high 0 warnings"],
    ),
    (
        "title: A shell from the web server\nlogsource:\n  product: linux\n  service: auditd\ndetection:\n  s:\n    type: SYSCALL\n    \
         comm: [sh, bash]\n    key: www\n  condition: s\nlevel: critical\n",
        &["sigma-a-shell-from-the-web-server critical 0 warnings"],
    ),
    (
        "title: Traversal\nlogsource:\n  category: webserver\ndetection:\n  s:\n    cs-uri-query|contains: ['../', '..%2f']\n    x-odd: y\n  \
         condition: s\n",
        &["sigma-traversal medium 1 warnings"],
    ),
    (
        "title: Words\nlogsource:\n  product: unheard\ndetection:\n  words: [one, two]\n  condition: words\nlevel: low\n",
        &["sigma-words low 1 warnings"],
    ),
    (
        "title: Old aggregation\nlogsource:\n  product: windows\ndetection:\n  s:\n    EventID: 1\n  condition: s | count() > 5\n",
        &["refused"],
    ),
    ("title: Placeholder\ndetection:\n  s:\n    User|expand: '%admins%'\n  condition: s\n", &["refused"]),
    (
        "title: Failed\nname: failed\nlogsource:\n  product: linux\n  service: sshd\ndetection:\n  w: [Failed password]\n  condition: w\n\
         level: low\n---\ntitle: Guessing\ncorrelation:\n  type: event_count\n  rules: [failed]\n  group-by: [src_ip]\n  timespan: 5m\n  \
         condition:\n    gte: 10\nlevel: high\ngenerate: true\n",
        &["sigma-guessing high 0 warnings", "sigma-failed low 0 warnings"],
    ),
    (
        "title: Failed\nname: failed\nlogsource:\n  product: linux\n  service: sshd\ndetection:\n  w: [Failed password]\n  condition: w\n\
         ---\ntitle: Elsewhere\ncorrelation:\n  type: temporal\n  rules: [failed, not-here]\n  timespan: 5m\n",
        &["refused"],
    ),
    (
        "title: Login\nlogsource:\n  product: linux\n  service: sshd\ndetection:\n  w: [Accepted]\n  condition: w\n---\ntitle: Not the backup\n\
         logsource:\n  product: linux\nfilter:\n  rules: any\n  own:\n    user: backup\n  condition: not own\n",
        &["sigma-login medium 0 warnings"],
    ),
];

#[test]
fn every_rule_of_a_folder_is_assessed_and_what_is_written_can_be_evaluated() {
    let mut folder = Vec::new();
    for (text, expected) in FOLDER {
        let told = match assess(text) {
            Err(faults) => {
                assert!(!faults.is_empty());
                vec!["refused".to_owned()]
            }
            Ok(imported) => imported.iter().map(told).collect(),
        };
        assert_eq!(told, expected, "{text}");
        folder.extend(assess(text).into_iter().flatten().filter_map(|rule| rule.spec_json));
    }
    let values = Values { alert_threshold_login_fail: 10, alert_window_login_fail: 300 };
    for json in &folder {
        let spec = RuleSpec::from_json(json).unwrap_or_else(|faults| panic!("{faults:?} in {json}"));
        Rule::new(&spec, &values).unwrap_or_else(|faults| panic!("{faults:?} in {json}"));
    }
    assert_eq!(folder.len(), 7);
}

fn told(rule: &ImportedRule) -> String {
    let Some(spec) = &rule.spec_json else {
        assert!(!rule.assessment.refused.is_empty() && rule.assessment.refused.iter().all(|reason| !reason.is_empty()));
        return "refused".to_owned();
    };
    let text = |name: &str| spec[name].as_str().unwrap_or_default();
    format!("{} {} {} warnings", text("code"), text("severity"), rule.assessment.warnings.len())
}
