//! Texts that differ a little from rules: taken or refused, and never worse. `fuzz/` holds the same for longer.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::document::{DetectionRule, SigmaDocument, SigmaRules};
use super::super::matcher::SigmaMatcher;
use super::super::{assessment, filters, import};
use super::with;

/// The seeds of the fuzz target `sigma_yaml`.
const SEEDS: [&str; 4] = [
    include_str!("../../../../fuzz/corpus/sigma_yaml/actions.yml"),
    include_str!("../../../../fuzz/corpus/sigma_yaml/correlation.yml"),
    include_str!("../../../../fuzz/corpus/sigma_yaml/detection.yml"),
    include_str!("../../../../fuzz/corpus/sigma_yaml/modifiers.yml"),
];

/// A change of a text at a place, which is taken modulo what there is.
#[derive(Clone, Debug)]
enum Change {
    Byte(usize, u8),
    Double(usize),
    Remove(usize),
    Move(usize, usize),
    Indent(usize, usize),
    /// A part of another seed's line behind one.
    Graft(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0..10_000usize;
    prop_oneof![
        (place.clone(), prop_oneof![any::<u8>(), proptest::sample::select(&b"|:*?-[]{}&!'\"#\n ("[..])])
            .prop_map(|(at, byte)| Change::Byte(at, byte)),
        place.clone().prop_map(Change::Double),
        place.clone().prop_map(Change::Remove),
        (place.clone(), place.clone()).prop_map(|(from, to)| Change::Move(from, to)),
        (place.clone(), 0..8usize).prop_map(|(at, by)| Change::Indent(at, by)),
        (place.clone(), place, 0..SEEDS.len()).prop_map(|(at, from, seed)| Change::Graft(at, from, seed)),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    if let Change::Byte(at, byte) = change {
        let mut bytes = text.as_bytes().to_vec();
        let at = at % bytes.len().max(1);
        if let Some(old) = bytes.get_mut(at) {
            *old = *byte;
        }
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = lines.len().max(1);
    let of = |at: &usize| lines.get(at % count).cloned().unwrap_or_default();
    match change {
        Change::Double(at) => lines.insert(at % count, of(at)),
        Change::Move(from, to) => lines.insert(to % count, of(from)),
        Change::Indent(at, by) => {
            let line = format!("{}{}", " ".repeat(*by), of(at).trim_start());
            lines.splice(at % count..(at % count + 1).min(lines.len()), [line]);
        }
        Change::Graft(at, from, seed) => {
            let other: Vec<&str> = SEEDS[*seed].lines().collect();
            lines.insert(at % count, other[from % other.len()].to_owned());
        }
        Change::Remove(at) if !lines.is_empty() => drop(lines.remove(at % count)),
        Change::Remove(_) | Change::Byte(..) => {}
    }
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_text_is_taken_or_refused_with_a_reason(seed in 0..SEEDS.len(), changes in vec(change(), 1..6)) {
        let text = changes.iter().fold(SEEDS[seed].to_owned(), |text, change| changed(&text, change));
        let imported = import::assess(&text);
        let Ok(documents) = SigmaRules::parse(&text) else {
            prop_assert!(imported.is_err_and(|faults| !faults.is_empty()));
            return Ok(());
        };
        prop_assert!(imported.is_ok_and(|rules| !rules.is_empty()));
        let (mut rules, mut filtering) = (Vec::new(), Vec::new());
        for document in documents {
            match document {
                SigmaDocument::Detection(rule) => rules.push(*rule),
                SigmaDocument::Filter(filter) => filtering.push(*filter),
                SigmaDocument::Correlation(_) => {}
            }
        }
        if let Err(refused) = filters::apply(&filtering, &mut rules) {
            prop_assert!(!refused.is_empty());
        }
        let can = |rule: &&DetectionRule| assessment::of_detection(rule).can_be_evaluated();
        let taken: Vec<&DetectionRule> = rules.iter().filter(can).collect();
        let matcher = SigmaMatcher::new(taken).unwrap();
        let row = with(&[("Image", "C:\\certutil.exe"), ("CommandLine", "certutil -decode a\nb"), ("who", "bob"), ("list", "[\"a\",1]")]);
        let (mut found, mut unindexed) = (Vec::new(), Vec::new());
        matcher.matches(&row, &mut found);
        matcher.matches_unindexed(&row, &mut unindexed);
        prop_assert_eq!(found, unindexed, "the index gives another answer");
    }

    #[test]
    fn what_is_kept_of_a_document_is_the_document(seed in 0..SEEDS.len(), changes in vec(change(), 0..4)) {
        let text = changes.iter().fold(SEEDS[seed].to_owned(), |text, change| changed(&text, change));
        for document in SigmaRules::parse(&text).unwrap_or_default() {
            let kept = match &document {
                SigmaDocument::Detection(rule) => &rule.text,
                SigmaDocument::Correlation(rule) => &rule.text,
                SigmaDocument::Filter(rule) => &rule.text,
            };
            let again = SigmaRules::parse(kept).unwrap_or_else(|faults| panic!("{faults:?}\n{kept}"));
            prop_assert_eq!(again.len(), 1);
            prop_assert_eq!(again[0].about(), document.about());
        }
    }
}
