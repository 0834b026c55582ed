//! Syslog's framings: octet counting and delimiters on streams (RFC 6587), one message a datagram.
//!
//! Senders mix them, so a [`Framer`] decides for each frame of a stream anew:
//!
//! ```text
//! 45 <13>1 2026-…      digits, a blank and '<': a counted frame of 45 octets, line ends inside included
//! <13>Nov 20 …\n       anything else ends at a line feed or a NUL
//! ```
//!
//! - A sender whose message with a priority ends in NUL delimits with NUL (Python's `SysLogHandler`): from then on a line
//!   feed is part of the message, unless another priority follows it.
//! - Digits and a blank before something else than `<` may be a count or text. They are a count if the counted bytes
//!   are consistent with one: no line end inside (but right behind a counted frame), and a next frame or the end of the stream behind them.
//! - Where a count was too small, the octets left over are a frame of their own, which ends at the next delimiter or
//!   at the next count before a priority. Where it was too large, it has swallowed the beginning of the next frame, and
//!   what is left of that is a frame. No octet is lost in either case.
//! - A sender that delimits nothing (Rust's `syslog` over TCP) is told by its own header, which stands in the middle of a frame.
//! - Counted octets that rsyslog compressed ([`compressed::zipped`]) are a frame as they are: the caller undoes it.
//! - A frame longer than the limit is cut to it and marked, and the rest of it is skipped.
//!
//! Except for [`Framer::flush_idle`], which a clock drives, frames depend on the octets of the stream alone and not on
//! how they were split into reads.

pub mod compressed;
mod count;
mod datagram;
pub mod delimited;
mod delimiter;
pub mod gelf_chunks;
pub mod lumberjack;
pub mod relp;

pub use datagram::datagram;

use compressed::begins_zipped;
use count::{Counts, Header};
use delimiter::{Found, trimmed};

/// So many blanks may stand before a priority; more are text.
const BLANKS_MAX: usize = 8;

/// The limits of a [`Framer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramerConfig {
    /// The longest frame that comes out, in bytes; longer ones are cut.
    pub max_frame: usize,
}

impl FramerConfig {
    /// The bytes that a caller's buffer must be able to hold: the longest frame, its count, and what must be seen
    /// of the next frame.
    #[must_use]
    pub const fn buffer_bytes(&self) -> usize {
        self.max_frame + 4 * count::DIGITS_MAX
    }
}

impl Default for FramerConfig {
    /// Frames of up to 64 KiB.
    fn default() -> Self {
        Self { max_frame: 64 * 1024 }
    }
}

/// One message of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// The message, never empty, without its count and without line ends and NULs behind it.
    pub bytes: &'b [u8],
    /// Whether the message was longer: cut to the limit, or cut off by the end of the stream.
    pub truncated: bool,
    /// How many bytes of the buffer the caller drops before the next call.
    pub consumed: usize,
}

/// What a [`Framer`] makes of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'b> {
    /// The buffer began with this frame. There may be more in what follows it.
    Frame(Frame<'b>),
    /// There is no whole frame. The caller drops `consumed` bytes and appends what it reads next.
    NeedMore {
        /// How many bytes of the buffer are done with.
        consumed: usize,
    },
}

/// Finds the frames of one connection's stream in a buffer that the caller holds.
///
/// After each [`Step`] the caller removes the `consumed` bytes from the front of its buffer; bytes that were not consumed
/// must be at the front of the next call's buffer. Costs one pass over the bytes; allocates nothing.
#[derive(Clone, Debug)]
pub struct Framer {
    config: FramerConfig,
    /// The sender ends messages with NUL.
    nul_delimited: bool,
    /// The last frame was counted and no delimiter has followed it.
    after_counted: bool,
    /// Some frame of this stream was counted.
    counted_before: bool,
    /// How much of the frame at the front of the buffer holds no delimiter, as far as is known.
    scanned: usize,
    skipping: Skipping,
}

/// The rest of a frame that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skipping {
    Nothing,
    Bytes(usize),
    ToDelimiter,
}

/// What the caller knows of the bytes after the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    More,
    Pause,
    End,
}

/// What the front of a buffer turned out to be.
enum Front<'b> {
    Frame(Frame<'b>),
    /// So many bytes without a message.
    Empty(usize),
    Incomplete,
    /// Not a counted frame.
    Text,
}

impl Framer {
    /// A framer for a new connection.
    #[must_use]
    pub fn new(config: FramerConfig) -> Self {
        Self {
            config,
            nul_delimited: false,
            after_counted: false,
            counted_before: false,
            scanned: 0,
            skipping: Skipping::Nothing,
        }
    }

    /// The next frame of `buf`.
    pub fn next<'b>(&mut self, buf: &'b [u8]) -> Step<'b> {
        self.step(buf, After::More)
    }

    /// The next frame of `buf` when the peer has sent nothing for a while: text without a delimiter is a frame too.
    ///
    /// Some senders delimit nothing (winston-syslog). To be called until it needs more. A count or a counted frame
    /// that is incomplete stays in the buffer, unless it ends in a delimiter: then the count was wrong.
    pub fn flush_idle<'b>(&mut self, buf: &'b [u8]) -> Step<'b> {
        self.step(buf, After::Pause)
    }

    /// The next frame of `buf` at the end of the stream. To be called until it needs more; it has consumed all then.
    pub fn finish<'b>(&mut self, buf: &'b [u8]) -> Step<'b> {
        self.step(buf, After::End)
    }

    fn step<'b>(&mut self, buf: &'b [u8], after: After) -> Step<'b> {
        let mut at = 0;
        loop {
            at += self.skip(buf.get(at..).unwrap_or_default(), after);
            if self.skipping != Skipping::Nothing {
                return Step::NeedMore { consumed: at };
            }
            let delimiters = delimiter::leading(buf.get(at..).unwrap_or_default());
            at += delimiters;
            if delimiters > 0 {
                self.after_counted = false;
            }
            let Some(front) = buf.get(at..).filter(|front| !front.is_empty()) else {
                return Step::NeedMore { consumed: at };
            };
            let blanks = front.iter().take(BLANKS_MAX).take_while(|b| **b == b' ').count();
            match front.get(blanks) {
                // Cisco's ASA puts a blank before the priority.
                Some(b'<') if blanks > 0 => {
                    at += blanks;
                    continue;
                }
                None if after == After::More => return Step::NeedMore { consumed: at },
                _ => {}
            }
            let found = match self.counted(front, after) {
                Front::Text => self.text(front, after),
                found => found,
            };
            match found {
                Front::Frame(frame) => {
                    self.scanned = 0;
                    return Step::Frame(Frame { consumed: at + frame.consumed, ..frame });
                }
                Front::Empty(consumed) => at += consumed,
                Front::Incomplete | Front::Text => return Step::NeedMore { consumed: at },
            }
        }
    }

    /// Skips the rest of a cut frame; returns how many bytes of `buf` that takes.
    fn skip(&mut self, buf: &[u8], after: After) -> usize {
        let (skipped, then) = match self.skipping {
            Skipping::Nothing => return 0,
            Skipping::Bytes(left) if left > buf.len() => (buf.len(), Skipping::Bytes(left - buf.len())),
            Skipping::Bytes(left) => (left, Skipping::Nothing),
            Skipping::ToDelimiter => match delimiter::find(buf, 0, self.nul_delimited) {
                Found::At(end) => (end, Skipping::Nothing),
                // A sender that delimits nothing begins its next message after a pause.
                _ if after != After::More => (buf.len(), Skipping::Nothing),
                Found::NotBefore(end) => (end, Skipping::ToDelimiter),
            },
        };
        self.skipping = then;
        skipped
    }

    /// Reads a counted frame.
    fn counted<'b>(&mut self, front: &'b [u8], after: After) -> Front<'b> {
        let (start, count) = match count::header(front, self.config.max_frame) {
            Header::Counted { start, count } => (start, count),
            Header::Partial if after == After::End => return Front::Text,
            Header::Partial => return Front::Incomplete,
            Header::Text => return Front::Text,
        };
        let is_zipped = match begins_zipped(front.get(start..).unwrap_or_default()) {
            None if after == After::More => return Front::Incomplete,
            known => known.unwrap_or_default(),
        };
        if front.get(start) != Some(&b'<') && !is_zipped {
            let stream = Counts { before: self.counted_before, right_before: self.after_counted };
            match count::is_consistent(front, start, count, stream, after) {
                Some(true) => {}
                Some(false) => return Front::Text,
                None => return Front::Incomplete,
            }
        }
        let kept = count.min(self.config.max_frame);
        let Some(content) = front.get(start..start + kept) else {
            return Self::cut_off(front, start, is_zipped, after);
        };
        if count > kept {
            self.skipping = Skipping::Bytes(count - kept);
        }
        self.after_counted = true;
        self.counted_before = true;
        let bytes = if is_zipped { content } else { trimmed(content) };
        if bytes.is_empty() {
            return Front::Empty(start + kept);
        }
        Front::Frame(Frame { bytes, truncated: count > kept, consumed: start + kept })
    }

    /// A counted frame of which the buffer does not hold all.
    fn cut_off(front: &[u8], start: usize, is_zipped: bool, after: After) -> Front<'_> {
        let content = front.get(start..).unwrap_or_default();
        let bytes = if is_zipped { content } else { trimmed(content) };
        let delimited = bytes.len() < content.len();
        if after == After::More || after == After::Pause && !delimited {
            return Front::Incomplete;
        }
        Front::Frame(Frame { bytes, truncated: !delimited, consumed: front.len() })
    }

    /// Reads a frame that a delimiter ends.
    fn text<'b>(&mut self, front: &'b [u8], after: After) -> Front<'b> {
        let max = self.config.max_frame;
        let window = front.get(..=max).unwrap_or(front);
        let found = match delimiter::find(front, self.scanned, self.nul_delimited) {
            Found::At(end) if end > max => Found::NotBefore(end),
            found => found,
        };
        let end = match found {
            Found::At(end) => Some(end),
            Found::NotBefore(_) => None,
        };
        if self.after_counted
            && front.first() != Some(&b'<')
            && let Some(header) = count::embedded(front.get(..end.unwrap_or(window.len())).unwrap_or(window))
        {
            return Front::Frame(Frame { bytes: trimmed_text(front, header), truncated: false, consumed: header });
        }
        if let Some(end) = end
            && let Some(next) = delimiter::repeated_header(front.get(..end).unwrap_or_default())
        {
            self.after_counted = false;
            return Front::Frame(Frame { bytes: trimmed_text(front, next), truncated: false, consumed: next });
        }
        if let Some(end) = end {
            self.after_counted = false;
            let nul = front.get(end) == Some(&0);
            self.nul_delimited = nul && (self.nul_delimited || front.first() == Some(&b'<'));
            return Front::Frame(Frame { bytes: trimmed_text(front, end), truncated: false, consumed: end + 1 });
        }
        let Found::NotBefore(scanned) = found else {
            return Front::Incomplete;
        };
        if scanned > max || after != After::More {
            return self.undelimited(window, front.len() > max);
        }
        self.scanned = scanned;
        Front::Incomplete
    }

    /// Text without a delimiter, at the limit or before a pause: another message's beginning or nothing ends it.
    fn undelimited<'b>(&mut self, window: &'b [u8], too_long: bool) -> Front<'b> {
        if let Some(end) = delimiter::embedded_message(window) {
            return Front::Frame(Frame { bytes: trimmed_text(window, end), truncated: false, consumed: end });
        }
        let kept = if too_long { self.config.max_frame } else { window.len() };
        if too_long {
            self.skipping = Skipping::ToDelimiter;
        }
        Front::Frame(Frame { bytes: trimmed_text(window, kept), truncated: too_long, consumed: kept })
    }
}

fn trimmed_text(front: &[u8], end: usize) -> &[u8] {
    trimmed(front.get(..end).unwrap_or(front))
}
