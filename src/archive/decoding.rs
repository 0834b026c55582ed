//! A decoder and what it reads, within the limits.

use std::io::{self, BufRead as _};

use super::buffered::{BUFFER_BYTES, Stream};
use super::codec::{After, Codec};
use super::meter::Meter;
use super::problem::{EntryProblem, repeated};
use super::source::Source;

/// How often a decoder may neither take nor give before it counts as stuck. zstd does so once to tell that it is done.
const IDLE_STEPS_MAX: u32 = 3;

/// What the readers between the file and a decoder may hold already when it begins: three buffers at the most.
const READ_AHEAD_BYTES: u64 = 3 * BUFFER_BYTES as u64;

/// Decodes one stream after the other from `input`.
pub(super) struct Decoding<'a> {
    pub(super) input: Stream<'a>,
    pub(super) codec: Codec,
    pub(super) meter: &'a Meter<'a>,
    source: &'a Source<'a>,
    read_before: u64,
    consumed: u64,
    written: u64,
    /// Why there is no more input; the decoder puts out what it still holds first.
    input_failure: Option<io::Error>,
    failure: Option<io::Error>,
}

impl<'a> Decoding<'a> {
    pub(super) fn new(input: Stream<'a>, codec: Codec, meter: &'a Meter<'a>, source: &'a Source<'a>) -> Self {
        Self {
            input,
            codec,
            meter,
            source,
            read_before: source.bytes_read(),
            consumed: 0,
            written: 0,
            input_failure: None,
            failure: None,
        }
    }

    /// Decodes into `out`, which is not empty: how much there is now, and whether the stream ends behind it. Only its
    /// end is without bytes. After an error there is nothing but that error.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<(usize, After)> {
        if let Some(failure) = &self.failure {
            return Err(repeated(failure));
        }
        match self.step(out) {
            Ok(step) => Ok(step),
            Err((0, error)) => Err(repeated(self.failure.insert(error))),
            Err((written, error)) => {
                self.failure = Some(error);
                Ok((written, After::More))
            }
        }
    }

    /// An error comes with how much was written before it.
    fn step(&mut self, out: &mut [u8]) -> Result<(usize, After), (usize, io::Error)> {
        let mut idle_steps = 0;
        loop {
            let mut at_end = false;
            let input = match self.input.fill_buf() {
                _ if self.input_failure.is_some() => &[],
                Ok(input) => {
                    at_end = input.is_empty();
                    input
                }
                Err(error) => {
                    self.input_failure = Some(error);
                    &[]
                }
            };
            let is_fed = !input.is_empty();
            let step = self.codec.step(input, out, at_end, self.meter.limits);
            if is_fed {
                self.input.consume(step.consumed);
                self.consumed = self.consumed.saturating_add(step.consumed as u64);
            }
            let written = step.written.min(out.len());
            self.count(written).map_err(|problem| (0, problem.into()))?;
            let after = step.after.map_err(|problem| (written, problem.into()))?;
            if written > 0 || after == After::End {
                return Ok((written, after));
            }
            idle_steps = if is_fed && step.consumed > 0 { 0 } else { idle_steps + 1 };
            if idle_steps > IDLE_STEPS_MAX {
                let what = if at_end { "it is cut" } else { "its decoder makes nothing of it" };
                let stuck = EntryProblem::Damaged(what).into();
                return Err((0, self.input_failure.take().unwrap_or(stuck)));
            }
        }
    }

    fn count(&mut self, written: usize) -> Result<(), EntryProblem> {
        self.written = self.written.saturating_add(written as u64);
        self.meter.add(written as u64)?;
        // The file's bytes count where this decoder is fed by another; those that stand in buffers were read before.
        let read = self.source.bytes_read().saturating_sub(self.read_before).saturating_add(READ_AHEAD_BYTES);
        self.meter.check_ratio(self.written, self.consumed.min(read))
    }
}
