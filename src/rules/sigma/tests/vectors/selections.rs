//! Selections, and conditions that combine them.

use logseal_parsers::Format;

use super::super::super::matcher::SigmaMatcher;
use super::super::{parsed, rule, rules};
use super::check;

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

/// There `all of` no selection holds for every record, and `1 of` none for no record: nobody who wrote it can have meant either.
#[test]
fn a_condition_that_names_no_selection_is_refused() {
    let check = |selection: &str, condition: &str, expected: &str| {
        let refused = rule("category: test", &format!("{selection}:\n  Image: notepad.exe\ncondition: {condition}"));
        let problems = SigmaMatcher::new(std::slice::from_ref(&refused)).unwrap_err();
        assert!(format!("{problems:?}").contains(expected), "{condition}: {problems:?}");
    };
    check("filter_main", "all of selection_*", "`selection_*`");
    check("filter_main", "all of selection_a* and all of selection_b*", "`selection_b*`");
    check("selection", "1 of selection_*", "`selection_*`");
    check("_only", "1 of them", "`them`");
}

#[test]
fn them_is_not_what_begins_with_an_underscore() {
    check(
        "selection:\n  Image: notepad.exe\n_internal:\n  Image: evil.exe\ncondition: 1 of them",
        &[(r#"{"Image":"notepad.exe"}"#, true), (r#"{"Image":"evil.exe"}"#, false)],
    );
}

#[test]
fn all_of_them_and_counts_of_them_pass_over_it_too() {
    let two = "selection:\n  Image: notepad.exe\n_internal:\n  Image: evil.exe\n";
    check(
        &format!("{two}condition: all of them"),
        &[(r#"{"Image":"notepad.exe"}"#, true), (r#"{"Image":"evil.exe"}"#, false)],
    );
    check(
        &format!("{two}condition: 2 of them"),
        &[(r#"{"Image":"notepad.exe"}"#, false), (r#"{"Image":"evil.exe"}"#, false)],
    );
    check(
        "a:\n  Image|endswith: '\\cmd.exe'\nb:\n  User: SYSTEM\n_helper:\n  CommandLine|contains: ignored\ncondition: all of them",
        &[
            (r#"{"Image":"x\\cmd.exe","User":"SYSTEM","CommandLine":"ignored"}"#, true),
            (r#"{"Image":"x\\cmd.exe","User":"SYSTEM"}"#, true),
            (r#"{"Image":"x\\cmd.exe"}"#, false),
            (r#"{"User":"SYSTEM"}"#, false),
        ],
    );
}

#[test]
fn a_pattern_names_what_begins_with_an_underscore() {
    for pattern in ["_*", "_internal"] {
        check(
            &format!("selection_main:\n  Image: notepad.exe\n_internal:\n  Image: evil.exe\ncondition: 1 of {pattern}"),
            &[(r#"{"Image":"notepad.exe"}"#, false), (r#"{"Image":"evil.exe"}"#, true)],
        );
    }
}

#[test]
fn all_some_and_one_of_a_pattern_are_counted() {
    let three =
        |condition| format!("sel_a:\n  A: x\nsel_b:\n  B: x\nsel_c:\n  C: x\nother:\n  D: x\ncondition: {condition}");
    let (one, two, all) = (r#"{"A":"x","D":"x"}"#, r#"{"A":"x","C":"x"}"#, r#"{"A":"x","B":"x","C":"x"}"#);
    check(&three("1 of sel_*"), &[(one, true), (two, true), (all, true), (r#"{"D":"x"}"#, false)]);
    check(&three("2 of sel_*"), &[(one, false), (two, true), (all, true)]);
    check(&three("all of sel_*"), &[(one, false), (two, false), (all, true)]);
    // The one that there is.
    check(
        "selection_main:\n  Image: notepad.exe\ncondition: all of selection_*",
        &[(r#"{"Image":"notepad.exe"}"#, true), (r#"{"Image":"evil.exe"}"#, false)],
    );
}

#[test]
fn conditions_are_and_or_and_not() {
    check(
        "selection:\n  Image: good.exe\nexclusion:\n  CommandLine|contains: hidden\ncondition: selection and not exclusion",
        &[
            (r#"{"Image":"good.exe","CommandLine":"hello"}"#, true),
            (r#"{"Image":"good.exe","CommandLine":"hidden command"}"#, false),
            // Nothing that a filter could look for.
            (r#"{"Image":"good.exe","CommandLine":"0123456789"}"#, true),
            (r#"{"Image":"good.exe"}"#, true),
        ],
    );
    let branches = "a:\n  Image: ps.exe\nb:\n  CommandLine|contains: '-enc'\nc:\n  CommandLine|contains: evil\n";
    check(
        &format!("{branches}condition: a and (b or c)"),
        &[
            (r#"{"Image":"ps.exe","CommandLine":"ps -enc aa"}"#, true),
            (r#"{"Image":"ps.exe","CommandLine":"evil tool"}"#, true),
            (r#"{"Image":"ps.exe","CommandLine":"hello"}"#, false),
        ],
    );
    check(
        &format!("{branches}condition: (a or b) and not c"),
        &[
            (r#"{"Image":"ps.exe"}"#, true),
            (r#"{"CommandLine":"-enc"}"#, true),
            (r#"{"Image":"ps.exe","CommandLine":"evil"}"#, false),
        ],
    );
    // Said twice it means the same, and what no condition names means nothing.
    check(
        &format!("{branches}condition: (a and a) and (b or b)"),
        &[(r#"{"Image":"ps.exe","CommandLine":"-enc"}"#, true), (r#"{"Image":"ps.exe","CommandLine":"evil"}"#, false)],
    );
    check(
        &format!("{branches}condition: a"),
        &[(r#"{"Image":"ps.exe"}"#, true), (r#"{"CommandLine":"-enc evil"}"#, false)],
    );
}

#[test]
fn a_list_of_mappings_is_any_and_a_mapping_is_all_of_them() {
    check(
        "selection:\n  - Image: evil1.exe\n  - Image: evil2.exe\ncondition: selection",
        &[(r#"{"Image":"evil1.exe"}"#, true), (r#"{"Image":"evil2.exe"}"#, true), (r#"{"Image":"normal.exe"}"#, false)],
    );
    check(
        "selection:\n  c-uri|contains|all: [/api/admin, 'token=']\n  method: [POST, PUT]\ncondition: selection",
        &[
            (r#"{"c-uri":"/api/admin?token=x","method":"PUT"}"#, true),
            (r#"{"c-uri":"/api/admin?token=x","method":"GET"}"#, false),
            (r#"{"c-uri":"/api/admin","method":"PUT"}"#, false),
        ],
    );
}

#[test]
fn words_stand_beside_selections() {
    check(
        "img:\n  Image|endswith: '\\ps.exe'\nargs:\n  CommandLine|contains: -enc\nwords:\n  - FromBase64String\n\
         condition: img and args and words",
        &[
            (r#"{"Image":"C:\\ps.exe","CommandLine":"ps -enc Z ; FromBase64String(x)"}"#, true),
            (r#"{"Image":"C:\\ps.exe","CommandLine":"ps -enc Z"}"#, false),
        ],
    );
    check(
        "words: [mimikatz, sekurlsa]\nroot:\n  User: root\ncondition: words or root",
        &[
            (r#"{"CommandLine":"run mimikatz"}"#, true),
            (r#"{"CommandLine":"sekurlsa::logonpasswords"}"#, true),
            (r#"{"User":"root"}"#, true),
            (r#"{"Unrelated":"x"}"#, false),
        ],
    );
    check(
        "re:\n  CommandLine|re: 'ps\\s+-enc'\nnet:\n  SourceIp|cidr: 10.0.0.0/8\ncondition: re or net",
        &[
            (r#"{"CommandLine":"ps  -enc AAAA"}"#, true),
            (r#"{"SourceIp":"10.1.2.3"}"#, true),
            (r#"{"SourceIp":"192.168.1.1"}"#, false),
        ],
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
