//! Where the records of a text begin and end.

mod documents;
pub(super) mod element;
mod events;

use super::audit_events::{self, Mixed};
use super::opening::{self, Looks, Opening};
use super::padding::{Front, Padding};
use crate::multiline::{Joiner, Limits, Rule};
use crate::{Format, LineParser};
use documents::Gap;
use element::Walk;

/// What stands at the front of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A record.
    Record(Cut),
    /// Several records whose lines are mixed.
    Mixed(Mixed),
    /// So many bytes that are of no record: blank lines, padding, the frame of a document.
    Skip(usize),
    /// Less than can be told.
    More,
}

/// A record at the front of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// How many bytes it has, without the last line end.
    pub(super) length: usize,
    /// How many bytes it takes of the text.
    pub(super) consumed: usize,
    /// A limit ended it: what follows belongs to it too.
    pub(super) is_cut: bool,
    /// It goes on with a line, or a record of a document, that was divided.
    pub(super) is_rest: bool,
    /// It is a Windows event that has no end.
    pub(super) is_torn: bool,
}

/// Finds the records of one text.
#[derive(Clone, Debug)]
pub(super) struct Cutter {
    /// What to begin again with behind padding.
    fresh: Joiner,
    joiner: Joiner,
    /// Whether documents, audit events and rows with line ends are looked for.
    is_auto: bool,
    /// Whether audit events whose lines are mixed are sorted out.
    is_sorting: bool,
    limits: Limits,
    padding: Padding,
    place: Place,
    /// What is known of the text's front, as far as it may begin a record that says itself where it ends.
    looks: Looks,
    /// What stands before an object of an array.
    gap: Gap,
    /// The front of the text is within a record of a document, of which so much has been seen.
    walk: Walk,
    seen: usize,
    is_within: bool,
    is_rest: bool,
    /// In so many bytes no record of several lines begins that says itself where it ends: one was looked for, and there was none.
    lines_until: usize,
    /// So many bytes were looked through for the end of a document.
    document_until: usize,
}

/// Where the front of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Among lines.
    Lines,
    /// In an array of JSON objects.
    Array { in_object: bool },
    /// Behind such an array that is in an object.
    BehindArray,
    /// Among Windows events.
    Events { in_list: bool },
}

impl Cutter {
    pub(super) fn new(joiner: Joiner, is_auto: bool, limits: Limits) -> Self {
        Self {
            fresh: joiner.clone(),
            joiner,
            is_auto,
            is_sorting: true,
            limits,
            padding: Padding::default(),
            place: Place::Lines,
            looks: Looks::default(),
            gap: Gap::default(),
            walk: Walk::default(),
            seen: 0,
            is_within: false,
            is_rest: false,
            lines_until: 0,
            document_until: 0,
        }
    }

    /// Records are pieces of the text only.
    pub(super) fn sort_nothing(&mut self) {
        self.is_sorting = false;
    }

    /// Whether the front of the text is among lines, and not in a document.
    pub(super) fn is_among_lines(&self) -> bool {
        self.place == Place::Lines
    }

    /// Whether a line that is several JSON objects is divided.
    pub(super) fn divides_lines(&self, lines: &LineParser) -> bool {
        let may_be_json = lines.format().is(Format::Auto) || lines.format().is(Format::Json);
        self.is_auto && self.is_among_lines() && may_be_json && !lines.has_table()
    }

    /// Looks at the front of `text`. `lines` has read what stood before it.
    pub(super) fn next(&mut self, text: &[u8], is_end: bool, lines: &LineParser) -> Step {
        let step = match self.padding.front(text, is_end) {
            Front::Padding(count) => {
                self.start_afresh();
                Step::Skip(count)
            }
            Front::Text(text, is_end) => match self.place {
                Place::Lines => self.line(text, is_end, lines),
                Place::Array { in_object } => self.element(text, is_end, in_object),
                Place::BehindArray => self.behind_array(text, is_end),
                Place::Events { in_list } => self.event(text, is_end, in_list),
            },
        };
        let consumed = match &step {
            Step::Record(cut) => cut.consumed,
            Step::Mixed(mixed) => mixed.length,
            Step::Skip(count) => *count,
            Step::More => 0,
        };
        self.padding.drop_front(consumed);
        self.lines_until = self.lines_until.saturating_sub(consumed);
        self.document_until = self.document_until.saturating_sub(consumed);
        step
    }

    /// What stands behind padding has nothing to do with what stood before it.
    fn start_afresh(&mut self) {
        self.joiner = self.fresh.clone();
        self.place = Place::Lines;
        self.outside();
    }

    /// The front is within no record of a document any longer.
    fn outside(&mut self) {
        self.walk = Walk::default();
        (self.seen, self.is_within, self.is_rest) = (0, false, false);
    }

    fn line(&mut self, text: &[u8], is_end: bool, lines: &LineParser) -> Step {
        if self.is_auto && self.joiner.is_at_start() && self.lines_until == 0 {
            // One that is too long is divided, as far as it has arrived: it is never seen whole.
            let near = text.get(..=self.limits.bytes_max).unwrap_or(text);
            let is_whole = is_end && near.len() <= self.limits.bytes_max;
            let first_line =
                || memchr::memchr(b'\n', near).or(is_whole.then_some(near.len())).and_then(|end| near.get(..end));
            if lines.has_table() || lines.is_header(first_line) {
                self.join_none();
            }
            self.looks.is_seen = self.document_until > 0;
            let opening = opening::find(text, is_end, lines, self.limits, &mut self.looks);
            if opening != Opening::More {
                self.document_until = self.document_until.max(self.looks.seen(text));
                self.looks = Looks::default();
            }
            if matches!(opening, Opening::Record { .. } | Opening::Array { .. } | Opening::Events { .. }) {
                self.joiner.front_was_taken();
            }
            match opening {
                Opening::Line => {}
                Opening::Lines(count) => self.lines_until = count,
                Opening::More => return Step::More,
                Opening::Record { length, consumed } => {
                    return Step::Record(Cut { length, consumed, ..Cut::default() });
                }
                Opening::Array { skip, in_object } => {
                    self.place = Place::Array { in_object };
                    self.gap = Gap::default();
                    return Step::Skip(skip);
                }
                Opening::Events { skip, in_list } => {
                    self.place = Place::Events { in_list };
                    return Step::Skip(skip);
                }
            }
        }
        if self.is_sorting && self.joiner.is_at_start() && self.joiner.joins_audit_events() {
            match audit_events::find(text, is_end, self.limits) {
                audit_events::Front::Lines => {}
                audit_events::Front::More => return Step::More,
                audit_events::Front::Event(consumed) => {
                    self.joiner.front_was_taken();
                    let length = without_blank_lines(text.get(..consumed).unwrap_or(text));
                    return Step::Record(Cut { length, consumed, ..Cut::default() });
                }
                audit_events::Front::Mixed(mixed) => {
                    self.joiner.front_was_taken();
                    return Step::Mixed(mixed);
                }
            }
        }
        let joined = if is_end { self.joiner.finish(text) } else { self.joiner.next(text) };
        let Some(joined) = joined else { return Step::More };
        let is_divided = joined.cut && !text.get(..joined.consumed).is_some_and(|taken| taken.ends_with(b"\n"));
        let is_rest = std::mem::replace(&mut self.is_rest, is_divided);
        // A blank line may follow a traceback and go on with it, or not.
        let length = joined.bytes.trim_ascii_end().len();
        if length == 0 {
            return Step::Skip(joined.consumed);
        }
        let length = if joined.lines > 1 { without_blank_lines(joined.bytes) } else { joined.bytes.len() };
        Step::Record(Cut { length, consumed: joined.consumed, is_cut: joined.cut, is_rest, is_torn: false })
    }

    /// Rows are records, whatever they look like.
    fn join_none(&mut self) {
        if !self.fresh.joins_none() {
            self.joiner = Joiner::new(Rule::None, self.limits);
            self.fresh = self.joiner.clone();
        }
    }
}

/// The length of a record of several lines without the blank ones at its end.
fn without_blank_lines(record: &[u8]) -> usize {
    let mut rest = record;
    while let Some(shorter) = rest.strip_suffix(b"\n") {
        rest = shorter.strip_suffix(b"\r").unwrap_or(shorter);
    }
    rest.len()
}
