//! Many rules matched against one record after another.
//!
//! Three questions, the cheapest first: does the record belong to the log source (asked once for all rules of it), does it hold
//! what the rule cannot do without (`index`), and does the rule match.

use std::collections::HashMap;

use rsigma_eval::{CompiledRule, evaluate_rule};

use super::compile::compile;
use super::condition::Condition;
use super::document::DetectionRule;
use super::index::Index;
use super::mapping::LogSource;
use super::needs::{self, Clause};
use super::rewrite::rewrite;
use super::slots::Slots;
use super::view::View;
use super::when::When;
use crate::record::LogRow;

/// Detection rules, compiled together.
#[derive(Debug, Default)]
pub struct SigmaMatcher {
    slots: Slots,
    groups: Vec<Group>,
    rules: usize,
}

/// The rules of one log source.
#[derive(Debug)]
struct Group {
    condition: Condition,
    index: Index,
    /// Each with its number among all rules.
    rules: Vec<(usize, CompiledRule)>,
}

/// A group whose rules are not all there yet.
struct Building {
    condition: Condition,
    rules: Vec<(usize, CompiledRule)>,
    clauses: Vec<Option<Clause>>,
}

/// A rule that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule}: {}", problems.join("; "))]
pub struct Refusal {
    /// Its number among those that were given.
    pub rule: usize,
    /// Why.
    pub problems: Vec<String>,
}

impl SigmaMatcher {
    /// Compiles `rules`, which are numbered in this order from 0.
    ///
    /// # Errors
    /// All rules that cannot be evaluated; [`of_detection`](super::assessment::of_detection) asks for one rule.
    pub fn new<'a>(rules: impl IntoIterator<Item = &'a DetectionRule>) -> Result<Self, Vec<Refusal>> {
        let mut slots = Slots::default();
        let mut sources: HashMap<&LogSource, usize> = HashMap::new();
        let mut building: Vec<Building> = Vec::new();
        let mut refusals = Vec::new();
        let mut count = 0;
        for (number, rule) in rules.into_iter().enumerate() {
            count += 1;
            let row = rule.logsource.row().map(|(source, _)| source);
            let (rewritten, asked) = rewrite(&rule.rule, row, &mut slots);
            let compiled = if asked.problems.is_empty() {
                compile(&rewritten).map_err(|problem| vec![problem])
            } else {
                Err(asked.problems)
            };
            let compiled = match compiled {
                Ok(compiled) => compiled,
                Err(problems) => {
                    refusals.push(Refusal { rule: number, problems });
                    continue;
                }
            };
            let group = *sources.entry(&rule.logsource).or_insert_with(|| {
                let when = row.map_or(When::Always, |row| row.when);
                let condition = Condition::new(&when, &mut slots);
                building.push(Building { condition, rules: Vec::new(), clauses: Vec::new() });
                building.len() - 1
            });
            if let Some(group) = building.get_mut(group) {
                group.clauses.push(needs::of_rule(&compiled));
                group.rules.push((number, compiled));
            }
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let groups = building.into_iter().map(|Building { condition, rules, clauses }| {
            let index = Index::new(clauses);
            Group { condition, index, rules }
        });
        Ok(Self { slots, groups: groups.collect(), rules: count })
    }

    /// Puts the numbers of the rules that `row` matches into `found`, in ascending order, in the place of what was there.
    pub fn matches(&self, row: &LogRow<'_>, found: &mut Vec<usize>) {
        found.clear();
        if self.groups.is_empty() {
            return;
        }
        let view = View::new(row, &self.slots);
        for group in self.groups.iter().filter(|group| group.condition.holds(&view)) {
            for candidate in group.index.candidates(&view).iter() {
                if let Some((number, rule)) = group.rules.get(candidate)
                    && evaluate_rule(rule, &view).is_some()
                {
                    found.push(*number);
                }
            }
        }
        found.sort_unstable();
    }

    /// The same without an index: each rule of the record's log sources is asked. For tests and to measure.
    #[doc(hidden)]
    pub fn matches_unindexed(&self, row: &LogRow<'_>, found: &mut Vec<usize>) {
        found.clear();
        let view = View::new(row, &self.slots);
        for group in self.groups.iter().filter(|group| group.condition.holds(&view)) {
            let rules = group.rules.iter().filter(|(_, rule)| evaluate_rule(rule, &view).is_some());
            found.extend(rules.map(|(number, _)| *number));
        }
        found.sort_unstable();
    }

    /// The number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules == 0
    }

    /// How many rules are asked of every record of their log source, because nothing must be in it.
    #[must_use]
    pub fn unindexed(&self) -> usize {
        self.groups.iter().map(|group| group.index.always()).sum()
    }
}
