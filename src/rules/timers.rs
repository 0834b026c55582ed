//! What time alone does to a rule: its alerts end, silence is noticed, falls are judged.

use std::cmp::Reverse;

use super::effect::LIMIT_RULE;
use super::episodes::More;
use super::groups::{Group, Key, PlaceId};
use super::kinds::{Firing, change};
use super::raising::{end, raise};
use super::rule::{Compiled, What};
use super::running::{Around, Memory, Running};
use super::state::State;

/// An alert about a rule's limits ends when nothing was evicted for so long.
const LIMIT_QUIET: i64 = 300_000_000;
/// Falls are judged at so many ends of buckets, if time leaps; before them there was nothing to see.
const CHECKS_MAX: i64 = 240;

impl Running {
    /// The time at which [`Running::advance`] has something to do.
    pub(super) fn next_due(&self) -> i64 {
        self.memory.next_due()
    }

    /// Does what is due up to `now`: alerts end, silence is noticed, falls are judged.
    pub(super) fn advance(&mut self, now: i64, around: &mut Around<'_>) {
        self.memory.advance(self.rule.compiled(), now, around);
    }

    /// Sets all timers anew.
    pub(super) fn rebuild_timers(&mut self) {
        self.memory.rebuild_timers(self.rule.compiled());
    }
}

impl Memory {
    fn next_due(&self) -> i64 {
        let timer = self.timers.peek().map(|Reverse((due, _))| *due);
        let limit = self.limit.as_ref().map(|episode| episode.heard.saturating_add(LIMIT_QUIET));
        timer.into_iter().chain(limit).chain(self.next_check).min().unwrap_or(i64::MAX)
    }

    fn advance(&mut self, rule: &Compiled, now: i64, around: &mut Around<'_>) {
        loop {
            let timer = self.timers.peek().map_or(i64::MAX, |Reverse((due, _))| *due);
            let check = self.next_check.unwrap_or(i64::MAX);
            if timer.min(check) > now {
                break;
            }
            if timer <= check { self.go_off(rule, around) } else { self.judge_falls(rule, check, now, around) }
        }
        let limit_ended = self.limit.as_ref().map(|episode| episode.heard.saturating_add(LIMIT_QUIET));
        if let Some(at) = limit_ended.filter(|at| *at <= now)
            && let Some(episode) = self.limit.take()
        {
            around.pending.end(episode, LIMIT_RULE, at);
        }
        self.drop_idle(rule, now, around.limits);
    }

    /// The first timers go off: all that are set for the same time, in the order of their keys.
    fn go_off(&mut self, rule: &Compiled, around: &mut Around<'_>) {
        let Some(Reverse((at, _))) = self.timers.peek().copied() else { return };
        let mut due: Vec<(Key, PlaceId)> = Vec::new();
        while self.timers.peek().is_some_and(|Reverse((other, _))| *other == at) {
            let Some(Reverse((_, id))) = self.timers.pop() else { break };
            let Some(group) = self.groups.get_mut(id).filter(|group| group.armed == at) else { continue };
            group.armed = i64::MAX;
            match due_at(rule, group, self.deaf_until) {
                Some(due_at) if due_at <= at => due.push((group.key.clone(), id)),
                _ => self.arm(rule, id),
            }
        }
        due.sort();
        for (_, id) in due {
            self.end_or_miss(rule, id, at, around);
        }
        // What was raised takes room too.
        self.keep_limits(rule, at.unsigned_abs(), at, around);
    }

    fn end_or_miss(&mut self, rule: &Compiled, id: PlaceId, at: i64, around: &mut Around<'_>) {
        let Some(group) = self.groups.get_mut(id) else { return };
        let lasts = group.episode.is_some();
        let is_forgotten = match (&rule.what, &group.state) {
            (What::Absence { forget, .. }, State::Heard(heard, _)) => heard.saturating_add(*forget) <= at,
            _ => false,
        };
        if lasts {
            end(rule, group, at, around.pending);
        } else if let (State::Heard(heard, record), false) = (&group.state, is_forgotten) {
            let (heard, record) = (*heard, *record);
            let value = (at.saturating_sub(heard) / 1_000_000).to_string();
            let firing = Firing { count: 1, ids: vec![record], last: heard, value };
            let episode = raise(rule, group, firing, None, (record, at, at), around.pending);
            group.episode = Some(Box::new(episode));
        }
        let is_idle = group.episode.is_none() && group.state == State::Empty && group.held_until <= at;
        if is_idle || is_forgotten {
            self.groups.remove(id);
        } else {
            self.groups.recount(id);
            self.arm(rule, id);
        }
    }

    /// Judges every group at the end of a bucket.
    fn judge_falls(&mut self, rule: &Compiled, check: i64, now: i64, around: &mut Around<'_>) {
        let What::Change(change) = &rule.what else {
            self.next_check = None;
            return;
        };
        let width = super::buckets::width(rule.window);
        let leap = now.saturating_sub(check) / width - CHECKS_MAX;
        let check = if leap > 0 { check + leap * width } else { check };
        let since = self.since.unwrap_or(check);
        let groups = self.groups.iter().filter_map(|(id, group)| {
            let State::History(history) = &group.state else { return None };
            // The window that is over ends with the bucket, whose end is the next one's beginning.
            Some((group.key.clone(), id, change::judge(history, check - 1, rule.window, change, since)?))
        });
        let mut fallen: Vec<(Key, PlaceId, Firing)> = groups.collect();
        fallen.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        for (_, id, firing) in fallen {
            let Some(group) = self.groups.get_mut(id) else { continue };
            match &mut group.episode {
                Some(episode) => {
                    let more = More { added: 0, time: firing.last, now: check, row: None };
                    around.pending.go_on(episode, &rule.spec.code, &more);
                }
                None if check < group.held_until => {}
                None => {
                    let mark = check.unsigned_abs() / 1_000_000;
                    let episode = raise(rule, group, firing, None, (mark, check, check), around.pending);
                    group.episode = Some(Box::new(episode));
                }
            }
            self.groups.recount(id);
            self.arm(rule, id);
        }
        self.keep_limits(rule, check.unsigned_abs(), check, around);
        self.next_check = (self.groups.len() > 0).then(|| change::next_check(check, rule.window));
    }

    /// Sets the group's timer, unless one is set that goes off before: it will be set anew then.
    pub(super) fn arm(&mut self, rule: &Compiled, id: PlaceId) {
        let deaf_until = self.deaf_until;
        let Some(group) = self.groups.get_mut(id) else { return };
        if let Some(due) = due_at(rule, group, deaf_until)
            && due < group.armed
        {
            group.armed = due;
            self.timers.push(Reverse((due, id)));
        }
        // Timers of groups that are gone are not searched for; there may be as many of them as there are groups.
        if self.timers.len() > 2 * self.groups.len() + 64 {
            self.rebuild_timers(rule);
        }
    }

    fn rebuild_timers(&mut self, rule: &Compiled) {
        self.timers.clear();
        let ids: Vec<PlaceId> = self.groups.iter().map(|(id, _)| id).collect();
        for id in ids {
            let deaf_until = self.deaf_until;
            let Some(group) = self.groups.get_mut(id) else { continue };
            let due = due_at(rule, group, deaf_until);
            group.armed = due.unwrap_or(i64::MAX);
            self.timers.extend(due.map(|due| Reverse((due, id))));
        }
    }
}

/// When something is to be done for the group.
fn due_at(rule: &Compiled, group: &Group, deaf_until: i64) -> Option<i64> {
    if let (What::Absence { forget, .. }, State::Heard(heard, _)) = (&rule.what, &group.state) {
        let forgotten = heard.saturating_add(*forget);
        let missed = heard.max(&deaf_until).saturating_add(rule.window).max(group.held_until);
        return Some(if group.episode.is_some() { forgotten } else { missed.min(forgotten) });
    }
    group.episode.as_ref().map(|episode| episode.heard.saturating_add(rule.quiet))
}
