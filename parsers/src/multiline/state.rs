//! What the lines of a record tell of the line that follows them.

use super::head;
use crate::auditd;

/// Where in a trace or a document the last line of a record was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Nowhere in particular.
    #[default]
    Plain,
    /// In a Python traceback: indented lines, and then one that names the exception.
    Traceback,
    /// Behind a traceback's last line.
    Exception,
    /// In what Python writes between chained tracebacks.
    Chained,
    /// Behind so many lines of what Dart says of an exception that nothing caught.
    DartHead(u8),
    /// In the frames of such a report.
    DartTrace,
    /// Behind what Rails says of an exception, which a line of blanks and its backtrace follow.
    RailsHead,
    /// In the report of a Go panic.
    Panic,
    /// Behind the head of a record of Go's zap, which a stack trace may follow.
    Zap,
    /// Behind the first line of a Rust panic, which the message follows.
    RustHead,
    /// In the report of a Rust panic.
    RustPanic,
    /// Behind the place at which Node ends.
    NodeHead,
    /// Behind its source, before the mark below it.
    NodeSource,
    /// Behind that mark.
    NodeMark,
    /// Behind the empty line that follows it.
    NodeThrown,
    /// In the stack trace of what was thrown.
    NodeTrace,
    /// Behind the empty line that ends it; Node's version follows.
    NodeEnd,
    /// In what Node writes of an error behind its stack trace, between braces; whether it is the one that ended it.
    NodeObject { is_last: bool },
    /// In a stack trace of PHP's.
    PhpTrace,
    /// In what PHP wrote to nginx and that quotes, up to its closing quote.
    PhpStderr,
    /// Behind the first line of `java.util.logging`.
    JulHead,
    /// Behind the time of an entry of MySQL's slow query log.
    SlowTime,
    /// In an entry of MySQL's slow query log; whether its last line ended a statement.
    SlowEntry { is_statement: bool },
    /// In a record of IBM MQ's error log, which a line of dashes ends.
    MqRecord,
    /// In the tag of a Windows event.
    EventTag,
    /// Behind that tag, before an element.
    EventHead,
    /// In a Windows event that has not ended.
    Event,
    /// Behind a time that stands alone, which an event of Windows' may follow as Splunk's agents print it.
    SplunkHead,
    /// In the names and values of such an event.
    SplunkNames,
    /// In its message, up to the next one.
    SplunkEvent,
    /// Behind the number of an event as wevtutil prints it.
    WevtutilHead,
    /// In its names and values.
    WevtutilNames,
    /// In its description, up to the next one.
    WevtutilEvent,
    /// In one as PowerShell prints it, with its colons in this column, up to an empty line.
    ListedEvent(u8),
    /// Behind a time that stands alone, as Oracle's alert log has it above what happened then.
    TimeAlone,
    /// In an event of the audit daemon, which has this [`auditd::id`].
    Audit(u64),
    /// Behind a record that says itself where it ends.
    Whole,
}

impl State {
    pub(super) fn audit(self, line: &[u8]) -> Option<Self> {
        match self {
            Self::Audit(id) => (auditd::id(line) == Some(id)).then_some(self),
            _ => None,
        }
    }

    pub(super) fn python(self, line: &[u8]) -> Option<Self> {
        match self {
            Self::Traceback if head::is_indented(line) => Some(Self::Traceback),
            Self::Traceback if head::is_traceback(line) => Some(Self::Traceback),
            // Whatever is not indented names the exception, unless a new record begins here.
            Self::Traceback if !line.is_empty() && !head::begins_record(line) => Some(Self::Exception),
            Self::Exception | Self::Chained if line.is_empty() => Some(Self::Chained),
            Self::Chained if head::is_chain(line) => Some(Self::Chained),
            _ => head::is_traceback(line).then_some(Self::Traceback),
        }
    }

    pub(super) fn java(self, line: &[u8]) -> Option<Self> {
        let is_second = self == Self::JulHead && head::is_level_and_colon(line);
        if is_second {
            return Some(Self::Plain);
        }
        match self {
            Self::NodeObject { .. } if head::is_indented(line) => return Some(self),
            Self::NodeObject { is_last } if line == b"}" => {
                return Some(if is_last { Self::NodeTrace } else { Self::Plain });
            }
            Self::NodeHead if !line.is_empty() && !head::begins_record(line) => return Some(Self::NodeSource),
            Self::NodeSource if head::is_caret(line) => return Some(Self::NodeMark),
            Self::NodeMark if line.is_empty() => return Some(Self::NodeThrown),
            // What was thrown and is no error stands directly below the mark.
            Self::NodeMark if !head::begins_record(line) => return Some(Self::NodeTrace),
            Self::NodeThrown if !line.is_empty() && !head::surely_begins_record(line) => return Some(Self::NodeTrace),
            Self::NodeTrace if line.is_empty() => return Some(Self::NodeEnd),
            Self::NodeTrace if head::is_of_node(line) => return Some(Self::NodeTrace),
            Self::NodeEnd if line.starts_with(b"Node.js v") => return Some(Self::Plain),
            _ => {}
        }
        (head::is_frame(line) || head::is_exception(line) || head::is_marked_trace(line)).then_some(match self {
            _ if line.ends_with(b" {") => Self::NodeObject { is_last: self == Self::NodeTrace },
            Self::JulHead | Self::NodeObject { .. } => Self::Plain,
            other => other,
        })
    }

    pub(super) fn rust(self, line: &[u8]) -> Option<Self> {
        let goes_on = match self {
            Self::RustHead => !line.is_empty() && !head::begins_record(line),
            Self::RustPanic => head::is_of_rust_panic(line),
            _ => false,
        };
        goes_on.then_some(Self::RustPanic)
    }

    pub(super) fn ruby(self, line: &[u8]) -> Option<Self> {
        let after = if self == Self::RailsHead { Self::Plain } else { self };
        let is_divider = self == Self::RailsHead && !line.is_empty() && line.trim_ascii().is_empty();
        (is_divider || head::is_backtrace(line)).then_some(after)
    }

    pub(super) fn dart(self, line: &[u8]) -> Option<Self> {
        /// What is said of an exception has a few lines: source code, and what was called with what.
        const LINES_MAX: u8 = 6;
        match self {
            Self::DartHead(_) | Self::DartTrace if head::is_dart_frame(line) => Some(Self::DartTrace),
            Self::DartHead(lines) if lines < LINES_MAX && !head::begins_record(line) => Some(Self::DartHead(lines + 1)),
            Self::DartTrace if line == b"<asynchronous suspension>" => Some(Self::DartTrace),
            _ => None,
        }
    }

    pub(super) fn panic(self, line: &[u8]) -> Option<Self> {
        match self {
            Self::Panic => head::is_of_panic(line).then_some(Self::Panic),
            Self::Zap => (head::is_indented(line) || head::is_go_function(line)).then_some(Self::Zap),
            _ => None,
        }
    }

    pub(super) fn php(self, line: &[u8]) -> Option<Self> {
        match self {
            Self::PhpStderr if head::begins_record(line) => None,
            Self::PhpStderr => Some(if head::ends_php_stderr(line) { Self::Plain } else { Self::PhpStderr }),
            Self::PhpTrace if line.is_empty() || head::is_of_php_trace(line) => Some(Self::PhpTrace),
            _ => head::begins_php_trace(line).then_some(Self::PhpTrace),
        }
    }

    pub(super) fn slow(self, line: &[u8]) -> Option<Self> {
        // What the server writes whenever it opens the log is of no entry.
        if line.starts_with(b"# Time:") || head::opens_slow_log(line) {
            return None;
        }
        if line.starts_with(b"# User@Host:") {
            // An entry within the same second has no time of its own.
            return (self == Self::SlowTime).then_some(Self::SlowEntry { is_statement: false });
        }
        // Containers write all of a server's logs into one; no statement begins so.
        let is_others = matches!(line.first(), Some(b'0'..=b'9' | b'[')) || head::begins_record(line);
        if is_others && self == (Self::SlowEntry { is_statement: true }) {
            return None;
        }
        Some(Self::SlowEntry { is_statement: line.trim_ascii_end().ends_with(b";") })
    }

    pub(super) fn mq(line: &[u8]) -> Option<Self> {
        let is_end = line.starts_with(b"-----");
        (!head::begins_mq_record(line)).then_some(if is_end { Self::Whole } else { Self::MqRecord })
    }

    /// Whether the last line was of an entry of MySQL's slow query log.
    pub(super) fn is_of_slow_entry(self) -> bool {
        matches!(self, Self::SlowTime | Self::SlowEntry { .. })
    }

    /// What is known behind a limit: where any line would belong to the record, nothing tells that the next one does.
    pub(super) fn behind_limit(self) -> Self {
        let takes_any = self.is_of_event()
            || self.is_of_printed()
            || self.is_of_slow_entry()
            || matches!(self, Self::MqRecord | Self::TimeAlone | Self::PhpStderr);
        if takes_any { Self::Plain } else { self }
    }
}
