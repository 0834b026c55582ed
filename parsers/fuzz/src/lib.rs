//! What several fuzz targets check.

use std::borrow::Cow;

use logseal_parsers::LogEvent;

/// Whether `part` stands in `whole`, as memory and not as text: it was borrowed, not copied.
///
/// An empty part may stand anywhere, so that a parser may answer with a literal `""`.
#[must_use]
pub fn is_slice_of(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    part.is_empty() || (whole.start <= part.start && part.end <= whole.end)
}

/// Asserts what every parser promises of a line: a message that is borrowed is a slice of it, and where the line was not
/// understood the message is all of it.
///
/// JSON that is not UTF-8 is read as far as it can be, and says so; its message is that of the record.
pub fn assert_promises_of(event: &LogEvent<'_>, line: &[u8]) {
    if let Cow::Borrowed(message) = event.message {
        assert!(is_slice_of(message, line), "{} borrows from elsewhere", event.format);
    }
    if let Some(fault) = event.parse_error.as_deref().filter(|fault| *fault != "JSON is not UTF-8") {
        assert!(*event.message == *line, "{}: the line is not kept whole: {fault}", event.format);
    }
}
