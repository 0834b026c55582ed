//! The names of the JSON form.
//!
//! The protocol has them in lower camel case. Protobuf's own JSON readers, and the Collector's, take the names of the `.proto` files as
//! well (`log_records`), and so do these: records under a name that is not known would be lost without a word. What the first versions of
//! the protocol called otherwise has its present name.

use std::borrow::Cow;

use crate::json::members::{Members, Part};
use crate::json::reader::Fault;

/// The next member of a message, under the name that the protocol has for it now.
pub(super) fn member<'a>(members: &mut Members<'a>) -> Result<Option<(Cow<'a, str>, Part<'a>)>, Fault> {
    Ok(members.next()?.map(|(name, part)| (present(camel_case(name)), part)))
}

/// `log_records` as `logRecords`.
fn camel_case(name: Cow<'_, str>) -> Cow<'_, str> {
    if !name.contains('_') {
        return name;
    }
    let mut camel = String::with_capacity(name.len());
    let mut is_part_start = false;
    for character in name.chars() {
        match character {
            '_' => is_part_start = true,
            first if is_part_start => {
                camel.push(first.to_ascii_uppercase());
                is_part_start = false;
            }
            other => camel.push(other),
        }
    }
    Cow::Owned(camel)
}

/// What a name of the versions before 0.15 is now; `traceFlags` is what some senders call the flags of a record.
fn present(name: Cow<'_, str>) -> Cow<'_, str> {
    Cow::Borrowed(match &*name {
        "instrumentationLibraryLogs" => "scopeLogs",
        "instrumentationLibrary" => "scope",
        "logs" => "logRecords",
        "traceFlags" => "flags",
        _ => return name,
    })
}

/// The number that a name of the enum `SeverityNumber` stands for: `SEVERITY_NUMBER_WARN2` is 14.
pub(super) fn severity_number(name: &str) -> Option<i32> {
    let word = name.strip_prefix("SEVERITY_NUMBER_")?;
    let (word, step) = match word.as_bytes().last()? {
        digit @ b'2'..=b'4' => (word.get(..word.len() - 1)?, i32::from(digit - b'1')),
        _ => (word, 0),
    };
    let first = match word {
        "UNSPECIFIED" if step == 0 => 0,
        "TRACE" => 1,
        "DEBUG" => 5,
        "INFO" => 9,
        "WARN" => 13,
        "ERROR" => 17,
        "FATAL" => 21,
        _ => return None,
    };
    Some(first + step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_proto_files_and_of_old_versions_have_their_present_ones() {
        for (name, expected) in [
            ("logRecords", "logRecords"),
            ("log_records", "logRecords"),
            ("observed_time_unix_nano", "observedTimeUnixNano"),
            ("instrumentation_library_logs", "scopeLogs"),
            ("logs", "logRecords"),
            ("_", ""),
        ] {
            assert_eq!(present(camel_case(Cow::Borrowed(name))), expected, "{name}");
        }
    }

    #[test]
    fn severities_have_names() {
        for (name, expected) in [
            ("SEVERITY_NUMBER_UNSPECIFIED", Some(0)),
            ("SEVERITY_NUMBER_TRACE", Some(1)),
            ("SEVERITY_NUMBER_WARN2", Some(14)),
            ("SEVERITY_NUMBER_FATAL4", Some(24)),
            ("SEVERITY_NUMBER_FATAL5", None),
            ("SEVERITY_NUMBER_UNSPECIFIED2", None),
            ("SEVERITY_NUMBER_", None),
            ("INFO", None),
        ] {
            assert_eq!(severity_number(name), expected, "{name}");
        }
    }
}
