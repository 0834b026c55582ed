//! Whole files and streams as records, whatever they hold.
//!
//! A [`FileParser`] is given the bytes in their order and gives records: it knows the encoding, joins the lines of stack traces and
//! audit events, remembers the headers of tables, and divides documents that hold many records.
//!
//! | in the file | becomes |
//! |---|---|
//! | UTF-8; UTF-16 with a byte order mark, or plainly without | text; the mark is of no record |
//! | a line | a record; blank lines are none |
//! | lines that belong together by the [`Rule`] | one record |
//! | a JSON object on several lines | one record |
//! | `{…}{…}`, objects one behind the other on a line | a record for each object |
//! | `[{…}, {…}]`, on one line or on many | a record for each object |
//! | `{"Records": [{…}, {…}]}` (`records`) | the same; one record where it has other members and is small enough for one |
//! | `<Events><Event>…</Event>…</Events>`, with an XML declaration or not, also without `<Events>` | a record for each event |
//! | a row of CSV or TSV, or of PostgreSQL's `csvlog`, with line ends in quoted cells | one record |
//! | records of one event of Linux' audit daemon, also where lines of others stand between them | one record, at the place of its first line |
//! | eight NUL bytes or more | nothing: they are what a crash left, and end a line |
//! | a line or an object that is longer than the limit | parts of the limit's size, all but the last of them marked as cut |
//! | bytes that are no text | lines with a `parse_error` |
//!
//! All but the first three rows hold under [`Rule::Auto`] only, and as far as the format that is stated may be so, that of audit events
//! under [`Rule::Auditd`] as well; with [`Rule::None`] each line is a record. Mixed events are not sorted out in UTF-16.
//!
//! The records depend on the bytes and the options alone, not on how they are divided into buffers: reading a file again gives
//! the same records with the same lines and parts.

mod audit_events;
mod binary;
mod cutter;
mod encoding;
mod objects;
mod opening;
mod padding;
mod rows;

use std::borrow::Cow;

use crate::custom::format::LineFormat;
use crate::format::Format;
use crate::multiline::{Joiner, Limits, Rule};
use crate::{Context, LineParser, LogEvent, plain};
use audit_events::Mixed;
use cutter::{Cutter, Step};
use encoding::{Encoding, Utf16Text, utf16_bytes};

/// How a file is to be read.
#[derive(Clone, Debug)]
pub struct FileOptions {
    /// The format of its lines.
    pub format: LineFormat,
    /// Which lines belong together. A format of one's own that says where its records begin is asked in place of
    /// [`Rule::Auto`].
    pub multiline: Rule,
    /// How large a record may grow. `bytes_max` counts at least four bytes, and those of UTF-8 in a file in UTF-16.
    pub limits: Limits,
}

impl Default for FileOptions {
    /// All is found out: format and rule are `auto`.
    fn default() -> Self {
        Self { format: LineFormat::default(), multiline: Rule::Auto, limits: Limits::default() }
    }
}

/// One record of a file.
#[derive(Debug)]
pub struct FileRecord<'a> {
    /// What its parser understood.
    pub event: LogEvent<'a>,
    /// Its bytes as they stand in the file, without the last line end; its lines, where those of others stand between them.
    pub raw: &'a [u8],
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The line on which it ends.
    pub last_line: u64,
    /// Which of several records on its line or in its document it is, from 0.
    pub part: u32,
    /// Whether a limit ended it: what follows belongs to it too.
    pub is_cut: bool,
}

/// Reads the records of one file or stream.
#[derive(Clone, Debug)]
pub struct FileParser {
    lines: LineParser,
    cutter: Cutter,
    /// Known with the first bytes.
    encoding: Option<Encoding>,
    /// What of the buffer is in UTF-16, as text.
    utf16: Utf16Text,
    /// The line at the front of the buffer, and how many records began on it.
    line: u64,
    part: u32,
    /// Records are read, and not only found.
    reads_events: bool,
}

impl FileParser {
    /// For a file from its beginning.
    #[must_use]
    pub fn new(options: FileOptions) -> Self {
        Self::with_header(options, b"", &Context { received_at: 0, zone: crate::Zone::UTC })
    }

    /// For a file that goes on below `header`: what [`FileParser::header`] gave, where it was cut.
    #[must_use]
    pub fn with_header(options: FileOptions, header: &[u8], cx: &Context) -> Self {
        let FileOptions { format, multiline, limits } = options;
        let limits = Limits { bytes_max: limits.bytes_max.max(4), ..limits };
        let is_auto = multiline == Rule::Auto;
        let is_table = [Format::Csv, Format::Tsv, Format::W3c, Format::Zeek].into_iter().any(|table| format.is(table));
        let rule = if is_auto && is_table { Rule::None } else { multiline };
        let joiner = Joiner::for_format(&format, rule, limits);
        Self {
            lines: LineParser::with_header(format, header, cx),
            cutter: Cutter::new(joiner, is_auto, limits),
            encoding: None,
            utf16: Utf16Text::default(),
            line: 1,
            part: 0,
            reads_events: true,
        }
    }

    /// Says where the records begin and end, and reads none of them: their events are empty. For who sends them on.
    #[must_use]
    pub fn without_events(mut self) -> Self {
        self.reads_events = false;
        self
    }

    /// Whether the file is in UTF-16, as far as is known.
    #[must_use]
    pub fn is_utf16(&self) -> bool {
        matches!(self.encoding, Some(Encoding::Utf16Le | Encoding::Utf16Be))
    }

    /// The lines of the header that is in force, for [`FileParser::with_header`]; empty where there is none.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        self.lines.header()
    }

    /// Takes the records at the front of `buffer`, gives each to `emit`, and says how many bytes of the buffer are done with:
    /// the caller drops them, and appends what it reads next. With `is_end` nothing comes after the buffer, and nothing of it
    /// is left.
    ///
    /// What is left otherwise is a record whose end has not come. That is never much more than the limit (twice that in UTF-16),
    /// so a buffer that has room for three times the limit and 4 KiB is never full.
    pub fn feed(&mut self, buffer: &[u8], is_end: bool, cx: &Context, emit: &mut dyn FnMut(FileRecord<'_>)) -> usize {
        let (encoding, mark) = match self.encoding {
            Some(encoding) => (encoding, 0),
            None => match encoding::detect(buffer, is_end) {
                Some(found) => found,
                None => return 0,
            },
        };
        self.encoding = Some(encoding);
        let rest = buffer.get(mark..).unwrap_or_default();
        mark + match encoding {
            Encoding::Utf8 => self.text(rest, is_end, cx, &mut |record, _| emit(record)),
            Encoding::Utf16Le | Encoding::Utf16Be => self.utf16(rest, encoding == Encoding::Utf16Be, is_end, cx, emit),
        }
    }

    fn utf16(
        &mut self,
        buffer: &[u8],
        is_big_endian: bool,
        is_end: bool,
        cx: &Context,
        emit: &mut dyn FnMut(FileRecord<'_>),
    ) -> usize {
        let mut utf16 = std::mem::take(&mut self.utf16);
        utf16.extend(buffer, is_big_endian, is_end);
        // Places in the text are found again in the buffer by going on from the last one.
        let (mut text_at, mut buffer_at) = (0, 0);
        let mut place_of = |to: usize| {
            buffer_at += utf16_bytes(utf16.text.get(text_at..to).unwrap_or_default());
            text_at = to;
            buffer_at.min(buffer.len())
        };
        self.cutter.sort_nothing();
        let taken = self.text(&utf16.text, is_end, cx, &mut |record, start| {
            let begin = place_of(start);
            let end = place_of(start + record.raw.len());
            emit(FileRecord { raw: buffer.get(begin..end).unwrap_or_default(), ..record });
        });
        let consumed = place_of(taken);
        utf16.text.drain(..taken);
        utf16.source_bytes = utf16.source_bytes.saturating_sub(consumed);
        self.utf16 = utf16;
        consumed
    }

    /// Takes the records at the front of `text`, each of which is given with where it begins there, its text as its raw bytes; returns how many bytes
    /// are done with.
    fn text(&mut self, text: &[u8], is_end: bool, cx: &Context, each: &mut dyn FnMut(FileRecord<'_>, usize)) -> usize {
        let mut at = 0;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let consumed = match self.cutter.next(rest, is_end, &self.lines) {
                Step::More => return at,
                Step::Skip(count) => count,
                Step::Record(cut) => {
                    let raw = rest.get(..cut.length).unwrap_or(rest);
                    let mut event = self.event(raw, cut.is_cut, cut.is_rest, cx);
                    if cut.is_torn && event.format == plain::FORMAT && event.parse_error.is_none() {
                        event.parse_error = Some(Cow::Borrowed("a Windows event without its end"));
                    }
                    if (event.parse_error.is_some() || !self.reads_events)
                        && !(cut.is_cut || cut.is_rest)
                        && self.cutter.divides_lines(&self.lines)
                        && objects::first_of_several(raw).is_some()
                    {
                        self.objects(raw, at, cx, each);
                        self.pass(rest.get(..cut.consumed).unwrap_or_default());
                        at += cut.consumed;
                        continue;
                    }
                    let (line, part) = (self.line, self.part);
                    let last_line = line + line_ends(raw) as u64;
                    self.part = part.saturating_add(1);
                    each(FileRecord { event, raw, line, last_line, part, is_cut: cut.is_cut }, at);
                    cut.consumed
                }
                Step::Mixed(mixed) => {
                    self.mixed(&mixed, at, cx, each);
                    mixed.length
                }
            };
            self.pass(rest.get(..consumed).unwrap_or_default());
            at += consumed;
        }
    }

    /// Counts the lines of what was taken.
    fn pass(&mut self, taken: &[u8]) {
        self.line += line_ends(taken) as u64;
        if taken.last() == Some(&b'\n') && self.cutter.is_among_lines() {
            self.part = 0;
        }
    }

    /// Gives the objects of a line that begins at `start`, one behind the other; what follows the last of them is one more record.
    #[cold]
    fn objects(&mut self, line: &[u8], start: usize, cx: &Context, each: &mut dyn FnMut(FileRecord<'_>, usize)) {
        let mut from = 0;
        while let Some(rest) = line.get(from..).filter(|rest| !rest.is_empty()) {
            let raw = rest.get(..objects::first_of_several(rest).unwrap_or(rest.len())).unwrap_or(rest);
            let event = self.event(raw, false, false, cx);
            let (line, part) = (self.line, self.part);
            self.part = part.saturating_add(1);
            each(FileRecord { event, raw, line, last_line: line, part, is_cut: false }, start + from);
            let blanks =
                rest.get(raw.len()..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
            from += raw.len() + blanks;
        }
    }

    /// Gives events that begin at `start`, each with the place of its first line.
    #[cold]
    fn mixed(&mut self, mixed: &Mixed, start: usize, cx: &Context, each: &mut dyn FnMut(FileRecord<'_>, usize)) {
        let first = self.line;
        for found in &mixed.events {
            let raw = found.bytes.strip_suffix(b"\n").unwrap_or(&found.bytes);
            let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
            let event = self.event(raw, found.is_cut, false, cx);
            let (line, last_line) = (first + found.first_line as u64, first + found.last_line as u64);
            let part = if line == first { self.part } else { 0 };
            each(FileRecord { event, raw, line, last_line, part, is_cut: found.is_cut }, start);
        }
    }

    // The event is large: it is not passed on.
    #[inline(always)]
    fn event<'a>(&mut self, raw: &'a [u8], is_cut: bool, is_rest: bool, cx: &Context) -> LogEvent<'a> {
        if !self.reads_events {
            self.lines.note(raw, cx);
            return LogEvent::default();
        }
        let mut event = if is_rest {
            LogEvent {
                message: Cow::Borrowed(raw),
                format: plain::FORMAT,
                parse_error: Some(Cow::Borrowed("goes on with the record before it, which was too long")),
                ..LogEvent::default()
            }
        } else {
            // Files that were put one behind the other have their marks at the front of lines.
            self.lines.parse(raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw), cx)
        };
        if is_cut {
            // What a parser misses in a part (the end of an object) is no fault of the line.
            event.parse_error = Some(Cow::Borrowed("too long: goes on in the next record"));
        } else if event.parse_error.is_none() && event.format == plain::FORMAT && binary::is_binary(raw) {
            event.parse_error = Some(Cow::Borrowed("not text"));
        }
        event
    }
}

fn line_ends(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

#[cfg(test)]
mod tests;
