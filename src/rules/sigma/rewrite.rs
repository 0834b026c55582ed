//! A rule made ready for our records: names of fields become their numbers, and what the evaluator would read otherwise than
//! Sigma means it is said in other words.
//!
//! | a rule says | it is compiled as |
//! |---|---|
//! | `field: ''` | null: our records leave empty values out |
//! | words without a field, with `all` | words that are contained |
//! | a number as a word | its digits |
//! | `base64offset`, `windash` | each of the [`variants`] |
//! | `cidr` with an address | the network of that address alone |

use std::net::IpAddr;

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, FieldSpec, Modifier, SelectorPattern, SigmaRule, SigmaString, SigmaValue,
    StringPart,
};

use super::limits;
use super::logsources::Source;
use super::mapping;
use super::slots::{self, Slots};
use super::variants;

/// What a rule asks for, besides its compiled form.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The fields in the rule's own words.
    pub(crate) fields: Vec<String>,
    /// Why it cannot be evaluated.
    pub(crate) problems: Vec<String>,
}

/// Rewrites `rule` for the records of `source`, with fields numbered by `slots`.
pub(crate) fn rewrite(rule: &SigmaRule, source: Option<&Source>, slots: &mut Slots) -> (SigmaRule, Asked) {
    let mut rule = rule.clone();
    // These would be carried along with every match.
    rule.custom_attributes.clear();
    let mut rewriter = Rewriter { source, slots, asked: Asked::default(), regexes: 0 };
    for detection in rule.detection.named.values_mut() {
        rewriter.detection(detection);
    }
    let names: Vec<&str> = rule.detection.named.keys().map(String::as_str).collect();
    for condition in &rule.detection.conditions {
        rewriter.condition(condition, &names);
    }
    if rule.detection.conditions.is_empty() {
        rewriter.problem("the rule has no condition");
    }
    if rule.detection.timeframe.is_some() {
        rewriter.problem("`timeframe` in a detection is not supported; a correlation says it");
    }
    let mut asked = rewriter.asked;
    asked.fields.sort();
    asked.fields.dedup();
    asked.problems.sort();
    asked.problems.dedup();
    (rule, asked)
}

struct Rewriter<'r> {
    source: Option<&'r Source>,
    slots: &'r mut Slots,
    asked: Asked,
    regexes: usize,
}

impl Rewriter<'_> {
    fn problem(&mut self, problem: impl Into<String>) {
        self.asked.problems.push(problem.into());
    }

    fn slot(&mut self, field: &str) -> usize {
        self.asked.fields.push(field.to_owned());
        self.slots.number(mapping::places(self.source, field))
    }

    fn detection(&mut self, detection: &mut Detection) {
        match detection {
            Detection::AllOf(items) => {
                items.iter().for_each(|item| self.check_values(item));
                let written = std::mem::take(items).into_iter().map(variants::written_out);
                match written.collect::<Result<Vec<_>, _>>() {
                    Ok(written) => items.extend(written.into_iter().flatten()),
                    Err(problem) => self.problem(problem),
                }
                items.iter_mut().for_each(|item| self.item(item));
            }
            Detection::AnyOf(parts) | Detection::And(parts) => parts.iter_mut().for_each(|part| self.detection(part)),
            Detection::Keywords(values) => values.iter_mut().for_each(|value| self.keyword(value)),
            Detection::ArrayMatch { .. } | Detection::Conditional { .. } => {
                self.problem("conditions on the members of a list are not supported: attributes are flat");
            }
        }
    }

    fn item(&mut self, item: &mut DetectionItem) {
        if item.field.has_modifier(Modifier::Cidr) {
            item.values.iter_mut().for_each(complete_network);
        }
        match item.field.name.take().filter(|name| !name.is_empty()) {
            Some(name) => {
                let slot = self.slot(&name);
                // What is not there is different from nothing.
                let is_different = item.field.has_modifier(Modifier::Neq);
                let encode = if is_different { slots::encode_present } else { slots::encode };
                item.field.name = Some(encode(slot));
                if item.field.has_modifier(Modifier::FieldRef) {
                    self.references(item);
                } else if item.field.modifiers.iter().all(|modifier| *modifier == Modifier::Cased) {
                    item.values.iter_mut().filter(|value| is_empty(value)).for_each(|value| *value = SigmaValue::Null);
                }
            }
            None => {
                if !compares_parts(&item.field) {
                    item.field.modifiers.insert(0, Modifier::Contains);
                }
                item.values.iter_mut().for_each(|value| self.keyword(value));
            }
        }
    }

    /// Replaces the names of fields that a field is compared with.
    fn references(&mut self, item: &mut DetectionItem) {
        for value in &mut item.values {
            if let SigmaValue::String(name) = value {
                let Some(plain) = name.as_plain() else {
                    self.problem(format!("`fieldref` names one field: `{}` has wildcards", name.original));
                    continue;
                };
                let slot = self.slot(&plain);
                *value = SigmaValue::String(SigmaString::from_raw(&slots::encode_present(slot)));
            }
        }
    }

    fn keyword(&mut self, value: &mut SigmaValue) {
        match value {
            SigmaValue::String(text) if text.original.is_empty() => self.problem("an empty word is in every record"),
            SigmaValue::String(text) => self.check_wildcards(text.parts.as_slice()),
            SigmaValue::Null => self.problem("null is no word to search for"),
            number => *number = SigmaValue::String(SigmaString::from_raw(&number.to_string())),
        }
    }

    fn check_values(&mut self, item: &DetectionItem) {
        if item.field.has_modifier(Modifier::Expand) {
            self.problem("`expand` needs values that the rule does not bring");
        }
        if item.values.is_empty() {
            self.problem("a field has an empty list of values");
        }
        for value in &item.values {
            let SigmaValue::String(text) = value else { continue };
            if item.field.has_modifier(Modifier::Re) {
                self.regexes += 1;
                let pattern = text.as_plain().unwrap_or_else(|| text.original.clone());
                if let Err(problem) = limits::check_regex(&flagged(&item.field, &pattern), self.regexes) {
                    self.problem(problem);
                }
            } else {
                self.check_wildcards(text.parts.as_slice());
            }
        }
    }

    fn check_wildcards(&mut self, parts: &[StringPart]) {
        let wildcards = parts.iter().filter(|part| matches!(part, StringPart::Special(_))).count();
        if let Err(problem) = limits::check_wildcards(wildcards) {
            self.problem(problem);
        }
    }

    /// Refuses what names no selection: the evaluator would take it for one that never matches.
    fn condition(&mut self, condition: &ConditionExpr, names: &[&str]) {
        match condition {
            ConditionExpr::And(parts) | ConditionExpr::Or(parts) => {
                parts.iter().for_each(|part| self.condition(part, names));
            }
            ConditionExpr::Not(part) => self.condition(part, names),
            ConditionExpr::Identifier(name) if names.contains(&name.as_str()) => {}
            ConditionExpr::Identifier(name) => {
                self.problem(format!("the condition names `{name}`, which the rule does not have"));
            }
            ConditionExpr::Selector { pattern, .. } => {
                if !names.iter().any(|name| pattern.matches_detection_name(name)) {
                    let what = match pattern {
                        SelectorPattern::Them => "them".to_owned(),
                        SelectorPattern::Pattern(pattern) => pattern.clone(),
                    };
                    self.problem(format!("the condition names `{what}`, which is no selection of the rule"));
                }
            }
        }
    }
}

/// Whether an item without a field says how its words are compared.
fn compares_parts(field: &FieldSpec) -> bool {
    let parts = [Modifier::Contains, Modifier::StartsWith, Modifier::EndsWith, Modifier::Re, Modifier::Exists];
    parts.into_iter().any(|modifier| field.has_modifier(modifier))
}

fn is_empty(value: &SigmaValue) -> bool {
    matches!(value, SigmaValue::String(text) if text.original.is_empty())
}

/// Makes an address the network that holds it alone.
fn complete_network(value: &mut SigmaValue) {
    if let SigmaValue::String(text) = value
        && let Ok(address) = text.original.parse::<IpAddr>()
    {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        *value = SigmaValue::String(SigmaString::from_raw(&format!("{address}/{bits}")));
    }
}

/// The expression with its flags, as it will be compiled.
fn flagged(field: &FieldSpec, pattern: &str) -> String {
    let flags = [(Modifier::IgnoreCase, 'i'), (Modifier::Multiline, 'm'), (Modifier::DotAll, 's')];
    let set: String =
        flags.iter().filter(|(modifier, _)| field.has_modifier(*modifier)).map(|(_, flag)| flag).collect();
    if set.is_empty() { pattern.to_owned() } else { format!("(?{set}){pattern}") }
}
