//! Filters: conditions that are added to rules that others wrote, mostly to leave something out.

use rsigma_parser::{ConditionExpr, Detections, FilterRuleTarget, Quantifier};

use super::document::{DetectionRule, FilterRule, logsource};
use super::mapping::LogSource;

/// Adds each filter to the rules that it names and whose log source is within its own.
///
/// # Errors
/// The filters that cannot be applied, by their numbers, with the reason; all others are applied.
pub fn apply(filters: &[FilterRule], rules: &mut [DetectionRule]) -> Result<(), Vec<(usize, String)>> {
    let mut refused = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        match condition(&filter.rule.detection, number) {
            Ok(condition) => {
                for rule in rules.iter_mut().filter(|rule| is_about(filter, rule)) {
                    add(number, filter, &condition, rule);
                }
            }
            Err(problem) => refused.push((number, problem)),
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

fn is_about(filter: &FilterRule, rule: &DetectionRule) -> bool {
    let named = match &filter.rule.rules {
        FilterRuleTarget::Any => true,
        FilterRuleTarget::Specific(references) => references.iter().any(|reference| rule.about.is_called(reference)),
    };
    let own = filter.rule.logsource.as_ref().map(logsource).unwrap_or_default();
    named && contains(&own, &rule.logsource)
}

/// Whether all that `wide` states is so in `narrow`.
fn contains(wide: &LogSource, narrow: &LogSource) -> bool {
    let pairs =
        [(&wide.product, &narrow.product), (&wide.category, &narrow.category), (&wide.service, &narrow.service)];
    pairs.into_iter().all(|(wide, narrow)| wide.is_none() || wide == narrow)
}

fn add(number: usize, filter: &FilterRule, condition: &ConditionExpr, rule: &mut DetectionRule) {
    let detection = &mut rule.rule.detection;
    for (name, selection) in &filter.rule.detection.named {
        detection.named.insert(renamed(number, name), selection.clone());
    }
    for own in &mut detection.conditions {
        *own = ConditionExpr::And(vec![own.clone(), condition.clone()]);
    }
}

/// A name that no selection of a rule has, and that `them` passes over.
fn renamed(number: usize, name: &str) -> String {
    format!("__filter_{number}_{name}")
}

/// The filter's condition about its selections under their new names.
fn condition(detection: &Detections, number: usize) -> Result<ConditionExpr, String> {
    match detection.conditions.as_slice() {
        [condition] => rename(condition, detection, number),
        _ => Err("a filter has one condition".to_owned()),
    }
}

fn rename(condition: &ConditionExpr, detection: &Detections, number: usize) -> Result<ConditionExpr, String> {
    let each = |parts: &[ConditionExpr]| -> Result<Vec<_>, String> {
        parts.iter().map(|part| rename(part, detection, number)).collect()
    };
    Ok(match condition {
        ConditionExpr::And(parts) => ConditionExpr::And(each(parts)?),
        ConditionExpr::Or(parts) => ConditionExpr::Or(each(parts)?),
        ConditionExpr::Not(part) => ConditionExpr::Not(Box::new(rename(part, detection, number)?)),
        ConditionExpr::Identifier(name) => ConditionExpr::Identifier(renamed(number, name)),
        ConditionExpr::Selector { quantifier, pattern } => {
            // Named one by one, so that it does not choose among the selections of the rule.
            let mut names: Vec<&String> =
                detection.named.keys().filter(|name| pattern.matches_detection_name(name)).collect();
            names.sort();
            let chosen = names.into_iter().map(|name| ConditionExpr::Identifier(renamed(number, name))).collect();
            match quantifier {
                Quantifier::All => ConditionExpr::And(chosen),
                Quantifier::Any | Quantifier::Count(1) => ConditionExpr::Or(chosen),
                Quantifier::Count(_) => return Err("a filter counts no selections".to_owned()),
            }
        }
    })
}
