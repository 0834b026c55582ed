//! Records of JSON documents: objects of an array.

use super::element::{Found, Walk};
use super::{Cut, Cutter, Place, Step};
use crate::file::opening::{self, Beginning};
use crate::multiline::whole_characters;

/// What stands before an object of an array.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gap {
    /// The object's column, if only blanks stand before it on its line.
    column: Option<usize>,
    /// No comma stands behind the last object, or that was torn.
    is_broken: bool,
}

impl Gap {
    const BEHIND_OBJECT: Self = Self { column: None, is_broken: true };
    const BEHIND_TORN: Self = Self { column: Some(0), is_broken: true };

    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.column = match byte {
                b'\n' => Some(0),
                b',' => None,
                _ => self.column.map(|column| column + 1),
            };
            self.is_broken &= *byte != b',';
        }
    }
}

impl Cutter {
    /// An object of an array, or what stands between two.
    pub(super) fn element(&mut self, text: &[u8], is_end: bool, in_object: bool) -> Step {
        if !self.is_within {
            let gap = text.iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
            if gap > 0 {
                self.gap.pass(text.get(..gap).unwrap_or_default());
                return Step::Skip(gap);
            }
            match text.first() {
                None => return Step::More,
                Some(b'{') => match self.is_other_document(text, in_object) {
                    Beginning::Unsure if !is_end => return Step::More,
                    Beginning::Is(_) => {
                        self.place = Place::Lines;
                        return Step::Skip(0);
                    }
                    Beginning::IsNot | Beginning::Unsure => {}
                },
                Some(b']') => {
                    self.place = if in_object { Place::BehindArray } else { Place::Lines };
                    return Step::Skip(1);
                }
                Some(_) => {
                    self.place = Place::Lines;
                    return Step::Skip(0);
                }
            }
            self.is_within = true;
            self.walk = Walk::new(Some(self.gap.column.unwrap_or(0)));
            self.gap = Gap::BEHIND_OBJECT;
        }
        let near = text.get(..=self.limits.bytes_max).unwrap_or(text);
        let is_too_long = near.len() > self.limits.bytes_max;
        let (torn, end) = match self.walk.advance(near) {
            Found::Torn(at) => (Some(at), None),
            Found::Open(tear) if is_end || is_too_long => (tear, None),
            Found::Open(_) => (None, None),
            Found::End(end) => (None, Some(end)),
        };
        if let Some(at) = torn.filter(|at| *at > 0 && *at <= self.limits.bytes_max) {
            return self.torn_element(text.get(..at).unwrap_or(text));
        }
        let seen = self.walk.seen(text);
        self.bounded(text, end, seen, is_end)
    }

    /// Whether the object at the front of a line is a document of records, and the array before it has no end.
    fn is_other_document(&self, text: &[u8], in_object: bool) -> Beginning {
        let may_be = self.gap.column.is_some() && (in_object || self.gap.is_broken);
        if may_be { opening::records_array(text) } else { Beginning::IsNot }
    }

    /// An object that has no end: its last line is that of `torn`.
    fn torn_element(&mut self, torn: &[u8]) -> Step {
        let is_rest = self.is_rest;
        self.outside();
        self.gap = Gap::BEHIND_TORN;
        match torn.trim_ascii_end().len() {
            0 => Step::Skip(torn.len()),
            length => Step::Record(Cut { length, consumed: torn.len(), is_rest, ..Cut::default() }),
        }
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
            self.walk.drop_front(length);
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
