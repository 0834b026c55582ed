//! Records out of the events of a chunk, and out of what of it cannot be read.

use std::borrow::Cow;

use logseal_parsers::{Context, FileRecord, Format, LogEvent, format, winevent};

/// The largest event: what a record of other files may have too.
const EVENT_BYTES_MAX: usize = 256 << 10;

/// Where the records of one chunk go.
pub(super) struct Report<'r> {
    pub(super) chunk: u64,
    pub(super) chunk_offset: u64,
    pub(super) records: &'r mut u64,
    pub(super) is_damaged: &'r mut bool,
    /// Why what is read may not be what was written.
    pub(super) doubt: Option<&'static str>,
    pub(super) cx: &'r Context,
    pub(super) emit: &'r mut dyn FnMut(FileRecord<'_>),
}

impl Report<'_> {
    /// One event, whose text is an XML document.
    pub(super) fn event(&mut self, text: &[u8]) {
        let text = without_declaration(text);
        let Some(whole) = text.get(..text.len().min(EVENT_BYTES_MAX)) else { return };
        let mut event = if whole.len() < text.len() {
            let end = whole.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
            LogEvent {
                message: Cow::Borrowed(whole.get(..end).unwrap_or(whole)),
                format: winevent::FORMAT,
                parse_error: Some(Cow::Borrowed("too long: only its beginning is kept")),
                ..LogEvent::default()
            }
        } else {
            format::parse(Format::Winevent, text, self.cx)
        };
        if let Some(reason) = self.doubt
            && event.parse_error.is_none()
        {
            event.parse_error = Some(format!("chunk {} is damaged: {reason}", self.chunk).into());
        }
        let is_cut = whole.len() < text.len();
        let raw = if is_cut { event.message.clone() } else { Cow::Borrowed(text) };
        self.emit(event, &raw, is_cut);
    }

    /// Tells of damage in the chunk, at byte `at` of it: of the record with the id `record`, or of the chunk itself.
    pub(super) fn damage(&mut self, record: Option<u64>, at: u64, reason: &str) {
        *self.is_damaged = true;
        let chunk = self.chunk;
        let what = match record {
            Some(record) => format!("chunk {chunk}, record {record}"),
            None => format!("chunk {chunk}"),
        };
        // Its bytes are in the file, which is kept. What a reader needs is where.
        let text = format!("{what} of the event log, at byte {} of the file", self.chunk_offset + at);
        let event = LogEvent {
            message: Cow::Borrowed(text.as_bytes()),
            format: winevent::FORMAT,
            parse_error: Some(format!("{what} is damaged: {reason}").into()),
            ..LogEvent::default()
        };
        self.emit(event, text.as_bytes(), false);
    }

    fn emit(&mut self, event: LogEvent<'_>, raw: &[u8], is_cut: bool) {
        *self.records += 1;
        (self.emit)(FileRecord { event, raw, line: *self.records, last_line: *self.records, part: 0, is_cut });
    }
}

/// The document's one element: every event would begin with the same declaration, and those that Windows exports have none.
fn without_declaration(text: &[u8]) -> &[u8] {
    let end = text.starts_with(b"<?xml").then(|| memchr::memmem::find(text, b"?>")).flatten();
    end.and_then(|end| text.get(end + 2..)).unwrap_or(text).trim_ascii()
}
