//! The batches of one request on their way to the spool, several at a time.

use std::collections::VecDeque;

use serde::Serialize;
use utoipa::ToSchema;

use crate::ingest::{Ids, Ingest, Receipt, Rejected, WhenFull};
use crate::record::Batch;

/// Batches that wait for their fdatasync at once: enough to parse while the disk works.
const IN_FLIGHT_MAX: usize = 8;

/// The span of ids that a request's records got. Records of other senders may lie within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct IdSpan {
    pub(super) first: u64,
    pub(super) last: u64,
}

/// What became durable of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Durable {
    pub(super) ids: Option<IdSpan>,
    pub(super) rows: u64,
    /// Everything up to this line or element of the body is durable or was refused by name.
    pub(super) through: u64,
}

/// Batches on their way.
pub(super) struct Submission<'i> {
    ingest: &'i Ingest,
    in_flight: VecDeque<(Receipt, u64)>,
    durable: Durable,
    failure: Option<Rejected>,
}

impl<'i> Submission<'i> {
    pub(super) fn new(ingest: &'i Ingest) -> Self {
        Self { ingest, in_flight: VecDeque::new(), durable: Durable::default(), failure: None }
    }

    /// Submits `batch`, which ends with line or element `through` of the body. Waits while too many are under way.
    ///
    /// # Errors
    /// [`Rejected`] where this or an earlier batch was refused; then nothing more is to be submitted.
    pub(super) async fn add(&mut self, batch: Batch, through: u64) -> Result<(), Rejected> {
        while self.in_flight.len() >= IN_FLIGHT_MAX {
            self.settle_first().await;
        }
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        // Who sends over HTTP can be told to come again, so nothing waits for room on the disk.
        let receipt = self.ingest.enqueue(batch, WhenFull::Refuse).await?;
        self.in_flight.push_back((receipt, through));
        Ok(())
    }

    /// As [`Submission::add`]; an empty batch is nothing to do.
    ///
    /// # Errors
    /// As [`Submission::add`].
    pub(super) async fn add_if_any(&mut self, batch: Batch, through: u64) -> Result<(), Rejected> {
        if batch.is_empty() { Ok(()) } else { self.add(batch, through).await }
    }

    /// Waits until the fate of every batch is known.
    pub(super) async fn settle(mut self) -> (Durable, Option<Rejected>) {
        while !self.in_flight.is_empty() {
            self.settle_first().await;
        }
        (self.durable, self.failure)
    }

    async fn settle_first(&mut self) {
        let Some((receipt, through)) = self.in_flight.pop_front() else { return };
        match receipt.durable().await {
            Ok(ids) => self.note(ids, through),
            Err(rejected) => self.failure = self.failure.or(Some(rejected)),
        }
    }

    fn note(&mut self, ids: Ids, through: u64) {
        let durable = &mut self.durable;
        let span = durable.ids.unwrap_or(IdSpan { first: ids.first, last: ids.last });
        durable.ids = Some(IdSpan { first: span.first.min(ids.first), last: span.last.max(ids.last) });
        durable.rows += ids.last - ids.first + 1;
        // After a refused batch, a later one does not make the front of the body whole.
        if self.failure.is_none() {
            durable.through = through;
        }
    }
}
