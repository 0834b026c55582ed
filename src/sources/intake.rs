//! From the bytes of one frame to a row of a batch, with the listener's name and counters.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use logseal_parsers::multiline::{Joiner, Limits, Rule};
use logseal_parsers::push::json_stream;
use logseal_parsers::{Context, LineFormat, LogEvent, StreamFormat, Zone};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::admission::Refusal;
use super::pass::Pass;
use super::refusals::{Refusals, Refused};
use super::whose::Whose;
use crate::config::listener::{ListenerConfig, Protocol};
use crate::config::source_name::{SOURCE_BYTES_MAX, is_reserved};
use crate::ingest::Ingest;
use crate::metrics::{Metrics, OriginLabel};
use crate::record::{Batch, Origin};

/// More than there are processors, so that none waits for another's turn.
const BATCH_PLACES: usize = 16;

/// Large messages that arrive at once.
const LARGE_PLACES: usize = 8;

/// Whether a frame is all that its sender meant to be one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Yes,
    /// It was longer than the frame limit.
    NotAtLimit,
    /// It was longer than a record of several lines may be, and goes on in the next one.
    GoesOn,
    /// The stream ended within it.
    NotAtEnd,
    /// The daemon stopped before its end was seen.
    UnknownAtStop,
}

/// What every connection of one listener shares.
#[derive(Clone)]
pub(super) struct Intake {
    pub(super) ingest: Ingest,
    pub(super) metrics: Metrics,
    pub(super) connections: Gauge,
    pub(super) connections_refused: Counter,
    /// So many connections may hold a batch that is not queued yet. Without this bound each of them would hold one while
    /// the queue is full.
    pub(super) batch_places: Arc<Semaphore>,
    /// So many connections may hold a large message that is not whole.
    pub(super) large_places: Arc<Semaphore>,
    /// The daemon stops, and what cannot be queued now is dropped.
    pub(super) too_late: CancellationToken,
    pub(super) frame_bytes_max: usize,
    refusals: Arc<Refusals>,
    /// Of records that state none, and of all where the configuration does.
    source: String,
    source_is_fixed: bool,
    origin: String,
    format: LineFormat,
    protocol: Protocol,
    multiline: Rule,
    zone: Zone,
    received: Counter,
    received_bytes: Counter,
    unparsed: Counter,
    truncated: Counter,
}

impl Intake {
    pub(super) fn new(
        config: &ListenerConfig,
        format: LineFormat,
        origin: String,
        ingest: Ingest,
        metrics: Metrics,
        too_late: CancellationToken,
    ) -> Self {
        let label = OriginLabel { origin: origin.clone() };
        Self {
            ingest,
            too_late,
            connections: metrics.connections.get_or_create_owned(&label),
            batch_places: Arc::new(Semaphore::new(BATCH_PLACES)),
            large_places: Arc::new(Semaphore::new(LARGE_PLACES)),
            connections_refused: metrics.connections_refused.get_or_create_owned(&label),
            received: metrics.received.get_or_create_owned(&label),
            received_bytes: metrics.received_bytes.get_or_create_owned(&label),
            unparsed: metrics.unparsed.get_or_create_owned(&label),
            truncated: metrics.truncated.get_or_create_owned(&label),
            metrics,
            refusals: Arc::default(),
            frame_bytes_max: config.frame_bytes_max,
            source: config.source().to_owned(),
            source_is_fixed: config.source.is_some(),
            origin,
            protocol: config.protocol,
            format,
            multiline: config.multiline,
            zone: config.zone,
        }
    }

    /// Parses `frame`, the next one of `stream`, which arrived from `whose`, into `batch`.
    pub(super) fn add(
        &self,
        batch: &mut Batch,
        frame: &[u8],
        stream: &mut StreamFormat,
        whole: Whole,
        whose: &Whose,
        received_at: i64,
    ) {
        if self.is_divided(frame, whole) {
            json_stream::each_record(frame, |message| self.add_one(batch, message, stream, whole, whose, received_at));
        } else {
            self.add_one(batch, frame, stream, whole, whose, received_at);
        }
    }

    /// Whether there may be several records in `frame`: some clients of GELF send several in one datagram or end them with a line feed,
    /// and some of JSON put nothing between them.
    fn is_divided(&self, frame: &[u8], whole: Whole) -> bool {
        // What was joined of several lines is one record.
        let is_line = self.protocol == Protocol::Json
            && matches!(frame, [b'{' | b'[', ..])
            && memchr::memchr(b'\n', frame).is_none();
        whole == Whole::Yes && (is_line || self.protocol == Protocol::Gelf)
    }

    fn add_one(
        &self,
        batch: &mut Batch,
        frame: &[u8],
        stream: &mut StreamFormat,
        whole: Whole,
        whose: &Whose,
        received_at: i64,
    ) {
        let mut event = self.format.parse_next(frame, stream, &self.context(received_at));
        let cut = match whole {
            Whole::Yes => None,
            Whole::NotAtLimit => {
                self.count_cut();
                Some("longer than the frame limit: cut")
            }
            Whole::GoesOn => Some("too long: goes on in the next record"),
            Whole::NotAtEnd => Some("cut off by the end of the connection"),
            Whole::UnknownAtStop => Some("its end had not arrived when the daemon stopped"),
        };
        if let Some(cut) = cut {
            event.parse_error = Some(Cow::Borrowed(cut));
        }
        self.push(batch, &event, frame, None, whose, received_at);
    }

    /// Adds `event`, whose original bytes are `raw`; `source` is what the protocol says of it.
    pub(super) fn push(
        &self,
        batch: &mut Batch,
        event: &LogEvent<'_>,
        raw: &[u8],
        source: Option<&str>,
        whose: &Whose,
        received_at: i64,
    ) {
        if event.parse_error.is_some() {
            self.unparsed.inc();
        }
        // A name that is the daemon's own is as good as none: the protocol has no word for a record that is refused.
        let stated = source.filter(|source| !self.source_is_fixed && !source.is_empty() && !is_reserved(source));
        let source = stated.map_or(self.source.as_str(), |source| {
            source.get(..source.floor_char_boundary(SOURCE_BYTES_MAX)).unwrap_or(source)
        });
        let pass = whose.pass.as_ref();
        let source = pass.and_then(Pass::source).unwrap_or(source);
        let origin = pass.map_or(self.origin.as_str(), Pass::origin);
        let origin = Origin { source, origin, peer: &whose.peer, received_at };
        batch.push(event, raw, &origin);
    }

    /// What is kept of `bytes` that could not be read, and why; long ones are cut, and say so. The message is all that is kept.
    pub(super) fn unread<'b>(&self, bytes: &'b [u8], why: &str, format: &'static str) -> LogEvent<'b> {
        let kept = bytes.get(..self.frame_bytes_max).unwrap_or(bytes);
        let mut why = why.to_owned();
        if kept.len() < bytes.len() {
            self.count_cut();
            why.push_str(": cut");
        }
        LogEvent { message: kept.into(), parse_error: Some(why.into()), format, ..LogEvent::default() }
    }

    /// Counts a client that is refused, and says why it is.
    pub(super) fn refuse(&self, refusal: &Refusal, peer: IpAddr) -> Refused {
        self.connections_refused.inc();
        self.refusals.note(peer, format!("{}: {refusal}", self.origin), Instant::now())
    }

    /// What joins the lines of a connection, where lines are joined.
    pub(super) fn joiner(&self) -> Option<Joiner> {
        let limits = Limits { bytes_max: self.frame_bytes_max, ..Limits::default() };
        (self.multiline != Rule::None).then(|| Joiner::for_format(&self.format, self.multiline, limits))
    }

    /// What a parser must know of a record that arrived then.
    pub(super) fn context(&self, received_at: i64) -> Context {
        Context { received_at, zone: self.zone }
    }

    /// Counts a record that is cut.
    pub(super) fn count_cut(&self) {
        self.truncated.inc();
    }

    /// Counts the records of `batch`, which took `bytes` on the wire, as taken in.
    pub(super) fn count(&self, batch: &Batch, bytes: usize) {
        self.received.inc_by(batch.rows() as u64);
        self.received_bytes.inc_by(bytes as u64);
    }
}
