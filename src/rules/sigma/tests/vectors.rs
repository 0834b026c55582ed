//! What tests of rsigma 0.23 hold of evaluation (`ir_eval_semantics`, and a part of `regression_eval`), with our index and our records.

use logseal_parsers::Format;

use super::super::document::SigmaRules;
use super::super::matcher::SigmaMatcher;
use super::{matches, parsed, rule, rules};

/// A detection, and events with whether it matches them.
fn check(detection: &str, events: &[(&str, bool)]) {
    let rule = rule("category: test", detection);
    for (event, expected) in events {
        assert_eq!(matches(&rule, &parsed(Format::Json, event)), *expected, "{event}\n{detection}");
    }
}

#[test]
fn all_fields_of_a_selection_must_match() {
    check(
        "selection:\n  Image: notepad.exe\n  User: alice\ncondition: selection",
        &[
            (r#"{"Image":"notepad.exe","User":"alice"}"#, true),
            (r#"{"Image":"notepad.exe","User":"bob"}"#, false),
            (r#"{"Image":"calc.exe","User":"alice"}"#, false),
        ],
    );
}

/// There such a rule matches every record, which nobody who wrote it can have meant.
#[test]
fn a_condition_that_names_no_selection_is_refused() {
    let refused = rule("category: test", "filter_main:\n  Image: notepad.exe\ncondition: all of selection_*");
    let problems = SigmaMatcher::new(std::slice::from_ref(&refused)).unwrap_err();
    assert!(format!("{problems:?}").contains("`selection_*`"), "{problems:?}");
}

#[test]
fn them_is_not_what_begins_with_an_underscore() {
    check(
        "selection:\n  Image: notepad.exe\n_internal:\n  Image: evil.exe\ncondition: 1 of them",
        &[(r#"{"Image":"notepad.exe"}"#, true), (r#"{"Image":"evil.exe"}"#, false)],
    );
}

#[test]
fn parts_and_networks_are_found() {
    check(
        "selection:\n  CommandLine|contains: whoami\ncondition: selection",
        &[(r#"{"CommandLine":"cmd /c whoami"}"#, true), (r#"{"CommandLine":"cmd /c dir"}"#, false)],
    );
    check(
        "selection:\n  DestinationIp|cidr: 192.168.0.0/16\ncondition: selection",
        &[(r#"{"DestinationIp":"192.168.1.10"}"#, true), (r#"{"DestinationIp":"10.0.0.1"}"#, false)],
    );
}

#[test]
fn keywords_are_found_in_any_case_and_place() {
    check(
        "keywords:\n  - whoami\n  - MIMIKATZ\n  - invoke-expression\n  - powershell\n  - rundll32\n  - regsvr32\n  - certutil\n  - bitsadmin\n  - mshta.exe\ncondition: keywords",
        &[
            (r#"{"msg":"user ran whoami"}"#, true),
            (r#"{"some_field":"oops MIMIKATZ"}"#, true),
            (r#"{"some_field":"Invoke-Expression"}"#, true),
            (r#"{"path":"C:/Windows/System32/CertUtil.exe"}"#, true),
            (r#"{"outer":{"inner":"powershell foo"}}"#, true),
            (r#"{"path":"C:/Windows/System32/explorer.exe"}"#, false),
            (r#"{"msg":"nothing here"}"#, false),
        ],
    );
}

#[test]
fn all_parts_must_be_there_where_the_rule_says_all() {
    check(
        "selection:\n  CommandLine|contains|all:\n    - powershell\n    - '-enc'\n    - http\ncondition: selection",
        &[
            (r#"{"CommandLine":"powershell.exe -enc http://evil.example/x"}"#, true),
            (r#"{"CommandLine":"powershell.exe -enc dummy"}"#, false),
            (r#"{"CommandLine":"powershell.exe foo"}"#, false),
            (r#"{"CommandLine":"notepad.exe"}"#, false),
        ],
    );
}

#[test]
fn each_rule_of_many_with_parts_in_common_gives_its_own_answer() {
    let many = rules(
        "title: tools\nlogsource: { category: test }\ndetection:\n  selection:\n    Image|contains: [whoami, mimikatz, powershell]\n  condition: selection\n---\n\
         title: login\nlogsource: { category: test }\ndetection:\n  selection:\n    EventType: login\n  condition: selection\n---\n\
         title: mixed\nlogsource: { category: test }\ndetection:\n  selection:\n    Image|endswith: .exe\n    CommandLine|contains: '-enc'\n  condition: selection\n",
    );
    let matcher = SigmaMatcher::new(&many).unwrap();
    for (event, expected) in [
        (r#"{"EventType":"login","Image":"C:/Windows/explorer.exe"}"#, &[1][..]),
        (r#"{"Image":"C:/Tools/MIMIKATZ.exe","CommandLine":"mimikatz.exe sekurlsa"}"#, &[0]),
        (r#"{"Image":"C:/Windows/powershell.exe","CommandLine":"powershell.exe -enc aHR0"}"#, &[0, 2]),
        (r#"{"Image":"/usr/bin/whoami","CommandLine":"whoami /all"}"#, &[0]),
        (r#"{"Image":"/usr/bin/notepad.exe","CommandLine":"notepad readme.txt"}"#, &[]),
        (r#"{}"#, &[]),
    ] {
        let mut found = Vec::new();
        matcher.matches(&parsed(Format::Json, event), &mut found);
        found.sort_unstable();
        assert_eq!(found, expected, "{event}");
    }
}

#[test]
fn modifiers_that_contradict_each_other_are_refused() {
    let text = "title: a rule\nlogsource: { category: test }\ndetection:\n  selection:\n    Address|cidr|contains: 192.168.0.0/16\n  condition: selection\n";
    let is_refused = SigmaRules::parse(text).is_err() || SigmaMatcher::new(&rules(text)).is_err();
    assert!(is_refused);
}
