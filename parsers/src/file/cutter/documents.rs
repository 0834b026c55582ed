//! Records of documents: objects of an array, events of a list.

use super::{Cut, Cutter, Place, Step};
use crate::file::opening;
use crate::json::extent::Found;
use crate::multiline::whole_characters;

const EVENT_END: &[u8] = b"</Event>";
const LIST_END: &[u8] = b"</Events>";

impl Cutter {
    /// An object of an array, or what stands between two.
    pub(super) fn element(&mut self, text: &[u8], is_end: bool, in_object: bool) -> Step {
        if !self.is_within {
            let gap = text.iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
            match text.first() {
                _ if gap > 0 => return Step::Skip(gap),
                None => return Step::More,
                Some(b'{') => self.is_within = true,
                Some(b']') => {
                    self.place = if in_object { Place::BehindArray } else { Place::Lines };
                    return Step::Skip(1);
                }
                Some(_) => {
                    self.place = Place::Lines;
                    return Step::Skip(0);
                }
            }
        }
        let found = self.scan.advance(text, false);
        let end = if let Found::End(end) = found { Some(end) } else { None };
        let seen = self.scan.seen(text);
        self.bounded(text, end, seen, is_end)
    }

    pub(super) fn behind_array(&mut self, text: &[u8], is_end: bool) -> Step {
        let blanks = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
        match text.first() {
            _ if blanks > 0 => return Step::Skip(blanks),
            None if !is_end => return Step::More,
            _ => self.place = Place::Lines,
        }
        Step::Skip(usize::from(text.first() == Some(&b'}')))
    }

    /// An event, or what stands between two.
    pub(super) fn event(&mut self, text: &[u8], is_end: bool, in_list: bool) -> Step {
        if !self.is_within {
            let is_gap = |b: &u8| b.is_ascii_whitespace() && (in_list || *b != b'\n');
            let gap = text.iter().take_while(|b| is_gap(b)).count();
            if gap > 0 {
                return Step::Skip(gap);
            }
            if opening::is_event(text) {
                self.is_within = true;
            } else if !is_end && (LIST_END.starts_with(text) || b"<Event".starts_with(text)) {
                return Step::More;
            } else {
                self.place = Place::Lines;
                return Step::Skip(if in_list && text.starts_with(LIST_END) { LIST_END.len() } else { 0 });
            }
        }
        let from = self.seen.saturating_sub(EVENT_END.len() - 1);
        let found = memchr::memmem::find(text.get(from..).unwrap_or_default(), EVENT_END);
        let end = found.map(|at| from + at + EVENT_END.len());
        // Where to go on: the end of an event is found again, once parts before it are dropped.
        self.seen = found.map_or(text.len(), |at| from + at);
        self.bounded(text, end, end.unwrap_or(text.len()), is_end)
    }

    /// The record of a document at the front, which ends at `end` or has been seen as far as `seen`; a part of it, where it
    /// is too large.
    fn bounded(&mut self, text: &[u8], end: Option<usize>, seen: usize, is_end: bool) -> Step {
        let is_rest = self.is_rest;
        if seen > self.limits.bytes_max {
            let length = whole_characters(text, self.limits.bytes_max);
            self.scan.drop_front(length);
            self.seen = self.seen.saturating_sub(length);
            self.is_rest = true;
            return Step::Record(Cut { length, consumed: length, is_cut: true, is_rest });
        }
        let (length, consumed) = match end {
            Some(end) => (end, end),
            None if !is_end => return Step::More,
            // It was cut off.
            None => {
                self.place = Place::Lines;
                (text.trim_ascii_end().len(), text.len())
            }
        };
        self.outside();
        if length == 0 {
            return if consumed == 0 { Step::More } else { Step::Skip(consumed) };
        }
        Step::Record(Cut { length, consumed, is_cut: false, is_rest })
    }
}
