//! `logseal rules import`: Sigma rules from files, one request for those that need each other, and an honest summary.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::json;

use super::client::{Api, accepted, read_whole};
use super::rule_files::{Together, find, together};
use super::rules::ImportArgs;
use super::{OutputError, safe_text};

const ANSWER_BYTES_MAX: usize = 16 << 20;

#[derive(Deserialize)]
struct Answer {
    created: usize,
    updated: usize,
    unchanged: usize,
    rules: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    title: String,
    outcome: String,
    problems: Vec<String>,
    warnings: Vec<String>,
}

/// What became of all files.
#[derive(Default)]
struct Sum {
    files: usize,
    created: usize,
    updated: usize,
    unchanged: usize,
    warned: usize,
    refused: usize,
    unreadable: usize,
    failed: usize,
}

/// What became of one request.
enum Sent {
    Taken(Vec<u8>),
    /// The files are not Sigma rules.
    NotRules(anyhow::Error),
    /// The others may do better.
    Failed(anyhow::Error),
    /// So would the others.
    Hopeless(anyhow::Error),
}

/// Runs the command. What fails of one file does not keep the others; the summary comes always, and the exit code tells.
///
/// # Errors
/// Where the daemon is not there or does not admit the caller, a folder cannot be read, or the output cannot be written.
pub(super) async fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    let mut files = Vec::new();
    for path in &args.paths {
        find(path, 0, &mut files)?;
    }
    let mut report = Report { sum: Sum { files: files.len(), ..Sum::default() }, is_json: args.json };
    let (all, unread) = together(files);
    for unread in unread {
        report.sum.failed += 1;
        report.failure(&unread.file.display().to_string(), &unread.why)?;
    }
    let mut hopeless = None;
    for one in &all {
        match send(&api, args, one).await {
            Sent::Taken(answer) => report.taken(one, &answer)?,
            Sent::NotRules(why) => {
                report.sum.unreadable += one.count();
                report.failure(&one.name(), &why)?;
            }
            Sent::Failed(why) => {
                report.sum.failed += one.count();
                report.failure(&one.name(), &why)?;
            }
            Sent::Hopeless(why) => {
                hopeless = Some(why);
                break;
            }
        }
    }
    if !args.json {
        print(&report.sum, args.dry_run, &mut anstream::stdout().lock()).map_err(OutputError)?;
    }
    match hopeless {
        Some(why) => Err(why),
        None if report.sum.failed > 0 => Ok(ExitCode::FAILURE),
        None => Ok(ExitCode::SUCCESS),
    }
}

async fn send(api: &Api, args: &ImportArgs, files: &Together) -> Sent {
    let text = match files.text() {
        Ok(text) => text,
        Err(why) => return Sent::Failed(why),
    };
    let parameters = [("enabled", (!args.disabled).to_string()), ("dry_run", args.dry_run.to_string())];
    let request = api.http().post(api.url("/api/v1/rules/import", &parameters));
    let response = match request.header(CONTENT_TYPE, "application/yaml").body(text).send().await {
        Ok(response) => response,
        // A daemon that took too long with this may answer to others.
        Err(error) if error.is_timeout() && !error.is_connect() => return Sent::Failed(api.unreachable(error)),
        Err(error) => return Sent::Hopeless(api.unreachable(error)),
    };
    let status = response.status().as_u16();
    match accepted(response, "").await {
        Ok(response) => match read_whole(response, ANSWER_BYTES_MAX).await {
            Ok(answer) => Sent::Taken(answer),
            Err(why) => Sent::Failed(why),
        },
        Err(why) => match status {
            422 => Sent::NotRules(why),
            401 | 403 | 404 => Sent::Hopeless(why),
            _ => Sent::Failed(why),
        },
    }
}

/// What is told while it goes on.
struct Report {
    sum: Sum,
    is_json: bool,
}

impl Report {
    fn taken(&mut self, files: &Together, answer: &[u8]) -> anyhow::Result<()> {
        let mut out = anstream::stdout().lock();
        if self.is_json {
            out.write_all(answer).and_then(|()| writeln!(out)).map_err(OutputError)?;
        }
        let answer: Answer = serde_json::from_slice(answer).context("understand the daemon's answer")?;
        let sum = &mut self.sum;
        sum.created += answer.created;
        sum.updated += answer.updated;
        sum.unchanged += answer.unchanged;
        for rule in answer.rules {
            let (is_refused, is_warned) = (rule.outcome == "refused", !rule.warnings.is_empty());
            sum.refused += usize::from(is_refused);
            sum.warned += usize::from(is_warned && !is_refused);
            if !self.is_json && (is_refused || is_warned) {
                let word = if is_refused { "refused" } else { "warning" };
                let mut why = [rule.problems, rule.warnings].concat();
                if is_refused && files.is_torn {
                    why.push("files that belong together were sent one by one: together they are too large".to_owned());
                }
                let (name, why) = (files.name_of(&rule.title), safe_text::sentence(&why.join("; ")));
                let (name, title) = (safe_text::sentence(&name), safe_text::sentence(&rule.title));
                writeln!(out, "{name}: {word}: {title}: {why}").map_err(OutputError)?;
            }
        }
        Ok(())
    }

    /// Nothing became of `name`.
    fn failure(&self, name: &str, why: &anyhow::Error) -> Result<(), OutputError> {
        let mut out = anstream::stdout().lock();
        let why = format!("{why:#}");
        if self.is_json {
            writeln!(out, "{}", json!({ "file": name, "error": why })).map_err(OutputError)
        } else {
            writeln!(out, "{}: {}", safe_text::sentence(name), safe_text::sentence(&why)).map_err(OutputError)
        }
    }
}

fn print(sum: &Sum, is_trial: bool, out: &mut impl std::io::Write) -> std::io::Result<()> {
    let Sum { files, created, updated, unchanged, warned, refused, unreadable, failed } = sum;
    let would = if is_trial { "would be " } else { "" };
    writeln!(
        out,
        "{files} files: {created} rules {would}made, {updated} {would}changed, {unchanged} as they were; {warned} of them with a warning"
    )?;
    writeln!(out, "{refused} rules cannot be evaluated, {unreadable} files are not Sigma rules")?;
    if *failed > 0 {
        writeln!(out, "{failed} files could not be read or sent")?;
    }
    Ok(())
}
