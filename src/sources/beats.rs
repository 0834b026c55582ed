//! Lumberjack, which the Beats speak (version 2), and logstash-forwarder spoke (version 1): a window of events is acknowledged once all of them are durable.

use anyhow::Context as _;
use logseal_parsers::framing::lumberjack::{self, LumberjackFrame};

use super::dialogue::{Dialogue, Next};
use super::gathered::Gathered;
use super::inflate::inflate;
use super::intake::Whole;

/// The longest frame.
const FRAME_BYTES_MAX: usize = 16 << 20;
/// The most that a compressed frame may hold.
const INFLATED_BYTES_MAX: usize = 32 << 20;
/// A frame's version, kind, number and length.
const HEADER_BYTES: usize = 10;

/// One connection.
#[derive(Default)]
pub(super) struct Beats {
    /// Events of the window that are still to come.
    left: u32,
    /// What the compressed frame at the front of the buffer holds, and how much of it is taken.
    inflated: Option<(Vec<u8>, usize)>,
}

impl Beats {
    /// Takes a frame that holds no others.
    fn take(&mut self, frame: &LumberjackFrame<'_>, gathered: &mut Gathered<'_>) -> anyhow::Result<()> {
        match *frame {
            LumberjackFrame::Window(events) => self.left = events,
            LumberjackFrame::Event { json, .. } => {
                gathered.add_line(json, Whole::Yes);
                self.count(frame, gathered);
            }
            LumberjackFrame::Pairs { pairs, .. } => {
                gathered.add_pairs(pairs);
                self.count(frame, gathered);
            }
            LumberjackFrame::Compressed(_) => anyhow::bail!("Lumberjack: a compressed frame within another"),
        }
        Ok(())
    }

    /// Counts an event, which is answered where it ends its window, or is behind the end.
    fn count(&mut self, event: &LumberjackFrame<'_>, gathered: &mut Gathered<'_>) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0
            && let Some(answer) = event.acknowledgement()
        {
            gathered.answer(&answer);
        }
    }

    /// Takes frames of the compressed one until a batch is full; whether none is left.
    fn take_inflated(&mut self, inflated: &[u8], at: &mut usize, gathered: &mut Gathered<'_>) -> anyhow::Result<bool> {
        while !gathered.is_full() {
            let rest = inflated.get(*at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(true);
            }
            let frame = lumberjack::next(rest, FRAME_BYTES_MAX).context("Lumberjack")?;
            let (frame, length) = frame.context("Lumberjack: a compressed frame ends within a frame")?;
            self.take(&frame, gathered)?;
            *at += length;
        }
        Ok(*at == inflated.len())
    }
}

impl Dialogue for Beats {
    fn buffer_bytes(&self) -> usize {
        FRAME_BYTES_MAX + HEADER_BYTES
    }

    fn next(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Next> {
        let Some((frame, length)) = lumberjack::next(unread, FRAME_BYTES_MAX).context("Lumberjack")? else {
            return Ok(Next::NeedMore(0));
        };
        let LumberjackFrame::Compressed(compressed) = frame else {
            self.take(&frame, gathered)?;
            return Ok(Next::Took(length));
        };
        let (inflated, mut at) = match self.inflated.take() {
            Some(inflated) => inflated,
            None => (inflate(compressed, INFLATED_BYTES_MAX).context("Lumberjack: a compressed frame")?.into(), 0),
        };
        if self.take_inflated(&inflated, &mut at, gathered)? {
            return Ok(Next::Took(length));
        }
        self.inflated = Some((inflated, at));
        Ok(Next::Took(0))
    }

    fn is_within_message(&self) -> bool {
        self.inflated.is_some()
    }
}
