//! Where a record stands in an upload, as the record itself says.

use std::borrow::Cow;

use logseal_parsers::LogEvent;

use crate::meta::{JobId, RecordMark};
use crate::record::LogRow;

const FILE: &str = "upload.file";
const LINE: &str = "upload.line";
const PART: &str = "upload.part";
const ORIGIN: &str = "upload:";

/// The origin of all records of a job.
pub(super) fn origin(id: JobId) -> String {
    format!("{ORIGIN}{id}")
}

/// What stands before the name of an attribute that a record has itself and that would be taken for ours.
const OWN: &str = "record.";

/// Writes into `event` that it begins in `line` of `file`, and which one in there it is.
pub(super) fn write(event: &mut LogEvent<'_>, file: &str, line: u64, part: u64) {
    if event.attributes.iter().any(|(name, _)| is_ours(name)) {
        set_own_aside(event);
    }
    event.attributes.push(FILE, file);
    event.attributes.push(LINE, Decimal::of(line).as_str());
    if part > 0 {
        event.attributes.push(PART, Decimal::of(part).as_str());
    }
}

fn is_ours(name: &str) -> bool {
    matches!(name, FILE | LINE | PART)
}

#[cold]
fn set_own_aside(event: &mut LogEvent<'_>) {
    let all = std::mem::take(&mut event.attributes);
    for (name, value) in all.iter() {
        if is_ours(name) {
            event.attributes.push(&format!("{OWN}{name}"), value);
        } else {
            event.attributes.push(name, value);
        }
    }
}

/// The job that `record` came with, and its place there; `None` for records of other origins.
pub(super) fn read(record: &LogRow<'_>) -> Option<(JobId, RecordMark)> {
    let job = record.origin.strip_prefix(ORIGIN)?.parse().ok()?;
    // Records of earlier versions may have attributes of the same names: what stands last was written by us.
    let value = |name: &str| record.attributes.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value);
    let number = |value: Option<&Cow<'_, str>>| value.and_then(|text| text.parse().ok());
    let mark = RecordMark {
        id: record.id,
        file: value(FILE)?.clone().into_owned(),
        line: number(value(LINE))?,
        part: number(last_of_ours(record, PART)).unwrap_or(0),
    };
    Some((job, mark))
}

/// The value under `name` behind our own first attribute.
fn last_of_ours<'r, 'a>(record: &'r LogRow<'a>, name: &str) -> Option<&'r Cow<'a, str>> {
    let ours = record.attributes.iter().rposition(|(n, _)| n == FILE)?;
    record.attributes.get(ours..)?.iter().find(|(n, _)| n == name).map(|(_, value)| value)
}

/// A number in digits, without the heap.
struct Decimal {
    digits: [u8; 20],
    begin: usize,
}

impl Decimal {
    fn of(mut number: u64) -> Self {
        let mut digits = [b'0'; 20];
        let mut begin = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            begin -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { digits, begin }
    }

    fn as_str(&self) -> &str {
        self.digits.get(self.begin..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row<'a>(job: JobId, event: &'a LogEvent<'_>) -> LogRow<'a> {
        LogRow {
            id: 77,
            origin: origin(job).into(),
            attributes: event.attributes.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            ..LogRow::default()
        }
    }

    #[test]
    fn a_record_tells_its_place_whatever_its_own_attributes_say() {
        let job = JobId(Uuid::new_v4());
        let mut event = LogEvent::default();
        event.attributes.push("upload.file", "planted");
        event.attributes.push("upload.part", "9");
        write(&mut event, "a.zip/b.log", 12_345_678_901, 0);
        let expected = RecordMark { id: 77, file: "a.zip/b.log".to_owned(), line: 12_345_678_901, part: 0 };
        assert_eq!(read(&row(job, &event)), Some((job, expected.clone())));
        // Searches take the first of a name: it is ours.
        let of = |name| event.attributes.get(name);
        assert_eq!((of("upload.file"), of("upload.part")), (Some("a.zip/b.log"), None));
        assert_eq!((of("record.upload.file"), of("record.upload.part")), (Some("planted"), Some("9")));

        let mut event = LogEvent::default();
        write(&mut event, "a.zip/b.log", 12_345_678_901, 3);
        assert_eq!(read(&row(job, &event)), Some((job, RecordMark { part: 3, ..expected })));
    }

    #[test]
    fn records_of_other_origins_have_none() {
        let mut event = LogEvent::default();
        write(&mut event, "f", 1, 0);
        let record = row(JobId(Uuid::new_v4()), &event);
        for origin in ["http:bulk", "upload:7", "token:upload"] {
            assert_eq!(read(&LogRow { origin: origin.into(), ..record.clone() }), None, "{origin}");
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 7, 10, u64::MAX] {
            assert_eq!(Decimal::of(number).as_str(), number.to_string());
        }
    }
}
