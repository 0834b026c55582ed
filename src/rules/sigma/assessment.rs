//! Whether a rule can be evaluated on our records, and what is to be known about it.

use super::compile::compile;
use super::document::{CorrelationRule, DetectionRule, FilterRule};
use super::logsources::Found;
use super::rewrite::rewrite;
use super::slots::Slots;
use super::{correlations, filters, mapping};

/// What is known of a rule before it sees records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Why it cannot be evaluated; empty where it can.
    pub refused: Vec<String>,
    /// What makes it match less, or more, than its author meant.
    pub warnings: Vec<String>,
}

impl Assessment {
    /// Whether the rule can be evaluated.
    #[must_use]
    pub fn can_be_evaluated(&self) -> bool {
        self.refused.is_empty()
    }
}

/// Assesses a detection rule.
#[must_use]
pub fn of_detection(rule: &DetectionRule) -> Assessment {
    let row = rule.logsource.row();
    let mut warnings = rule.about.warnings.clone();
    if matches!(rule.about.status.as_deref(), Some("deprecated" | "unsupported")) {
        warnings.push(format!("the rule's status is `{}`", rule.about.status.as_deref().unwrap_or_default()));
    }
    let stated = rule.logsource.describe();
    match row {
        None if rule.logsource.is_empty() => {
            warnings.push("the rule states no log source: it is asked of every record".to_owned());
        }
        None => warnings.push(format!("the log source {stated} is not known: the rule is asked of every record")),
        Some((_, Found::Wider)) => {
            warnings.push(format!(
                "the log source {stated} is not known as such: the rule is asked of the records of a wider one"
            ));
        }
        Some((_, Found::Exact)) => {}
    }
    let source = row.map(|(source, _)| source);
    let (rewritten, asked) = rewrite(&rule.rule, source, &mut Slots::default());
    let mut refused = asked.problems;
    if refused.is_empty() {
        refused.extend(compile(&rewritten).err());
    }
    if let Some(source) = source {
        let unknown = asked.fields.iter().filter(|field| !mapping::is_known(source, field));
        warnings.extend(
            unknown.map(|field| {
                format!("evaluated, but field {field} is not known to be given by our parsers for {stated}")
            }),
        );
    }
    Assessment { refused, warnings }
}

/// Assesses a correlation of `rules`.
#[must_use]
pub fn of_correlation(rule: &CorrelationRule, rules: &[DetectionRule]) -> Assessment {
    let mut assessment = Assessment { refused: Vec::new(), warnings: rule.about.warnings.clone() };
    match correlations::translate(rule, rules) {
        Ok(correlation) => {
            assessment.warnings.extend(correlation.warnings);
            for member in correlation.rules.iter().filter_map(|number| rules.get(*number)) {
                let of_member = of_detection(member);
                let named = |text: String| format!("{}: {text}", member.about.title);
                assessment.refused.extend(of_member.refused.into_iter().map(named));
                assessment.warnings.extend(of_member.warnings.into_iter().map(named));
            }
        }
        Err(problems) => assessment.refused = problems,
    }
    assessment
}

/// Assesses a filter of `rules`: whether it can be applied, and whether it is about any of them.
#[must_use]
pub fn of_filter(rule: &FilterRule, rules: &[DetectionRule]) -> Assessment {
    let mut filtered = rules.to_vec();
    let mut assessment = Assessment { refused: Vec::new(), warnings: rule.about.warnings.clone() };
    if let Err(problems) = filters::apply(std::slice::from_ref(rule), &mut filtered) {
        assessment.refused = problems.into_iter().map(|(_, problem)| problem).collect();
    } else if filtered.iter().zip(rules).all(|(after, before)| after.rule == before.rule) {
        assessment.warnings.push("the filter is about no rule of this text".to_owned());
    }
    assessment
}
