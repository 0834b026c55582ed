//! HTTP answers: whole ones, streamed ones, and how a streamed one breaks off.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use super::cancel::CancelGuard;
use super::exception::{Exception, code};
use super::execute::{Event, Summary};
use super::wire::Wire;

/// How long hyper is given to write the exception frame before the socket is looked at (again).
const FRAME_PAUSE: Duration = Duration::from_millis(10);
/// How long a slow client may take to make room for the exception frame. Past it, it sees a broken connection only.
const FRAME_WAIT: Duration = Duration::from_secs(10);

/// The body of an answer.
pub(super) enum Answer {
    /// All of it is known.
    Whole(Option<Bytes>),
    /// It comes from a running query.
    Streamed(Box<Streamed>),
}

/// A result under way.
pub(super) struct Streamed {
    first: Option<Bytes>,
    events: mpsc::Receiver<Event>,
    tag: String,
    /// Kills the query when the client goes away before the end.
    guard: CancelGuard,
    wire: Wire,
    phase: Phase,
}

enum Phase {
    Data,
    /// The exception frame is with hyper; the connection stays open until it has reached the socket.
    Framed(Pin<Box<Sleep>>, Instant),
    Ended,
}

impl Streamed {
    pub(super) fn new(
        first: Option<Bytes>,
        events: mpsc::Receiver<Event>,
        tag: String,
        guard: CancelGuard,
        wire: Wire,
    ) -> Self {
        Self { first, events, tag, guard, wire, phase: Phase::Data }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        match &mut self.phase {
            Phase::Data => {}
            Phase::Framed(pause, since) => {
                std::task::ready!(pause.as_mut().poll(cx));
                if self.wire.is_blocked() && since.elapsed() < FRAME_WAIT {
                    pause.as_mut().reset(Instant::now() + FRAME_PAUSE);
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                // An error here makes hyper close the connection without the last chunk.
                self.phase = Phase::Ended;
                return Poll::Ready(Some(Err(io::Error::other("the query failed"))));
            }
            Phase::Ended => return Poll::Ready(None),
        }
        let event = std::task::ready!(self.events.poll_recv(cx));
        match event {
            Some(Event::Data(bytes) | Event::Whole(bytes, _)) => Poll::Ready(Some(Ok(bytes))),
            Some(Event::End) => {
                self.guard.disarm();
                self.phase = Phase::Ended;
                Poll::Ready(None)
            }
            failed => {
                let exception = match failed {
                    Some(Event::Failed(exception)) => exception,
                    _ => died(),
                };
                self.guard.disarm();
                let pause = Box::pin(tokio::time::sleep(FRAME_PAUSE));
                self.phase = Phase::Framed(pause, Instant::now());
                Poll::Ready(Some(Ok(exception.frame(&self.tag).into())))
            }
        }
    }
}

/// The job ended without saying how: it panicked, or its thread was never started.
pub(super) fn died() -> Exception {
    Exception::new(code::UNKNOWN_EXCEPTION, "UNKNOWN_EXCEPTION", "the query ended without a result")
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Self::Streamed(streamed) => streamed.poll(cx).map(|p| p.map(|r| r.map(Frame::data))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Self::Streamed(_) => SizeHint::default(),
        }
    }
}

/// A short text.
pub(super) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some(text.into())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    response
}

/// An error that came before the first byte of the result.
pub(super) fn error(exception: &Exception) -> Response<Answer> {
    let mut response = text(exception.status(), format!("{}\n", exception.message));
    response.headers_mut().insert("X-ClickHouse-Exception-Code", exception.code.into());
    if exception.status() == StatusCode::UNAUTHORIZED || exception.code == code::AUTHENTICATION_FAILED {
        response.headers_mut().insert(
            http::header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"ClickHouse server HTTP API\""),
        );
    }
    response
}

/// A result: its body, with the headers that ClickHouse puts before it.
pub(super) fn result(body: Answer, format: &str, query_id: Option<&str>, summary: Option<Summary>) -> Response<Answer> {
    let tag = match &body {
        Answer::Streamed(streamed) => Some(streamed.tag.clone()),
        Answer::Whole(_) => None,
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(format)));
    let summary = summary.map(summary_json);
    for (name, value) in [
        ("X-ClickHouse-Format", Some(format)),
        ("X-ClickHouse-Query-Id", query_id),
        ("X-ClickHouse-Exception-Tag", tag.as_deref()),
        ("X-ClickHouse-Summary", summary.as_deref()),
    ] {
        if let Some(value) = value.and_then(|v| HeaderValue::from_str(v).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

fn summary_json(summary: Summary) -> String {
    format!(
        r#"{{"read_rows":"{}","read_bytes":"{}","written_rows":"{}","written_bytes":"{}","result_rows":"{}","elapsed_ns":"{}"}}"#,
        summary.read_rows,
        summary.read_bytes,
        summary.written_rows,
        summary.written_bytes,
        summary.result_rows,
        summary.elapsed.as_nanos()
    )
}

fn content_type(format: &str) -> &'static str {
    let format = format.to_ascii_lowercase();
    if format.starts_with("csv") {
        return if format.contains("withnames") {
            "text/csv; charset=UTF-8; header=present"
        } else {
            "text/csv; charset=UTF-8; header=absent"
        };
    }
    if format.starts_with("tabseparated") || format.starts_with("tsv") {
        return "text/tab-separated-values; charset=UTF-8";
    }
    if format.contains("eachrow") || matches!(format.as_str(), "ndjson" | "jsonlines") {
        return "application/x-ndjson; charset=UTF-8";
    }
    if format.starts_with("json") {
        return "application/json; charset=UTF-8";
    }
    let text = ["pretty", "vertical", "markdown", "xml", "values", "tskv"];
    if text.iter().any(|t| format.starts_with(t)) {
        return "text/plain; charset=UTF-8";
    }
    "application/octet-stream"
}
