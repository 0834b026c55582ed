//! A Sigma text as what the evaluator counts: its detection rules that alert by themselves, and its correlations.

use super::check::DISTINCT_MAX;
use super::fault::Fault;
use super::hash;
use super::row_field::RowField;
use super::sigma::assessment;
use super::sigma::correlations::{Correlation, CorrelationKind, GroupField, translate};
use super::sigma::document::{CorrelationRule, DetectionRule, FilterRule, SigmaDocument, SigmaRules};
use super::sigma::filters;
use super::spec::RuleSpec;
use crate::record::LogRow;

/// The most parts of a text: each may remember as much as a rule of its own.
const PARTS_MAX: usize = 32;
/// The most rules of a count: a bit for each.
const COUNTED_RULES_MAX: usize = 64;
/// The most rules of a temporal correlation, as many as a sequence has steps.
const TEMPORAL_RULES_MAX: usize = 8;

/// What a text alerts of by itself.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its title, where its text has several: the first value of its groups.
    pub(super) label: Option<String>,
    /// The detection rules that it is about.
    pub(super) members: Vec<DetectionRule>,
    pub(super) kind: PartKind,
    pub(super) group: PartGroup,
    /// The field whose values are counted.
    counted: Option<GroupField>,
    /// 0 for a rule about single records.
    pub(super) window_seconds: u32,
}

/// What must happen within one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    /// A record matches.
    Single,
    /// So many records match.
    Count { at_least: usize },
    /// Records match that have so many different values.
    Values { at_least: usize },
    /// Each member matches, in any order.
    Together,
    /// The same in the order of the members.
    Ordered,
}

/// What records are grouped by.
#[derive(Clone, Debug)]
pub(super) enum PartGroup {
    /// The host, or nothing where a record has none: an alert must not be missed for the want of it.
    Host,
    Fields(Vec<RowField>),
    /// In the places of each member's log source. Records that lack one are not counted.
    Correlated(Vec<GroupField>),
}

/// A record counts for a group.
pub(super) struct Sighting {
    pub(super) key: Vec<u8>,
    /// The members that it matches as bits, where it matters which, else 1.
    pub(super) hit: u8,
    pub(super) value: Option<u128>,
}

impl PartKind {
    pub(super) fn default_message(self) -> &'static str {
        match self {
            Self::Single => "{{message}}",
            Self::Count { .. } => "{{count}} records within {{window}}",
            Self::Values { .. } => "{{count}} different values within {{window}}",
            Self::Together => "{{count}} rules matched within {{window}}",
            Self::Ordered => "{{count}} rules matched in this order within {{window}}",
        }
    }
}

impl Part {
    /// What the values of a group's key are called.
    pub(super) fn group_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.label.iter().map(|_| "sigma").collect();
        match &self.group {
            PartGroup::Host => names.push("host"),
            PartGroup::Fields(fields) => names.extend(fields.iter().map(|field| field.name.as_str())),
            PartGroup::Correlated(fields) => names.extend(fields.iter().map(|field| field.name.as_str())),
        }
        names
    }

    /// The groups for which `row` counts, which matches `members`: several where members find a field in different places.
    pub(super) fn sightings(&self, row: &LogRow<'_>, members: u64) -> Vec<Sighting> {
        let mut all: Vec<Sighting> = Vec::new();
        for member in (0..self.members.len()).filter(|member| members >> member & 1 == 1) {
            let Some(key) = self.key(row, member) else { continue };
            let value = match &self.counted {
                None => None,
                Some(field) => match field.by_rule.get(member).and_then(|field| field.value(row)) {
                    Some(value) => Some(hash::of_value(&value)),
                    None => continue,
                },
            };
            let hit = match self.kind {
                PartKind::Together | PartKind::Ordered => 1 << member,
                _ => 1,
            };
            match all.iter_mut().find(|known| known.key == key && known.value == value) {
                Some(known) => known.hit |= hit,
                None => all.push(Sighting { key, hit, value }),
            }
        }
        all
    }

    /// The key of the record's group; `None` if it lacks one of the fields.
    fn key(&self, row: &LogRow<'_>, member: usize) -> Option<Vec<u8>> {
        let mut key = Vec::new();
        if let Some(label) = &self.label {
            hash::push_value(&mut key, label);
        }
        match &self.group {
            PartGroup::Host => hash::push_value(&mut key, &row.host),
            PartGroup::Fields(fields) => {
                for field in fields {
                    let value = field.of(row);
                    hash::push_value(&mut key, (!value.is_empty()).then_some(&value)?);
                }
            }
            PartGroup::Correlated(fields) => {
                for field in fields {
                    hash::push_value(&mut key, &field.by_rule.get(member)?.value(row)?);
                }
            }
        }
        Some(key)
    }
}

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
