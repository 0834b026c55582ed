//! Rules at work, through the front: hand-computed answers, and properties against slow and simple models.

mod faults;
mod keeping;
mod kinds;
mod properties;
mod shipped;
mod sigma;
mod sigma_vectors;
mod storms;

use serde_json::{Value, json};

use super::effect::Effect;
use super::evaluator::Evaluator;
use super::limits::{Clock, Limits};
use super::rule::Rule;
use super::spec::{RuleSpec, Values};
use crate::record::LogRow;

pub(super) const SECOND: i64 = 1_000_000;
/// When the tests begin, in seconds since 1970.
pub(super) const START: i64 = 1_800_000_000;

pub(super) fn values() -> Values {
    Values { alert_threshold_login_fail: 10, alert_window_login_fail: 300 }
}

/// A rule of `fields`, with a code and a name if they have none.
pub(super) fn rule(fields: Value) -> Rule {
    let mut all = json!({ "code": "rule", "name": "Rule" });
    let object = all.as_object_mut().unwrap();
    object.extend(fields.as_object().unwrap().clone());
    Rule::new(&RuleSpec::from_json(&all).unwrap(), &values()).unwrap()
}

pub(super) fn evaluator(rules: impl IntoIterator<Item = Value>) -> Evaluator {
    Evaluator::new(rules.into_iter().map(rule).collect(), Limits::default(), Clock::Received)
}

/// A record that counts so many seconds after the start and arrives then.
pub(super) fn at(id: u64, seconds: i64) -> LogRow<'static> {
    let time = (START + seconds) * SECOND;
    LogRow { id, timestamp: time, received_at: time, ..LogRow::default() }
}

pub(super) fn ip(row: LogRow<'static>, last: u8) -> LogRow<'static> {
    LogRow { ip: Some([192, 0, 2, last].into()), ..row }
}

pub(super) fn message(row: LogRow<'static>, text: &str) -> LogRow<'static> {
    LogRow { message: text.to_owned().into_bytes().into(), ..row }
}

/// Effects in short: `raised 3 x5 @10`, `continued +2 @12`, `ended @300`; seconds since the start.
pub(super) fn told(effects: &[Effect]) -> Vec<String> {
    let seconds = |micros: i64| micros / SECOND - START;
    let tell = |effect: &Effect| match effect {
        Effect::Raised(r) => {
            let group: Vec<String> = r.group.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("raised{} x{} @{}", group.concat(), r.count, seconds(r.triggered_at))
        }
        Effect::Continued(c) => format!("continued x{} @{}", c.total, seconds(c.last_seen_at)),
        Effect::Ended(e) => format!("ended @{}", seconds(e.at)),
    };
    effects.iter().map(tell).collect()
}

pub(super) fn observe(evaluator: &mut Evaluator, rows: impl IntoIterator<Item = LogRow<'static>>) -> Vec<String> {
    for row in rows {
        evaluator.observe(&row);
    }
    told(&evaluator.take_effects())
}

pub(super) fn tick(evaluator: &mut Evaluator, seconds: i64) -> Vec<String> {
    evaluator.tick((START + seconds) * SECOND);
    told(&evaluator.take_effects())
}
