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

/// How long runs wait for each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    every: Duration,
    /// After a failed run, for example because the store is away; twice as long after each further one, up to `retry_max`.
    retry: Duration,
    retry_max: Duration,
}

pub(super) const PACE: Pace =
    Pace { every: Duration::from_secs(3600), retry: Duration::from_secs(60), retry_max: Duration::from_secs(600) };
/// Runs that wait to be reported.
pub(super) const RUNS_MAX: usize = 16;
/// After the metadata database did not take an entry.
const REPORT_RETRY: Duration = Duration::from_secs(5);
/// So long a stop waits for the metadata database.
const REPORT_AFTER_STOP: Duration = Duration::from_secs(2);

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

/// Keeps to the retention of `settings` until `stop`. Each run goes to `runs`; where [`RUNS_MAX`] of them wait to be reported, the next
/// one waits, too: nothing is removed that nobody could be told of.
pub(super) async fn retain(
    store: LogStore,
    mut settings: SettingsWatch,
    runs: mpsc::Sender<RetentionRun>,
    pace: Pace,
    stop: CancellationToken,
) {
    let mut reason = Reason::Start;
    let mut retry = pace.retry;
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
        tell(&run);
        tokio::select! {
            biased;
            // If nobody takes reports any more, there is nobody to tell.
            sent = runs.send(run) => drop(sent),
            () = stop.cancelled() => return,
        }
        let wait = match end {
            RunEnd::Completed => pace.every,
            RunEnd::Failed(_) => retry,
            RunEnd::SettingsChanged => Duration::ZERO,
            RunEnd::Stopped => return,
        };
        retry = pace.next_retry(retry, &end);
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

impl Pace {
    /// How long the next failure waits, where a run that ended so waits for `retry` if it failed.
    fn next_retry(self, retry: Duration, end: &RunEnd) -> Duration {
        if matches!(end, RunEnd::Failed(_)) { self.retry_max.min(retry * 2) } else { self.retry }
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

/// Writes each run that somebody may ask for into the operation log, until no more come. While the metadata database does not take an
/// entry, it is tried again; a stop does not wait long for that.
pub(super) async fn report(runs: mpsc::Receiver<RetentionRun>, meta: Meta, stop: CancellationToken) {
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(REPORT_AFTER_STOP).await;
    };
    tokio::select! {
        biased;
        () = write_all(runs, &meta, REPORT_RETRY) => {}
        () = too_late => warn!("runs of the retention were not written into the operation log before the stop"),
    }
}

async fn write_all(mut runs: mpsc::Receiver<RetentionRun>, meta: &Meta, retry: Duration) {
    while let Some(run) = runs.recv().await {
        if is_recorded(&run) {
            write(&run, meta, retry).await;
        }
    }
}

/// Whether the run removed something or may have, failed, or shows that settings or an end of failures took effect.
fn is_recorded(run: &RetentionRun) -> bool {
    let is_routine = matches!(run.reason, Reason::Start | Reason::Hour) && run.end == RunEnd::Completed;
    run.done.rows_total > 0 || !is_routine
}

/// Writes an entry, however often that takes.
async fn write(run: &RetentionRun, meta: &Meta, retry: Duration) {
    let detail = serde_json::to_value(run).expect("a run has text keys only");
    let daemon = Actor::default();
    let mut was_failing = false;
    while let Err(error) = meta.record(Action::RetentionRun, None, detail.clone(), &daemon, run.started_at).await {
        if !was_failing {
            warn!(error = %chain(&error), "a run of the retention waits to be written into the operation log");
        }
        was_failing = true;
        tokio::time::sleep(retry).await;
    }
}

/// Writes the run to the daemon's own log.
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
    use crate::meta::{Location, OperationFilter, OperationPlace};
    use crate::settings::{Settings, watch};

    /// Nobody listens there.
    fn no_store() -> LogStore {
        let client = clickhouse::Client::default().with_url("http://127.0.0.1:1");
        LogStore::new(client, "logseal", config::stages::Query::default())
    }

    async fn next(runs: &mut mpsc::Receiver<RetentionRun>) -> RetentionRun {
        // Less than the time after which a failed run is tried again.
        tokio::time::timeout(PACE.retry / 2, runs.recv()).await.expect("a run in time").expect("a run")
    }

    #[tokio::test]
    async fn new_settings_are_applied_at_once() {
        let (publisher, settings) = watch::channel(Settings::defaults(184));
        let (sender, mut runs) = mpsc::channel(RUNS_MAX);
        let stop = CancellationToken::new();
        let retain = retain(no_store(), settings, sender, PACE, stop.clone());
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

    fn ended(reason: Reason, rows_total: u64, end: RunEnd) -> RetentionRun {
        RetentionRun {
            started_at: "2026-03-01T00:00:00Z".parse().unwrap(),
            reason,
            policy: RetentionPolicy { days: 30, by_source: [("web".to_owned(), 7)].into() },
            done: RetentionDone { rows_total, ..RetentionDone::default() },
            end,
        }
    }

    fn failed() -> RunEnd {
        RunEnd::Failed("away".to_owned())
    }

    #[test]
    fn what_removed_failed_or_followed_a_change_is_recorded() {
        let check = |reason, rows, end, expected| {
            let run = ended(reason, rows, end);
            assert_eq!(is_recorded(&run), expected, "{run:?}");
        };
        check(Reason::Start, 0, RunEnd::Completed, false);
        check(Reason::Hour, 0, RunEnd::Completed, false);
        check(Reason::Hour, 1, RunEnd::Completed, true);
        check(Reason::SettingsChanged, 0, RunEnd::Completed, true);
        check(Reason::Retry, 0, RunEnd::Completed, true);
        check(Reason::Hour, 0, failed(), true);
        check(Reason::Retry, 0, failed(), true);
        check(Reason::Hour, 0, RunEnd::Stopped, true);
        check(Reason::Hour, 0, RunEnd::SettingsChanged, true);
    }

    #[tokio::test]
    async fn every_failed_run_is_reported() {
        let (_publisher, settings) = watch::channel(Settings::defaults(184));
        let (sender, mut runs) = mpsc::channel(RUNS_MAX);
        let stop = CancellationToken::new();
        let pace = Pace { retry: Duration::from_millis(1), ..PACE };
        let retain = retain(no_store(), settings, sender, pace, stop.clone());
        let test = async {
            for reason in [Reason::Start, Reason::Retry, Reason::Retry] {
                let run = next(&mut runs).await;
                assert_eq!(run.reason, reason);
                assert!(matches!(run.end, RunEnd::Failed(_)), "{:?}", run.end);
            }
            stop.cancel();
        };
        tokio::join!(retain, test);
    }

    #[test]
    fn each_failure_in_a_row_waits_longer_than_the_one_before_it() {
        let mut retry = PACE.retry;
        for minutes in [2, 4, 8, 10, 10] {
            retry = PACE.next_retry(retry, &failed());
            assert_eq!(retry, Duration::from_secs(minutes * 60));
        }
        assert_eq!(PACE.next_retry(retry, &RunEnd::Completed), PACE.retry);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_run_waits_for_the_database_and_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("meta.sqlite");
        let meta = Meta::open(&Location::Sqlite(path.clone()), 0).await.unwrap();
        let aside = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        sqlx::query("ALTER TABLE operation_log_outbox RENAME TO away").execute(&aside).await.unwrap();
        let (sender, runs) = mpsc::channel(RUNS_MAX);
        for (reason, rows) in [(Reason::Hour, 5), (Reason::Hour, 0), (Reason::SettingsChanged, 0)] {
            sender.send(ended(reason, rows, RunEnd::Completed)).await.unwrap();
        }
        drop(sender);
        let writing = write_all(runs, &meta, Duration::from_millis(10));
        tokio::pin!(writing);
        assert!(tokio::time::timeout(Duration::from_millis(200), &mut writing).await.is_err(), "it does not give up");
        // Beside it: an attempt that stands still holds its lock on the database.
        let back = sqlx::query("ALTER TABLE away RENAME TO operation_log_outbox").execute(&aside);
        let (written, back) = tokio::join!(tokio::time::timeout(Duration::from_secs(20), writing), back);
        back.unwrap();
        written.unwrap();
        let found = meta.operations(&OperationFilter::default(), OperationPlace::Page(1), 10).await.unwrap();
        let written: Vec<_> =
            found.list.iter().map(|entry| (entry.action.as_str(), entry.detail["reason"].as_str().unwrap())).collect();
        assert_eq!(written, [("retention_run", "settings_changed"), ("retention_run", "hour")]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stop_does_not_wait_for_a_database_that_is_away() {
        let dir = tempfile::tempdir().unwrap();
        let meta = Meta::open(&Location::Sqlite(dir.path().join("meta.sqlite")), 0).await.unwrap();
        meta.close().await;
        let (sender, runs) = mpsc::channel(RUNS_MAX);
        sender.send(ended(Reason::Hour, 5, RunEnd::Completed)).await.unwrap();
        let stop = CancellationToken::new();
        stop.cancel();
        let reported = tokio::time::timeout(REPORT_AFTER_STOP * 5, report(runs, meta, stop));
        reported.await.expect("the report ends");
    }

    #[test]
    fn a_run_is_told_with_its_end() {
        assert_eq!(
            serde_json::to_value(ended(Reason::Hour, 0, failed())).unwrap(),
            serde_json::json!({
                "started_at": "2026-03-01T00:00:00Z", "reason": "hour",
                "policy": {"days": 30, "by_source": {"web": 7}},
                "done": {"drops": [], "deletes": [], "rows_total": 0},
                "end": {"state": "failed", "error": "away"},
            })
        );
    }
}
