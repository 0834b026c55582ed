//! What begins at the front of a line: a document that holds records, a record of several lines that says itself where it
//! ends, or a line.

use super::cutter::element::{self, Walk as Element};
use super::{objects, rows};
use crate::json;
use crate::json::extent::{Found, Scan};
use crate::multiline::Limits;
use crate::multiline::windows::{self, Tag};
use crate::{Format, LineParser};

/// How far a document's own beginning is looked for.
const BEGINNING_BYTES_MAX: usize = 4096;

/// What begins at the front of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A line.
    Line,
    /// Nothing but lines in so many bytes.
    Lines(usize),
    /// A record of `length` bytes, which takes `consumed` with its line end.
    Record { length: usize, consumed: usize },
    /// An array of JSON objects, the first of which stands behind `skip` bytes; it may be in an object.
    Array { skip: usize, in_object: bool },
    /// Windows events in XML, the first of which stands behind `skip` bytes; they may be in a list.
    Events { skip: usize, in_list: bool },
    /// More bytes are needed to tell.
    More,
}

/// Where the last look at the same text ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    object: Scan,
    document: Element,
    /// A look at an earlier document saw the front of the text: it is not looked through once more, and is one.
    pub(super) is_seen: bool,
}

impl Looks {
    /// How many bytes of `text` a look at a document has seen.
    pub(super) fn seen(&self, text: &[u8]) -> usize {
        self.document.seen(text)
    }
}

/// Looks at `text`, which begins a line.
pub(super) fn find(text: &[u8], is_end: bool, lines: &LineParser, limits: Limits, looks: &mut Looks) -> Opening {
    let is = |format| lines.format().is(Format::Auto) || lines.format().is(format);
    let near = text.get(..=limits.bytes_max).unwrap_or(text);
    let blanks = near.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    // These are divided, whether or not what follows them has arrived.
    if blanks > limits.bytes_max {
        return Opening::Line;
    }
    let opening = match text.get(blanks..).unwrap_or_default() {
        inner @ [b'{', ..] if is(Format::Json) => object(inner, is_end, limits, looks),
        inner @ [b'[', ..] if is(Format::Json) => array(inner, is_end),
        inner @ [b'<', b'?' | b'E', ..] | inner @ [b'<'] if is(Format::Winevent) => events(inner, is_end),
        [b'0'..=b'9', ..] if is(Format::Postgresql) && rows::is_csvlog(text) => {
            return rows::quoted(text, is_end, b',', limits, rows::is_csvlog_row);
        }
        _ => return row(text, is_end, lines, limits),
    };
    match opening {
        Opening::Array { skip, in_object } => Opening::Array { skip: skip + blanks, in_object },
        Opening::Events { skip, in_list } => Opening::Events { skip: skip + blanks, in_list },
        Opening::Record { length, consumed } => {
            Opening::Record { length: length + blanks, consumed: consumed + blanks }
        }
        other => other,
    }
}

/// A row of the table that is in force.
fn row(text: &[u8], is_end: bool, lines: &LineParser, limits: Limits) -> Opening {
    let Some((table, delimiter)) = lines.delimited_table() else { return Opening::Line };
    // In a stated format all lines are rows.
    let is_stated = lines.format().is(Format::Csv) || lines.format().is(Format::Tsv);
    rows::quoted(text, is_end, delimiter, limits, |cells| is_stated || cells == table.width())
}

/// `{` and what follows: a document of records, or an object of several lines.
fn object(text: &[u8], is_end: bool, limits: Limits, looks: &mut Looks) -> Opening {
    match records_array(text) {
        Beginning::Is(skip) if looks.is_seen => return Opening::Array { skip, in_object: true },
        Beginning::Is(skip) => return document(text, is_end, limits, skip, &mut looks.document),
        Beginning::Unsure if !is_end => return Opening::More,
        Beginning::Unsure | Beginning::IsNot => {}
    }
    // What is decided must not depend on how much has arrived beyond the limit.
    let near = text.get(..=limits.bytes_max).unwrap_or(text);
    let Some(line_end) = memchr::memchr(b'\n', near) else {
        if near.len() <= limits.bytes_max {
            return if is_end { Opening::Line } else { Opening::More };
        }
        // A line that is longer than a record may be can be many objects.
        return match objects::first_of_several(near) {
            Some(length) => Opening::Record { length, consumed: length },
            None => Opening::Line,
        };
    };
    let line = near.get(..line_end).unwrap_or(near);
    if line.trim_ascii_end().last() == Some(&b'}') {
        return Opening::Line;
    }
    let scan = &mut looks.object;
    match scan.advance(near, true) {
        Found::End(length) if length <= limits.bytes_max => behind_object(text, length, is_end),
        Found::Open if near.len() <= limits.bytes_max && !is_end => Opening::More,
        Found::Open | Found::Broken | Found::End(_) => Opening::Lines(scan.seen(near)),
    }
}

/// An object of several lines is a record where nothing follows it on its last line.
fn behind_object(text: &[u8], length: usize, is_end: bool) -> Opening {
    let after = text.get(length..).unwrap_or_default();
    let blanks = after.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
    match after.get(blanks) {
        Some(b'\n') => Opening::Record { length, consumed: length + blanks + 1 },
        Some(b'{') => Opening::Record { length, consumed: length + blanks },
        None if is_end => Opening::Record { length, consumed: text.len() },
        None => Opening::More,
        Some(_) => Opening::Lines(length),
    }
}

/// An object that begins with an array of records is a document of them if it is too large for a record, or holds nothing else.
fn document(text: &[u8], is_end: bool, limits: Limits, skip: usize, walk: &mut Element) -> Opening {
    let near = text.get(..=limits.bytes_max).unwrap_or(text);
    let is_document = match walk.advance(near) {
        element::Found::End(length) if length <= limits.bytes_max => {
            json::records(near.get(..length).unwrap_or(near)).is_some()
        }
        element::Found::Open(_) if near.len() <= limits.bytes_max && !is_end => return Opening::More,
        element::Found::Open(_) | element::Found::Torn(_) | element::Found::End(_) => true,
    };
    if is_document { Opening::Array { skip, in_object: true } } else { Opening::Line }
}

/// Whether something begins as it should, as far as can be seen.
pub(super) enum Beginning {
    /// It does, and so many bytes are its own.
    Is(usize),
    IsNot,
    Unsure,
}

/// `{"Records": [{`, as CloudTrail and others write files.
pub(super) fn records_array(text: &[u8]) -> Beginning {
    let mut walk = Walk::new(text);
    for marks in [&[&b"{"[..]][..], &[b"\"Records\"", b"\"records\""], &[b":"], &[b"["]] {
        if let Some(other) = walk.take(marks) {
            return other;
        }
    }
    let skip = walk.at;
    walk.take(&[b"{"]).unwrap_or(Beginning::Is(skip))
}

/// `[{"` or `[{}`: an array of objects.
fn array(text: &[u8], is_end: bool) -> Opening {
    let mut walk = Walk::new(text);
    let opened = walk.take(&[b"["]);
    let skip = walk.at;
    match opened.or_else(|| walk.take(&[b"{"])).or_else(|| walk.take(&[b"\"", b"}"])) {
        None => Opening::Array { skip, in_object: false },
        Some(Beginning::Unsure) if !is_end => Opening::More,
        Some(_) => Opening::Line,
    }
}

/// `<?xml …?><Events><Event`, of which the first two may be missing.
fn events(text: &[u8], is_end: bool) -> Opening {
    let (mut at, mut in_list) = (0, false);
    let near = text.get(..BEGINNING_BYTES_MAX).unwrap_or(text);
    let unsure = if is_end || near.len() < text.len() { Opening::Line } else { Opening::More };
    loop {
        let rest = near.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let rest = rest.trim_ascii_start();
        let is_list = is_tag(rest, b"<Events");
        match event_tag(rest) {
            Tag::Opens => return Opening::Events { skip: at, in_list },
            Tag::Closed(_) if in_list => return Opening::Events { skip: at, in_list },
            Tag::Bare | Tag::Unfinished => return unsure,
            Tag::Closed(_) | Tag::No => {}
        }
        if (at == 0 && rest.starts_with(b"<?xml")) || (is_list && !in_list) {
            let Some(end) = memchr::memchr(b'>', rest) else { return unsure };
            in_list |= is_list;
            at += end + 1;
        } else if [&b"<?xml"[..], b"<Events>"].iter().any(|mark| mark.starts_with(rest)) {
            return unsure;
        } else {
            return Opening::Line;
        }
    }
}

/// Whether `text` begins with the tag of an event, one of log4j's excepted.
pub(super) fn event_tag(text: &[u8]) -> Tag {
    if text.starts_with(b"<Event") { windows::tag(text) } else { Tag::No }
}

fn is_tag(text: &[u8], tag: &[u8]) -> bool {
    text.strip_prefix(tag).and_then(<[u8]>::first).is_some_and(|b| b.is_ascii_whitespace() || *b == b'>')
}

/// Takes marks off the front of a text, and the white space before them.
struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Takes one of `marks`; else what is to be said instead.
    fn take(&mut self, marks: &[&[u8]]) -> Option<Beginning> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let rest = rest.get(blanks..).unwrap_or_default();
        if let Some(mark) = marks.iter().find(|mark| rest.starts_with(mark)) {
            self.at += blanks + mark.len();
            return (self.at > BEGINNING_BYTES_MAX).then_some(Beginning::IsNot);
        }
        let is_cut_off = marks.iter().any(|mark| mark.starts_with(rest)) && self.at + blanks <= BEGINNING_BYTES_MAX;
        Some(if is_cut_off { Beginning::Unsure } else { Beginning::IsNot })
    }
}
