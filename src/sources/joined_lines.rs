//! Frames of several lines: the lines of one record joined, from a stream that may pause anywhere.

use std::time::Duration;

use logseal_parsers::framing::{Frame, Step};
use logseal_parsers::multiline::{Joined, Joiner};

use super::stream_records::Take;

/// Joins the lines of one connection.
pub(super) struct JoinedLines {
    joiner: Joiner,
    /// How long to wait for a line that goes on with a record.
    wait: Duration,
    /// Nothing but the begin of a line was there after the last pause.
    is_paused: bool,
}

impl JoinedLines {
    pub(super) fn new(joiner: Joiner, wait: Duration) -> Self {
        Self { joiner, wait, is_paused: false }
    }

    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// The record at the front of `buffer`; blank lines are none.
    ///
    /// After a pause what has whole lines is a record. Text without a line end waits for one more pause.
    pub(super) fn step<'b>(&mut self, buffer: &'b [u8], what: Take) -> Step<'b> {
        let is_second_pause = self.is_paused;
        self.is_paused = false;
        match what {
            Take::Whole => first(buffer, |rest| self.joiner.next(rest)),
            Take::All | Take::AllAtStop => first(buffer, |rest| self.joiner.finish(rest)),
            Take::AfterPause => match memchr::memrchr(b'\n', buffer) {
                Some(end) => first(buffer.get(..=end).unwrap_or(buffer), |rest| self.joiner.finish(rest)),
                None if is_second_pause => first(buffer, |rest| self.joiner.finish(rest)),
                None => {
                    self.is_paused = true;
                    Step::NeedMore { consumed: 0 }
                }
            },
        }
    }
}

/// The first record that `next` gives which is not blank.
fn first<'b>(buffer: &'b [u8], mut next: impl FnMut(&'b [u8]) -> Option<Joined<'b>>) -> Step<'b> {
    let mut skipped = 0;
    loop {
        let Some(joined) = next(buffer.get(skipped..).unwrap_or_default()) else {
            return Step::NeedMore { consumed: skipped };
        };
        skipped += joined.consumed;
        if !joined.bytes.trim_ascii().is_empty() {
            return Step::Frame(Frame { bytes: joined.bytes, truncated: joined.cut, consumed: skipped });
        }
    }
}

#[cfg(test)]
mod tests {
    use logseal_parsers::multiline::{Limits, Rule};

    use super::*;

    fn take(lines: &mut JoinedLines, buffer: &mut Vec<u8>, what: Take) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            let consumed = match lines.step(buffer, what) {
                Step::Frame(frame) => {
                    found.push(String::from_utf8_lossy(frame.bytes).into_owned());
                    frame.consumed
                }
                Step::NeedMore { consumed } => {
                    buffer.drain(..consumed);
                    return found;
                }
            };
            buffer.drain(..consumed);
        }
    }

    #[test]
    fn a_record_is_complete_when_the_next_begins_or_nothing_comes() {
        let mut lines = JoinedLines::new(Joiner::new(Rule::Indented, Limits::default()), Duration::from_secs(1));
        let mut buffer = b"a\n b\n\nc\n".to_vec();
        assert_eq!(take(&mut lines, &mut buffer, Take::Whole), ["a\n b"]);
        buffer.extend_from_slice(b" d\ne");
        assert!(take(&mut lines, &mut buffer, Take::Whole).is_empty());
        assert_eq!(take(&mut lines, &mut buffer, Take::AfterPause), ["c\n d"]);
        assert_eq!(buffer, b"e");
        buffer.push(b'f');
        assert!(take(&mut lines, &mut buffer, Take::Whole).is_empty());
        assert!(take(&mut lines, &mut buffer, Take::AfterPause).is_empty());
        assert_eq!(take(&mut lines, &mut buffer, Take::AfterPause), ["ef"]);
        buffer.extend_from_slice(b"g\nh");
        assert_eq!(take(&mut lines, &mut buffer, Take::All), ["g", "h"]);
    }
}
