//! Rules of alerts: as a resource, and tried on what is stored.

pub(super) mod backtest;
pub(super) mod import;
pub(super) mod resource;

use std::sync::Arc;

use axum::extract::Request;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::{check_type, large, on_body};
use super::error::{ApiError, FieldFault};
use super::fields::{JSON, not_json};
use super::state::Api;
use crate::alerts::values;
use crate::meta::{RuleOrigin, StoredRule};
use crate::rules::fault::Fault;
use crate::rules::rule::Rule;
use crate::rules::spec::{RuleSpec, Values};
use crate::settings::Settings;

/// What an answer has beyond the rule itself. Whoever sends a changed answer back may leave it in.
const ADDED: [&str; 7] = ["id", "origin", "modified", "created_at", "created_by", "updated_at", "updated_by"];

/// A rule as the API shows it: as it was written, and what is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rule)]
pub(super) struct Shown {
    id: i64,
    /// Raised by each change.
    version: i64,
    origin: RuleOrigin,
    /// Whether a rule that comes with the program was changed by a person; it is not renewed any more.
    modified: bool,
    created_at: DateTime<Utc>,
    created_by: Option<String>,
    updated_at: DateTime<Utc>,
    updated_by: Option<String>,
    #[serde(flatten)]
    #[schema(value_type = RuleSpec)]
    definition: Value,
}

impl Shown {
    fn of(rule: StoredRule) -> Self {
        let StoredRule { id, version, origin, modified, created_at, created_by, updated_at, updated_by, .. } = rule;
        let mut definition = rule.definition;
        if let Value::Object(fields) = &mut definition {
            fields.insert("enabled".to_owned(), Value::Bool(rule.enabled));
        }
        Self { id, version, origin, modified, created_at, created_by, updated_at, updated_by, definition }
    }
}

/// A body that is a rule.
struct Written {
    spec: RuleSpec,
    /// It, compiled: what is too long for its faults to be found twice.
    rule: Rule,
    /// The version that it is meant to change.
    version: Option<i64>,
}

impl Written {
    /// # Errors
    /// 422 with every fault of the rule.
    async fn read(api: &Api, request: Request) -> Result<Self, ApiError> {
        Self::adapted(api, request, |_| {}).await
    }

    /// As [`Written::read`], with the rule as `adapt` makes it, which is compiled so.
    async fn adapted(api: &Api, request: Request, adapt: fn(&mut RuleSpec)) -> Result<Self, ApiError> {
        check_type(request.headers(), &[JSON], false)?;
        let (parts, body) = request.into_parts();
        let body = large(api, &parts.headers, body).await?;
        let values = current_values(api);
        on_body(body.bytes.clone(), move |bytes| Self::of(bytes, &values, adapt)).await?
    }

    fn of(body: &[u8], values: &Values, adapt: fn(&mut RuleSpec)) -> Result<Self, ApiError> {
        let mut fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            let is_no_object = error.is_data();
            ApiError::body(if is_no_object { "the body must be a JSON object".to_owned() } else { not_json(&error) })
        })?;
        for name in ADDED {
            fields.remove(name);
        }
        let version = match fields.remove("version") {
            None => None,
            Some(version) => Some(version.as_i64().ok_or_else(|| {
                ApiError::parameters(vec![FieldFault::new("version", "version must be a whole number")])
            })?),
        };
        let mut spec = RuleSpec::from_json(&Value::Object(fields)).map_err(|faults| refused(&faults))?;
        adapt(&mut spec);
        let rule = Rule::new(&spec, values).map_err(|faults| refused(&faults))?;
        Ok(Self { spec, rule, version })
    }
}

/// What the settings say that rules may name.
fn current_values(api: &Api) -> Values {
    let settings: Arc<Settings> = api.settings.watch().current();
    values(&settings)
}

fn refused(faults: &[Fault]) -> ApiError {
    ApiError::parameters(faults.iter().map(|fault| FieldFault::new(fault.field.clone(), fault.to_string())).collect())
}

/// The rule that a path names, by its id or its code.
async fn rule(api: &Api, name: &str) -> Result<StoredRule, ApiError> {
    let meta = &api.accounts.meta;
    let found = match name.parse() {
        Ok(id) => meta.rule(id).await,
        Err(_) => meta.rule_by_code(name).await,
    };
    found.map_err(ApiError::of_thing("rule", name))
}
