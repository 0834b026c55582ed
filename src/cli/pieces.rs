//! Files cut into pieces of whole lines, each small enough to be one request.

use std::io::{self, BufRead};

use bytes::Bytes;
use logseal_parsers::{Context, Format, LineParser, Zone};

use super::lines::{LINE_BYTES_MAX, Lines};

/// A piece ends with the record that reaches this size.
pub(super) const PIECE_BYTES: usize = 4 << 20;
/// A piece has no more records than this.
pub(super) const PIECE_RECORDS_MAX: u64 = 50_000;

/// A header says the same whenever it is read.
pub(super) const CX: Context = Context { received_at: 0, zone: Zone::UTC };

/// Some records of the input, without the blank lines between them.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// The records, each with a line feed.
    pub(super) bytes: Bytes,
    /// The header that is in force above the first of them, where they are rows of a table.
    pub(super) header: Vec<u8>,
    /// The number of the last line of the input that this piece covers.
    pub(super) last_line: u64,
    pub(super) records: u64,
    pub(super) places: Places,
    /// Lines that were cut: their number and how much was left out.
    pub(super) cut: Vec<(u64, u64)>,
}

/// Which lines of the input the records of a piece are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// A line each, one behind the other from this one on.
    From(u64),
    /// A line each, with others between them that are left out.
    Scattered,
    /// Of one line or several.
    Each(Vec<Place>),
}

/// Where a record of one line or several stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its first line in the input.
    pub(super) line: u64,
    /// The lines of the piece before it, and those up to its end.
    pub(super) begin: u64,
    pub(super) end: u64,
}

impl Piece {
    /// How many records are whole in the first `lines` lines of the piece.
    pub(super) fn records_in(&self, lines: u64) -> u64 {
        let records = match &self.places {
            Places::Each(places) => places.partition_point(|place| place.end <= lines) as u64,
            Places::From(_) | Places::Scattered => lines,
        };
        records.min(self.records)
    }

    /// The number in the input of line `line` of the piece, from 1, where that is known.
    pub(super) fn line_in_input(&self, line: u64) -> Option<u64> {
        let before = line.checked_sub(1)?;
        match &self.places {
            Places::From(first) => Some(first + before),
            Places::Scattered => None,
            Places::Each(places) => {
                let place = places.get(places.partition_point(|place| place.end <= before))?;
                Some(place.line + before.checked_sub(place.begin)?)
            }
        }
    }
}

/// Cuts one stream after the other; each line is a record. Lines are numbered through all of them.
#[derive(Debug)]
pub(super) struct Cutter {
    format: Format,
    /// Knows the header that is in force; each piece is read by itself.
    parser: LineParser,
    /// Lines of the streams before.
    lines_before: u64,
    /// This many lines at the begin are left out.
    skip_lines: u64,
    last_line: u64,
}

impl Cutter {
    /// Leaves out the first `skip_lines` lines.
    pub(super) fn new(skip_lines: u64, format: Format) -> Self {
        Self { format, parser: LineParser::new(format), lines_before: 0, skip_lines, last_line: 0 }
    }

    /// Ends a stream: the next piece is cut from another one.
    pub(super) fn next_stream(&mut self) {
        self.lines_before = self.last_line;
        self.parser = LineParser::new(self.format);
    }

    /// The next piece; `None` at the end of the stream. A piece may hold no record where all its lines are blank or skipped.
    ///
    /// # Errors
    /// Those of the stream.
    pub(super) fn next_piece<R: BufRead>(&mut self, lines: &mut Lines<R>) -> io::Result<Option<Piece>> {
        let mut bytes = Vec::with_capacity(PIECE_BYTES + (64 << 10));
        let mut piece = Piece {
            bytes: Bytes::new(),
            header: Vec::new(),
            last_line: self.last_line,
            records: 0,
            places: Places::Scattered,
            cut: Vec::new(),
        };
        let mut read_bytes = 0;
        let mut has_lines = false;
        let (mut first, mut last) = (0, 0);
        // Lines that are left out count too, so that the work between two pieces is bounded.
        while read_bytes < PIECE_BYTES && piece.records < PIECE_RECORDS_MAX {
            let start = bytes.len();
            let Some(read) = lines.next_into(&mut bytes)? else { break };
            has_lines = true;
            self.last_line = self.lines_before + read.number;
            read_bytes += bytes.len() - start + 1;
            let line = bytes.get(start..).unwrap_or_default();
            let is_left_out = self.last_line <= self.skip_lines || line.trim_ascii().is_empty();
            if piece.records == 0 && !is_left_out {
                piece.header = self.parser.header();
            }
            self.parser.note(line, &CX);
            if is_left_out {
                bytes.truncate(start);
                continue;
            }
            if read.cut_bytes > 0 {
                piece.cut.push((self.last_line, read.cut_bytes));
            }
            if piece.records == 0 {
                first = self.last_line;
            }
            last = self.last_line;
            bytes.push(b'\n');
            piece.records += 1;
        }
        piece.last_line = self.last_line;
        if piece.records > 0 && last - first + 1 == piece.records {
            piece.places = Places::From(first);
        }
        piece.bytes = Bytes::from(bytes);
        Ok(has_lines.then_some(piece))
    }
}

/// The largest body that a piece can be.
pub(super) const PIECE_BYTES_MAX: usize = PIECE_BYTES + LINE_BYTES_MAX + 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cutter: &mut Cutter, text: &[u8]) -> Vec<Piece> {
        let mut lines = Lines::new(text);
        let mut pieces = Vec::new();
        while let Some(piece) = cutter.next_piece(&mut lines).unwrap() {
            pieces.push(piece);
        }
        cutter.next_stream();
        pieces
    }

    #[test]
    fn pieces_end_at_line_ends_and_together_are_the_file() {
        let text: Vec<u8> =
            (0..200_000).flat_map(|i| format!("line number {i} of a file that is cut\n").into_bytes()).collect();
        let pieces = cut(&mut Cutter::new(0, Format::Auto), &text);
        assert!(pieces.len() > 1);
        assert!(pieces.iter().all(|piece| piece.bytes.ends_with(b"\n") && piece.bytes.len() <= PIECE_BYTES_MAX));
        assert!(pieces.iter().all(|piece| piece.records <= PIECE_RECORDS_MAX));
        assert_eq!(pieces.iter().flat_map(|piece| piece.bytes.to_vec()).collect::<Vec<u8>>(), text);
        assert_eq!(pieces.last().unwrap().last_line, 200_000);
    }

    #[test]
    fn blank_lines_hold_no_record_and_count_as_lines() {
        let pieces = cut(&mut Cutter::new(0, Format::Auto), b"a\r\n\n\r\nb");
        assert_eq!((pieces.len(), pieces[0].records, pieces[0].last_line, pieces[0].line_in_input(1)), (1, 2, 4, None));
        assert_eq!(pieces[0].bytes, "a\nb\n");
    }

    #[test]
    fn lines_are_skipped_through_all_files() {
        let mut cutter = Cutter::new(3, Format::Auto);
        assert_eq!(cut(&mut cutter, b"1\n2\n")[0].records, 0);
        let second = cut(&mut cutter, b"3\n4\n5\n");
        assert_eq!(
            (second[0].bytes.clone(), second[0].last_line, second[0].line_in_input(2)),
            (Bytes::from("4\n5\n"), 5, Some(5))
        );
    }

    #[test]
    fn a_piece_has_the_header_that_stands_above_it() {
        let row = format!("2023-11-14T22:13:20Z,{}\n", "x".repeat(60));
        let text = format!("time,message\n{}", row.repeat(100_000));
        let pieces = cut(&mut Cutter::new(0, Format::Auto), text.as_bytes());
        assert!(pieces.len() > 2);
        let headers: Vec<&[u8]> = pieces.iter().map(|piece| &*piece.header).collect();
        assert_eq!(headers[0], b"");
        assert!(headers[1..].iter().all(|header| *header == b"time,message"));
        let mut skipping = Cutter::new(1, Format::Auto);
        assert_eq!(cut(&mut skipping, text.as_bytes())[0].header, b"time,message");
        assert_eq!(cut(&mut skipping, b"other\n")[0].header, b"");
    }

    #[test]
    fn a_huge_line_is_named() {
        let text = [vec![b'x'; LINE_BYTES_MAX + 5], b"\nnext\n".to_vec()].concat();
        let pieces = cut(&mut Cutter::new(0, Format::Auto), &text);
        assert_eq!(pieces[0].cut, [(1, 5)]);
        assert_eq!(pieces.iter().map(|piece| piece.records).sum::<u64>(), 2);
    }
}
