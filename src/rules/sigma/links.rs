//! What ties one text to another: the rules that a correlation calls, and the codes by which rules are known.

use std::collections::BTreeSet;

use super::document::{About, SigmaDocument, SigmaRules};
use super::import::code;

/// The ties of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// What its detection rules are called: their ids, names and titles.
    pub names: BTreeSet<String>,
    /// The rules that its correlations call and it has not.
    pub calls: BTreeSet<String>,
    /// The codes of the rules that it becomes.
    pub codes: BTreeSet<String>,
    /// The titles of all of its documents.
    pub titles: BTreeSet<String>,
}

impl Links {
    /// The ties of `text`; `None` where it cannot be read, or builds on `action`, which is about all documents of a text.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        if text.lines().any(|line| line.starts_with("action:")) {
            return None;
        }
        let mut links = Self::default();
        for document in SigmaRules::parse(text).ok()? {
            links.titles.insert(document.about().title.clone());
            match document {
                SigmaDocument::Detection(rule) => {
                    links.names.extend(names(&rule.about));
                    links.codes.insert(code(&rule.about));
                }
                SigmaDocument::Correlation(rule) => {
                    links.codes.insert(code(&rule.about));
                    links.calls.extend(rule.rule.rules.iter().cloned());
                }
                // It is about rules of its own text alone.
                SigmaDocument::Filter(_) => {}
            }
        }
        links.calls.retain(|call| !links.names.contains(call));
        Some(links)
    }
}

fn names(about: &About) -> impl Iterator<Item = String> {
    [about.id.clone(), about.name.clone(), Some(about.title.clone())].into_iter().flatten()
}

/// Which of the texts belong together, by their numbers: a correlation with the first text that has a rule which it calls, and
/// texts whose rules have one code, so that the one is told from the other.
#[must_use]
pub fn groups(texts: &[Option<Links>]) -> Vec<Vec<usize>> {
    // The number of each text's first companion.
    let mut first: Vec<usize> = (0..texts.len()).collect();
    let mut join = |one: usize, other: usize| {
        let (Some(&one), Some(&other)) = (first.get(one), first.get(other)) else { return };
        let (low, high) = (one.min(other), one.max(other));
        first.iter_mut().filter(|number| **number == high).for_each(|number| *number = low);
    };
    let of = |number: usize| texts.get(number).and_then(Option::as_ref).into_iter();
    let mut named = std::collections::HashMap::new();
    let mut coded = std::collections::HashMap::new();
    for number in 0..texts.len() {
        for links in of(number) {
            for name in &links.names {
                named.entry(name.as_str()).or_insert(number);
            }
            for code in &links.codes {
                join(*coded.entry(code.as_str()).or_insert(number), number);
            }
        }
    }
    for number in 0..texts.len() {
        for owner in of(number).flat_map(|links| &links.calls).filter_map(|call| named.get(call.as_str())) {
            join(*owner, number);
        }
    }
    let mut groups: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for (number, first) in first.into_iter().enumerate() {
        groups.entry(first).or_default().push(number);
    }
    groups.into_values().collect()
}

/// The texts one behind the other, as one text.
#[must_use]
pub fn joined<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut all = String::new();
    for text in texts {
        let text = text.trim_start_matches('\u{feff}');
        if !all.is_empty() {
            // A directive can only stand behind a document that was ended.
            all.push_str(if text.starts_with('%') { "\n...\n" } else { "\n---\n" });
        }
        all.push_str(text);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::import::assess;
    use super::*;

    const FAILED: &str = "---\ntitle: Failed\nid: 11111111-0000-4000-8000-000000000001\nname: failed\ndetection:\n  s:\n    f: x\n  condition: s\n...\n";

    fn correlation(title: &str, calls: &str) -> String {
        format!(
            "%YAML 1.1\n---\ntitle: {title}\ncorrelation:\n  type: event_count\n  rules: [{calls}]\n  timespan: 5m\n  condition:\n    gte: 5\n"
        )
    }

    fn plain(title: &str) -> String {
        format!("\u{feff}title: {title}\ndetection:\n  s:\n    f: x\n  condition: s\n")
    }

    fn groups_of(texts: &[String]) -> Vec<Vec<usize>> {
        groups(&texts.iter().map(|text| Links::of(text)).collect::<Vec<_>>())
    }

    #[test]
    fn a_correlation_is_with_the_texts_whose_rules_it_calls_and_can_be_evaluated_there() {
        let other = plain("Other");
        for call in ["failed", "Failed", "11111111-0000-4000-8000-000000000001"] {
            let texts = [correlation("Many", call), other.clone(), FAILED.to_owned(), "just: yaml\n".to_owned()];
            assert_eq!(groups_of(&texts), [vec![0, 2], vec![1], vec![3]], "{call}");
            let imported = assess(&joined([texts[0].as_str(), texts[2].as_str()])).unwrap();
            assert_eq!(imported.len(), 1);
            assert!(imported[0].assessment.can_be_evaluated(), "{:?}", imported[0].assessment);
            let imported = assess(&joined([texts[2].as_str(), texts[0].as_str(), other.as_str()])).unwrap();
            assert!(imported.iter().all(|rule| rule.assessment.can_be_evaluated()), "{imported:?}");
            assert_eq!(imported.len(), 2);
        }
    }

    #[test]
    fn what_is_tied_by_a_third_is_one_group_and_what_is_its_own_is_not() {
        let whole =
            format!("{}---\n{}", plain("Own"), correlation("Of its own", "Own").trim_start_matches("%YAML 1.1\n"));
        let texts = [plain("A"), correlation("One", "A, B"), plain("B"), correlation("Two", "B"), whole];
        assert_eq!(groups_of(&texts), [vec![0, 1, 2, 3], vec![4]]);
    }

    #[test]
    fn texts_whose_rules_have_one_code_are_one_group() {
        let texts = [plain("Same"), plain("Else"), plain("same!"), FAILED.to_owned(), FAILED.to_owned()];
        assert_eq!(groups_of(&texts), [vec![0, 2], vec![1], vec![3, 4]]);
        let global = format!("action: global\n{}", plain("Same").trim_start_matches('\u{feff}'));
        assert_eq!(Links::of(&global), None);
    }
}
