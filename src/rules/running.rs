//! One rule at work: its groups and their alerts. What time alone does to them is in `timers.rs`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::effect::{LIMIT_RULE, Raised};
use super::episodes::{About, Episode, More, Pending};
use super::groups::{Group, Groups, Key, PlaceId};
use super::hash;
use super::kinds::{self, Seen, change};
use super::limits::{Limits, Moment};
use super::raising::{end, raise};
use super::rule::{Compiled, Rule, What};
use super::sigma_parts::Sighting;
use crate::record::LogRow;

/// A rule and all that is remembered for it.
pub(super) struct Running {
    pub(super) rule: Rule,
    pub(super) memory: Memory,
}

/// What is remembered for one rule. Apart from the rule, so that it can change while the rule is looked at.
pub(super) struct Memory {
    pub(super) groups: Groups,
    pub(super) timers: BinaryHeap<Reverse<(i64, PlaceId)>>,
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
    /// Records that groups had no room for, which are to be told.
    lost: u64,
}

/// What a rule works with beside its own.
pub(super) struct Around<'a> {
    pub(super) limits: &'a Limits,
    pub(super) pending: &'a mut Pending,
    /// Room for a key.
    pub(super) key: &'a mut Vec<u8>,
}

/// What a record is to one group of a rule; see [`Seen`].
struct Hit {
    time: i64,
    now: i64,
    hit: u8,
    value: Option<u128>,
}

impl Running {
    pub(super) fn new(rule: Rule) -> Self {
        let memory = Memory {
            groups: Groups::default(),
            timers: BinaryHeap::new(),
            since: None,
            next_check: None,
            deaf_until: i64::MIN,
            limit: None,
            matched: 0,
            evicted: 0,
            lost: 0,
        };
        Self { rule, memory }
    }

    /// Counts a record, if it is one of the rule's.
    pub(super) fn observe(&mut self, row: &LogRow<'_>, moment: &Moment, around: &mut Around<'_>) {
        let rule = self.rule.compiled();
        let hit = kinds::hit(&rule.what, row);
        if hit == 0 {
            return;
        }
        let Some(time) = kinds::time(&rule.what, moment) else { return };
        if !write_key(rule, row, around.key) {
            return;
        }
        let value = match &rule.what {
            What::Threshold { distinct: Some(field), .. } => match &*field.of(row) {
                "" => return,
                text => Some(hash::of_value(text)),
            },
            _ => None,
        };
        self.memory.matched += 1;
        self.memory.count(rule, row, &Hit { time, now: moment.now, hit, value }, around);
    }

    /// Counts a record that matches some of the detection rules of a Sigma text: those whose bits are in `members`.
    pub(super) fn observe_detected(
        &mut self,
        row: &LogRow<'_>,
        members: u64,
        moment: &Moment,
        around: &mut Around<'_>,
    ) {
        let rule = self.rule.compiled();
        let What::Sigma(part) = &rule.what else { return };
        let Some(time) = kinds::time(&rule.what, moment) else { return };
        let sightings = part.sightings(row, members);
        self.memory.matched += u64::from(!sightings.is_empty());
        for Sighting { key, hit, value } in sightings {
            *around.key = key;
            self.memory.count(rule, row, &Hit { time, now: moment.now, hit, value }, around);
        }
    }

    /// Ends all alerts of the rule.
    pub(super) fn end_all(&mut self, now: i64, pending: &mut Pending) {
        let rule = self.rule.compiled();
        let memory = &mut self.memory;
        let mut lasting: Vec<(Key, PlaceId)> =
            memory.groups.iter().filter(|(_, g)| g.episode.is_some()).map(|(id, g)| (g.key.clone(), id)).collect();
        lasting.sort();
        for (_, id) in lasting {
            if let Some(group) = memory.groups.get_mut(id) {
                end(rule, group, now, pending);
            }
        }
        if let Some(episode) = memory.limit.take() {
            pending.end(episode, LIMIT_RULE, now);
        }
    }

    /// Forgets the alert about the rule's limits, if it is one of those. Tells whether it was.
    pub(super) fn close_limit(&mut self, is_closed: impl Fn(&str) -> bool, pending: &mut Pending) -> bool {
        let closed = self.memory.limit.take_if(|limit| is_closed(&limit.id));
        closed.map(|episode| pending.close(episode, LIMIT_RULE)).is_some()
    }

    /// Forgets alerts that were resolved, and what led to them. Tells whether there was one.
    pub(super) fn close(&mut self, is_closed: impl Fn(&str) -> bool, pending: &mut Pending) -> bool {
        let lasts = |group: &Group| group.episode.as_ref().is_some_and(|episode| is_closed(&episode.id));
        let groups = &mut self.memory.groups;
        let found: Vec<PlaceId> = groups.iter().filter(|(_, group)| lasts(group)).map(|(id, _)| id).collect();
        // What others are compared with led to no alert by itself: without it the next record would be one that never was before.
        let is_remembered = matches!(self.rule.compiled().what, What::NewValue { .. } | What::Change(_));
        for id in &found {
            let Some(group) = groups.get_mut(*id) else { continue };
            if let Some(episode) = group.episode.take() {
                pending.close(*episode, self.rule.code());
            }
            if is_remembered {
                groups.recount(*id);
            } else {
                groups.remove(*id);
            }
        }
        !found.is_empty()
    }
}

impl Memory {
    /// Counts a record for the group of `around.key`.
    fn count(&mut self, rule: &Compiled, row: &LogRow<'_>, hit: &Hit, around: &mut Around<'_>) {
        let Hit { time, now, hit, value } = *hit;
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
            value,
            slack: slack(around.limits),
            since,
            lasts: group.episode.is_some(),
            is_held: now < group.held_until,
        };
        let firing = kinds::observe(rule, &mut group.state, &seen);
        self.lost += group.state.take_lost();
        match (firing, &mut group.episode) {
            (Some(firing), Some(episode)) => {
                let more = More { added: firing.count, time: firing.last, now, row: Some(row) };
                around.pending.go_on(episode, &rule.spec.code, &more);
            }
            (Some(firing), None) if !seen.is_held => {
                let episode = raise(rule, group, firing, Some(row), (row.id, time, now), around.pending);
                group.episode = Some(Box::new(episode));
            }
            (None, None) if !seen.is_held && kinds::gathers_hosts(rule, hit) => {
                group.hosts.add(&row.host, time, now.saturating_sub(seen.slack).saturating_sub(rule.window));
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

    /// Forgets groups that make no difference any more, a few at a time.
    pub(super) fn drop_idle(&mut self, rule: &Compiled, now: i64, limits: &Limits) {
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

    /// Evicts the groups that were used longest ago until the limits hold, and tells of them and of records that
    /// were lost before; `record` is the id of the record that was too much, or another number that belongs to the moment.
    pub(super) fn keep_limits(&mut self, rule: &Compiled, record: u64, now: i64, around: &mut Around<'_>) {
        let mut evicted = std::mem::take(&mut self.lost);
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
            episode: format!("{LIMIT_RULE}-{}-{record}", hash::of_group(rule.limit_name().as_bytes())),
            rule: LIMIT_RULE.to_owned(),
            group: vec![("rule".to_owned(), code.clone())],
            triggered_at: now,
            last_seen_at: now,
            count: evicted,
            message: format!(
                "the rule {code} has more groups, or more records of one, than fit its limits; those of longest ago are forgotten"
            ),
            samples: vec![record],
            ..Raised::default()
        };
        self.limit = Some(around.pending.raise(raised, About::default(), now));
    }
}

/// A record that arrives later than another may count so much before it: by its lateness, and by the time by which arrivals
/// may overtake each other.
pub(super) fn slack(limits: &Limits) -> i64 {
    2 * limits.lateness()
}

/// Writes the key of the record's group; `false` if it lacks one of the fields.
fn write_key(rule: &Compiled, row: &LogRow<'_>, key: &mut Vec<u8>) -> bool {
    key.clear();
    for field in rule.group_by.iter().chain(rule.value_field()) {
        let value = field.of(row);
        if value.is_empty() {
            return false;
        }
        hash::push_value(key, &value);
    }
    true
}
