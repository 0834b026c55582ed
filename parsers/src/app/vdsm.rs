//! The logs of oVirt's agents, whose parts two colons divide:
//!
//! ```text
//! MainThread::INFO::2023-11-14 22:13:20,123::vdsm::71::vds::(run) ready
//! ```
//!
//! Thread, level, time, module, line, logger and function. They are written by Python's `logging`.

use super::python::FORMAT;
use super::scan::{attribute, blanks, capital_level, digits, enclosed, event, until};
use super::stamp;
use crate::{Context, LogEvent};

/// Reads such a line; `None` where it is none.
pub(super) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    const THREAD_BYTES_MAX: usize = 64;
    let near = text.get(..THREAD_BYTES_MAX).unwrap_or(text);
    let (thread, _) = until(near, b"::").filter(|(thread, _)| !thread.contains(' '))?;
    let (level, rest) = capital_level(text.get(thread.len() + 2..)?)?;
    let (at, rest) = stamp::read(rest.strip_prefix(b"::")?, cx)?;
    let (module, rest) = until(rest.strip_prefix(b"::")?, b"::")?;
    let (line, rest) = digits(rest)?;
    let (logger, rest) = until(rest.strip_prefix(b"::")?, b"::")?;
    let (function, message) = enclosed(rest, b'(', b')')?;
    let mut event = event(FORMAT, Some(at), level, blanks(message));
    let places = [("thread", thread), ("logger", logger), ("function", function), ("file", module), ("line", line)];
    for (name, value) in places {
        attribute(&mut event, name, value);
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn all_parts_are_read() {
        for (line, expected) in [
            (
                "MainThread::INFO::2023-11-14 22:13:20,123::vdsm::71::vds::(run) ready",
                "python INFO 22:13:20.123 thread=MainThread logger=vds function=run file=vdsm line=71 | ready",
            ),
            (
                "Thread-15::DEBUG::2023-11-14 22:13:20,123::clientIF::54::Storage.Protect::(wrapper) [192.0.2.7]",
                "python DEBUG 22:13:20.123 thread=Thread-15 logger=Storage.Protect function=wrapper file=clientIF line=54 | [192.0.2.7]",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
        for line in ["Thread::new(x)", "Main::INFO::2023-11-14 22:13:20 x", "Main::INFO::x"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
