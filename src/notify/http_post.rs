//! One `POST`, and what its answer means.
//!
//! Without a pool, a redirect or a proxy: a connection goes to an address that was judged, carries one request and ends.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::network::Network;
use super::send_error::SendError;
use super::web_address::WebAddress;
use crate::telemetry::chain;

/// So much of an answer is read, and so much of that is shown.
const ANSWER_BYTES_MAX: usize = 4096;
const SHOWN_CHARACTERS_MAX: usize = 200;
/// So many letters or digits of a secret in a row, and the answer is not shown.
const SECRET_PART_LETTERS: usize = 8;
const ANSWER_NOT_SHOWN: &str = "(its answer is not shown: a part of a secret is in it)";
/// No receiver is believed that it wants to be left alone for longer.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

/// What is posted.
pub(super) struct Post<'a> {
    pub(super) url: &'a WebAddress,
    /// Path and query, where they are not those of `url`.
    pub(super) path: Option<String>,
    pub(super) headers: HeaderMap,
    /// JSON.
    pub(super) body: Vec<u8>,
    /// Texts that an answer may repeat, and an error must not.
    pub(super) secrets: Vec<String>,
}

impl Network {
    /// # Errors
    /// It was not taken; see [`SendError`].
    pub(super) async fn post(&self, post: Post<'_>, now: DateTime<Utc>) -> Result<(), SendError> {
        let host = post.url.host();
        let whole = self.deadlines.whole;
        let late = |_| SendError::later(format!("{host} did not answer within {whole:?}"));
        let (status, headers, body) = timeout(whole, self.exchange(&post)).await.map_err(late)??;
        judge(host, status, &headers, &shown(&body, &post.secrets), now)
    }

    async fn exchange(&self, post: &Post<'_>) -> Result<(StatusCode, HeaderMap, Vec<u8>), SendError> {
        let host = post.url.host();
        let failed = |error: hyper::Error| SendError::later(format!("{host} broke off: {}", chain(&error)));
        let request = request(post)?;
        let stream = self.connect(host, post.url.port(), post.url.is_https()).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let answered = async {
            let answer = sender.send_request(request).await.map_err(failed)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok((status, headers, beginning(answer).await))
        };
        // The connection only moves while it is polled. Its end is not ours: what it has read by then is still to be taken.
        let moved = async {
            drop(connection.await);
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            answered = answered => answered,
            never = moved => match never {},
        }
    }
}

fn request(post: &Post<'_>) -> Result<Request<Full<Bytes>>, SendError> {
    let path = post.path.as_deref().unwrap_or(post.url.path());
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, post.url.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("logseal/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(post.body.clone())))
        .map_err(|_| SendError::refused("the channel's address cannot be asked for"))?;
    request.headers_mut().extend(post.headers.clone());
    Ok(request)
}

/// The first bytes of the body; what breaks off is as good as what is long.
async fn beginning(answer: Response<Incoming>) -> Vec<u8> {
    let mut body = answer.into_body();
    let mut read = Vec::new();
    while read.len() < ANSWER_BYTES_MAX
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Some(data) = frame.data_ref() {
            read.extend(data.iter().take(ANSWER_BYTES_MAX - read.len()));
        }
    }
    read
}

/// What an error shows of an answer.
fn shown(body: &[u8], secrets: &[String]) -> String {
    let mut text: String =
        String::from_utf8_lossy(body).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for secret in secrets.iter().filter(|secret| secret.len() > 1) {
        text = text.replace(secret.as_str(), "(not shown)");
    }
    let text: String = text.trim().chars().take(SHOWN_CHARACTERS_MAX).collect();
    if secrets.iter().any(|secret| has_part(&text, secret)) { ANSWER_NOT_SHOWN.to_owned() } else { text }
}

/// Whether letters and digits of `text` hold so many in a row of `secret`: escaped, cut off, or with something between them.
fn has_part(text: &str, secret: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<Vec<char>>();
    let (text, secret) = (letters(text), letters(secret));
    let mut parts = secret.windows(SECRET_PART_LETTERS);
    parts.any(|part| text.windows(SECRET_PART_LETTERS).any(|found| found == part))
}

fn judge(
    host: &str,
    status: StatusCode,
    headers: &HeaderMap,
    shown: &str,
    now: DateTime<Utc>,
) -> Result<(), SendError> {
    let said = if shown.is_empty() { String::new() } else { format!(": {shown}") };
    let text = format!("{host} answered {status}{said}");
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(SendError::Refused(format!("{host} answered {status}, and redirects are not followed"))),
        408 | 425 | 429 | 500.. => Err(SendError::Later { text, after: retry_after(headers, now) }),
        _ => Err(SendError::Refused(text)),
    }
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER).map(HeaderValue::to_str)?.ok()?.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(value).ok()?.with_timezone(&Utc);
            (until - now).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn only_what_may_change_by_itself_is_tried_again() {
        let kind = |status| {
            let status = StatusCode::from_u16(status).unwrap();
            match judge("h", status, &HeaderMap::new(), "", now()) {
                Ok(()) => "taken",
                Err(SendError::Refused(_)) => "refused",
                Err(SendError::Later { .. }) => "later",
            }
        };
        for (status, outcome) in [
            (200, "taken"),
            (202, "taken"),
            (204, "taken"),
            (301, "refused"),
            (307, "refused"),
            (400, "refused"),
            (401, "refused"),
            (404, "refused"),
            (408, "later"),
            (410, "refused"),
            (413, "refused"),
            (425, "later"),
            (429, "later"),
            (500, "later"),
            (503, "later"),
            (599, "later"),
        ] {
            assert_eq!(kind(status), outcome, "{status}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
        let after = |value: &str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
            retry_after(&headers, now()).map(|wait| wait.as_secs())
        };
        for (value, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("99999999999", Some(86_400)),
            ("Fri, 15 Jan 2027 08:02:00 GMT", Some(120)),
            ("Fri, 15 Jan 2027 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(after(value), seconds, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now()), None);
    }

    #[test]
    fn an_answer_is_shown_in_part_on_one_line_and_without_secrets() {
        let secrets = ["s3cret".to_owned(), String::new()];
        assert_eq!(shown(b" no\r\nsuch \0s3cret here\xff ", &secrets), "no  such  (not shown) here\u{fffd}");
        assert_eq!(shown("é".repeat(300).as_bytes(), &secrets), "é".repeat(200));
        let secrets = ["/services/T000/B000/XXXXSECRET".to_owned(), "pass\"word\"s".to_owned()];
        for said in
            [r#"{"path":"\/services\/T000\/B000\/XXXXSECRET"}"#, r#""pass\"word\"s""#, "near the end: T000/B000/X"]
        {
            assert_eq!(shown(said.as_bytes(), &secrets), ANSWER_NOT_SHOWN, "{said}");
        }
        assert_eq!(shown(b"no such service", &secrets), "no such service");
    }
}
