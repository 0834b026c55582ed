//! The rules by which lines are joined.

use std::fmt;
use std::str::FromStr;

use super::head;
use super::state::State;
use super::windows;
use crate::winevent::text;
use crate::{app, auditd};

/// When a line belongs to the record before it; see the [module](super).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Never.
    #[default]
    None,
    /// Where a stack trace, a traceback or the like goes on.
    Auto,
    /// The records of one event of Linux' audit daemon.
    Auditd,
    /// Reports of Dart's uncaught exceptions.
    Dart,
    /// Stack traces of .NET.
    Dotnet,
    /// Reports of Go's panics.
    Go,
    /// Where it is indented.
    Indented,
    /// Stack traces of Java.
    Java,
    /// Entries of MySQL's slow query log.
    MysqlSlow,
    /// Stack traces of PHP, and what it wrote to nginx.
    Php,
    /// What PostgreSQL adds to a message.
    Postgresql,
    /// Python's tracebacks.
    Python,
    /// Ruby's backtraces.
    Ruby,
    /// Reports of Rust's panics.
    Rust,
    /// Where it does not begin as lines of logs do.
    Stamp,
    /// Windows events.
    Xml,
}

/// A word that names no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown multiline rule \"{0}\": use {names}", names = Rule::names())]
pub struct UnknownRule(pub String);

impl Rule {
    /// All rules.
    pub const ALL: &'static [Self] = &[
        Self::None,
        Self::Auto,
        Self::Auditd,
        Self::Dart,
        Self::Dotnet,
        Self::Go,
        Self::Indented,
        Self::Java,
        Self::MysqlSlow,
        Self::Php,
        Self::Postgresql,
        Self::Python,
        Self::Ruby,
        Self::Rust,
        Self::Stamp,
        Self::Xml,
    ];

    /// The rules that `auto` asks, in this order.
    #[rustfmt::skip]
    const AUTO: [Self; 11] = [
        Self::Auditd, Self::Xml, Self::Python, Self::Go, Self::Rust, Self::Java, Self::Dotnet, Self::Ruby, Self::Php, Self::Dart, Self::Postgresql,
    ];

    /// The name in lower case, as it is configured.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Auto => "auto",
            Self::Auditd => "auditd",
            Self::Dart => "dart",
            Self::Dotnet => "dotnet",
            Self::Go => "go",
            Self::Indented => "indented",
            Self::Java => "java",
            Self::MysqlSlow => "mysql_slow",
            Self::Php => "php",
            Self::Postgresql => "postgresql",
            Self::Python => "python",
            Self::Ruby => "ruby",
            Self::Rust => "rust",
            Self::Stamp => "stamp",
            Self::Xml => "xml",
        }
    }

    fn names() -> String {
        Self::ALL.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// What is known after `line`, which begins a record.
    pub(super) fn begun(self, line: &[u8]) -> State {
        match self {
            Self::Auditd => auditd::id(line).map(State::Audit),
            Self::Dart => head::begins_dart_report(line).then_some(State::DartHead(0)),
            Self::Go if head::is_zap_with_trace(line) => Some(State::Zap),
            Self::Go => (head::is_panic(line) || head::announces_goroutines(line)).then_some(State::Panic),
            Self::Java if head::is_node_place(line) => Some(State::NodeHead),
            Self::Java => head::is_jul(line).then_some(State::JulHead),
            Self::MysqlSlow if line.starts_with(b"# Time:") => Some(State::SlowTime),
            Self::MysqlSlow => line.starts_with(b"# User@Host:").then_some(State::SlowEntry { is_statement: false }),
            Self::Php => head::begins_php_stderr(line).then_some(State::PhpStderr),
            Self::Python => head::ends_in_traceback(line).then_some(State::Traceback),
            Self::Ruby => head::begins_rails_report(line).then_some(State::RailsHead),
            Self::Rust if head::is_rust_panic(line) => {
                Some(if line.ends_with(b":") { State::RustHead } else { State::RustPanic })
            }
            Self::Xml => windows::opened(line),
            Self::Auto if head::is_object(line) => Some(State::Whole),
            Self::Auto if head::announces_goroutines(line) => Some(State::Panic),
            Self::Auto if head::ends_in_traceback(line) => Some(State::Traceback),
            Self::Auto if head::surely_begins_record(line) => None,
            Self::Auto if head::begins_mq_record(line) => Some(State::MqRecord),
            Self::Auto if windows::begins_printed(line).is_some() => windows::begins_printed(line),
            Self::Auto if head::is_time_alone(line) => Some(State::TimeAlone),
            Self::Auto if head::begins_slow_entry(line) => Some(Self::MysqlSlow.begun(line)),
            Self::Auto => Self::AUTO.iter().map(|rule| rule.begun(line)).find(|state| *state != State::Plain),
            Self::None | Self::Dotnet | Self::Indented | Self::Postgresql | Self::Rust | Self::Stamp => None,
        }
        .unwrap_or_default()
    }

    /// What is known after `line`, if it belongs to the record before it, of which `state` is known.
    pub(super) fn joined(self, state: State, line: &[u8]) -> Option<State> {
        match self {
            Self::None => None,
            Self::Auto if state == State::Whole => None,
            Self::Auto if state.is_of_printed() => state.printed(line),
            Self::Auto if state.is_of_event() => state.event(line),
            Self::Auto if state == State::SplunkHead && text::begins_splunks(line) => Some(State::SplunkNames),
            // The usual case, and cheap: most files hold nothing else.
            Self::Auto if head::surely_begins_record(line) => None,
            Self::Auto if state.is_of_slow_entry() => state.slow(line),
            Self::Auto if state == State::TimeAlone => head::is_of_alert(line).then_some(state),
            Self::Auto if state == State::MqRecord => State::mq(line),
            Self::Auto if app::mysql::is_untimed(line) => None,
            Self::Auto => Self::AUTO.iter().find_map(|rule| rule.joined(state, line)),
            Self::Auditd => state.audit(line),
            Self::Dart => state.dart(line),
            Self::Dotnet => {
                (head::is_indented(line) || head::is_exception(line) || head::is_divider(line)).then_some(state)
            }
            Self::Go => state.panic(line),
            Self::Indented => head::is_indented(line).then_some(State::Plain),
            Self::Java => state.java(line),
            Self::MysqlSlow => state.slow(line),
            Self::Php => state.php(line),
            Self::Postgresql => (line.starts_with(b"\t") || head::is_postgresql_addition(line)).then_some(state),
            Self::Python => state.python(line),
            Self::Ruby => state.ruby(line),
            Self::Rust => state.rust(line),
            Self::Stamp => (!head::begins_record(line)).then_some(State::Plain),
            Self::Xml => state.event(line),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    /// Accepts the names of [`Rule::as_str`] in any case.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|rule| rule.as_str().eq_ignore_ascii_case(word));
        found.ok_or_else(|| UnknownRule(word.to_owned()))
    }
}
