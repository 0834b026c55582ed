//! Files cut into pieces of whole records, where lines that belong together are one record.
//!
//! What stands in a piece is what the daemon's own reading of the file would give, one record behind the other: objects of an array are taken
//! out of it, and mixed audit events are sorted out. So the daemon finds the same records in each piece.

use std::io::{self, BufRead};

use anyhow::bail;
use bytes::Bytes;
use logseal_parsers::multiline::Rule;
use logseal_parsers::{FileOptions, FileParser, FileRecord, Format, LineParser};

use crate::cli::lines::LINE_BYTES_MAX;
use crate::cli::pieces::{CX, PIECE_BYTES, PIECE_RECORDS_MAX, Piece, Place, Places};

/// Cuts one stream after the other; lines are numbered through all of them.
#[derive(Debug)]
pub(super) struct RecordCutter {
    format: Format,
    rule: Rule,
    /// Records that end up to this line are left out.
    skip_lines: u64,
    /// Lines of the streams before.
    lines_before: u64,
}

impl RecordCutter {
    /// Leaves out the first `skip_lines` lines; joins those of files in `format` by `rule`.
    pub(super) fn new(skip_lines: u64, format: Format, rule: Rule) -> Self {
        Self { format, rule, skip_lines, lines_before: 0 }
    }

    /// Cuts `stream` to its end, or until `give` says that no more pieces are taken.
    ///
    /// # Errors
    /// Those of the stream; where it is in UTF-16.
    pub(super) fn cut(
        &mut self,
        stream: &mut impl BufRead,
        give: &mut impl FnMut(Piece) -> bool,
    ) -> anyhow::Result<()> {
        let options = FileOptions { format: self.format.into(), multiline: self.rule, ..FileOptions::default() };
        let mut parser = FileParser::new(options).without_events();
        let mut open = Open::new(self);
        let mut buffer = Vec::new();
        // Lines whose end was read, and whether the last one has none.
        let (mut lines, mut is_open) = (0, false);
        loop {
            let read = match stream.fill_buf() {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    // What came whole before it is as good as any other part.
                    parser.feed(&buffer, true, &CX, &mut |record| open.add(&record));
                    open.give_all(lines + u64::from(is_open), give);
                    return Err(error.into());
                }
            };
            let is_end = read.is_empty();
            lines += memchr::memchr_iter(b'\n', read).count() as u64;
            is_open = read.last().map_or(is_open, |last| *last != b'\n');
            buffer.extend_from_slice(read);
            let length = read.len();
            stream.consume(length);
            let consumed = parser.feed(&buffer, is_end, &CX, &mut |record| open.add(&record));
            buffer.drain(..consumed);
            if parser.is_utf16() {
                bail!("it is in UTF-16: upload it (POST /api/v1/logs/upload)");
            }
            if is_end {
                open.give_all(lines + u64::from(is_open), give);
                self.lines_before += lines + u64::from(is_open);
                return Ok(());
            }
            if !open.give_whole(give) {
                return Ok(());
            }
        }
    }
}

/// The piece that records are added to, and those that are whole.
struct Open {
    skip_lines: u64,
    lines_before: u64,
    /// Knows the header that is in force; each piece is read by itself.
    headers: LineParser,
    whole: Vec<Piece>,
    bytes: Vec<u8>,
    header: Vec<u8>,
    places: Vec<Place>,
    /// Of the input, up to which all records were added.
    last_line: u64,
    /// The last record goes on in the next one, on the line on which it ends.
    is_cut_in: Option<u64>,
}

impl Open {
    fn new(cutter: &RecordCutter) -> Self {
        Self {
            skip_lines: cutter.skip_lines,
            lines_before: cutter.lines_before,
            headers: LineParser::new(cutter.format),
            whole: Vec::new(),
            bytes: Vec::new(),
            header: Vec::new(),
            places: Vec::new(),
            last_line: cutter.lines_before,
            is_cut_in: None,
        }
    }

    fn add(&mut self, record: &FileRecord<'_>) {
        let (line, last_line) = (self.lines_before + record.line, self.lines_before + record.last_line);
        // The parts of a line are put together again: the daemon divides it as it was divided here.
        let goes_on = record.part > 0 && self.is_cut_in == Some(line) && !self.places.is_empty();
        let is_large = self.bytes.len() >= PIECE_BYTES || self.places.len() as u64 >= PIECE_RECORDS_MAX;
        // Between records whose lines are mixed there is no line up to which all are sent.
        let may_end = !goes_on && line > self.last_line;
        if (is_large && may_end) || self.bytes.len() >= PIECE_BYTES + LINE_BYTES_MAX {
            self.end_piece();
        }
        if self.places.is_empty() {
            self.header = self.headers.header();
        }
        self.headers.note(record.raw, &CX);
        self.last_line = self.last_line.max(last_line);
        if last_line <= self.skip_lines {
            return;
        }
        self.is_cut_in = record.is_cut.then_some(last_line);
        if !goes_on && !self.bytes.is_empty() {
            self.bytes.push(b'\n');
        }
        let begin = self.places.last().map_or(0, |last| last.end - u64::from(goes_on));
        let end = begin + 1 + memchr::memchr_iter(b'\n', record.raw).count() as u64;
        self.bytes.extend_from_slice(record.raw);
        self.places.push(Place { line, begin, end });
    }

    fn end_piece(&mut self) {
        if !self.bytes.is_empty() {
            self.bytes.push(b'\n');
        }
        let places = std::mem::take(&mut self.places);
        self.whole.push(Piece {
            bytes: Bytes::from(std::mem::take(&mut self.bytes)),
            header: std::mem::take(&mut self.header),
            last_line: self.last_line,
            records: places.len() as u64,
            places: Places::Each(places),
            cut: Vec::new(),
        });
    }

    /// Gives the pieces that are whole; says whether more are taken.
    fn give_whole(&mut self, give: &mut impl FnMut(Piece) -> bool) -> bool {
        self.whole.drain(..).all(give)
    }

    /// Gives the last piece as well: all up to `lines` of the stream has been read.
    fn give_all(&mut self, lines: u64, give: &mut impl FnMut(Piece) -> bool) {
        self.last_line = self.last_line.max(self.lines_before + lines);
        self.end_piece();
        self.give_whole(give);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cutter: &mut RecordCutter, text: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut give = |piece| {
            pieces.push(piece);
            true
        };
        let reads = if text.len() < 1000 { 7 } else { 64 << 10 };
        cutter.cut(&mut io::BufReader::with_capacity(reads, text), &mut give).unwrap();
        pieces
    }

    fn auto(skip_lines: u64) -> RecordCutter {
        RecordCutter::new(skip_lines, Format::Auto, Rule::Auto)
    }

    #[test]
    fn a_piece_is_the_records_of_the_file_and_knows_where_they_stand() {
        let text = b"[\n {\"a\":1},\n {\"a\":\n 2}\n]\n\nERROR x\n\tat a.b.C(D.java:1)\r\n\tat e\n\n";
        let pieces = cut(&mut auto(0), text);
        assert_eq!(pieces.len(), 1);
        let piece = &pieces[0];
        assert_eq!(piece.bytes, "{\"a\":1}\n{\"a\":\n 2}\nERROR x\n\tat a.b.C(D.java:1)\r\n\tat e\n");
        assert_eq!((piece.records, piece.last_line), (3, 10));
        assert_eq!((0..=6).map(|lines| piece.records_in(lines)).collect::<Vec<_>>(), [0, 1, 1, 2, 2, 2, 3]);
        let lines: Vec<_> = (0..=7).map(|line| piece.line_in_input(line)).collect();
        assert_eq!(lines, [None, Some(2), Some(3), Some(4), Some(7), Some(8), Some(9), None]);
    }

    #[test]
    fn pieces_end_at_records_that_no_other_one_is_mixed_with() {
        let event =
            |serial: u32, kind: &str| format!("type={kind} msg=audit(1.1:{serial}): a=\"{}\"\n", "x".repeat(2000));
        let text: String = (0..4000)
            .step_by(2)
            .map(|n| {
                [event(n, "SYSCALL"), event(n + 1, "SYSCALL"), event(n, "PROCTITLE"), event(n + 1, "PROCTITLE")]
                    .concat()
            })
            .collect();
        let pieces = cut(&mut auto(0), text.as_bytes());
        assert!(pieces.len() > 2);
        assert!(
            pieces
                .iter()
                .all(|piece| piece.last_line.is_multiple_of(4) && piece.bytes.len() < PIECE_BYTES + (16 << 10))
        );
        assert_eq!(pieces.iter().map(|piece| piece.records).sum::<u64>(), 4000);
        let rest = cut(&mut auto(pieces[0].last_line), text.as_bytes());
        assert_eq!(rest.iter().map(|piece| piece.records).sum::<u64>(), 4000 - pieces[0].records);
        assert_eq!(rest[0].bytes, pieces[1].bytes);
    }

    #[test]
    fn a_line_that_is_longer_than_a_record_may_be_is_sent_as_it_stands() {
        let text = format!("{}\nnext\n", "x".repeat(600 << 10));
        let pieces = cut(&mut auto(0), text.as_bytes());
        assert_eq!((pieces.len(), pieces[0].records), (1, 4));
        assert_eq!(pieces[0].bytes, text);
        assert_eq!([1, 2, 3].map(|line| pieces[0].line_in_input(line)), [Some(1), Some(2), None]);
    }

    #[test]
    fn a_piece_has_the_header_that_stands_above_it() {
        let row = format!("2023-11-14T22:13:20Z,\"{}\n\"\n", "x".repeat(60));
        let text = format!("time,message\n{}", row.repeat(100_000));
        let pieces = cut(&mut auto(0), text.as_bytes());
        assert!(pieces.len() > 2);
        let headers: Vec<&[u8]> = pieces.iter().map(|piece| &*piece.header).collect();
        assert_eq!(headers[0], b"");
        assert!(headers[1..].iter().all(|header| *header == b"time,message"));
    }

    #[test]
    fn lines_are_numbered_and_skipped_through_all_files() {
        let mut cutter = auto(3);
        assert_eq!(cut(&mut cutter, b"1\n2")[0].records, 0);
        let second = cut(&mut cutter, b"3\n4\n5\n");
        assert_eq!((second[0].bytes.clone(), second[0].last_line), (Bytes::from("4\n5\n"), 5));
        assert_eq!(second[0].line_in_input(2), Some(5));
    }

    #[test]
    fn what_is_in_utf16_is_for_an_upload() {
        let text: Vec<u8> = "\u{feff}text\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let error = auto(0).cut(&mut &*text, &mut |_| true).unwrap_err();
        assert!(error.to_string().contains("upload"), "{error}");
    }
}
