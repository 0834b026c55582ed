//! How far a job is: its checkpoint and the results of its entries. Bookkeeping, nobody's deed: no entries of the operation log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::column::Time;
use super::job_analyses;
use super::jobs::jobs;
use super::role::names;
use super::transaction::Tx;
use super::{Job, JobId, JobStatus, Meta, MetaError, RecordMark, both, text};

/// What became of a file in an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryStatus {
    Processing,
    Completed,
    /// Something of it could not be read; `problem` says what. What was read is stored.
    Failed,
    /// It holds no log; `problem` says why.
    Skipped,
    /// The job was cancelled while it was read: shown in place of `Processing`, never kept, for the job may go on.
    Cancelled,
}

names!(
    EntryStatus: "processing, completed, failed, skipped, cancelled",
    Processing = "processing",
    Completed = "completed",
    Failed = "failed",
    Skipped = "skipped",
    Cancelled = "cancelled"
);

/// A line that was kept as it was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct LineError {
    /// From 1.
    pub line: u64,
    /// Its beginning.
    pub text: String,
    pub reason: String,
}

/// One file of an upload, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub struct JobEntry {
    /// In the order of the upload, from 0.
    pub number: i64,
    /// Within the archive; the name of the file where there is none.
    pub path: String,
    pub status: EntryStatus,
    /// The format of most of its records.
    pub format: Option<String>,
    /// After decompression, as far as it was read.
    pub bytes: i64,
    pub lines: i64,
    pub inserted: i64,
    /// Records among them that were not understood.
    pub failed: i64,
    pub problem: Option<String>,
    /// The first of them.
    #[sqlx(json)]
    pub errors: Vec<LineError>,
}

/// A part of the list of entries.
#[derive(Clone, Debug)]
pub struct JobEntryPage {
    pub total: u64,
    pub list: Vec<JobEntry>,
}

/// How far a job is. Everything up to it is durable.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    pub bytes_read: u64,
    pub inserted: u64,
    pub failed: u64,
    pub current_step: String,
    pub mark: RecordMark,
    /// Entries that are new or have changed.
    pub entries: Vec<JobEntry>,
}

/// How a job ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd<'a> {
    /// Its analysers are to be told.
    Completed {
        analysers: &'a [&'a str],
    },
    Failed(&'a str),
}

impl Meta {
    /// Its turn has come. `None` where it is not waiting or on its way any more.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn start_job(&self, id: JobId, now: DateTime<Utc>) -> Result<Option<Job>, MetaError> {
        both!(at self, db => sqlx::query_as(jobs!(
            "UPDATE jobs SET version = version + 1, status = 'processing', current_step = 'is opened', started_at = COALESCE(started_at, $2)
             WHERE id = $1 AND status IN ('queued', 'processing') RETURNING", ""))
            .bind(id)
            .bind(Time(now))
            .fetch_optional(db)
            .await?)
    }

    /// Notes how far it is, and says whether it is to go on.
    ///
    /// # Errors
    /// [`MetaError`]; then nothing of it is noted.
    pub async fn checkpoint_job(&self, id: JobId, checkpoint: &Checkpoint) -> Result<bool, MetaError> {
        let mut tx = self.begin().await?;
        let status = write(&mut tx, id, checkpoint).await?;
        tx.commit().await?;
        Ok(status == Some(JobStatus::Processing))
    }

    /// Notes how far it came before it was left: where it was cancelled, that is its end.
    ///
    /// # Errors
    /// [`MetaError`]; then nothing of it is noted.
    pub async fn leave_job(&self, id: JobId, checkpoint: &Checkpoint, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        write(&mut tx, id, checkpoint).await?;
        end_cancelled(&mut tx, id, now).await?;
        tx.commit().await
    }

    /// Notes that nobody reads it any more, where it was cancelled.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn end_cancelled_job(&self, id: JobId, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        end_cancelled(&mut tx, id, now).await?;
        tx.commit().await
    }

    /// Notes its end, and says whether that is the one given: where somebody has cancelled it before, that was its end.
    ///
    /// # Errors
    /// [`MetaError`]; then nothing of it is noted.
    pub async fn finish_job(
        &self,
        id: JobId,
        end: JobEnd<'_>,
        checkpoint: &Checkpoint,
        now: DateTime<Utc>,
    ) -> Result<bool, MetaError> {
        let (status, error) = match end {
            JobEnd::Completed { .. } => (JobStatus::Completed, None),
            JobEnd::Failed(error) => (JobStatus::Failed, Some(text::whole(error))),
        };
        let mut tx = self.begin().await?;
        write(&mut tx, id, checkpoint).await?;
        let changed = both!(in tx, db => sqlx::query(
            "UPDATE jobs SET version = version + 1, status = $2, error_message = $3, completed_at = $4
             WHERE id = $1 AND status = 'processing'")
            .bind(id)
            .bind(status)
            .bind(error.as_deref())
            .bind(Time(now))
            .execute(db)
            .await?
            .rows_affected())?;
        match (changed, end) {
            (0, _) => end_cancelled(&mut tx, id, now).await?,
            (_, JobEnd::Completed { analysers }) => job_analyses::queue(&mut tx, id, analysers, now).await?,
            (_, JobEnd::Failed(_)) => {}
        }
        tx.commit().await?;
        Ok(changed > 0)
    }

    /// Raises the mark of a job to a record that turned out to be durable.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn raise_job_mark(&self, id: JobId, mark: &RecordMark) -> Result<(), MetaError> {
        both!(at self, db => sqlx::query(
            "UPDATE jobs SET version = version + 1, record_id = $2, record_file = $3, record_line = $4, record_part = $5
             WHERE id = $1 AND record_id < $2")
            .bind(id)
            .bind(number(mark.id))
            .bind(text::whole(&mark.file))
            .bind(number(mark.line))
            .bind(number(mark.part))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)
    }

    /// Page `page` (from 1) of its entries, in the order of the upload. What was being read when the job failed or was cancelled did so, too.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn job_entries(&self, id: JobId, page: u32, size: u32) -> Result<JobEntryPage, MetaError> {
        let mut tx = self.snapshot().await?;
        let total: i64 = both!(in tx, db => sqlx::query_scalar("SELECT COUNT(*) FROM job_entries WHERE job_id = $1")
            .bind(id)
            .fetch_one(db)
            .await?)?;
        let list = both!(in tx, db => sqlx::query_as(
            "SELECT e.number, e.path, e.format, e.bytes, e.lines, e.inserted, e.failed, e.problem, e.errors,
                    CASE WHEN e.status = 'processing' AND j.status IN ('failed', 'cancelled') THEN j.status ELSE e.status END AS status
             FROM job_entries e JOIN jobs j ON j.id = e.job_id
             WHERE e.job_id = $1 ORDER BY e.number LIMIT $2 OFFSET $3")
            .bind(id)
            .bind(i64::from(size))
            .bind(i64::from(page.max(1) - 1) * i64::from(size))
            .fetch_all(db)
            .await?)?;
        tx.commit().await?;
        Ok(JobEntryPage { total: u64::try_from(total).unwrap_or_default(), list })
    }

    /// The entries that are at an end, with what they have: number, status, inserted, failed.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn finished_entries(&self, id: JobId) -> Result<Vec<(i64, EntryStatus, i64, i64)>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT number, status, inserted, failed FROM job_entries WHERE job_id = $1 AND status <> 'processing' ORDER BY number")
            .bind(id)
            .fetch_all(db)
            .await?)
    }
}

/// Writes the checkpoint; the job's status, `None` where the job is gone.
async fn write(tx: &mut Tx, id: JobId, checkpoint: &Checkpoint) -> Result<Option<JobStatus>, MetaError> {
    let mark = &checkpoint.mark;
    // The mark never goes back: a run that begins anew has passed it only once it is there again.
    let status: Option<JobStatus> = both!(in tx, db => sqlx::query_scalar(
        "UPDATE jobs SET version = version + 1, bytes_read = $2, inserted = $3, failed = $4,
                         current_step = CASE WHEN status = 'processing' THEN $5 ELSE current_step END,
                         record_file = CASE WHEN record_id < $6 THEN $7 ELSE record_file END,
                         record_line = CASE WHEN record_id < $6 THEN $8 ELSE record_line END,
                         record_part = CASE WHEN record_id < $6 THEN $9 ELSE record_part END,
                         record_id = CASE WHEN record_id < $6 THEN $6 ELSE record_id END
         WHERE id = $1 RETURNING status")
        .bind(id)
        .bind(number(checkpoint.bytes_read))
        .bind(number(checkpoint.inserted))
        .bind(number(checkpoint.failed))
        .bind(text::clean(&checkpoint.current_step))
        .bind(number(mark.id))
        .bind(text::whole(&mark.file))
        .bind(number(mark.line))
        .bind(number(mark.part))
        .fetch_optional(db)
        .await?)?;
    if status.is_some() {
        for entry in &checkpoint.entries {
            write_entry(tx, id, entry).await?;
        }
    }
    Ok(status)
}

/// With the last counts, so that whoever watches it sees them at its end.
async fn end_cancelled(tx: &mut Tx, id: JobId, now: DateTime<Utc>) -> Result<(), MetaError> {
    both!(in tx, db => sqlx::query(
        "UPDATE jobs SET version = version + 1, completed_at = $2
         WHERE id = $1 AND status = 'cancelled' AND completed_at IS NULL")
        .bind(id)
        .bind(Time(now))
        .execute(db)
        .await?
        .rows_affected())
    .map(drop)
}

async fn write_entry(tx: &mut Tx, id: JobId, entry: &JobEntry) -> Result<(), MetaError> {
    let errors: Vec<LineError> = entry
        .errors
        .iter()
        .map(|error| LineError { line: error.line, text: text::whole(&error.text), reason: text::whole(&error.reason) })
        .collect();
    both!(in tx, db => sqlx::query(
        "INSERT INTO job_entries (job_id, number, path, status, format, bytes, lines, inserted, failed, problem, errors)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (job_id, number) DO UPDATE SET path = excluded.path, status = excluded.status, format = excluded.format,
             bytes = excluded.bytes, lines = excluded.lines, inserted = excluded.inserted, failed = excluded.failed,
             problem = excluded.problem, errors = excluded.errors")
        .bind(id)
        .bind(entry.number)
        .bind(text::whole(&entry.path))
        .bind(entry.status)
        .bind(entry.format.as_deref())
        .bind(entry.bytes)
        .bind(entry.lines)
        .bind(entry.inserted)
        .bind(entry.failed)
        .bind(entry.problem.as_deref().map(text::whole))
        .bind(Json(&errors))
        .execute(db)
        .await?
        .rows_affected())
    .map(drop)
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
