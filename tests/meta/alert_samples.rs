//! Effects for the tests of alerts.

use logseal::meta::{
    Alert, AlertEffect, AlertPatch, AlertStatus, Applied, ContinuedAlert, EndedAlert, Meta, MetaError, RaisedAlert,
    Severity,
};

use crate::harness::{at, by};

/// The episode `episode` of the rule `rule`, whose group is the user `user`, on the host `host`.
pub(crate) fn raised(episode: &str, rule: &str, user: &str, host: &str, now: i64) -> RaisedAlert {
    RaisedAlert {
        episode: episode.to_owned(),
        rule_code: rule.to_owned(),
        rule_name: format!("the rule {rule}"),
        severity: Severity::Medium,
        tags: vec!["attack.t1110".to_owned()],
        group: vec![("user_name".to_owned(), user.to_owned()), ("a".to_owned(), "1".to_owned())],
        triggered_at: at(now),
        last_seen_at: at(now),
        count: 10,
        description: format!("much of {user}"),
        ip: None,
        user: Some(user.to_owned()),
        hosts: if host.is_empty() { vec![] } else { vec![host.to_owned()] },
        samples: vec![100, 101],
    }
}

/// `total` with the ten that raised it.
pub(crate) fn continued(episode: &str, total: u64, now: i64) -> AlertEffect {
    AlertEffect::Continued(ContinuedAlert {
        episode: episode.to_owned(),
        total,
        last_seen_at: at(now),
        ip: None,
        user: None,
        hosts: vec![],
        samples: vec![],
    })
}

pub(crate) fn ended(episode: &str, resolve_when_quiet: bool, now: i64) -> AlertEffect {
    AlertEffect::Ended(EndedAlert { episode: episode.to_owned(), at: at(now), resolve_when_quiet })
}

/// Applies effects that no record gave.
pub(crate) async fn apply(meta: &Meta, effects: Vec<AlertEffect>, now: i64) -> Applied {
    meta.apply_effects(None, &effects, at(now)).await.unwrap()
}

/// Raises an alert that was not there.
pub(crate) async fn raise(meta: &Meta, raised: RaisedAlert, now: i64) -> Alert {
    let mut applied = apply(meta, vec![AlertEffect::Raised(raised)], now).await;
    assert_eq!(applied.raised.len(), 1, "{applied:?}");
    applied.raised.remove(0)
}

pub(crate) async fn set(meta: &Meta, id: i64, status: AlertStatus, now: i64) -> Result<Alert, MetaError> {
    meta.patch_alert(id, &AlertPatch { status: Some(status), comment: None }, &by(), at(now)).await
}
