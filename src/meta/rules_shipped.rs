//! Rules that come with the program, and are renewed with it.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::rules::{insert, log_update, rules, write};
use super::transaction::Lock;
use super::{Actor, Meta, MetaError, NewRule, RuleOrigin, StoredRule, both, text};

/// A rule that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct ShippedRule<'a> {
    pub code: &'a str,
    /// Larger with each change of the definition.
    pub revision: i64,
    pub definition: &'a Value,
    /// Where it is not there yet.
    pub enabled: bool,
}

/// What became of the rules that come with the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipped {
    /// Their codes.
    pub added: Vec<String>,
    pub renewed: Vec<String>,
}

impl Meta {
    /// Adds those that are missing and renews those that have an older revision and that nobody has changed. A rule of a person that has
    /// the code already stays. What is as it is to be leaves no trace, so every start may call this, on every daemon.
    ///
    /// # Errors
    /// [`MetaError`]; nothing was changed.
    pub async fn ship_rules(&self, shipped: &[ShippedRule<'_>], now: DateTime<Utc>) -> Result<Shipped, MetaError> {
        let by = Actor::default();
        let mut done = Shipped::default();
        let mut tx = self.begin().await?;
        tx.lock(Lock::Rules).await?;
        let there: Vec<StoredRule> =
            both!(in tx, db => sqlx::query_as(rules!("SELECT", "FROM rules ORDER BY code")).fetch_all(db).await?)?;
        for &ShippedRule { code, revision, definition, enabled } in shipped {
            let Some(before) = there.iter().find(|rule| rule.code == code) else {
                let new = NewRule { code, definition, enabled, origin: RuleOrigin::Shipped };
                insert(&mut tx, &new, Some(revision), &by, now).await?;
                done.added.push(code.to_owned());
                continue;
            };
            if before.modified || before.revision.is_none_or(|there| there >= revision) {
                continue;
            }
            let renewed = StoredRule {
                version: before.version + 1,
                definition: text::clean_json(definition.clone()),
                revision: Some(revision),
                updated_at: now,
                updated_by: None,
                ..before.clone()
            };
            let after = write(&mut tx, &renewed).await?;
            log_update(&mut tx, before, &after, &by, now).await?;
            done.renewed.push(code.to_owned());
        }
        if done != Shipped::default() {
            tx.commit().await?;
        }
        Ok(done)
    }
}
