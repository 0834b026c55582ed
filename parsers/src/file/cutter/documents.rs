//! Records of JSON documents: objects of an array.

use super::{Cut, Cutter, Place, Step};
use crate::json::extent::Found;
use crate::multiline::whole_characters;

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

    /// The record of a document at the front, which ends at `end` or has been seen as far as `seen`; a part of it, where it
    /// is too large.
    fn bounded(&mut self, text: &[u8], end: Option<usize>, seen: usize, is_end: bool) -> Step {
        let is_rest = self.is_rest;
        if seen > self.limits.bytes_max {
            let length = whole_characters(text, self.limits.bytes_max);
            self.scan.drop_front(length);
            self.seen = self.seen.saturating_sub(length);
            self.is_rest = true;
            return Step::Record(Cut { length, consumed: length, is_cut: true, is_rest, is_torn: false });
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
        Step::Record(Cut { length, consumed, is_rest, ..Cut::default() })
    }
}
