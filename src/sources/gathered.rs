//! Records of one connection that are not submitted yet, and what is answered once they are durable.

use logseal_parsers::{StreamFormat, fluent, lumberjack};

use super::admission::Refusal;
use super::intake::{Intake, Whole};
use super::pass::Pass;
use super::refusals::Refused;
use super::stream_records::is_full;
use super::whose::Whose;
use crate::clock::now_micros;
use crate::record::Batch;

/// A batch with its answers, in the order of the records.
pub(super) struct Gathered<'a> {
    batch: Batch,
    bytes: usize,
    answers: Vec<u8>,
    /// Arrival of the whole batch, so that no batch lies across midnight.
    received_at: i64,
    whose: Whose,
    /// A record in the form in which it is read.
    scratch: Vec<u8>,
    /// What its lines are in, where none is stated.
    format: StreamFormat,
    intake: &'a Intake,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(intake: &'a Intake, whose: Whose) -> Self {
        Self {
            batch: Batch::default(),
            bytes: 0,
            answers: Vec::new(),
            received_at: 0,
            whose,
            scratch: Vec::new(),
            format: StreamFormat::default(),
            intake,
        }
    }

    /// Adds a line in the listener's format.
    pub(super) fn add_line(&mut self, line: &[u8], whole: Whole) {
        let received_at = self.received_at();
        self.intake.add(&mut self.batch, line, &mut self.format, whole, &self.whose, received_at);
        self.bytes += line.len();
    }

    /// Adds an entry of Fluent Forward, filed under its tag where the listener fixes no source.
    pub(super) fn add_fluent(&mut self, entry: &fluent::Entry<'_>, tag: &str) {
        let received_at = self.received_at();
        let event = fluent::parse(entry, tag, &mut self.scratch, &self.intake.context(received_at));
        self.intake.push(&mut self.batch, &event, entry.raw, Some(tag), &self.whose, received_at);
        self.bytes += entry.raw.len();
    }

    /// Adds an event of Lumberjack 1.
    pub(super) fn add_pairs(&mut self, pairs: &[u8]) {
        let received_at = self.received_at();
        let event = lumberjack::parse(pairs, &mut self.scratch, &self.intake.context(received_at));
        self.intake.push(&mut self.batch, &event, pairs, None, &self.whose, received_at);
        self.bytes += pairs.len();
    }

    /// Adds what could not be read, and why; long ones are cut, and say so. `tag` is what the protocol says of their source.
    pub(super) fn add_unread(&mut self, bytes: &[u8], why: &str, format: &'static str, tag: Option<&str>) {
        let received_at = self.received_at();
        let event = self.intake.unread(bytes, why, format);
        self.intake.push(&mut self.batch, &event, &event.message, tag, &self.whose, received_at);
        self.bytes += event.message.len();
    }

    /// Adds values of Fluent Forward that are no entries, as one record.
    pub(super) fn add_strays(&mut self, strays: &[u8], tag: &str) {
        self.add_unread(strays, fluent::NO_ENTRIES, fluent::FORMAT, Some(tag));
    }

    /// The client has proved who it is: from now on it sends by this pass.
    pub(super) fn admit(&mut self, pass: Option<Pass>) {
        self.whose.pass = pass;
    }

    /// By which the client sends.
    pub(super) fn pass(&self) -> Option<&Pass> {
        self.whose.pass.as_ref()
    }

    /// Counts the client as refused, and says why it is.
    pub(super) fn refuse(&self, refusal: &Refusal) -> Refused {
        self.intake.refuse(refusal, self.whose.address)
    }

    /// The most that is kept of what could not be read.
    pub(super) fn unread_bytes_max(&self) -> usize {
        self.intake.frame_bytes_max
    }

    /// Adds bytes to be written once all that was added before is durable.
    pub(super) fn answer(&mut self, bytes: &[u8]) {
        self.answers.extend_from_slice(bytes);
    }

    /// Whether it is time to submit.
    pub(super) fn is_full(&self) -> bool {
        is_full(&self.batch, self.bytes)
    }

    /// What was gathered: the batch, its bytes on the wire, and the answers.
    pub(super) fn take(&mut self) -> (Batch, usize, Vec<u8>) {
        (std::mem::take(&mut self.batch), std::mem::take(&mut self.bytes), std::mem::take(&mut self.answers))
    }

    fn received_at(&mut self) -> i64 {
        if self.batch.is_empty() {
            self.received_at = now_micros();
        }
        self.received_at
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use logseal_parsers::LineFormat;
    use tokio_util::sync::CancellationToken;
    use uuid::Uuid;

    use super::super::stream_records::BATCH_BYTES_MAX;
    use super::*;
    use crate::config::listener::ListenerConfig;
    use crate::ingest::Ingest;
    use crate::metrics::Metrics;

    /// 6 KB of JSON, and 1 MB with the outer object's name before each of its members'.
    fn growing(n: usize) -> String {
        let members: Vec<String> = (0..350).map(|at| format!("\"{at}\":1")).collect();
        format!("{{\"{n:0>2900}\":{{{}}}}}", members.join(","))
    }

    #[test]
    fn names_that_outgrow_what_arrived_fill_a_batch() {
        let (ingest, _queue) = Ingest::new(1 << 20, Duration::ZERO);
        let (config, stop) = (ListenerConfig::default(), CancellationToken::new());
        let intake = Intake::new(&config, LineFormat::default(), "test".to_owned(), ingest, Metrics::new(), stop);
        let mut gathered = Gathered::new(&intake, Whose::at(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        for n in 0.. {
            gathered.add_line(growing(n).as_bytes(), Whole::Yes);
            if gathered.is_full() {
                break;
            }
        }
        let (batch, bytes, _) = gathered.take();
        assert!(bytes < BATCH_BYTES_MAX / 100, "{bytes} bytes arrived");
        let encoded = batch.encode(1, &Uuid::nil()).to_vec().len();
        assert!((BATCH_BYTES_MAX..2 * BATCH_BYTES_MAX).contains(&encoded), "{encoded} bytes are spooled");
    }
}
