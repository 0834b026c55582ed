//! Alerts that go on, read and written many at a time: in a storm of alerts every batch of effects continues thousands of them.

use std::collections::{BTreeSet, HashMap};

use sqlx::QueryBuilder;
use sqlx::types::Json;

use super::alerts::alerts;
use super::column::{Ip, Time};
use super::transaction::Tx;
use super::{Alert, MetaError, both, text};

/// So many alerts are read or written by one statement. A statement for fewer is not kept prepared: each is large, and there are many.
const AT_ONCE: usize = 100;

/// Alerts as they become within one transaction, of those that go on in it.
#[derive(Debug, Default)]
pub(super) struct Going {
    of_episode: HashMap<String, Counted>,
    alerts: HashMap<i64, Alert>,
    /// Ids of those of which only counts, time and version are not written yet, and of those of which more is not.
    counted: BTreeSet<i64>,
    told: BTreeSet<i64>,
    /// Episodes whose counts are not written yet.
    episodes: BTreeSet<String>,
}

/// An episode's alert, and how many of its records count on that.
#[derive(Clone, Copy, Debug)]
struct Counted {
    alert: i64,
    counted: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    going: String,
    counted: i64,
    #[sqlx(flatten)]
    alert: Alert,
}

impl Going {
    /// Reads the alerts of these episodes.
    pub(super) async fn read(tx: &mut Tx, episodes: &[&str]) -> Result<Self, MetaError> {
        let mut read = Self::default();
        for some in episodes.chunks(AT_ONCE) {
            let rows: Vec<Row> = both!(in tx, db => {
                let mut query = QueryBuilder::new(alerts!(
                    "SELECT going, counted,",
                    "FROM alerts JOIN (SELECT episode AS going, counted, alert_id FROM alert_episodes WHERE episode IN ("
                ));
                let mut list = query.separated(", ");
                for episode in some {
                    list.push_bind(text::whole(episode));
                }
                query.push(")) AS episodes ON id = alert_id");
                query.build_query_as().persistent(some.len() == AT_ONCE).fetch_all(db).await?
            })?;
            for Row { going, counted, alert } in rows {
                read.of_episode.insert(going, Counted { alert: alert.id, counted });
                read.alerts.insert(alert.id, alert);
            }
        }
        Ok(read)
    }

    /// The episode's alert, to be given back by [`Going::put`], and how many of its records count on that; `None` where it is not known.
    pub(super) fn take(&mut self, episode: &str) -> Option<(Alert, i64)> {
        let known = self.of_episode.get(&text::whole(episode))?;
        Some((self.alerts.remove(&known.alert)?, known.counted))
    }

    /// The episode's alert as it is in the database.
    pub(super) fn know(&mut self, episode: &str, alert: Alert, counted: i64) {
        self.of_episode.insert(text::whole(episode), Counted { alert: alert.id, counted });
        self.alerts.insert(alert.id, alert);
    }

    /// The episode's alert as it is to be written: its counts, and if it `tells` more, its address, user, hosts and samples.
    pub(super) fn put(&mut self, episode: &str, alert: Alert, counted: i64, tells: bool) {
        if tells { &mut self.told } else { &mut self.counted }.insert(alert.id);
        self.episodes.insert(text::whole(episode));
        self.know(episode, alert, counted);
    }

    /// The alert was written otherwise.
    pub(super) fn written(&mut self, alert: &Alert) {
        if let Some(known) = self.alerts.get_mut(&alert.id) {
            known.clone_from(alert);
        }
    }

    /// The episode is another alert's now.
    pub(super) fn forget(&mut self, episode: &str) {
        self.of_episode.remove(&text::whole(episode));
    }

    /// Writes what is to be written. Must come before anything else reads alerts or episodes.
    pub(super) async fn write(&mut self, tx: &mut Tx) -> Result<(), MetaError> {
        let told = std::mem::take(&mut self.told);
        let counted: Vec<i64> = std::mem::take(&mut self.counted).difference(&told).copied().collect();
        let told: Vec<i64> = told.into_iter().collect();
        for some in counted.chunks(AT_ONCE) {
            write_counts(tx, &self.of(some)).await?;
        }
        for some in told.chunks(AT_ONCE) {
            write_all(tx, &self.of(some)).await?;
        }
        let episodes: Vec<String> = std::mem::take(&mut self.episodes).into_iter().collect();
        for some in episodes.chunks(AT_ONCE) {
            let counts = some.iter().filter_map(|name| Some((name.as_str(), self.of_episode.get(name)?.counted)));
            write_episodes(tx, &counts.collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    fn of(&self, ids: &[i64]) -> Vec<&Alert> {
        ids.iter().filter_map(|id| self.alerts.get(id)).collect()
    }
}

async fn write_counts(tx: &mut Tx, alerts: &[&Alert]) -> Result<(), MetaError> {
    both!(in tx, db => {
        let mut query = QueryBuilder::new("WITH counted (id, version, last_seen_at, log_count) AS (");
        query.push_values(alerts, |mut row, alert| {
            row.push_bind(alert.id).push_bind(alert.version).push_bind(Time(alert.last_seen_at)).push_bind(alert.log_count);
        });
        query.push(
            ") UPDATE alerts SET version = counted.version, last_seen_at = counted.last_seen_at, log_count = counted.log_count
             FROM counted WHERE alerts.id = counted.id",
        );
        query.build().persistent(alerts.len() == AT_ONCE).execute(db).await?.rows_affected()
    })
    .map(drop)
}

async fn write_all(tx: &mut Tx, alerts: &[&Alert]) -> Result<(), MetaError> {
    both!(in tx, db => {
        let mut query = QueryBuilder::new(
            "WITH told (id, version, last_seen_at, log_count, related_ip, related_user, hosts, sample_log_ids) AS (",
        );
        query.push_values(alerts, |mut row, alert| {
            row.push_bind(alert.id).push_bind(alert.version).push_bind(Time(alert.last_seen_at)).push_bind(alert.log_count);
            row.push_bind(alert.related_ip.map(Ip)).push_bind(alert.related_user.as_deref());
            row.push_bind(Json(&alert.hosts)).push_bind(Json(&alert.sample_log_ids));
        });
        query.push(
            ") UPDATE alerts SET version = told.version, last_seen_at = told.last_seen_at, log_count = told.log_count,
                                 related_ip = told.related_ip, related_user = told.related_user, hosts = told.hosts,
                                 sample_log_ids = told.sample_log_ids
             FROM told WHERE alerts.id = told.id",
        );
        query.build().persistent(alerts.len() == AT_ONCE).execute(db).await?.rows_affected()
    })
    .map(drop)
}

async fn write_episodes(tx: &mut Tx, counts: &[(&str, i64)]) -> Result<(), MetaError> {
    both!(in tx, db => {
        let mut query = QueryBuilder::new("WITH told (episode, counted) AS (");
        query.push_values(counts, |mut row, (episode, counted)| {
            row.push_bind(*episode).push_bind(*counted);
        });
        query.push(") UPDATE alert_episodes SET counted = told.counted FROM told WHERE alert_episodes.episode = told.episode");
        query.build().persistent(counts.len() == AT_ONCE).execute(db).await?.rows_affected()
    })
    .map(drop)
}
