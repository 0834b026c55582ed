//! Removes records that are past their retention: at the start, every hour, and when the settings for it change.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::meta::{Action, Actor, Meta};
use crate::settings::watch::SettingsWatch;
use crate::store::{LogStore, RetentionDone, RetentionPolicy, StoreError};
use crate::telemetry::chain;

const EVERY: Duration = Duration::from_secs(3600);
/// After a failed run, for example because the store is away.
const RETRY: Duration = Duration::from_secs(60);
/// Runs that wait to be reported.
pub(super) const RUNS_MAX: usize = 16;

/// One run, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RetentionRun {
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) reason: Reason,
    pub(crate) policy: RetentionPolicy,
    /// What was removed, also by a run that did not come to its end.
    pub(crate) done: RetentionDone,
    pub(crate) end: RunEnd,
}

/// Why a run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Start,
    Hour,
    SettingsChanged,
    /// The run before failed.
    Retry,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "error", rename_all = "snake_case")]
pub(crate) enum RunEnd {
    Completed,
    /// It is tried again.
    Failed(String),
    /// Another one follows at once, with the new settings.
    SettingsChanged,
    Stopped,
}

/// Keeps to the retention of `settings` until `stop`. Each run goes to `runs`, but for one that failed as the one before it did and removed nothing.
pub(super) async fn retain(
    store: LogStore,
    mut settings: SettingsWatch,
    runs: mpsc::Sender<RetentionRun>,
    stop: CancellationToken,
) {
    let mut reason = Reason::Start;
    loop {
        let policy = RetentionPolicy::from(&*settings.current());
        #[expect(clippy::disallowed_methods, reason = "retention is measured against the real date")]
        let started_at = DateTime::<Utc>::from(std::time::SystemTime::now());
        let mut done = RetentionDone::default();
        // A run that nobody waits for any more ends with the statement at hand, which the store does whole or not at all.
        let end = tokio::select! {
            ran = run(&store, &policy, started_at, &mut done) => match ran {
                Ok(()) => RunEnd::Completed,
                Err(error) => RunEnd::Failed(chain(&error)),
            },
            // Somebody may have seen what the new settings do.
            () = changed(&mut settings, &policy) => RunEnd::SettingsChanged,
            () = stop.cancelled() => RunEnd::Stopped,
        };
        let run = RetentionRun { started_at, reason, policy: policy.clone(), done, end: end.clone() };
        let failed = matches!(end, RunEnd::Failed(_));
        if !(failed && reason == Reason::Retry && run.done.rows_total == 0) {
            tokio::select! {
                biased;
                // If nobody takes reports any more, there is nobody to tell.
                sent = runs.send(run) => drop(sent),
                () = stop.cancelled() => return,
            }
        }
        let wait = match end {
            RunEnd::Completed => EVERY,
            RunEnd::Failed(_) => RETRY,
            RunEnd::SettingsChanged => Duration::ZERO,
            RunEnd::Stopped => return,
        };
        reason = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = changed(&mut settings, &policy) => Reason::SettingsChanged,
            () = tokio::time::sleep(wait) => match end {
                RunEnd::Failed(_) => Reason::Retry,
                RunEnd::SettingsChanged => Reason::SettingsChanged,
                RunEnd::Completed | RunEnd::Stopped => Reason::Hour,
            },
        };
    }
}

async fn run(
    store: &LogStore,
    policy: &RetentionPolicy,
    now: DateTime<Utc>,
    done: &mut RetentionDone,
) -> Result<(), StoreError> {
    let plan = store.plan_retention(policy, now.date_naive()).await?;
    store.apply_retention(&plan, done).await
}

/// Waits until the settings ask for another policy.
async fn changed(settings: &mut SettingsWatch, policy: &RetentionPolicy) {
    while RetentionPolicy::from(&*settings.changed().await) == *policy {}
}

/// Writes each run to the daemon's own log and, where it removed or failed to remove something, into the operation log.
pub(super) async fn report(mut runs: mpsc::Receiver<RetentionRun>, meta: Meta) {
    while let Some(run) = runs.recv().await {
        tell(&run);
        if run.done.rows_total == 0 && run.end == RunEnd::Completed {
            continue;
        }
        let detail = serde_json::to_value(&run).expect("a run has text keys only");
        let daemon = Actor::default();
        if let Err(error) = meta.record(Action::RetentionRun, None, detail, &daemon, run.started_at).await {
            warn!(error = %chain(&error), "a run of the retention could not be written into the operation log");
        }
    }
}

fn tell(run: &RetentionRun) {
    for drop in &run.done.drops {
        info!(day = %drop.day, rows = drop.rows, "dropped the {} records of {}: past their retention", drop.rows, drop.day);
    }
    for delete in &run.done.deletes {
        info!(
            day = %delete.day, source.name = %delete.source, rows = delete.rows,
            "deleted the {} records of source {:?} of {}: past their retention", delete.rows, delete.source, delete.day,
        );
    }
    if let RunEnd::Failed(error) = &run.end {
        warn!(%error, "removing records past their retention failed and is tried again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::settings::{Settings, watch};

    /// Nobody listens there.
    fn no_store() -> LogStore {
        let client = clickhouse::Client::default().with_url("http://127.0.0.1:1");
        LogStore::new(client, "logseal", config::Query::default())
    }

    async fn next(runs: &mut mpsc::Receiver<RetentionRun>) -> RetentionRun {
        // Less than the time after which a failed run is tried again.
        tokio::time::timeout(RETRY / 2, runs.recv()).await.expect("a run in time").expect("a run")
    }

    #[tokio::test]
    async fn new_settings_are_applied_at_once() {
        let (publisher, settings) = watch::channel(Settings::defaults(184));
        let (sender, mut runs) = mpsc::channel(RUNS_MAX);
        let stop = CancellationToken::new();
        let retain = retain(no_store(), settings, sender, stop.clone());
        let test = async {
            let first = next(&mut runs).await;
            assert_eq!((first.reason, first.policy.days), (Reason::Start, 184));
            assert!(matches!(first.end, RunEnd::Failed(_)), "{:?}", first.end);

            let mut changed = Settings::defaults(184);
            changed.alert_threshold_login_fail = 1;
            publisher.publish(changed.clone());
            changed.retention_days_by_source.insert("web".to_owned(), 7);
            publisher.publish(changed);
            let second = next(&mut runs).await;
            assert_eq!((second.reason, second.policy.by_source.get("web")), (Reason::SettingsChanged, Some(&7)));
            stop.cancel();
            assert!(runs.recv().await.is_none(), "settings that are not of retention start no run");
        };
        tokio::join!(retain, test);
    }

    #[test]
    fn a_run_is_told_with_its_end() {
        let run = RetentionRun {
            started_at: "2026-03-01T00:00:00Z".parse().unwrap(),
            reason: Reason::Hour,
            policy: RetentionPolicy { days: 30, by_source: [("web".to_owned(), 7)].into() },
            done: RetentionDone::default(),
            end: RunEnd::Failed("away".to_owned()),
        };
        assert_eq!(
            serde_json::to_value(run).unwrap(),
            serde_json::json!({
                "started_at": "2026-03-01T00:00:00Z", "reason": "hour",
                "policy": {"days": 30, "by_source": {"web": 7}},
                "done": {"drops": [], "deletes": [], "rows_total": 0},
                "end": {"state": "failed", "error": "away"},
            })
        );
    }
}
