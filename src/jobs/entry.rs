//! What has become of one file of an upload so far.

use logseal_parsers::LogEvent;

use crate::meta::{EntryStatus, JobEntry, LineError};

/// Lines that are told with their reasons; all are counted.
const ERRORS_MAX: usize = 10;
/// So much of such a line is shown.
const ERROR_CHARACTERS_MAX: usize = 200;

/// Counts the records of an entry.
pub(super) struct Tally {
    entry: JobEntry,
    /// How many records had each format.
    formats: Vec<(&'static str, i64)>,
    /// What its reader should know of it, though it was read.
    warnings: Vec<String>,
}

impl Tally {
    pub(super) fn new(number: u64, path: &str) -> Self {
        let entry = JobEntry {
            number: i64::try_from(number).unwrap_or(i64::MAX),
            path: path.to_owned(),
            status: EntryStatus::Processing,
            format: None,
            bytes: 0,
            lines: 0,
            inserted: 0,
            failed: 0,
            problem: None,
            errors: Vec::new(),
        };
        Self { entry, formats: Vec::new(), warnings: Vec::new() }
    }

    /// Counts a record that begins in line `line` and ends in `last_line`.
    pub(super) fn add(&mut self, event: &LogEvent<'_>, raw: &[u8], line: u64, last_line: u64) {
        self.entry.inserted += 1;
        self.entry.lines = self.entry.lines.max(i64::try_from(last_line).unwrap_or(i64::MAX));
        if let Some(reason) = &event.parse_error {
            self.entry.failed += 1;
            if self.entry.errors.len() < ERRORS_MAX {
                let text = String::from_utf8_lossy(raw).chars().take(ERROR_CHARACTERS_MAX).collect();
                self.entry.errors.push(LineError { line, text, reason: reason.clone().into_owned() });
            }
        }
        match self.formats.iter_mut().find(|(name, _)| *name == event.format) {
            Some((_, count)) => *count += 1,
            None => self.formats.push((event.format, 1)),
        }
    }

    pub(super) fn read(&mut self, bytes: u64) {
        self.entry.bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    }

    /// Tells of something that does not make it fail.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// How it stands.
    pub(super) fn so_far(&self) -> JobEntry {
        let most = self.formats.iter().max_by_key(|(_, count)| *count);
        JobEntry { format: most.map(|(name, _)| (*name).to_owned()), ..self.entry.clone() }
    }

    /// How it ended. A problem is told before the warnings.
    pub(super) fn ended(&self, status: EntryStatus, problem: Option<String>) -> JobEntry {
        let told: Vec<String> = problem.into_iter().chain(self.warnings.iter().cloned()).collect();
        let problem = (!told.is_empty()).then(|| told.join("; "));
        JobEntry { status, problem, ..self.so_far() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_most_records_and_the_first_errors_are_told() {
        let mut tally = Tally::new(3, "a.log");
        let event = |format, error: Option<&'static str>| LogEvent {
            format,
            parse_error: error.map(Into::into),
            ..LogEvent::default()
        };
        tally.add(&event("plain", None), b"x", 1, 1);
        for line in 2..40 {
            tally.add(&event("json", Some("no object")), "ü".repeat(500).as_bytes(), line, line + 1);
        }
        tally.read(1234);
        let entry = tally.ended(EntryStatus::Failed, Some("is cut".to_owned()));
        assert_eq!((entry.format.as_deref(), entry.inserted, entry.failed, entry.lines), (Some("json"), 39, 38, 40));
        assert_eq!((entry.errors.len(), entry.errors[0].line), (ERRORS_MAX, 2));
        assert_eq!(entry.errors[0].text.chars().count(), ERROR_CHARACTERS_MAX);
        assert_eq!((entry.number, entry.bytes, entry.problem.as_deref()), (3, 1234, Some("is cut")));
    }
}
