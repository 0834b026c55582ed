//! The alerts' follower of the spool: segments through the evaluator, effects into the metadata database.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Alerts;
use super::closing::Closing;
use super::effects::for_meta;
use super::observe::observe;
use super::rule_book::{RuleBook, values};
use super::saved::{Bundle, Saved};
use crate::clock::{now, now_micros};
use crate::meta::{AlertEffect, Meta, MetaError};
use crate::rules::evaluator::Evaluator;
use crate::rules::limits::{Clock, Limits};
use crate::settings::watch::SettingsWatch;
use crate::spool::follower::Follower;
use crate::spool::segment::SealedSegment;
use crate::telemetry::chain;

const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Time goes on for the rules this often where no record comes, and rules that other daemons changed are looked for.
const TICK_EVERY: Duration = Duration::from_secs(1);
/// A record may be this long on its way to the follower: before that nobody is taken to be silent.
const ON_ITS_WAY_MICROS: i64 = 3_000_000;
/// So many effects wait for the metadata database; beyond, segments wait in the spool.
const WAITING_MAX: usize = 50_000;

/// The follower before it runs.
pub struct Follow {
    pub follower: Follower,
    pub meta: Meta,
    pub alerts: Alerts,
    pub settings: SettingsWatch,
    pub limits: Limits,
    /// The file that remembers the evaluator's state.
    pub state: PathBuf,
}

impl Follow {
    /// Evaluates until the spool's writer is gone and all is passed, or until `end`.
    pub async fn run(self, end: CancellationToken) {
        tokio::select! {
            () = async { self.start().await.follow().await } => {}
            () = end.cancelled() => {}
        }
        debug!("the alerts' follower ended");
    }

    /// Reads the rules and goes on from what is remembered.
    async fn start(self) -> Following {
        let saved = Saved::load(&self.state).await;
        let remembers = !saved.evaluator.is_empty();
        let mut warned = false;
        let (book, closing) = loop {
            match self.read(remembers.then_some(saved.alerts_version)).await {
                Ok(read) => break read,
                Err(error) if !std::mem::replace(&mut warned, true) => {
                    warn!(error = %chain(&error), "alert rules wait for the metadata database");
                }
                Err(_) => {}
            }
            tokio::time::sleep(RETRY_AFTER).await;
        };
        let fresh = || Evaluator::new(book.rules.clone(), self.limits, Clock::Received);
        let mut evaluator = if remembers {
            let restored = Evaluator::restore(book.rules.clone(), self.limits, Clock::Received, &saved.evaluator);
            restored.unwrap_or_else(|error| {
                warn!(error = %chain(&error), "what alert rules had seen is forgotten: their windows begin anew");
                fresh()
            })
        } else {
            fresh()
        };
        evaluator.resumed(now_micros());
        info!(rules = book.rules.len(), last_id = saved.last_id, "alert rules are evaluated");
        let (last_id, waiting) = (saved.last_id, saved.waiting);
        Following { with: self, book, evaluator, closing, last_id, waiting, has_failed: false }
    }

    async fn read(&self, alerts_version: Option<i64>) -> Result<(RuleBook, Closing), MetaError> {
        let book = RuleBook::read(&self.meta, values(&self.settings.current())).await?;
        Ok((book, Closing::start(&self.meta, alerts_version).await?))
    }
}

/// The follower at work.
struct Following {
    with: Follow,
    book: RuleBook,
    evaluator: Evaluator,
    closing: Closing,
    /// The last record that was evaluated.
    last_id: u64,
    /// Effects that are not applied yet, the oldest first.
    waiting: Vec<Bundle>,
    /// The metadata database did not answer the last time; it was told once.
    has_failed: bool,
}

impl Following {
    async fn follow(mut self) {
        let mut next_tick = Instant::now() + TICK_EVERY;
        loop {
            tokio::select! {
                segment = self.with.follower.next() => match segment {
                    Some(segment) => self.pass(&segment).await,
                    None => return,
                },
                () = self.with.alerts.0.rules.notified() => self.renew_rules().await,
                _ = self.with.settings.changed() => self.renew_rules().await,
                () = tokio::time::sleep_until(next_tick) => {}
            }
            if Instant::now() >= next_tick {
                self.tick().await;
                next_tick = Instant::now() + TICK_EVERY;
            }
        }
    }

    /// Evaluates a segment, applies what it gives, remembers, and only then lets go of it.
    async fn pass(&mut self, segment: &SealedSegment) {
        if segment.last_id > self.last_id {
            if !self.closing.was_applied(segment.last_id) {
                self.close_resolved().await;
            }
            self.evaluate(segment).await;
            self.last_id = segment.last_id;
            self.take(Some(segment.last_id));
            while !self.apply().await
                && self.waiting.iter().map(|bundle| bundle.effects.len()).sum::<usize>() > WAITING_MAX
            {
                tokio::time::sleep(RETRY_AFTER).await;
            }
            self.remember().await;
        }
        while let Err(error) = self.with.follower.advance(segment).await {
            warn!(segment.id = %segment.id, error = %chain(&error), "the alerts' cursor could not be written");
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Closes what people have resolved, so that the next record that satisfies the rule raises a new alert.
    ///
    /// While the metadata database is away nothing is closed: records that come then and belong to a resolved alert raise a new one when
    /// they are applied.
    async fn close_resolved(&mut self) {
        // What waits may go on with an alert that was resolved, and then be of another one.
        if !self.apply().await {
            return;
        }
        let resolved = match self.closing.resolved(&self.with.meta).await {
            Ok(resolved) => resolved,
            Err(error) => return self.failed(&error),
        };
        self.has_failed = false;
        if !resolved.is_empty() && self.on_a_thread(move |evaluator| evaluator.close_all(&resolved)).await {
            self.remember().await;
        }
    }

    async fn evaluate(&mut self, segment: &SealedSegment) {
        let mut first_id = self.last_id + 1;
        let mut warned = false;
        loop {
            let segment = segment.clone();
            let read = self.on_a_thread(move |evaluator| observe(evaluator, &segment, first_id)).await;
            let Err(interrupted) = read else { return };
            if !std::mem::replace(&mut warned, true) {
                warn!(error = %chain(&interrupted), "alert rules wait for the disk");
            }
            first_id = interrupted.next_id;
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Does `work` where it keeps nobody waiting.
    async fn on_a_thread<T: Send + 'static>(&mut self, work: impl FnOnce(&mut Evaluator) -> T + Send + 'static) -> T {
        let nothing = Evaluator::new(Vec::new(), self.with.limits, Clock::Received);
        let mut evaluator = std::mem::replace(&mut self.evaluator, nothing);
        let task = tokio::task::spawn_blocking(move || {
            let done = work(&mut evaluator);
            (evaluator, done)
        });
        // It panics only by a fault of ours, which ends this task as well.
        let (evaluator, done) = task.await.expect("the evaluation of rules does not panic");
        self.evaluator = evaluator;
        done
    }

    /// Puts what the evaluator has to tell now behind what waits.
    fn take(&mut self, last_id: Option<u64>) {
        let effects = self.evaluator.take_due_effects();
        if !effects.is_empty() {
            self.waiting.push(Bundle { last_id, effects });
        }
    }

    /// Applies what waits, in order; whether all of it is applied.
    async fn apply(&mut self) -> bool {
        while let Some(bundle) = self.waiting.first() {
            let effects: Vec<AlertEffect> = bundle.effects.iter().map(|effect| for_meta(effect, &self.book)).collect();
            let applied = match self.with.meta.apply_effects(bundle.last_id, &effects, now()).await {
                Ok(applied) => applied,
                Err(error) => {
                    self.failed(&error);
                    return false;
                }
            };
            self.has_failed = false;
            let bundle = self.waiting.remove(0);
            for effect in
                bundle.effects.iter().filter(|effect| applied.not_open.iter().any(|it| it == effect.episode()))
            {
                self.evaluator.close(effect.rule(), effect.episode());
            }
            for alert in &applied.raised {
                info!(alert.id = alert.id, rule = alert.rule_code, severity = %alert.severity, "an alert was raised");
            }
            self.with.alerts.changed();
        }
        true
    }

    fn failed(&mut self, error: &MetaError) {
        if !std::mem::replace(&mut self.has_failed, true) {
            warn!(error = %chain(error), "alerts wait for the metadata database");
        }
    }

    async fn remember(&mut self) {
        let (last_id, alerts_version) = (self.last_id, self.closing.version);
        let (waiting, path) = (self.waiting.clone(), self.with.state.clone());
        let write = move |evaluator: &mut Evaluator| {
            Saved { last_id, alerts_version, waiting, evaluator: evaluator.checkpoint() }.write(&path)
        };
        // The segment is passed all the same: a full disk must not fill up further. After a crash windows lack what came since.
        if let Err(error) = self.on_a_thread(write).await {
            warn!(path = %self.with.state.display(), %error, "what alert rules have seen could not be written");
        }
    }

    /// Lets time go on, where no record is on its way, and looks for rules that another daemon changed.
    async fn tick(&mut self) {
        if !self.with.follower.has_more() {
            // Before time ends the alert, and holds the next.
            if !self.closing.was_applied(self.last_id + 1) {
                self.close_resolved().await;
            }
            self.evaluator.tick(now_micros() - ON_ITS_WAY_MICROS);
            self.take(None);
        }
        self.apply().await;
        match self.with.meta.rules_version().await {
            Ok(version)
                if version == self.book.version && self.book.values == values(&self.with.settings.current()) => {}
            Ok(_) => self.renew_rules().await,
            Err(error) => self.failed(&error),
        }
    }

    async fn renew_rules(&mut self) {
        match RuleBook::read(&self.with.meta, values(&self.with.settings.current())).await {
            Ok(book) => {
                let rules = book.rules.clone();
                self.on_a_thread(move |evaluator| evaluator.replace_rules(rules)).await;
                self.book = book;
                self.take(None);
                self.apply().await;
                info!(rules = self.book.rules.len(), "alert rules were changed");
            }
            // The next tick sees that they differ still.
            Err(error) => self.failed(&error),
        }
    }
}
