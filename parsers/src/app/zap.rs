//! zap's console encoding, which Kubernetes' operators write: parts with tabs between them.
//!
//! ```text
//! 2023-11-14T22:13:20Z<TAB>INFO<TAB>setup<TAB>starting manager<TAB>{"port": 8080}
//! 2023-11-14T22:13:20.123Z<TAB>error<TAB>controller/main.go:99<TAB>no<TAB>{"error": "x"}
//! ```
//!
//! The logger's name and the caller may be missing. The object's leaves are attributes; a stack trace is part of the message.

use std::borrow::Cow;

use super::scan::{attribute, event};
use super::{Stamped, go};
use crate::{Context, LogEvent, json, level_names};

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>, cx: &Context) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b"\t")?;
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (first, trace) = rest.split_at_checked(end)?;
    let mut parts = first.split(|b| *b == b'\t');
    let level = level_names::from_word(std::str::from_utf8(parts.next()?).ok()?)?;
    let mut parts: Vec<&[u8]> = parts.collect();
    let object = parts.pop_if(|last| last.first() == Some(&b'{'));
    let message = parts.pop()?;
    let mut event = event(go::FORMAT, Some(stamped.at), level, message);
    for part in parts {
        let part = std::str::from_utf8(part).ok()?;
        match part.rsplit_once(':').filter(|(file, _)| file.ends_with(".go")) {
            Some((file, line)) => {
                attribute(&mut event, "file", file);
                attribute(&mut event, "line", line);
            }
            None => attribute(&mut event, "logger", part),
        }
    }
    if let Some(object) = object.and_then(|object| std::str::from_utf8(object).ok()) {
        event.complete_from(json::parse_keeping_all(object, cx).ok()?);
        event.level = level;
    }
    if !trace.is_empty() {
        // From the message on, the object between included: a message is one slice of its record.
        let from = message.as_ptr().addr().checked_sub(rest.as_ptr().addr())?;
        event.message = Cow::Borrowed(rest.get(from..)?);
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn the_parts_between_tabs_are_told_apart() {
        for (line, expected) in [
            (
                "2023-11-14T22:13:20Z\tINFO\tsetup\tstarting manager\t{\"port\": 8080, \"user\": \"bob\"}",
                "go INFO 22:13:20 user=bob logger=setup port=8080 user=bob | starting manager",
            ),
            (
                "2023-11-14T22:13:20.123Z\terror\tcontroller/main.go:99\tno\t{\"error\": \"x\"}\nmain.run\n\t/a.go:7",
                "go ERROR 22:13:20.123 file=controller/main.go line=99 error=x | no\t{\"error\": \"x\"}\nmain.run\n\t/a.go:7",
            ),
            ("2023-11-14T22:13:20Z\tDEBUG\tready", "go DEBUG 22:13:20 | ready"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_with_tabs_are_refused() {
        for line in ["2023-11-14T22:13:20Z\t", "2023-11-14T22:13:20Z\tINFO", "2023-11-14T22:13:20Z\ttext\tmore"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
