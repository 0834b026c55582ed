//! Windows events of several lines: where they begin, and what ends one that has no end.

use memchr::memmem;

use super::state::State;
use crate::syslog::shape;
use crate::winevent::text;
use crate::{Zone, level_names, timestamp};

/// How far the end of a tag is looked for.
const TAG_BYTES_MAX: usize = 4096;

/// What stands where the tag of an event may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// None, or one behind which text stands: an event holds elements.
    No,
    /// One that holds nothing and ends behind so many bytes.
    Closed(usize),
    /// One that an element follows.
    Opens,
    /// One behind which nothing but white space stands in the text.
    Bare,
    /// The text ends within it.
    Unfinished,
}

/// Looks for the tag of a Windows event, or of one of log4j's, at the front of `text`.
pub(crate) fn tag(text: &[u8]) -> Tag {
    if !is_tag(text) {
        return Tag::No;
    }
    let near = text.get(..TAG_BYTES_MAX).unwrap_or(text);
    match memchr::memchr(b'>', near).and_then(|end| near.split_at_checked(end)) {
        Some(([.., b'/'], rest)) => Tag::Closed(near.len() - rest.len() + 1),
        Some((_, rest)) => match rest.get(1..).unwrap_or_default().trim_ascii_start().first() {
            Some(b'<') => Tag::Opens,
            Some(_) => Tag::No,
            None if near.len() < text.len() => Tag::No,
            None => Tag::Bare,
        },
        None if near.len() < text.len() => Tag::No,
        None => Tag::Unfinished,
    }
}

/// Whether `text` begins as the tag of an event does.
pub(crate) fn is_tag(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"<Event").or_else(|| text.strip_prefix(b"<log4j:event"));
    rest.is_some_and(|rest| rest.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/')))
}

/// What is known after a line on which an event in XML begins and does not end.
pub(super) fn opened(line: &[u8]) -> Option<State> {
    match tag(line.trim_ascii_start()) {
        Tag::Opens if !closes(line) => Some(State::Event),
        Tag::Bare => Some(State::EventHead),
        Tag::Unfinished => Some(State::EventTag),
        Tag::Opens | Tag::Closed(_) | Tag::No => None,
    }
}

/// Whether an event in XML ends on this line.
fn closes(line: &[u8]) -> bool {
    memmem::find(line, b"</Event>").is_some() || memmem::find(line, b"</log4j:event>").is_some()
}

/// Whether a line begins with a tag, a comment or the like.
pub(crate) fn is_markup(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start(), [b'<', b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!' | b'?', ..])
}

/// What is known after a line that begins an event of Windows' as one of its tools prints them.
pub(super) fn begins_printed(line: &[u8]) -> Option<State> {
    match line.first()? {
        b'0'..=b'9' if text::is_stamp(line) => Some(State::SplunkHead),
        b'L' if text::begins_splunks(line) => Some(State::SplunkNames),
        b'E' if text::is_numbered(line) => Some(State::WevtutilHead),
        _ => Some(State::ListedEvent(u8::try_from(text::list_column(line)?).ok()?)),
    }
}

/// Whether a line is another program's, even where the event before it has not ended. What events quote in several lines, such as
/// scripts, may begin with braces and dates; so more than that is asked for.
pub(crate) fn is_of_another(line: &[u8]) -> bool {
    match line {
        [b'<', b'0'..=b'9', ..] => shape::has_priority(line),
        [b'{', b'"', inside @ ..] => begins_member(inside),
        [b'A'..=b'Z', ..] => shape::has_bsd_stamp(line) && line.get(15..).is_some_and(shape::follows_iso_stamp),
        [b'[', dated @ ..] => is_of_logger(dated),
        [b'0'..=b'9', ..] => is_of_logger(line),
        _ => false,
    }
}

/// `time":`: the name of a JSON member, behind its first quote.
fn begins_member(inside: &[u8]) -> bool {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"_@.$-".contains(b);
    let name = inside.iter().take(64).take_while(|b| is_name(b)).count();
    let behind = inside.get(name..).and_then(|rest| rest.strip_prefix(b"\"")).unwrap_or_default();
    name > 0 && behind.trim_ascii_start().starts_with(b":")
}

/// A date and a time, and a level in capitals near them, or a host and a program.
fn is_of_logger(line: &[u8]) -> bool {
    const LEVEL_WORDS_MAX: usize = 5;
    if line.get(4) != Some(&b'-') {
        return false;
    }
    let Some((_, rest)) = timestamp::iso_prefix(line, Zone::UTC) else { return false };
    let is_level = |word: &[u8]| {
        word.len() > 2 && word.iter().all(u8::is_ascii_uppercase) && level_names::from_bytes(word).is_some()
    };
    let near = rest.get(..96).unwrap_or(rest);
    let mut words = near.split(|b| !b.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.by_ref().take(LEVEL_WORDS_MAX).any(is_level) || shape::follows_iso_stamp(rest)
}

impl State {
    /// What is known after `line`, where an event in XML has not ended and the line belongs to that.
    pub(super) fn event(self, line: &[u8]) -> Option<Self> {
        let text = line.trim_ascii_start();
        if is_tag(text) || is_of_another(line) {
            return None;
        }
        match self {
            Self::EventHead if text.is_empty() => Some(self),
            Self::EventHead | Self::Event if closes(line) => Some(Self::Plain),
            Self::EventHead => is_markup(text).then_some(Self::Event),
            Self::Event => Some(self),
            Self::EventTag if !is_attribute(text) => None,
            Self::EventTag if text.trim_ascii_end().ends_with(b"/>") || closes(line) => Some(Self::Plain),
            Self::EventTag => Some(if text.contains(&b'>') { Self::Event } else { self }),
            _ => None,
        }
    }

    /// Whether the last line was of an event in XML that has not ended.
    pub(super) fn is_of_event(self) -> bool {
        matches!(self, Self::EventTag | Self::EventHead | Self::Event)
    }

    /// What is known after `line`, where an event of Windows' is printed and it belongs to that.
    pub(super) fn printed(self, line: &[u8]) -> Option<Self> {
        match self {
            Self::SplunkNames if line.starts_with(b"Message=") => Some(Self::SplunkEvent),
            Self::SplunkNames => (is_named(line) && !text::begins_splunks(line)).then_some(self),
            Self::SplunkEvent => {
                (!text::is_stamp(line) && !text::begins_splunks(line) && !is_of_another(line)).then_some(self)
            }
            Self::WevtutilHead => line.starts_with(b"  Log Name: ").then_some(Self::WevtutilNames),
            Self::WevtutilNames if line.starts_with(b"  Description:") => Some(Self::WevtutilEvent),
            Self::WevtutilNames => line.starts_with(b"  ").then_some(self),
            Self::WevtutilEvent => (!text::is_numbered(line) && !is_of_another(line)).then_some(self),
            Self::ListedEvent(column) => text::is_of_list(line, usize::from(column)).then_some(self),
            _ => None,
        }
    }

    /// Whether the last line was of an event of Windows' as its tools print them.
    pub(super) fn is_of_printed(self) -> bool {
        matches!(
            self,
            Self::SplunkNames
                | Self::SplunkEvent
                | Self::WevtutilHead
                | Self::WevtutilNames
                | Self::WevtutilEvent
                | Self::ListedEvent(_)
        )
    }
}

/// `xmlns="…"`, or the end of a tag.
fn is_attribute(text: &[u8]) -> bool {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"_:.-".contains(b);
    let name = text.iter().take(64).take_while(|b| is_name(b)).count();
    match text.get(name..) {
        Some([b'=', b'"' | b'\'', ..]) => name > 0,
        Some([b'>', ..] | [b'/', b'>', ..]) => name == 0,
        _ => false,
    }
}

/// `EventCode=4625`
fn is_named(line: &[u8]) -> bool {
    let name = line.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    name > 0 && line.get(name) == Some(&b'=')
}
