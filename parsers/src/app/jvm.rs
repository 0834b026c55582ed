//! The unified logging of Java's virtual machine since version 9, of its garbage collection and the like:
//!
//! ```text
//! [2023-11-14T22:13:20.123+0000][info][gc,start     ] GC(0) Pause Young
//! [2023-11-14T22:13:20.123+0000][0.004s][7][info][gc] Using G1
//! ```
//!
//! In brackets stand what `-Xlog` was told to: ids of the process and its thread, uptimes, a level in small letters, and in the end the tags.
//! The first id is the process id; `tags` is an attribute.

use super::Stamped;
use super::java::FORMAT;
use super::scan::{attribute, bracketed, event};
use crate::{Level, LogEvent, level_names};

/// More brackets are none of these.
const DECORATIONS_MAX: usize = 8;

/// Reads what follows a time in a bracket that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    // Envoy's lines have a blank in their date, and a thread where the process is here.
    let mut rest = stamped.rest.strip_prefix(b"]").filter(|_| stamped.line.get(10) == Some(&b'T'))?;
    let (mut level, mut pid, mut tags) = (None, "", "");
    for _ in 0..DECORATIONS_MAX {
        let Some((inner, after)) = bracketed(rest) else { break };
        if !tags.is_empty() {
            return None;
        }
        match inner.bytes().next()? {
            b'0'..=b'9' if inner.bytes().all(|b| b.is_ascii_digit()) => pid = if pid.is_empty() { inner } else { pid },
            b'0'..=b'9' if inner.ends_with('s') => {}
            b'a'..=b'z' if level.is_none() && level_names::from_word(inner).is_some() => {
                level = level_names::from_word(inner);
            }
            b'a'..=b'z' if is_tags(inner) => tags = inner,
            _ => return None,
        }
        rest = after;
    }
    let has_decorations = level.is_some() || !pid.is_empty();
    let message = rest.strip_prefix(b" ").filter(|_| has_decorations && !tags.is_empty())?;
    let mut event = event(FORMAT, Some(stamped.at), level.unwrap_or(Level::Unknown), message);
    event.proc_id = pid.into();
    attribute(&mut event, "tags", tags);
    Some(event)
}

fn is_tags(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b',')
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn the_decorations_are_read() {
        for (line, expected) in [
            (
                "[2023-11-14T22:13:20.123+0000][7][gc,start     ] GC(0) Pause",
                "java UNKNOWN 22:13:20.123 pid=7 tags=gc,start | GC(0) Pause",
            ),
            (
                "[2023-11-14T22:13:20.123+0000][0.004s][7][8][warning][gc] no",
                "java WARN 22:13:20.123 pid=7 tags=gc | no",
            ),
            ("[2023-11-14T22:13:20.123+0000][info][safepoint ] x", "java INFO 22:13:20.123 tags=safepoint | x"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn brackets_of_others_are_not_the_machines() {
        for (line, format) in [
            ("[2023-11-14T22:13:20,123][INFO ][o.e.n.Node] [n] x", "elasticsearch"),
            ("[2023-11-14 22:13:20.123][7][info][main] [source/server.cc:9] x", "spdlog"),
        ] {
            assert_eq!(parse(line.as_bytes(), &CX).map(|event| event.format), Some(format), "{line}");
        }
    }
}
