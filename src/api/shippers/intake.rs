//! From a request's records to the spool.

use logseal_parsers::{Context, LogEvent, Zone};

use crate::api::caller::Filing;
use crate::api::error::ApiError;
use crate::api::state::Api;
use crate::clock::now_micros;
use crate::config::source_name::{SOURCE_BYTES_MAX, is_reserved};
use crate::ingest::{Ids, Rejected, WhenFull};
use crate::metrics::OriginLabel;
use crate::record::{Batch, Origin};

/// How many records become one batch, which is stored whole or not at all.
const BATCH_ROWS: usize = 32_768;
const BATCH_BYTES: usize = 4 << 20;
/// A body has at most this many records. A record takes some hundred bytes of memory, however few of the body are its own.
const RECORDS_MAX: usize = 500_000;

/// The records of one request, gathered in batches.
pub(super) struct Intake {
    filing: Filing,
    received_at: i64,
    open: Batch,
    closed: Vec<Batch>,
    records: usize,
    bytes: u64,
    unparsed: u64,
    truncated: u64,
}

/// What became of one batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub(super) rows: usize,
    pub(super) outcome: Result<Ids, Rejected>,
}

impl Intake {
    /// For a request that arrives now.
    pub(super) fn new(filing: Filing) -> Self {
        Self {
            filing,
            received_at: now_micros(),
            open: Batch::default(),
            closed: Vec::new(),
            records: 0,
            bytes: 0,
            unparsed: 0,
            truncated: 0,
        }
    }

    /// What the decoders need to know.
    pub(super) fn context(&self) -> Context {
        Context { received_at: self.received_at, zone: Zone::UTC }
    }

    /// Takes a record whose original bytes are `raw`. `stated` is what the sender files it under, empty where it does not say; a token
    /// that has a source of its own overrules it.
    pub(super) fn add(&mut self, event: &LogEvent<'_>, raw: &[u8], stated: &str, default: &'static str) {
        self.records += 1;
        if self.records > RECORDS_MAX {
            return;
        }
        let source = self.filing.source.as_deref().unwrap_or_else(|| named(stated, default));
        // The sender names the host or there is none: a proxy's address would be a wrong one.
        let origin = Origin { source, origin: &self.filing.origin, peer: "", received_at: self.received_at };
        self.open.push(event, raw, &origin);
        self.bytes += raw.len() as u64;
        self.unparsed += u64::from(event.parse_error.is_some());
        if self.open.rows() >= BATCH_ROWS || self.open.bytes() >= BATCH_BYTES {
            self.closed.push(std::mem::take(&mut self.open));
        }
    }

    /// Counts a record of which a part is left out.
    pub(super) fn note_cut(&mut self) {
        self.truncated += 1;
    }

    /// Whether a stream has given enough records for a batch.
    pub(super) fn is_over(&self, rows: usize, bytes: usize) -> bool {
        self.open.rows() >= rows || self.open.bytes() >= bytes
    }

    /// The records of a stream that have come since the last call. The next ones arrive later: a batch must not cross midnight.
    pub(super) fn take(&mut self) -> Batch {
        self.received_at = now_micros();
        self.records = 0;
        std::mem::take(&mut self.open)
    }

    /// Counts what came in, of which `durable` records were stored.
    pub(super) fn count(&self, api: &Api, durable: u64) {
        let label = OriginLabel { origin: self.filing.origin.clone() };
        api.metrics.received.get_or_create(&label).inc_by(durable);
        api.metrics.received_bytes.get_or_create(&label).inc_by(self.bytes);
        api.metrics.unparsed.get_or_create(&label).inc_by(self.unparsed);
        api.metrics.truncated.get_or_create(&label).inc_by(self.truncated);
    }

    /// Whether there is no record.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty()
    }

    /// Submits everything and waits until the fate of each batch is known, in the order of the records.
    ///
    /// # Errors
    /// 413 where there are more records than a body may have; none of them is stored.
    pub(super) async fn submit(mut self, api: &Api) -> Result<Vec<Fate>, ApiError> {
        if self.records > RECORDS_MAX {
            let detail = format!("the body has more than {RECORDS_MAX} records; send it in parts");
            return Err(ApiError::too_large(detail));
        }
        if !self.open.is_empty() {
            self.closed.push(std::mem::take(&mut self.open));
        }
        let mut refused = None;
        let mut on_their_way = Vec::with_capacity(self.closed.len());
        for batch in std::mem::take(&mut self.closed) {
            let rows = batch.rows();
            let receipt = match refused {
                Some(rejected) => Err(rejected),
                None => api.ingest.enqueue(batch, WhenFull::Refuse).await,
            };
            refused = receipt.as_ref().err().copied();
            on_their_way.push((rows, receipt));
        }
        let mut fates = Vec::with_capacity(on_their_way.len());
        for (rows, receipt) in on_their_way {
            let outcome = match receipt {
                Ok(receipt) => receipt.durable().await,
                Err(rejected) => Err(rejected),
            };
            fates.push(Fate { rows, outcome });
        }
        let durable: usize = fates.iter().filter(|fate| fate.outcome.is_ok()).map(|fate| fate.rows).sum();
        self.count(api, durable as u64);
        Ok(fates)
    }

    /// As [`Intake::submit`], for protocols that answer for all records at once; the id of the last one.
    ///
    /// # Errors
    /// As there, and 503 where some are not durable. Of a body that is so large that it became several batches, others may be.
    pub(super) async fn store(self, api: &Api) -> Result<Option<u64>, ApiError> {
        let mut last = None;
        for fate in self.submit(api).await? {
            last = Some(fate.outcome?.last);
        }
        Ok(last)
    }
}

/// The source that is stated. One that is the daemon's own is as good as none: a collector sends the records of many in one body, and those
/// of the others must not be refused with it.
fn named<'a>(stated: &'a str, default: &'static str) -> &'a str {
    if stated.is_empty() || is_reserved(stated) { default } else { cut(stated) }
}

/// As much of a source's name as there is room for.
fn cut(source: &str) -> &str {
    let end = (0..=SOURCE_BYTES_MAX.min(source.len())).rev().find(|&end| source.is_char_boundary(end));
    source.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_not_stated_or_not_the_senders_is_the_protocols() {
        assert_eq!(named("logs-app", "elastic"), "logs-app");
        assert_eq!(named("", "elastic"), "elastic");
        assert_eq!(named("Logseal.audit", "elastic"), "elastic");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(cut("logs-app"), "logs-app");
        assert_eq!(cut(&"x".repeat(200)).len(), SOURCE_BYTES_MAX);
        assert_eq!(cut(&format!("{}é", "x".repeat(SOURCE_BYTES_MAX - 1))).len(), SOURCE_BYTES_MAX - 1);
    }
}
