//! Fluent Forward in JSON: connections whose first byte is `[` or `{`, as Fluentd tells them.

use std::borrow::Cow;
use std::ops::Range;

use logseal_parsers::fluent;
use logseal_parsers::fluent::json_form::{self, Entries, Extent};

use super::dialogue::Next;
use super::fluent_flow::{ENTRY_BYTES_MAX, too_long};
use super::gathered::Gathered;

/// Why a value is not read.
const NO_MESSAGE: &str = "not a message of Fluent Forward in JSON";

/// So much of what is neither an array nor an object is one record at most.
const STRAY_BYTES_MAX: usize = 1 << 16;

/// What one connection is at.
#[derive(Default)]
pub(super) struct FluentJson {
    extent: Extent,
    /// The message at the front is longer than the buffer: its beginning is kept, and what follows is passed over.
    is_passing: bool,
    /// The message at the front, where not all its entries are taken.
    begun: Option<Begun>,
}

/// A message whose entries are taken in more than one batch.
struct Begun {
    tag: String,
    chunk: Option<String>,
    /// Where in the message the entries begin that are left, and where they end.
    left: Range<usize>,
    length: usize,
}

impl FluentJson {
    /// Whether a connection that begins with `first` speaks JSON: in MessagePack these are small numbers, which no message is.
    pub(super) fn is_begun_by(first: Option<&u8>) -> bool {
        matches!(first, Some(b'[' | b'{'))
    }

    /// Takes the next message, or a batch of its entries.
    pub(super) fn next(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> Next {
        if let Some(begun) = self.begun.take() {
            return self.go_on(begun, unread, gathered);
        }
        if !self.is_passing {
            let blanks = unread.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if blanks > 0 {
                self.extent = Extent::default();
                return Next::Took(blanks);
            }
            if !unread.is_empty() && !Self::is_begun_by(unread.first()) {
                return stray(unread, gathered);
            }
        }
        let Some(length) = self.extent.measure(unread) else {
            if !self.is_passing && unread.len() < ENTRY_BYTES_MAX {
                return Next::NeedMore(0);
            }
            if !self.is_passing {
                gathered.add_unread(unread, &too_long(), fluent::FORMAT, None);
                self.is_passing = true;
            }
            self.extent.drop_front(unread.len());
            return if unread.is_empty() { Next::NeedMore(0) } else { Next::Took(unread.len()) };
        };
        self.extent = Extent::default();
        if std::mem::take(&mut self.is_passing) {
            return Next::Took(length);
        }
        self.begin(unread.get(..length).unwrap_or_default(), unread, gathered)
    }

    /// Takes a message that is whole.
    fn begin(&mut self, bytes: &[u8], unread: &[u8], gathered: &mut Gathered<'_>) -> Next {
        let text = std::str::from_utf8(bytes).ok();
        let Some(message) = text.and_then(json_form::message) else {
            gathered.add_unread(bytes, NO_MESSAGE, fluent::FORMAT, None);
            return Next::Took(bytes.len());
        };
        let left = match message.entries {
            Entries::Several(entries) => message.entries_at..message.entries_at + entries.len(),
            Entries::Bare(raw) => {
                gathered.add_fluent(&json_form::bare_entry(raw), &message.tag);
                0..0
            }
        };
        let chunk = message.chunk.map(Cow::into_owned);
        let begun = Begun { tag: message.tag.into_owned(), chunk, left, length: bytes.len() };
        self.go_on(begun, unread, gathered)
    }

    /// Takes entries until a batch is full or none is left.
    fn go_on(&mut self, mut begun: Begun, unread: &[u8], gathered: &mut Gathered<'_>) -> Next {
        let entries = unread.get(begun.left.clone()).unwrap_or_default();
        let mut rest = std::str::from_utf8(entries).unwrap_or_default();
        while let Some((entry, behind)) = json_form::next_entry(rest) {
            if gathered.is_full() {
                begun.left.start = begun.left.end - rest.len();
                self.begun = Some(begun);
                return Next::Took(0);
            }
            gathered.add_fluent(&entry, &begun.tag);
            rest = behind;
        }
        if let Some(chunk) = begun.chunk {
            gathered.answer(&json_form::acknowledgement(&chunk));
        }
        Next::Took(begun.length)
    }
}

/// Keeps what stands between two messages and is none.
fn stray(unread: &[u8], gathered: &mut Gathered<'_>) -> Next {
    let Some(length) = json_form::stray(unread).or((unread.len() >= STRAY_BYTES_MAX).then_some(unread.len())) else {
        return Next::NeedMore(0);
    };
    gathered.add_unread(unread.get(..length).unwrap_or_default(), NO_MESSAGE, fluent::FORMAT, None);
    Next::Took(length)
}
