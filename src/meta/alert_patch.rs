//! What people do about an alert.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::alert_writer::AlertWriter;
use super::transaction::Lock;
use super::{Action, Actor, Alert, AlertStatus, Meta, MetaError};

/// What a person does about an alert.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlertPatch<'a> {
    /// `None`, or the one that it has: only the comment is noted.
    pub status: Option<AlertStatus>,
    pub comment: Option<&'a str>,
}

impl Meta {
    /// Notes that somebody works on an alert, resolves it, or comments it. Where there is nothing to do nothing is written.
    ///
    /// # Errors
    /// [`MetaError::NotFound`], [`MetaError::Refused`] where its status cannot become that one: a resolved alert stays so, its rule raises a
    /// new one.
    pub async fn patch_alert(
        &self,
        id: i64,
        patch: &AlertPatch<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Alert, MetaError> {
        let mut tx = self.begin().await?;
        let version = tx.lock(Lock::Alerts).await?;
        let mut alert = tx.alert(id).await?;
        let before = alert.status;
        let status = patch.status.unwrap_or(before);
        if patch.status == Some(AlertStatus::Resolved) && before == AlertStatus::Resolved {
            return Err(MetaError::Refused("the alert is resolved already"));
        }
        if status != before && !before.may_become(status) {
            return Err(MetaError::Refused(match before {
                AlertStatus::Resolved => "a resolved alert stays resolved; its rule raises a new one",
                AlertStatus::New | AlertStatus::Processing => "an alert that is worked on does not become new again",
            }));
        }
        if status == before && patch.comment.is_none() {
            return Ok(alert);
        }
        let mut writer = AlertWriter::new(tx, version, now);
        writer.set_status(&mut alert, status, patch.comment, by).await?;
        let (mut tx, _) = writer.finish().await?;
        let detail = json!({
            "rule": alert.rule_code, "before": { "status": before }, "after": { "status": status }, "comment": patch.comment,
        });
        tx.record(Action::AlertUpdated, Some(&format!("alert {id}")), detail, by, now).await?;
        tx.commit().await?;
        Ok(alert)
    }
}
