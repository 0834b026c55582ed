//! `POST /logs/bulk`: one record a line, a whole file, or JSON however it is put together, worked on while the body arrives.
//!
//! Lines are parsed and submitted in batches, several of them under way, so a body of any length
//! needs the memory of a few batches. The answer comes when the last one is durable. A line that is
//! not understood is kept whole as an unparsed record. Where the request fails in the middle, the
//! lines that were submitted stay stored, and the error says how many at the front are.

use std::borrow::Cow;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use logseal_parsers::multiline::Rule;
use logseal_parsers::push::form;
use logseal_parsers::{
    Attributes, Context, FileOptions, FileParser, Format, Formats, LineFormat, LineParser, LogEvent, Zone, json,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{Inflow, check_type};
use super::caller::{Caller, Filing};
use super::cutter::{Cut, Cutter};
use super::error::ApiError;
use super::lines::{LINE_BYTES_MAX, Line};
use super::openapi::parameters::{LineParameters, WaitParameter};
use super::params::Params;
use super::record::source_fault;
use super::searchable::Wait;
use super::state::Api;
use super::submission::{Durable, IdSpan, Submission};
use crate::clock::now_micros;
use crate::metrics::OriginLabel;
use crate::record::{Batch, Origin};

/// The origin of records that come in streams of lines.
const ORIGIN: &str = "http:bulk";
/// The source of records that name none, where the request names none either.
const DEFAULT_SOURCE: &str = "http";
const BATCH_ROWS: usize = 8192;
const BATCH_BYTES: usize = 1 << 20;
/// Parsed between two looks at the batch's size.
const SLICE_BYTES: usize = 32 << 10;
/// A header travels in the address of a request, which servers bound.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// Lines that an answer names; all are counted.
const ERRORS_MAX: usize = 10;

const FORM: &str = "application/x-www-form-urlencoded";
const TYPES: [&str; 9] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/json",
    "application/json-seq",
    "text/plain",
    "application/octet-stream",
    FORM,
];

#[derive(Serialize, ToSchema)]
#[schema(as = StoredLines)]
struct Answer {
    inserted: u64,
    unparsed: u64,
    ids: Option<IdSpan>,
    errors: Vec<LineFault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    searchable: Option<bool>,
}

/// A line that was kept unparsed.
#[derive(Serialize, ToSchema)]
struct LineFault {
    line: u64,
    detail: Cow<'static, str>,
}

/// Takes a stream of lines.
#[utoipa::path(
    post,
    path = "/api/v1/logs/bulk",
    tag = "Records in",
    operation_id = "create_logs_bulk",
    summary = "Store a stream of lines",
    security(("bearer" = ["user", "ingest"])),
    params(WaitParameter, LineParameters),
    request_body(
        content(
            (Option<String> = "application/x-ndjson"), (Option<String> = "text/plain"), (Option<String> = "application/octet-stream")
        ),
        description = "One record a line; under `application/json` also an array of objects, or objects on many lines; under \
            `application/x-www-form-urlencoded` one form. What is not understood is kept unparsed",
    ),
    responses(
        (status = 201, description = "Durable", body = Answer),
        (status = 202, description = "Durable, but not found by search in time", body = Answer),
    )
)]
pub(super) async fn create(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let wait = Wait::of(&mut params);
    let source = source(&mut params);
    let lines = Lines::of(&mut params, &api.formats);
    params.finish()?;
    check_type(request.headers(), &TYPES, true)?;
    let (parts, body) = request.into_parts();
    let mut inflow = Inflow::streamed(&api, &parts.headers, body)?;
    let mut cutter = cutter(&parts.headers, &lines);
    let mut intake = Intake::new(source, lines.parser(), caller.filing(ORIGIN));
    let mut submission = Submission::new(&api.ingest);
    let flowed = flow(&mut inflow, &mut cutter, &mut intake, &mut submission).await;
    let (durable, failure) = submission.settle().await;
    intake.count(&api, &durable);
    flowed
        .and_then(|()| failure.map_or(Ok(()), |rejected| Err(rejected.into())))
        .map_err(|error: ApiError| error.after_storing(durable.through, cutter.unit()))?;
    let (status, searchable) = wait.reached(&api, durable.ids.map(|ids| ids.last)).await;
    let answer = Answer {
        inserted: durable.rows,
        unparsed: intake.unparsed,
        ids: durable.ids,
        errors: intake.errors,
        searchable,
    };
    Ok((status, Json(answer)).into_response())
}

/// An array is JSON, and so is an object on many lines: most loggers send one or the other under this type.
fn cutter(headers: &HeaderMap, lines: &Lines) -> Cutter {
    if let Some(parser) = lines.file_parser() {
        return Cutter::file(parser);
    }
    let format = &lines.format;
    let is = |essence: &str| format.is(Format::Json) && check_type(headers, &[essence], false).is_ok();
    if is("application/json") {
        Cutter::objects()
    } else if is(FORM) {
        Cutter::FormOrObjects
    } else {
        Cutter::lines()
    }
}

fn source(params: &mut Params) -> String {
    let source = params.text("source").unwrap_or_else(|| DEFAULT_SOURCE.to_owned());
    if let Some(detail) = source_fault(&source) {
        params.fault("source", detail);
    }
    source
}

/// What a request says of its lines.
struct Lines {
    format: LineFormat,
    /// Below which the body goes on.
    header: String,
    multiline: Rule,
}

impl Lines {
    fn of(params: &mut Params, formats: &Formats) -> Self {
        let name = params.text("format");
        let format = name.map_or(Ok(Format::Json.into()), |name| formats.find(&name));
        let format = format.unwrap_or_else(|error| {
            params.fault("format", error.to_string());
            Format::Json.into()
        });
        let header = params.text("header").unwrap_or_default();
        if header.len() > HEADER_BYTES_MAX {
            params.fault("header", format!("header must have at most {HEADER_BYTES_MAX} bytes"));
        }
        let rule = params.text("multiline").map_or(Ok(Rule::None), |word| word.parse());
        let multiline = rule.unwrap_or_else(|error: logseal_parsers::multiline::UnknownRule| {
            params.fault("multiline", error.to_string());
            Rule::None
        });
        Self { format, header, multiline }
    }

    fn parser(&self) -> LineParser {
        LineParser::with_header(self.format.clone(), self.header.as_bytes(), &context(now_micros()))
    }

    /// What reads the body as a file, where lines are to be joined.
    fn file_parser(&self) -> Option<FileParser> {
        let options = FileOptions { format: self.format.clone(), multiline: self.multiline, ..FileOptions::default() };
        let header = self.header.as_bytes();
        (self.multiline != Rule::None).then(|| FileParser::with_header(options, header, &context(now_micros())))
    }
}

fn context(received_at: i64) -> Context {
    Context { received_at, zone: Zone::UTC }
}

/// Reads the whole body into the submission.
async fn flow(
    inflow: &mut Inflow,
    cutter: &mut Cutter,
    intake: &mut Intake,
    submission: &mut Submission<'_>,
) -> Result<(), ApiError> {
    loop {
        let piece = inflow.next().await;
        // What had come whole before a failure is as good as any other record.
        let Ok(Some(piece)) = piece else {
            if matches!(piece, Ok(None)) {
                cutter.finish(&context(intake.arrival()), |cut| intake.add(cut));
            }
            submission.add_if_any(intake.take(), cutter.ended()).await?;
            return piece.map(drop);
        };
        for slice in piece.chunks(SLICE_BYTES) {
            cutter.feed(slice, &context(intake.arrival()), |cut| intake.add(cut));
            if intake.batch.rows() >= BATCH_ROWS || intake.batch.bytes() >= BATCH_BYTES {
                submission.add(intake.take(), cutter.ended()).await?;
            }
        }
        // A body that is all there already must not keep others from their turn.
        tokio::task::consume_budget().await;
    }
}

/// From lines to rows of a batch.
struct Intake {
    /// Of records that name none.
    source: String,
    parser: LineParser,
    filing: Filing,
    batch: Batch,
    received_at: i64,
    bytes: u64,
    unparsed: u64,
    truncated: u64,
    errors: Vec<LineFault>,
}

impl Intake {
    fn new(source: String, parser: LineParser, filing: Filing) -> Self {
        Self {
            source,
            parser,
            filing,
            batch: Batch::default(),
            received_at: 0,
            bytes: 0,
            unparsed: 0,
            truncated: 0,
            errors: Vec::new(),
        }
    }

    /// The time of arrival of what comes next: one for a whole batch, which must not cross midnight.
    fn arrival(&mut self) -> i64 {
        if self.batch.is_empty() {
            self.received_at = now_micros();
        }
        self.received_at
    }

    fn add(&mut self, cut: Cut<'_>) {
        let cx = context(self.received_at);
        match cut {
            Cut::Line(line) => {
                let event = self.parser.parse(line.bytes, &cx);
                self.add_line(event, &line);
            }
            Cut::Form(line) => self.add_line(form::parse(line.bytes, &cx), &line),
            Cut::Record(record) => self.push(record.event, record.raw, record.line),
        }
    }

    fn add_line(&mut self, mut event: LogEvent<'_>, line: &Line<'_>) {
        if line.is_cut {
            self.truncated += 1;
            event.parse_error = Some(Cow::Owned(format!("longer than {LINE_BYTES_MAX} bytes: cut")));
        }
        self.push(event, line.bytes, line.number);
    }

    fn push(&mut self, mut event: LogEvent<'_>, bytes: &[u8], number: u64) {
        if let Some(error) = &event.parse_error {
            self.unparsed += 1;
            if self.errors.len() < ERRORS_MAX {
                self.errors.push(LineFault { line: number, detail: error.clone() });
            }
        }
        self.bytes += bytes.len() as u64;
        let stated = Stated::take_from(&mut event);
        let source = self.filing.source.as_deref().or(stated.source.as_deref()).unwrap_or(&self.source);
        let raw = stated.raw_data.as_ref().map_or(bytes, |raw| raw.as_bytes());
        let origin = Origin { source, origin: &self.filing.origin, peer: "", received_at: self.received_at };
        self.batch.push(&event, raw, &origin);
    }

    fn take(&mut self) -> Batch {
        std::mem::take(&mut self.batch)
    }

    fn count(&self, api: &Api, durable: &Durable) {
        let label = OriginLabel { origin: self.filing.origin.clone() };
        api.metrics.received.get_or_create(&label).inc_by(durable.rows);
        api.metrics.received_bytes.get_or_create(&label).inc_by(self.bytes);
        api.metrics.unparsed.get_or_create(&label).inc_by(self.unparsed);
        api.metrics.truncated.get_or_create(&label).inc_by(self.truncated);
    }
}

/// What a JSON record says of its own filing.
#[derive(Default)]
struct Stated {
    source: Option<String>,
    raw_data: Option<String>,
}

impl Stated {
    /// Moves `source` and `raw_data` out of the attributes, where the JSON parser leaves them.
    fn take_from(event: &mut LogEvent<'_>) -> Self {
        let is_source = |value: &str| source_fault(value).is_none();
        let mut stated = Self::default();
        if event.format != json::FORMAT || event.attributes.is_empty() {
            return stated;
        }
        let names_any = event.attributes.iter().any(|(name, _)| name == "source" || name == "raw_data");
        if !names_any {
            return stated;
        }
        let mut rest = Attributes::default();
        for (name, value) in event.attributes.iter() {
            match name {
                "source" if stated.source.is_none() && is_source(value) => stated.source = Some(value.to_owned()),
                "raw_data" if stated.raw_data.is_none() => stated.raw_data = Some(value.to_owned()),
                _ => rest.push(name, value),
            }
        }
        event.attributes = rest;
        stated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake(lines: &[&str]) -> Intake {
        let filing = Filing { origin: ORIGIN.to_owned(), source: None };
        let mut intake = Intake::new("src".to_owned(), LineParser::new(Format::Json), filing);
        for (line, number) in lines.iter().zip(1..) {
            intake.add(Cut::Line(Line { bytes: line.as_bytes(), number, is_cut: false }));
        }
        intake
    }

    fn rows(intake: &Intake) -> Vec<crate::record::LogRow<'static>> {
        let block = intake.batch.encode(1, &uuid::Uuid::nil()).to_vec();
        crate::record::block::decode(&block).unwrap().into_iter().map(crate::record::LogRow::into_owned).collect()
    }

    #[test]
    fn a_record_may_name_its_source_and_its_raw_form() {
        let line = r#"{"message":"m","source":"WEB","raw_data":"<1>m","status":200}"#;
        let plain = r#"{"message":"m"}"#;
        let long = format!(r#"{{"message":"m","source":"{}"}}"#, "x".repeat(129));
        let reserved = r#"{"message":"m","source":"logseal.audit"}"#;
        let rows = rows(&intake(&[line, plain, &long, reserved]));
        assert_eq!((&*rows[0].source, &*rows[0].raw), ("WEB", &b"<1>m"[..]));
        assert_eq!(rows[0].attributes, [("status".into(), "200".into())]);
        assert_eq!((&*rows[1].source, &*rows[1].raw), ("src", plain.as_bytes()));
        assert_eq!((&*rows[2].source, rows[2].attributes.len()), ("src", 1));
        assert_eq!((&*rows[3].source, rows[3].attributes.len()), ("src", 1));
    }

    #[test]
    fn a_bad_line_is_kept_whole_counted_and_named() {
        let mut lines = vec![r#"{"message":"m"}"#, "not json"];
        lines.extend(vec!["{"; 20]);
        let intake = intake(&lines);
        assert_eq!((intake.batch.rows(), intake.unparsed, intake.errors.len()), (22, 21, ERRORS_MAX));
        assert_eq!(intake.errors[0].line, 2);
        let rows = rows(&intake);
        assert_eq!((&*rows[1].message, &*rows[1].raw), (&b"not json"[..], &b"not json"[..]));
        assert!(!rows[1].parse_error.is_empty());
    }
}
