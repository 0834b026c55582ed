//! systemd-journal-upload: `POST /upload`, a stream of entries that is worked on while it arrives.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use logseal_parsers::LogEvent;
use logseal_parsers::push::journal::{ENTRY_BYTES_MAX, Entry, FORMAT, Splitter, parse};

use super::intake::Intake;
use crate::api::body::Inflow;
use crate::api::caller::Caller;
use crate::api::error::{ApiError, Problem};
use crate::api::state::Api;
use crate::api::submission::Submission;

const ORIGIN: &str = "http:journal";
const SOURCE: &str = "journal";
const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: usize = 1 << 20;
/// Read between two looks at the batch's size.
const SLICE_BYTES: usize = 32 << 10;

/// Takes a stream of entries, and answers when the last of them is durable.
pub(in crate::api) async fn upload(
    State(api): State<Api>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let mut inflow = Inflow::streamed(&api, &parts.headers, body)?;
    let mut upload = Upload { splitter: Splitter::default(), intake: Intake::new(caller.filing(ORIGIN)), entries: 0 };
    let mut submission = Submission::new(&api.ingest);
    let flowed = flow(&mut inflow, &mut upload, &mut submission).await;
    let (durable, failure) = submission.settle().await;
    upload.intake.count(&api, durable.rows);
    flowed
        .and_then(|()| failure.map_or(Ok(()), |rejected| Err(rejected.into())))
        .map_err(|error| error.after_storing(durable.through, "entries"))?;
    Ok((StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "OK.\n").into_response())
}

/// A stream on its way in.
struct Upload {
    splitter: Splitter,
    intake: Intake,
    /// Entries that have ended.
    entries: u64,
}

/// Reads the whole body into the submission. What had come whole before a fault is as good as any other entry.
async fn flow(inflow: &mut Inflow, upload: &mut Upload, submission: &mut Submission<'_>) -> Result<(), ApiError> {
    loop {
        let piece = inflow.next().await;
        let Ok(Some(piece)) = piece else {
            if matches!(piece, Ok(None)) {
                upload.finish();
            }
            submission.add_if_any(upload.intake.take(), upload.entries).await?;
            return piece.map(drop);
        };
        for slice in piece.chunks(SLICE_BYTES) {
            upload.feed(slice);
            if upload.intake.is_over(BATCH_ROWS, BATCH_BYTES) {
                submission.add_if_any(upload.intake.take(), upload.entries).await?;
            }
        }
        // A body that is all there already must not keep others from their turn.
        tokio::task::consume_budget().await;
    }
}

impl Upload {
    fn feed(&mut self, slice: &[u8]) {
        let Self { splitter, intake, entries } = self;
        splitter.feed(slice, |entry| add(intake, entries, entry));
    }

    fn finish(&mut self) {
        let Self { splitter, intake, entries } = self;
        splitter.finish(|entry| add(intake, entries, entry));
    }
}

fn add(intake: &mut Intake, entries: &mut u64, entry: Entry<'_>) {
    *entries += 1;
    let mut event = match entry.fault {
        // The client would send the same again for ever if it were refused.
        Some(fault) => {
            let why = format!("entry {entries} of its stream is damaged: {fault}");
            LogEvent {
                message: entry.bytes.into(),
                parse_error: Some(why.into()),
                format: FORMAT,
                ..LogEvent::default()
            }
        }
        None => match parse(entry.bytes, &intake.context()) {
            Some(event) => event,
            None => return,
        },
    };
    if entry.is_cut {
        let why = event.parse_error.map(|why| format!("{why}; ")).unwrap_or_default();
        event.parse_error = Some(format!("{why}longer than {ENTRY_BYTES_MAX} bytes: cut").into());
        intake.note_cut();
    }
    intake.add(&event, entry.bytes, "", SOURCE);
}

/// An error as systemd-journal-remote tells it: a line of text.
pub(super) fn refusal(problem: &Problem) -> Response {
    let status = match problem.status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    };
    let text = format!("{}\n", problem.detail);
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
