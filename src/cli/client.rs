//! Requests to the daemon, with errors that a person can act on.

use std::error::Error;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;

use super::{Daemon, api_error, token, trust};

/// How long the daemon may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long it may be silent in the middle of an answer. Longer than its own limit on a query.
const SILENCE: Duration = Duration::from_secs(120);
/// The most that is read of an answer that is held in memory.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Reads the address of a daemon for the command line.
pub(super) fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("\"{text}\" is no address: {error}; write http://HOST:PORT"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("\"{text}\" must begin with http:// or https://"));
    }
    Ok(url)
}

/// A daemon's API.
#[derive(Clone)]
pub(super) struct Api {
    http: Client,
    base: Url,
    /// Sent with every request.
    token: Option<String>,
}

impl Api {
    /// # Errors
    /// Where the HTTP client cannot be set up, or a file that was named cannot be read.
    pub(super) fn of(daemon: &Daemon) -> anyhow::Result<Self> {
        Self::new(&daemon.url(), trust::of(daemon)?, token::find(daemon)?)
    }

    fn new(base: &Url, trusted: ClientConfig, token: Option<String>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &token {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .context("the token has other characters than a token")?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let http = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .user_agent(concat!("logseal/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_backend_preconfigured(trusted)
            .default_headers(headers)
            .build()
            .context("set up the HTTP client")?;
        Ok(Self { http, base: base.clone(), token })
    }

    /// The address of `path` (which begins with `/`) with `parameters`.
    pub(super) fn url(&self, path: &str, parameters: &[(&str, String)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        url
    }

    /// The token, for who sends requests otherwise.
    pub(super) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// Fetches JSON. `query` is the query text among the parameters, to point at its faults.
    ///
    /// # Errors
    /// What the daemon says is wrong, or that it is not there.
    pub(super) async fn get_json<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, String)],
        query: &str,
    ) -> anyhow::Result<T> {
        let body = self.get_bytes(path, parameters, query).await?;
        serde_json::from_slice(&body).with_context(|| format!("understand the daemon's answer to {path}"))
    }

    /// Fetches the whole body of an answer.
    ///
    /// # Errors
    /// What the daemon says is wrong, or that it is not there, or that its answer exceeds 256 MiB.
    pub(super) async fn get_bytes(
        &self,
        path: &str,
        parameters: &[(&str, String)],
        query: &str,
    ) -> anyhow::Result<Vec<u8>> {
        let response = self.open(path, parameters, query).await?;
        read_whole(response, ANSWER_BYTES_MAX).await
    }

    /// Sends a GET and returns once the answer's head says success.
    ///
    /// # Errors
    /// What the daemon says is wrong, or that it is not there.
    pub(super) async fn open(
        &self,
        path: &str,
        parameters: &[(&str, String)],
        query: &str,
    ) -> anyhow::Result<Response> {
        let sent = self.http.get(self.url(path, parameters)).send().await;
        let response = sent.map_err(|error| unreachable_daemon(&self.base, error))?;
        accepted(response, query).await
    }

    pub(super) fn unreachable(&self, error: reqwest::Error) -> anyhow::Error {
        unreachable_daemon(&self.base, error)
    }
}

/// `response` where it says success.
///
/// # Errors
/// What the daemon says is wrong.
pub(super) async fn accepted(response: Response, query: &str) -> anyhow::Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = read_whole(response, 1 << 20).await.unwrap_or_default();
    bail!("{}", api_error::explain(status.as_u16(), &body, query))
}

/// The body of `response`.
///
/// # Errors
/// Where the transfer breaks, or the body has more than `bytes_max`.
pub(super) async fn read_whole(mut response: Response, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken_transfer)? {
        if body.len() + chunk.len() > bytes_max {
            bail!("the daemon's answer has more than {} MiB", bytes_max >> 20);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An answer that ended before its end.
pub(super) fn broken_transfer(error: reqwest::Error) -> anyhow::Error {
    let what = if error.is_timeout() { "the daemon stopped sending" } else { "the transfer broke off" };
    anyhow!("{what}: {}", innermost(&error))
}

fn unreachable_daemon(base: &Url, error: reqwest::Error) -> anyhow::Error {
    match tls_fault(&error) {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            return anyhow!(
                "who answers at {base} shows a certificate that is not trusted ({reason}); name whose certificates are with --ca"
            );
        }
        Some(fault) => return anyhow!("no TLS with {base}: {fault}"),
        None => {}
    }
    let reason = innermost(&error);
    if error.is_connect() {
        return anyhow!(
            "no daemon answers at {base} ({reason}); start one with `logseal serve`, or name another with --url"
        );
    }
    if error.is_timeout() {
        return anyhow!("the daemon at {base} took too long to answer");
    }
    anyhow!("the daemon at {base} did not answer: {reason}")
}

/// What went wrong in TLS. It comes within errors of input and output, which do not name what they hold as their source.
fn tls_fault<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(fault) = error.downcast_ref() {
        return Some(fault);
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(held) => tls_fault(held),
        None => tls_fault(error.source()?),
    }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    // The operating system's number says nothing to a person.
    let text = cause.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls;

    fn api(url: &str) -> Api {
        let trusted = tls::client(tls::public_authorities()).unwrap();
        Api::new(&base_url(url).unwrap(), trusted, None).unwrap()
    }

    #[test]
    fn addresses_keep_a_prefix_and_escape_parameters() {
        let api = api("http://127.0.0.1:1/logs/");
        let url = api.url("/api/v1/logs", &[("q", "a&b c+".to_owned())]);
        assert_eq!(url.as_str(), "http://127.0.0.1:1/logs/api/v1/logs?q=a%26b+c%2B");
        assert!(base_url("ftp://a").is_err());
        assert!(base_url("localhost:8080").is_err());
    }

    #[tokio::test]
    async fn a_missing_daemon_is_one_clear_sentence() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = api(&format!("http://{free}")).open("/", &[], "").await.unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "no daemon answers at http://{free}/ (connection refused); start one with `logseal serve`, or name another with --url"
            )
        );
    }
}
