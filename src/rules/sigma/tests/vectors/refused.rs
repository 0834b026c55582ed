//! What is refused, with the reason.

use super::super::super::assessment;
use super::super::super::document::SigmaRules;
use super::super::super::import::assess;
use super::super::rules;

/// All that is said against the text: when it is read, or when its rules are assessed.
fn against(text: &str) -> String {
    let read = SigmaRules::parse(text).err().unwrap_or_default();
    let mut problems: Vec<String> = read.iter().map(ToString::to_string).collect();
    if problems.is_empty() {
        problems.extend(assess(text).unwrap().into_iter().flat_map(|rule| rule.assessment.refused));
    }
    problems.join("\n")
}

fn refused(text: &str, expected: &str) {
    let problems = against(text);
    assert!(problems.contains(expected), "not refused for {expected:?}, but: {problems:?}\n{text}");
}

fn refused_item(item: &str, expected: &str) {
    refused(
        &format!(
            "title: t\nlogsource: {{category: test}}\ndetection:\n  selection:\n    {item}\n  condition: selection\n"
        ),
        expected,
    );
}

#[test]
fn modifiers_that_contradict_each_other() {
    refused_item("Address|cidr|contains: 192.168.0.0/16", "at most one operator");
    refused_item("CommandLine|re|contains: '.*whoami.*'", "at most one operator");
    refused_item("Port|gt|contains: '80'", "at most one operator");
    refused_item("Data|base64|base64offset: test", "base64");
    refused_item("CommandLine|wide|utf16: evil", "utf16");
    refused_item("Image|multiline: test", "|m have no effect without |re");
    refused_item("Port|windash|gt: 80", "windash");
    refused_item("Image|all: notepad.exe", "all");
}

#[test]
fn fields_that_are_compared_in_a_way_that_is_none() {
    refused_item("Image|fieldref: 'Other*'", "wildcard");
    refused_item("Image|contains|fieldref: Parent", "must follow |fieldref");
    refused_item("Image|fieldref|contains|startswith: Parent", "at most one");
    refused_item("Image|fieldref|re: Parent", "at most one operator");
}

#[test]
fn values_that_do_not_fit_their_modifier() {
    refused_item("CommandLine|re: '[unclosed'", "unclosed character class");
    refused_item("SourceIP|cidr: not-a-cidr", "invalid CIDR");
    refused_item("EventTime|hour: three", "three");
    refused_item("Score|gt: not_a_number", "not_a_number");
}

#[test]
fn names_of_fields_with_modifiers_that_are_none() {
    refused_item("f||contains: x", "modifier");
    refused_item("f|: x", "modifier");
    refused_item("f|frobnicate: x", "frobnicate");
    // No name is no fault: the words are searched in the whole text.
    assert_eq!(against("title: t\ndetection:\n  s:\n    '|contains': x\n  condition: s\n"), "");
}

#[test]
fn conditions_that_cannot_be_parsed_or_name_what_is_not_there() {
    let with = |condition: &str| {
        format!("title: t\ndetection:\n  selection:\n    f: x\n  filter:\n    g: y\n  condition: {condition}\n")
    };
    refused(&with("selection and"), "Condition parse error at 1:14");
    refused(&with("(selection and filter"), "Condition parse error");
    refused(&with("selection and or filter"), "Condition parse error");
    refused(&with("selection and ghost"), "`ghost`");
}

/// The crate takes the documents that it can read. Here a text is taken or refused as a whole, so that nobody believes in a rule
/// that is not there.
#[test]
fn a_text_with_a_document_that_is_none() {
    let rule = "detection:\n  s:\n    f: x\n  condition: s\n";
    refused(&format!("title: t\n{rule}---\n{rule}"), "document 2: ");
    refused(&format!("title: t\n{rule}---\n{rule}"), "title");
}

/// Attributes are flat: which members of a list belong together is not known. Below version 3 a bracket is a part of the name.
#[test]
fn conditions_on_the_members_of_a_list() {
    let of = |version: &str, selection: &str| {
        format!("title: t\n{version}logsource: {{category: test}}\ndetection:\n  s:\n{selection}  condition: s\n")
    };
    let selections = [
        "    connections[any]:\n      protocol: TCP\n      ip|cidr: 123.1.0.0/16\n",
        "    connections[all]:\n      protocol: TCP\n",
        "    connections[all_or_empty]:\n      protocol: TCP\n",
        "    connections[none]:\n      protocol: TCP\n",
        "    connections[any]:\n      tcp:\n        protocol: TCP\n      near:\n        ip|startswith: '10.'\n      condition: tcp and near\n",
        "    Image: ps.exe\n    connections[any]:\n      protocol: TCP\n",
        "    rules[any]:\n      type: allow\n      ip[all]|startswith: '123.1.1'\n",
        "    tags[any]:\n      - suspicious\n",
        "    connections[any]:\n      legacy: null\n",
        "    ip[all]|startswith: '10.'\n",
    ];
    for selection in selections {
        refused(&of("sigma-version: 3\n", selection), "members of a list are not supported: attributes are flat");
    }
    assert_eq!(against(&of("", "    connections[0]: TCP\n")), "");
}

/// They are instructions to another engine. A rule of ours says how long its alerts last, and whom they tell.
#[test]
fn attributes_of_the_crates_own_engine_are_passed_over() {
    let rule = "title: t\nlogsource: {category: webserver}\ndetection:\n  s:\n    cs-method: GET\n  condition: s\n";
    let attributes = "custom_attributes:\n  rsigma.suppress: 'true'\n  rsigma.action: flag\n  rsigma.include_event: 'true'\n  \
                      foo.bar: baz\n  my_key: 123\nrsigma.include_event: 'true'\n";
    let found = assessment::of_detection(&rules(&format!("{rule}{attributes}")).remove(0));
    assert_eq!((found.refused, found.warnings), (Vec::<String>::new(), Vec::<String>::new()));
}

#[test]
fn correlations_that_say_too_little_or_ask_for_what_is_not_there() {
    let rule = |name: &str| {
        format!(
            "title: Rule {name}\nid: {name}\nlogsource: {{category: test}}\ndetection:\n  s:\n    type: {name}\n  condition: s\n---\n"
        )
    };
    let with = |correlation: &str| {
        let indented: String = correlation.lines().map(|line| format!("  {line}\n")).collect();
        format!("{}{}title: c\nid: c\ncorrelation:\n{indented}", rule("a"), rule("b"))
    };
    refused(&with("rules: [a]\ntimespan: 60s\ncondition: {gte: 3}"), "Missing correlation type");
    refused(&with("type: event_count\nrules: [a]\ncondition: {gte: 3}"), "Missing timeframe");
    refused(&with("type: event_count\nrules: [x]\ntimespan: 60s\ncondition: {gte: 1}"), "`x` is no detection rule");
    refused(&with("type: event_count\nrules: [a, b]\ntimespan: 60s\ncondition: a and b"), "a number as its condition");
    // Correlations of correlations are not evaluated, so that there is no ring of them.
    refused(&with("type: event_count\nrules: [c]\ntimespan: 60s\ncondition: {gte: 2}"), "`c` is no detection rule");
    refused(
        &with("type: event_count\nrules: [a]\nwindow: session\ngap: 30s\ntimespan: 1h\ncondition: {gte: 3}"),
        "windows of the kind `session` are not supported",
    );
}
