//! The text logs of Elasticsearch, OpenSearch and Logstash:
//!
//! ```text
//! [2023-11-14T22:13:20,123][INFO ][o.e.n.Node               ] [node-1] started
//! [2023-11-14T22:13:20,123][WARN ][logstash.runner          ] text
//! ```
//!
//! Attributes under the names of the JSON log: `component` and `node.name`. Logstash's pipeline stands where the node's name does.

use super::scan::{attribute, blanks, bracketed, event};
use super::{Stamped, trimmed};
use crate::{Context, LogEvent, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "elasticsearch";

/// Reads a line of one of these servers; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    after_stamp(&Stamped::in_bracket(trimmed(line), cx)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

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
