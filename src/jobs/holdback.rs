//! What the uploads' follower may not pass yet: records whose checkpoints are not written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::meta::JobId;

/// Shared by the jobs that run and the follower. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Holdback(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Something may be passed that could not before.
    moved: Notify,
}

#[derive(Default)]
struct State {
    /// The last id that the follower has passed, or is about to.
    passed: u64,
    /// Of each job with records whose checkpoints are not written: all of those have greater ids than this.
    held: HashMap<JobId, u64>,
}

/// One job's hold. Dropped, it stays: what its checkpoint lacks is for the next start to find.
pub(super) struct Hold {
    holdback: Holdback,
    job: JobId,
}

impl Holdback {
    /// The follower stands behind `passed`; to be called before any job runs.
    pub(super) fn start(&self, passed: u64) {
        self.state().passed = passed;
    }

    pub(super) fn of(&self, job: JobId) -> Hold {
        Hold { holdback: self.clone(), job }
    }

    /// Waits until the records up to `last_id` may be passed, and notes that they are.
    pub(super) async fn pass(&self, last_id: u64) {
        loop {
            let moved = self.0.moved.notified();
            {
                let mut state = self.state();
                if state.held.values().all(|low| *low >= last_id) {
                    state.passed = last_id;
                    return;
                }
            }
            moved.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// Records are about to be submitted: what is not sealed yet, and so what they will be in, is not passed.
    pub(super) fn begin(&self) {
        let mut state = self.holdback.state();
        let passed = state.passed;
        state.held.entry(self.job).or_insert(passed);
    }

    /// The checkpoints of all records up to `last_id` are written, and more records are on their way.
    pub(super) fn written(&self, last_id: u64) {
        if let Some(low) = self.holdback.state().held.get_mut(&self.job) {
            *low = last_id.max(*low);
        }
        self.holdback.0.moved.notify_one();
    }

    /// All checkpoints are written.
    pub(super) fn release(&self) {
        self.holdback.state().held.remove(&self.job);
        self.holdback.0.moved.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::poll;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_segment_is_passed_once_all_checkpoints_in_it_are_written() {
        let holdback = Holdback::default();
        holdback.start(10);
        let (one, other) = (holdback.of(JobId(Uuid::new_v4())), holdback.of(JobId(Uuid::new_v4())));
        holdback.pass(20).await;
        one.begin();
        other.begin();
        let mut pass = Box::pin(holdback.pass(30));
        assert_eq!(poll!(&mut pass), Poll::Pending);
        one.written(35);
        assert_eq!(poll!(&mut pass), Poll::Pending, "the other job may have records in it");
        other.written(29);
        assert_eq!(poll!(&mut pass), Poll::Pending);
        other.release();
        assert_eq!(poll!(&mut pass), Poll::Ready(()));
        let mut pass = Box::pin(holdback.pass(40));
        assert_eq!(poll!(&mut pass), Poll::Pending);
        // What begins now has greater ids than what was passed.
        other.begin();
        one.release();
        assert_eq!(poll!(&mut pass), Poll::Pending);
        other.written(40);
        assert_eq!(poll!(&mut pass), Poll::Ready(()));
    }

    #[tokio::test]
    async fn a_hold_that_is_dropped_stays() {
        let holdback = Holdback::default();
        holdback.of(JobId(Uuid::new_v4())).begin();
        assert_eq!(poll!(Box::pin(holdback.pass(1))), Poll::Pending);
    }
}
