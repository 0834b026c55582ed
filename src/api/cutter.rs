//! How a streamed body becomes records: by its lines, by its objects where it is JSON, or as a web form.

use logseal_parsers::push::json_stream::{Piece, Splitter};

use super::lines::{LINE_BYTES_MAX, Line, Lines};

/// The state between two pieces of a body.
pub(super) enum Cutter {
    Lines(Lines),
    /// JSON objects, on a line each or not.
    Objects {
        splitter: Splitter,
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

    /// How many lines, or objects, have ended.
    pub(super) fn ended(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.ended(),
            Self::Objects { ended, .. } => *ended,
            Self::FormOrObjects | Self::Form { .. } => 0,
        }
    }

    /// What is counted.
    pub(super) fn unit(&self) -> &'static str {
        match self {
            Self::Lines(_) => "lines",
            Self::Objects { .. } | Self::FormOrObjects | Self::Form { .. } => "records",
        }
    }

    /// Whether what it gives is a form.
    pub(super) fn is_form(&self) -> bool {
        matches!(self, Self::Form { .. })
    }

    /// Takes the next piece; calls `each` with every record that ends in it.
    pub(super) fn feed(&mut self, piece: &[u8], mut each: impl FnMut(Line<'_>)) {
        if matches!(self, Self::FormOrObjects) {
            *self = match piece.trim_ascii_start().first() {
                None => return,
                Some(b'{' | b'[') => Self::objects(),
                Some(_) => Self::Form { open: Vec::new(), is_cut: false },
            };
        }
        match self {
            Self::Lines(lines) => lines.feed(piece, each),
            Self::Objects { splitter, ended } => splitter.feed(piece, |object| {
                *ended += 1;
                each(line_of(object));
            }),
            Self::FormOrObjects => {}
            Self::Form { open, is_cut } => {
                let room = LINE_BYTES_MAX - open.len().min(LINE_BYTES_MAX);
                *is_cut |= piece.len() > room;
                open.extend_from_slice(piece.get(..room).unwrap_or(piece));
            }
        }
    }

    /// The body has ended: gives the last record where nothing ended it.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        match self {
            Self::Lines(lines) => lines.finish(each),
            Self::Objects { splitter, ended } => splitter.finish(|object| {
                *ended += 1;
                each(line_of(object));
            }),
            Self::FormOrObjects => {}
            Self::Form { open, is_cut } => each(Line { bytes: open.trim_ascii(), number: 1, is_cut: *is_cut }),
        }
    }
}

fn line_of(object: Piece<'_>) -> Line<'_> {
    Line { bytes: object.bytes, number: object.line, is_cut: object.is_cut }
}
