//! The detection rules of all Sigma texts, asked about a record at once.

use super::rule::{Compiled, What};
use super::sigma::document::DetectionRule;
use super::sigma::matcher::SigmaMatcher;
use crate::record::LogRow;

/// Which rules' detections a record matches.
#[derive(Default)]
pub(super) struct Detections {
    matcher: SigmaMatcher,
    /// For each detection rule the rule that it is of, and its number among the members of that.
    owners: Vec<(usize, usize)>,
    found: Vec<usize>,
    matched: Vec<(usize, u64)>,
}

impl Detections {
    /// Of `rules`, which are numbered in this order.
    pub(super) fn new<'a>(rules: impl Iterator<Item = &'a Compiled>) -> Self {
        let mut owners = Vec::new();
        let mut members: Vec<&DetectionRule> = Vec::new();
        for (number, rule) in rules.enumerate() {
            let What::Sigma(part) = &rule.what else { continue };
            owners.extend((0..part.members.len()).map(|member| (number, member)));
            members.extend(&part.members);
        }
        let matcher = SigmaMatcher::new(members).expect("each rule was compiled by itself when its text was read");
        Self { matcher, owners, found: Vec::new(), matched: Vec::new() }
    }

    /// The numbers of the rules, ascending, of which detections match `row`, and which: a bit for each.
    pub(super) fn matched(&mut self, row: &LogRow<'_>) -> &[(usize, u64)] {
        self.matched.clear();
        self.matcher.matches(row, &mut self.found);
        for (rule, member) in self.found.iter().filter_map(|found| self.owners.get(*found)) {
            let bit = 1 << member;
            match self.matched.last_mut() {
                Some((last, bits)) if last == rule => *bits |= bit,
                _ => self.matched.push((*rule, bit)),
            }
        }
        &self.matched
    }
}
