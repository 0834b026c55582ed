//! Correlations as plain descriptions: what is counted, of which rules, in which window. Whoever has the windows evaluates them.

use rsigma_parser::{ConditionExpr, ConditionOperator, CorrelationCondition, CorrelationType, WindowMode};

use super::document::{About, CorrelationRule, DetectionRule};
use super::field::RuleField;

/// The longest window: seven days.
const WINDOW_SECONDS_MAX: u64 = 604_800;
/// The most that is counted to.
const AT_LEAST_MAX: u64 = 100_000;
/// The most fields to group by.
const GROUP_BY_MAX: usize = 5;

/// What a correlation rule asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// What it says of itself.
    pub about: About,
    /// What must happen.
    pub kind: CorrelationKind,
    /// The rules it is about, by their numbers among the detection rules; for [`CorrelationKind::TemporalOrdered`] in order.
    pub rules: Vec<usize>,
    /// What matches of one group have in common.
    pub group_by: Vec<GroupField>,
    /// The length of the window, which slides.
    pub window_seconds: u64,
    /// Whether the rules it is about raise alerts of their own.
    pub generate: bool,
    /// What is not exactly as the rule says.
    pub warnings: Vec<String>,
}

/// What must happen in the window, within one group.
#[derive(Clone, Debug, PartialEq)]
pub enum CorrelationKind {
    /// So many records match any of the rules.
    EventCount {
        /// How many.
        at_least: u64,
    },
    /// A field has so many different values in records that match any of the rules.
    ValueCount {
        /// The field.
        field: GroupField,
        /// How many.
        at_least: u64,
    },
    /// Each of the rules matches.
    Temporal,
    /// Each of the rules matches, in their order.
    TemporalOrdered,
}

/// A field that the records of several rules have, each in its own place.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupField {
    /// What the correlation calls it.
    pub name: String,
    /// Where it is in the records of each rule, in the order of [`Correlation::rules`].
    pub by_rule: Vec<RuleField>,
}

/// Translates `correlation`, whose rules are among `rules`.
///
/// # Errors
/// All reasons why it cannot be evaluated.
pub fn translate(correlation: &CorrelationRule, rules: &[DetectionRule]) -> Result<Correlation, Vec<String>> {
    let stated = &correlation.rule;
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut numbers = Vec::new();
    for reference in &stated.rules {
        match rules.iter().position(|rule| rule.about.is_called(reference)) {
            Some(number) if numbers.contains(&number) => {
                problems.push(format!("the rule `{reference}` is named twice"))
            }
            Some(number) => numbers.push(number),
            None => problems.push(format!("the rule `{reference}` is no detection rule of this text")),
        }
    }
    if stated.rules.is_empty() {
        problems.push("a correlation names its rules".to_owned());
    }
    if stated.window != WindowMode::Sliding {
        problems.push(format!("windows of the kind `{}` are not supported", stated.window.as_str()));
    }
    let window_seconds = stated.timespan.seconds;
    if !(1..=WINDOW_SECONDS_MAX).contains(&window_seconds) {
        problems.push(format!("the timespan is to be from 1 second to 7 days, not {}", stated.timespan.original));
    }
    if stated.group_by.len() > GROUP_BY_MAX {
        problems.push(format!("`group-by` has more than {GROUP_BY_MAX} fields"));
    }
    let mut field =
        |name: &str| group_field(correlation, rules, &numbers, name).map_err(|problem| problems.push(problem)).ok();
    let group_by: Vec<GroupField> = stated.group_by.iter().filter_map(|name| field(name)).collect();
    let kind = kind(correlation, &mut field, &mut warnings);
    match kind {
        Ok(Some(kind)) if problems.is_empty() => Ok(Correlation {
            about: correlation.about.clone(),
            kind,
            rules: numbers,
            group_by,
            window_seconds,
            generate: stated.generate,
            warnings,
        }),
        Ok(_) => Err(problems),
        Err(problem) => {
            problems.push(problem);
            Err(problems)
        }
    }
}

/// What must happen; `None` where `field` has said what is wrong.
fn kind(
    correlation: &CorrelationRule,
    field: &mut impl FnMut(&str) -> Option<GroupField>,
    warnings: &mut Vec<String>,
) -> Result<Option<CorrelationKind>, String> {
    let stated = &correlation.rule;
    match stated.correlation_type {
        CorrelationType::EventCount => {
            Ok(Some(CorrelationKind::EventCount { at_least: at_least(&stated.condition, warnings)? }))
        }
        CorrelationType::ValueCount => {
            let at_least = at_least(&stated.condition, warnings)?;
            let CorrelationCondition::Threshold { field: Some(names), .. } = &stated.condition else {
                return Err("a value count names the field whose values are counted".to_owned());
            };
            match names.as_slice() {
                [name] => Ok(field(name).map(|field| CorrelationKind::ValueCount { field, at_least })),
                _ => Err("values of several fields together are not counted".to_owned()),
            }
        }
        CorrelationType::Temporal | CorrelationType::TemporalOrdered => {
            if stated.rules.len() < 2 {
                return Err("a temporal correlation is about two rules at least".to_owned());
            }
            names_each(&stated.condition, &stated.rules)?;
            Ok(Some(match stated.correlation_type {
                CorrelationType::Temporal => CorrelationKind::Temporal,
                _ => CorrelationKind::TemporalOrdered,
            }))
        }
        other => Err(format!("correlations of the type `{}` are not supported", other.as_str())),
    }
}

/// The number that a condition asks for at least.
fn at_least(condition: &CorrelationCondition, warnings: &mut Vec<String>) -> Result<u64, String> {
    let CorrelationCondition::Threshold { predicates, .. } = condition else {
        return Err("a count has a number as its condition".to_owned());
    };
    let [(operator, number)] = predicates.as_slice() else {
        return Err("a count with two bounds is not supported: it is to be `gte` or `gt` alone".to_owned());
    };
    let at_least = match operator {
        ConditionOperator::Gte => *number,
        ConditionOperator::Gt => number.saturating_add(1),
        ConditionOperator::Eq => {
            warnings.push("`eq` is taken for `gte`: the count passes the number on its way up".to_owned());
            *number
        }
        ConditionOperator::Lt | ConditionOperator::Lte | ConditionOperator::Neq => {
            return Err("a count has a lower bound: `lt`, `lte` and `neq` are not supported".to_owned());
        }
    };
    if (1..=AT_LEAST_MAX).contains(&at_least) {
        Ok(at_least)
    } else {
        Err(format!("the count is to be from 1 to {AT_LEAST_MAX}"))
    }
}

/// Holds where the condition of a temporal correlation asks for all of its rules, which is what it means without one.
fn names_each(condition: &CorrelationCondition, rules: &[String]) -> Result<(), String> {
    let all = match condition {
        CorrelationCondition::Threshold { predicates, .. } => {
            let count = rules.len() as u64;
            matches!(predicates.as_slice(), [(ConditionOperator::Gte, number)] if *number == 1 || *number == count)
        }
        CorrelationCondition::Extended(expression) => {
            let mut names = Vec::new();
            conjunction(expression, &mut names) && rules.iter().all(|rule| names.contains(&rule.as_str()))
        }
    };
    if all {
        Ok(())
    } else {
        Err("a temporal correlation is met by all of its rules: other conditions are not supported".to_owned())
    }
}

fn conjunction<'e>(expression: &'e ConditionExpr, names: &mut Vec<&'e str>) -> bool {
    match expression {
        ConditionExpr::And(parts) => parts.iter().all(|part| conjunction(part, names)),
        ConditionExpr::Identifier(name) => {
            names.push(name);
            true
        }
        _ => false,
    }
}

/// A field by its name, or by an alias, for each of the rules.
fn group_field(
    correlation: &CorrelationRule,
    rules: &[DetectionRule],
    numbers: &[usize],
    name: &str,
) -> Result<GroupField, String> {
    let alias = correlation.rule.aliases.iter().find(|alias| alias.alias == name);
    let mut by_rule = Vec::new();
    for rule in numbers.iter().filter_map(|number| rules.get(*number)) {
        let own = match alias {
            None => name,
            Some(alias) => {
                let stated = alias.mapping.iter().find(|(reference, _)| rule.about.is_called(reference));
                stated
                    .map(|(_, field)| field.as_str())
                    .ok_or_else(|| format!("the alias `{name}` says no field for the rule `{}`", rule.about.title))?
            }
        };
        by_rule.push(RuleField::new(&rule.logsource, own));
    }
    Ok(GroupField { name: name.to_owned(), by_rule })
}
