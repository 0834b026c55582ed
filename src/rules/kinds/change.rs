//! `change`: more records, or fewer, than in the window before or at the same time of earlier days.
//!
//! A rise is looked for at each record, a fall whenever a bucket is over. Nothing is compared before the rule has seen two windows.

use super::{Firing, Seen};
use crate::rules::buckets::{History, width};
use crate::rules::rule::Change;
use crate::rules::state::State;

const DAY: i64 = 86_400_000_000;

pub(super) fn observe(state: &mut State, seen: &Seen<'_, '_>, window: i64, change: &Change) -> Option<Firing> {
    if !matches!(state, State::History(_)) {
        *state = State::History(Box::default());
    }
    let State::History(history) = state else { return None };
    history.add((seen.time, seen.row.id), window, change.days);
    if change.down {
        return None;
    }
    let mut firing = judge(history, seen.now, window, change, seen.since)?;
    firing.ids = vec![seen.row.id];
    firing.last = seen.time;
    if seen.lasts {
        firing.count = 1;
    }
    Some(firing)
}

/// How the records of the window that ends now stand to the others, if that satisfies the rule.
pub(in crate::rules) fn judge(history: &History, now: i64, window: i64, change: &Change, since: i64) -> Option<Firing> {
    let (records, before) = history.now_and_before(now, window);
    if !change.down && records < change.at_least {
        return None;
    }
    let usual = match change.days {
        Some(days) => history.mean_of_days(now, window, days, since)?,
        None if now.saturating_sub(since) < 2 * window => return None,
        None => before as f64,
    };
    let count = records as f64;
    let is_satisfied = if change.down {
        usual >= change.at_least as f64 && count <= change.factor * usual
    } else {
        // From nothing any rise is endless: nothing counts as one.
        count >= change.factor * usual.max(1.0)
    };
    is_satisfied.then(|| Firing {
        count: records,
        ids: Vec::new(),
        last: history.last_time,
        value: format!("{:.1}", count / usual.max(1.0)),
    })
}

/// When the next bucket is over.
pub(in crate::rules) fn next_check(now: i64, window: i64) -> i64 {
    (now.div_euclid(width(window)) + 1).saturating_mul(width(window))
}

/// How long a group without records can still be compared with.
pub(super) fn keep(change: &Change, window: i64) -> i64 {
    change.days.map_or(2 * window, |days| (i64::from(days) + 1) * DAY + window)
}
