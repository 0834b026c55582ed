//! Analysers: told of each upload that was read, and waited for.
//!
//! An analyser is told by `POST`, with its own token as bearer; any 2xx means that it has taken the job. It posts its result to
//! `completion_url` with the same token. What is not answered in time is tried again, ever less often; a result that does not come
//! in time is given up, and still counts if it comes later. One that never answers holds up no other.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use http::{Request, header};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Jobs;
use crate::clock::now;
use crate::config::uploads::Analyser;
use crate::meta::{AnalysisStatus, DueAnalysis, Job, JobId, JobStatus};
use crate::telemetry::chain;
use crate::tls;

/// Jobs that one analyser is told of at once.
const AT_ONCE_EACH: u32 = 8;
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Something may be due this soon.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The first wait after an analyser did not take a job; it doubles up to the longest.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);
/// The address of a file stays good a little longer than the result is waited for.
const ADDRESS_SPARE: Duration = Duration::from_secs(60);

/// How analysers are reached, and how they reach us.
pub struct AnalyserClient {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Of our API, as analysers see it, without a slash at its end.
    public_url: String,
}

/// What an analyser is told.
#[derive(Serialize)]
struct Told<'a> {
    job_id: JobId,
    status: JobStatus,
    title: &'a str,
    source: &'a str,
    file_name: &'a str,
    file_size: i64,
    file_type: &'a str,
    sha256: &'a str,
    inserted: i64,
    failed: i64,
    /// Where the file is.
    file_url: String,
    /// Where the result is to be posted.
    completion_url: String,
}

impl AnalyserClient {
    /// Trusts the public authorities. Follows no redirect: whoever is told has a token of ours.
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        let tls = tls::client(tls::public_authorities()).expect("the provider has ciphers for both versions");
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_MAX));
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Self { http, public_url: public_url.trim_end_matches('/').to_owned() }
    }

    /// # Errors
    /// Why it did not take the job, in words.
    async fn post(&self, analyser: &Analyser, told: &Told<'_>) -> Result<(), String> {
        let body = serde_json::to_vec(told).map_err(|error| error.to_string())?;
        let request = Request::post(&analyser.url)
            .header(header::AUTHORIZATION, format!("Bearer {}", analyser.token.expose()))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("logseal/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let seconds = analyser.answer_seconds_max;
        match tokio::time::timeout(Duration::from_secs(seconds), self.http.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(format!("it answered {}", answer.status())),
            Ok(Err(error)) => Err(chain(&error)),
            Err(_) => Err(format!("it did not answer within {seconds} seconds")),
        }
    }
}

/// Tells analysers of finished uploads, until `stop`.
pub async fn tell(jobs: Jobs, client: AnalyserClient, stop: CancellationToken) {
    if jobs.analysers().is_empty() {
        return;
    }
    let mut changes = jobs.changes();
    let mut has_failed = false;
    // Dropped at a stop: who was being told is told again at the next start.
    let mut telling = FuturesUnordered::new();
    let mut under_way = HashSet::new();
    loop {
        changes.borrow_and_update();
        let mut asked = pin!(jobs.0.meta.due_analyses(now(), AT_ONCE_EACH));
        // These may still be among the answer.
        let mut settled_meanwhile = Vec::new();
        let due = loop {
            tokio::select! {
                due = &mut asked => break due,
                // Those under way hold connections of the database, which the question may wait for.
                Some(settled) = telling.next(), if !telling.is_empty() => settled_meanwhile.push(settled),
                () = stop.cancelled() => return,
            }
        };
        if let Err(error) = &due
            && !has_failed
        {
            warn!(error = %chain(error), "analysers wait for the metadata database");
        }
        has_failed = due.is_err();
        for due in due.unwrap_or_default() {
            // It stays due until it is settled, and counts among those of its analyser.
            if under_way.insert((due.job_id, due.analyser.clone())) {
                telling.push(settle(&jobs, &client, due));
            }
        }
        let may_be_more_due = !settled_meanwhile.is_empty() && !has_failed;
        for settled in settled_meanwhile {
            under_way.remove(&settled);
        }
        if may_be_more_due {
            continue;
        }
        tokio::select! {
            Some(settled) = telling.next(), if !telling.is_empty() => {
                under_way.remove(&settled);
            }
            _ = changes.changed(), if !has_failed => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Does what is due, and notes what became of it; says which it was.
async fn settle(jobs: &Jobs, client: &AnalyserClient, due: DueAnalysis) -> (JobId, String) {
    try_settle(jobs, client, &due).await;
    (due.job_id, due.analyser)
}

async fn try_settle(jobs: &Jobs, client: &AnalyserClient, due: &DueAnalysis) {
    let Some(analyser) = jobs.analysers().get(&due.analyser) else {
        return note(jobs, due, AnalysisStatus::Failed, Some("it is not configured any more"), None).await;
    };
    if due.status == AnalysisStatus::Processing {
        let error = format!("no result came within {} seconds", analyser.result_seconds_max);
        return note(jobs, due, AnalysisStatus::Failed, Some(&error), None).await;
    }
    let told = tell_one(jobs, client, analyser, due.job_id).await;
    let attempts = due.attempts + 1;
    let due = DueAnalysis { attempts, ..due.clone() };
    match told {
        Ok(()) => {
            let until = after(Duration::from_secs(analyser.result_seconds_max));
            note(jobs, &due, AnalysisStatus::Processing, None, Some(until)).await;
        }
        Err(error) if attempts < i64::from(analyser.attempts_max) => {
            info!(job = %due.job_id, analyser = %due.analyser, "an analyser did not take an upload: {error}");
            let doublings = u32::try_from(attempts - 1).unwrap_or(u32::MAX).min(20);
            let again = after((RETRY_AFTER * 2_u32.pow(doublings)).min(RETRY_AFTER_MAX));
            note(jobs, &due, AnalysisStatus::Queued, Some(&error), Some(again)).await;
        }
        Err(error) => {
            warn!(job = %due.job_id, analyser = %due.analyser, "an analyser is given up after {attempts} attempts: {error}");
            note(jobs, &due, AnalysisStatus::Failed, Some(&error), None).await;
        }
    }
}

/// Tells one analyser of one job.
///
/// # Errors
/// Why it has not taken it, in words.
async fn tell_one(jobs: &Jobs, client: &AnalyserClient, analyser: &Analyser, id: JobId) -> Result<(), String> {
    let job: Job = jobs.0.meta.job(id).await.map_err(|error| chain(&error))?;
    let valid_for = Duration::from_secs(analyser.result_seconds_max) + ADDRESS_SPARE;
    let signed = jobs.objects().signed_url(&Jobs::object_key(id), &job.file_name, valid_for).await;
    let file_url = match signed.map_err(|error| chain(&error))? {
        Some(address) => address.to_string(),
        None => format!("{}/api/v1/internal/jobs/{id}/file", client.public_url),
    };
    let told = Told {
        job_id: id,
        status: job.status,
        title: &job.title,
        source: &job.source,
        file_name: &job.file_name,
        file_size: job.file_size,
        file_type: &job.file_type,
        sha256: &job.sha256,
        inserted: job.inserted,
        failed: job.failed,
        file_url,
        completion_url: format!("{}/api/v1/internal/jobs/{id}/completion", client.public_url),
    };
    client.post(analyser, &told).await
}

async fn note(jobs: &Jobs, due: &DueAnalysis, status: AnalysisStatus, error: Option<&str>, at: Option<DateTime<Utc>>) {
    if let Err(failure) = jobs.0.meta.move_analysis(due, status, error, at, now()).await {
        warn!(job = %due.job_id, error = %chain(&failure), "what became of an analysis could not be noted; it is done again");
    }
    jobs.tell();
}

fn after(wait: Duration) -> DateTime<Utc> {
    now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
}
