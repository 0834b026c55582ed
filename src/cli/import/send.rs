//! One piece on its way to the daemon, until it is acknowledged or that is hopeless.

use std::time::{Duration, Instant};

use bytes::Bytes;
use logseal_parsers::multiline::Rule;
use logseal_parsers::{Format, LineParser};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::cli::api_error::explain;
use crate::cli::client::{Api, broken_transfer, read_whole};
use crate::cli::pieces::{CX, PIECE_BYTES_MAX, Piece};

/// Between two attempts, where the daemon does not say how long.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// One attempt may take this long; the daemon's own limit for a body is shorter.
const ATTEMPT_MAX: Duration = Duration::from_secs(330);
/// The longest header that the daemon takes in the address of a request.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// How many lines at the front of a refused body are durable all the same.
const STORED_HEADER: &str = "x-logseal-stored";

/// Sends pieces to one daemon.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    http: Client,
    url: Url,
    format: Format,
    retry_for: Duration,
    stop: CancellationToken,
}

/// What became of a piece.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) piece: Piece,
    /// Records that the daemon acknowledged: all of the piece, where there is no failure.
    pub(super) acknowledged: u64,
    /// Of them, those that were stored whole because their format was not understood.
    pub(super) unparsed: u64,
    /// The first of these lines, each with its reason.
    pub(super) reasons: Vec<String>,
    /// The first and the last id that the records got; others' records may lie between.
    pub(super) ids: Option<(u64, u64)>,
    /// Records that were sent again because an answer was lost: they may be stored twice.
    pub(super) in_doubt: u64,
    /// Why the piece, or its rest, was given up.
    pub(super) failure: Option<String>,
}

/// What the daemon says of a piece that it took.
#[derive(Debug, Deserialize)]
struct Answer {
    inserted: u64,
    #[serde(default)]
    unparsed: u64,
    #[serde(default)]
    ids: Option<Ids>,
    #[serde(default)]
    errors: Vec<LineFault>,
}

/// A line that was stored whole, because it was not understood.
#[derive(Debug, Deserialize)]
struct LineFault {
    line: u64,
    detail: String,
}

#[derive(Debug, Deserialize)]
struct Ids {
    first: u64,
    last: u64,
}

/// How one attempt ended without an acknowledgement.
enum Refusal {
    /// Nothing of it was taken but, perhaps, `stored` lines at its front.
    Later { wait: Option<Duration>, stored: u64, reason: String },
    /// The answer was lost.
    Unknown { reason: String },
    /// It will never be taken.
    Final { stored: u64, reason: String },
}

impl Sender {
    /// For files whose lines are joined by `rule`.
    pub(super) fn new(
        api: &Api,
        source: &str,
        format: &str,
        rule: Rule,
        retry_for: Duration,
        stop: CancellationToken,
    ) -> Self {
        let parameters =
            [("format", format.to_owned()), ("source", source.to_owned()), ("multiline", rule.as_str().to_owned())];
        let format = super::header_format(format);
        Self { http: api.http().clone(), url: api.url("/api/v1/logs/bulk", &parameters), format, retry_for, stop }
    }

    /// Sends `piece` until it is acknowledged, refused for good, or the time is over.
    pub(super) fn send(&self, piece: Piece) -> impl Future<Output = Sent> + use<> {
        self.clone().send_owned(piece)
    }

    async fn send_owned(self, piece: Piece) -> Sent {
        let (mut header, mut rest) = (piece.header.clone(), piece.bytes.clone());
        let mut sent =
            Sent { piece, acknowledged: 0, unparsed: 0, reasons: Vec::new(), ids: None, in_doubt: 0, failure: None };
        if sent.piece.records == 0 {
            return sent;
        }
        let deadline = Instant::now() + self.retry_for;
        let mut pause = PAUSE_FIRST;
        let (mut may_be_stored, mut lines_stored) = (0, 0);
        loop {
            let open = sent.piece.records - sent.acknowledged;
            // Records count as doubtful once they are sent again after a lost answer.
            sent.in_doubt = sent.in_doubt.max(may_be_stored);
            let (wait, reason) = match self.attempt(&header, rest.clone(), open).await {
                Ok(answer) => {
                    sent.take(&answer, lines_stored);
                    return sent;
                }
                Err(Refusal::Final { stored, reason }) => {
                    sent.acknowledged = sent.piece.records_in(lines_stored + stored);
                    sent.failure = Some(reason);
                    return sent;
                }
                Err(Refusal::Later { wait, stored, reason }) => {
                    lines_stored += stored;
                    sent.acknowledged = sent.piece.records_in(lines_stored);
                    let left = without_lines(&rest, stored);
                    header = self.header_below(&header, rest.get(..rest.len() - left.len()).unwrap_or_default());
                    rest = left;
                    (wait, reason)
                }
                Err(Refusal::Unknown { reason }) => {
                    may_be_stored = open;
                    (None, reason)
                }
            };
            if sent.acknowledged == sent.piece.records {
                return sent;
            }
            let wait = wait.unwrap_or(pause).min(PAUSE_MAX);
            pause = (pause * 2).min(PAUSE_MAX);
            let is_stopped = tokio::select! {
                () = self.stop.cancelled() => true,
                () = tokio::time::sleep(wait) => Instant::now() >= deadline,
            };
            if is_stopped {
                sent.failure = Some(reason);
                return sent;
            }
        }
    }

    /// The header that is in force below `lines`, where `header` is above them.
    fn header_below(&self, header: &[u8], lines: &[u8]) -> Vec<u8> {
        let mut parser = LineParser::with_header(self.format, header, &CX);
        for line in lines.split(|b| *b == b'\n') {
            parser.note(line, &CX);
        }
        parser.header()
    }

    /// Sends `body`, whose lines go on below `header`.
    async fn attempt(&self, header: &[u8], body: Bytes, records: u64) -> Result<Answer, Refusal> {
        debug_assert!(body.len() <= PIECE_BYTES_MAX);
        let mut url = self.url.clone();
        // One that is longer than the daemon takes would have the rows refused; without it they are kept whole.
        if !header.is_empty() && header.len() <= HEADER_BYTES_MAX {
            url.query_pairs_mut().append_pair("header", &String::from_utf8_lossy(header));
        }
        let request = self.http.post(url).header("Content-Type", "application/x-ndjson").body(body);
        let response = match request.timeout(ATTEMPT_MAX).send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return Err(Refusal::Later { wait: None, stored: 0, reason: "the daemon is away".to_owned() });
            }
            Err(error) => return Err(Refusal::Unknown { reason: broken_transfer(error).to_string() }),
        };
        let (status, wait, stored) = (response.status(), retry_after(&response), stored_of(&response));
        let body = match read_whole(response, 16 << 20).await {
            Ok(body) => body,
            Err(error) => return Err(Refusal::Unknown { reason: error.to_string() }),
        };
        if status.is_success() {
            return check(&body, records);
        }
        let reason = explain(status.as_u16(), &body, "");
        Err(match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Refusal::Later { wait, stored, reason }
            }
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Refusal::Unknown { reason },
            _ => Refusal::Final { stored, reason },
        })
    }
}

impl Sent {
    /// The answer to all that was still open, behind the first `lines_before` lines.
    fn take(&mut self, answer: &Answer, lines_before: u64) {
        self.acknowledged = self.piece.records;
        self.unparsed = answer.unparsed;
        self.ids = answer.ids.as_ref().map(|ids| (ids.first, ids.last));
        let number = |line: u64| self.piece.line_in_input(lines_before + line);
        self.reasons = answer
            .errors
            .iter()
            .map(|fault| match number(fault.line) {
                Some(number) => format!("line {number}: {}", fault.detail),
                None => fault.detail.clone(),
            })
            .collect();
    }
}

/// The answer, where it acknowledges exactly what was sent.
fn check(body: &[u8], records: u64) -> Result<Answer, Refusal> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| Refusal::Final {
        stored: 0,
        reason: format!("the daemon's answer is not understood ({error}); whether the lines are stored is not known"),
    })?;
    if answer.inserted == records {
        return Ok(answer);
    }
    Err(Refusal::Final {
        stored: 0,
        reason: format!("{records} records were sent, and the daemon acknowledged {}", answer.inserted),
    })
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get("Retry-After")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn stored_of(response: &Response) -> u64 {
    let header = response.headers().get(STORED_HEADER).and_then(|value| value.to_str().ok());
    header.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// `lines` without its first `count` lines.
fn without_lines(lines: &Bytes, count: u64) -> Bytes {
    let Some(last) = count.checked_sub(1) else { return lines.clone() };
    let end = usize::try_from(last).ok().and_then(|last| memchr::memchr_iter(b'\n', lines).nth(last));
    lines.slice(end.map_or(lines.len(), |end| end + 1)..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_must_acknowledge_exactly_what_was_sent() {
        let check_answer = |body: &str, records| check(body.as_bytes(), records).is_ok();
        assert!(check_answer(
            r#"{"inserted":5,"unparsed":1,"ids":{"first":1,"last":5},"errors":[{"line":2,"detail":"d"}]}"#,
            5
        ));
        assert!(check_answer(r#"{"inserted":5,"ids":null}"#, 5));
        assert!(!check_answer(r#"{"inserted":4}"#, 5));
        assert!(!check_answer("<html>", 5));
    }

    #[test]
    fn records_that_are_durable_are_not_sent_again() {
        let lines = Bytes::from("a\nb\nc\n");
        let rest = |count| without_lines(&lines, count);
        assert_eq!([rest(0), rest(1), rest(3), rest(9)], ["a\nb\nc\n", "b\nc\n", "", ""]);
    }
}
