//! Jobs as a resource: list, read, change, delete, and the results of their entries.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::caller::{By, Caller};
use super::super::error::ApiError;
use super::super::fields::Fields;
use super::super::listed::{Listed, Paging};
use super::super::openapi::bodies;
use super::super::openapi::parameters::{JobParameters, PageParameters};
use super::super::params::Params;
use super::super::state::Api;
use super::{Shown, TITLE_CHARACTERS_MAX, job, job_id};
use crate::clock::now;
use crate::jobs::Jobs;
use crate::meta::{Job, JobEntry, JobId, JobStatus, JobStep, Role};
use crate::telemetry::chain;

const DESCRIPTION_CHARACTERS_MAX: usize = 16_384;

/// `GET /jobs`: the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/jobs",
    tag = "Uploads",
    operation_id = "list_jobs",
    summary = "Uploads, the newest first",
    security(("bearer" = ["auditor", "read"])),
    params(JobParameters, PageParameters),
    responses((status = 200, description = "A page", body = Listed<Shown>))
)]
pub(in crate::api) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    let status = params.choice("status", &STATUSES);
    params.finish()?;
    let page = api.accounts.meta.jobs(status, paging.page(), paging.size).await?;
    let mut list = Vec::with_capacity(page.list.len());
    for job in page.list {
        list.push(Shown::of(&api, job).await?);
    }
    Ok(Json(paging.listed(page.total, list)).into_response())
}

const STATUSES: [(&str, JobStatus); 5] = [
    ("queued", JobStatus::Queued),
    ("processing", JobStatus::Processing),
    ("completed", JobStatus::Completed),
    ("failed", JobStatus::Failed),
    ("cancelled", JobStatus::Cancelled),
];

/// `GET /jobs/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}",
    tag = "Uploads",
    operation_id = "get_job",
    summary = "An upload, and how far it is",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = String, Path, description = "The job's id", format = "uuid")),
    responses((status = 200, description = "The job", body = Shown))
)]
pub(in crate::api) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let job = job(&api, &id).await?;
    Ok(Json(Shown::of(&api, job).await?).into_response())
}

/// `PATCH /jobs/{id}`: another title or description; `status: cancelled` ends it, `status: queued` lets it go on.
#[utoipa::path(
    patch,
    path = "/api/v1/jobs/{id}",
    tag = "Uploads",
    operation_id = "update_job",
    summary = "Describe, cancel or retry an upload",
    security(("bearer" = ["auditor", "admin"])),
    params(("id" = String, Path, description = "The job's id", format = "uuid")),
    request_body = bodies::JobChange,
    responses(
        (status = 200, description = "The job", body = Shown),
        (status = 409, description = "It is not where this step begins"),
    )
)]
pub(in crate::api) async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let id = job_id(&id)?;
    let mut fields = Fields::of(&api, request).await?;
    let title = fields.text("title", 1..=TITLE_CHARACTERS_MAX);
    let description = fields.text("description", 0..=DESCRIPTION_CHARACTERS_MAX);
    let status: Option<JobStatus> = fields.parsed("status");
    if status.is_some_and(|status| !matches!(status, JobStatus::Queued | JobStatus::Cancelled)) {
        fields.fault("status", "status may be set to cancelled or queued only");
    }
    fields.finish()?;
    let meta = &api.accounts.meta;
    let step = match status {
        Some(JobStatus::Cancelled) => Some(meta.cancel_job(id, &by, now()).await),
        Some(_) => Some(meta.retry_job(id, &by, now()).await),
        None => None,
    };
    match step.transpose().map_err(ApiError::of_thing("job", id))? {
        Some(JobStep::Impossible(job)) => {
            let wanted = if status == Some(JobStatus::Cancelled) { "cancelled" } else { "tried again" };
            let now = if job.is_being_deleted() { "being deleted".to_owned() } else { job.status.to_string() };
            return Err(ApiError::conflict(format!("a job that is {now} cannot be {wanted}")));
        }
        Some(JobStep::Taken(_)) if status == Some(JobStatus::Cancelled) => api.jobs.cancelled(id),
        Some(JobStep::Taken(_)) => api.jobs.wake(),
        None => {}
    }
    let job = if title.is_some() || description.is_some() {
        meta.describe_job(id, title.as_deref(), description.as_deref(), &by, now()).await
    } else {
        meta.job(id).await
    };
    api.jobs.tell();
    Ok(Json(Shown::of(&api, job.map_err(ApiError::of_thing("job", id))?).await?).into_response())
}

/// `DELETE /jobs/{id}`: forgets it and its file. Its records stay.
#[utoipa::path(
    delete,
    path = "/api/v1/jobs/{id}",
    tag = "Uploads",
    operation_id = "delete_job",
    summary = "Forget an upload that is at its end, and its file; its records stay",
    security(("bearer" = ["auditor", "admin"])),
    params(("id" = String, Path, description = "The job's id", format = "uuid")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is not at its end: cancel it first, and wait for its `completed_at`"),
        (status = 503, description = "The storage of its file is away: it is still there, does not go on, and can be deleted later"),
    )
)]
pub(in crate::api) async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    caller: Caller,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let found = job(&api, &id).await?;
    check_owner(&caller, &found)?;
    let (meta, id) = (&api.accounts.meta, found.id);
    // Marked, then the file, then the job: no transaction is open while storage takes its time, for with SQLite nobody else could write meanwhile.
    if let JobStep::Impossible(job) = meta.begin_job_deletion(id).await.map_err(ApiError::of_thing("job", id))? {
        return Err(undeletable(&job));
    }
    api.jobs.tell();
    delete_file(&api, id).await?;
    if let JobStep::Impossible(job) = meta.delete_job(id, &by, now()).await.map_err(ApiError::of_thing("job", id))? {
        return Err(undeletable(&job));
    }
    api.jobs.tell();
    Ok(StatusCode::NO_CONTENT)
}

fn undeletable(job: &Job) -> ApiError {
    ApiError::conflict(if job.status.is_final() {
        format!("the reading of a job that is {} has not stopped yet: wait until it has a completed_at", job.status)
    } else {
        format!("a job that is {} must be cancelled first", job.status)
    })
}

/// Before the job, without which nobody would know of the file: where the storage is away, both stay.
async fn delete_file(api: &Api, id: JobId) -> Result<(), ApiError> {
    match api.jobs.objects().delete(&Jobs::object_key(id)).await {
        Err(error) if error.may_pass() => Err(ApiError::storage(error)),
        Err(error) => {
            // Such as a bucket that lets nobody delete: its owner decides what becomes of the file.
            tracing::warn!(job = %id, error = %chain(&error), "the file of a deleted upload could not be deleted");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// An auditor's upload is evidence that other auditors cannot take away.
fn check_owner(caller: &Caller, job: &Job) -> Result<(), ApiError> {
    match caller {
        Caller::Person { role, user_id, .. } if *role < Role::Admin && job.created_by_id != Some(*user_id) => {
            Err(ApiError::forbidden("Forbidden", "this takes the role admin, or to be who uploaded it"))
        }
        _ => Ok(()),
    }
}

/// `GET /jobs/{id}/results`: what became of each file in it.
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}/results",
    tag = "Uploads",
    operation_id = "job_results",
    summary = "What became of each file in an upload",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = String, Path, description = "The job's id", format = "uuid"), PageParameters),
    responses((status = 200, description = "A page, in the order of the upload", body = Listed<JobEntry>))
)]
pub(in crate::api) async fn results(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    params.finish()?;
    let job = job(&api, &id).await?;
    let page = api.accounts.meta.job_entries(job.id, paging.page(), paging.size).await?;
    Ok(Json(paging.listed(page.total, page.list)).into_response())
}
