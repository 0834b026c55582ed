//! The index finds all that matches: with and without it the answers are the same.

use proptest::prelude::*;

use super::super::matcher::SigmaMatcher;
use super::{rules, with};
use crate::record::LogRow;

#[test]
fn most_rules_are_indexed() {
    let text = "title: a\ndetection:\n  s:\n    f|contains: abc\n  condition: s\n---\ntitle: b\ndetection:\n  s:\n    f: 12\n  condition: s\n\
                ---\ntitle: c\ndetection:\n  s:\n    f|re: '(?i)x+longer[0-9]'\n  condition: s\n---\ntitle: d\ndetection:\n  s:\n    \
                f|exists: true\n  condition: s\n---\ntitle: e\ndetection:\n  s:\n    f: x\n  condition: not s\n";
    let matcher = SigmaMatcher::new(&rules(text)).unwrap();
    assert_eq!((matcher.len(), matcher.unindexed()), (5, 2));
    let found = |row: &LogRow<'_>| {
        let mut found = Vec::new();
        matcher.matches(row, &mut found);
        found
    };
    assert_eq!(found(&with(&[("f", "xABCx")])), [0, 3, 4]);
    assert_eq!(found(&with(&[("f", "12")])), [1, 3, 4]);
    assert_eq!(found(&with(&[("f", "XLONGER1")])), [2, 3, 4]);
    assert_eq!(found(&with(&[("f", "x")])), [3]);
    assert_eq!(found(&with(&[])), [4]);
}

#[test]
fn letters_with_unusual_cases_are_found() {
    // The Kelvin sign is a k, and the long s an s, to expressions without case; a final sigma has a form of its own.
    let text = "title: a\ndetection:\n  s:\n    f|contains: kiss\n  condition: s\n---\ntitle: b\ndetection:\n  s:\n    f|re|i: kiss\n  \
                condition: s\n---\ntitle: c\ndetection:\n  s:\n    f|contains|cased: ΑΣ\n  condition: s\n";
    let matcher = SigmaMatcher::new(&rules(text)).unwrap();
    for value in ["\u{212a}iss", "ki\u{17f}s", "ΑΣΒ", "KISS"] {
        let (mut found, mut unindexed) = (Vec::new(), Vec::new());
        let row = with(&[("f", value)]);
        matcher.matches(&row, &mut found);
        matcher.matches_unindexed(&row, &mut unindexed);
        assert_eq!(found, unindexed, "{value}");
        assert!(!found.is_empty(), "{value}");
    }
}

fn value() -> impl Strategy<Value = String> {
    "[abkKsSſ1Σ* -]{1,5}"
}

fn item() -> impl Strategy<Value = String> {
    let modifier = prop::sample::select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|contains|cased",
        "|cased",
        "|neq",
        "|windash|contains",
        "|fieldref",
    ]);
    let field = prop::sample::select(vec!["f", "g", "h"]);
    let values = prop::collection::vec(value(), 1..4);
    let listed = (field.clone(), modifier, values).prop_map(|(field, modifier, values)| {
        let values: String = values.iter().map(|value| format!("      - '{value}'\n")).collect();
        format!("    {field}{modifier}:\n{values}")
    });
    let expression = (field.clone(), "(\\(\\?i\\))?(a|b|k|s|1|\\.|a\\+|\\[ab\\]|\\(ab\\|k\\)){1,5}")
        .prop_map(|(field, pattern)| format!("    {field}|re: '{pattern}'\n"));
    let number = (field.clone(), 0..3u8).prop_map(|(field, number)| format!("    {field}: {number}\n"));
    let exists = (field, any::<bool>()).prop_map(|(field, exists)| format!("    {field}|exists: {exists}\n"));
    prop_oneof![4 => listed, 2 => expression, 1 => number, 1 => exists]
}

fn rule() -> impl Strategy<Value = String> {
    let selection = prop_oneof![
        4 => item(),
        1 => prop::collection::vec(value(), 1..3)
            .prop_map(|words| words.iter().map(|word| format!("    - '{word}'\n")).collect()),
    ];
    let condition = prop::sample::select(vec![
        "x",
        "x and y",
        "x or y",
        "x and not y",
        "not x",
        "1 of them",
        "all of them",
        "2 of them",
        "not (x and y)",
        "(x or y) and z",
    ]);
    (selection.clone(), selection.clone(), selection, condition).prop_map(|(x, y, z, condition)| {
        format!("title: t\ndetection:\n  x:\n{x}  y:\n{y}  z:\n{z}  condition: {condition}\n")
    })
}

proptest! {
    #[test]
    fn with_and_without_the_index_the_same_rules_match(
        texts in prop::collection::vec(rule(), 1..6),
        values in prop::collection::vec(prop::option::of(value()), 3),
        message in "[abkKsſ1Σ -]{0,12}",
    ) {
        let rules: Vec<_> = texts.iter().flat_map(|text| rules(text)).collect();
        // Some combinations are none that Sigma has.
        let Ok(matcher) = SigmaMatcher::new(&rules) else { return Ok(()) };
        let names = ["f", "g", "h"].into_iter().zip(values);
        let attributes = names.filter_map(|(name, value)| Some((name.into(), value?.into())));
        let row = LogRow { attributes: attributes.collect(), message: message.into_bytes().into(), ..LogRow::default() };
        let (mut found, mut unindexed) = (Vec::new(), Vec::new());
        matcher.matches(&row, &mut found);
        matcher.matches_unindexed(&row, &mut unindexed);
        prop_assert_eq!(found, unindexed, "{}", texts.join("---\n"));
    }
}
