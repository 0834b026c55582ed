//! The text logs of Elasticsearch, OpenSearch and Logstash:
//!
//! ```text
//! [2023-11-14T22:13:20,123][INFO ][o.e.n.Node               ] [node-1] started
//! [2023-11-14T22:13:20,123][WARN ][logstash.runner          ] text
//! [2023-11-14T22:13:20,123] [node-1] [rest] [access_denied]  origin_address=[192.0.2.7], principal=[bob], uri=[/]     audit log before 6.5
//! ```
//!
//! Attributes under the names of the JSON log: `component` and `node.name`; of the audit log `event.type`, `event.action`, and its own names.
//! Logstash's pipeline stands where the node's name does.

use super::scan::{attribute, blanks, bracketed, event, until};
use super::{Stamped, trimmed};
use crate::find::find;
use crate::{Context, Level, LogEvent, address, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "elasticsearch";

/// Reads a line of one of these servers; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let stamped = Stamped::in_bracket(trimmed(line), cx)?;
    after_stamp(&stamped).or_else(|| audit(&stamped))
}

/// Reads what follows a time in a bracket that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = bracketed(stamped.rest.strip_prefix(b"]")?)?;
    let (component, rest) = bracketed(rest)?;
    let (node, message) = bracketed(blanks(rest)).unwrap_or(("", rest));
    let mut event = event(FORMAT, Some(stamped.at), level_names::from_word(level)?, blanks(message));
    attribute(&mut event, "component", component);
    attribute(&mut event, "node.name", node);
    Some(event)
}

/// A line of the audit log in text: the node, where it is told to write it, the layer, what happened, and names with values in brackets.
pub(super) fn audit<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    const PAIRS_MAX: usize = 32;
    let text = stamped.rest.strip_prefix(b"] ")?;
    let (first, rest) = bracketed(text)?;
    let (node, layer, rest) = match first {
        "rest" | "transport" | "ip_filter" => ("", first, rest),
        node => {
            let (layer, rest) = bracketed(blanks(rest))?;
            (node, layer, rest)
        }
    };
    let (action, mut pairs) = bracketed(blanks(rest))?;
    let is_action = action.contains('_') && action.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if !matches!(layer, "rest" | "transport" | "ip_filter") || !is_action {
        return None;
    }
    let mut event = event(FORMAT, Some(stamped.at), Level::Unknown, text);
    for (name, value) in [("node.name", node), ("event.type", layer), ("event.action", action)] {
        attribute(&mut event, name, value);
    }
    for _ in 0..PAIRS_MAX {
        let Some((name, rest)) = until(blanks(pairs), b"=[") else { break };
        // A value may hold brackets; behind the last one nothing stands.
        let end = find(rest, b"], ").or_else(|| rest.iter().rposition(|b| *b == b']'))?;
        let value = std::str::from_utf8(rest.get(..end)?).ok()?;
        match name {
            "principal" => event.user_name = value.into(),
            "origin_address" => {
                event.ip = address::parse(value).map(|found| found.ip);
                attribute(&mut event, name, value);
            }
            _ => attribute(&mut event, name, value),
        }
        pairs = rest.get(end + 1..)?.strip_prefix(b",").unwrap_or_default();
    }
    let outcome = match action.rsplit('_').next() {
        Some("failed" | "denied") => "failure",
        Some("success" | "granted") => "success",
        _ => "",
    };
    attribute(&mut event, "outcome", outcome);
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_old_audit_log_names_the_user_and_the_address() {
        for (line, expected) in [
            (
                "[2023-11-14T22:13:20,123] [node-1] [rest] [authentication_failed]\torigin_address=[192.0.2.7], principal=[bob], uri=[/a?b=c]",
                "elasticsearch UNKNOWN 22:13:20.123 user=bob ip=192.0.2.7 node.name=node-1 event.type=rest event.action=authentication_failed \
                 origin_address=192.0.2.7 uri=/a?b=c outcome=failure | [node-1] [rest] [authentication_failed]\torigin_address=[192.0.2.7], principal=[bob], uri=[/a?b=c]",
            ),
            (
                "[2023-11-14T22:13:20,123] [transport] [access_granted]  origin_type=[rest], origin_address=[::1], principal=[bob], action=[indices:data/read[free]], request=[X]",
                "elasticsearch UNKNOWN 22:13:20.123 user=bob ip=::1 event.type=transport event.action=access_granted origin_type=rest \
                 origin_address=::1 action=indices:data/read[free] request=X outcome=success | [transport] [access_granted]  \
                 origin_type=[rest], origin_address=[::1], principal=[bob], action=[indices:data/read[free]], request=[X]",
            ),
        ] {
            check(crate::app::parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn the_brackets_are_read() {
        for (line, expected) in [
            (
                "[2023-11-14T22:13:20,123][INFO ][o.e.n.Node               ] [node-1] [a] started",
                "elasticsearch INFO 22:13:20.123 component=o.e.n.Node node.name=node-1 | [a] started",
            ),
            (
                "[2023-11-14T22:13:20,123][WARN ][logstash.runner          ] low",
                "elasticsearch WARN 22:13:20.123 component=logstash.runner | low",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "[", "[2023-11-14T22:13:20,123] [INFO] x", "[2023-11-14T22:13:20,123][high][x] y"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
