//! Texts that are made to cost much.

use super::super::assessment;
use super::super::document::{SigmaDocument, SigmaRules};
use super::super::limits::TEXT_BYTES_MAX;
use super::rules;

/// The text is refused, and the reason holds `expected`.
fn refused(text: &str, expected: &str) {
    let faults = SigmaRules::parse(text).expect_err(expected);
    let found: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:?}");
}

fn detection(selection: &str) -> String {
    format!("title: t\ndetection:\n  s:\n{selection}  condition: s\n")
}

#[test]
fn a_text_beyond_the_limit_is_refused() {
    refused(&format!("title: {}", "x".repeat(10 << 20)), "bytes, more than");
    refused(&"---\ntitle: t\n".repeat(501), "more than 500 documents");
    refused(&format!("title: {}", "x".repeat(20_000)), "longer than 16384 bytes");
    refused(&format!("a: b\naction: global\nx: '{}'", "y ".repeat(40_000)), "a value is longer");
    assert!(SigmaRules::parse(&"#".repeat(TEXT_BYTES_MAX)).is_err());
}

#[test]
fn aliases_cannot_make_much_of_little() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let inner = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{inner}]\n"));
    }
    refused(&bomb, "not readable as YAML");
    let long = "x".repeat(10_000);
    let wide = format!("a: &a '{long}'\nb:\n{}", "  - *a\n".repeat(10_000));
    refused(&wide, "too many values");
    refused("a: &a [*a]\n", "not readable as YAML");
}

#[test]
fn deep_nesting_is_refused() {
    refused(&"[".repeat(TEXT_BYTES_MAX), "brackets");
    refused(&"a: {".repeat(2_500), "brackets");
    refused(&format!("a: {}1{}", "[".repeat(1_500), "]".repeat(1_500)), "recursion limit");
    refused(&format!("a: {}1", "- ".repeat(100_000)), "not readable as YAML");
    let blocks: String = (0..500).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    refused(&blocks, "recursion limit");
}

#[test]
fn conditions_are_measured_before_they_are_parsed() {
    let with = |condition: &str| format!("title: t\ndetection:\n  s:\n    f: x\n  condition: {condition}\n");
    refused(&with(&format!("{}s{}", "(".repeat(1_000), ")".repeat(1_000))), "parentheses");
    refused(&with(&format!("{}s{}", "(".repeat(5_000), ")".repeat(5_000))), "longer than");
    refused(&with(&format!("{}s", "not ".repeat(2_000))), "longer than 400 words");
    refused(&with(&format!("[{}]", vec![format!("{}s", "not ".repeat(2_000)); 2].join(", "))), "longer than 400 words");
    refused(&with(&vec!["(s)"; 500].join("or")), "parentheses");
}

#[test]
fn expressions_and_wildcards_are_bounded() {
    let check = |selection: String, expected: &str| {
        let rule = rules(&detection(&selection)).pop().unwrap();
        let found = assessment::of_detection(&rule).refused;
        assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:?}");
    };
    check(r"    f|re: '\w{5000}'".to_owned() + "\n", "too large");
    check(r"    f|re: '((((\w{100}){100}){100}){100})'".to_owned() + "\n", "too large");
    check(format!("    f|re: '{}a{}'\n", "(".repeat(1000), ")".repeat(1000)), "nest");
    check(format!("    f: '{}'\n", "a*".repeat(1000)), "1000 wildcards");
    let many: String = (0..200).map(|n| format!("      - 'a{n}.b'\n")).collect();
    check(format!("    f|re:\n{many}"), "more than 100 regular expressions");
}

#[test]
fn what_is_no_rule_is_refused_by_document() {
    refused("", "holds no rule");
    refused("just text", "not a mapping");
    refused("title: t\n", "detection");
    refused("title: t\ndetection:\n  s: x\n  condition: s\n---\ntitle: u\n", "document 2");
    refused("a: [", "not readable as YAML");
    refused("title: t\ndetection:\n  s: x\n  condition: s | count() > 5\n", "document 1");
    refused("title: t\ntitle: t\n", "duplicate");
}

#[test]
fn several_documents_are_read_with_what_their_actions_say() {
    let text = "action: global\ntitle: t\nlogsource:\n  product: linux\n---\ndetection:\n  s:\n    f: x\n  condition: s\n---\n\
                detection:\n  s:\n    f: y\n  condition: s\nlevel: high\n";
    let documents = SigmaRules::parse(text).unwrap();
    assert_eq!(documents.len(), 2);
    for document in &documents {
        let SigmaDocument::Detection(rule) = document else { panic!("{document:?}") };
        assert_eq!((rule.about.title.as_str(), rule.logsource.product.as_deref()), ("t", Some("linux")));
        // What is kept of it is a rule by itself.
        assert_eq!(rules(&rule.text).len(), 1);
    }
}
