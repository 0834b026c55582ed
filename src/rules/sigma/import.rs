//! Sigma's rules as rules of ours: one for each detection rule or correlation, of the kind `sigma`.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::assessment::{self, Assessment};
use super::document::{
    About, CorrelationRule, DetectionRule, FilterRule, SigmaDocument, SigmaFault, SigmaLevel, SigmaRules,
};
use super::filters;

const CODE_BYTES_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 4000;
const TAGS_MAX: usize = 32;
const TAG_CHARS_MAX: usize = 100;

/// A rule of a text that is imported.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedRule {
    /// Its title.
    pub title: String,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// `informational`, `low`, `medium`, `high` or `critical`.
    pub level: Option<&'static str>,
    /// All of its tags.
    pub tags: Vec<String>,
    /// Whether it can be evaluated.
    pub assessment: Assessment,
    /// The rule as people write ours; `None` where it cannot be evaluated.
    pub spec_json: Option<Value>,
}

/// Reads the rules of a text, assesses each, and says how it is written as a rule of ours.
///
/// A correlation brings its detection rules with it. Where it says `generate` they alert as rules of their own, with their own
/// codes and severities, so that the correlation's text no longer says so. Filters are applied and brought along.
///
/// # Errors
/// All that is wrong with the text.
pub fn assess(text: &str) -> Result<Vec<ImportedRule>, Vec<SigmaFault>> {
    let (mut detections, mut correlations, mut filters) = (Vec::new(), Vec::new(), Vec::new());
    for document in SigmaRules::parse(text)? {
        match document {
            SigmaDocument::Detection(rule) => detections.push(*rule),
            SigmaDocument::Correlation(rule) => correlations.push(*rule),
            SigmaDocument::Filter(rule) => filters.push(*rule),
        }
    }
    // What cannot be applied is reported with the filter itself.
    let unfiltered = detections.clone();
    let refused = filters::apply(&filters, &mut detections).err().unwrap_or_default();
    filters = without(filters, &refused.iter().map(|(number, _)| *number).collect::<Vec<_>>());
    let mut imported: Vec<ImportedRule> =
        correlations.iter().map(|rule| of_correlation(rule, &detections, &filters)).collect();
    for rule in &detections {
        let mut of = correlations.iter().filter(|of| of.rule.rules.iter().any(|name| rule.about.is_called(name)));
        let is_part = of.clone().next().is_some();
        if !is_part || of.any(|correlation| correlation.rule.generate) {
            imported.push(of_detection(rule, &filters));
        }
    }
    if imported.is_empty() {
        imported.extend(filters.iter().map(|filter| {
            let mut assessment = assessment::of_filter(filter, &unfiltered);
            assessment.refused.push("a filter comes in one text with the rules that it is about".to_owned());
            entry(&filter.about, assessment, &[])
        }));
    }
    imported.extend(refused.into_iter().map(|(_, problem)| ImportedRule {
        title: "a filter".to_owned(),
        id: None,
        level: None,
        tags: Vec::new(),
        assessment: Assessment { refused: vec![problem], warnings: Vec::new() },
        spec_json: None,
    }));
    Ok(imported)
}

fn without(filters: Vec<FilterRule>, refused: &[usize]) -> Vec<FilterRule> {
    filters.into_iter().enumerate().filter(|(number, _)| !refused.contains(number)).map(|(_, filter)| filter).collect()
}

fn of_detection(rule: &DetectionRule, filters: &[FilterRule]) -> ImportedRule {
    let mut texts = vec![rule.text.as_str()];
    texts.extend(filters.iter().map(|filter| filter.text.as_str()));
    entry(&rule.about, assessment::of_detection(rule), &texts)
}

fn of_correlation(rule: &CorrelationRule, rules: &[DetectionRule], filters: &[FilterRule]) -> ImportedRule {
    let parts = rules.iter().filter(|part| rule.rule.rules.iter().any(|name| part.about.is_called(name)));
    let mut texts: Vec<&str> = parts.map(|part| part.text.as_str()).collect();
    let quiet = without_generate(rule);
    texts.push(&quiet);
    texts.extend(filters.iter().map(|filter| filter.text.as_str()));
    entry(&rule.about, assessment::of_correlation(rule, rules), &texts)
}

/// The correlation's text, in which its rules raise no alerts.
fn without_generate(rule: &CorrelationRule) -> Cow<'_, str> {
    if !rule.rule.generate {
        return Cow::Borrowed(&rule.text);
    }
    let quiet = yaml_serde::from_str(&rule.text).and_then(|mut value: yaml_serde::Value| {
        let places = [None, Some("correlation")];
        for place in places {
            let at = match place {
                None => Some(&mut value),
                Some(name) => value.get_mut(name),
            };
            if let Some(mapping) = at.and_then(yaml_serde::Value::as_mapping_mut) {
                mapping.remove("generate");
            }
        }
        yaml_serde::to_string(&value)
    });
    quiet.map_or(Cow::Borrowed(rule.text.as_str()), Cow::Owned)
}

fn entry(about: &About, assessment: Assessment, texts: &[&str]) -> ImportedRule {
    let spec_json = assessment.can_be_evaluated().then(|| spec(about, &joined(texts)));
    ImportedRule {
        title: about.title.clone(),
        id: about.id.clone(),
        level: about.level.map(|level| level.as_str()),
        tags: about.tags.clone(),
        assessment,
        spec_json,
    }
}

/// Documents one behind the other.
fn joined(texts: &[&str]) -> String {
    match texts {
        [text] => (*text).to_owned(),
        texts => texts.iter().map(|text| format!("---\n{}\n", text.trim_end())).collect(),
    }
}

fn spec(about: &About, text: &str) -> Value {
    let tags: Vec<&String> =
        about.tags.iter().filter(|tag| tag.chars().count() <= TAG_CHARS_MAX).take(TAGS_MAX).collect();
    let is_retired = matches!(about.status.as_deref(), Some("deprecated" | "unsupported"));
    json!({
        "code": code(about),
        "name": shortened(&about.title, NAME_CHARS_MAX),
        "description": shortened(about.description.as_deref().unwrap_or_default(), DESCRIPTION_CHARS_MAX),
        "severity": severity(about.level),
        "enabled": !is_retired,
        "tags": tags,
        "kind": "sigma",
        "sigma": text,
    })
}

/// A rule that does not say is taken for one in the middle.
fn severity(level: Option<SigmaLevel>) -> &'static str {
    match level {
        Some(SigmaLevel::Informational) => "info",
        Some(level) => level.as_str(),
        None => "medium",
    }
}

/// `sigma-` with the id, or with the title where there is none, in the letters that codes have.
pub(super) fn code(about: &About) -> String {
    let named = about.id.as_deref().filter(|id| !id.is_empty()).unwrap_or(&about.title);
    let mut code = "sigma".to_owned();
    for word in named.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        code.push('-');
        code.push_str(&word.to_ascii_lowercase());
    }
    code.truncate(CODE_BYTES_MAX);
    code.trim_end_matches('-').to_owned()
}

fn shortened(text: &str, chars_max: usize) -> String {
    text.trim().chars().take(chars_max).collect()
}
