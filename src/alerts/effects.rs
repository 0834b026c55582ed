//! What an evaluator tells, as the metadata database takes it.

use chrono::{DateTime, Utc};

use super::rule_book::RuleBook;
use crate::meta::{AlertEffect, ContinuedAlert, EndedAlert, RaisedAlert, Severity};
use crate::rules::effect::{Effect, LIMIT_RULE};
use crate::rules::spec;

/// `effect`, with what its rule says of its alerts. A rule that is gone since says nothing.
pub(super) fn for_meta(effect: &Effect, book: &RuleBook) -> AlertEffect {
    let rule = book.rule(effect.rule()).map(|rule| rule.spec());
    match effect {
        Effect::Raised(raised) => AlertEffect::Raised(RaisedAlert {
            episode: raised.episode.clone(),
            rule_code: raised.rule.clone(),
            rule_name: name(&raised.rule, rule),
            severity: rule.map_or(Severity::Medium, |rule| severity(rule.severity)),
            tags: rule.map(|rule| rule.tags.clone()).unwrap_or_default(),
            group: raised.group.clone(),
            triggered_at: moment(raised.triggered_at),
            last_seen_at: moment(raised.last_seen_at),
            count: raised.count,
            description: raised.message.clone(),
            ip: raised.ip,
            user: raised.user.clone(),
            hosts: raised.hosts.clone(),
            samples: raised.samples.clone(),
        }),
        Effect::Continued(continued) => AlertEffect::Continued(ContinuedAlert {
            episode: continued.episode.clone(),
            total: continued.total,
            last_seen_at: moment(continued.last_seen_at),
            ip: continued.ip,
            user: continued.user.clone(),
            hosts: continued.hosts.clone(),
            samples: continued.samples.clone(),
        }),
        Effect::Ended(ended) => AlertEffect::Ended(EndedAlert {
            episode: ended.episode.clone(),
            at: moment(ended.at),
            resolve_when_quiet: rule.is_some_and(|rule| rule.resolve_when_quiet) || ended.rule == LIMIT_RULE,
        }),
    }
}

fn name(code: &str, rule: Option<&spec::RuleSpec>) -> String {
    match rule {
        Some(rule) => rule.name.clone(),
        None if code == LIMIT_RULE => "A rule is over its limit".to_owned(),
        None => code.to_owned(),
    }
}

fn severity(severity: spec::Severity) -> Severity {
    match severity {
        spec::Severity::Info => Severity::Info,
        spec::Severity::Low => Severity::Low,
        spec::Severity::Medium => Severity::Medium,
        spec::Severity::High => Severity::High,
        spec::Severity::Critical => Severity::Critical,
    }
}

/// Records' times are within what a date can say; what is not becomes the nearest that is.
pub(super) fn moment(micros: i64) -> DateTime<Utc> {
    let nearest = if micros < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp_micros(micros).unwrap_or(nearest)
}
