//! What the evaluation of rules gives, applied to the alerts: all effects of a part of the records in one transaction, once.
//!
//! Daemons do this one after the other: they share the open alerts. Where a daemon's rule is satisfied for a group that has an open alert
//! already, of whichever daemon, it joins that alert.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::alert_writer::AlertWriter;
use super::transaction::{Lock, Tx};
use super::{Alert, Meta, MetaError, Severity, both};

/// The alerts of so many effects are kept in memory, read and written together.
const EFFECTS_AT_ONCE: usize = 500;

/// What the evaluation of a rule gives.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertEffect {
    Raised(RaisedAlert),
    Continued(ContinuedAlert),
    Ended(EndedAlert),
}

impl AlertEffect {
    fn raised(&self) -> Option<&RaisedAlert> {
        if let Self::Raised(raised) = self { Some(raised) } else { None }
    }

    /// The episode that goes on, if it is about one that does.
    fn continues(&self) -> Option<&str> {
        if let Self::Continued(continued) = self { Some(&continued.episode) } else { None }
    }
}

/// A rule was satisfied for a group.
#[derive(Clone, Debug, PartialEq)]
pub struct RaisedAlert {
    /// Unique, and the same however often the same records are evaluated.
    pub episode: String,
    pub rule_code: String,
    pub rule_name: String,
    pub severity: Severity,
    pub tags: Vec<String>,
    pub group: Vec<(String, String)>,
    pub triggered_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub count: u64,
    pub description: String,
    pub ip: Option<IpAddr>,
    pub user: Option<String>,
    pub hosts: Vec<String>,
    /// Ids of records.
    pub samples: Vec<u64>,
}

/// More records count. To apply it again, or an earlier one, changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ContinuedAlert {
    pub episode: String,
    /// So many in all, from the one on that raised the alert.
    pub total: u64,
    pub last_seen_at: DateTime<Utc>,
    /// Kept where none was known before, as `user`.
    pub ip: Option<IpAddr>,
    pub user: Option<String>,
    pub hosts: Vec<String>,
    pub samples: Vec<u64>,
}

/// No record counted for long enough.
#[derive(Clone, Debug, PartialEq)]
pub struct EndedAlert {
    pub episode: String,
    pub at: DateTime<Utc>,
    /// Whether the rule resolves the alert then.
    pub resolve_when_quiet: bool,
}

/// What became of effects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Alerts that were made, as they were then.
    pub raised: Vec<Alert>,
    /// Alerts that their rules resolved.
    pub resolved: Vec<Alert>,
    /// Episodes that went on and have no open alert: the rule has to be satisfied anew there.
    pub not_open: Vec<String>,
    /// These records' effects were applied before: only what goes on was looked at, of which then more may have been held back.
    pub skipped: bool,
}

impl Meta {
    /// Applies the effects of this daemon's records up to `last_id`, in one transaction: the alerts, what is to be told of them, and how far
    /// the daemon is. Up to a record whose effects were applied before, nothing is raised and nothing ends.
    ///
    /// `None` is for effects that no record gave (rules that notice absence, ends) and for what was held back. All are applied once, by
    /// their episodes and the totals of these.
    ///
    /// # Errors
    /// [`MetaError`]; then nothing was applied, unless the answer was lost. The same call again is right in both cases.
    pub async fn apply_effects(
        &self,
        last_id: Option<u64>,
        effects: &[AlertEffect],
        now: DateTime<Utc>,
    ) -> Result<Applied, MetaError> {
        let mut tx = self.begin().await?;
        let version = tx.lock(Lock::Alerts).await?;
        let skipped = match last_id {
            Some(last_id) => !move_cursor(&mut tx, last_id).await?,
            None => false,
        };
        let mut applied = Applied { skipped, ..Applied::default() };
        let mut writer = AlertWriter::new(tx, version, now);
        for some in effects.chunks(EFFECTS_AT_ONCE) {
            let raised: Vec<&RaisedAlert> = some.iter().filter_map(AlertEffect::raised).collect();
            let going: Vec<&str> = some.iter().filter_map(AlertEffect::continues).collect();
            writer.read_ahead(&raised, &going).await?;
            for effect in some {
                match effect {
                    AlertEffect::Raised(_) | AlertEffect::Ended(_) if skipped => {}
                    AlertEffect::Raised(raised) => writer.raise(raised).await?,
                    AlertEffect::Continued(continued) => {
                        if !writer.go_on(continued).await? {
                            applied.not_open.push(continued.episode.clone());
                        }
                    }
                    AlertEffect::Ended(ended) => applied.resolved.extend(writer.end(ended).await?),
                }
            }
        }
        let (tx, made) = writer.finish().await?;
        tx.commit().await?;
        applied.raised = made;
        Ok(applied)
    }

    /// The last record of this daemon whose effects are applied; 0 before the first.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn alert_cursor(&self) -> Result<u64, MetaError> {
        let last_id: Option<i64> = both!(at self, db => sqlx::query_scalar("SELECT last_id FROM alert_cursors WHERE node = $1")
            .bind(i64::from(self.node))
            .fetch_optional(db)
            .await?)?;
        Ok(last_id.and_then(|id| u64::try_from(id).ok()).unwrap_or_default())
    }
}

/// Says whether the cursor was before `last_id`.
async fn move_cursor(tx: &mut Tx, last_id: u64) -> Result<bool, MetaError> {
    let node = i64::from(tx.node);
    let moved = both!(in tx, db => sqlx::query(
        "INSERT INTO alert_cursors (node, last_id) VALUES ($1, $2)
         ON CONFLICT (node) DO UPDATE SET last_id = excluded.last_id WHERE alert_cursors.last_id < excluded.last_id")
        .bind(node)
        .bind(i64::try_from(last_id).unwrap_or(i64::MAX))
        .execute(db)
        .await?
        .rows_affected())?;
    Ok(moved > 0)
}
