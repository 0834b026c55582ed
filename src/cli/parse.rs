//! `logseal parse`: the record that each line becomes, without a daemon.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufWriter, Read as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use logseal_parsers::{Context, Format, LogEvent, Zone, format};

use super::lines::{LINE_BYTES_MAX, Lines};
use super::record_line::cell;
use super::safe_text::{CYAN, DIM, OneLine, PLAIN, RED, YELLOW, json, level_style};
use super::{OutputError, input};
use crate::record::LogRow;

/// How many lines that were not understood are told with their reasons.
const REASONS_MAX: usize = 5;

/// The arguments of `logseal parse`.
#[derive(Debug, Args)]
pub struct ParseArgs {
    /// How the lines are to be read: auto, auditd, cef, cisco_asa, filterlog, iptables, leef, logfmt, pan_os, syslog, rfc5424, rfc3164, json, plain.
    #[arg(long, value_name = "NAME", default_value_t = Format::Auto)]
    format: Format,
    /// The zone of stamps that do not state one: UTC, +02:00, Europe/Berlin.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: Zone,
    /// Read the whole input as one record.
    #[arg(long)]
    whole: bool,
    /// Print the records as JSON, one a line.
    #[arg(long)]
    json: bool,
    /// The file, plain or packed with gzip or zstd; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What the lines were, in the end.
#[derive(Debug, Default)]
struct Tally {
    records: u64,
    blank: u64,
    formats: BTreeMap<&'static str, u64>,
    not_understood: u64,
    reasons: Vec<String>,
    cut: u64,
}

/// Runs the command.
///
/// # Errors
/// Where the input cannot be read or the output cannot be written.
pub(super) fn run(args: &ParseArgs) -> anyhow::Result<ExitCode> {
    let mut input = input::open(&args.file)?;
    let mut out = BufWriter::with_capacity(64 << 10, anstream::stdout().lock());
    let mut tally = Tally::default();
    let reading = || format!("read {}", input::name(&args.file));
    if args.whole {
        let mut bytes = Vec::new();
        (&mut input.reader).take(LINE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).with_context(reading)?;
        if bytes.len() > LINE_BYTES_MAX {
            bail!(
                "{} is larger than the {} MiB that one record may have",
                input::name(&args.file),
                LINE_BYTES_MAX >> 20
            );
        }
        record(&bytes, 1, args, &mut tally, &mut out).map_err(OutputError)?;
    } else {
        let mut lines = Lines::new(input.reader);
        let mut line = Vec::new();
        while let Some(read) = lines.next_into(&mut line).with_context(reading)? {
            if read.cut_bytes > 0 {
                tally.cut += 1;
                anstream::eprintln!(
                    "{YELLOW}line {} is longer than {} MiB: its last {} bytes are left out{PLAIN}",
                    read.number,
                    LINE_BYTES_MAX >> 20,
                    read.cut_bytes
                );
            }
            // A daemon takes no record from a blank line either.
            if line.trim_ascii().is_empty() {
                tally.blank += 1;
            } else {
                record(&line, read.number, args, &mut tally, &mut out).map_err(OutputError)?;
            }
            line.clear();
        }
    }
    out.flush().map_err(OutputError)?;
    anstream::eprint!("{}", tally.summary());
    Ok(ExitCode::SUCCESS)
}

/// Parses and prints one record.
fn record(raw: &[u8], number: u64, args: &ParseArgs, tally: &mut Tally, out: &mut impl Write) -> std::io::Result<()> {
    let received_at = chrono::Utc::now().timestamp_micros();
    let event = format::parse(args.format, raw, &Context { received_at, zone: args.zone });
    tally.add(&event, number);
    let row = row(&event, raw, received_at);
    if args.json {
        return writeln!(out, "{}", json_line(&row)?);
    }
    write_block(&row, number, out)
}

/// The event as readers of the store see it.
fn row<'a>(event: &'a LogEvent<'_>, raw: &'a [u8], received_at: i64) -> LogRow<'a> {
    LogRow {
        id: 0,
        timestamp: event.timestamp.unwrap_or(received_at),
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
fn write_block(row: &LogRow<'_>, number: u64, out: &mut impl Write) -> std::io::Result<()> {
    let style = level_style(row.level);
    writeln!(out, "{DIM}line {number}{PLAIN}  {}  {style}{}{PLAIN}", OneLine(&row.format), row.level)?;
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
    fn add(&mut self, event: &LogEvent<'_>, number: u64) {
        self.records += 1;
        *self.formats.entry(event.format).or_default() += 1;
        let Some(reason) = &event.parse_error else { return };
        self.not_understood += 1;
        if self.reasons.len() < REASONS_MAX {
            let begin = event.message.get(..80).unwrap_or(&event.message);
            let begin = String::from_utf8_lossy(begin);
            self.reasons.push(format!("line {number}: {}: {}", OneLine(reason), OneLine(&begin)));
        }
    }

    fn summary(&self) -> String {
        let formats: Vec<String> = self.formats.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let mut text = format!("{} records", self.records);
        if !formats.is_empty() {
            text.push_str(&format!(": {}", formats.join(", ")));
        }
        text.push_str(&format!("; {} not understood", self.not_understood));
        if self.blank > 0 {
            text.push_str(&format!("; {} blank lines", self.blank));
        }
        if self.cut > 0 {
            text.push_str(&format!("; {} cut", self.cut));
        }
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
        let event = format::parse(Format::Auto, line, &CX);
        let mut tally = Tally::default();
        tally.add(&event, 1);
        let row = row(&event, line, CX.received_at);
        let mut block = Vec::new();
        write_block(&row, 1, &mut block).unwrap();
        let block = anstream::adapter::strip_str(&String::from_utf8(block).unwrap()).to_string();
        (json_line(&row).unwrap(), block, tally)
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
