//! The decoders, all driven in one way: bytes in, bytes out, no reader of their own. Only so is it known what was put
//! out before damage was met; the crates' own readers drop it.

use std::io::ErrorKind;

use deflate64::InflaterManaged;
use flate2::{Decompress, FlushDecompress};
use lzma_rust2::{Action, LzmaStream, Status, XzStream};
use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

use super::limits::Limits;
use super::problem::EntryProblem;

/// One decoder. Memory, beside the window that `Limits::decoder_bytes_max` bounds: below 1 MiB, of bzip2 4 MiB.
pub(super) enum Codec {
    Stored,
    Deflate(Box<Decompress>),
    Deflate64(Box<InflaterManaged>),
    Bzip2(bzip2::Decompress),
    Zstd(Box<Zstd>),
    Xz(Box<XzStream>),
    Lzma(Box<LzmaStream>),
}

/// What became of one call.
pub(super) struct Step {
    pub(super) consumed: usize,
    pub(super) written: usize,
    pub(super) after: Result<After, EntryProblem>,
}

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    More,
    /// The stream (the member, the frame) is complete and was put out whole.
    End,
}

/// `miniz_oxide` puts its output out through a ring of this size.
const DEFLATE_RING: u64 = 32 << 10;

impl Codec {
    pub(super) fn deflate() -> Self {
        Self::Deflate(Box::new(Decompress::new(false)))
    }

    pub(super) fn deflate64() -> Self {
        Self::Deflate64(Box::new(InflaterManaged::new()))
    }

    pub(super) fn bzip2() -> Self {
        Self::Bzip2(bzip2::Decompress::new(false))
    }

    pub(super) fn zstd(limits: &Limits) -> Self {
        Self::Zstd(Box::new(Zstd::new(limits)))
    }

    pub(super) fn xz(limits: &Limits) -> Self {
        Self::Xz(Box::new(XzStream::new_mem_limit(false, kibibytes(limits))))
    }

    /// LZMA without a header of its own: the properties' byte, the size of the dictionary, the size of the content if it
    /// has no end marker.
    pub(super) fn lzma(
        properties: u8,
        dictionary: u32,
        size: Option<u64>,
        limits: &Limits,
    ) -> Result<Self, EntryProblem> {
        let damaged = |_| EntryProblem::Damaged("its LZMA properties are wrong");
        let needed = lzma_rust2::lzma_get_memory_usage_by_props(dictionary, properties).map_err(damaged)?;
        if needed > kibibytes(limits) {
            return Err(EntryProblem::NeedsMemory { limit: limits.decoder_bytes_max });
        }
        let stream = LzmaStream::new_with_props(size.unwrap_or(u64::MAX), properties, dictionary, None);
        Ok(Self::Lzma(Box::new(stream.map_err(damaged)?)))
    }

    /// Decodes some of `input`. `at_end` says that `input` is the last there is.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8], at_end: bool, limits: &Limits) -> Step {
        let action = if at_end { Action::Finish } else { Action::Run };
        match self {
            Self::Stored => stored(input, output, at_end),
            Self::Deflate(decoder) => deflate(decoder, input, output),
            Self::Deflate64(decoder) => deflate64(decoder, input, output),
            Self::Bzip2(decoder) => bzip2(decoder, input, output),
            Self::Zstd(decoder) => decoder.step(input, output, limits),
            Self::Xz(decoder) => {
                let before = (decoder.total_in(), decoder.total_out());
                let result = decoder.process(input, output, action).map(|result| result.status);
                lzma_step(before, (decoder.total_in(), decoder.total_out()), result, limits)
            }
            Self::Lzma(decoder) => {
                let before = (decoder.total_in(), decoder.total_out());
                let result = decoder.process(input, output, action).map(|result| result.status);
                lzma_step(before, (decoder.total_in(), decoder.total_out()), result, limits)
            }
        }
    }
}

fn kibibytes(limits: &Limits) -> u32 {
    u32::try_from(limits.decoder_bytes_max >> 10).unwrap_or(u32::MAX)
}

fn stored(mut input: &[u8], output: &mut [u8], at_end: bool) -> Step {
    let count = std::io::Read::read(&mut input, output).unwrap_or_default();
    let after = if at_end && input.is_empty() { After::End } else { After::More };
    Step { consumed: count, written: count, after: Ok(after) }
}

fn deflate(decoder: &mut Decompress, input: &[u8], output: &mut [u8]) -> Step {
    let (total_in, total_out) = (decoder.total_in(), decoder.total_out());
    // No more than the ring takes before it wraps: it is empty after each call then, so that nothing is left in it when
    // damage is met.
    let room = usize::try_from(DEFLATE_RING - total_out % DEFLATE_RING).unwrap_or(usize::MAX).min(output.len());
    let result = decoder.decompress(input, output.get_mut(..room).unwrap_or_default(), FlushDecompress::None);
    Step {
        consumed: delta(total_in, decoder.total_in()),
        written: delta(total_out, decoder.total_out()),
        after: match result {
            Ok(flate2::Status::StreamEnd) => Ok(After::End),
            Ok(_) => Ok(After::More),
            Err(_) => Err(EntryProblem::Damaged("its deflate data is wrong")),
        },
    }
}

fn deflate64(decoder: &mut InflaterManaged, input: &[u8], output: &mut [u8]) -> Step {
    let result = decoder.inflate(input, output);
    let after = if result.data_error {
        Err(EntryProblem::Damaged("its deflate64 data is wrong"))
    } else if decoder.finished() && decoder.available_output() == 0 {
        Ok(After::End)
    } else {
        Ok(After::More)
    };
    Step { consumed: result.bytes_consumed, written: result.bytes_written, after }
}

fn bzip2(decoder: &mut bzip2::Decompress, input: &[u8], output: &mut [u8]) -> Step {
    let (total_in, total_out) = (decoder.total_in(), decoder.total_out());
    let result = decoder.decompress(input, output);
    Step {
        consumed: delta(total_in, decoder.total_in()),
        written: delta(total_out, decoder.total_out()),
        after: match result {
            Ok(bzip2::Status::StreamEnd) => Ok(After::End),
            Ok(bzip2::Status::MemNeeded) => Err(EntryProblem::NeedsMemory { limit: 4 << 20 }),
            Ok(_) => Ok(After::More),
            Err(_) => Err(EntryProblem::Damaged("its bzip2 data is wrong")),
        },
    }
}

fn lzma_step(before: (u64, u64), now: (u64, u64), result: std::io::Result<Status>, limits: &Limits) -> Step {
    Step {
        consumed: delta(before.0, now.0),
        written: delta(before.1, now.1),
        after: match result {
            Ok(Status::StreamEnd) => Ok(After::End),
            Ok(Status::Ok) => Ok(After::More),
            Err(error) if error.kind() == ErrorKind::OutOfMemory => {
                Err(EntryProblem::NeedsMemory { limit: limits.decoder_bytes_max })
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(EntryProblem::Damaged("it is cut")),
            Err(_) => Err(EntryProblem::Damaged("its LZMA data is wrong")),
        },
    }
}

fn delta(before: u64, now: u64) -> usize {
    usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX)
}

/// `ZSTD_ErrorCode`s of zstd_errors.h, whose values are fixed.
const ZSTD_WINDOW_TOO_LARGE: usize = 16;
const ZSTD_CHECKSUM_WRONG: usize = 22;
const ZSTD_DICTIONARY_WRONG: usize = 32;
/// What `ZSTD_decompressStream` asks for at the start of a frame.
const ZSTD_START: usize = 5;

/// A zstd decoder that is fed block by block: where a call fails, zstd does not say what it put out before in the same
/// call, so that a call must not do more than one thing.
pub(super) struct Zstd {
    context: DCtx<'static>,
    wanted: usize,
    is_output_left: bool,
}

impl Zstd {
    fn new(limits: &Limits) -> Self {
        let mut context = DCtx::create();
        let window_log = limits.decoder_bytes_max.max(1).ilog2().clamp(10, 31);
        // It fails for values out of bounds only; zstd's own limit, 128 MiB, holds then.
        let set = context.set_parameter(DParameter::WindowLogMax(window_log));
        debug_assert!(set.is_ok());
        Self { context, wanted: ZSTD_START, is_output_left: false }
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], limits: &Limits) -> Step {
        let fed = if self.is_output_left { 0 } else { self.wanted.min(input.len()) };
        let mut fed = InBuffer::around(input.get(..fed).unwrap_or_default());
        let room = output.len();
        let mut output = OutBuffer::around(output);
        let result = self.context.decompress_stream(&mut output, &mut fed);
        self.is_output_left = output.pos() == room;
        let after = match result {
            Ok(0) => Ok(After::End),
            Ok(_) => Ok(After::More),
            Err(code) => Err(match 0usize.wrapping_sub(code) {
                ZSTD_WINDOW_TOO_LARGE => EntryProblem::NeedsMemory { limit: limits.decoder_bytes_max },
                ZSTD_CHECKSUM_WRONG => EntryProblem::ChecksumMismatch,
                ZSTD_DICTIONARY_WRONG => EntryProblem::UnsupportedFormat("zstd with a dictionary"),
                _ => EntryProblem::Damaged("its zstd data is wrong"),
            }),
        };
        self.wanted = result.ok().filter(|&wanted| wanted > 0).unwrap_or(ZSTD_START);
        self.is_output_left &= after == Ok(After::More);
        Step { consumed: fed.pos(), written: output.pos(), after }
    }
}
