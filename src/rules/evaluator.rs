//! Evaluates records, one after the other, against all rules.

use std::collections::{BTreeMap, BTreeSet};

use super::checkpoint;
use super::columns::Columns;
use super::detections::Detections;
use super::effect::{Effect, LIMIT_RULE};
use super::episodes::Pending;
use super::frame::RestoreError;
use super::limits::{Clock, Limits};
use super::prefilter::Prefilter;
use super::rule::Rule;
use super::running::{Around, Running};
use crate::record::LogRow;

/// The rules at work.
///
/// Deterministic: the same checkpoint, records, ticks and calls give the same effects.
pub struct Evaluator {
    pub(super) rules: Vec<Running>,
    limits: Limits,
    clock: Clock,
    prefilter: Prefilter,
    detections: Detections,
    columns: Columns,
    pub(super) pending: Pending,
    /// The watermark of records. Ticks do not move it, so that they decide only when something is noticed.
    pub(super) latest: i64,
    /// The latest time of records and ticks.
    pub(super) now: i64,
    /// Nothing is due before this.
    next_due: i64,
    pub(super) late: u64,
    key: Vec<u8>,
}

/// What one rule has seen and takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleStatistics {
    /// The rule's code.
    pub rule: String,
    /// The groups that are remembered.
    pub groups: usize,
    /// The bytes that they take.
    pub bytes: usize,
    /// The records that counted.
    pub matched: u64,
    /// The groups, and records of groups, that were forgotten for want of room.
    pub evicted: u64,
}

impl Evaluator {
    /// An evaluator that has seen nothing yet. Rules that are not enabled are left out.
    #[must_use]
    pub fn new(rules: Vec<Rule>, limits: Limits, clock: Clock) -> Self {
        let running = enabled_parts(&rules).map(Running::new).collect();
        Self::with(running, limits, clock, Pending::new())
    }

    /// The same, asking every rule about every record: what the pre-filter is held against.
    #[cfg(test)]
    pub(super) fn without_prefilter(rules: Vec<Rule>, limits: Limits, clock: Clock) -> Self {
        let mut evaluator = Self::new(rules, limits, clock);
        evaluator.prefilter = Prefilter::asking_all(evaluator.rules.len());
        evaluator
    }

    pub(super) fn with(rules: Vec<Running>, limits: Limits, clock: Clock, pending: Pending) -> Self {
        let compiled = || rules.iter().map(|running| running.rule.compiled());
        let (prefilter, detections) = (Prefilter::new(compiled()), Detections::new(compiled()));
        let columns = columns_of(&rules);
        let mut evaluator = Self {
            rules,
            limits,
            clock,
            prefilter,
            detections,
            columns,
            pending,
            latest: i64::MIN,
            now: i64::MIN,
            next_due: i64::MAX,
            late: 0,
            key: Vec::new(),
        };
        evaluator.find_next_due();
        evaluator
    }

    /// Evaluates the next record. Records come in the order of their ids.
    pub fn observe(&mut self, row: &LogRow<'_>) {
        let moment = self.clock.moment(row.timestamp, row.received_at, self.latest, self.limits.lateness());
        self.latest = moment.now;
        self.now = self.now.max(moment.now);
        if self.next_due <= moment.now {
            self.advance(moment.now);
        }
        self.late += u64::from(moment.time.is_none());
        let mut around = Around { limits: &self.limits, pending: &mut self.pending, key: &mut self.key };
        for at in self.prefilter.asked(row) {
            if let Some(running) = self.rules.get_mut(at) {
                running.observe(row, &moment, &mut around);
                self.next_due = self.next_due.min(running.next_due());
            }
        }
        for (at, members) in self.detections.matched(row) {
            if let Some(running) = self.rules.get_mut(*at) {
                running.observe_detected(row, *members, &moment, &mut around);
                self.next_due = self.next_due.min(running.next_due());
            }
        }
    }

    /// Lets time pass up to `now` without a record: alerts end, and silence is noticed.
    ///
    /// Tick only with a time up to which all records have been observed that arrived before it. Then evaluating the records
    /// again, with other ticks or none, gives the same effects but for how they are spread over the batches that are taken.
    pub fn tick(&mut self, now: i64) {
        self.now = self.now.max(now);
        if self.next_due <= self.now {
            self.advance(self.now);
        }
    }

    /// Says that nothing could be heard up to `now`, because the daemon did not run: nobody was silent until then.
    pub fn resumed(&mut self, now: i64) {
        for running in &mut self.rules {
            running.memory.deaf_until = running.memory.deaf_until.max(now);
            running.rebuild_timers();
        }
        self.find_next_due();
    }

    /// What happened and was not told yet.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        self.pending.take()
    }

    /// The same, but while many alerts go on they are told together, some seconds after they began to.
    pub fn take_due_effects(&mut self) -> Vec<Effect> {
        self.pending.take_due(self.now)
    }

    /// Goes on with other rules. A rule that differs only in how it is called and shown, or in how its alerts end, keeps what is
    /// remembered for it; alerts of rules that are gone or changed end.
    pub fn replace_rules(&mut self, rules: Vec<Rule>) {
        let mut old: Vec<Option<Running>> = std::mem::take(&mut self.rules).into_iter().map(Some).collect();
        let mut rules_now = Vec::new();
        for rule in enabled_parts(&rules) {
            let is_same = |running: &Running| {
                running.rule.code() == rule.code() && running.rule.compiled().fingerprint == rule.compiled().fingerprint
            };
            let kept = old.iter_mut().find(|running| running.as_ref().is_some_and(is_same)).and_then(Option::take);
            let mut running = kept.unwrap_or_else(|| Running::new(rule.clone()));
            running.rule = rule;
            running.rebuild_timers();
            rules_now.push(running);
        }
        for mut gone in old.into_iter().flatten() {
            gone.end_all(self.now, &mut self.pending);
        }
        let pending = std::mem::replace(&mut self.pending, Pending::new());
        let (latest, now, late) = (self.latest, self.now, self.late);
        *self = Self { latest, now, late, ..Self::with(rules_now, self.limits, self.clock, pending) };
    }

    /// Forgets an alert that was resolved while it lasted, and what led to it: the rule must be satisfied anew to raise another.
    /// Tells whether it lasted.
    pub fn close(&mut self, rule: &str, episode: &str) -> bool {
        let pending = &mut self.pending;
        if rule == LIMIT_RULE {
            return self.rules.iter_mut().any(|running| running.close_limit(|other| other == episode, pending));
        }
        let mut parts = self.rules.iter_mut().filter(|running| running.rule.code() == rule);
        parts.any(|running| running.close(|other| other == episode, pending))
    }

    /// The same for many alerts: those of `resolved`, by the codes of their rules. Tells whether one of them lasted.
    pub fn close_all(&mut self, resolved: &BTreeMap<String, BTreeSet<String>>) -> bool {
        let limits = resolved.get(LIMIT_RULE);
        let mut closed = false;
        for running in &mut self.rules {
            if let Some(episodes) = resolved.get(running.rule.code()) {
                closed |= running.close(|episode| episodes.contains(episode), &mut self.pending);
            }
            closed |= limits
                .is_some_and(|episodes| running.close_limit(|episode| episodes.contains(episode), &mut self.pending));
        }
        closed
    }

    /// All that is remembered, as bytes that [`Evaluator::restore`] reads. Effects that were not taken are in it.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        checkpoint::write(self)
    }

    /// Goes on from a checkpoint. A rule that was changed since starts afresh, and its alerts end.
    ///
    /// # Errors
    /// [`RestoreError`] if the bytes are no checkpoint of this version.
    pub fn restore(rules: Vec<Rule>, limits: Limits, clock: Clock, checkpoint: &[u8]) -> Result<Self, RestoreError> {
        checkpoint::read(rules, limits, clock, checkpoint)
    }

    /// The latest time that it knows of; `i64::MIN` before the first record.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now
    }

    /// How many records came too late to count in windows.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// What each rule has seen and takes.
    #[must_use]
    pub fn statistics(&self) -> Vec<RuleStatistics> {
        let mut all: Vec<RuleStatistics> = Vec::new();
        for running in &self.rules {
            // The parts of a text stand one behind the other.
            let is_same = all.last().is_some_and(|last| last.rule == running.rule.code());
            if !is_same {
                let rule = running.rule.code().to_owned();
                all.push(RuleStatistics { rule, groups: 0, bytes: 0, matched: 0, evicted: 0 });
            }
            if let Some(last) = all.last_mut() {
                last.groups += running.memory.groups.len();
                last.bytes += running.memory.groups.bytes();
                last.matched += running.memory.matched;
                last.evicted += running.memory.evicted;
            }
        }
        all
    }

    /// The fields of records that the rules read.
    #[must_use]
    pub fn columns(&self) -> Columns {
        self.columns
    }

    fn advance(&mut self, now: i64) {
        let mut around = Around { limits: &self.limits, pending: &mut self.pending, key: &mut self.key };
        for running in &mut self.rules {
            running.advance(now, &mut around);
        }
        self.find_next_due();
    }

    pub(super) fn find_next_due(&mut self) {
        self.next_due = self.rules.iter().map(Running::next_due).min().unwrap_or(i64::MAX);
    }
}

/// What is evaluated of `rules`.
pub(super) fn enabled_parts(rules: &[Rule]) -> impl Iterator<Item = Rule> {
    rules.iter().filter(|rule| rule.spec().enabled).flat_map(Rule::parts)
}

fn columns_of(rules: &[Running]) -> Columns {
    rules.iter().map(|running| running.rule.columns()).fold(Columns::default(), Columns::union)
}
