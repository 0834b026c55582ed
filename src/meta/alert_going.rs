//! Alerts that go on, read and counted many at a time: in a storm of alerts every batch of effects continues thousands of them.

use std::collections::{BTreeSet, HashMap};

use sqlx::QueryBuilder;

use super::alerts::alerts;
use super::column::Time;
use super::transaction::Tx;
use super::{Alert, MetaError, both, text};

/// So many alerts are read or written by one statement.
const AT_ONCE: usize = 100;

/// Alerts as they become within one transaction, of those that go on in it.
#[derive(Debug, Default)]
pub(super) struct Going {
    /// The alert of each episode that is known.
    of_episode: HashMap<String, i64>,
    alerts: HashMap<i64, Alert>,
    /// Ids of those whose counts are not written yet.
    counted: BTreeSet<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    going: String,
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
                    "SELECT going,",
                    "FROM alerts JOIN (SELECT episode AS going, alert_id FROM alert_episodes WHERE episode IN ("
                ));
                let mut list = query.separated(", ");
                for episode in some {
                    list.push_bind(text::whole(episode));
                }
                query.push(")) AS episodes ON id = alert_id");
                query.build_query_as().fetch_all(db).await?
            })?;
            for Row { going, alert } in rows {
                read.of_episode.insert(going, alert.id);
                read.alerts.insert(alert.id, alert);
            }
        }
        Ok(read)
    }

    /// The episode's alert, to be given back by [`Going::put`] or [`Going::put_counted`]; `None` where it is not known.
    pub(super) fn take(&mut self, episode: &str) -> Option<Alert> {
        self.alerts.remove(self.of_episode.get(&text::whole(episode))?)
    }

    /// The episode's alert, as it is written.
    pub(super) fn put(&mut self, episode: &str, alert: Alert) {
        self.of_episode.insert(text::whole(episode), alert.id);
        self.alerts.insert(alert.id, alert);
    }

    /// The same where the count of its records, the time of the last and the version have changed, and nothing else.
    pub(super) fn put_counted(&mut self, episode: &str, alert: Alert) {
        self.counted.insert(alert.id);
        self.put(episode, alert);
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

    /// Writes what was counted. Must come before anything else reads alerts.
    pub(super) async fn write(&mut self, tx: &mut Tx) -> Result<(), MetaError> {
        let counted: Vec<i64> = std::mem::take(&mut self.counted).into_iter().collect();
        for some in counted.chunks(AT_ONCE) {
            both!(in tx, db => {
                let mut query = QueryBuilder::new("WITH counted (id, version, last_seen_at, log_count) AS (");
                query.push_values(some.iter().filter_map(|id| self.alerts.get(id)), |mut row, alert| {
                    row.push_bind(alert.id);
                    row.push_bind(alert.version);
                    row.push_bind(Time(alert.last_seen_at));
                    row.push_bind(alert.log_count);
                });
                query.push(
                    ") UPDATE alerts SET version = counted.version, last_seen_at = counted.last_seen_at, log_count = counted.log_count
                     FROM counted WHERE alerts.id = counted.id",
                );
                query.build().execute(db).await?.rows_affected()
            })
            .map(drop)?;
        }
        Ok(())
    }
}
