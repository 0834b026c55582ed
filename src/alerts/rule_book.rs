//! The rules that are in use: shipped into the metadata database, read from there, compiled with the settings that hold.

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use crate::meta::{Meta, MetaError, ShippedRule, StoredRule};
use crate::rules::fault::Fault;
use crate::rules::rule::Rule;
use crate::rules::shipped;
use crate::rules::spec::{RuleSpec, Values};
use crate::settings::Settings;

/// Raised when a shipped rule changes, so that those which nobody has changed are renewed.
const SHIPPED_REVISION: i64 = 1;

/// The enabled rules, as they were at one moment.
#[derive(Debug)]
pub(super) struct RuleBook {
    /// The database's count of changes of rules.
    pub(super) version: i64,
    pub(super) values: Values,
    pub(super) rules: Vec<Rule>,
}

impl RuleBook {
    /// Reads and compiles the enabled rules. One that cannot be compiled, because another version of the program wrote it, is left out and told.
    ///
    /// # Errors
    /// [`MetaError`].
    pub(super) async fn read(meta: &Meta, values: Values) -> Result<Self, MetaError> {
        // Before the rules: a change between the two is seen at the next look.
        let version = meta.rules_version().await?;
        let stored = meta.enabled_rules().await?;
        // Thousands of them take a while.
        let compiled = tokio::task::spawn_blocking(move || compile_all(&stored, &values)).await;
        let rules = compiled.expect("the compilation of rules does not panic");
        Ok(Self { version, values, rules })
    }

    pub(super) fn rule(&self, code: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.code() == code)
    }
}

fn compile_all(stored: &[StoredRule], values: &Values) -> Vec<Rule> {
    let mut rules = Vec::with_capacity(stored.len());
    for stored in stored {
        match compile(stored, values) {
            Ok(rule) => rules.push(rule),
            Err(faults) => warn!(
                rule = stored.code,
                "a rule is not used: {}",
                faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            ),
        }
    }
    rules
}

/// The values that rules may name.
#[must_use]
pub fn values(settings: &Settings) -> Values {
    Values {
        alert_threshold_login_fail: settings.alert_threshold_login_fail,
        alert_window_login_fail: settings.alert_window_login_fail_seconds,
    }
}

/// A stored rule, compiled.
///
/// # Errors
/// Its faults.
pub fn compile(stored: &StoredRule, values: &Values) -> Result<Rule, Vec<Fault>> {
    let mut spec = RuleSpec::from_json(&stored.definition)?;
    spec.enabled = stored.enabled;
    Rule::new(&spec, values)
}

/// Adds the rules that come with the program, and renews those that nobody has changed.
///
/// # Errors
/// [`MetaError`].
pub async fn ship(meta: &Meta, now: DateTime<Utc>) -> Result<(), MetaError> {
    let specs = shipped::rules().expect("the tests hold that the shipped rules are without fault");
    let definitions: Vec<_> = specs.iter().map(RuleSpec::to_json).collect();
    let rules: Vec<_> = specs
        .iter()
        .zip(&definitions)
        .map(|(spec, definition)| ShippedRule {
            code: &spec.code,
            revision: SHIPPED_REVISION,
            definition,
            enabled: spec.enabled,
        })
        .collect();
    let done = meta.ship_rules(&rules, now).await?;
    if !done.added.is_empty() || !done.renewed.is_empty() {
        info!(
            added = done.added.len(),
            renewed = done.renewed.len(),
            "the rules that come with the program are in place"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::check::{AT_LEAST_MAX, SECONDS_MAX};

    #[test]
    fn whatever_a_setting_may_be_is_what_rules_go_by() {
        let stored = |key: &str, value: u32| {
            Settings::from_stored(&Settings::defaults(1), [(key.to_owned(), value.to_string())]).0
        };
        let most = stored("alert_threshold_login_fail", AT_LEAST_MAX);
        assert_eq!(values(&most).alert_threshold_login_fail, AT_LEAST_MAX);
        let beyond = stored("alert_threshold_login_fail", AT_LEAST_MAX + 1);
        assert_eq!(beyond, Settings::defaults(1), "a rule would count to less than it says");
        assert!(values(&stored("alert_window_login_fail", 86_400)).alert_window_login_fail <= SECONDS_MAX);
    }
}
