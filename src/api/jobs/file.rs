//! The file of a job, as it was uploaded, and what is in it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use utoipa::ToSchema;

use super::super::caller::By;
use super::super::error::ApiError;
use super::super::listed::{Listed, Paging};
use super::super::openapi::parameters::PageParameters;
use super::super::params::Params;
use super::super::state::Api;
use super::job;
use super::listing::listing;
use crate::archive::entry::EntryInfo;
use crate::clock::now;
use crate::jobs::Jobs;
use crate::meta::{Action, Actor, Job};

/// How long an address of the object store gives the file to who has it.
const ADDRESS_VALID_FOR: Duration = Duration::from_secs(300);

/// `GET /jobs/{id}/file`: the original bytes.
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}/file",
    tag = "Uploads",
    operation_id = "job_file",
    summary = "The uploaded file, byte by byte",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = String, Path, description = "The job's id", format = "uuid")),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 307, description = "It is in an object store, which gives it for five minutes at `Location`"),
        (status = 409, description = "Another daemon has the file in a folder of its own"),
    )
)]
pub(in crate::api) async fn download(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let job = job(&api, &id).await?;
    hand_out(&api, &job, &by).await
}

/// Gives the file, or its address, and says so in the operation log first.
pub(super) async fn hand_out(api: &Api, job: &Job, by: &Actor) -> Result<Response, ApiError> {
    let key = Jobs::object_key(job.id);
    let detail = json!({ "file_name": job.file_name, "sha256": job.sha256 });
    let target = format!("job {}", job.id);
    api.accounts.meta.record(Action::JobFileRead, Some(&target), detail, by, now()).await?;
    let address = api.jobs.objects().signed_url(&key, &job.file_name, ADDRESS_VALID_FOR).await;
    if let Some(address) = address.map_err(ApiError::storage)? {
        return Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, address.to_string())]).into_response());
    }
    here(api, job)?;
    let (bytes, content) = api.jobs.objects().stream(&key).await.map_err(ApiError::storage)?;
    let mut response = Body::from_stream(content).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Ok(disposition) = HeaderValue::from_str(&disposition(&job.file_name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// `attachment` with the name for every client (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii() && !c.is_ascii_control() && c != '"' && c != '\\' { c } else { '_' })
        .collect();
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Objects in a folder are on one machine.
pub(super) fn here(api: &Api, job: &Job) -> Result<(), ApiError> {
    if api.jobs.objects().is_shared() || job.node == i64::from(api.node) {
        return Ok(());
    }
    Err(ApiError::conflict(format!("the daemon of node {} has the file, in a folder of its own: ask it", job.node)))
}

/// A file within an archive.
#[derive(Serialize, ToSchema)]
#[schema(as = ArchiveEntry)]
struct ShownEntry {
    number: u64,
    path: String,
    /// What the archive calls it, where that would be harmful as a path or on a screen: `path` is without what is.
    renamed_from: Option<String>,
    /// After decompression, as the archive states it.
    size: Option<u64>,
    compressed_size: Option<u64>,
    /// Size by compressed size.
    ratio: Option<f64>,
    modified: Option<chrono::DateTime<chrono::Utc>>,
    is_encrypted: bool,
    /// Why it is not read, or not to its end, as far as that can be seen from outside.
    problem: Option<String>,
}

/// An archive as a whole.
#[derive(Serialize, ToSchema)]
struct ArchiveInfo {
    file_type: &'static str,
    entries: u64,
    size: Option<u64>,
    compressed_size: u64,
    ratio: Option<f64>,
    encrypted_entries: u64,
    problem_entries: u64,
    /// Those that the archive calls otherwise than `zip-contents` does.
    renamed_entries: u64,
    /// Why entries may be missing.
    problem: Option<String>,
}

/// `GET /jobs/{id}/zip-contents`
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}/zip-contents",
    tag = "Uploads",
    operation_id = "job_zip_contents",
    summary = "The files in an uploaded archive",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = String, Path, description = "The job's id", format = "uuid"), PageParameters),
    responses(
        (status = 200, description = "A page, in the order of the archive", body = Listed<ShownEntry>),
        (status = 409, description = "Another daemon has the file in a folder of its own"),
    )
)]
pub(in crate::api) async fn contents(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    params.finish()?;
    let listing = listing(&api, &job(&api, &id).await?).await?;
    let entries = listing.entries.into_iter().map(|entry| ShownEntry {
        ratio: entry.ratio().map(rounded),
        is_encrypted: entry.is_encrypted(),
        number: entry.number,
        path: entry.path,
        renamed_from: entry.renamed_from,
        size: entry.size,
        compressed_size: entry.compressed_size,
        modified: entry.modified.and_then(chrono::DateTime::from_timestamp_micros),
        problem: entry.problem.map(|problem| problem.to_string()),
    });
    Ok(Json(paging.cut(entries.collect())).into_response())
}

/// `GET /jobs/{id}/zip-info`
#[utoipa::path(
    get,
    path = "/api/v1/jobs/{id}/zip-info",
    tag = "Uploads",
    operation_id = "job_zip_info",
    summary = "An uploaded archive as a whole",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = String, Path, description = "The job's id", format = "uuid")),
    responses(
        (status = 200, description = "Sizes and counts", body = ArchiveInfo),
        (status = 409, description = "Another daemon has the file in a folder of its own"),
    )
)]
pub(in crate::api) async fn info(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let job = job(&api, &id).await?;
    let listing = listing(&api, &job).await?;
    let entries = &listing.entries;
    let count = |is: fn(&EntryInfo) -> bool| entries.iter().filter(|entry| is(entry)).count() as u64;
    let info = ArchiveInfo {
        file_type: listing.file_type.as_str(),
        entries: entries.len() as u64,
        size: listing.size(),
        compressed_size: listing.compressed_size,
        ratio: listing.ratio().map(rounded),
        encrypted_entries: count(EntryInfo::is_encrypted),
        problem_entries: count(|entry| entry.problem.is_some()),
        renamed_entries: count(|entry| entry.renamed_from.is_some()),
        problem: listing.problem.map(|problem| problem.to_string()),
    };
    Ok(Json(info).into_response())
}

/// To two digits.
fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_to_old_and_to_new_clients() {
        assert_eq!(
            disposition("größe \"1\".log"),
            "attachment; filename=\"gr__e _1_.log\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%221%22%2Elog"
        );
    }

    #[test]
    fn a_ratio_has_two_digits() {
        assert_eq!((rounded(1000.0 / 3.0), rounded(2.0)), (333.33, 2.0));
    }
}
