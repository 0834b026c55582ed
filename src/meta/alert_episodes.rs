//! What those who raise alerts ask of their episodes.

use super::{Meta, MetaError, both};

/// Episodes whose alerts are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedEpisodes {
    /// The number of the last change of alerts that was looked at.
    pub version: i64,
    /// Pairs of a rule's code and an episode, of whichever daemon.
    pub episodes: Vec<(String, String)>,
}

impl Meta {
    /// The episodes of alerts that were resolved by a change after `version`, and perhaps by one before it. Who goes on from the answer's
    /// version misses none: numbers become visible in their order.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn resolved_episodes(&self, version: i64) -> Result<ResolvedEpisodes, MetaError> {
        let latest = self.alerts_version().await?;
        if latest == version {
            return Ok(ResolvedEpisodes { version, episodes: Vec::new() });
        }
        // Smaller where a database was put back that is older than what the caller remembers: all of it is news then.
        let after = if latest < version { 0 } else { version };
        let episodes = both!(at self, db => sqlx::query_as(
            "SELECT a.rule_code, e.episode FROM alerts a JOIN alert_episodes e ON e.alert_id = a.id
             WHERE a.version > $1 AND a.version <= $2 AND a.status = 'resolved'")
            .bind(after)
            .bind(latest)
            .fetch_all(db)
            .await?)?;
        Ok(ResolvedEpisodes { version: latest, episodes })
    }

    /// The episodes of a rule's open alerts that have not ended, of whichever daemon.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn lasting_episodes(&self, rule_code: &str) -> Result<Vec<String>, MetaError> {
        both!(at self, db => sqlx::query_scalar(
            "SELECT e.episode FROM alerts a JOIN alert_episodes e ON e.alert_id = a.id
             WHERE a.rule_code = $1 AND a.status <> 'resolved' AND e.ended_at IS NULL ORDER BY a.id, e.episode")
            .bind(rule_code)
            .fetch_all(db)
            .await?)
    }
}
