//! Analysers: each shows its own token, fetches the file of a job it was told of, and posts what it found.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;

use super::super::access::Access;
use super::super::body::{check_type, small_up_to};
use super::super::caller::By;
use super::super::credentials::Credentials;
use super::super::error::{ApiError, Stranger};
use super::super::fields::{JSON, not_json, text};
use super::super::params::Params;
use super::super::state::Api;
use super::{file, job};
use crate::auth::secret;
use crate::clock::now;
use crate::meta::Actor;

const RESULT_BYTES_MAX: u64 = 1 << 20;
const NEITHER: &str = "the body must be a JSON object with either result or error (a string), and nothing else";

/// What an analyser posts: its result, or why there is none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Completion {
    /// Any JSON, null too; kept with the job.
    #[serde(default, deserialize_with = "given")]
    result: Option<Value>,
    error: Option<String>,
}

/// Keeps the result of an analyser.
#[utoipa::path(
    post,
    path = "/api/v1/internal/jobs/{id}/completion",
    tag = "Uploads",
    operation_id = "complete_analysis",
    summary = "An analyser's result; it shows its own token (`analysers.NAME.token`) as bearer",
    params(("id" = String, Path, description = "The job's id", format = "uuid")),
    request_body = Completion,
    responses(
        (status = 204, description = "It is kept, and told to who watches the job"),
        (status = 401, description = "No token, or none of an analyser"),
    )
)]
pub(in crate::api) async fn complete(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<StatusCode, ApiError> {
    Params::of(request.uri()).finish()?;
    let analyser = analyser(&api, request.headers())?;
    check_type(request.headers(), &[JSON], false)?;
    let job = job(&api, &id).await?;
    let (parts, body) = request.into_parts();
    let body = small_up_to(&api, &parts.headers, body, RESULT_BYTES_MAX).await?;
    let posted = posted(text(&body)?)?;
    let outcome = match (posted.result, &posted.error) {
        (Some(result), None) => Ok(result),
        // Some write both members, one of them empty.
        (None | Some(Value::Null), Some(error)) => Err(error.as_str()),
        _ => return Err(ApiError::body(NEITHER)),
    };
    let by = actor(&analyser, by);
    let completed = api.accounts.meta.complete_analysis(job.id, &analyser, outcome, &by, now()).await;
    completed.map_err(ApiError::of_thing("analysis by this analyser of job", job.id))?;
    api.jobs.tell();
    Ok(StatusCode::NO_CONTENT)
}

/// A null that is there is a result, and not the lack of one.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn posted(body: &str) -> Result<Completion, ApiError> {
    let value: Value = serde_json::from_str(body).map_err(|error| ApiError::body(not_json(&error)))?;
    if !value.is_object() {
        // A list of two would be taken for one.
        return Err(ApiError::body(NEITHER));
    }
    // Once more from the text, which tells of members that are there twice.
    serde_json::from_str(body).map_err(|_| ApiError::body(NEITHER))
}

/// Gives an analyser the file.
#[utoipa::path(
    get,
    path = "/api/v1/internal/jobs/{id}/file",
    tag = "Uploads",
    operation_id = "analyser_file",
    summary = "The uploaded file, for an analyser that shows its own token as bearer",
    params(("id" = String, Path, description = "The job's id", format = "uuid")),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream"),
        (status = 307, description = "It is in an object store, which gives it for five minutes at `Location`"),
        (status = 401, description = "No token, or none of an analyser"),
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
    let analyser = analyser(&api, request.headers())?;
    let job = job(&api, &id).await?;
    let analyses = api.accounts.meta.job_analyses(job.id).await?;
    if analyses.iter().all(|analysis| analysis.analyser != analyser) {
        return Err(ApiError::not_found("analysis by this analyser of job", job.id));
    }
    file::hand_out(&api, &job, &actor(&analyser, by)).await
}

/// The name of the analyser whose token the request shows.
fn analyser(api: &Api, headers: &HeaderMap) -> Result<String, ApiError> {
    // As a bearer in the header alone: no other scheme, and no parameter.
    let Credentials::Shown(shown) = Credentials::of(Access::SignedIn, headers, &Uri::default()) else {
        return Err(ApiError::not_authenticated());
    };
    let shown = secret::hash(&shown);
    // Each is compared, by hashes of one length: the time tells nothing of any of them.
    let mut found = None;
    for (name, analyser) in api.jobs.analysers() {
        if bool::from(secret::hash(analyser.token.expose()).ct_eq(&shown)) {
            found = Some(name.clone());
        }
    }
    found.ok_or_else(|| ApiError::unknown_caller(Stranger::Unknown))
}

fn actor(analyser: &str, by: Actor) -> Actor {
    Actor { username: Some(format!("analyser {analyser}")), ..by }
}
