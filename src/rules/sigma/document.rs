//! Sigma's YAML as documents: rules, correlations and filters.

use rsigma_parser::{SigmaCollection, parse_sigma_yaml};
use serde::Deserialize;
use serde::de::DeserializeSeed;
use yaml_serde::{Deserializer, Mapping, Value};

use super::actions;
use super::limits::{self, Budget, Walk};
use super::mapping::LogSource;

/// Reads Sigma's YAML.
pub struct SigmaRules;

/// Why a text is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", if *.document == 0 { String::new() } else { format!("document {}: ", .document) })]
pub struct SigmaFault {
    /// The document's number from 1; 0 where it is about the whole text.
    pub document: usize,
    /// What is wrong.
    pub problem: String,
}

/// One document of a text.
#[derive(Clone, Debug)]
pub enum SigmaDocument {
    /// A rule about single records.
    Detection(Box<DetectionRule>),
    /// A rule about how often, or in which order, others match.
    Correlation(Box<CorrelationRule>),
    /// A condition that is added to rules.
    Filter(Box<FilterRule>),
}

/// How grave a rule is, in Sigma's words.
pub type SigmaLevel = rsigma_parser::Level;

/// What a document says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The title.
    pub title: String,
    /// Mostly a UUID.
    pub id: Option<String>,
    /// The name that correlations call it by.
    pub name: Option<String>,
    /// How grave it is.
    pub level: Option<SigmaLevel>,
    /// `stable`, `test`, `experimental`, `deprecated` or `unsupported`.
    pub status: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// `attack.t1110` and the like.
    pub tags: Vec<String>,
    /// What else it may be.
    pub falsepositives: Vec<String>,
    /// Fields to look at when it has matched.
    pub fields: Vec<String>,
    /// What was passed over when it was read.
    pub warnings: Vec<String>,
}

impl About {
    /// Whether `reference` is its id, its name, or its title.
    #[must_use]
    pub fn is_called(&self, reference: &str) -> bool {
        self.id.as_deref() == Some(reference) || self.name.as_deref() == Some(reference) || self.title == reference
    }
}

/// A rule about single records.
#[derive(Clone, Debug)]
pub struct DetectionRule {
    /// What it says of itself.
    pub about: About,
    /// What it is about.
    pub logsource: LogSource,
    /// The rule as YAML.
    pub text: String,
    pub(crate) rule: rsigma_parser::SigmaRule,
}

impl DetectionRule {
    /// Whether it searches the texts of records for words, beside fields.
    #[must_use]
    pub fn searches_texts(&self) -> bool {
        fn searches(detection: &rsigma_parser::Detection) -> bool {
            use rsigma_parser::Detection::{AllOf, And, AnyOf};
            match detection {
                AnyOf(parts) | And(parts) => parts.iter().any(searches),
                // Items without a field are words too.
                AllOf(items) => items.iter().any(|item| item.field.name.is_none()),
                _ => true,
            }
        }
        self.rule.detection.named.values().any(searches)
    }
}

/// A rule about the matches of others.
#[derive(Clone, Debug)]
pub struct CorrelationRule {
    /// What it says of itself.
    pub about: About,
    /// The rule as YAML.
    pub text: String,
    pub(crate) rule: rsigma_parser::CorrelationRule,
}

/// A condition that is added to rules.
#[derive(Clone, Debug)]
pub struct FilterRule {
    /// What it says of itself.
    pub about: About,
    /// The rule as YAML.
    pub text: String,
    pub(crate) rule: rsigma_parser::FilterRule,
}

impl SigmaDocument {
    /// What the document says of itself.
    #[must_use]
    pub fn about(&self) -> &About {
        match self {
            Self::Detection(rule) => &rule.about,
            Self::Correlation(rule) => &rule.about,
            Self::Filter(rule) => &rule.about,
        }
    }

    fn text_mut(&mut self) -> &mut String {
        match self {
            Self::Detection(rule) => &mut rule.text,
            Self::Correlation(rule) => &mut rule.text,
            Self::Filter(rule) => &mut rule.text,
        }
    }
}

impl SigmaRules {
    /// The documents of `yaml`, in their order. A text of a megabyte takes well below a second, whatever is in it.
    ///
    /// # Errors
    /// All that is wrong, one for each document at least.
    pub fn parse(yaml: &str) -> Result<Vec<SigmaDocument>, Vec<SigmaFault>> {
        let whole = |problem: String| vec![SigmaFault { document: 0, problem }];
        // Editors of Windows put it before the text.
        let yaml = yaml.strip_prefix('\u{feff}').unwrap_or(yaml);
        limits::check_text(yaml).map_err(whole)?;
        let mut values = values(yaml)?;
        let is_one = values.len() == 1;
        if values.iter().any(|(_, value)| actions::is_stated(value)) {
            if yaml.len() > limits::ACTION_BYTES_MAX {
                return Err(whole(format!("a text with `action` has more than {} bytes", limits::ACTION_BYTES_MAX)));
            }
            values = actions::carried_out(values)?;
        }
        let (mut documents, mut faults) = (Vec::new(), Vec::new());
        for (number, value) in &values {
            match document(value) {
                Ok(mut document) => {
                    if is_one {
                        // With its comments.
                        yaml.clone_into(document.text_mut());
                    }
                    documents.push(document);
                }
                Err(problems) => {
                    faults.extend(problems.into_iter().map(|problem| SigmaFault { document: *number, problem }));
                }
            }
        }
        if documents.is_empty() && faults.is_empty() {
            return Err(whole("the text holds no rule".to_owned()));
        }
        if faults.is_empty() { Ok(documents) } else { Err(faults) }
    }
}

/// The text's YAML documents with their numbers from 1, without empty ones.
fn values(yaml: &str) -> Result<Vec<(usize, Value)>, Vec<SigmaFault>> {
    let budget = Budget::default();
    for (at, document) in Deserializer::from_str(yaml).enumerate() {
        // What follows a fault cannot be read: the stream is lost.
        Walk(&budget).deserialize(document).map_err(|error| vec![not_yaml(at, &error)])?;
    }
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    for (at, document) in Deserializer::from_str(yaml).enumerate() {
        let mut value = Value::deserialize(document).map_err(|error| vec![not_yaml(at, &error)])?;
        if value.is_null() {
            continue;
        }
        let Some(mapping) = value.as_mapping_mut() else {
            faults.push(SigmaFault { document: at + 1, problem: "not a mapping of names to values".to_owned() });
            continue;
        };
        // Rules that leave it empty mean any log source.
        if mapping.get("logsource").is_some_and(Value::is_null) {
            mapping.remove("logsource");
        }
        if let Err(problem) = check_conditions(mapping) {
            faults.push(SigmaFault { document: at + 1, problem });
        }
        values.push((at + 1, value));
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

fn not_yaml(at: usize, error: &yaml_serde::Error) -> SigmaFault {
    SigmaFault { document: at + 1, problem: format!("not readable as YAML: {error}") }
}

/// Measures each condition in `mapping`, however deep.
fn check_conditions(mapping: &Mapping) -> Result<(), String> {
    for (name, value) in mapping {
        let is_condition = name.as_str() == Some("condition");
        match value {
            Value::Mapping(inner) => check_conditions(inner)?,
            Value::String(text) if is_condition => limits::check_condition(text)?,
            Value::Sequence(members) => {
                for member in members {
                    match member {
                        Value::Mapping(inner) => check_conditions(inner)?,
                        Value::String(text) if is_condition => limits::check_condition(text)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads one document.
fn document(value: &Value) -> Result<SigmaDocument, Vec<String>> {
    let yaml = yaml_serde::to_string(value).map_err(|error| vec![error.to_string()])?;
    let collection = parse_sigma_yaml(&yaml).map_err(|error| vec![error.to_string()])?;
    let SigmaCollection { rules, correlations, filters, errors } = collection;
    let mut documents = wrapped(rules, correlations, filters, &errors);
    let mut document = documents.pop().ok_or(errors)?;
    *document.text_mut() = yaml;
    Ok(document)
}

macro_rules! about {
    ($rule:expr, $warnings:expr) => {
        About {
            title: $rule.title.clone(),
            id: $rule.id.clone(),
            name: $rule.name.clone(),
            level: $rule.level,
            status: $rule.status.map(|status| format!("{status:?}").to_lowercase()),
            description: $rule.description.clone(),
            tags: $rule.tags.clone(),
            falsepositives: $rule.falsepositives.clone(),
            fields: $rule.fields.clone(),
            warnings: $warnings.to_vec(),
        }
    };
}

fn wrapped(
    rules: Vec<rsigma_parser::SigmaRule>,
    correlations: Vec<rsigma_parser::CorrelationRule>,
    filters: Vec<rsigma_parser::FilterRule>,
    warnings: &[String],
) -> Vec<SigmaDocument> {
    let detection = |rule: rsigma_parser::SigmaRule| {
        let about = about!(rule, warnings);
        let logsource = logsource(&rule.logsource);
        SigmaDocument::Detection(Box::new(DetectionRule { about, logsource, text: String::new(), rule }))
    };
    let correlation = |rule: rsigma_parser::CorrelationRule| {
        let about = about!(rule, warnings);
        SigmaDocument::Correlation(Box::new(CorrelationRule { about, text: String::new(), rule }))
    };
    let filter = |rule: rsigma_parser::FilterRule| {
        let about = about!(rule, warnings);
        SigmaDocument::Filter(Box::new(FilterRule { about, text: String::new(), rule }))
    };
    let rules = rules.into_iter().map(detection);
    rules.chain(correlations.into_iter().map(correlation)).chain(filters.into_iter().map(filter)).collect()
}

pub(crate) fn logsource(stated: &rsigma_parser::LogSource) -> LogSource {
    let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
    LogSource { product: lower(&stated.product), category: lower(&stated.category), service: lower(&stated.service) }
}
