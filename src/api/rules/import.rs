//! Rules of the SigmaHQ format, taken as they are.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::body::{check_type, small_up_to};
use super::super::caller::By;
use super::super::error::{ApiError, FieldFault};
use super::super::fields::text;
use super::super::params::Params;
use super::super::state::Api;
use super::current_values;
use crate::clock::now;
use crate::meta::{Actor, MetaError, NewRule, RuleChange, RuleOrigin};
use crate::rules::rule::Rule;
use crate::rules::sigma::document::SigmaFault;
use crate::rules::sigma::import::{ImportedRule, assess};
use crate::rules::sigma::limits::TEXT_BYTES_MAX;
use crate::rules::spec::{RuleSpec, Values};

const TYPES: [&str; 5] = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain"];

/// What became of a text.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = RuleImport)]
pub(super) struct Summary {
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    rules: Vec<Outcome>,
}

/// What became of one rule of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedRule)]
struct Outcome {
    title: String,
    /// Sigma's id.
    id: Option<String>,
    /// The rule that it became.
    code: Option<String>,
    outcome: What,
    /// Why it cannot be evaluated.
    problems: Vec<String>,
    /// What makes it match less, or more, than its author meant.
    warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum What {
    Created,
    Updated,
    Unchanged,
    Refused,
}

/// `POST /rules/import`
#[utoipa::path(
    post,
    path = "/api/v1/rules/import",
    tag = "Alerts",
    operation_id = "import_rules",
    summary = "Take Sigma rules as they are: YAML of one or several documents",
    security(("bearer" = ["admin"])),
    params(
        ("enabled" = Option<bool>, Query, description = "Whether new rules are evaluated; `true` where it is not given. Deprecated and unsupported ones never are"),
        ("dry_run" = Option<bool>, Query, description = "`true`: nothing is kept, the answer says what would be"),
    ),
    request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, description = "What became of each rule", body = Summary))
)]
pub(in crate::api) async fn import(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let enabled = params.choice("enabled", &[("true", true), ("false", false)]).unwrap_or(true);
    let is_trial = params.flag("dry_run");
    params.finish()?;
    check_type(request.headers(), &TYPES, true)?;
    let (parts, body) = request.into_parts();
    let body = small_up_to(&api, &parts.headers, body, TEXT_BYTES_MAX as u64).await?;
    let values = current_values(&api);
    let text = text(&body)?.to_owned();
    let read = tokio::task::spawn_blocking(move || read(&text, enabled, &values)).await.map_err(ApiError::internal)?;
    let rules = read.map_err(|faults| {
        let fault = |fault: SigmaFault| FieldFault::new(format!("document {}", fault.document), fault.problem);
        ApiError::parameters(faults.into_iter().map(fault).collect())
    })?;
    let mut summary = Summary::default();
    for rule in rules {
        let outcome = keep(&api, rule, is_trial, &by).await?;
        match outcome.outcome {
            What::Created => summary.created += 1,
            What::Updated => summary.updated += 1,
            What::Unchanged => summary.unchanged += 1,
            What::Refused => summary.refused += 1,
        }
        summary.rules.push(outcome);
    }
    if !is_trial && summary.created + summary.updated > 0 {
        api.alerts.rules_changed();
    }
    Ok(Json(summary).into_response())
}

/// The codes of a text's rules, each with the title of the first that has it.
type Codes = HashMap<String, String>;

/// A rule of the text, with what it becomes unless there are problems.
struct Read {
    rule: ImportedRule,
    spec: Option<RuleSpec>,
    problems: Vec<String>,
}

fn read(text: &str, enabled: bool, values: &Values) -> Result<Vec<Read>, Vec<SigmaFault>> {
    let mut codes = Codes::new();
    let mut check = |rule: ImportedRule| {
        let mut problems = rule.assessment.refused.clone();
        let spec = rule.spec_json.as_ref().map(|json| {
            let mut spec = RuleSpec::from_json(json)?;
            // What Sigma's people have retired stays off, also where the caller wants rules on.
            spec.enabled &= enabled;
            Rule::new(&spec, values).map(|_| spec)
        });
        let spec = match spec {
            Some(Ok(spec)) => match codes.get(&spec.code) {
                // It would be taken for a new text of the other, and replace it.
                Some(title) => {
                    problems.push(format!(
                        "the rule \"{title}\" of this text has the same code, {}: rules are told apart by their ids, and by their titles where they have none",
                        spec.code
                    ));
                    None
                }
                None => {
                    codes.insert(spec.code.clone(), rule.title.clone());
                    Some(spec)
                }
            },
            Some(Err(faults)) => {
                problems.extend(faults.iter().map(ToString::to_string));
                None
            }
            None => None,
        };
        Read { rule, spec, problems }
    };
    Ok(assess(text)?.into_iter().map(&mut check).collect())
}

async fn keep(api: &Api, read: Read, is_trial: bool, by: &Actor) -> Result<Outcome, ApiError> {
    let Read { rule, spec, mut problems } = read;
    let (code, outcome) = match spec {
        Some(spec) => match keep_spec(api, &spec, is_trial, by).await? {
            Ok(outcome) => (Some(spec.code), outcome),
            Err(problem) => {
                problems.push(problem);
                (None, What::Refused)
            }
        },
        None => (None, What::Refused),
    };
    let ImportedRule { title, id, assessment, .. } = rule;
    Ok(Outcome { title, id, code, outcome, problems, warnings: assessment.warnings })
}

/// Keeps a rule, unless its code is that of one which did not come from Sigma.
async fn keep_spec(api: &Api, spec: &RuleSpec, is_trial: bool, by: &Actor) -> Result<Result<What, String>, ApiError> {
    let meta = &api.accounts.meta;
    let definition = spec.to_json();
    match meta.rule_by_code(&spec.code).await {
        Ok(stored) if stored.origin != RuleOrigin::Sigma => {
            Ok(Err(format!("the code {} is taken by another rule", spec.code)))
        }
        Ok(stored) => {
            // Whether it is evaluated was decided when it was made, or by somebody since.
            let mut definition = definition;
            if let (Some(fields), Some(enabled)) = (definition.as_object_mut(), stored.definition.get("enabled")) {
                fields.insert("enabled".to_owned(), enabled.clone());
            }
            if stored.definition == definition {
                return Ok(Ok(What::Unchanged));
            }
            if !is_trial {
                let change = RuleChange { definition: Some(&definition), enabled: None, version: Some(stored.version) };
                meta.change_rule(stored.id, &change, by, now()).await?;
            }
            Ok(Ok(What::Updated))
        }
        Err(MetaError::NotFound) => {
            if !is_trial {
                let new = NewRule {
                    code: &spec.code,
                    definition: &definition,
                    enabled: spec.enabled,
                    origin: RuleOrigin::Sigma,
                };
                meta.create_rule(&new, by, now()).await?;
            }
            Ok(Ok(What::Created))
        }
        Err(error) => Err(error.into()),
    }
}
