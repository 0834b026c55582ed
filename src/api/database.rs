//! Whether the metadata database answers, asked now and then however often somebody wants to know.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::meta::Meta;

/// So old may an answer be.
const FRESH: Duration = Duration::from_secs(1);
/// What takes longer to answer the smallest query, be it this database or the store, is not up.
pub(super) const PROBE_MAX: Duration = Duration::from_secs(2);

/// When it was asked last, and whether it answered.
#[derive(Default)]
pub(super) struct DatabaseProbe(Mutex<Option<(Instant, bool)>>);

impl DatabaseProbe {
    /// Whether `meta` answers, or did within the last second. One asks for all who want to know at once.
    pub(super) async fn answers(&self, meta: &Meta) -> bool {
        let mut last = self.0.lock().await;
        if let Some((asked_at, answers)) = *last
            && asked_at.elapsed() < FRESH
        {
            return answers;
        }
        let answers = matches!(tokio::time::timeout(PROBE_MAX, meta.ping()).await, Ok(Ok(())));
        *last = Some((Instant::now(), answers));
        answers
    }
}
