//! Formats of one's own: patterns with names, in grok's way or as plain regular expressions.
//!
//! ```text
//! ^%{IPORHOST:ip} %{WORD:method} %{NOTSPACE:path} took %{NUMBER:millis} ms: %{GREEDYDATA:message}
//! ^(?<app>[a-z]+)\[(?<proc_id>[0-9]+)\]
//! ```
//!
//! `%{NAME}` stands for the expression of that name (see [`names`] for the known ones), `%{NAME:field}` also takes what it
//! finds; a third part (`%{NUMBER:millis:int}`) is allowed and says nothing, as attributes are text. Expressions are those of the
//! `regex` crate: no look-around and no back-references, and so matching takes time in proportion to the line, whatever the
//! pattern. A dot matches line ends too, so that a message may have several lines. A pattern is found anywhere in a line unless
//! it begins with `^`.
//!
//! A capture fills the record's field of its name: `timestamp`, `level`, `host`, `app`, `proc_id`, `msg_id`, `ip`,
//! `user_name`, `message`. All others, and values that are not fit for their field, are attributes. Without a `message` the
//! whole line is the message.

mod error;
mod expand;
pub(crate) mod format;
pub mod names;

use regex::bytes::{Captures, Regex, RegexBuilder};

pub use error::PatternError;

use crate::{Context, LogEvent, address, app, level_names, syslog, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "custom";

/// The longest pattern, in bytes, as it is written.
pub const PATTERN_BYTES_MAX: usize = 4096;

/// What the compiled pattern may take of memory.
const COMPILED_BYTES_MAX: usize = 4 << 20;

/// How deep groups may lie in each other.
const NESTING_MAX: u32 = 64;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    /// What each named group fills, by its number.
    captures: Vec<(usize, Target)>,
}

/// What a capture fills.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Timestamp,
    Level,
    Host,
    App,
    ProcId,
    MsgId,
    Ip,
    UserName,
    Message,
    Attribute(String),
}

impl Target {
    fn of(name: &str) -> Self {
        match name {
            "timestamp" => Self::Timestamp,
            "level" => Self::Level,
            "host" => Self::Host,
            "app" => Self::App,
            "proc_id" => Self::ProcId,
            "msg_id" => Self::MsgId,
            "ip" => Self::Ip,
            "user_name" => Self::UserName,
            "message" => Self::Message,
            other => Self::Attribute(other.to_owned()),
        }
    }

    /// The name under which a value that does not fit is kept.
    fn name(&self) -> &str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Level => "level",
            Self::Host => "host",
            Self::App => "app",
            Self::ProcId => "proc_id",
            Self::MsgId => "msg_id",
            Self::Ip => "ip",
            Self::UserName => "user_name",
            Self::Message => "message",
            Self::Attribute(name) => name,
        }
    }
}

impl Pattern {
    /// Compiles a pattern. `definitions` are expressions of one's own by their names; they may use each other and the
    /// known ones, and hide those of the same name.
    ///
    /// # Errors
    ///
    /// Says what is wrong, and at which column of the pattern (in characters, from 1): a syntax error, an unknown name, a
    /// definition that needs itself, or a pattern that is too large.
    pub fn compile(pattern: &str, definitions: &[(&str, &str)]) -> Result<Self, PatternError> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::new("longer than 4096 bytes", None));
        }
        expand::check_syntax(pattern)?;
        let expanded = expand::expand(pattern, definitions)?;
        let regex = RegexBuilder::new(&expanded.text)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX)
            .nest_limit(NESTING_MAX)
            .dot_matches_new_line(true)
            .build()
            .map_err(|error| PatternError::of_regex(&error))?;
        let named = regex.capture_names().enumerate().filter_map(|(number, name)| Some((number, name?)));
        let captures = named.map(|(number, name)| (number, Target::of(expanded.field(name)))).collect();
        Ok(Self { regex, captures })
    }

    /// Whether the pattern is found in `line`.
    #[must_use]
    pub fn is_match(&self, line: &[u8]) -> bool {
        self.regex.is_match(line)
    }

    /// Reads a line; `None` where the pattern is not found in it. Of two captures for one field the first that took part counts,
    /// and the other is an attribute. The message is borrowed.
    #[must_use]
    pub fn parse<'a>(&self, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
        let found = self.regex.captures(line)?;
        let mut event = LogEvent { message: line.into(), format: FORMAT, ..LogEvent::default() };
        let mut has_message = false;
        for (number, target) in &self.captures {
            let Some(bytes) = group(&found, *number) else { continue };
            if *target == Target::Message && !has_message {
                has_message = true;
                event.message = bytes.into();
                continue;
            }
            let text = String::from_utf8_lossy(bytes);
            if !matches!(&*text, "" | "-") && !fill(&mut event, target, &text, cx) {
                event.attributes.push(target.name(), &text);
            }
        }
        Some(event)
    }
}

fn group<'a>(captures: &Captures<'a>, number: usize) -> Option<&'a [u8]> {
    captures.get(number).map(|found| found.as_bytes())
}

/// Fills the field that a capture is named after; whether it is fit for it, and the field was empty.
fn fill(event: &mut LogEvent<'_>, target: &Target, text: &str, cx: &Context) -> bool {
    let field = match target {
        Target::Timestamp if event.timestamp.is_none() => {
            event.timestamp = time(text, cx);
            return event.timestamp.is_some();
        }
        Target::Level if event.level == crate::Level::Unknown => {
            let level = level_names::from_word(text).or_else(|| level_names::from_letter(text));
            event.level = level.unwrap_or_default();
            return level.is_some();
        }
        Target::Ip if event.ip.is_none() => {
            let found = address::parse(text);
            event.ip = found.map(|found| found.ip);
            // An address with a port says more than the field holds.
            return found.is_some_and(|found| found.whole);
        }
        Target::Host => &mut event.host,
        Target::App => &mut event.app,
        Target::ProcId => &mut event.proc_id,
        Target::MsgId => &mut event.msg_id,
        Target::UserName => &mut event.user_name,
        Target::Timestamp | Target::Level | Target::Ip | Target::Message | Target::Attribute(_) => return false,
    };
    let is_empty = field.is_empty();
    if is_empty {
        *field = text.to_owned().into();
    }
    is_empty
}

/// The time that a capture states, in any spelling that is known.
fn time(text: &str, cx: &Context) -> Option<i64> {
    let of_syslog = || syslog::stamp::read(text.as_bytes(), cx).filter(|(_, rest)| rest.is_empty()).map(|(at, _)| at);
    timestamp::parse(text, cx.zone).or_else(|| app::whole_time(text.as_bytes(), cx)).or_else(of_syslog)
}

#[cfg(test)]
mod tests;
