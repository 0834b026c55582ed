//! Lumberjack, which the Beats speak (version 2), and logstash-forwarder spoke (version 1): a window of events is acknowledged once all of them are durable.
//!
//! A client that is not answered sends the same again for ever. So damage is kept as an unparsed record, and its window is answered
//! all the same: at once where it is known that all of it has come, else when the next window begins or, where the damaged frame is all that
//! came of it, when the client has been silent for a while.

use anyhow::Context as _;
use logseal_parsers::framing::lumberjack::{self, Fault, LumberjackFrame, Skip};
use logseal_parsers::lumberjack::FORMAT;

use super::beats_window::Window;
use super::dialogue::{Dialogue, Next};
use super::gathered::Gathered;
use super::inflate::InflateError;
use super::inflating::Inflating;
use super::intake::Whole;
use crate::config::spool_rules::MESSAGE_BYTES_MAX;

/// The longest frame that is kept whole.
const FRAME_BYTES_MAX: usize = MESSAGE_BYTES_MAX;
/// The most that is read of a compressed frame; it is not in memory at once.
const INFLATED_BYTES_MAX: usize = 256 << 20;
/// The most frames that are read of it: a kilobyte of zlib could else become a hundred thousand records. Beats send some thousand events.
const INFLATED_FRAMES_MAX: usize = INFLATED_BYTES_MAX / 256;
/// A frame's version, kind, number and length.
const HEADER_BYTES: usize = 10;

/// One connection.
#[derive(Default)]
pub(super) struct Beats {
    window: Window,
    /// What is passed over, of the connection or of the compressed frame.
    skip: Option<Skip>,
    /// The compressed frame that is read.
    inflating: Option<Inflating>,
}

/// What became of the front of some frames.
enum Step {
    Took(usize),
    NeedMore,
    Compressed { start: usize, end: usize },
}

impl Beats {
    /// Takes the first of `frames`, which has come whole or is passed over.
    fn step(&mut self, frames: &[u8], gathered: &mut Gathered<'_>) -> Result<Step, Fault> {
        if let Some(skip) = &mut self.skip {
            let passed = skip.pass(frames);
            if skip.is_done() {
                let event = skip.event;
                self.skip = None;
                self.passed(event, gathered);
            } else if passed == 0 {
                return Ok(Step::NeedMore);
            }
            return Ok(Step::Took(passed));
        }
        match lumberjack::next(frames, FRAME_BYTES_MAX) {
            Ok(None) => Ok(Step::NeedMore),
            Ok(Some((LumberjackFrame::Compressed(compressed), end))) => {
                Ok(Step::Compressed { start: end - compressed.len(), end })
            }
            Ok(Some((frame, length))) => {
                self.take(&frame, frames.first().copied().unwrap_or_default(), gathered);
                Ok(Step::Took(length))
            }
            Err(fault @ (Fault::TooLong(_) | Fault::TooMany(_))) => self.begin_to_skip(fault, frames, gathered),
            Err(fault) => Err(fault),
        }
    }

    /// Takes a frame that holds no others.
    fn take(&mut self, frame: &LumberjackFrame<'_>, version: u8, gathered: &mut Gathered<'_>) {
        let answer = match *frame {
            LumberjackFrame::Window(events) => self.window.begin(version, events),
            LumberjackFrame::Event { json, sequence } => {
                gathered.add_line(json, Whole::Yes);
                self.window.event(version, sequence)
            }
            LumberjackFrame::Pairs { pairs, sequence } => {
                gathered.add_pairs(pairs);
                self.window.event(version, sequence)
            }
            LumberjackFrame::Compressed(_) | LumberjackFrame::Answer => None,
        };
        if let Some(answer) = answer {
            gathered.answer(&answer);
        }
    }

    /// Keeps the beginning of a frame that is too long, once enough of it has come.
    fn begin_to_skip(&mut self, fault: Fault, frames: &[u8], gathered: &mut Gathered<'_>) -> Result<Step, Fault> {
        let skip = Skip::over(frames).ok_or(fault)?;
        let mut ahead = skip;
        let there = ahead.pass(frames);
        let wanted = (HEADER_BYTES + gathered.unread_bytes_max() + 1).min(FRAME_BYTES_MAX);
        if there < wanted && !ahead.is_done() {
            return Ok(Step::NeedMore);
        }
        let header = if skip.event.is_some() { HEADER_BYTES } else { HEADER_BYTES - 4 };
        gathered.add_unread(frames.get(header..there).unwrap_or_default(), &fault.to_string(), FORMAT, None);
        self.skip = Some(skip);
        Ok(Step::Took(0))
    }

    /// All of a frame that was too long has come.
    fn passed(&mut self, event: Option<(u32, u8)>, gathered: &mut Gathered<'_>) {
        match event {
            Some((sequence, version)) => {
                if let Some(answer) = self.window.event(version, sequence) {
                    gathered.answer(&answer);
                }
            }
            None => self.window.damage(),
        }
    }

    /// Takes frames of the compressed one until a batch is full; whether none is left.
    fn take_inflated(&mut self, inflating: &mut Inflating, gathered: &mut Gathered<'_>) -> bool {
        while !gathered.is_full() {
            let frames = inflating.unread();
            let why = if inflating.records_taken() == INFLATED_FRAMES_MAX && !frames.is_empty() {
                InflateError::TooMany(INFLATED_FRAMES_MAX).to_string()
            } else {
                match self.step(frames, gathered) {
                    Ok(Step::Took(length)) => {
                        inflating.consume(length);
                        inflating.count_record();
                        continue;
                    }
                    Ok(Step::NeedMore) => match inflating.fill() {
                        Ok(true) => continue,
                        Ok(false) if inflating.unread().is_empty() && self.skip.is_none() => return true,
                        Ok(false) => "it ends within a frame".to_owned(),
                        Err(error) => error.to_string(),
                    },
                    Ok(Step::Compressed { .. }) => "there is another within it".to_owned(),
                    Err(fault) => fault.to_string(),
                }
            };
            self.skip = None;
            gathered.add_unread(inflating.unread(), &format!("a compressed frame: {why}"), FORMAT, None);
            self.window.damage();
            return true;
        }
        false
    }
}

impl Dialogue for Beats {
    fn buffer_bytes(&self) -> usize {
        FRAME_BYTES_MAX + HEADER_BYTES
    }

    fn next(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Next> {
        if let Some(mut inflating) = self.inflating.take() {
            if self.take_inflated(&mut inflating, gathered) {
                self.window.frame_ended();
            } else {
                self.inflating = Some(inflating);
            }
            return Ok(Next::Took(0));
        }
        Ok(match self.step(unread, gathered).context("Lumberjack")? {
            Step::Took(length) => {
                if self.skip.is_none() {
                    self.window.frame_ended();
                }
                Next::Took(length)
            }
            Step::NeedMore => Next::NeedMore(0),
            Step::Compressed { start, end } => {
                let compressed = unread.get(start..end).unwrap_or_default();
                self.inflating = Some(Inflating::new(compressed, INFLATED_BYTES_MAX));
                Next::Took(end)
            }
        })
    }

    fn paused(&mut self, gathered: &mut Gathered<'_>) {
        if self.skip.is_none()
            && let Some(answer) = self.window.paused()
        {
            gathered.answer(&answer);
        }
    }

    fn is_within_message(&self) -> bool {
        self.inflating.is_some()
    }
}
