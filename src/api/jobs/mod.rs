//! Uploads as jobs: taking files in, and what becomes of them.

pub(super) mod completion;
pub(super) mod file;
mod form_body;
mod listing;
pub(super) mod live;
pub(super) mod resource;
pub(super) mod upload;

use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::state::Api;
use crate::meta::{Job, JobAnalysis, JobId, MetaError};

const TITLE_CHARACTERS_MAX: usize = 200;

/// A job as the API shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(super) struct Shown {
    #[serde(flatten)]
    job: Job,
    /// In percent of the uploaded file.
    #[schema(minimum = 0, maximum = 100)]
    progress: i64,
    analyses: Vec<JobAnalysis>,
}

impl Shown {
    async fn of(api: &Api, job: Job) -> Result<Self, MetaError> {
        let analyses = api.accounts.meta.job_analyses(job.id).await?;
        Ok(Self { progress: job.progress(), job, analyses })
    }
}

/// The id in a path.
fn job_id(text: &str) -> Result<JobId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found("job", text))
}

/// The job with this id.
async fn job(api: &Api, text: &str) -> Result<Job, ApiError> {
    let id = job_id(text)?;
    api.accounts.meta.job(id).await.map_err(ApiError::of_thing("job", id))
}
