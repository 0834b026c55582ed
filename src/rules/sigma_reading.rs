//! Reads the text of a rule of the kind `sigma`; every fault names its document.

use super::check::DISTINCT_MAX;
use super::fault::Fault;
use super::row_field::RowField;
use super::sigma::assessment;
use super::sigma::correlations::{Correlation, CorrelationKind, translate};
use super::sigma::document::{CorrelationRule, DetectionRule, FilterRule, SigmaDocument, SigmaRules};
use super::sigma::filters;
use super::sigma_parts::{Part, PartGroup, PartKind};
use super::spec::RuleSpec;

/// The most parts of a text: each may remember as much as a rule of its own.
const PARTS_MAX: usize = 32;
/// The most rules of a count: a bit for each.
const COUNTED_RULES_MAX: usize = 64;
/// The most rules of a temporal correlation, as many as a sequence has steps.
const TEMPORAL_RULES_MAX: usize = 8;

/// The documents of a text by what they are, each with its number from 1.
#[derive(Default)]
struct Documents {
    detections: Vec<(usize, DetectionRule)>,
    correlations: Vec<(usize, CorrelationRule)>,
    filters: Vec<(usize, FilterRule)>,
}

/// Reads the text of a rule of the kind `sigma`.
pub(super) fn read(spec: &RuleSpec) -> Result<Vec<Part>, Vec<Fault>> {
    let text = spec.sigma.as_deref().unwrap_or_default();
    let documents = SigmaRules::parse(text)
        .map_err(|faults| faults.iter().map(|fault| Fault::new("sigma", fault.to_string())).collect::<Vec<_>>())?;
    let mut sorted = Documents::default();
    for (number, document) in (1..).zip(documents) {
        match document {
            SigmaDocument::Detection(rule) => sorted.detections.push((number, *rule)),
            SigmaDocument::Correlation(rule) => sorted.correlations.push((number, *rule)),
            SigmaDocument::Filter(rule) => sorted.filters.push((number, *rule)),
        }
    }
    sorted.parts(spec)
}

fn fault(number: usize, title: &str, problem: &str) -> Fault {
    Fault::new("sigma", format!("document {number} ({title}): {problem}"))
}

impl Documents {
    fn parts(self, spec: &RuleSpec) -> Result<Vec<Part>, Vec<Fault>> {
        let mut faults = Vec::new();
        let (numbers, mut detections): (Vec<usize>, Vec<DetectionRule>) = self.detections.into_iter().unzip();
        let filters: Vec<FilterRule> = self.filters.iter().map(|(_, filter)| filter.clone()).collect();
        for (at, problem) in filters::apply(&filters, &mut detections).err().unwrap_or_default() {
            if let Some((number, filter)) = self.filters.get(at) {
                faults.push(fault(*number, &filter.about.title, &problem));
            }
        }
        for (number, rule) in numbers.iter().zip(&detections) {
            let refused = assessment::of_detection(rule).refused;
            faults.extend(refused.iter().map(|problem| fault(*number, &rule.about.title, problem)));
        }
        let (mut parts, mut hidden, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for (number, rule) in &self.correlations {
            let found = translate(rule, &detections).and_then(|correlation| {
                let part = of_correlation(&correlation, &detections).map_err(|problem| vec![problem])?;
                Ok((correlation, part))
            });
            match found {
                Ok((correlation, part)) => {
                    if correlation.generate { &mut shown } else { &mut hidden }.extend(correlation.rules);
                    parts.push((rule.about.title.clone(), part));
                }
                Err(problems) => {
                    faults.extend(problems.iter().map(|problem| fault(*number, &rule.about.title, problem)));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let group = group(spec)?;
        for (at, rule) in detections.into_iter().enumerate() {
            if shown.contains(&at) || !hidden.contains(&at) {
                let title = rule.about.title.clone();
                let (kind, members, group) = (PartKind::Single, vec![rule], group.clone());
                parts.push((title, Part { label: None, members, kind, group, counted: None, window_seconds: 0 }));
            }
        }
        let is_grouped_by_spec = parts.iter().any(|(_, part)| part.kind == PartKind::Single);
        if !spec.group_by.is_empty() && !is_grouped_by_spec && !parts.is_empty() {
            let problem = "the text holds only correlations, which say themselves by what they are grouped";
            return Err(vec![Fault::new("group_by", problem)]);
        }
        if parts.len() > PARTS_MAX {
            return Err(vec![Fault::new("sigma", format!("a text has at most {PARTS_MAX} rules that alert"))]);
        }
        Ok(labelled(parts))
    }
}

/// What detection rules are grouped by.
fn group(spec: &RuleSpec) -> Result<PartGroup, Vec<Fault>> {
    if spec.group_by.is_empty() {
        return Ok(PartGroup::Host);
    }
    let named = spec.group_by.iter().enumerate();
    let fields: Result<Vec<_>, _> =
        named.map(|(at, name)| RowField::to_group_by(name, &format!("group_by[{at}]"))).collect();
    fields.map(PartGroup::Fields).map_err(|fault| vec![fault])
}

/// Tells the parts of a text apart by their titles.
fn labelled(parts: Vec<(String, Part)>) -> Vec<Part> {
    let is_alone = parts.len() == 1;
    let mut labels: Vec<String> = Vec::new();
    let label = |(title, part): (String, Part)| {
        let mut label = title.clone();
        let mut count = 1;
        while labels.contains(&label) {
            count += 1;
            label = format!("{title} ({count})");
        }
        labels.push(label.clone());
        Part { label: (!is_alone).then_some(label), ..part }
    };
    parts.into_iter().map(label).collect()
}

fn of_correlation(correlation: &Correlation, rules: &[DetectionRule]) -> Result<Part, String> {
    let members: Vec<DetectionRule> = correlation.rules.iter().filter_map(|at| rules.get(*at)).cloned().collect();
    let number = |at_least: u64| usize::try_from(at_least).unwrap_or(usize::MAX);
    let (kind, counted, members_max) = match &correlation.kind {
        CorrelationKind::EventCount { at_least } => {
            (PartKind::Count { at_least: number(*at_least) }, None, COUNTED_RULES_MAX)
        }
        CorrelationKind::ValueCount { at_least, .. } if *at_least > u64::from(DISTINCT_MAX) => {
            return Err(format!("at most {DISTINCT_MAX} different values are counted"));
        }
        CorrelationKind::ValueCount { field, at_least } => {
            (PartKind::Values { at_least: number(*at_least) }, Some(field.clone()), COUNTED_RULES_MAX)
        }
        CorrelationKind::Temporal => (PartKind::Together, None, TEMPORAL_RULES_MAX),
        CorrelationKind::TemporalOrdered => (PartKind::Ordered, None, TEMPORAL_RULES_MAX),
    };
    if members.len() > members_max {
        return Err(format!("a correlation of this type is about at most {members_max} rules"));
    }
    Ok(Part {
        label: None,
        members,
        kind,
        group: PartGroup::Correlated(correlation.group_by.clone()),
        counted,
        window_seconds: u32::try_from(correlation.window_seconds).map_err(|_| "the timespan is too long".to_owned())?,
    })
}
