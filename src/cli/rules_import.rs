//! `logseal rules import`: Sigma rules from files, one request a file, and an honest summary.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;

use super::client::{Api, accepted, read_whole};
use super::rules::ImportArgs;
use super::{OutputError, safe_text};

const FILE_BYTES_MAX: u64 = 1 << 20;
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// A folder that is deeper has a link in it that leads back.
const DEPTH_MAX: usize = 32;

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
}

/// Runs the command.
///
/// # Errors
/// Where the daemon is not there or does not admit the caller, a path cannot be read, or the output cannot be written.
pub(super) async fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let api = Api::of(&args.daemon)?;
    let mut files = Vec::new();
    for path in &args.paths {
        find(path, 0, &mut files)?;
    }
    let parameters = [("enabled", (!args.disabled).to_string()), ("dry_run", args.dry_run.to_string())];
    let mut out = anstream::stdout().lock();
    let mut sum = Sum::default();
    for file in &files {
        sum.files += 1;
        let text = read(file)?;
        let request = api.http().post(api.url("/api/v1/rules/import", &parameters));
        let sent = request.header(CONTENT_TYPE, "application/yaml").body(text).send().await;
        let response = sent.map_err(|error| api.unreachable(error))?;
        let name = safe_text::sentence(&file.display().to_string());
        let is_its_fault = response.status().as_u16() == 422;
        let answer = match accepted(response, "").await {
            Ok(response) => read_whole(response, ANSWER_BYTES_MAX).await?,
            Err(error) if is_its_fault => {
                sum.unreadable += 1;
                writeln!(out, "{name}: {}", safe_text::sentence(&format!("{error:#}"))).map_err(OutputError)?;
                continue;
            }
            Err(error) => return Err(error),
        };
        if args.json {
            out.write_all(&answer).and_then(|()| writeln!(out)).map_err(OutputError)?;
        }
        let answer: Answer = serde_json::from_slice(&answer).context("understand the daemon's answer")?;
        sum.created += answer.created;
        sum.updated += answer.updated;
        sum.unchanged += answer.unchanged;
        for rule in answer.rules {
            let (is_refused, is_warned) = (rule.outcome == "refused", !rule.warnings.is_empty());
            sum.refused += usize::from(is_refused);
            sum.warned += usize::from(is_warned && !is_refused);
            if !args.json && (is_refused || is_warned) {
                let word = if is_refused { "refused" } else { "warning" };
                let why = safe_text::sentence(&[rule.problems, rule.warnings].concat().join("; "));
                writeln!(out, "{name}: {word}: {}: {why}", safe_text::sentence(&rule.title)).map_err(OutputError)?;
            }
        }
    }
    if !args.json {
        print(&sum, args.dry_run, &mut out).map_err(OutputError)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(sum: &Sum, is_trial: bool, out: &mut impl std::io::Write) -> std::io::Result<()> {
    let Sum { files, created, updated, unchanged, warned, refused, unreadable } = sum;
    let would = if is_trial { "would be " } else { "" };
    writeln!(
        out,
        "{files} files: {created} rules {would}made, {updated} {would}changed, {unchanged} as they were; {warned} of them with a warning"
    )?;
    writeln!(out, "{refused} rules cannot be evaluated, {unreadable} files are not Sigma rules")
}

/// The files at `path`, those of folders in the order of their names.
fn find(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let what = || format!("read {}", path.display());
    if !std::fs::metadata(path).with_context(what)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > DEPTH_MAX {
        bail!("{} is deeper than {DEPTH_MAX} folders", path.display());
    }
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).with_context(what)? {
        entries.push(entry.with_context(what)?.path());
    }
    entries.sort();
    for entry in entries {
        let is_rule = entry.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
        if is_rule || entry.is_dir() {
            find(&entry, depth + 1, files)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let what = || format!("read {}", file.display());
    let bytes = std::fs::metadata(file).with_context(what)?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{} has {bytes} bytes; a file of rules has at most {FILE_BYTES_MAX}", file.display());
    }
    std::fs::read(file).with_context(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_for_rules_in_the_order_of_names() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("linux")).unwrap();
        for name in ["b.yml", "a.yaml", "readme.md", "linux/c.yml"] {
            std::fs::write(dir.path().join(name), "title: x").unwrap();
        }
        let mut files = Vec::new();
        find(dir.path(), 0, &mut files).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.strip_prefix(dir.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.yaml", "b.yml", "linux/c.yml"]);
        assert!(find(&dir.path().join("gone"), 0, &mut files).is_err());
    }
}
