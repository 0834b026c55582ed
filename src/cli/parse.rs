//! `logseal parse`: the records that a file becomes, without a daemon.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufWriter, Read as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use logseal_parsers::multiline::Rule;
use logseal_parsers::{Context, FileOptions, FileRecord, Formats, LogEvent, Zone};

use super::record_line::cell;
use super::safe_text::{CYAN, DIM, OneLine, PLAIN, RED, json, level_style};
use super::{OutputError, input};
use crate::event_log::either::FileReader;
use crate::printing::{remark, remark_line};
use crate::record::{LogRow, time_of};

/// The largest file that is read as one record.
const WHOLE_BYTES_MAX: usize = 16 << 20;
/// Read at a time.
const READ_BYTES: u64 = 256 << 10;
/// How many records that were not understood are told with their reasons.
const REASONS_MAX: usize = 5;

/// The arguments of `logseal parse`.
#[derive(Debug, Args)]
pub struct ParseArgs {
    /// How the lines are to be read: auto, or a format by its name (docs/formats, or `[formats]` of --config).
    #[arg(long, value_name = "NAME", default_value = "auto")]
    format: String,
    /// Which lines belong to one record: auto, none, or a rule by its name (docs/formats/multiline.md).
    #[arg(long, value_name = "RULE", default_value_t = Rule::Auto)]
    multiline: Rule,
    /// The zone of stamps that do not state one: UTC, +02:00, Europe/Berlin.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: Zone,
    /// Read the whole input as one record.
    #[arg(long)]
    whole: bool,
    /// Print the records as JSON, one a line.
    #[arg(long)]
    json: bool,
    /// The formats that can be named.
    #[arg(skip)]
    pub(super) formats: Formats,
    /// The file: text or a binary event log of Windows, plain or packed with gzip, zstd, bzip2 or xz; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What the records were, in the end.
#[derive(Debug, Default)]
struct Tally {
    records: u64,
    formats: BTreeMap<&'static str, u64>,
    not_understood: u64,
    reasons: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// Where the input cannot be read or the output cannot be written.
pub(super) fn run(args: &ParseArgs) -> anyhow::Result<ExitCode> {
    let format = match args.formats.find(&args.format) {
        Ok(format) => format,
        Err(error) => {
            remark_line(format_args!("{RED}logseal:{PLAIN} {error}"));
            return Ok(ExitCode::from(2));
        }
    };
    let mut input = input::open(&args.file)?;
    let mut printer = Printer {
        args,
        tally: Tally::default(),
        out: BufWriter::with_capacity(64 << 10, anstream::stdout().lock()),
        failed: None,
    };
    let mut missing = None;
    let reading = || format!("read {}", input::name(&args.file));
    if args.whole {
        let mut bytes = Vec::new();
        (&mut input.reader).take(WHOLE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).with_context(reading)?;
        if bytes.len() > WHOLE_BYTES_MAX {
            bail!(
                "{} is larger than the {} MiB that one record may have",
                input::name(&args.file),
                WHOLE_BYTES_MAX >> 20
            );
        }
        let cx = context(args);
        let event = format.parse(&bytes, &cx);
        let last_line = memchr::memchr_iter(b'\n', bytes.trim_ascii_end()).count() as u64 + 1;
        let record = FileRecord { event, raw: &bytes, line: 1, last_line, part: 0, is_cut: false };
        printer.print(&record, cx.received_at);
    } else {
        let options = FileOptions { format, multiline: args.multiline, ..FileOptions::default() };
        let mut reader = FileReader::new(options);
        let mut buffer = Vec::new();
        while printer.failed.is_none() {
            let read = (&mut input.reader).take(READ_BYTES).read_to_end(&mut buffer).with_context(reading)?;
            let cx = context(args);
            let consumed = reader.feed(&buffer, read == 0, &cx, &mut |record| printer.print(&record, cx.received_at));
            buffer.drain(..consumed);
            if read == 0 {
                break;
            }
        }
        missing = reader.missing();
    }
    printer.finish()?;
    if let Some(missing) = missing {
        remark_line(format_args!("{}: {missing}", input::name(&args.file)));
    }
    Ok(ExitCode::SUCCESS)
}

fn context(args: &ParseArgs) -> Context {
    Context { received_at: chrono::Utc::now().timestamp_micros(), zone: args.zone }
}

/// Prints records, until that fails.
struct Printer<'a, W: Write> {
    args: &'a ParseArgs,
    tally: Tally,
    out: W,
    failed: Option<std::io::Error>,
}

impl<W: Write> Printer<'_, W> {
    fn print(&mut self, record: &FileRecord<'_>, received_at: i64) {
        if self.failed.is_some() {
            return;
        }
        self.tally.add(record);
        let row = row(&record.event, record.raw, received_at);
        let printed = if self.args.json {
            json_line(&row).map_err(std::io::Error::from).and_then(|line| writeln!(self.out, "{line}"))
        } else {
            write_block(&row, &place(record), &mut self.out)
        };
        self.failed = printed.err();
    }

    fn finish(mut self) -> Result<(), OutputError> {
        let flushed = self.failed.take().map_or(Ok(()), Err).and_then(|()| self.out.flush());
        flushed.map_err(OutputError)?;
        remark(self.tally.summary());
        Ok(())
    }
}

/// Where a record stands: `line 3`, `lines 3 to 5`, `line 3, record 2`.
fn place(record: &FileRecord<'_>) -> String {
    let line = record.line;
    let lines = match record.last_line {
        last if last > line => format!("lines {line} to {last}"),
        _ => format!("line {line}"),
    };
    if record.part == 0 { lines } else { format!("{lines}, record {}", record.part + 1) }
}

/// The event as readers of the store see it.
fn row<'a>(event: &'a LogEvent<'_>, raw: &'a [u8], received_at: i64) -> LogRow<'a> {
    LogRow {
        id: 0,
        timestamp: time_of(event, received_at),
        received_at,
        level: event.level,
        severity: event.severity,
        facility: event.facility,
        source: Cow::Borrowed(""),
        host: Cow::Borrowed(&event.host),
        app: Cow::Borrowed(&event.app),
        proc_id: Cow::Borrowed(&event.proc_id),
        msg_id: Cow::Borrowed(&event.msg_id),
        user_name: Cow::Borrowed(&event.user_name),
        format: Cow::Borrowed(event.format),
        parse_error: Cow::Borrowed(event.parse_error.as_deref().unwrap_or_default()),
        origin: Cow::Borrowed(""),
        cluster: Cow::Borrowed(""),
        ip: event.ip,
        message: Cow::Borrowed(&event.message),
        raw: Cow::Borrowed(raw),
        attributes: event.attributes.iter().map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value))).collect(),
    }
}

/// The record's JSON; it has no id, because nothing numbered it.
fn json_line(row: &LogRow<'_>) -> serde_json::Result<String> {
    let text = serde_json::to_string(row)?;
    // The id comes first, and is 0, which no stored record has.
    let text = match text.strip_prefix("{\"id\":0,") {
        Some(rest) => format!("{{\"id\":null,{rest}"),
        None => text,
    };
    Ok(json(&text))
}

/// The record as a block of names and values.
fn write_block(row: &LogRow<'_>, place: &str, out: &mut impl Write) -> std::io::Result<()> {
    let style = level_style(row.level);
    writeln!(out, "{DIM}{place}{PLAIN}  {}  {style}{}{PLAIN}", OneLine(&row.format), row.level)?;
    let number = |value: Option<u8>| value.map_or(String::new(), |value| value.to_string());
    let fields = [
        ("timestamp", rfc3339(row.timestamp)),
        ("severity", number(row.severity)),
        ("facility", number(row.facility)),
        ("host", row.host.clone().into_owned()),
        ("app", row.app.clone().into_owned()),
        ("proc_id", row.proc_id.clone().into_owned()),
        ("msg_id", row.msg_id.clone().into_owned()),
        ("ip", row.ip.map_or(String::new(), |ip| ip.to_string())),
        ("user_name", row.user_name.clone().into_owned()),
        ("message", String::from_utf8_lossy(&row.message).into_owned()),
    ];
    for (name, value) in fields.iter().filter(|(name, value)| !value.is_empty() || *name == "message") {
        writeln!(out, "  {CYAN}{name:<12}{PLAIN}{}", OneLine(value))?;
    }
    let width = row.attributes.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(40);
    for (at, (name, value)) in row.attributes.iter().enumerate() {
        let title = if at == 0 { "attributes" } else { "" };
        writeln!(out, "  {CYAN}{title:<12}{PLAIN}{} {DIM}={PLAIN} {}", cell(name, width), OneLine(value))?;
    }
    if !row.parse_error.is_empty() {
        writeln!(out, "  {RED}parse_error {PLAIN}{}", OneLine(&row.parse_error))?;
    }
    Ok(())
}

fn rfc3339(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros)
        .map_or_else(|| micros.to_string(), |time| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
}

impl Tally {
    fn add(&mut self, record: &FileRecord<'_>) {
        let event = &record.event;
        self.records += 1;
        *self.formats.entry(event.format).or_default() += 1;
        let Some(reason) = &event.parse_error else { return };
        self.not_understood += 1;
        if self.reasons.len() < REASONS_MAX {
            let begin = event.message.get(..80).unwrap_or(&event.message);
            let begin = String::from_utf8_lossy(begin);
            self.reasons.push(format!("{}: {}: {}", place(record), OneLine(reason), OneLine(&begin)));
        }
    }

    fn summary(&self) -> String {
        let formats: Vec<String> = self.formats.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let mut text = format!("{} records", self.records);
        if !formats.is_empty() {
            text.push_str(&format!(": {}", formats.join(", ")));
        }
        text.push_str(&format!("; {} not understood", self.not_understood));
        text.push('\n');
        for reason in &self.reasons {
            text.push_str(&format!("  {reason}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CX: Context = Context { received_at: 1_790_000_000_000_000, zone: Zone::UTC };

    fn parsed(line: &[u8]) -> (String, String, Tally) {
        let (mut tally, mut json, mut block) = (Tally::default(), String::new(), Vec::new());
        FileReader::new(FileOptions::default()).feed(line, true, &CX, &mut |record| {
            tally.add(&record);
            let row = row(&record.event, record.raw, CX.received_at);
            write_block(&row, &place(&record), &mut block).unwrap();
            json.push_str(&json_line(&row).unwrap());
        });
        let block = anstream::adapter::strip_str(&String::from_utf8(block).unwrap()).to_string();
        (json, block, tally)
    }

    #[test]
    fn a_record_is_shown_with_its_place() {
        let (_, block, tally) = parsed(b"a\n\tat a.B.c(D.java:1)\n[{\"msg\":\"b\"},{\"msg\":\"c\"}]\n");
        let places: Vec<_> = block.lines().filter(|line| line.starts_with("line")).collect();
        assert_eq!(places.len(), 3);
        assert!(places[0].starts_with("lines 1 to 2  plain"), "{block}");
        assert!(places[1].starts_with("line 3  json") && places[2].starts_with("line 3, record 2  json"), "{block}");
        assert!(tally.summary().starts_with("3 records: 2 json, 1 plain; 0 not understood"));
    }

    #[test]
    fn a_record_has_the_fields_of_the_api_and_no_id() {
        let line = br#"<11>1 2026-11-20T10:20:30.5Z web1 app 42 ID7 [x@1 k="v"] it failed"#;
        let (json, block, tally) = parsed(line);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(json.starts_with("{\"id\":null,\"timestamp\":\"2026-11-20T10:20:30.500000Z\""), "{json}");
        assert_eq!(value["attributes"]["x@1.k"], "v");
        assert_eq!(
            (&value["level"], &value["host"], &value["raw_data"]),
            (&"ERROR".into(), &"web1".into(), &String::from_utf8_lossy(line).into_owned().into())
        );
        assert!(block.contains("  host        web1\n") && block.contains("  attributes  x@1.k = v\n"), "{block}");
        assert_eq!(tally.summary(), "1 records: 1 rfc5424; 0 not understood\n");
    }

    #[test]
    fn what_is_not_understood_is_counted_with_its_reason() {
        let (_, block, tally) = parsed(b"{\"a\":\x1b[31m");
        assert!(block.contains("parse_error"), "{block}");
        assert!(!block.contains('\x1b') && !tally.summary().contains('\x1b'));
        assert!(tally.summary().contains("1 not understood\n  line 1: "), "{}", tally.summary());
    }
}
