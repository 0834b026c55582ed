//! Rules of alerts, as their JSON text. What a rule says is not known here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::column::Time;
use super::role::names;
use super::transaction::{Lock, Tx};
use super::{Action, Actor, Meta, MetaError, both, text};

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleOrigin {
    /// With the program.
    Shipped,
    User,
    /// Taken from a Sigma rule.
    Sigma,
}

names!(RuleOrigin: "shipped, user, sigma", Shipped = "shipped", User = "user", Sigma = "sigma");

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
pub struct StoredRule {
    pub id: i64,
    pub code: String,
    /// Raised by each change.
    pub version: i64,
    /// As people write it. Its `enabled` does not count, the one below does.
    #[sqlx(json)]
    #[schema(value_type = Object)]
    pub definition: Value,
    pub enabled: bool,
    pub origin: RuleOrigin,
    /// Whether a person has changed what was shipped: it is not renewed any more.
    pub modified: bool,
    /// Of the text that was shipped.
    #[serde(skip)]
    pub revision: Option<i64>,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    /// Nobody's name where it was shipped.
    pub created_by: Option<String>,
    #[sqlx(try_from = "Time")]
    pub updated_at: DateTime<Utc>,
    pub updated_by: Option<String>,
}

/// A rule to be made by a person.
#[derive(Clone, Copy, Debug)]
pub struct NewRule<'a> {
    pub code: &'a str,
    pub definition: &'a Value,
    pub enabled: bool,
    /// [`RuleOrigin::User`] or [`RuleOrigin::Sigma`].
    pub origin: RuleOrigin,
}

/// A rule as it is to be.
#[derive(Clone, Copy, Debug)]
pub struct RuleChange<'a> {
    /// `None` leaves it.
    pub definition: Option<&'a Value>,
    pub enabled: Option<bool>,
    /// The version that the change is meant for; `None`: whichever there is.
    pub version: Option<i64>,
}

/// Which rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuleFilter<'a> {
    pub enabled: Option<bool>,
    pub origin: Option<RuleOrigin>,
    /// The `kind` of its definition.
    pub kind: Option<&'a str>,
}

/// A part of the list of rules.
#[derive(Clone, Debug)]
pub struct RulePage {
    pub total: u64,
    pub list: Vec<StoredRule>,
}

/// A query for whole rules. The columns are those of [`StoredRule`].
macro_rules! rules {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, code, version, definition, enabled, origin, modified, revision, created_at, created_by, updated_at, updated_by ",
            $after
        )
    };
}
pub(super) use rules;

impl Meta {
    /// Page `page` (from 1) of the rules, by code.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn rules(&self, filter: &RuleFilter<'_>, page: u32, size: u32) -> Result<RulePage, MetaError> {
        let mut tx = self.snapshot().await?;
        let total: i64 = both!(in tx, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM rules
             WHERE (enabled = $1 OR $1 IS NULL) AND (origin = $2 OR $2 IS NULL) AND (definition ->> 'kind' = $3 OR $3 IS NULL)")
            .bind(filter.enabled)
            .bind(filter.origin)
            .bind(filter.kind)
            .fetch_one(db)
            .await?)?;
        let list = both!(in tx, db => sqlx::query_as(rules!(
            "SELECT",
            "FROM rules
             WHERE (enabled = $1 OR $1 IS NULL) AND (origin = $2 OR $2 IS NULL) AND (definition ->> 'kind' = $3 OR $3 IS NULL)
             ORDER BY code LIMIT $4 OFFSET $5"))
            .bind(filter.enabled)
            .bind(filter.origin)
            .bind(filter.kind)
            .bind(i64::from(size))
            .bind(i64::from(page.max(1) - 1) * i64::from(size))
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(RulePage { total: u64::try_from(total).unwrap_or_default(), list })
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn rule(&self, id: i64) -> Result<StoredRule, MetaError> {
        both!(at self, db => sqlx::query_as(rules!("SELECT", "FROM rules WHERE id = $1")).bind(id).fetch_one(db).await?)
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn rule_by_code(&self, code: &str) -> Result<StoredRule, MetaError> {
        both!(at self, db => sqlx::query_as(rules!("SELECT", "FROM rules WHERE code = $1"))
            .bind(text::clean(code))
            .fetch_one(db)
            .await?)
    }

    /// All rules that are in use, by code.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn enabled_rules(&self) -> Result<Vec<StoredRule>, MetaError> {
        both!(at self, db => sqlx::query_as(rules!("SELECT", "FROM rules WHERE enabled ORDER BY code")).fetch_all(db).await?)
    }

    /// A number that grows with every change of any rule: a daemon asks for it to see whether another one changed something.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn rules_version(&self) -> Result<i64, MetaError> {
        both!(at self, db => sqlx::query_scalar("SELECT version FROM versions WHERE name = 'rules'").fetch_one(db).await?)
    }

    /// # Errors
    /// [`MetaError::Conflict`] of `code`.
    pub async fn create_rule(
        &self,
        new: &NewRule<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<StoredRule, MetaError> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Rules).await?;
        let rule = insert(&mut tx, new, None, by, now).await?;
        tx.commit().await?;
        Ok(rule)
    }

    /// Changes a rule. A shipped one whose definition differs is not renewed any more; one that is only turned off or on still is. Without
    /// a difference nothing is written.
    ///
    /// # Errors
    /// [`MetaError::NotFound`], [`MetaError::Stale`] where it has another version.
    pub async fn change_rule(
        &self,
        id: i64,
        change: &RuleChange<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<StoredRule, MetaError> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Rules).await?;
        let before = read(&mut tx, id).await?;
        if change.version.is_some_and(|version| version != before.version) {
            return Err(MetaError::Stale);
        }
        let definition = change.definition.map_or_else(|| before.definition.clone(), |it| text::clean_json(it.clone()));
        let differs = definition != before.definition;
        let after = StoredRule {
            version: before.version + 1,
            enabled: change.enabled.unwrap_or(before.enabled),
            modified: before.modified || (differs && before.origin == RuleOrigin::Shipped),
            definition,
            updated_at: now,
            updated_by: by.username.as_deref().map(text::clean),
            ..before.clone()
        };
        if !differs && after.enabled == before.enabled {
            return Ok(before);
        }
        let after = write(&mut tx, &after).await?;
        log_update(&mut tx, &before, &after, by, now).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes a rule; its alerts stay.
    ///
    /// # Errors
    /// [`MetaError::NotFound`], [`MetaError::Refused`] where it was shipped: it would come back.
    pub async fn delete_rule(&self, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        tx.lock(Lock::Rules).await?;
        let rule = read(&mut tx, id).await?;
        if rule.origin == RuleOrigin::Shipped {
            return Err(MetaError::Refused("a rule that comes with the program cannot be deleted; disable it instead"));
        }
        both!(in tx, db => sqlx::query("DELETE FROM rules WHERE id = $1").bind(id).execute(db).await?.rows_affected())
            .map(drop)?;
        tx.record(Action::RuleDeleted, Some(&target(&rule.code)), json!({ "before": described(&rule) }), by, now)
            .await?;
        tx.commit().await
    }
}

fn target(code: &str) -> String {
    format!("rule {code}")
}

fn described(rule: &StoredRule) -> Value {
    json!({ "definition": rule.definition, "enabled": rule.enabled, "origin": rule.origin })
}

/// Inserts a rule and writes the entry.
pub(super) async fn insert(
    tx: &mut Tx,
    new: &NewRule<'_>,
    revision: Option<i64>,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<StoredRule, MetaError> {
    let rule: StoredRule = both!(in tx, db => sqlx::query_as(rules!(
        "INSERT INTO rules (code, version, definition, enabled, origin, modified, revision, created_at, created_by, updated_at, updated_by)
         VALUES ($1, 1, $2, $3, $4, FALSE, $5, $6, $7, $6, $7) RETURNING", ""))
        .bind(text::clean(new.code))
        .bind(Json(text::clean_json(new.definition.clone())))
        .bind(new.enabled)
        .bind(new.origin)
        .bind(revision)
        .bind(Time(now))
        .bind(by.username.as_deref().map(text::clean))
        .fetch_one(db)
        .await?)?;
    tx.record(Action::RuleCreated, Some(&target(&rule.code)), json!({ "after": described(&rule) }), by, now).await?;
    Ok(rule)
}

/// Writes what may change of a rule.
pub(super) async fn write(tx: &mut Tx, rule: &StoredRule) -> Result<StoredRule, MetaError> {
    both!(in tx, db => sqlx::query_as(rules!(
        "UPDATE rules SET version = $2, definition = $3, enabled = $4, modified = $5, revision = $6, updated_at = $7, updated_by = $8
         WHERE id = $1 RETURNING", ""))
        .bind(rule.id)
        .bind(rule.version)
        .bind(Json(&rule.definition))
        .bind(rule.enabled)
        .bind(rule.modified)
        .bind(rule.revision)
        .bind(Time(rule.updated_at))
        .bind(rule.updated_by.as_deref())
        .fetch_one(db)
        .await?)
}

/// Writes the entry of a change, with what differs.
pub(super) async fn log_update(
    tx: &mut Tx,
    before: &StoredRule,
    after: &StoredRule,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<(), MetaError> {
    let detail = if before.definition == after.definition {
        json!({ "before": { "enabled": before.enabled }, "after": { "enabled": after.enabled } })
    } else {
        json!({ "before": described(before), "after": described(after) })
    };
    tx.record(Action::RuleUpdated, Some(&target(&after.code)), detail, by, now).await.map(drop)
}

async fn read(tx: &mut Tx, id: i64) -> Result<StoredRule, MetaError> {
    both!(in tx, db => sqlx::query_as(rules!("SELECT", "FROM rules WHERE id = $1")).bind(id).fetch_one(db).await?)
}
