//! One rule at work: its groups, their alerts, and when each of them ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::effect::{LIMIT_RULE, Raised};
use super::episodes::{About, Episode, More, Pending};
use super::groups::{Group, Groups, PlaceId};
use super::kinds::{self, Firing, Seen};
use super::limits::{Limits, Moment};
use super::rule::{Compiled, Rule, What};
use super::state::State;
use super::template::Filling;
use super::{hash, kinds::change};
use crate::query::field::{Field, TextField};
use crate::record::LogRow;

/// An alert about a rule's limits ends when nothing was evicted for so long.
const LIMIT_QUIET: i64 = 300_000_000;
/// Falls are judged at so many ends of buckets, if time leaps; before them there was nothing to see.
const CHECKS_MAX: i64 = 240;

/// A rule and all that is remembered for it.
pub(super) struct Running {
    pub(super) rule: Rule,
    pub(super) groups: Groups,
    timers: BinaryHeap<Reverse<(i64, PlaceId)>>,
    /// When its first record came.
    pub(super) since: Option<i64>,
    /// When falls are judged next.
    pub(super) next_check: Option<i64>,
    /// Silence before this says nothing.
    pub(super) deaf_until: i64,
    /// The alert that groups are evicted.
    pub(super) limit: Option<Episode>,
    pub(super) matched: u64,
    pub(super) evicted: u64,
}

/// What a rule works with beside its own.
pub(super) struct Around<'a> {
    pub(super) limits: &'a Limits,
    pub(super) pending: &'a mut Pending,
    /// Room for a key.
    pub(super) key: &'a mut Vec<u8>,
}

impl Running {
    pub(super) fn new(rule: Rule) -> Self {
        Self {
            rule,
            groups: Groups::default(),
            timers: BinaryHeap::new(),
            since: None,
            next_check: None,
            deaf_until: i64::MIN,
            limit: None,
            matched: 0,
            evicted: 0,
        }
    }

    /// The time at which [`Running::advance`] has something to do.
    pub(super) fn next_due(&self) -> i64 {
        let timer = self.timers.peek().map(|Reverse((due, _))| *due);
        let limit = self.limit.as_ref().map(|episode| episode.heard.saturating_add(LIMIT_QUIET));
        timer.into_iter().chain(limit).chain(self.next_check).min().unwrap_or(i64::MAX)
    }

    /// Counts a record, if it is one of the rule's.
    pub(super) fn observe(&mut self, row: &LogRow<'_>, moment: &Moment, around: &mut Around<'_>) {
        let hit = kinds::hit(&self.rule.compiled().what, row);
        if hit == 0 {
            return;
        }
        let rule = self.rule.clone();
        let rule = rule.compiled();
        let Some(time) = kinds::time(&rule.what, moment) else { return };
        if !write_key(rule, row, around.key) {
            return;
        }
        self.matched += 1;
        let now = moment.now;
        let since = *self.since.get_or_insert(now);
        self.drop_idle(rule, now, around.limits);
        let id = self.groups.entry(around.key);
        let Some(group) = self.groups.get_mut(id) else { return };
        group.touched = now;
        let seen = Seen {
            row,
            time,
            now,
            hit,
            slack: slack(around.limits),
            since,
            lasts: group.episode.is_some(),
            is_held: now < group.held_until,
        };
        let firing = kinds::observe(rule, &mut group.state, &seen);
        match (firing, &mut group.episode) {
            (Some(firing), Some(episode)) => {
                let more = More { added: firing.count, time: firing.last, now, row: Some(row) };
                around.pending.go_on(episode, &rule.spec.code, &more);
            }
            (Some(firing), None) if !seen.is_held => {
                let episode = raise(rule, group, firing, Some(row), (row.id, time, now), around.pending);
                group.episode = Some(Box::new(episode));
            }
            (None, Some(_)) if matches!(rule.what, What::Absence { .. }) => {
                end(rule, group, now, around.pending);
            }
            _ => {}
        }
        self.groups.recount(id);
        self.arm(rule, id);
        if let What::Change(change) = &rule.what
            && change.down
            && self.next_check.is_none()
        {
            self.next_check = Some(change::next_check(now, rule.window));
        }
        self.keep_limits(rule, row.id, now, around);
    }

    /// Does what is due up to `now`: alerts end, silence is noticed, falls are judged.
    pub(super) fn advance(&mut self, now: i64, around: &mut Around<'_>) {
        let rule = self.rule.clone();
        let rule = rule.compiled();
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
        let mut due: Vec<(Box<[u8]>, PlaceId)> = Vec::new();
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
        let mut groups: Vec<(Box<[u8]>, PlaceId)> = self.groups.iter().map(|(id, g)| (g.key.clone(), id)).collect();
        groups.sort();
        for (_, id) in groups {
            let Some(group) = self.groups.get_mut(id) else { continue };
            let State::History(history) = &group.state else { continue };
            // The window that is over ends with the bucket, whose end is the next one's beginning.
            let Some(firing) = change::judge(history, check - 1, rule.window, change, since) else { continue };
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
        self.next_check = (self.groups.len() > 0).then(|| change::next_check(check, rule.window));
    }

    /// Sets the group's timer, unless one is set that goes off before: it will be set anew then.
    fn arm(&mut self, rule: &Compiled, id: PlaceId) {
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
            self.rebuild_timers();
        }
    }

    /// Sets all timers anew.
    pub(super) fn rebuild_timers(&mut self) {
        self.timers.clear();
        let ids: Vec<PlaceId> = self.groups.iter().map(|(id, _)| id).collect();
        let rule = self.rule.clone();
        for id in ids {
            let deaf_until = self.deaf_until;
            let Some(group) = self.groups.get_mut(id) else { continue };
            let due = due_at(rule.compiled(), group, deaf_until);
            group.armed = due.unwrap_or(i64::MAX);
            self.timers.extend(due.map(|due| Reverse((due, id))));
        }
    }

    /// Forgets groups that make no difference any more, a few at a time.
    fn drop_idle(&mut self, rule: &Compiled, now: i64, limits: &Limits) {
        let Some(keep) = kinds::keep(rule, slack(limits)) else { return };
        for _ in 0..2 {
            let Some(id) = self.groups.oldest() else { return };
            let Some(group) = self.groups.get(id) else { return };
            if group.touched.saturating_add(keep) > now {
                return;
            }
            if group.episode.is_some() || group.held_until > now {
                self.groups.touch(id);
            } else {
                self.groups.remove(id);
            }
        }
    }

    /// Evicts the groups that were used longest ago until the limits hold, and tells of it.
    pub(super) fn keep_limits(&mut self, rule: &Compiled, record: u64, now: i64, around: &mut Around<'_>) {
        let mut evicted = 0;
        while self.groups.len() > around.limits.groups_per_rule_max
            || self.groups.bytes() > around.limits.bytes_per_rule_max
        {
            let Some(mut group) = self.groups.oldest().and_then(|id| self.groups.remove(id)) else { break };
            end(rule, &mut group, now, around.pending);
            evicted += 1;
        }
        if evicted == 0 {
            return;
        }
        self.evicted += evicted;
        if let Some(episode) = &mut self.limit {
            around.pending.go_on(episode, LIMIT_RULE, &More { added: evicted, time: now, now, row: None });
            return;
        }
        let code = &rule.spec.code;
        let raised = Raised {
            episode: format!("{LIMIT_RULE}-{}-{record}", hash::of_group(code.as_bytes())),
            rule: LIMIT_RULE.to_owned(),
            group: vec![("rule".to_owned(), code.clone())],
            triggered_at: now,
            last_seen_at: now,
            count: evicted,
            message: format!(
                "the rule {code} has more groups than fit its limits; those used longest ago are forgotten"
            ),
            samples: vec![record],
            ..Raised::default()
        };
        self.limit = Some(around.pending.raise(raised, About::default(), now));
    }

    /// Ends all alerts of the rule.
    pub(super) fn end_all(&mut self, now: i64, pending: &mut Pending) {
        let rule = self.rule.clone();
        let mut lasting: Vec<(Box<[u8]>, PlaceId)> =
            self.groups.iter().filter(|(_, g)| g.episode.is_some()).map(|(id, g)| (g.key.clone(), id)).collect();
        lasting.sort();
        for (_, id) in lasting {
            if let Some(group) = self.groups.get_mut(id) {
                end(rule.compiled(), group, now, pending);
            }
        }
        if let Some(episode) = self.limit.take() {
            pending.end(episode, LIMIT_RULE, now);
        }
    }

    /// Forgets an alert and what led to it, without an effect. Tells whether it was there.
    pub(super) fn close(&mut self, episode: &str) -> bool {
        let found = self.groups.iter().find(|(_, group)| group.episode.as_ref().is_some_and(|e| e.id == episode));
        let Some((id, _)) = found else { return false };
        let is_remembered = matches!(self.rule.compiled().what, What::NewValue { .. });
        if is_remembered && let Some(group) = self.groups.get_mut(id) {
            group.episode = None;
            self.groups.recount(id);
        } else {
            self.groups.remove(id);
        }
        true
    }
}

/// A record that arrives later than another may count so much before it: by its lateness, and by the time by which arrivals
/// may overtake each other.
pub(super) fn slack(limits: &Limits) -> i64 {
    2 * limits.lateness()
}

/// Writes the key of the record's group; `false` if it lacks one of the fields, or the value that is counted.
fn write_key(rule: &Compiled, row: &LogRow<'_>, key: &mut Vec<u8>) -> bool {
    key.clear();
    for field in rule.group_by.iter().chain(rule.value_field()) {
        let value = field.of(row);
        if value.is_empty() {
            return false;
        }
        hash::push_value(key, &value);
    }
    match &rule.what {
        What::Threshold { distinct: Some(field), .. } => !field.of(row).is_empty(),
        _ => true,
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

fn end(rule: &Compiled, group: &mut Group, at: i64, pending: &mut Pending) {
    if let Some(episode) = group.episode.take() {
        pending.end(*episode, &rule.spec.code, at);
        group.held_until = at.saturating_add(rule.hold);
    }
}

/// Raises the alert of a group; `(mark, time, now)` are the id of the record that did it, when it counts, and the watermark.
fn raise(
    rule: &Compiled,
    group: &Group,
    firing: Firing,
    row: Option<&LogRow<'_>>,
    (mark, time, now): (u64, i64, i64),
    pending: &mut Pending,
) -> Episode {
    let fields = rule.group_by.iter().chain(rule.value_field());
    let named: Vec<(String, String)> =
        fields.map(|field| field.name.clone()).zip(hash::key_values(&group.key).map(str::to_owned)).collect();
    let filling = Filling {
        rule: &rule.spec.name,
        count: firing.count,
        window_seconds: rule.window_seconds,
        value: &firing.value,
        group: &named,
        row,
    };
    let message = rule.template.fill(&filling);
    let about = row.map_or_else(|| about_group(rule, &group.key), About::row);
    let raised = Raised {
        episode: format!("{}-{}-{mark}", rule.spec.code, hash::of_group(&group.key)),
        rule: rule.spec.code.clone(),
        group: named,
        triggered_at: time,
        last_seen_at: firing.last,
        count: firing.count,
        message,
        samples: firing.ids,
        ..Raised::default()
    };
    pending.raise(raised, about, now)
}

/// Whom a group is about by its own fields.
fn about_group(rule: &Compiled, key: &[u8]) -> About {
    let mut about = About::default();
    for (field, value) in rule.group_by.iter().zip(hash::key_values(key)) {
        match &field.field {
            Field::Ip => about.ip = value.parse().ok(),
            Field::Text(TextField::UserName) => about.user = Some(value.to_owned()),
            Field::Text(TextField::Host) => about.host = Some(value.to_owned()),
            _ => {}
        }
    }
    about
}
