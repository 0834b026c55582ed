//! The records of events of Linux' audit daemon, one a line, also where those of several events are mixed.
//!
//! Several processors, or the hosts of which one daemon collects, write at the same time, so that lines of one event stand between those
//! of another. Which belong together is told by number, stamp and node.

use std::ops::Range;

use memchr::memmem;

use crate::auditd::{self, Identity};
use crate::multiline::Limits;

/// So far behind a record, in bytes, another one of its event is looked for.
const BEHIND_BYTES: usize = 8192;

/// Lines that name an event and are no records of it are passed over so many times behind each record.
const STRANGERS_MAX: usize = 8;

/// What stands at the front of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// No event, or one that is more than a record may be: lines like all others.
    Lines,
    /// Less than can be told.
    More,
    /// The lines of one event, so many bytes.
    Event(usize),
    Mixed(Mixed),
}

/// Events whose lines are mixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mixed {
    /// In the order in which they begin.
    pub(super) events: Vec<Event>,
    /// How many bytes they have in all.
    pub(super) length: usize,
}

/// One of several events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its lines with their line ends, one behind the other.
    pub(super) bytes: Vec<u8>,
    /// Which of all lines is its first, and which its last, from 0.
    pub(super) first_line: usize,
    pub(super) last_line: usize,
    /// A limit ended it: what follows belongs to it too.
    pub(super) is_cut: bool,
}

/// An event of which some lines are known.
struct Open<'t> {
    identity: Identity<'t>,
    lines: Vec<(usize, Range<usize>)>,
    is_whole: bool,
    /// One more of its lines is known to stand behind here.
    goes_on_behind: usize,
}

/// Looks at `text`, which begins a line.
pub(super) fn find(text: &[u8], is_end: bool, limits: Limits) -> Front {
    if !matches!(text.first(), Some(b't' | b'n' | b'a')) || !auditd::looks_like(text) {
        return Front::Lines;
    }
    let near_bytes = BEHIND_BYTES.min(limits.bytes_max);
    let (mut events, mut length, mut lines) = (Vec::<Open<'_>>::new(), 0, 0);
    let is_limited = loop {
        let rest = text.get(length..).unwrap_or_default();
        let line_end = memchr::memchr(b'\n', rest);
        let end = length + line_end.map_or(rest.len(), |at| at + 1);
        if end > limits.bytes_max {
            break true;
        }
        if line_end.is_none() && !is_end {
            return Front::More;
        }
        let line = text.get(length..end).unwrap_or_default();
        let Some(identity) = Identity::of(line) else { break false };
        let place = events.iter().position(|event| event.identity == identity).unwrap_or(events.len());
        if place == events.len() && place > 0 {
            match is_each_whole(&mut events, rest, length, is_end, near_bytes) {
                Some(true) => break false,
                Some(false) => {}
                None => return Front::More,
            }
        }
        if lines == limits.lines_max {
            break true;
        }
        if place == events.len() {
            events.push(Open { identity, lines: Vec::new(), is_whole: false, goes_on_behind: 0 });
        }
        if let Some(event) = events.get_mut(place) {
            event.is_whole = auditd::ends_event(line);
            event.lines.push((lines, length..end));
        }
        (length, lines) = (end, lines + 1);
    };
    match events.len() {
        0 => return Front::Lines,
        1 if is_limited => return Front::Lines,
        1 => return Front::Event(length),
        _ => {}
    }
    let behind = text.get(length..).unwrap_or_default();
    if is_limited && is_each_whole(&mut events, behind, length, is_end, near_bytes).is_none() {
        return Front::More;
    }
    let events = events.into_iter().map(|event| event.sorted_out(text, is_limited)).collect();
    Front::Mixed(Mixed { events, length })
}

/// Whether no event has one more line in the first `bytes_max` bytes of `behind`, which begins at `length`; `None` where that cannot be told yet.
fn is_each_whole(
    events: &mut [Open<'_>],
    behind: &[u8],
    length: usize,
    is_end: bool,
    bytes_max: usize,
) -> Option<bool> {
    let mut is_each_whole = true;
    for event in events.iter_mut().filter(|event| !event.is_whole) {
        if event.goes_on_behind <= length {
            match goes_on(event.identity, behind, is_end, bytes_max)? {
                Some(at) => event.goes_on_behind = length + at,
                None => event.is_whole = true,
            }
        }
        is_each_whole &= event.is_whole;
    }
    Some(is_each_whole)
}

/// Where a record of the event stands in the first `bytes_max` bytes of `behind`, if one does; `None` where that cannot be told yet.
fn goes_on(identity: Identity<'_>, behind: &[u8], is_end: bool, bytes_max: usize) -> Option<Option<usize>> {
    let near = behind.get(..bytes_max).unwrap_or(behind);
    let mut from = 0;
    for _ in 0..STRANGERS_MAX {
        let rest = near.get(from..).unwrap_or_default();
        let Some(at) = memmem::find(rest, identity.stamp()) else { break };
        let begin = rest.get(..at).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |end| end + 1);
        if Identity::of(rest.get(begin..).unwrap_or_default()) == Some(identity) {
            return Some(Some(from + at));
        }
        match memchr::memchr(b'\n', rest.get(at..).unwrap_or_default()) {
            Some(end) => from += at + end + 1,
            None => break,
        }
    }
    (is_end || near.len() == bytes_max).then_some(None)
}

impl Open<'_> {
    fn sorted_out(self, text: &[u8], is_limited: bool) -> Event {
        let place = |line: Option<&(usize, Range<usize>)>| line.map_or(0, |(place, _)| *place);
        Event {
            bytes: self.lines.iter().filter_map(|(_, line)| text.get(line.clone())).flatten().copied().collect(),
            first_line: place(self.lines.first()),
            last_line: place(self.lines.last()),
            is_cut: is_limited && !self.is_whole,
        }
    }
}
