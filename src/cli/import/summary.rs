//! What an import has done, and where it goes on.

use super::send::Sent;
use crate::cli::progress::{bytes, count};
use crate::cli::safe_text::{OneLine, PLAIN, RED, YELLOW, sentence};
use crate::printing::remark_line;

/// How many lines that were not understood are told with their reasons.
const REASONS_MAX: usize = 5;

/// Counts what was acknowledged, and up to where without a gap.
#[derive(Debug)]
pub(super) struct Summary {
    acknowledged: u64,
    unparsed: u64,
    reasons: Vec<String>,
    in_doubt: u64,
    sent_bytes: u64,
    cut: u64,
    /// All lines up to this one are acknowledged, or hold no record.
    complete_to: u64,
    /// How many lines were left out, and up to which line of the input has come.
    skip_lines: u64,
    last_line: u64,
    /// Records behind the gap that are acknowledged too.
    behind_gap: u64,
    unanswered: usize,
    ids: Option<(u64, u64)>,
    failure: Option<String>,
}

impl Summary {
    pub(super) fn new(skip_lines: u64) -> Self {
        Self {
            acknowledged: 0,
            unparsed: 0,
            reasons: Vec::new(),
            in_doubt: 0,
            sent_bytes: 0,
            cut: 0,
            complete_to: skip_lines,
            skip_lines,
            last_line: 0,
            behind_gap: 0,
            unanswered: 0,
            ids: None,
            failure: None,
        }
    }

    /// Takes the outcome of the next piece; they come in the order of the lines.
    pub(super) fn add(&mut self, sent: Sent) {
        self.acknowledged += sent.acknowledged;
        self.unparsed += sent.unparsed;
        self.in_doubt += sent.in_doubt;
        self.sent_bytes += sent.piece.bytes.len() as u64;
        self.last_line = self.last_line.max(sent.piece.last_line);
        for (line, left_out) in &sent.piece.cut {
            self.cut += 1;
            remark_line(format_args!("{YELLOW}line {line} is too long: its last {left_out} bytes are left out{PLAIN}"));
        }
        self.reasons.extend(sent.reasons.into_iter().take(REASONS_MAX.saturating_sub(self.reasons.len())));
        if let Some((first, last)) = sent.ids {
            self.ids = Some(self.ids.map_or((first, last), |(f, l)| (f.min(first), l.max(last))));
        }
        match sent.failure {
            None if self.failure.is_none() => self.complete_to = self.complete_to.max(sent.piece.last_line),
            None => self.behind_gap += sent.acknowledged,
            Some(reason) => {
                self.behind_gap += sent.acknowledged;
                self.failure.get_or_insert(reason);
            }
        }
    }

    /// Records the reason for which nothing more is sent.
    pub(super) fn stopped_because(&mut self, reason: String) {
        self.failure.get_or_insert(reason);
    }

    /// Records how many pieces were given up without an answer.
    pub(super) fn unanswered(&mut self, pieces: usize) {
        self.unanswered = pieces;
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(super) fn is_complete(&self) -> bool {
        self.failure.is_none() && self.unanswered == 0
    }

    /// The summary, for a person.
    pub(super) fn text(&self, seconds: f64, is_interrupted: bool) -> String {
        let row = |name: &str, value: String| format!("{name:<16}{value}\n");
        let per_second = |number: u64| (number as f64 / seconds) as u64;
        let mut text = row("lines read", count(self.last_line));
        let ids = self.ids.map_or(String::new(), |(first, last)| format!(" (ids {first} to {last})"));
        text += &row("acknowledged", format!("{} records{ids}", count(self.acknowledged)));
        text += &row("not understood", format!("{} (kept whole)", count(self.unparsed)));
        for reason in &self.reasons {
            text += &format!("  {}\n", OneLine(reason));
        }
        if self.cut > 0 {
            text += &row("cut", format!("{} lines", count(self.cut)));
        }
        text += &row(
            "rate",
            format!(
                "{} records/s, {}/s, {seconds:.1} s",
                count(per_second(self.acknowledged)),
                bytes(per_second(self.sent_bytes))
            ),
        );
        if self.in_doubt > 0 {
            text += &format!(
                "{YELLOW}answers were lost and their records sent again: up to {} records may be stored twice{PLAIN}\n",
                count(self.in_doubt)
            );
        }
        if self.is_complete() && !is_interrupted && self.last_line < self.skip_lines {
            let noun = if self.last_line == 1 { "line" } else { "lines" };
            text += &format!(
                "{YELLOW}there are only {} {noun}: --skip-lines {} left out all of them{PLAIN}\n",
                count(self.last_line),
                self.skip_lines
            );
        }
        if !self.is_complete() || is_interrupted {
            text += &self.continuation();
        }
        text
    }

    fn continuation(&self) -> String {
        let mut text = match &self.failure {
            Some(reason) => format!("{RED}stopped:{PLAIN} {}\n", sentence(reason)),
            None => format!("{RED}stopped{PLAIN}\n"),
        };
        text += &format!("all lines up to {} are acknowledged; to go on, add --skip-lines {0}\n", self.complete_to);
        if self.behind_gap > 0 {
            text += &format!(
                "{} records behind that line are acknowledged too and would be stored twice\n",
                count(self.behind_gap)
            );
        }
        if self.unanswered > 0 {
            text += &format!("{} pieces behind that line have no answer yet and may be stored\n", self.unanswered);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::cli::pieces::{Piece, Places};

    fn sent(last_line: u64, records: u64, acknowledged: u64, failure: Option<&str>) -> Sent {
        Sent {
            piece: Piece {
                bytes: Bytes::from_static(b"x\n"),
                header: Vec::new(),
                last_line,
                records,
                places: Places::Scattered,
                cut: Vec::new(),
            },
            acknowledged,
            unparsed: 0,
            reasons: Vec::new(),
            ids: None,
            in_doubt: 0,
            failure: failure.map(str::to_owned),
        }
    }

    #[test]
    fn the_line_to_go_on_from_has_no_gap_before_it() {
        let mut summary = Summary::new(10);
        summary.add(sent(20, 10, 10, None));
        summary.add(sent(30, 10, 4, Some("no room")));
        summary.add(sent(40, 10, 10, None));
        assert_eq!((summary.acknowledged(), summary.is_complete()), (24, false));
        let text = anstream::adapter::strip_str(&summary.text(1.0, false)).to_string();
        assert!(
            text.contains("stopped: no room\nall lines up to 20 are acknowledged; to go on, add --skip-lines 20\n"),
            "{text}"
        );
        assert!(text.contains("14 records behind that line"), "{text}");
    }

    #[test]
    fn an_input_with_fewer_lines_than_are_left_out_is_told() {
        let text = |skip_lines| {
            let mut summary = Summary::new(skip_lines);
            summary.add(sent(2, 0, 0, None));
            anstream::adapter::strip_str(&summary.text(1.0, false)).to_string()
        };
        for text in [text(99), text(2)] {
            assert!(text.starts_with("lines read      2\n"), "{text}");
        }
        assert!(text(99).ends_with("there are only 2 lines: --skip-lines 99 left out all of them\n"), "{}", text(99));
        assert!(!text(2).contains("only"), "{}", text(2));
    }

    #[test]
    fn an_interruption_says_where_to_go_on_though_nothing_failed() {
        let mut summary = Summary::new(0);
        summary.add(sent(5, 5, 5, None));
        assert!(summary.is_complete());
        assert!(summary.text(1.0, true).contains("--skip-lines 5"));
        assert!(!summary.text(1.0, false).contains("--skip-lines"));
    }
}
