//! What one live tail has seen and what comes next: every record once, in order of id, or a gap that says so.
//!
//! Ids are consecutive, so a hole is seen by counting. A tail that resumes behind an id fills its
//! holes from the store, as far as the store has come, until a live block follows directly. A tail
//! that is live and too slow gets a gap instead: it would only fall back further.
//!
//! ```text
//! position ──► │ stored (read by id) │ durable, not stored yet (wait for the watermark) │ live blocks ──►
//! ```

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::cluster_names::name as name_cluster;
use super::error::ApiError;
use super::state::Api;
use crate::ingest::{Committed, TailError, Watcher};
use crate::meta::Cluster;
use crate::query::ast::Expr;
use crate::query::matcher::Matcher;
use crate::record::{LogRow, block};

/// Records that one read from the store brings.
const CATCH_UP_ROWS: u32 = 1000;
/// A comment is sent when nothing else was for so long, so that dead connections are found.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After a failed read of the store, while a tail catches up.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// A read that fails for longer than this becomes a gap.
const RETRIES_MAX: u32 = 30;
/// Decoding a larger block takes longer than a request may hold up its thread.
const DECODE_INLINE_BYTES_MAX: usize = 128 << 10;

/// One reader.
pub(super) struct Live {
    api: Api,
    expr: Expr,
    matcher: std::sync::Arc<Matcher>,
    watcher: Watcher,
    stored: watch::Receiver<u64>,
    stop: CancellationToken,
    /// The last id that was sent or passed over; `None` before the first block of a tail that does not resume.
    position: Option<u64>,
    /// The id that the client resumes behind, until a live block follows directly.
    resuming: Option<u64>,
    /// A live block that does not follow directly: what is before it comes first.
    held: Option<Committed>,
    failed_reads: u32,
}

/// What a wait ended with.
enum Woken {
    Block(Committed),
    Missed,
    Stored,
    Quiet,
    Ended,
}

impl Live {
    /// A tail of the records that `expr` selects, behind the id `resume_behind` where one is given.
    pub(super) fn new(api: &Api, expr: Expr, resume_behind: Option<u64>) -> Self {
        Self {
            // Watched from here on: what comes while the store is read waits its turn.
            watcher: api.tail.watch(),
            stored: api.stored.clone(),
            stop: api.stop.clone(),
            matcher: std::sync::Arc::new(Matcher::new(&expr)),
            api: api.clone(),
            expr,
            position: resume_behind,
            resuming: resume_behind,
            held: None,
            failed_reads: 0,
        }
    }

    /// The next events, as they are sent; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            let events = match self.resuming {
                Some(behind) => self.catch_up(behind).await?,
                None => self.follow().await?,
            };
            if !events.is_empty() {
                return Some(events);
            }
        }
    }

    async fn follow(&mut self) -> Option<Bytes> {
        match self.wait().await {
            Woken::Block(block) => Some(self.deliver(block).await),
            // The next block's id will say how many.
            Woken::Missed | Woken::Stored => Some(Bytes::new()),
            Woken::Quiet => Some(heartbeat()),
            Woken::Ended => None,
        }
    }

    /// One step towards the live blocks.
    async fn catch_up(&mut self, behind: u64) -> Option<Bytes> {
        let position = self.position.unwrap_or(behind);
        if let Some(held) = self.held.take() {
            // An id that is yet to come cannot have been sent by us: the tail begins anew.
            let is_unknown = position == behind && held.first_id <= behind;
            if is_unknown || held.first_id <= position.saturating_add(1) {
                self.resuming = None;
                self.position = if is_unknown { None } else { Some(position) };
                return Some(self.deliver(held).await);
            }
            self.held = Some(held);
        }
        let through = self.stored_before_held();
        if position < through {
            return Some(self.read_stored(position, through).await);
        }
        match self.wait().await {
            Woken::Block(block) => self.held = Some(block),
            Woken::Missed | Woken::Stored => {}
            Woken::Quiet => return Some(heartbeat()),
            Woken::Ended => return None,
        }
        Some(Bytes::new())
    }

    /// How far the store can be read without overtaking the held block.
    fn stored_before_held(&mut self) -> u64 {
        let stored = *self.stored.borrow_and_update();
        self.held.as_ref().map_or(stored, |held| stored.min(held.first_id.saturating_sub(1)))
    }

    async fn read_stored(&mut self, position: u64, through: u64) -> Bytes {
        match self.page(position, through).await {
            Ok(mut rows) => {
                self.failed_reads = 0;
                let is_whole = rows.len() < CATCH_UP_ROWS as usize;
                let last = rows.last().map_or(through, |row| row.id);
                self.position = Some(if is_whole { through } else { last });
                let mut events = BytesMut::new();
                let clusters = self.api.cluster_names.current(&self.api).await;
                for row in &mut rows {
                    name_cluster(row, &clusters);
                    put_record(row, &mut events);
                }
                events.freeze()
            }
            Err(_) if self.failed_reads < RETRIES_MAX => {
                self.failed_reads += 1;
                tokio::time::sleep(RETRY_AFTER).await;
                heartbeat()
            }
            // The store stays away: what it holds is missed, and said to be.
            Err(_) => {
                self.failed_reads = 0;
                self.position = Some(through);
                gap(through - position)
            }
        }
    }

    async fn page(&self, after: u64, through: u64) -> Result<Vec<LogRow<'static>>, ApiError> {
        let _turn = self.api.read_turn().await?;
        Ok(self.api.store.by_id_after(&self.expr, after, through, CATCH_UP_ROWS).await?)
    }

    /// The matching records of a block, behind the gap before it.
    async fn deliver(&mut self, committed: Committed) -> Bytes {
        let position = self.position.unwrap_or(committed.first_id.saturating_sub(1));
        let last = committed.first_id.saturating_add(committed.rows).saturating_sub(1);
        if last <= position {
            return Bytes::new();
        }
        self.position = Some(last);
        let missed = committed.first_id.saturating_sub(position.saturating_add(1));
        let mut events = BytesMut::new();
        if missed > 0 {
            events.put(gap(missed));
        }
        let matcher = std::sync::Arc::clone(&self.matcher);
        let bytes = committed.block;
        let clusters = self.api.cluster_names.current(&self.api).await;
        if bytes.len() <= DECODE_INLINE_BYTES_MAX {
            events.put(matching(&bytes, &matcher, &clusters, position));
        } else if let Ok(found) =
            tokio::task::spawn_blocking(move || matching(&bytes, &matcher, &clusters, position)).await
        {
            events.put(found);
        } else {
            events.put(gap(committed.rows));
        }
        events.freeze()
    }

    /// Waits for whatever comes first. All branches are cancel-safe.
    async fn wait(&mut self) -> Woken {
        // While a block is held, the ones behind it stay where they are.
        let is_free = self.held.is_none();
        let is_resuming = self.resuming.is_some();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Woken::Ended,
            next = self.watcher.next(), if is_free => match next {
                Ok(block) => Woken::Block(block),
                Err(TailError::Missed) => Woken::Missed,
                Err(TailError::Ended) => Woken::Ended,
            },
            changed = self.stored.changed(), if is_resuming => if changed.is_ok() { Woken::Stored } else { Woken::Ended },
            () = tokio::time::sleep(HEARTBEAT) => Woken::Quiet,
        }
    }
}

/// The events of the records in `bytes` behind `position` that match.
fn matching(bytes: &Bytes, matcher: &Matcher, clusters: &[Cluster], position: u64) -> Bytes {
    let mut events = BytesMut::new();
    match block::decode(bytes) {
        Ok(mut rows) => {
            for row in rows.iter_mut().filter(|row| row.id > position && matcher.matches(row)) {
                name_cluster(row, clusters);
                put_record(row, &mut events);
            }
        }
        Err(error) => tracing::error!(%error, "a block of the live tail cannot be read"),
    }
    events.freeze()
}

/// One record, in the form of server-sent events: JSON has no line breaks, so it is one `data` line.
fn put_record(row: &LogRow<'_>, events: &mut BytesMut) {
    events.put_slice(format!("event: log\nid: {}\ndata: ", row.id).as_bytes());
    match serde_json::to_vec(row) {
        Ok(json) => events.put_slice(&json),
        Err(error) => tracing::error!(%error, "a record cannot be written as JSON"),
    }
    events.put_slice(b"\n\n");
}

fn gap(missed: u64) -> Bytes {
    format!("event: gap\ndata: {{\"missed\":{missed}}}\n\n").into()
}

fn heartbeat() -> Bytes {
    Bytes::from_static(b":\n\n")
}
