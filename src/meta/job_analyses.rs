//! What external analysers are told of finished uploads, and what they answer.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::column::Time;
use super::jobs::target;
use super::role::names;
use super::transaction::Tx;
use super::{Action, Actor, JobId, Meta, MetaError, both, text};

/// How far an analysis is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnalysisStatus {
    /// The analyser is still to be told.
    Queued,
    /// It was told, and its result is waited for.
    Processing,
    Completed,
    Failed,
}

names!(
    AnalysisStatus: "queued, processing, completed, failed",
    Queued = "queued",
    Processing = "processing",
    Completed = "completed",
    Failed = "failed"
);

/// One analyser's work on a job.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
pub struct JobAnalysis {
    pub analyser: String,
    pub status: AnalysisStatus,
    /// How often it was told.
    pub attempts: i64,
    pub error_message: Option<String>,
    /// As the analyser posted it.
    #[sqlx(json(nullable))]
    pub result: Option<Value>,
    #[sqlx(try_from = "Time")]
    pub updated_at: DateTime<Utc>,
}

/// An analysis with which something is to be done now.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DueAnalysis {
    pub job_id: JobId,
    pub analyser: String,
    pub status: AnalysisStatus,
    pub attempts: i64,
}

impl Meta {
    /// The analyses of this daemon's jobs that are due, the longest waiting first; of each analyser `count_max` at most, so that
    /// one with many does not stand before others.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn due_analyses(&self, now: DateTime<Utc>, count_max: u32) -> Result<Vec<DueAnalysis>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT job_id, analyser, status, attempts FROM (
                 SELECT a.job_id, a.analyser, a.status, a.attempts, a.due_at,
                     ROW_NUMBER() OVER (PARTITION BY a.analyser ORDER BY a.due_at, a.job_id) AS place
                 FROM job_analyses a JOIN jobs j ON j.id = a.job_id
                 WHERE j.node = $1 AND a.due_at <= $2
             ) AS due
             WHERE place <= $3 ORDER BY due_at")
            .bind(i64::from(self.node))
            .bind(Time(now))
            .bind(i64::from(count_max))
            .fetch_all(db)
            .await?)
    }

    /// Notes what became of telling an analyser, or of waiting for it. An analysis that is settled is left so.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn move_analysis(
        &self,
        due: &DueAnalysis,
        status: AnalysisStatus,
        error: Option<&str>,
        due_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        let changed = both!(in tx, db => sqlx::query(
            "UPDATE job_analyses SET status = $3, attempts = $4, error_message = $5, due_at = $6, updated_at = $7
             WHERE job_id = $1 AND analyser = $2 AND due_at IS NOT NULL")
            .bind(due.job_id)
            .bind(due.analyser.as_str())
            .bind(status)
            .bind(due.attempts)
            .bind(error.map(text::whole))
            .bind(due_at.map(Time))
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())?;
        if changed > 0 {
            raise_version(&mut tx, due.job_id).await?;
        }
        tx.commit().await
    }

    /// Keeps what an analyser found. A result that comes late counts; one that comes again replaces the last.
    ///
    /// # Errors
    /// [`MetaError::NotFound`] where it was never told of this job.
    pub async fn complete_analysis(
        &self,
        id: JobId,
        analyser: &str,
        outcome: Result<Value, &str>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(), MetaError> {
        let (status, result, error) = match outcome {
            Ok(result) => (AnalysisStatus::Completed, Some(Json(text::clean_json(result))), None),
            Err(error) => (AnalysisStatus::Failed, None, Some(text::whole(error))),
        };
        let mut tx = self.begin().await?;
        let changed = both!(in tx, db => sqlx::query(
            "UPDATE job_analyses SET status = $3, error_message = $4, result = $5, due_at = NULL, updated_at = $6
             WHERE job_id = $1 AND analyser = $2")
            .bind(id)
            .bind(analyser)
            .bind(status)
            .bind(error.as_deref())
            .bind(&result)
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())?;
        if changed == 0 {
            return Err(MetaError::NotFound);
        }
        raise_version(&mut tx, id).await?;
        let detail = json!({ "analyser": analyser, "status": status });
        tx.record(Action::JobAnalysed, Some(&target(id)), detail, by, now).await?;
        tx.commit().await
    }

    /// All analyses of a job, by name.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn job_analyses(&self, id: JobId) -> Result<Vec<JobAnalysis>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT analyser, status, attempts, error_message, result, updated_at FROM job_analyses WHERE job_id = $1 ORDER BY analyser")
            .bind(id)
            .fetch_all(db)
            .await?)
    }
}

/// Whoever watches the job is to see it.
async fn raise_version(tx: &mut Tx, id: JobId) -> Result<(), MetaError> {
    both!(in tx, db => sqlx::query("UPDATE jobs SET version = version + 1 WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?
        .rows_affected())
    .map(drop)
}

/// Notes that `analysers` are to be told. Those that know of the job are left as they are.
pub(super) async fn queue(tx: &mut Tx, id: JobId, analysers: &[&str], now: DateTime<Utc>) -> Result<(), MetaError> {
    for analyser in analysers {
        both!(in tx, db => sqlx::query(
            "INSERT INTO job_analyses (job_id, analyser, status, due_at, updated_at) VALUES ($1, $2, 'queued', $3, $3)
             ON CONFLICT (job_id, analyser) DO NOTHING")
            .bind(id)
            .bind(*analyser)
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)?;
    }
    Ok(())
}
