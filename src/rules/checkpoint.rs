//! An evaluator's memory as bytes. Those of another version are not read: the caller evaluates the records again.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::effect::{Continued, Effect};
use super::episodes::{Episode, Pending};
use super::evaluator::{Evaluator, enabled_parts};
use super::frame::{Frame, RestoreError};
use super::hosts::Hosts;
use super::limits::{Clock, Limits};
use super::rule::Rule;
use super::running::{Around, Running};
use super::state::State;

const FRAME: Frame = Frame { magic: *b"LGSLRULE", version: 4 };

/// What is written is borrowed: it is written each second, of all groups.
#[derive(Serialize, Deserialize)]
struct Saved<'a> {
    latest: i64,
    now: i64,
    late: u64,
    effects: Cow<'a, [Effect]>,
    held: Cow<'a, [Continued]>,
    held_since: i64,
    rules: Vec<SavedRule<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SavedRule<'a> {
    code: Cow<'a, str>,
    fingerprint: [u8; 32],
    since: Option<i64>,
    next_check: Option<i64>,
    deaf_until: i64,
    limit: Cow<'a, Option<Episode>>,
    matched: u64,
    evicted: u64,
    /// The one used longest ago first.
    groups: Vec<SavedGroup<'a>>,
}

#[derive(Serialize, Deserialize)]
struct SavedGroup<'a> {
    key: Cow<'a, [u8]>,
    state: Cow<'a, State>,
    episode: Cow<'a, Option<Box<Episode>>>,
    hosts: Cow<'a, Hosts>,
    touched: i64,
    held_until: i64,
}

pub(super) fn write(evaluator: &Evaluator) -> Vec<u8> {
    let (held, held_since) = evaluator.pending.held();
    let saved = Saved {
        latest: evaluator.latest,
        now: evaluator.now,
        late: evaluator.late,
        effects: evaluator.pending.effects().into(),
        held: held.into(),
        held_since,
        rules: evaluator.rules.iter().map(save).collect(),
    };
    FRAME.write(&saved)
}

pub(super) fn read(rules: Vec<Rule>, limits: Limits, clock: Clock, bytes: &[u8]) -> Result<Evaluator, RestoreError> {
    let saved: Saved<'_> = FRAME.read(bytes)?;
    let mut pending = Pending::restored(saved.effects.into_owned(), saved.held.into_owned(), saved.held_since);
    let mut states = saved.rules;
    let mut running = Vec::new();
    for rule in enabled_parts(&rules) {
        let is_same =
            |saved: &SavedRule<'_>| saved.code == rule.code() && saved.fingerprint == rule.compiled().fingerprint;
        let state = states.iter().position(is_same).map(|at| states.remove(at));
        running.push(match state {
            Some(state) => resume(rule, state),
            None => Running::new(rule),
        });
    }
    let resumed =
        running.iter_mut().flat_map(|Running { memory, .. }| memory.groups.episodes().chain(&mut memory.limit));
    let ending = states.iter_mut().flat_map(|SavedRule { groups, limit, .. }| {
        groups.iter_mut().filter_map(|group| group.episode.to_mut().as_deref_mut()).chain(limit.to_mut())
    });
    pending.find(resumed.chain(ending));
    for changed in states {
        end_all(changed, saved.now, &mut pending);
    }
    let mut evaluator = Evaluator::with(running, limits, clock, pending);
    evaluator.latest = saved.latest;
    evaluator.now = saved.now;
    evaluator.late = saved.late;
    // The limits may be lower than those it was written with.
    let mut key = Vec::new();
    let mut around = Around { limits: &limits, pending: &mut evaluator.pending, key: &mut key };
    for running in &mut evaluator.rules {
        running.memory.keep_limits(running.rule.compiled(), saved.latest.unsigned_abs(), saved.now, &mut around);
    }
    evaluator.find_next_due();
    Ok(evaluator)
}

fn save(running: &Running) -> SavedRule<'_> {
    let groups = running.memory.groups.iter().map(|(_, group)| SavedGroup {
        key: Cow::Borrowed(&group.key),
        state: Cow::Borrowed(&group.state),
        episode: Cow::Borrowed(&group.episode),
        hosts: Cow::Borrowed(&group.hosts),
        touched: group.touched,
        held_until: group.held_until,
    });
    SavedRule {
        code: running.rule.code().into(),
        fingerprint: running.rule.compiled().fingerprint,
        since: running.memory.since,
        next_check: running.memory.next_check,
        deaf_until: running.memory.deaf_until,
        limit: Cow::Borrowed(&running.memory.limit),
        matched: running.memory.matched,
        evicted: running.memory.evicted,
        groups: groups.collect(),
    }
}

fn resume(rule: Rule, saved: SavedRule<'_>) -> Running {
    let mut running = Running::new(rule);
    running.memory.since = saved.since;
    running.memory.next_check = saved.next_check;
    running.memory.deaf_until = saved.deaf_until;
    running.memory.limit = saved.limit.into_owned();
    running.memory.matched = saved.matched;
    running.memory.evicted = saved.evicted;
    for group in saved.groups {
        let id = running.memory.groups.entry(&group.key);
        if let Some(place) = running.memory.groups.get_mut(id) {
            place.state = group.state.into_owned();
            place.episode = group.episode.into_owned();
            place.hosts = group.hosts.into_owned();
            place.touched = group.touched;
            place.held_until = group.held_until;
        }
        running.memory.groups.recount(id);
    }
    running.rebuild_timers();
    running
}

/// Ends the alerts of a rule that is gone.
fn end_all(saved: SavedRule<'_>, now: i64, pending: &mut Pending) {
    let groups = saved.groups.into_iter();
    let mut lasting: Vec<(Cow<'_, [u8]>, Box<Episode>)> =
        groups.filter_map(|group| Some((group.key, group.episode.into_owned()?))).collect();
    lasting.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (_, episode) in lasting {
        pending.end(*episode, &saved.code, now);
    }
    if let Some(episode) = saved.limit.into_owned() {
        pending.end(episode, super::effect::LIMIT_RULE, now);
    }
}
