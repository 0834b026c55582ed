//! Alerts: what rules found, and what people do about it.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::column::{Ip, Maybe, Time};
use super::role::names;
use super::transaction::Tx;
use super::{Meta, MetaError, Severity, both, text};

/// How far people are with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    New,
    Processing,
    Resolved,
}

names!(AlertStatus: "new, processing, resolved", New = "new", Processing = "processing", Resolved = "resolved");

impl AlertStatus {
    /// Whether a person may set `next`. The way goes forward only; what was resolved is raised anew by its rule.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self < next
    }
}

/// What a rule found in one group, as long as it is not resolved.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, sqlx::FromRow, ToSchema)]
pub struct Alert {
    pub id: i64,
    /// The number of its last change, ascending over all alerts.
    pub version: i64,
    /// Names what raised it, over all daemons.
    pub episode: String,
    pub rule_code: String,
    /// As it was when the alert was raised.
    pub rule_name: String,
    pub severity: Severity,
    pub status: AlertStatus,
    /// Whether records that satisfy the rule still come.
    pub lasting: bool,
    #[sqlx(try_from = "Time")]
    pub triggered_at: DateTime<Utc>,
    #[sqlx(try_from = "Time")]
    pub last_seen_at: DateTime<Utc>,
    pub log_count: i64,
    #[sqlx(try_from = "Maybe<Ip>")]
    #[schema(value_type = Option<String>, examples("203.0.113.5"))]
    pub related_ip: Option<IpAddr>,
    pub related_user: Option<String>,
    /// At most 20.
    #[sqlx(json)]
    pub hosts: Vec<String>,
    /// Of the first host, when the alert was raised.
    pub cluster: Option<String>,
    /// Pairs of field and value, in the order of the rule.
    #[sqlx(json, rename = "group_fields")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub group: Vec<(String, String)>,
    pub description: String,
    /// The first records, at most 20.
    #[sqlx(json)]
    pub sample_log_ids: Vec<u64>,
    #[sqlx(json)]
    pub tags: Vec<String>,
    /// The daemon that raised it.
    pub node: i64,
    pub fault_id: Option<i64>,
    /// The silence because of which nobody was told.
    pub silenced_by: Option<i64>,
    #[sqlx(try_from = "Maybe<Time>")]
    pub resolved_at: Option<DateTime<Utc>>,
}

/// What became of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct AlertEvent {
    pub alert_id: i64,
    /// Within the alert, from 1.
    pub number: i64,
    #[sqlx(try_from = "Time")]
    pub at: DateTime<Utc>,
    /// Who did it; `None` where it came by itself.
    pub username: Option<String>,
    pub user_id: Option<i64>,
    /// `None` where it was raised. The same as `to_status` where there is only a comment.
    pub from_status: Option<AlertStatus>,
    pub to_status: AlertStatus,
    pub comment: Option<String>,
}

/// An alert with what became of it, in order.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AlertHistory {
    #[serde(flatten)]
    pub alert: Alert,
    pub events: Vec<AlertEvent>,
}

/// Which alerts.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter<'a> {
    /// Triggered from this moment on.
    pub start: Option<DateTime<Utc>>,
    /// Triggered before this moment.
    pub end: Option<DateTime<Utc>>,
    pub rule_code: Option<&'a str>,
    /// One of them; empty: any.
    pub severity: &'a [Severity],
    /// One of them; empty: any.
    pub status: &'a [AlertStatus],
}

/// A part of the list of alerts.
#[derive(Clone, Debug)]
pub struct AlertPage {
    /// All that the filter lets through, at the same moment as the list.
    pub total: u64,
    pub list: Vec<Alert>,
}

/// A query for whole alerts. The columns are those of [`Alert`].
macro_rules! alerts {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, version, episode, rule_code, rule_name, severity, status, lasting, triggered_at, last_seen_at, log_count, related_ip,
              related_user, hosts, cluster, group_fields, description, sample_log_ids, tags, node, fault_id, silenced_by, resolved_at ",
            $after
        )
    };
}
pub(super) use alerts;

impl Meta {
    /// Page `page` (from 1), the last triggered first.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn alerts(&self, filter: &AlertFilter<'_>, page: u32, size: u32) -> Result<AlertPage, MetaError> {
        // A list of names with a comma on both sides of each finds a name in it, on both databases alike.
        let (severity, status) = (list_of(filter.severity), list_of(filter.status));
        let rule_code = filter.rule_code.map(text::clean);
        let mut tx = self.snapshot().await?;
        let total: i64 = both!(in tx, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM alerts
             WHERE (triggered_at >= $1 OR $1 IS NULL) AND (triggered_at < $2 OR $2 IS NULL) AND (rule_code = $3 OR $3 IS NULL)
               AND ($4 LIKE '%,' || severity || ',%' OR $4 IS NULL) AND ($5 LIKE '%,' || status || ',%' OR $5 IS NULL)")
            .bind(filter.start.map(Time))
            .bind(filter.end.map(Time))
            .bind(rule_code.as_deref())
            .bind(severity.as_deref())
            .bind(status.as_deref())
            .fetch_one(db)
            .await?)?;
        let list = both!(in tx, db => sqlx::query_as(alerts!(
            "SELECT",
            "FROM alerts
             WHERE (triggered_at >= $1 OR $1 IS NULL) AND (triggered_at < $2 OR $2 IS NULL) AND (rule_code = $3 OR $3 IS NULL)
               AND ($4 LIKE '%,' || severity || ',%' OR $4 IS NULL) AND ($5 LIKE '%,' || status || ',%' OR $5 IS NULL)
             ORDER BY triggered_at DESC, id DESC LIMIT $6 OFFSET $7"))
            .bind(filter.start.map(Time))
            .bind(filter.end.map(Time))
            .bind(rule_code.as_deref())
            .bind(severity.as_deref())
            .bind(status.as_deref())
            .bind(i64::from(size))
            .bind(i64::from(page.max(1) - 1) * i64::from(size))
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(AlertPage { total: u64::try_from(total).unwrap_or_default(), list })
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn alert(&self, id: i64) -> Result<AlertHistory, MetaError> {
        let mut tx = self.snapshot().await?;
        let alert = tx.alert(id).await?;
        let events = both!(in tx, db => sqlx::query_as(
            "SELECT alert_id, number, at, username, user_id, from_status, to_status, comment FROM alert_events
             WHERE alert_id = $1 ORDER BY number")
            .bind(id)
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(AlertHistory { alert, events })
    }

    /// The number of the last change of any alert. [`Meta::alerts_since`] gives what comes after it.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn alerts_version(&self) -> Result<i64, MetaError> {
        both!(at self, db => sqlx::query_scalar("SELECT version FROM versions WHERE name = 'alerts'").fetch_one(db).await?)
    }

    /// The alerts that have changed after `version`, each as it is now, in the order of their last changes. Who goes on from the last one's
    /// version misses none: numbers become visible in their order.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn alerts_since(&self, version: i64, count_max: u32) -> Result<Vec<Alert>, MetaError> {
        both!(at self, db => sqlx::query_as(alerts!("SELECT", "FROM alerts WHERE version > $1 ORDER BY version LIMIT $2"))
            .bind(version)
            .bind(i64::from(count_max))
            .fetch_all(db)
            .await?)
    }

    /// How many alerts are not resolved, by severity; those that have none are left out.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn open_alerts(&self) -> Result<Vec<(Severity, i64)>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT severity, COUNT(*) FROM alerts WHERE status IN ('new', 'processing') GROUP BY severity ORDER BY severity")
            .fetch_all(db)
            .await?)
    }
}

impl Tx {
    pub(super) async fn alert(&mut self, id: i64) -> Result<Alert, MetaError> {
        both!(in self, db => sqlx::query_as(alerts!("SELECT", "FROM alerts WHERE id = $1")).bind(id).fetch_one(db).await?)
    }
}

fn list_of(names: &[impl ToString]) -> Option<String> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| format!(",{},", names.join(",")))
}

/// An alert with something in every field.
#[cfg(test)]
pub(super) fn sample() -> Alert {
    let at = DateTime::from_timestamp_micros(1_795_132_800_123_456).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Alert {
        id: 7,
        version: 9,
        episode: "ssh.brute-force/abc/17".to_owned(),
        rule_code: "ssh.brute-force".to_owned(),
        rule_name: "Many failed logins".to_owned(),
        severity: Severity::High,
        status: AlertStatus::New,
        lasting: true,
        triggered_at: at,
        last_seen_at: at,
        log_count: 12,
        related_ip: Some("203.0.113.5".parse().unwrap()),
        related_user: Some("ann".to_owned()),
        hosts: vec!["edge7".to_owned(), "edge8".to_owned()],
        cluster: Some("edge".to_owned()),
        group: vec![pair("user_name", "ann"), pair("attributes.tty", "pts/3")],
        description: "12 failed logins".to_owned(),
        sample_log_ids: vec![17, 18],
        tags: vec!["attack.t1110".to_owned()],
        node: 3,
        fault_id: Some(1),
        silenced_by: None,
        resolved_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_forward_only() {
        use AlertStatus::{New, Processing, Resolved};
        let allowed = [(New, Processing), (New, Resolved), (Processing, Resolved)];
        for from in [New, Processing, Resolved] {
            for to in [New, Processing, Resolved] {
                assert_eq!(from.may_become(to), allowed.contains(&(from, to)), "{from} {to}");
            }
        }
    }

    #[test]
    fn an_alert_survives_its_json() {
        let json = serde_json::to_value(sample()).unwrap();
        assert_eq!(json["group"][1], serde_json::json!(["attributes.tty", "pts/3"]));
        assert_eq!(serde_json::from_value::<Alert>(json).unwrap(), sample());
    }
}
