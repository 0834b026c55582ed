//! A follower: a name, a cursor, and each sealed segment in order, at least once.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task;

use crate::spool::ledger::{Cursor, Ledger, locked};
use crate::spool::segment::SealedSegment;
use crate::spool::slot::{Found, Slot};

/// Where a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// It has never been here: at the oldest segment.
    New,
    /// Behind the last segment it has passed.
    Resumed,
    /// Its cursor file was unreadable: at the oldest segment, again.
    CursorDamaged,
}

/// Why the list of followers was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The list is empty, has a name twice, or a name that is not `[a-z0-9_-]+`; or it was given
    /// before. The program is wrong.
    #[error("the list of followers is not valid: {0}")]
    List(&'static str),
    /// A cursor file cannot be opened or created.
    #[error("open the cursor of follower {name}")]
    Io {
        /// The follower.
        name: String,
        /// What the disk said.
        source: io::Error,
    },
}

/// Why a cursor did not move.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The disk refused: try again later. A later call with the same segment is safe.
    #[error("move the cursor of follower {name}")]
    Io {
        /// The follower.
        name: String,
        /// What the disk said.
        source: io::Error,
    },
    /// The segment is not the one `next` gives: it would skip data, or is not of this spool.
    #[error("segment {0} is not the next one of this follower")]
    NotNext(uuid::Uuid),
}

/// Sees each sealed segment in order, at least once. What it has not passed is not deleted, even
/// while the follower itself is dropped.
#[derive(Debug)]
pub struct Follower {
    cursor: Arc<Cursor>,
    ledger: Arc<Ledger>,
    sealed: watch::Receiver<u64>,
    started: Start,
}

impl Follower {
    /// The name it is registered with.
    pub fn name(&self) -> &str {
        &self.cursor.name
    }

    /// How it began.
    pub fn started(&self) -> Start {
        self.started
    }

    /// The oldest segment that is not passed; waits for one to be sealed. The same again until
    /// [`Self::advance`] or [`Self::reject`]. `None` when the writer is gone and all is passed.
    ///
    /// Cancel-safe: nothing changes before it returns.
    pub async fn next(&mut self) -> Option<SealedSegment> {
        loop {
            // Marked as seen before looking, so that a seal in between wakes the wait below.
            self.sealed.borrow_and_update();
            let found = self.ledger.first_after(self.passed());
            if found.is_some() {
                return found;
            }
            if self.sealed.changed().await.is_err() {
                return self.ledger.first_after(self.passed());
            }
        }
    }

    /// Whether a sealed segment waits to be passed.
    pub fn has_more(&self) -> bool {
        self.ledger.first_after(self.passed()).is_some()
    }

    /// Marks the segment of the last [`Self::next`] as passed, durably, and deletes what everybody has
    /// passed. A segment that is passed already is left so. When the future is dropped the move still happens.
    pub async fn advance(&mut self, segment: &SealedSegment) -> Result<(), CursorError> {
        self.move_past(segment, None).await.map(|_| ())
    }

    /// Keeps a copy of the segment and the reason in `rejected/`, then advances: for an error that will
    /// not go away. The other followers still see the segment. Returns where the copy is; `None`
    /// when the segment was passed already.
    pub async fn reject(&mut self, segment: &SealedSegment, reason: &str) -> Result<Option<PathBuf>, CursorError> {
        self.move_past(segment, Some(reason.to_owned())).await
    }

    /// Last id passed; 0 before the first.
    pub fn passed(&self) -> u64 {
        *self.cursor.passed.borrow()
    }

    /// Follows the last id passed.
    pub fn watermark(&self) -> watch::Receiver<u64> {
        self.cursor.passed.subscribe()
    }

    async fn move_past(
        &mut self,
        segment: &SealedSegment,
        reason: Option<String>,
    ) -> Result<Option<PathBuf>, CursorError> {
        let (cursor, ledger) = (Arc::clone(&self.cursor), Arc::clone(&self.ledger));
        let segment = segment.clone();
        let moved = task::spawn_blocking(move || move_cursor(&cursor, &ledger, &segment, reason.as_deref()));
        match moved.await {
            Ok(result) => result,
            Err(e) => Err(CursorError::Io { name: self.cursor.name.clone(), source: io::Error::other(e) }),
        }
    }
}

/// Opens the cursors of the full list of followers; from here on passed segments are deleted.
pub(super) fn register<const N: usize>(
    ledger: &Arc<Ledger>,
    sealed: &watch::Sender<u64>,
    names: [&str; N],
) -> Result<[Follower; N], RegisterError> {
    check_names(&names)?;
    let mut opened = Vec::with_capacity(N);
    for name in names {
        opened.push(open_cursor(ledger, name)?);
    }
    ledger.set_followers(opened.iter().map(|(cursor, _)| Arc::clone(cursor)).collect());
    ledger.delete_passed();
    let mut opened = opened.into_iter().map(|(cursor, started)| Follower {
        cursor,
        ledger: Arc::clone(ledger),
        sealed: sealed.subscribe(),
        started,
    });
    Ok(std::array::from_fn(|_| opened.next().expect("one cursor was opened for each name")))
}

fn check_names(names: &[&str]) -> Result<(), RegisterError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if names.is_empty() {
        return Err(RegisterError::List("it is empty"));
    }
    if names.iter().any(|n| n.is_empty() || !n.bytes().all(allowed)) {
        return Err(RegisterError::List("a name is not of the form [a-z0-9_-]+"));
    }
    if names.iter().collect::<HashSet<_>>().len() < names.len() {
        return Err(RegisterError::List("a name is there twice"));
    }
    Ok(())
}

fn open_cursor(ledger: &Ledger, name: &str) -> Result<(Arc<Cursor>, Start), RegisterError> {
    let path = ledger.layout.cursors.join(name);
    let (slot, found) = Slot::open(&path).map_err(|source| RegisterError::Io { name: name.to_owned(), source })?;
    let started = match found {
        Found::Absent => Start::New,
        Found::Whole => Start::Resumed,
        Found::Damaged => Start::CursorDamaged,
    };
    let cursor = Cursor { name: name.to_owned(), passed: watch::Sender::new(slot.value()), slot: Mutex::new(slot) };
    Ok((Arc::new(cursor), started))
}

/// Rejects if there is a reason, then makes the move durable, tells it, and deletes.
fn move_cursor(
    cursor: &Cursor,
    ledger: &Ledger,
    segment: &SealedSegment,
    reason: Option<&str>,
) -> Result<Option<PathBuf>, CursorError> {
    let failed = |source| CursorError::Io { name: cursor.name.clone(), source };
    let mut slot = locked(&cursor.slot);
    let next = ledger.first_after(slot.value());
    let is_next = next.is_some_and(|next| next.id == segment.id);
    if segment.last_id > slot.value() && !is_next {
        return Err(CursorError::NotNext(segment.id));
    }
    let kept = match reason {
        Some(reason) if is_next => Some(ledger.keep_rejected(segment, &cursor.name, reason).map_err(failed)?),
        _ => None,
    };
    if is_next {
        slot.store(segment.last_id).map_err(failed)?;
        cursor.passed.send_replace(segment.last_id);
    }
    drop(slot);
    ledger.delete_passed();
    Ok(kept)
}
