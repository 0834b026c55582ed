//! Windows events in XML, in a list or one behind the other, and what becomes of those that have no end.

use super::{Cut, Cutter, Place, Step};
use crate::file::opening;
use crate::multiline::whole_characters;
use crate::multiline::windows::{self, Tag};

const EVENT_END: &[u8] = b"</Event>";
const LIST_END: &[u8] = b"</Events>";

/// What tells where an event ends.
#[derive(Clone, Copy)]
enum Mark {
    /// Its end tag, behind so many bytes.
    End(usize),
    /// Another event, which begins there: it has no end of its own.
    Other(usize),
}

impl Cutter {
    /// An event, or what stands between two.
    pub(super) fn event(&mut self, text: &[u8], is_end: bool, in_list: bool) -> Step {
        if self.is_rest {
            return self.rest_of_line(text, is_end);
        }
        if !self.is_within {
            let is_gap = |b: &u8| b.is_ascii_whitespace() && (in_list || *b != b'\n');
            let gap = text.iter().take_while(|b| is_gap(b)).count();
            if gap > 0 {
                return Step::Skip(gap);
            }
            match opening::event_tag(text) {
                Tag::Opens => self.is_within = true,
                Tag::Closed(length) => return self.whole_event(length),
                Tag::Bare | Tag::Unfinished if !is_end => return Step::More,
                _ if !is_end && (LIST_END.starts_with(text) || b"<Event".starts_with(text)) => return Step::More,
                Tag::Bare | Tag::Unfinished | Tag::No => {
                    self.place = Place::Lines;
                    return Step::Skip(if in_list && text.starts_with(LIST_END) { LIST_END.len() } else { 0 });
                }
            }
        }
        let near = text.get(..=self.limits.bytes_max).unwrap_or(text);
        let is_too_long = near.len() > self.limits.bytes_max;
        match self.mark(near, "<E".len()) {
            Some(Mark::End(end)) if end <= self.limits.bytes_max => self.whole_event(end),
            None if !is_too_long && !is_end => Step::More,
            Some(Mark::Other(at)) => self.torn_event(near.get(..at).unwrap_or(near), false),
            Some(Mark::End(_)) | None => self.torn_event(near, is_too_long),
        }
    }

    fn whole_event(&mut self, length: usize) -> Step {
        self.outside();
        Step::Record(Cut { length, consumed: length, ..Cut::default() })
    }

    /// The first mark in `text` behind its first `skip` bytes that was not seen before.
    fn mark(&mut self, text: &[u8], skip: usize) -> Option<Mark> {
        let mut from = self.seen.max(skip);
        while let Some(found) = memchr::memmem::find(text.get(from..).unwrap_or_default(), b"Event") {
            let at = from + found;
            let before = text.get(at.saturating_sub(2)..at).unwrap_or_default();
            let behind = text.get(at + 5..).unwrap_or_default().first();
            match (before, behind) {
                (b"</", Some(b'>')) => return Some(Mark::End(at + 6)),
                ([.., b'<'], Some(b)) if b.is_ascii_whitespace() || *b == b'>' => return Some(Mark::Other(at - 1)),
                _ => from = at + 1,
            }
        }
        // What may be the begin of one is looked at again.
        self.seen = text.len().saturating_sub(EVENT_END.len() - 1);
        None
    }

    /// An event that has no end in `text`: its lines as far as they are plainly its own. What follows is read afresh.
    fn torn_event(&mut self, text: &[u8], is_too_long: bool) -> Step {
        let (mut length, mut is_in_text, mut is_cut) = (0, true, false);
        for (count, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
            let is_blank = line.trim_ascii().is_empty();
            if length > 0 && !is_blank && !windows::is_markup(line) && (!is_in_text || windows::is_of_another(line)) {
                break;
            }
            // The last line of one that is too long is not all there.
            if count == self.limits.lines_max || is_too_long && length > 0 && !line.ends_with(b"\n") {
                is_cut = true;
                break;
            }
            length += line.len();
            is_in_text = if is_blank { is_in_text } else { !line.trim_ascii_end().ends_with(b">") };
        }
        let torn = text.get(..length).unwrap_or(text);
        if length > self.limits.bytes_max {
            return self.part_of_line(torn);
        }
        self.outside();
        Step::Record(Cut {
            length: torn.trim_ascii_end().len(),
            consumed: length,
            is_cut,
            is_rest: false,
            is_torn: true,
        })
    }

    /// As much of a line as a record may hold.
    fn part_of_line(&mut self, line: &[u8]) -> Step {
        let length = whole_characters(line, self.limits.bytes_max);
        // The tag that ends the event is not torn.
        let tag = length.saturating_sub(EVENT_END.len() - 1)..length;
        let tag_bytes = line.get(tag).and_then(|end| end.iter().rev().position(|b| *b == b'<')).map_or(0, |at| at + 1);
        let length = if tag_bytes < length { length - tag_bytes } else { length };
        let is_rest = std::mem::replace(&mut self.is_rest, true);
        self.seen = 0;
        Step::Record(Cut { length, consumed: length, is_cut: true, is_rest, is_torn: false })
    }

    /// The rest of an event's line that was divided, as far as the event goes, or the line.
    fn rest_of_line(&mut self, text: &[u8], is_end: bool) -> Step {
        let near = text.get(..=self.limits.bytes_max).unwrap_or(text);
        let line_end = memchr::memchr(b'\n', near);
        let line = near.get(..line_end.unwrap_or(near.len())).unwrap_or(near);
        let length = match self.mark(line, 0) {
            Some(Mark::End(at) | Mark::Other(at)) => at,
            None if line_end.is_none() && near.len() <= self.limits.bytes_max && !is_end => return Step::More,
            None => line.len(),
        };
        if length > self.limits.bytes_max {
            return self.part_of_line(near);
        }
        self.outside();
        if length == 0 {
            return Step::Skip(0);
        }
        Step::Record(Cut { length, consumed: length, is_rest: true, ..Cut::default() })
    }
}
