//! The modifiers of Sigma's specification, each with what it takes and what it leaves.

use super::super::assessment;
use super::{matches, rule, selection, with};

/// A selection, the value of `f` and whether it matches.
fn check(text: &str, value: &'static str, expected: bool) {
    assert_eq!(matches(&selection(text), &with(&[("f", value)])), expected, "{text} of {value:?}");
}

#[test]
fn plain_values_are_compared_whole_in_any_case_with_wildcards() {
    check("f: Evil", "eVIL", true);
    check("f: evil", "evil.exe", false);
    check("f: 'ev*.exe'", "evil.exe", true);
    check("f: 'evi?'", "EVIL", true);
    check(r"f: 'a\*b'", "a*b", true);
    check(r"f: 'a\*b'", "axb", false);
    check(r"f: 'C:\\Windows\\*'", r"C:\Windows\x", true);
    check("f: 'begin*end'", "begin\nmiddle\nend", true);
    check("f: 4624", "4624", true);
    check("f: 4624", "46240", false);
    check("f: 1.5", "1.50", true);
    check("f: true", "True", true);
    check("f: ÄRGER", "ärger", true);
    check("f:\n  - one\n  - two", "two", true);
    check("f: null", "x", false);
    check("f: ''", "x", false);
    check("g: null", "x", true);
    check("g: ''", "x", true);
    check("g:\n  - ''\n  - y", "x", true);
}

#[test]
fn parts_of_values_are_compared() {
    check("f|contains: vi", "EVIL", true);
    check("f|contains: 'e*l'", "an evil", true);
    check("f|contains: x", "evil", false);
    check("f|startswith: EV", "evil", true);
    check("f|startswith: vil", "evil", false);
    check("f|endswith: il", "EVIL", true);
    check("f|endswith: evi", "evil", false);
    check("f|contains|all:\n  - ev\n  - il", "evil", true);
    check("f|contains|all:\n  - ev\n  - no", "evil", false);
    check("f|contains|cased: vi", "EVIL", false);
    check("f|contains|cased: VI", "EVIL", true);
    check("f|cased: Evil", "evil", false);
}

#[test]
fn beginnings_and_ends_may_have_wildcards() {
    check("f|startswith: '?vi'", "EVIL", true);
    check("f|startswith: '?vi'", "an evil", false);
    check(r"f|startswith: 'C:\Us*\x'", r"c:\users\bob\x.exe", true);
    check(r"f|startswith: 'C:\Us*\x'", r"d:\c:\users\bob\x", false);
    check("f|endswith: 'v?l'", "evil", true);
    check("f|endswith: 'v?l'", "evil.exe", false);
    check("f|endswith: 'v?l'", "viol\nevil", true);
    check("f|endswith:\n  - 'x'\n  - '*v?l'\n  - 'v*$'", "a v$", true);
    check("f|startswith|cased: 'E*'", "evil", false);
    check("f|endswith|all:\n  - 'v?l'\n  - 'i*'", "evil", true);
    check("f|endswith|all:\n  - 'v?l'\n  - '?x'", "evil", false);
}

#[test]
fn an_encoded_value_is_found_before_whatever_follows_it() {
    // base64 of `say foobar? no`, `a foobar!`, `foobar!`.
    check("f|base64offset|contains: foobar", "c2F5IGZvb2Jhcj8gbm8=", true);
    check("f|base64offset|contains: foobar", "YSBmb29iYXIh", true);
    check("f|base64offset|contains: foo", "Zm9vYmFyIQ==", true);
    // `wget http` and `xwget h` in UTF-16.
    check("f|wide|base64offset|contains: wget", "dwBnAGUAdAAgAGgAdAB0AHAA", true);
    check("f|wide|base64offset|contains: wget", "eAB3AGcAZQB0ACAAaAA=", true);
    check("f|base64offset|contains|all:\n  - foobar\n  - say", "c2F5IGZvb2Jhcj8gbm8=", true);
    check("f|base64offset|contains|all:\n  - foobar\n  - yes", "c2F5IGZvb2Jhcj8gbm8=", false);
}

#[test]
fn a_dash_before_the_name_of_an_option_has_five_forms() {
    check("f|windash|contains: ' /enc'", "ps -enc x", true);
    check("f|windash|contains: ' -enc * -w'", "ps /enc abc \u{2014}w x", true);
    check("f|windash|contains: ' -enc * -w'", "ps /enc abc w x", false);
    check("f|windash|contains|all:\n  - ' -enc'\n  - ' -w'", "ps /enc /w", true);
    check("f|windash|contains|all:\n  - ' -enc'\n  - ' -w'", "ps /enc w", false);
    // One in a name is no beginning of another.
    check("f|windash|contains: ' -no-op'", "ps /no-op", true);
    check("f|windash|contains: ' -no-op'", "ps /no/op", false);
}

#[test]
fn encoded_values_are_found() {
    check("f|base64|contains: foobar", "x Zm9vYmFy y", true);
    check("f|base64offset|contains: foobar", "eGZvb2Jhcg==", true);
    check("f|base64offset|contains: foobar", "eHhmb29iYXI=", true);
    check("f|base64offset|contains: foobar", "bm90aGluZw==", false);
    check("f|wide|base64offset|contains: ping", "cABpAG4AZwA=", true);
    check("f|utf16le|base64offset|contains: ping", "cABpAG4AZwA=", true);
    check("f|utf16be|base64offset|contains: ping", "AHAAaQBuAGc=", true);
    check("f|utf16|base64offset|contains: ping", "//5wAGkAbgBnAA==", true);
    check("f|windash|contains: ' -enc'", "ps /enc x", true);
    check("f|windash|contains: ' -enc'", "ps \u{2013}enc x", true);
    check("f|windash|contains: ' -enc'", "ps enc x", false);
}

#[test]
fn regular_expressions_have_their_flags() {
    check(r"f|re: 'ev[io]l\d+'", "my evol42", true);
    check("f|re: EVIL", "evil", false);
    check("f|re|i: EVIL", "evil", true);
    check("f|re: '^b$'", "a\nb", false);
    check("f|re|m: '^b$'", "a\nb", true);
    check("f|re: 'a.b'", "a\nb", false);
    check("f|re|s: 'a.b'", "a\nb", true);
    check("f|re|i|m|s: '^A.B$'", "x\na\nb", true);
}

#[test]
fn addresses_and_numbers_are_compared_as_such() {
    check("f|cidr: 10.0.0.0/8", "10.2.3.4", true);
    check("f|cidr: 10.0.0.0/8", "110.2.3.4", false);
    check("f|cidr:\n  - 10.0.0.0/8\n  - 2001:db8::/32", "2001:db8::1", true);
    check("f|cidr: 10.2.3.4", "10.2.3.4", true);
    check("f|cidr: '2001:db8::1'", "2001:db8::2", false);
    check("f|lt: 5", "4", true);
    check("f|lt: 5", "5", false);
    check("f|lte: 5", "5", true);
    check("f|gt: 5", "10", true);
    check("f|gt: 5", "x", false);
    check("f|gte: 5.5", "5.5", true);
    check("f|neq: a", "b", true);
    check("f|neq: a", "A", false);
}

#[test]
fn fields_exist_and_are_compared_with_others() {
    check("f|exists: true", "x", true);
    check("f|exists: false", "x", false);
    check("g|exists: false", "x", true);
    let same = |text, other, expected| {
        let row = with(&[("f", "abc"), ("g", other)]);
        assert_eq!(matches(&selection(text), &row), expected, "{text} of {other}");
    };
    same("f|fieldref: g", "ABC", true);
    same("f|fieldref: g", "abd", false);
    same("f|fieldref|startswith: g", "ab", true);
    same("f|fieldref|endswith: g", "ab", false);
    same("f|fieldref: h", "abc", false);
    same("h|fieldref: i", "abc", false);
}

#[test]
fn parts_of_a_time_are_compared() {
    check("f|hour: 22", "2023-11-14T22:13:20Z", true);
    check("f|hour: 22", "2023-11-14T21:13:20Z", false);
    check("f|minute: 13", "2023-11-14T22:13:20Z", true);
    check("f|day: 14", "2023-11-14T22:13:20Z", true);
    check("f|week: 46", "2023-11-14T22:13:20Z", true);
    check("f|month: 11", "2023-11-14T22:13:20Z", true);
    check("f|year: 2023", "2023-11-14T22:13:20Z", true);
}

#[test]
fn words_without_a_field_are_searched_in_the_text() {
    let row = crate::record::LogRow { message: b"an Evil deed\nis done"[..].into(), ..with(&[("f", "hidden")]) };
    let check = |detection: &str, expected| {
        assert_eq!(matches(&rule("", detection), &row), expected, "{detection}");
    };
    check("words:\n  - evil\n  - good\ncondition: words", true);
    check("words:\n  - good\n  - 4711\ncondition: words", false);
    check("words:\n  - 'deed*done'\ncondition: words", true);
    check("words: evil\ncondition: words", true);
    check("words:\n  '|all':\n    - evil\n    - done\ncondition: words", true);
    check("words:\n  '|all':\n    - evil\n    - good\ncondition: words", false);
    check("words:\n  '|re': 'E[vx]il'\ncondition: words", true);
    check("words:\n  - hidden\ncondition: words", false);
}

#[test]
fn conditions_combine_selections() {
    let row = with(&[("f", "a"), ("g", "b")]);
    let check = |condition: &str, expected| {
        let detection = format!("sel_1:\n  f: a\nsel_2:\n  g: x\nother:\n  g: b\ncondition: {condition}");
        assert_eq!(matches(&rule("", &detection), &row), expected, "{condition}");
    };
    check("sel_1 and other", true);
    check("sel_1 and sel_2", false);
    check("sel_1 or sel_2", true);
    check("sel_1 and not sel_2", true);
    check("not (sel_1 and other)", false);
    check("1 of sel_*", true);
    check("all of sel_*", false);
    check("2 of them", true);
    check("3 of them", false);
    check("all of them", false);
    check("any of sel*", true);
}

#[test]
fn what_cannot_be_evaluated_is_refused_with_the_reason() {
    let check = |detection: &str, expected: &str| {
        let refused = assessment::of_detection(&rule("", detection)).refused;
        assert!(refused.iter().any(|problem| problem.contains(expected)), "{detection}: {refused:?}");
    };
    check("s:\n  f|expand: '%admins%'\ncondition: s", "expand");
    check("s:\n  f|re: '(?<=a)b'\ncondition: s", "look-around");
    check("s:\n  f|re: 'a(b'\ncondition: s", "unclosed group");
    check("s:\n  f|cidr: nonsense\ncondition: s", "CIDR");
    check("s:\n  f|gt: nonsense\ncondition: s", "nonsense");
    check("s:\n  f|contains|re: x\ncondition: s", "at most one operator");
    check("s:\n  f: x\ncondition: s and t", "`t`");
    check("s:\n  f: x\ncondition: s and 1 of t*", "`t*`");
    check("s:\n  f: []\ncondition: s", "empty list");
    check("s:\n  f: x\ntimeframe: 5m\ncondition: s", "timeframe");
}
