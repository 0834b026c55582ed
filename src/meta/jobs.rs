//! Jobs: uploaded files that are read into records, from the upload to the end.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::column::{Maybe, Time, stored_as_text};
use super::role::names;
use super::transaction::Tx;
use super::{Action, Actor, Meta, MetaError, both, text};

/// A job's number, which nobody can guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(value_type = String, format = "uuid")]
pub struct JobId(pub Uuid);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

stored_as_text!(JobId);

/// Where a job is on its way. Completed, failed and cancelled ones are at an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// Waits for its turn.
    Queued,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

names!(
    JobStatus: "queued, processing, completed, failed, cancelled",
    Queued = "queued",
    Processing = "processing",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled"
);

impl JobStatus {
    /// Whether nothing happens any more, unless someone asks for it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// A file that was uploaded whole.
#[derive(Clone, Copy, Debug)]
pub struct NewJob<'a> {
    pub id: JobId,
    pub title: &'a str,
    pub description: &'a str,
    pub source: &'a str,
    pub format: &'a str,
    pub multiline: &'a str,
    pub zone: &'a str,
    pub file_name: &'a str,
    pub file_size: u64,
    pub file_type: &'a str,
    pub sha256: [u8; 32],
}

/// The last record of a job that is known to be durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordMark {
    /// Its id; 0 before the first.
    pub id: u64,
    /// The file within the upload.
    pub file: String,
    /// The line in which it begins, from 1.
    pub line: u64,
    /// Which one of several in that line, from 0.
    pub part: u64,
}

/// The step of a job whose file is being deleted. It is kept as one, and is the mark by which a deletion and a retry exclude each other.
const DELETION: &str = "is being deleted";

/// A job as it is.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Job {
    pub id: JobId,
    /// Raised by each change.
    pub version: i64,
    /// The daemon that has the file.
    pub node: i64,
    pub title: String,
    pub description: String,
    pub status: JobStatus,
    pub current_step: String,
    pub source: String,
    /// As it was asked for; what was found is with each entry.
    pub format: String,
    pub multiline: String,
    /// Of stamps that state none.
    pub zone: String,
    pub file_name: String,
    pub file_size: i64,
    /// `single`, `gzip`, `zstd`, `bzip2`, `xz`, `zip` or `tar`.
    pub file_type: String,
    /// Of the file as it was uploaded.
    pub sha256: String,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    /// The name of who uploaded it.
    pub created_by: Option<String>,
    #[serde(skip)]
    pub created_by_id: Option<i64>,
    #[sqlx(try_from = "Maybe<Time>")]
    pub started_at: Option<DateTime<Utc>>,
    /// Nothing changes by itself any more. A job that was cancelled is not there yet while its reading stops.
    #[sqlx(try_from = "Maybe<Time>")]
    pub completed_at: Option<DateTime<Utc>>,
    pub error_message: Option<String>,
    /// Of the uploaded file.
    pub bytes_read: i64,
    /// Records that are durable.
    pub inserted: i64,
    /// Those among them that were not understood, and are kept as they were.
    pub failed: i64,
    #[serde(skip)]
    pub record_id: i64,
    #[serde(skip)]
    pub record_file: String,
    #[serde(skip)]
    pub record_line: i64,
    #[serde(skip)]
    pub record_part: i64,
}

impl Job {
    /// Whether it is at an end and nobody reads it any more: nothing about it changes by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.status.is_final() && self.completed_at.is_some()
    }

    /// Whether a deletion has begun: its file may be gone, so it never goes on.
    #[must_use]
    pub fn is_being_deleted(&self) -> bool {
        self.status.is_final() && self.current_step == DELETION
    }

    /// How much of the file is read, in percent; 100 only at the end.
    #[must_use]
    pub fn progress(&self) -> i64 {
        match self.status {
            JobStatus::Completed => 100,
            _ if self.file_size == 0 => 0,
            _ => (self.bytes_read.saturating_mul(100) / self.file_size).clamp(0, 99),
        }
    }

    /// Where its reading goes on; `None` at the beginning.
    #[must_use]
    pub fn mark(&self) -> Option<RecordMark> {
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        (self.record_id > 0).then(|| RecordMark {
            id: number(self.record_id),
            file: self.record_file.clone(),
            line: number(self.record_line),
            part: number(self.record_part),
        })
    }
}

/// A part of the list of jobs.
#[derive(Clone, Debug)]
pub struct JobPage {
    pub total: u64,
    pub list: Vec<Job>,
}

/// Whether a step of its life was possible.
#[derive(Clone, Debug, PartialEq)]
pub enum JobStep {
    Taken(Job),
    /// It is not where this step begins.
    Impossible(Job),
}

/// A query for whole jobs. The columns are those of [`Job`].
macro_rules! jobs {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " id, version, node, title, description, status, current_step, source, format, multiline, zone, file_name, file_size,
              file_type, sha256, created_at, created_by, created_by_id, started_at, completed_at, error_message, bytes_read, inserted,
              failed, record_id, record_file, record_line, record_part ",
            $after
        )
    };
}
pub(super) use jobs;

impl Meta {
    /// Notes a file that is kept as an object already: it waits for its turn on this daemon.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn create_job(&self, new: &NewJob<'_>, by: &Actor, now: DateTime<Utc>) -> Result<Job, MetaError> {
        let node = i64::from(self.node);
        let mut tx = self.begin().await?;
        let job: Job = both!(in tx, db => sqlx::query_as(jobs!(
            "INSERT INTO jobs (id, node, version, title, description, status, current_step, source, format, multiline, zone, file_name,
                               file_size, file_type, sha256, created_at, created_by, created_by_id)
             VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) RETURNING", ""))
            .bind(new.id)
            .bind(node)
            .bind(text::clean(new.title))
            .bind(text::whole(new.description))
            .bind(JobStatus::Queued)
            .bind("waits for its turn")
            .bind(text::clean(new.source))
            .bind(new.format)
            .bind(new.multiline)
            .bind(new.zone)
            .bind(text::clean(new.file_name))
            .bind(i64::try_from(new.file_size).unwrap_or(i64::MAX))
            .bind(new.file_type)
            .bind(hex::encode(new.sha256))
            .bind(Time(now))
            .bind(by.username.as_deref().map(text::clean))
            .bind(by.user_id)
            .fetch_one(db)
            .await?)?;
        let detail = json!({ "after": {
            "title": job.title, "source": job.source, "format": job.format, "file_name": job.file_name,
            "file_size": job.file_size, "sha256": job.sha256,
        } });
        tx.record(Action::JobCreated, Some(&target(job.id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn job(&self, id: JobId) -> Result<Job, MetaError> {
        both!(at self, db => sqlx::query_as(jobs!("SELECT", "FROM jobs WHERE id = $1")).bind(id).fetch_one(db).await?)
    }

    /// Page `page` (from 1), the newest first, of those with `status` (`None`: all).
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn jobs(&self, status: Option<JobStatus>, page: u32, size: u32) -> Result<JobPage, MetaError> {
        let mut tx = self.snapshot().await?;
        let total: i64 = both!(in tx, db => sqlx::query_scalar(
            "SELECT COUNT(*) FROM jobs WHERE status = $1 OR $1 IS NULL")
            .bind(status)
            .fetch_one(db)
            .await?)?;
        let list = both!(in tx, db => sqlx::query_as(jobs!(
            "SELECT", "FROM jobs WHERE status = $1 OR $1 IS NULL ORDER BY created_at DESC, id LIMIT $2 OFFSET $3"))
            .bind(status)
            .bind(i64::from(size))
            .bind(i64::from(page.max(1) - 1) * i64::from(size))
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(JobPage { total: u64::try_from(total).unwrap_or_default(), list })
    }

    /// Those of this daemon that are not at an end, the oldest first.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn unfinished_jobs(&self) -> Result<Vec<Job>, MetaError> {
        both!(at self, db => sqlx::query_as(jobs!(
            "SELECT", "FROM jobs WHERE node = $1 AND status IN ('queued', 'processing') ORDER BY created_at, id"))
            .bind(i64::from(self.node))
            .fetch_all(db)
            .await?)
    }

    /// Those of this daemon that were cancelled and of which nobody has noted that their reading has stopped.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn stopping_jobs(&self) -> Result<Vec<JobId>, MetaError> {
        both!(at self, db => sqlx::query_scalar(
            "SELECT id FROM jobs WHERE node = $1 AND status = 'cancelled' AND completed_at IS NULL")
            .bind(i64::from(self.node))
            .fetch_all(db)
            .await?)
    }

    /// Changes what people call it.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn describe_job(
        &self,
        id: JobId,
        title: Option<&str>,
        description: Option<&str>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Job, MetaError> {
        let mut tx = self.begin().await?;
        let job: Job = both!(in tx, db => sqlx::query_as(jobs!(
            "UPDATE jobs SET version = version + 1, title = COALESCE($2, title), description = COALESCE($3, description)
             WHERE id = $1 RETURNING", ""))
            .bind(id)
            .bind(title.map(text::clean))
            .bind(description.map(text::whole))
            .fetch_one(db)
            .await?)?;
        let detail = json!({ "after": { "title": job.title, "description": job.description } });
        tx.record(Action::JobUpdated, Some(&target(id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// Ends it before its end. What is durable stays. One whose reading has begun is at its end, and has its last counts, once
    /// `completed_at` says so: whoever reads it stops first.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn cancel_job(&self, id: JobId, by: &Actor, now: DateTime<Utc>) -> Result<JobStep, MetaError> {
        let mut tx = self.begin().await?;
        let job: Option<Job> = both!(in tx, db => sqlx::query_as(jobs!(
            "UPDATE jobs SET version = version + 1, status = 'cancelled', current_step = 'cancelled',
                             completed_at = CASE WHEN started_at IS NULL THEN $2 END
             WHERE id = $1 AND status IN ('queued', 'processing') RETURNING", ""))
            .bind(id)
            .bind(Time(now))
            .fetch_optional(db)
            .await?)?;
        step(tx, id, job, JobStatus::Cancelled, by, now).await
    }

    /// Lets one that failed or was cancelled go on behind its last durable record, unless its deletion has begun.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn retry_job(&self, id: JobId, by: &Actor, now: DateTime<Utc>) -> Result<JobStep, MetaError> {
        let mut tx = self.begin().await?;
        let job: Option<Job> = both!(in tx, db => sqlx::query_as(jobs!(
            "UPDATE jobs SET version = version + 1, status = 'queued', current_step = 'waits for its turn', completed_at = NULL,
                             error_message = NULL
             WHERE id = $1 AND status IN ('failed', 'cancelled') AND current_step <> $2 RETURNING", ""))
            .bind(id)
            .bind(DELETION)
            .fetch_optional(db)
            .await?)?;
        step(tx, id, job, JobStatus::Queued, by, now).await
    }

    /// Takes one that is at its end out of what can go on, before its file is deleted: of a deletion and a retry only one is possible. The job
    /// stays until [`Meta::delete_job`], so that somebody knows of the file as long as it is there. A deletion that did not come to its end can be
    /// begun again, and is not taken back: whether the file is still there is unknown then.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn begin_job_deletion(&self, id: JobId) -> Result<JobStep, MetaError> {
        let job: Option<Job> = both!(at self, db => sqlx::query_as(jobs!(
            "UPDATE jobs SET version = version + 1, current_step = $2
             WHERE id = $1 AND status IN ('completed', 'failed', 'cancelled') AND completed_at IS NOT NULL RETURNING", ""))
            .bind(id)
            .bind(DELETION)
            .fetch_optional(db)
            .await?)?;
        Ok(match job {
            Some(job) => JobStep::Taken(job),
            None => JobStep::Impossible(self.job(id).await?),
        })
    }

    /// Forgets one whose deletion has begun, with its results. Its records stay; the file is the caller's to delete before.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn delete_job(&self, id: JobId, by: &Actor, now: DateTime<Utc>) -> Result<JobStep, MetaError> {
        let mut tx = self.begin().await?;
        let job: Option<Job> = both!(in tx, db => sqlx::query_as(jobs!(
            "DELETE FROM jobs WHERE id = $1 AND status IN ('completed', 'failed', 'cancelled') AND current_step = $2 RETURNING", ""))
            .bind(id)
            .bind(DELETION)
            .fetch_optional(db)
            .await?)?;
        let Some(job) = job else { return Ok(JobStep::Impossible(self.job(id).await?)) };
        let detail = json!({ "before": { "title": job.title, "file_name": job.file_name, "sha256": job.sha256 } });
        tx.record(Action::JobDeleted, Some(&target(id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(JobStep::Taken(job))
    }
}

/// Ends the transaction of a step that may not have been possible.
async fn step(
    mut tx: Tx,
    id: JobId,
    job: Option<Job>,
    status: JobStatus,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<JobStep, MetaError> {
    let Some(job) = job else {
        let found = both!(in tx, db => sqlx::query_as(jobs!("SELECT", "FROM jobs WHERE id = $1")).bind(id).fetch_one(db).await?)?;
        return Ok(JobStep::Impossible(found));
    };
    tx.record(Action::JobUpdated, Some(&target(id)), json!({ "after": { "status": status } }), by, now).await?;
    tx.commit().await?;
    Ok(JobStep::Taken(job))
}

pub(super) fn target(id: JobId) -> String {
    format!("job {id}")
}
