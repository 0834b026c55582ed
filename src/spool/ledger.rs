//! What writer and followers share: which sealed segments exist and who has passed them.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::spool::disk::{self, Layout};
use crate::spool::segment::SealedSegment;
use crate::spool::slot::Slot;
use crate::spool::stats::{Counters, Stats, add};

/// How far one follower is.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) name: String,
    pub(super) slot: Mutex<Slot>,
    /// Last id passed. It is sent only once the slot has it durably.
    pub(super) passed: watch::Sender<u64>,
}

/// How far a follower is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The follower's name.
    pub follower: String,
    /// Last id it has passed; 0 before the first.
    pub passed_id: u64,
    /// Sealed segments it has not passed.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their rows.
    pub rows: u64,
    /// When the oldest of them was opened, milliseconds since 1970.
    pub oldest_created_at_ms: Option<u64>,
}

/// A handle to read counters and lag, from any thread. It keeps the directory locked, as writer and
/// followers do.
#[derive(Debug, Clone)]
pub struct Monitor(pub(super) Arc<Ledger>);

impl Monitor {
    /// The counters now.
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }

    /// The last id of the newest segment that is sealed and not deleted; 0 where there is none.
    pub fn sealed_through(&self) -> u64 {
        self.0.sealed_through()
    }

    /// The lag of each registered follower.
    pub fn lag(&self) -> Vec<Lag> {
        self.0.lag()
    }

    /// The lag of one of them; `None` where there is none of this name.
    pub fn lag_of(&self, follower: &str) -> Option<Lag> {
        self.lag().into_iter().find(|lag| lag.follower == follower)
    }
}

#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) layout: Layout,
    pub(super) counters: Counters,
    state: Mutex<State>,
    /// Highest id that is remembered without a segment. Its lock also makes deletions take turns,
    /// so that no fsync happens under the lock of `state`, which the writer needs.
    sequence: Mutex<Slot>,
    /// Keeps other processes out for as long as the writer or any follower lives.
    _lock: File,
}

#[derive(Debug, Default)]
struct State {
    /// In order of ids.
    segments: VecDeque<SealedSegment>,
    followers: Vec<Arc<Cursor>>,
}

impl Ledger {
    pub(super) fn new(layout: Layout, lock: File, sequence: Slot, segments: Vec<SealedSegment>) -> Self {
        let counters = Counters::default();
        let bytes = segments.iter().map(|s| s.bytes).sum();
        counters.sealed_bytes.store(bytes, Relaxed);
        Self {
            layout,
            counters,
            state: Mutex::new(State { segments: segments.into(), followers: Vec::new() }),
            sequence: Mutex::new(sequence),
            _lock: lock,
        }
    }

    pub(super) fn publish(&self, segment: SealedSegment) {
        add(&self.counters.sealed, 1);
        add(&self.counters.sealed_bytes, segment.bytes);
        locked(&self.state).segments.push_back(segment);
    }

    pub(super) fn set_followers(&self, followers: Vec<Arc<Cursor>>) {
        locked(&self.state).followers = followers;
    }

    /// The first segment with a row behind this id.
    pub(super) fn first_after(&self, passed: u64) -> Option<SealedSegment> {
        let state = locked(&self.state);
        let passed = state.segments.partition_point(|s| s.last_id <= passed);
        state.segments.get(passed).cloned()
    }

    /// Remembers that ids up to this one are used.
    pub(super) fn raise_sequence(&self, last_id: u64) -> io::Result<()> {
        let mut sequence = locked(&self.sequence);
        if sequence.value() < last_id {
            sequence.store(last_id)?;
        }
        Ok(())
    }

    /// Deletes what every follower has passed. A failure is counted and tried again at the next
    /// call: the segment stays in the list, and nobody waits for its deletion.
    pub(super) fn delete_passed(&self) {
        let mut sequence = locked(&self.sequence);
        let (passed, newest_goes) = self.passed_by_all();
        for segment in passed {
            let is_newest = newest_goes == Some(segment.last_id);
            let remembered =
                if is_newest && sequence.value() < segment.last_id { sequence.store(segment.last_id) } else { Ok(()) };
            if remembered.and_then(|()| disk::remove_if_there(&segment.path)).is_err() {
                add(&self.counters.delete_failures, 1);
                return;
            }
            locked(&self.state).segments.pop_front();
            add(&self.counters.deleted, 1);
            self.counters.sealed_bytes.fetch_sub(segment.bytes, Relaxed);
        }
    }

    /// The segments that can go, and the last id of the newest segment if it is among them.
    fn passed_by_all(&self) -> (Vec<SealedSegment>, Option<u64>) {
        let state = locked(&self.state);
        let passed = state.followers.iter().map(|f| *f.passed.borrow()).min();
        let Some(passed) = passed else {
            return (Vec::new(), None);
        };
        let gone = (state.segments.iter()).take_while(|s| s.last_id <= passed).cloned().collect();
        let newest = state.segments.back().map(|s| s.last_id);
        (gone, newest.filter(|last_id| *last_id <= passed))
    }

    fn sealed_through(&self) -> u64 {
        locked(&self.state).segments.back().map_or(0, |segment| segment.last_id)
    }

    fn lag(&self) -> Vec<Lag> {
        let state = locked(&self.state);
        let lag_of = |cursor: &Arc<Cursor>| {
            let passed_id = *cursor.passed.borrow();
            let pending = || state.segments.iter().filter(|s| s.last_id > passed_id);
            Lag {
                follower: cursor.name.clone(),
                passed_id,
                segments: pending().count() as u64,
                bytes: pending().map(|s| s.bytes).sum(),
                rows: pending().map(|s| s.rows).sum(),
                oldest_created_at_ms: pending().map(|s| s.created_at_ms).next(),
            }
        };
        state.followers.iter().map(lag_of).collect()
    }

    /// Bytes of all segments, the open one included.
    pub(super) fn disk_bytes(&self) -> u64 {
        let counters = &self.counters;
        counters.sealed_bytes.load(Relaxed) + counters.open_bytes.load(Relaxed)
    }

    /// Keeps a segment and the reason in `rejected/`; the segment itself stays for the others.
    pub(super) fn keep_rejected(
        &self,
        segment: &SealedSegment,
        follower: &str,
        reason: &str,
    ) -> io::Result<std::path::PathBuf> {
        let file = segment.path.file_name().unwrap_or_default();
        let name = format!("{follower}-{}", file.to_string_lossy());
        let kept = disk::keep_as(&segment.path, &self.layout.rejected.join(name))?;
        write_reason(&kept, reason)?;
        add(&self.counters.rejected, 1);
        Ok(kept)
    }
}

/// Writes `<kept>.reason` beside a file in `rejected/`.
pub(super) fn write_reason(kept: &std::path::Path, reason: &str) -> io::Result<()> {
    let mut path = kept.as_os_str().to_owned();
    path.push(".reason");
    disk::write_durably(path.as_ref(), format!("{reason}\n").as_bytes())
}

/// Every critical section here leaves the data whole, so a panic elsewhere under the lock is no
/// reason to stop.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files that a crash has left.
pub(super) fn remove_leftovers(layout: &Layout) -> io::Result<()> {
    for dir in [&layout.dir, &layout.segments, &layout.cursors, &layout.rejected] {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "tmp") {
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(())
}
