//! `POST /logs/upload` and `POST /jobs`: a file streams into the object store, and becomes a job.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::Duration;

use axum::Json;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use logseal_parsers::multiline::Rule;
use logseal_parsers::{Format, Formats, Zone};
use rustix::fs::{MemfdFlags, memfd_create};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::body::check_type;
use super::super::caller::{By, Caller};
use super::super::error::{ApiError, FieldFault};
use super::super::params::Params;
use super::super::record::source_fault;
use super::super::state::Api;
use super::form_body::{self, Failure};
use super::{Shown, TITLE_CHARACTERS_MAX};
use crate::archive::file_type::{FileType, file_type};
use crate::clock::now;
use crate::jobs::Jobs;
use crate::meta::{Job, JobId, JobStatus, NewJob};
use crate::objects::PutError;

/// How long `POST /logs/upload` waits for the end before it answers with the job.
const WAIT_MAX: Duration = Duration::from_secs(10);
const TEXT_BYTES_MAX: usize = 16 << 10;
const NAME_CHARACTERS_MAX: usize = 255;
/// So much of a file tells what it is: a block of bzip2, which unpacks whole or not at all, is nearly as large.
const HEAD_BYTES_MAX: usize = 1 << 20;

/// An upload that was read at once.
#[derive(Serialize, ToSchema)]
#[schema(as = UploadedFile)]
struct Answer {
    job_id: JobId,
    status: JobStatus,
    inserted: i64,
    failed: i64,
    sha256: String,
    error_message: Option<String>,
}

/// The parts of an upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes, and is never made")]
pub(in crate::api) struct UploadForm {
    /// Any text file or archive.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The source of all its records.
    #[schema(max_length = 128)]
    source: String,
    /// How its lines are to be read; `auto` where it is not given.
    format: Option<String>,
    /// Which lines belong together; `auto` where it is not given.
    multiline: Option<String>,
    /// The zone of stamps that state none; `UTC` where it is not given.
    zone: Option<String>,
    /// The file's name where it is not given.
    #[schema(max_length = 200)]
    title: Option<String>,
    description: Option<String>,
}

/// Takes a file, and answers once it is read or 10 seconds have gone by.
#[utoipa::path(
    post,
    path = "/api/v1/logs/upload",
    tag = "Uploads",
    operation_id = "upload_logs",
    summary = "Upload a file and wait for its records",
    security(("bearer" = ["auditor", "ingest"])),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "It is read: `status` says how it ended", body = Answer),
        (status = 202, description = "It is still being read", body = Shown),
    )
)]
pub(in crate::api) async fn upload(
    State(api): State<Api>,
    caller: Caller,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    let mut changes = api.jobs.changes();
    let mut job = receive(&api, &caller, &By(by), request).await?;
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        changes.borrow_and_update();
        job = api.accounts.meta.job(job.id).await?;
        if job.has_ended() {
            break;
        }
        let waited = tokio::time::timeout_at(deadline, changes.changed()).await;
        if waited.is_err() || api.stop.is_cancelled() {
            return Ok((StatusCode::ACCEPTED, Json(Shown::of(&api, job).await?)).into_response());
        }
    }
    let Job { id: job_id, status, inserted, failed, sha256, error_message, .. } = job;
    let answer = Answer { job_id, status, inserted, failed, sha256, error_message };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Takes a file, and answers once it is kept.
#[utoipa::path(
    post,
    path = "/api/v1/jobs",
    tag = "Uploads",
    operation_id = "create_job",
    summary = "Upload a file",
    security(("bearer" = ["auditor", "ingest"])),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "The file is kept, and waits for its turn", body = Shown))
)]
pub(in crate::api) async fn create(
    State(api): State<Api>,
    caller: Caller,
    by: By,
    request: Request,
) -> Result<Response, ApiError> {
    let job = receive(&api, &caller, &by, request).await?;
    Ok((StatusCode::CREATED, Json(Shown::of(&api, job).await?)).into_response())
}

/// What the parts of a form say.
#[derive(Default)]
struct Form {
    texts: Vec<(String, String)>,
    faults: Vec<FieldFault>,
    file: Option<Kept>,
}

/// A file that is kept, and is no job yet.
struct Kept {
    id: JobId,
    name: String,
    bytes: u64,
    sha256: [u8; 32],
    file_type: FileType,
    /// Deletes it where it does not become one.
    abandon: Abandon,
}

struct Abandon {
    jobs: Jobs,
    id: JobId,
    is_job: bool,
}

impl Drop for Abandon {
    fn drop(&mut self) {
        if !self.is_job {
            self.jobs.objects().discard(Jobs::object_key(self.id));
        }
    }
}

async fn receive(api: &Api, caller: &Caller, By(by): &By, request: Request) -> Result<Job, ApiError> {
    Params::of(request.uri()).finish()?;
    let _place = api.upload_place()?;
    check_type(request.headers(), &["multipart/form-data"], false)?;
    let (request, failure) = form_body::plain(api, request)?;
    let incoming = Incoming { api, failure };
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|refused| {
        ApiError::unsupported(format!("the body must be multipart/form-data: {}", refused.body_text()))
    })?;
    let mut form = Form::default();
    while let Some(field) = incoming.within(multipart.next_field()).await? {
        form.read(&incoming, field).await?;
    }
    let texts = Texts::of(&mut form, caller, &api.formats);
    let Some(mut kept) = form.file.take() else {
        form.faults.push(FieldFault::new("file", "file is missing"));
        return Err(ApiError::parameters(form.faults));
    };
    if !form.faults.is_empty() {
        return Err(ApiError::parameters(form.faults));
    }
    let new = NewJob {
        id: kept.id,
        title: texts.title.as_deref().unwrap_or(&kept.name),
        description: &texts.description,
        source: &texts.source,
        format: &texts.format,
        multiline: &texts.multiline,
        zone: &texts.zone,
        file_name: &kept.name,
        file_size: kept.bytes,
        file_type: kept.file_type.as_str(),
        sha256: kept.sha256,
    };
    let job = api.accounts.meta.create_job(&new, by, now()).await?;
    kept.abandon.is_job = true;
    api.jobs.wake();
    Ok(job)
}

/// What is known of a file beside its bytes.
struct Texts {
    source: String,
    format: String,
    multiline: String,
    zone: String,
    title: Option<String>,
    description: String,
}

impl Texts {
    /// Reads all parts but the file; what is wrong becomes a fault of the form.
    fn of(form: &mut Form, caller: &Caller, formats: &Formats) -> Self {
        let source = form.take("source");
        // A token that has a source files everything under it.
        let source = caller.filing("").source.or(source).unwrap_or_default();
        // One that could not be read has its fault already.
        let is_faulty = form.faults.iter().any(|fault| fault.field == "source");
        if let Some(detail) = source_fault(&source).filter(|_| !is_faulty) {
            form.fault("source", detail);
        }
        let format = form.take("format").unwrap_or_else(|| Format::Auto.to_string());
        if let Err(error) = formats.find(&format) {
            form.fault("format", error.to_string());
        }
        let multiline: Option<Rule> = form.parsed("multiline");
        let zone: Option<Zone> = form.parsed("zone");
        let title = form.take("title");
        if title.as_deref().is_some_and(|title| title.chars().count() > TITLE_CHARACTERS_MAX) {
            form.fault("title", format!("title must have at most {TITLE_CHARACTERS_MAX} characters"));
        }
        let description = form.take("description").unwrap_or_default();
        let unknown: Vec<String> = form.texts.drain(..).map(|(name, _)| name).collect();
        for name in unknown {
            form.fault(name.clone(), format!("there is no field {name}, or it is given more than once"));
        }
        Self {
            source,
            format,
            multiline: multiline.unwrap_or(Rule::Auto).to_string(),
            zone: zone.unwrap_or_default().to_string(),
            title,
            description,
        }
    }
}

impl Form {
    fn fault(&mut self, field: impl Into<std::borrow::Cow<'static, str>>, detail: String) {
        self.faults.push(FieldFault::new(field, detail));
    }

    /// The text of a part; `None` where it was not sent, or is empty.
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.texts.iter().position(|(n, _)| n == name)?;
        Some(self.texts.remove(at).1).filter(|text| !text.is_empty())
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.take(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, format!("{name}: {error}"));
                None
            }
        }
    }

    async fn read(&mut self, incoming: &Incoming<'_>, field: Field<'_>) -> Result<(), ApiError> {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            if self.file.is_some() {
                return Err(ApiError::parameters(vec![FieldFault::new(
                    "file",
                    "one file is taken at a time; put several into an archive",
                )]));
            }
            self.file = Some(keep(incoming, field).await?);
            return Ok(());
        }
        let mut field = field;
        let mut text = Vec::new();
        while let Some(chunk) = incoming.within(field.chunk()).await? {
            text.extend_from_slice(&chunk);
            if text.len() > TEXT_BYTES_MAX {
                return Err(ApiError::too_large(format!("the field {name} is larger than {TEXT_BYTES_MAX} bytes")));
            }
        }
        match String::from_utf8(text) {
            Ok(_) if name.is_empty() => self.fault("", "a part of the form has no name".to_owned()),
            Ok(text) => self.texts.push((name, text)),
            Err(_) => self.fault(name.clone(), format!("{name} is not UTF-8")),
        }
        Ok(())
    }
}

/// Streams the file into the object store.
async fn keep(incoming: &Incoming<'_>, field: Field<'_>) -> Result<Kept, ApiError> {
    let api = incoming.api;
    let id = JobId(Uuid::new_v4());
    let name = field.file_name().map_or_else(|| "upload".to_owned(), shown_name);
    let mut head = Vec::new();
    let body = stream::unfold((field, &mut head), async |(mut field, head)| {
        let chunk = incoming.within(field.chunk()).await.transpose()?;
        if let Ok(chunk) = &chunk {
            head.extend(chunk.iter().take(HEAD_BYTES_MAX - head.len()));
        }
        Some((chunk, (field, head)))
    });
    let key = Jobs::object_key(id);
    let put = api.jobs.objects().put(&key, Box::pin(body), api.jobs.limits().file_bytes_max).await;
    let stored = put.map_err(|error: PutError<ApiError>| match error {
        PutError::Body(error) => error,
        PutError::TooLarge { .. } => {
            let detail =
                format!("the file is larger than {} bytes: send it in parts", api.jobs.limits().file_bytes_max);
            ApiError::too_large(detail)
        }
        PutError::Full(_) => ApiError::unavailable("there is no room for the file", 60),
        PutError::Store(error) => ApiError::storage(error),
    })?;
    let abandon = Abandon { jobs: api.jobs.clone(), id, is_job: false };
    let file_type = tokio::task::spawn_blocking(move || type_of(&head)).await.map_err(ApiError::internal)?;
    let file_type = file_type.map_err(ApiError::internal)?;
    Ok(Kept { id, name, bytes: stored.bytes, sha256: stored.sha256, file_type, abandon })
}

/// What a file is whose first bytes these are, as far as they tell.
fn type_of(head: &[u8]) -> io::Result<FileType> {
    let mut file = File::from(memfd_create("upload", MemfdFlags::CLOEXEC)?);
    file.write_all(head)?;
    file_type(&file)
}

/// The last part of the name that a client gave, as it can be shown.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !c.is_control()).take(NAME_CHARACTERS_MAX).collect();
    if shown.is_empty() { "upload".to_owned() } else { shown }
}

/// A form on its way.
struct Incoming<'a> {
    api: &'a Api,
    failure: Failure,
}

impl Incoming<'_> {
    /// The next part of the body, if it comes in time.
    async fn within<T>(&self, next: impl Future<Output = Result<T, MultipartError>>) -> Result<T, ApiError> {
        let seconds = self.api.jobs.limits().stall_seconds_max;
        match tokio::time::timeout(Duration::from_secs(seconds), next).await {
            Ok(Ok(next)) => Ok(next),
            Ok(Err(error)) => Err(self.failure.take().unwrap_or_else(|| unreadable(error))),
            Err(_) => Err(ApiError::slow_body(seconds)),
        }
    }
}

fn unreadable(error: MultipartError) -> ApiError {
    if error.status() == StatusCode::BAD_REQUEST {
        return ApiError::body(format!("the form cannot be read: {}", error.body_text()));
    }
    ApiError::broken_body(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shown_by_the_last_part_of_its_name() {
        for (given, shown) in [
            ("auth.log", "auth.log"),
            ("../../etc/passwd", "passwd"),
            ("C:\\logs\\a.evtx", "a.evtx"),
            ("a\nb\0c", "abc"),
            ("dir/", "upload"),
        ] {
            assert_eq!(shown_name(given), shown);
        }
    }
}
