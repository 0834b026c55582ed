//! Silences: of which alerts nobody is told, and for how long. The alerts are made all the same.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::column::Time;
use super::transaction::Tx;
use super::{Action, Actor, Alert, Meta, MetaError, both, pattern, text};

/// What an alert must have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// `rule`, `severity`, `host`, `ip`, `user`, `cluster`, `tag`, or a field by which the rule groups.
    pub field: String,
    /// In it `*` stands for anything.
    pub value: String,
}

/// Of the alerts that have all of this nobody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Silence {
    pub id: i64,
    /// An alert must fit all of them.
    #[sqlx(json)]
    pub matchers: Vec<Matcher>,
    #[sqlx(try_from = "Time")]
    pub starts_at: DateTime<Utc>,
    /// It holds up to before this moment.
    #[sqlx(try_from = "Time")]
    pub ends_at: DateTime<Utc>,
    pub comment: String,
    pub created_by: Option<String>,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
}

impl Silence {
    /// Whether it is of this alert. One without matchers is of none.
    #[must_use]
    pub fn covers(&self, alert: &Alert) -> bool {
        !self.matchers.is_empty() && self.matchers.iter().all(|matcher| matcher.fits(alert))
    }
}

impl Matcher {
    fn fits(&self, alert: &Alert) -> bool {
        let fits = |text: &str| pattern::matches(&self.value, text);
        match self.field.as_str() {
            "rule" => fits(&alert.rule_code),
            "severity" => fits(&alert.severity.to_string()),
            "cluster" => alert.cluster.as_deref().is_some_and(fits),
            "tag" => alert.tags.iter().any(|tag| fits(tag)),
            "host" if alert.hosts.iter().any(|host| fits(host)) => true,
            "ip" if alert.related_ip.is_some_and(|ip| fits(&ip.to_string())) => true,
            "user" if alert.related_user.as_deref().is_some_and(fits) => true,
            // A rule may group by a host or an address of which its records say more than the alert keeps.
            field => alert.group.iter().any(|(name, value)| name == field && fits(value)),
        }
    }
}

/// A silence to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewSilence<'a> {
    pub matchers: &'a [Matcher],
    pub starts_at: DateTime<Utc>,
    /// After `starts_at`.
    pub ends_at: DateTime<Utc>,
    pub comment: &'a str,
}

/// A query for whole silences. The columns are those of [`Silence`].
macro_rules! silences {
    ($before:literal, $after:literal) => {
        concat!($before, " id, matchers, starts_at, ends_at, comment, created_by, created_at ", $after)
    };
}

impl Meta {
    /// Those that have not ended before `ends_after` (`None`: all), the last to end first.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn silences(&self, ends_after: Option<DateTime<Utc>>) -> Result<Vec<Silence>, MetaError> {
        let since = ends_after.unwrap_or(DateTime::UNIX_EPOCH);
        both!(at self, db => sqlx::query_as(silences!(
            "SELECT", "FROM silences WHERE ends_at > $1 ORDER BY ends_at DESC, id DESC"))
            .bind(Time(since))
            .fetch_all(db)
            .await?)
    }

    /// # Errors
    /// [`MetaError`].
    pub async fn create_silence(
        &self,
        new: &NewSilence<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Silence, MetaError> {
        let matchers: Vec<Matcher> = new
            .matchers
            .iter()
            .map(|matcher| Matcher { field: text::whole(&matcher.field), value: text::whole(&matcher.value) })
            .collect();
        let mut tx = self.begin().await?;
        let silence: Silence = both!(in tx, db => sqlx::query_as(silences!(
            "INSERT INTO silences (matchers, starts_at, ends_at, comment, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING", ""))
            .bind(Json(&matchers))
            .bind(Time(new.starts_at))
            .bind(Time(new.ends_at))
            .bind(text::whole(new.comment))
            .bind(by.username.as_deref().map(text::clean))
            .bind(Time(now))
            .fetch_one(db)
            .await?)?;
        tx.record(Action::SilenceCreated, Some(&target(silence.id)), json!({ "after": silence }), by, now).await?;
        tx.commit().await?;
        Ok(silence)
    }

    /// Ends it at once. What was silenced until now is not told later.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn delete_silence(&self, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        let gone: Silence = both!(in tx, db => sqlx::query_as(silences!("DELETE FROM silences WHERE id = $1 RETURNING", ""))
            .bind(id)
            .fetch_one(db)
            .await?)?;
        tx.record(Action::SilenceDeleted, Some(&target(id)), json!({ "before": gone }), by, now).await?;
        tx.commit().await
    }
}

impl Tx {
    /// Those that hold at `now`, the oldest first.
    pub(super) async fn silences_at(&mut self, now: DateTime<Utc>) -> Result<Vec<Silence>, MetaError> {
        both!(in self, db => sqlx::query_as(silences!(
            "SELECT", "FROM silences WHERE starts_at <= $1 AND ends_at > $1 ORDER BY id"))
            .bind(Time(now))
            .fetch_all(db)
            .await?)
    }
}

fn target(id: i64) -> String {
    format!("silence {id}")
}

#[cfg(test)]
mod tests {
    use super::super::alerts::sample;
    use super::*;

    fn silence(matchers: &[(&str, &str)]) -> Silence {
        let matchers = matchers
            .iter()
            .map(|&(field, value)| Matcher { field: field.to_owned(), value: value.to_owned() })
            .collect();
        let at = DateTime::UNIX_EPOCH;
        Silence {
            id: 1,
            matchers,
            starts_at: at,
            ends_at: at,
            comment: String::new(),
            created_by: None,
            created_at: at,
        }
    }

    #[test]
    fn each_field_is_compared_with_what_the_alert_has() {
        let alert = sample();
        for matcher in [
            ("rule", "ssh.*"),
            ("severity", "high"),
            ("host", "edge7"),
            ("host", "*8"),
            ("ip", "203.0.113.*"),
            ("user", "ann"),
            ("cluster", "edge"),
            ("tag", "attack.*"),
            ("attributes.tty", "pts/*"),
            ("user_name", "ann"),
        ] {
            assert!(silence(&[matcher]).covers(&alert), "{matcher:?}");
        }
        for matcher in [
            ("rule", "ssh"),
            ("severity", "critical"),
            ("host", "edge"),
            ("ip", "203.0.114.*"),
            ("user", "root"),
            ("cluster", ""),
            ("tag", "attack"),
            ("attributes.tty", ""),
            ("attributes.other", "*"),
            ("hosts", "edge7"),
        ] {
            assert!(!silence(&[matcher]).covers(&alert), "{matcher:?}");
        }
    }

    #[test]
    fn all_matchers_must_fit_and_there_must_be_one() {
        let alert = sample();
        assert!(silence(&[("host", "edge7"), ("severity", "high")]).covers(&alert));
        assert!(!silence(&[("host", "edge7"), ("severity", "low")]).covers(&alert));
        assert!(!silence(&[]).covers(&alert));
    }
}
