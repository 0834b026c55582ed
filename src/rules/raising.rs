//! Alerts of groups begin and end.

use super::effect::Raised;
use super::episodes::{About, Episode, Pending};
use super::groups::Group;
use super::hash;
use super::kinds::Firing;
use super::rule::Compiled;
use super::template::Filling;
use crate::query::field::{Field, TextField};
use crate::record::LogRow;

/// Ends the alert of a group, if it has one, and holds the next.
pub(super) fn end(rule: &Compiled, group: &mut Group, at: i64, pending: &mut Pending) {
    if let Some(episode) = group.episode.take() {
        pending.end(*episode, &rule.spec.code, at);
        group.held_until = at.saturating_add(rule.hold);
    }
}

/// Raises the alert of a group; `(mark, time, now)` are the id of the record that did it, when it counts, and the watermark.
pub(super) fn raise(
    rule: &Compiled,
    group: &mut Group,
    firing: Firing,
    row: Option<&LogRow<'_>>,
    (mark, time, now): (u64, i64, i64),
    pending: &mut Pending,
) -> Episode {
    let names = rule.group_names().into_iter().map(str::to_owned);
    let named: Vec<(String, String)> = names.zip(hash::key_values(&group.key).map(str::to_owned)).collect();
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
        hosts: group.hosts.take(firing.last.saturating_sub(rule.window)),
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
