//! Alerts that are raised, looked up and written many at a time: a storm of alerts begins with thousands.

use std::collections::{HashMap, HashSet};

use sqlx::QueryBuilder;
use sqlx::types::Json;

use super::alert_parts::open_key;
use super::column::{Ip, Time};
use super::transaction::Tx;
use super::{Alert, MetaError, RaisedAlert, both, text};

/// So many are looked up or written by one statement: SQLite and Postgres take some tens of thousands of values. A statement for fewer is not
/// kept prepared: each is large, and there are many.
const AT_ONCE: usize = 100;

/// What is known of alerts that are raised within one transaction, and those that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Raising {
    /// Keys that were looked up. Of others nothing is known.
    asked: HashSet<String>,
    /// Those of them that are of an open alert, or were within this transaction.
    open: HashSet<String>,
    /// Episodes of those that are known.
    known: HashSet<String>,
    /// With their open keys; they have no id yet.
    new: Vec<(Alert, String)>,
}

/// What the database says of an alert that is to be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Its episode is known, and so is all that it says.
    Known,
    /// There is no open alert of its rule and group.
    New,
    /// It has to be asked.
    Unsure,
}

impl Raising {
    /// Looks up what [`Raising::find`] will be asked for.
    pub(super) async fn read(tx: &mut Tx, raised: &[&RaisedAlert]) -> Result<Self, MetaError> {
        let mut read = Self::default();
        for some in raised.chunks(AT_ONCE) {
            let episodes: Vec<String> = some.iter().map(|raised| text::whole(&raised.episode)).collect();
            let keys: Vec<String> = some.iter().map(|raised| open_key(&raised.rule_code, &raised.group)).collect();
            read.known.extend(present(tx, "SELECT episode FROM alert_episodes WHERE episode IN (", &episodes).await?);
            read.open.extend(present(tx, "SELECT open_key FROM alerts WHERE open_key IN (", &keys).await?);
            read.asked.extend(keys);
        }
        Ok(read)
    }

    /// What is known of the episode `raised` says, whose open alerts have this key.
    pub(super) fn find(&self, episode: &str, key: &str) -> Found {
        if self.known.contains(&text::whole(episode)) {
            Found::Known
        } else if self.asked.contains(key) && !self.open.contains(key) {
            Found::New
        } else {
            Found::Unsure
        }
    }

    /// A new alert, to be written with others. From now on its episode and its key are known.
    pub(super) fn put(&mut self, alert: Alert, key: String) {
        self.known.insert(alert.episode.clone());
        self.open.insert(key.clone());
        self.new.push((alert, key));
    }

    /// Whether enough are there to be written.
    pub(super) fn is_full(&self) -> bool {
        self.new.len() >= AT_ONCE
    }

    /// Writes those that are not written yet, with their episodes and first events; gives them back with their ids.
    pub(super) async fn write(&mut self, tx: &mut Tx) -> Result<Vec<Alert>, MetaError> {
        let new = std::mem::take(&mut self.new);
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let ids = insert_alerts(tx, &new).await?;
        let mut alerts: Vec<Alert> = new.into_iter().map(|(alert, _)| alert).collect();
        for alert in &mut alerts {
            // Each was inserted, or the statement had failed.
            alert.id = ids.get(&alert.episode).copied().unwrap_or_default();
        }
        insert_episodes(tx, &alerts).await?;
        insert_first_events(tx, &alerts).await?;
        Ok(alerts)
    }
}

/// Those of `texts` that the query, which ends with an open list, finds.
async fn present(tx: &mut Tx, query: &str, texts: &[String]) -> Result<Vec<String>, MetaError> {
    both!(in tx, db => {
        let mut query = QueryBuilder::new(query);
        let mut list = query.separated(", ");
        for text in texts {
            list.push_bind(text);
        }
        query.push(")");
        query.build_query_scalar().persistent(texts.len() == AT_ONCE).fetch_all(db).await?
    })
}

/// Their ids by their episodes.
async fn insert_alerts(tx: &mut Tx, alerts: &[(Alert, String)]) -> Result<HashMap<String, i64>, MetaError> {
    let rows: Vec<(String, i64)> = both!(in tx, db => {
        let mut query = QueryBuilder::new(
            "INSERT INTO alerts (version, episode, open_key, rule_code, rule_name, severity, status, lasting, triggered_at, last_seen_at,
                                 log_count, related_ip, related_user, hosts, cluster, group_fields, description, sample_log_ids, tags,
                                 node, fault_id, silenced_by) ",
        );
        query.push_values(alerts, |mut row, (alert, key)| {
            row.push_bind(alert.version).push_bind(&alert.episode).push_bind(key);
            row.push_bind(&alert.rule_code).push_bind(&alert.rule_name);
            row.push_bind(alert.severity).push_bind(alert.status).push_bind(alert.lasting);
            row.push_bind(Time(alert.triggered_at)).push_bind(Time(alert.last_seen_at)).push_bind(alert.log_count);
            row.push_bind(alert.related_ip.map(Ip)).push_bind(alert.related_user.as_deref());
            row.push_bind(Json(&alert.hosts)).push_bind(alert.cluster.as_deref()).push_bind(Json(&alert.group));
            row.push_bind(&alert.description).push_bind(Json(&alert.sample_log_ids)).push_bind(Json(&alert.tags));
            row.push_bind(alert.node).push_bind(alert.fault_id).push_bind(alert.silenced_by);
        });
        query.push(" RETURNING episode, id");
        query.build_query_as().persistent(alerts.len() == AT_ONCE).fetch_all(db).await?
    })?;
    Ok(rows.into_iter().collect())
}

async fn insert_episodes(tx: &mut Tx, alerts: &[Alert]) -> Result<(), MetaError> {
    both!(in tx, db => {
        let mut query = QueryBuilder::new("INSERT INTO alert_episodes (episode, alert_id, counted) ");
        query.push_values(alerts, |mut row, alert| {
            row.push_bind(&alert.episode).push_bind(alert.id).push_bind(alert.log_count);
        });
        query.build().persistent(alerts.len() == AT_ONCE).execute(db).await?.rows_affected()
    })
    .map(drop)
}

/// That they were raised.
async fn insert_first_events(tx: &mut Tx, alerts: &[Alert]) -> Result<(), MetaError> {
    both!(in tx, db => {
        let mut query = QueryBuilder::new("INSERT INTO alert_events (alert_id, number, at, to_status) ");
        query.push_values(alerts, |mut row, alert| {
            row.push_bind(alert.id).push("1").push_bind(Time(alert.triggered_at)).push_bind(alert.status);
        });
        query.build().persistent(alerts.len() == AT_ONCE).execute(db).await?.rows_affected()
    })
    .map(drop)
}
