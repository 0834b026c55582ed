//! A packed file: gzip, zstd, bzip2 or xz, with all its members.

use std::io::{self, BufRead as _, Read};

use super::buffered::Stream;
use super::codec::{After, Codec};
use super::decoding::Decoding;
use super::file_type::Packing;
use super::gzip;
use super::limits::Limits;
use super::meter::Meter;
use super::problem::{EntryProblem, repeated};
use super::source::Source;

/// Reads the content of a packed file. The members (streams, frames) of all four formats may stand behind one another,
/// with zeros between and behind them; what else follows is told as [`EntryProblem::TrailingBytes`] at the end.
pub(super) struct Unpacked<'a> {
    packing: Packing,
    decoding: Decoding<'a>,
    stage: Stage,
    checked: gzip::Checked,
    failure: Option<io::Error>,
}

#[derive(Clone, Copy)]
enum Stage {
    First,
    Within,
    Between,
    End,
}

impl<'a> Unpacked<'a> {
    pub(super) fn new(packing: Packing, input: Stream<'a>, meter: &'a Meter<'a>, source: &'a Source<'a>) -> Self {
        let decoding = Decoding::new(input, codec(packing, meter.limits), meter, source);
        Self { packing, decoding, stage: Stage::First, checked: gzip::Checked::default(), failure: None }
    }

    fn next(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stage = match self.stage {
                Stage::First => self.begin()?,
                Stage::Within => {
                    let (count, after) = self.decoding.read(out)?;
                    if self.packing == Packing::Gzip {
                        self.checked.update(out.get(..count).unwrap_or_default());
                    }
                    if after == After::End {
                        self.stage = Stage::Between;
                        // The bytes are handed out before it is said that they are wrong.
                        self.failure = self.end().err();
                    }
                    if count > 0 {
                        return Ok(count);
                    }
                    if let Some(failure) = &self.failure {
                        return Err(repeated(failure));
                    }
                    self.stage
                }
                Stage::Between => self.another()?,
                Stage::End => return Ok(0),
            };
        }
    }

    /// Another member, or the end.
    fn another(&mut self) -> io::Result<Stage> {
        loop {
            let zeros = self.decoding.input.fill_buf()?.iter().take_while(|&&byte| byte == 0).count();
            if zeros == 0 {
                break;
            }
            self.decoding.input.consume(zeros);
        }
        let ahead = self.decoding.input.peek(16);
        if ahead.is_empty() {
            // An error that stands here comes now, so that what this one is packed in is known to be whole.
            self.decoding.input.fill_buf()?;
            return Ok(Stage::End);
        }
        if Packing::of(ahead) != Some(self.packing) {
            return Err(EntryProblem::TrailingBytes.into());
        }
        match &mut self.decoding.codec {
            Codec::Deflate(decoder) => decoder.reset(false),
            Codec::Zstd(_) => {}
            other => *other = codec(self.packing, self.decoding.meter.limits),
        }
        self.begin()
    }

    fn end(&mut self) -> io::Result<()> {
        if self.packing == Packing::Gzip {
            std::mem::take(&mut self.checked).compare(&mut self.decoding.input)?;
        }
        Ok(())
    }

    fn begin(&mut self) -> io::Result<Stage> {
        if self.packing == Packing::Gzip {
            gzip::skip_header(&mut self.decoding.input)?;
        }
        Ok(Stage::Within)
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if let Some(failure) = &self.failure {
            return Err(repeated(failure));
        }
        self.next(out).map_err(|error| repeated(self.failure.insert(error)))
    }
}

fn codec(packing: Packing, limits: &Limits) -> Codec {
    match packing {
        Packing::Gzip => Codec::deflate(),
        Packing::Zstd => Codec::zstd(limits),
        Packing::Bzip2 => Codec::bzip2(),
        Packing::Xz => Codec::xz(limits),
    }
}
