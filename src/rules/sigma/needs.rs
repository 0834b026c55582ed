//! What a record must hold so that a rule can match it: the cheap question that is asked first.
//!
//! A clause is a set of atoms, of which a record must hold one at least. A rule gives several clauses, each of which must be
//! met; the one that records will meet least often is taken ([`of_rule`]).

use std::collections::HashMap;

use rsigma_eval::matcher::GroupMode;
use rsigma_eval::{CompiledDetection, CompiledMatcher, CompiledRule};
use rsigma_parser::{ConditionExpr, Quantifier};

use super::literals;
use super::slots;

/// What a field must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Atom {
    /// The field's number; `None` for the texts that words are searched in.
    pub(crate) slot: Option<usize>,
    pub(crate) test: AtomTest,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AtomTest {
    /// A text, [folded](fold), somewhere in it.
    Part(String),
    /// A text, folded, that it is.
    Whole(String),
    /// A whole number that it is.
    Number(i64),
}

pub(crate) type Clause = Vec<Atom>;

/// The most atoms of a clause; one that needs more is asked of every record of its log source.
const ATOMS_MAX: usize = 2000;

/// The clause that is asked first; `None` where nothing must be there.
pub(crate) fn of_rule(rule: &CompiledRule) -> Option<Clause> {
    any_of(rule.conditions.iter().map(|condition| best(of_condition(condition, &rule.detections))))
}

/// `text` as it is compared: the evaluator compares lower case, and `(?i)` takes `ſ` for an `s`.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase().replace('ſ', "s") }
}

/// The whole number that `number` is, as near as the evaluator compares them.
pub(crate) fn whole(number: f64) -> Option<i64> {
    let rounded = number.round();
    ((number - rounded).abs() < f64::EPSILON && rounded.abs() < 9e15).then_some(rounded as i64)
}

fn of_condition(condition: &ConditionExpr, detections: &HashMap<String, CompiledDetection>) -> Vec<Clause> {
    match condition {
        ConditionExpr::And(parts) => parts.iter().flat_map(|part| of_condition(part, detections)).collect(),
        ConditionExpr::Or(parts) => {
            any_of(parts.iter().map(|part| best(of_condition(part, detections)))).into_iter().collect()
        }
        ConditionExpr::Not(_) => Vec::new(),
        ConditionExpr::Identifier(name) => detections.get(name).map(of_detection).unwrap_or_default(),
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen = detections.iter().filter(|(name, _)| pattern.matches_detection_name(name));
            let each = chosen.map(|(_, detection)| of_detection(detection));
            match quantifier {
                Quantifier::All => each.flatten().collect(),
                Quantifier::Count(0) => Vec::new(),
                Quantifier::Any | Quantifier::Count(_) => any_of(each.map(best)).into_iter().collect(),
            }
        }
    }
}

fn of_detection(detection: &CompiledDetection) -> Vec<Clause> {
    match detection {
        CompiledDetection::AllOf(items) => {
            let asked = items.iter().filter(|item| item.exists.is_none());
            asked.flat_map(|item| of_item(item.field.as_deref(), &item.matcher)).collect()
        }
        CompiledDetection::AnyOf(parts) => {
            any_of(parts.iter().map(|part| best(of_detection(part)))).into_iter().collect()
        }
        CompiledDetection::And(parts) => parts.iter().flat_map(of_detection).collect(),
        CompiledDetection::Keywords(matcher) => of_matcher(None, matcher),
        CompiledDetection::ArrayMatch { .. } | CompiledDetection::Conditional { .. } => Vec::new(),
    }
}

fn of_item(field: Option<&str>, matcher: &CompiledMatcher) -> Vec<Clause> {
    match field.map(slots::decode) {
        None => of_matcher(None, matcher),
        Some(Some((slot, _))) => of_matcher(Some(slot), matcher),
        Some(None) => Vec::new(),
    }
}

fn of_matcher(slot: Option<usize>, matcher: &CompiledMatcher) -> Vec<Clause> {
    let part = |text: &str| vec![Atom { slot, test: AtomTest::Part(fold(text)) }];
    match matcher {
        CompiledMatcher::Exact { value, case_insensitive } => {
            folds(value, *case_insensitive).then(|| vec![Atom { slot, test: AtomTest::Whole(fold(value)) }])
        }
        CompiledMatcher::Contains { value, case_insensitive }
        | CompiledMatcher::StartsWith { value, case_insensitive }
        | CompiledMatcher::EndsWith { value, case_insensitive } => {
            (folds(value, *case_insensitive) && !value.is_empty()).then(|| part(value))
        }
        CompiledMatcher::AhoCorasickSet { needles, case_insensitive, .. } => {
            any_of(needles.iter().map(|text| (folds(text, *case_insensitive) && !text.is_empty()).then(|| part(text))))
        }
        CompiledMatcher::Regex(regex) => {
            literals::of_regex(regex.as_str()).map(|texts| texts.iter().flat_map(|text| part(text)).collect())
        }
        CompiledMatcher::RegexSetMatch { set, .. } => any_of(
            set.patterns()
                .iter()
                .map(|pattern| Some(literals::of_regex(pattern)?.iter().flat_map(|text| part(text)).collect())),
        ),
        CompiledMatcher::NumericEq(number) => {
            whole(*number).map(|number| vec![Atom { slot, test: AtomTest::Number(number) }])
        }
        CompiledMatcher::AnyOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::Any } => {
            any_of(parts.iter().map(|part| best(of_matcher(slot, part))))
        }
        CompiledMatcher::AllOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::All } => {
            return parts.iter().flat_map(|part| of_matcher(slot, part)).collect();
        }
        _ => None,
    }
    .into_iter()
    .collect()
}

/// Whether a record that holds `value` as the rule means it holds it when both are folded. The lower case of some letters
/// depends on those around them, which matters only where cases are compared.
fn folds(value: &str, case_insensitive: bool) -> bool {
    case_insensitive || value.is_ascii()
}

/// The clause of which records meet the fewest, by how long its shortest text is.
fn best(clauses: Vec<Clause>) -> Option<Clause> {
    clauses.into_iter().max_by_key(|clause| {
        let weight = clause.iter().map(|atom| match &atom.test {
            AtomTest::Part(text) => text.len().min(16),
            AtomTest::Whole(text) => (text.len() + 4).min(16),
            AtomTest::Number(_) => 5,
        });
        (weight.min().unwrap_or_default(), std::cmp::Reverse(clause.len()))
    })
}

/// One clause for alternatives: each must have one.
fn any_of(alternatives: impl Iterator<Item = Option<Clause>>) -> Option<Clause> {
    let mut joined = Clause::new();
    let mut count = 0;
    for clause in alternatives {
        joined.extend(clause?);
        count += 1;
        if joined.len() > ATOMS_MAX {
            return None;
        }
    }
    (count > 0).then_some(joined)
}
