//! A rule tried on records that are stored: what it would have raised.
//!
//! The store gives the records that the rule looks at, in the order of their timestamps, and the same evaluator judges them; time is what
//! the records say.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::task::JoinError;
use utoipa::ToSchema;

use super::effects::moment;
use crate::query::ast::{Cmp, Expr, Term};
use crate::query::field::TimeField;
use crate::record::LogRow;
use crate::rules::effect::{Effect, LIMIT_RULE, Raised};
use crate::rules::evaluator::Evaluator;
use crate::rules::limits::{Clock, Limits};
use crate::rules::rule::Rule;
use crate::store::{ExportLimits, LogStore, Order, Span, StoreError};

/// So many alerts are told one by one; all are counted.
const FIRED_MAX: usize = 1000;
/// Records that are evaluated at once, away from those who wait for the network.
const CHUNK_ROWS: usize = 8192;

/// What is to be tried.
#[derive(Clone, Debug)]
pub struct Backtest {
    pub rule: Rule,
    pub span: Span,
    pub limits: Limits,
    pub seconds_max: Duration,
}

/// What a rule would have done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = BacktestReport)]
pub struct Report {
    /// How many alerts it would have raised.
    pub raised: u64,
    /// The same by day (UTC) on which they were raised.
    pub by_day: BTreeMap<String, u64>,
    /// The first 1,000 of them.
    pub alerts: Vec<Fired>,
    /// How many records the rule looked at, of all in the span of time.
    pub records: u64,
    /// Records that came too late by their timestamps to count in windows.
    pub late: u64,
    /// Groups that were forgotten for want of room: with more room there may be other alerts.
    pub evicted: u64,
    pub milliseconds: u64,
}

/// An alert that would have been raised.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = BacktestAlert)]
pub struct Fired {
    pub triggered_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// When it would have ended; null where it lasted to the end of the span.
    pub ended_at: Option<DateTime<Utc>>,
    pub log_count: u64,
    /// Pairs of field and value.
    #[schema(value_type = Vec<Vec<String>>)]
    pub group: Vec<(String, String)>,
    pub description: String,
    #[schema(value_type = Option<String>)]
    pub related_ip: Option<IpAddr>,
    pub related_user: Option<String>,
    pub sample_log_ids: Vec<u64>,
    #[serde(skip)]
    episode: String,
}

/// Why a backtest has no report.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    #[error("read the records of a backtest")]
    Store(#[from] StoreError),
    #[error("the backtest did not end within {0:?}")]
    Deadline(Duration),
    #[error("evaluate the records of a backtest")]
    Evaluation(#[from] JoinError),
}

impl Backtest {
    /// Tries the rule. Dropping the future ends its queries.
    ///
    /// # Errors
    /// [`BacktestError`].
    pub async fn run(self, store: &LogStore) -> Result<Report, BacktestError> {
        let seconds_max = self.seconds_max;
        let run = tokio::time::timeout(seconds_max, self.evaluate(store));
        run.await.unwrap_or(Err(BacktestError::Deadline(seconds_max)))
    }

    async fn evaluate(self, store: &LogStore) -> Result<Report, BacktestError> {
        let started = Instant::now();
        let columns = self.rule.columns();
        let (order, limits) = (Order::OldestFirst, ExportLimits::default());
        let mut export = store.export_columns(|column| columns.holds(column), &self.selection(), order, limits).await?;
        let records = export.rows();
        let evaluator = Evaluator::new(vec![self.rule.clone()], self.limits, Clock::Records);
        let mut trial = Trial { evaluator, report: Report::default() };
        loop {
            let mut rows = Vec::with_capacity(CHUNK_ROWS);
            while rows.len() < CHUNK_ROWS
                && let Some(row) = export.next().await?
            {
                rows.push(row);
            }
            let is_last = rows.len() < CHUNK_ROWS;
            trial = tokio::task::spawn_blocking(move || trial.observe(&rows)).await?;
            if is_last {
                break;
            }
        }
        if let Some(end) = self.span.end {
            trial.evaluator.tick(end);
            trial.take();
        }
        let mut report = trial.report;
        report.records = records;
        report.late = trial.evaluator.late();
        report.evicted = trial.evaluator.statistics().iter().map(|rule| rule.evicted).sum();
        report.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(report)
    }

    fn selection(&self) -> Expr {
        let time = |op, micros| Expr::Term(Term::Time { field: TimeField::Timestamp, op, micros });
        let start = self.span.start.map(|start| time(Cmp::Ge, start));
        let end = self.span.end.map(|end| time(Cmp::Lt, end));
        Expr::and([Some(self.rule.looks_at().clone()), start, end].into_iter().flatten())
    }
}

/// A backtest under way.
struct Trial {
    evaluator: Evaluator,
    report: Report,
}

impl Trial {
    fn observe(mut self, rows: &[LogRow<'_>]) -> Self {
        for row in rows {
            self.evaluator.observe(row);
        }
        self.take();
        self
    }

    fn take(&mut self) {
        for effect in self.evaluator.take_effects() {
            match effect {
                // Not a finding of the rule: the report counts what was forgotten.
                Effect::Raised(raised) if raised.rule == LIMIT_RULE => {}
                Effect::Raised(raised) => self.raised(raised),
                Effect::Continued(more) => {
                    if let Some(fired) = self.fired(&more.episode) {
                        fired.log_count = more.total;
                        fired.last_seen_at = moment(more.last_seen_at);
                        fired.sample_log_ids.extend(more.samples);
                    }
                }
                Effect::Ended(ended) => {
                    if let Some(fired) = self.fired(&ended.episode) {
                        fired.ended_at = Some(moment(ended.at));
                    }
                }
            }
        }
    }

    fn raised(&mut self, raised: Raised) {
        let triggered_at = moment(raised.triggered_at);
        self.report.raised += 1;
        *self.report.by_day.entry(triggered_at.date_naive().to_string()).or_default() += 1;
        if self.report.alerts.len() < FIRED_MAX {
            self.report.alerts.push(Fired {
                triggered_at,
                last_seen_at: moment(raised.last_seen_at),
                ended_at: None,
                log_count: raised.count,
                group: raised.group,
                description: raised.message,
                related_ip: raised.ip,
                related_user: raised.user,
                sample_log_ids: raised.samples,
                episode: raised.episode,
            });
        }
    }

    /// The newest first: what goes on is among the last.
    fn fired(&mut self, episode: &str) -> Option<&mut Fired> {
        self.report.alerts.iter_mut().rev().find(|fired| fired.episode == episode)
    }
}

#[cfg(test)]
mod tests;
