//! The lines of one stream or file, which may say something of each other.

use std::borrow::Cow;

use crate::custom::format::LineFormat;
use crate::detect::{StreamFormat, prose};
use crate::format::{self, Format};
use crate::syslog::shape;
use crate::table::{Table, delimited, flow, w3c, zeek};
use crate::{Context, LogEvent, detect, first_line, json, plain};

/// Reads the lines of one stream or file in their order.
///
/// It remembers what a single line does not say: the header that is in force (W3C extended, Zeek, CSV and TSV), and what format
/// the lines before were in. Lines of a header are records themselves, with the attribute `directive` (`Fields`, `separator`,
/// `header` …), so that nothing of a file is lost.
///
/// With [`Format::Auto`] the format is chosen from the lines and looked at again as they go on ([`StreamFormat`]), and each line
/// that does not fit is decided by itself; so files with lines in several formats work. A first line that plainly is the header
/// of a CSV or TSV file (names, among them those of a record's fields) makes it one; once a line has not as many cells as the
/// header, it is read by itself, too.
///
/// With the format of a table, all lines are rows of it: missing cells are absent, and those without a column are `column.N`.
#[derive(Clone, Debug)]
pub struct LineParser {
    format: LineFormat,
    table: Option<Table>,
    /// What format its lines are in, where none is stated.
    stream: StreamFormat,
    is_first: bool,
}

impl LineParser {
    /// For the lines of a stream in `format`.
    #[must_use]
    pub fn new(format: impl Into<LineFormat>) -> Self {
        Self { format: format.into(), table: None, stream: StreamFormat::default(), is_first: true }
    }

    /// For the lines of a stream in `format` that go on below `header`: what [`LineParser::header`] gave, where it was cut.
    #[must_use]
    pub fn with_header(format: impl Into<LineFormat>, header: &[u8], cx: &Context) -> Self {
        let mut parser = Self::new(format);
        for line in header.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            parser.note(line, cx);
        }
        parser.is_first &= header.is_empty();
        parser
    }

    /// The lines of the header that is in force, for [`LineParser::with_header`]; empty where there is none.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        self.table.as_ref().map(Table::header).unwrap_or_default()
    }

    /// The format that was stated.
    #[must_use]
    pub fn format(&self) -> &LineFormat {
        &self.format
    }

    /// Whether the names of columns are known: lines are rows under them.
    pub(crate) fn has_table(&self) -> bool {
        self.table.as_ref().is_some_and(Table::has_columns)
    }

    /// The table whose cells may be quoted, if one is in force.
    pub(crate) fn delimited_table(&self) -> Option<(&Table, u8)> {
        self.table.as_ref().filter(|table| table.has_columns()).and_then(|table| Some((table, table.delimiter()?)))
    }

    /// Whether `line`, if it is the first one, begins a table.
    pub(crate) fn is_header<'a>(&self, line: impl FnOnce() -> Option<&'a [u8]>) -> bool {
        self.is_first
            && self.format.is(Format::Auto)
            && line().is_some_and(|line| delimited::plain_header(line).is_some())
    }

    /// Takes note of what `line` says of those that follow it: cheaper than [`LineParser::parse`].
    pub fn note(&mut self, line: &[u8], cx: &Context) {
        if self.is_first || line.first() == Some(&b'#') {
            drop(self.parse(line, cx));
        }
    }

    /// Reads the next line. Never fails: as [`format::parse`](crate::format::parse).
    #[must_use]
    pub fn parse<'a>(&mut self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        let LineFormat::Known(format) = self.format else {
            return self.format.parse(line, cx);
        };
        // Rows may have line ends in their cells.
        if self.table.is_none()
            && let Some(event) = first_line::read(format, line, &self.stream, cx)
        {
            self.is_first = false;
            self.stream.note(event.format);
            return event;
        }
        // Text follows upon text. Only where no format is stated there is any; the first line may be a table's header.
        if self.stream.is_text()
            && !self.is_first
            && self.table.is_none()
            && !matches!(line.first(), Some(b'<' | b'{'))
            && let Some(prose) = prose::of(line, cx)
        {
            return detect::read_prose(prose, line, cx);
        }
        let is_first = self.is_first;
        self.is_first = is_first && (line.trim_ascii().is_empty() || delimited::is_type(line));
        match format {
            Format::Auto => self.auto(is_first, line, cx),
            Format::Csv => self.delimited(format, line, cx),
            Format::Tsv => self.delimited(format, line, cx),
            Format::W3c => w3c::directive(line, &mut self.table).unwrap_or_else(|| self.row(format, line, cx)),
            Format::Zeek => zeek::directive(line, &mut self.table).unwrap_or_else(|| self.row(format, line, cx)),
            format => format::parse(format, line, cx),
        }
    }

    fn auto<'a>(&mut self, is_first: bool, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        match line.first() {
            // No directive has a blank there; comments do.
            Some(b'#') if line.get(1) != Some(&b' ') => {
                let directive = w3c::directive(line, &mut self.table);
                if let Some(event) = directive.or_else(|| zeek::directive(line, &mut self.table)) {
                    return event;
                }
            }
            // What is plainly something else is no row, though it may have as many cells.
            Some(b'{') => return json::parse(line, cx),
            Some(b'<') if shape::has_priority(line) => return detect::syslog(line, cx),
            Some(b'<') => return format::parse(Format::Auto, line, cx),
            _ => {}
        }
        if let Some(table) = self.table.as_ref().filter(|table| table.has_columns())
            && let Some(row) = table.row(line, false, cx)
        {
            return row;
        }
        if !is_first {
            return self.stream.read_formatted(line, cx);
        }
        let event = self.stream.read_formatted(line, cx);
        if event.format == plain::FORMAT {
            self.table = delimited::plain_header(line).or_else(|| flow::plain_header(line));
            if let Some(header) = self.table.as_ref().and_then(|table| table.row(line, false, cx)) {
                return header;
            }
        }
        event
    }

    /// A line of a file whose first one is the header.
    fn delimited<'a>(&mut self, format: Format, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        if self.table.is_none() && !line.trim_ascii().is_empty() {
            self.table = Some(match format {
                Format::Tsv => delimited::header_with(line, b'\t'),
                _ => delimited::header(line),
            });
        }
        self.row(format, line, cx)
    }

    /// A row of the table, however many cells it has; kept whole where there is no header.
    fn row<'a>(&self, format: Format, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        let table = self.table.as_ref().filter(|table| table.has_columns());
        table.and_then(|table| table.row(line, true, cx)).unwrap_or_else(|| without_header(format, line))
    }
}

/// What a line of a table is without the header.
pub(crate) fn without_header(format: Format, line: &[u8]) -> LogEvent<'_> {
    LogEvent {
        message: Cow::Borrowed(line),
        format: format.as_str(),
        parse_error: Some(Cow::Borrowed("no header before this line")),
        ..LogEvent::default()
    }
}

#[cfg(test)]
mod tests;
