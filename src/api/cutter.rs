//! How a streamed body becomes records: by its lines, by its objects where it is JSON, as a whole file, or as a web form.

use logseal_parsers::push::json_stream::{Piece, Splitter};
use logseal_parsers::{Context, FileParser, FileRecord};

use super::lines::{LINE_BYTES_MAX, Line, Lines};

/// What is cut off a body.
#[expect(clippy::large_enum_variant, reason = "it is handed on at once, and never kept")]
pub(super) enum Cut<'a> {
    Line(Line<'a>),
    Form(Line<'a>),
    /// A record that is read already.
    Record(FileRecord<'a>),
}

/// The state between two pieces of a body.
pub(super) enum Cutter {
    Lines(Lines),
    /// JSON objects, on a line each or not.
    Objects {
        splitter: Splitter,
        ended: u64,
    },
    /// A file, whose lines are joined.
    File {
        parser: Box<FileParser>,
        /// What is not a whole record yet.
        open: Vec<u8>,
        ended: u64,
    },
    /// What says that it is a form, before its first byte: many clients leave the type to their HTTP library and send JSON.
    FormOrObjects,
    /// One record, held until its end.
    Form {
        open: Vec<u8>,
        is_cut: bool,
    },
}

impl Cutter {
    pub(super) fn lines() -> Self {
        Self::Lines(Lines::default())
    }

    pub(super) fn objects() -> Self {
        Self::Objects { splitter: Splitter::default(), ended: 0 }
    }

    pub(super) fn file(parser: FileParser) -> Self {
        Self::File { parser: Box::new(parser), open: Vec::new(), ended: 0 }
    }

    /// How many lines, or objects, have ended.
    pub(super) fn ended(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.ended(),
            Self::Objects { ended, .. } | Self::File { ended, .. } => *ended,
            Self::FormOrObjects | Self::Form { .. } => 0,
        }
    }

    /// What is counted.
    pub(super) fn unit(&self) -> &'static str {
        match self {
            Self::Lines(_) | Self::File { .. } => "lines",
            Self::Objects { .. } | Self::FormOrObjects | Self::Form { .. } => "records",
        }
    }

    /// Takes the next piece; calls `each` with every record that ends in it.
    pub(super) fn feed(&mut self, piece: &[u8], cx: &Context, mut each: impl FnMut(Cut<'_>)) {
        if matches!(self, Self::FormOrObjects) {
            *self = match piece.trim_ascii_start().first() {
                None => return,
                Some(b'{' | b'[') => Self::objects(),
                Some(_) => Self::Form { open: Vec::new(), is_cut: false },
            };
        }
        match self {
            Self::Lines(lines) => lines.feed(piece, |line| each(Cut::Line(line))),
            Self::Objects { splitter, ended } => splitter.feed(piece, |object| {
                *ended += 1;
                each(Cut::Line(line_of(object)));
            }),
            Self::File { parser, open, ended } => {
                open.extend_from_slice(piece);
                let consumed = parser.feed(open, false, cx, &mut |record| give(record, ended, &mut each));
                open.drain(..consumed);
            }
            Self::FormOrObjects => {}
            Self::Form { open, is_cut } => {
                let room = LINE_BYTES_MAX - open.len().min(LINE_BYTES_MAX);
                *is_cut |= piece.len() > room;
                open.extend_from_slice(piece.get(..room).unwrap_or(piece));
            }
        }
    }

    /// The body has ended: gives the last record where nothing ended it.
    pub(super) fn finish(&mut self, cx: &Context, mut each: impl FnMut(Cut<'_>)) {
        match self {
            Self::Lines(lines) => lines.finish(|line| each(Cut::Line(line))),
            Self::Objects { splitter, ended } => splitter.finish(|object| {
                *ended += 1;
                each(Cut::Line(line_of(object)));
            }),
            Self::File { parser, open, ended } => {
                parser.feed(open, true, cx, &mut |record| give(record, ended, &mut each));
                open.clear();
            }
            Self::FormOrObjects => {}
            Self::Form { open, is_cut } => {
                each(Cut::Form(Line { bytes: open.trim_ascii(), number: 1, is_cut: *is_cut }));
            }
        }
    }
}

/// Gives a record of a file, with which its lines have ended.
fn give(record: FileRecord<'_>, ended: &mut u64, each: &mut impl FnMut(Cut<'_>)) {
    // Of records whose lines are mixed one that begins before another may end behind it.
    *ended = record.last_line.max(*ended);
    each(Cut::Record(record));
}

fn line_of(object: Piece<'_>) -> Line<'_> {
    Line { bytes: object.bytes, number: object.line, is_cut: object.is_cut }
}
