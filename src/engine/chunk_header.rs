//! Takes the repeated headers out of a result that the engine formatted in pieces.
//!
//! The engine writes each piece of about 65 000 rows as a document of its own, with its own header. Joined, the
//! pieces are one document again if every header but the first is taken away. That is done only for formats where
//! the length of the header can be read from the first piece beyond doubt; and a later piece that does not begin
//! with exactly the same header is an error, never data.

use super::exception::{Exception, code};

/// How the pieces of a format go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joining {
    /// Pieces follow each other without more ado.
    Plain,
    /// So many lines of header; line ends in CSV quotes do not count.
    Lines {
        /// Number of lines.
        count: u8,
        /// Whether line ends inside double quotes belong to a name.
        quoted: bool,
    },
    /// RowBinary's header: a count, then that many strings for names, and again for types if `types`.
    Binary {
        /// Whether types follow the names.
        types: bool,
    },
}

impl Joining {
    /// How pieces of this format are joined; `None` when a result in it must be formatted in one go.
    pub(super) fn of(format: &str) -> Option<Self> {
        let lines = |count, quoted| Self::Lines { count, quoted };
        Some(match format.to_ascii_lowercase().as_str() {
            "tabseparated"
            | "tsv"
            | "tabseparatedraw"
            | "tsvraw"
            | "raw"
            | "csv"
            | "jsoneachrow"
            | "jsonlines"
            | "ndjson"
            | "jsoncompacteachrow"
            | "jsonstringseachrow"
            | "jsoncompactstringseachrow"
            | "rowbinary"
            | "native"
            | "tskv"
            | "lineasstring" => Self::Plain,
            "csvwithnames" => lines(1, true),
            "csvwithnamesandtypes" => lines(2, true),
            "tabseparatedwithnames" | "tsvwithnames" => lines(1, false),
            "tabseparatedwithnamesandtypes" | "tsvwithnamesandtypes" => lines(2, false),
            "jsoncompacteachrowwithnames" | "jsoncompactstringseachrowwithnames" => lines(1, false),
            "jsoncompacteachrowwithnamesandtypes" | "jsoncompactstringseachrowwithnamesandtypes" => lines(2, false),
            "rowbinarywithnames" => Self::Binary { types: false },
            "rowbinarywithnamesandtypes" => Self::Binary { types: true },
            _ => return None,
        })
    }

    /// Whether even a result without rows has bytes.
    pub(super) fn has_header(self) -> bool {
        self != Self::Plain
    }

    /// The length of the header at the beginning of `piece`, if it is all there.
    fn header_length(self, piece: &[u8]) -> Option<usize> {
        match self {
            Self::Plain => Some(0),
            Self::Lines { count, quoted } => lines_length(piece, count, quoted),
            Self::Binary { types } => binary_length(piece, types),
        }
    }
}

/// Joins the pieces of one result.
pub(super) struct Joiner {
    joining: Joining,
    header: Option<Vec<u8>>,
}

impl Joiner {
    pub(super) fn new(joining: Joining) -> Self {
        Self { joining, header: None }
    }

    /// What of this piece belongs to the joined result.
    ///
    /// # Errors
    /// A piece whose header is not the first one's: the result cannot be joined and must not be used.
    pub(super) fn join(&mut self, mut piece: Vec<u8>) -> Result<Vec<u8>, Exception> {
        if self.joining == Joining::Plain {
            return Ok(piece);
        }
        let Some(header) = &self.header else {
            let length = self.joining.header_length(&piece);
            let header = length.and_then(|n| piece.get(..n)).ok_or_else(broken)?;
            self.header = Some(header.to_vec());
            return Ok(piece);
        };
        if !piece.starts_with(header) {
            return Err(broken());
        }
        piece.drain(..header.len());
        Ok(piece)
    }
}

fn broken() -> Exception {
    Exception::new(code::UNKNOWN_EXCEPTION, "UNKNOWN_EXCEPTION", "the pieces of the result have different headers")
}

fn lines_length(piece: &[u8], count: u8, quoted: bool) -> Option<usize> {
    let mut in_quotes = false;
    let mut left = count;
    for (at, byte) in piece.iter().enumerate() {
        match byte {
            b'"' if quoted => in_quotes = !in_quotes,
            b'\n' if !in_quotes => {
                left -= 1;
                if left == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn binary_length(piece: &[u8], types: bool) -> Option<usize> {
    let (columns, mut at) = varuint(piece, 0)?;
    let strings = columns.checked_mul(if types { 2 } else { 1 })?;
    for _ in 0..strings {
        let (length, start) = varuint(piece, at)?;
        at = start.checked_add(usize::try_from(length).ok()?)?;
        if at > piece.len() {
            return None;
        }
    }
    Some(at)
}

/// The LEB128 number at `at` and where it ends.
fn varuint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (n, byte) in bytes.get(at..)?.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((value, at + n + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(format: &str, pieces: &[&[u8]]) -> Result<Vec<u8>, Exception> {
        let mut joiner = Joiner::new(Joining::of(format).expect("a format that is joined"));
        let mut all = Vec::new();
        for piece in pieces {
            all.extend(joiner.join(piece.to_vec())?);
        }
        Ok(all)
    }

    #[test]
    fn repeated_headers_are_taken_out() {
        let check = |format: &str, pieces: &[&[u8]], expected: &[u8]| {
            assert_eq!(joined(format, pieces).unwrap(), expected, "{format}");
        };
        check("CSV", &[b"1\n", b"1\n"], b"1\n1\n");
        check("CSVWithNames", &[b"\"a\"\n1\n", b"\"a\"\n2\n"], b"\"a\"\n1\n2\n");
        check("CSVWithNames", &[b"\"a\n\"\"b\"\n1\n", b"\"a\n\"\"b\"\n2\n"], b"\"a\n\"\"b\"\n1\n2\n");
        check("TSVWithNamesAndTypes", &[b"a\nT\n1\n", b"a\nT\na\n"], b"a\nT\n1\na\n");
        check(
            "RowBinaryWithNamesAndTypes",
            &[b"\x01\x01a\x05UInt8\x01", b"\x01\x01a\x05UInt8\x02\x03"],
            b"\x01\x01a\x05UInt8\x01\x02\x03",
        );
    }

    #[test]
    fn a_piece_with_another_header_is_an_error() {
        assert!(joined("CSVWithNames", &[b"a\n1\n", b"2\n"]).is_err());
        assert!(joined("CSVWithNames", &[b"a"]).is_err());
        assert!(joined("RowBinaryWithNames", &[b"\x01\xff\xff"]).is_err());
    }

    #[test]
    fn a_row_that_looks_like_the_header_stays() {
        let all = joined("TSVWithNames", &[b"a\na\n", b"a\na\na\n"]).unwrap();
        assert_eq!(all, b"a\na\na\na\n");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(first: Vec<u8>, second: Vec<u8>) {
            for format in ["CSVWithNamesAndTypes", "TSVWithNames", "RowBinaryWithNamesAndTypes"] {
                if let Ok(all) = joined(format, &[&first, &second]) {
                    prop_assert!(all.len() <= first.len() + second.len());
                }
            }
        }
    }
}
