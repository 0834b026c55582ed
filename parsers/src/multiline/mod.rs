//! Records of several lines: which lines belong together, by rule.
//!
//! A [`Joiner`] looks at one line after the other and says where records begin. It keeps no bytes: the caller holds them in
//! a buffer, and a record is a slice of it, with the line ends inside as they were sent.
//!
//! | [`Rule`] | a line belongs to the record before it if |
//! |---|---|
//! | `none` | never |
//! | `indented` | it begins with a blank or a tab |
//! | `stamp` | it does not begin with a time, a syslog priority, klog's header or `{` |
//! | `java` | it is a frame, a cause or the head of a stack trace; the second line of `java.util.logging` |
//! | `dotnet` | it is indented, or the head or a divider of a stack trace |
//! | `python` | it is of a traceback, its last line and chained ones included |
//! | `ruby` | it is a line of a backtrace, or what Rails writes before one |
//! | `dart` | it is of the report of an exception that nothing caught |
//! | `go` | it is of a panic's report, or of the stack trace behind a record of zap |
//! | `php` | it is of a stack trace, or of what PHP wrote to nginx |
//! | `rust` | it is of a panic's report |
//! | `postgresql` | it begins with a tab, or is a `DETAIL`, `HINT`, `CONTEXT`, `QUERY`, `LOCATION` or `STATEMENT` |
//! | `mysql_slow` | it does not begin an entry of the slow query log |
//! | `xml` | a Windows event that began with `<Event` and an element has not ended, and the line is plainly no other record's |
//! | `auditd` | it is a record of the same event of Linux' audit daemon |
//! | `auto` | one of `java`, `dotnet`, `python`, `ruby`, `go`, `rust`, `php`, `dart`, `mysql_slow` (behind the head of an entry), `postgresql`, `xml` or `auditd` says so; never to a JSON object, and never a line that begins with a syslog priority, RFC 3164's stamp or `{` (within a Windows event: `{` and a member) |
//!
//! Between a record's line and its stack trace one empty line may stand (`java`, `python` and `auto`): Spring Boot writes one.
//!
//! Where any line goes on with a record, such as a Windows event, a limit ends that, too.
//!
//! A pattern of one's own can say where records begin instead ([`Joiner::with_pattern`]).

mod head;
mod rule;
mod state;
pub(crate) mod windows;

use crate::LineFormat;
use crate::custom::Pattern;
pub use rule::{Rule, UnknownRule};
use state::State;

/// How large a record may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most lines of a record.
    pub lines_max: usize,
    /// The most bytes of a record, line ends included. A line that is longer is divided.
    pub bytes_max: usize,
}

impl Default for Limits {
    /// 500 lines and 256 KiB.
    fn default() -> Self {
        Self { lines_max: 500, bytes_max: 256 * 1024 }
    }
}

/// A record of one or more lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined<'b> {
    /// The bytes of all its lines, with the line ends between them and without the last one. Empty for an empty line.
    pub bytes: &'b [u8],
    /// How many lines it has.
    pub lines: usize,
    /// Whether a limit ended it: what follows belongs to it too.
    pub cut: bool,
    /// How many bytes of the buffer the caller drops before the next call.
    pub consumed: usize,
}

/// Finds the records of one stream or file in a buffer that the caller holds.
///
/// As with a [`Framer`](crate::framing::Framer), the caller drops what was consumed from the front of its buffer and appends
/// what it reads next. The records depend on the bytes alone, and not on how they were split into reads. Costs two passes
/// over the bytes at the most; allocates nothing.
#[derive(Clone, Debug)]
pub struct Joiner {
    begins: Begins,
    limits: Limits,
    /// What the lines of the record so far tell of the next one.
    state: State,
    /// Lines of the record at the front of the buffer that are known to belong to it, and where they end.
    lines: usize,
    end: usize,
    /// How much of the line behind them holds no line end, as far as is known.
    scanned: usize,
    /// The record at the front goes on with one that a limit ended.
    is_rest: bool,
    /// So does its first line with a line that was divided.
    is_rest_of_line: bool,
}

/// What says where a record begins.
#[derive(Clone, Debug)]
enum Begins {
    Rule(Rule),
    Pattern(Pattern),
}

/// What becomes of the line behind the record so far.
enum Next {
    /// It belongs to the record, and then this is known.
    Joins(State),
    /// It begins the next record.
    Begins,
    /// It belongs to the record, which has grown too large.
    Exceeds,
}

impl Joiner {
    /// Joins lines by `rule`.
    #[must_use]
    pub fn new(rule: Rule, limits: Limits) -> Self {
        Self::with(Begins::Rule(rule), limits)
    }

    /// Begins a record at each line in which `pattern` is found; all other lines belong to the record before them.
    #[must_use]
    pub fn with_pattern(pattern: Pattern, limits: Limits) -> Self {
        Self::with(Begins::Pattern(pattern), limits)
    }

    /// Joins the lines of a source in `format` by `rule`. A format of one's own that says where its records begin is asked in
    /// place of [`Rule::Auto`].
    #[must_use]
    pub fn for_format(format: &LineFormat, rule: Rule, limits: Limits) -> Self {
        match format {
            LineFormat::Custom(custom) if rule == Rule::Auto => match custom.begins() {
                Some(pattern) => Self::with_pattern(pattern.clone(), limits),
                None => Self::new(rule, limits),
            },
            LineFormat::Custom(_) | LineFormat::Known(_) => Self::new(rule, limits),
        }
    }

    fn with(begins: Begins, limits: Limits) -> Self {
        let limits = Limits { lines_max: limits.lines_max.max(1), bytes_max: limits.bytes_max.max(1) };
        let state = State::default();
        Self { begins, limits, state, lines: 0, end: 0, scanned: 0, is_rest: false, is_rest_of_line: false }
    }

    /// The record at the front of `buffer`, once the line behind it shows that it has ended; `None` where more bytes are
    /// needed. Nothing is consumed then.
    pub fn next<'b>(&mut self, buffer: &'b [u8]) -> Option<Joined<'b>> {
        self.advance(buffer, false)
    }

    /// The record at the front of `buffer`, where no more bytes come or none are waited for any longer. Called until it
    /// gives `None`, it leaves nothing.
    pub fn finish<'b>(&mut self, buffer: &'b [u8]) -> Option<Joined<'b>> {
        self.advance(buffer, true)
    }

    fn advance<'b>(&mut self, buffer: &'b [u8], is_end: bool) -> Option<Joined<'b>> {
        loop {
            let rest = buffer.get(self.end..).unwrap_or_default();
            let line_end = memchr::memchr(b'\n', rest.get(self.scanned..).unwrap_or_default());
            let length = line_end.map_or(rest.len(), |at| self.scanned + at);
            if length > self.limits.bytes_max {
                return Some(self.divided(buffer));
            }
            if line_end.is_none() && (!is_end || rest.is_empty()) {
                self.scanned = length;
                return if is_end && self.lines > 0 { Some(self.emit(buffer, self.end, false)) } else { None };
            }
            let line = rest.get(..length).unwrap_or(rest);
            let mut next = self.next_line(line.strip_suffix(b"\r").unwrap_or(line));
            if matches!(next, Next::Begins) && self.may_have_gap() && matches!(line, b"" | b"\r") {
                match head::begins_trace_behind_gap(rest.get(length + 1..).unwrap_or_default(), is_end) {
                    Some(true) => next = self.within_limits(length, self.state),
                    Some(false) => {}
                    None => {
                        self.scanned = 0;
                        return None;
                    }
                }
            }
            match next {
                Next::Joins(state) => {
                    self.state = state;
                    self.lines += 1;
                    self.end += length + usize::from(line_end.is_some());
                    self.scanned = 0;
                    self.is_rest_of_line = false;
                    if self.is_whole() {
                        return Some(self.emit(buffer, self.end, false));
                    }
                }
                Next::Begins => return Some(self.emit(buffer, self.end, false)),
                Next::Exceeds => {
                    self.state = self.state.behind_limit();
                    return Some(self.emit(buffer, self.end, true));
                }
            }
        }
    }

    /// Whether the front of the buffer begins a line, and a record or the rest of one that had too many lines.
    pub(crate) fn is_at_start(&self) -> bool {
        self.lines == 0 && !self.is_rest_of_line
    }

    /// The caller took the front of the buffer itself, at whose start this was: what was looked at there is no more.
    pub(crate) fn front_was_taken(&mut self) {
        self.scanned = 0;
    }

    /// Whether each line is a record.
    pub(crate) fn joins_none(&self) -> bool {
        matches!(self.begins, Begins::Rule(Rule::None))
    }

    /// Whether the lines of audit events are joined.
    pub(crate) fn joins_audit_events(&self) -> bool {
        matches!(self.begins, Begins::Rule(Rule::Auto | Rule::Auditd))
    }

    /// Whether no line can belong to the record so far.
    fn is_whole(&self) -> bool {
        self.joins_none() || self.state == State::Whole
    }

    fn next_line(&self, line: &[u8]) -> Next {
        if self.lines == 0 {
            let state = if self.is_rest_of_line {
                self.state
            } else if self.is_rest {
                self.joined(line).unwrap_or_else(|| self.begun(line))
            } else {
                self.begun(line)
            };
            return Next::Joins(state);
        }
        match self.joined(line) {
            None => Next::Begins,
            Some(state) => self.within_limits(line.len(), state),
        }
    }

    fn within_limits(&self, length: usize, state: State) -> Next {
        let exceeds = self.lines >= self.limits.lines_max || self.end + length > self.limits.bytes_max;
        if exceeds { Next::Exceeds } else { Next::Joins(state) }
    }

    /// Whether an empty line may stand between the record's head and its stack trace: Spring Boot writes one there.
    fn may_have_gap(&self) -> bool {
        self.lines == 1
            && self.end > b"\r\n".len()
            && matches!(self.begins, Begins::Rule(Rule::Auto | Rule::Java | Rule::Python))
    }

    /// What is known after `line`, if it belongs to the record before it.
    fn joined(&self, line: &[u8]) -> Option<State> {
        match &self.begins {
            Begins::Rule(rule) => rule.joined(self.state, line),
            Begins::Pattern(pattern) => (!pattern.is_match(line)).then_some(State::default()),
        }
    }

    /// What is known after `line`, which begins a record.
    fn begun(&self, line: &[u8]) -> State {
        match &self.begins {
            Begins::Rule(rule) => rule.begun(line),
            Begins::Pattern(_) => State::default(),
        }
    }

    /// The record before a line that is too long, or as much of that line as may be.
    fn divided<'b>(&mut self, buffer: &'b [u8]) -> Joined<'b> {
        if self.lines > 0 {
            let line = buffer.get(self.end..).unwrap_or_default();
            let is_next = self.joined(line.get(..self.limits.bytes_max).unwrap_or(line)).is_none();
            return self.emit(buffer, self.end, !is_next);
        }
        let bytes = buffer.get(..whole_characters(buffer, self.limits.bytes_max)).unwrap_or(buffer);
        if !self.is_rest_of_line {
            self.state = self.begun(bytes).behind_limit();
        }
        self.scanned = 0;
        (self.is_rest, self.is_rest_of_line) = (true, true);
        Joined { bytes, lines: 1, cut: true, consumed: bytes.len() }
    }

    /// The record up to `end`, and a fresh start behind it.
    fn emit<'b>(&mut self, buffer: &'b [u8], end: usize, cut: bool) -> Joined<'b> {
        let bytes = buffer.get(..end).unwrap_or(buffer);
        let trimmed = bytes.strip_suffix(b"\n").map_or(bytes, |bytes| bytes.strip_suffix(b"\r").unwrap_or(bytes));
        let lines = std::mem::take(&mut self.lines);
        self.end = 0;
        // The line behind the record is looked at anew, as the first of the next one.
        self.scanned = 0;
        self.is_rest = cut;
        Joined { bytes: trimmed, lines, cut, consumed: end }
    }
}

/// Where to divide `text` at or before `at` so that no character of UTF-8 is torn; at `at` itself where it is none.
pub(crate) fn whole_characters(text: &[u8], at: usize) -> usize {
    let is_within = |at: usize| text.get(at).is_some_and(|b| matches!(b, 0x80..0xc0));
    let begin = (at.saturating_sub(3)..=at).rev().find(|at| !is_within(*at));
    begin.filter(|begin| *begin > 0).unwrap_or(at)
}

#[cfg(test)]
mod tests;
