use logseal::meta::{
    Alert, AlertEffect, AlertFilter, AlertPatch, AlertStatus, Applied, ContinuedAlert, MetaError, RaisedAlert, Severity,
};
use serde_json::json;

use crate::alert_samples::{apply, continued, ended, raise, raised, set};
use crate::harness::{Database, at, by, on_both};

async fn now_of(db: &Database, id: i64) -> Alert {
    db.meta.alert(id).await.unwrap().alert
}

/// How the alert came to be what it is: by whom, from, to.
async fn ways(db: &Database, id: i64) -> Vec<(Option<String>, Option<AlertStatus>, AlertStatus)> {
    let history = db.meta.alert(id).await.unwrap();
    let numbers: Vec<i64> = history.events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    history.events.into_iter().map(|event| (event.username, event.from_status, event.to_status)).collect()
}

fn root() -> Option<String> {
    Some("root".to_owned())
}

on_both! {
    async fn an_alert_keeps_what_its_rule_found(db) {
        let new = RaisedAlert {
            ip: Some("2001:db8::1".parse().unwrap()),
            severity: Severity::Critical,
            description: "a\0b".to_owned(),
            ..raised("e1", "ssh", "ann", "edge7", 5)
        };
        let alert = raise(&db.meta, new, 6).await;
        assert_eq!((alert.status, alert.lasting, alert.severity), (AlertStatus::New, true, Severity::Critical));
        assert_eq!((alert.triggered_at, alert.last_seen_at, alert.log_count), (at(5), at(5), 10));
        assert_eq!((alert.related_ip, alert.related_user.as_deref()), (Some("2001:db8::1".parse().unwrap()), Some("ann")));
        assert_eq!(alert.group, [("user_name".to_owned(), "ann".to_owned()), ("a".to_owned(), "1".to_owned())]);
        assert_eq!((alert.description.as_str(), alert.rule_name.as_str(), alert.node), ("a\u{fffd}b", "the rule ssh", 3));
        assert_eq!((&alert.hosts[..], &alert.sample_log_ids[..]), (&["edge7".to_owned()][..], &[100, 101][..]));
        let history = db.meta.alert(alert.id).await.unwrap();
        assert_eq!(history.alert, alert);
        assert_eq!((history.events.len(), history.events[0].at), (1, at(5)));
        assert_eq!(ways(&db, alert.id).await, [(None, None, AlertStatus::New)]);
        assert!(db.actions().await.is_empty());
    }

    async fn what_comes_is_added_and_the_first_ones_are_kept(db) {
        let alert = raise(&db.meta, raised("e1", "ssh", "ann", "edge7", 0), 0).await;
        let more = |total, hosts: std::ops::Range<u64>, ip: &str| AlertEffect::Continued(ContinuedAlert {
            episode: "e1".to_owned(),
            total,
            last_seen_at: at(9),
            ip: Some(ip.parse().unwrap()),
            user: Some("bob".to_owned()),
            hosts: hosts.clone().map(|n| format!("h{n}")).collect(),
            samples: hosts.collect(),
        });
        let applied = apply(&db.meta, vec![more(17, 0..3, "10.0.0.1"), more(24, 2..40, "10.0.0.2"), continued("e1", 25, 4)], 9).await;
        assert_eq!(applied, Applied::default());
        let after = now_of(&db, alert.id).await;
        assert_eq!((after.log_count, after.last_seen_at), (10 + 7 + 7 + 1, at(9)));
        // An older moment does not take it back, what is known stays.
        assert_eq!((after.related_ip, after.related_user.as_deref()), (Some("10.0.0.1".parse().unwrap()), Some("ann")));
        assert_eq!((after.hosts.len(), after.hosts[0].as_str(), after.hosts[1].as_str()), (20, "edge7", "h0"));
        assert_eq!((after.sample_log_ids.len(), &after.sample_log_ids[..4]), (20, &[100, 101, 0, 1][..]));
        assert!(after.version > alert.version);
        assert_eq!(ways(&db, alert.id).await.len(), 1);
    }

    async fn of_many_alerts_that_go_on_at_once_each_is_counted(db) {
        let name = |n: usize| format!("e{n}");
        let all: Vec<AlertEffect> =
            (0..600).map(|n| AlertEffect::Raised(raised(&name(n), "ssh", &name(n), "edge7", 0))).collect();
        let made = apply(&db.meta, all, 0).await.raised;
        let before = made.iter().map(|alert| alert.version).max().unwrap();
        let mut effects: Vec<AlertEffect> = (0..600).map(|n| continued(&name(n), 10 + 1 + n as u64, 5)).collect();
        // Counted twice; of an alert that another episode joins, before and behind that; before its end; of nobody.
        effects.push(continued("e7", 10 + 8 + 1000, 6));
        effects.push(AlertEffect::Raised(raised("joins", "ssh", "e8", "edge9", 7)));
        effects.extend([continued("joins", 13, 7), continued("e8", 10 + 9 + 4, 8), ended("e9", true, 9), continued("unknown", 1, 9)]);
        let applied = apply(&db.meta, effects, 9).await;
        assert_eq!((applied.raised.len(), applied.resolved.len(), applied.not_open), (0, 1, vec!["unknown".to_owned()]));
        let mut versions = std::collections::BTreeSet::new();
        for (n, alert) in made.iter().enumerate() {
            let after = now_of(&db, alert.id).await;
            let more = match n { 7 => 1000, 8 => 10 + 3 + 4, _ => 0 };
            assert_eq!(after.log_count, 10 + 1 + n as i64 + more, "{n}");
            let last = match n { 7 => 6, 8 => 8, _ => 5 };
            assert_eq!(after.last_seen_at, at(last), "{n}");
            assert!(after.version > before && versions.insert(after.version), "{n}");
        }
    }

    async fn of_many_alerts_that_are_raised_at_once_each_is_made_once(db) {
        let name = |n: usize| format!("e{n}");
        let raise = |episode: &str, user: &str| AlertEffect::Raised(raised(episode, "ssh", user, "edge7", 0));
        let before = crate::alert_samples::raise(&db.meta, raised("before", "ssh", "e5", "edge7", 0), 0).await;
        let mut effects: Vec<AlertEffect> = (0..250).map(|n| raise(&name(n), &name(n))).collect();
        // Again; of a group that has one already; one that goes on and ends and is raised anew; of the last ones.
        effects.extend([raise("e3", "e3"), raise("other", "e4"), continued("e6", 12, 1), ended("e6", true, 2)]);
        effects.extend([raise("anew", "e6"), continued("e249", 11, 3), continued("other", 13, 4), continued("e5", 14, 5)]);
        let applied = apply(&db.meta, effects.clone(), 9).await;
        assert_eq!((applied.raised.len(), applied.resolved.len(), applied.not_open), (250, 1, vec![]));
        let episodes: Vec<&str> = applied.raised.iter().map(|alert| alert.episode.as_str()).collect();
        let expected: Vec<String> = (0..250).filter(|n| *n != 5).map(name).chain(["anew".to_owned()]).collect();
        assert_eq!(episodes, expected);
        assert!(applied.raised.is_sorted_by(|a, b| a.version < b.version), "in their order");
        for alert in &applied.raised {
            let history = db.meta.alert(alert.id).await.unwrap();
            assert_eq!((&history.alert.episode, history.events[0].to_status), (&alert.episode, AlertStatus::New));
            let (events, count) = match alert.episode.as_str() {
                "e4" => (1, 10 + 13),
                "e6" => (2, 12),
                "e249" => (1, 11),
                _ => (1, 10),
            };
            assert_eq!((history.events.len(), history.alert.log_count), (events, count), "{}", alert.episode);
        }
        assert_eq!(now_of(&db, before.id).await.log_count, 10 + 14);
        // All of it once more.
        let version = db.meta.alerts_version().await.unwrap();
        assert_eq!(apply(&db.meta, effects, 10).await.raised, []);
        assert_eq!(db.meta.alerts_version().await.unwrap(), version);
    }

    async fn effects_of_records_are_applied_once(db) {
        assert_eq!(db.meta.alert_cursor().await.unwrap(), 0);
        let effects = [AlertEffect::Raised(raised("e1", "ssh", "ann", "edge7", 0)), continued("e1", 15, 1)];
        let first = db.meta.apply_effects(Some(100), &effects, at(1)).await.unwrap();
        assert_eq!((first.raised.len(), first.skipped), (1, false));
        let before = (db.meta.alerts_since(0, 99).await.unwrap(), db.meta.alerts_version().await.unwrap());
        for last_id in [100, 99, 1] {
            let again = db.meta.apply_effects(Some(last_id), &effects, at(2)).await.unwrap();
            assert_eq!(again, Applied { skipped: true, ..Applied::default() });
        }
        assert_eq!((db.meta.alerts_since(0, 99).await.unwrap(), db.meta.alerts_version().await.unwrap()), before);
        assert_eq!(db.meta.alert_cursor().await.unwrap(), 100);
        // Each daemon has its own place.
        let other = db.other(4).await;
        assert_eq!(other.alert_cursor().await.unwrap(), 0);
        assert!(!other.apply_effects(Some(50), &[], at(3)).await.unwrap().skipped);
        assert_eq!((other.alert_cursor().await.unwrap(), db.meta.alert_cursor().await.unwrap()), (50, 100));
        let next = db.meta.apply_effects(Some(101), &[continued("e1", 16, 9)], at(9)).await.unwrap();
        assert_eq!(next, Applied::default());
        assert_eq!(now_of(&db, first.raised[0].id).await.log_count, 16);
    }

    async fn what_was_held_back_is_counted_though_the_records_effects_were_applied_before(db) {
        let raise = AlertEffect::Raised(raised("e1", "ssh", "ann", "edge7", 0));
        let first = db.meta.apply_effects(Some(100), &[raise.clone(), continued("e1", 15, 1)], at(1)).await.unwrap();
        let count = async || now_of(&db, first.raised[0].id).await.log_count;
        assert_eq!(count().await, 15);
        // After a crash the same records were judged again, and what goes on is told at another moment.
        let again = [raise, continued("e1", 17, 1), ended("e1", true, 2)];
        let applied = db.meta.apply_effects(Some(100), &again, at(2)).await.unwrap();
        assert_eq!(applied, Applied { skipped: true, ..Applied::default() });
        assert_eq!(count().await, 17);
        assert!(now_of(&db, first.raised[0].id).await.lasting);
        apply(&db.meta, vec![continued("e1", 16, 1), continued("e1", 18, 3)], 3).await;
        assert_eq!(count().await, 18);
    }

    async fn an_episode_that_is_raised_again_changes_nothing(db) {
        let alert = raise(&db.meta, raised("e1", "ssh", "ann", "edge7", 0), 0).await;
        let joined = AlertEffect::Raised(raised("e2", "ssh", "ann", "edge7", 1));
        apply(&db.meta, vec![joined.clone()], 1).await;
        let before = now_of(&db, alert.id).await;
        assert_eq!(before.log_count, 20);
        let again = vec![AlertEffect::Raised(raised("e1", "ssh", "ann", "edge7", 0)), joined];
        assert_eq!(apply(&db.meta, again.clone(), 2).await, Applied::default());
        assert_eq!(now_of(&db, alert.id).await, before);
        // Nor does it open what was resolved.
        set(&db.meta, alert.id, AlertStatus::Resolved, 3).await.unwrap();
        let version = db.meta.alerts_version().await.unwrap();
        assert_eq!(apply(&db.meta, again, 4).await, Applied::default());
        assert_eq!(db.meta.alerts_version().await.unwrap(), version);
        assert_eq!(db.raw.number("SELECT COUNT(*) FROM alerts").await, 1);
    }

    async fn a_failure_in_the_middle_leaves_nothing_behind(db) {
        db.raw.execute(match db.raw {
            crate::harness::Raw::Sqlite(_) => {
                "CREATE TRIGGER t BEFORE INSERT ON alerts WHEN NEW.rule_code = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END"
            }
            crate::harness::Raw::Postgres(_) => "ALTER TABLE alerts ADD CHECK (rule_code <> 'bad')",
        })
        .await
        .unwrap();
        let effects = [
            AlertEffect::Raised(raised("e1", "ssh", "ann", "edge7", 0)),
            AlertEffect::Raised(raised("e2", "bad", "ann", "edge7", 0)),
        ];
        assert!(db.meta.apply_effects(Some(7), &effects, at(0)).await.is_err());
        for table in ["alerts", "alert_episodes", "alert_events", "alert_cursors", "faults", "deliveries"] {
            assert_eq!(db.raw.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        assert_eq!(db.meta.alerts_version().await.unwrap(), 0);
        assert!(!db.meta.apply_effects(Some(7), &effects[..1], at(0)).await.unwrap().skipped);
    }

    async fn two_daemons_that_raise_at_once_make_one_alert(db) {
        let other = db.other(4).await;
        for round in 0..10 {
            let user = format!("u{round}");
            let effects = |node: u16| vec![
                AlertEffect::Raised(raised(&format!("{user}/{node}"), "ssh", &user, "edge7", 0)),
                continued(&format!("{user}/{node}"), 11, 1),
            ];
            let (one, two) = tokio::join!(apply(&db.meta, effects(3), 1), apply(&other, effects(4), 1));
            assert_eq!(one.raised.len() + two.raised.len(), 1);
            assert_eq!((one.not_open, two.not_open), (vec![], vec![]));
        }
        let page = db.meta.alerts(&AlertFilter::default(), 1, 100).await.unwrap();
        assert_eq!(page.total, 10);
        assert!(page.list.iter().all(|alert| alert.log_count == 22), "{page:?}");
    }

    async fn an_alert_lasts_until_every_daemon_is_quiet(db) {
        let other = db.other(4).await;
        let alert = raise(&db.meta, raised("a", "ssh", "ann", "edge7", 0), 0).await;
        apply(&other, vec![AlertEffect::Raised(raised("b", "ssh", "ann", "edge7", 1))], 1).await;
        apply(&db.meta, vec![ended("a", true, 10)], 10).await;
        assert_eq!((now_of(&db, alert.id).await.lasting, now_of(&db, alert.id).await.status), (true, AlertStatus::New));
        let applied = apply(&other, vec![ended("b", true, 20)], 21).await;
        let after = now_of(&db, alert.id).await;
        assert_eq!(applied.resolved, std::slice::from_ref(&after));
        assert_eq!((after.lasting, after.status, after.resolved_at), (false, AlertStatus::Resolved, Some(at(20))));
        assert_eq!(ways(&db, alert.id).await[1..], [(None, Some(AlertStatus::New), AlertStatus::Resolved)]);
        // The same end once more is no news.
        let version = db.meta.alerts_version().await.unwrap();
        assert_eq!(apply(&other, vec![ended("b", true, 30), ended("unknown", true, 30)], 30).await, Applied::default());
        assert_eq!(db.meta.alerts_version().await.unwrap(), version);
    }

    async fn without_resolve_when_quiet_an_alert_waits_for_a_person(db) {
        let alert = raise(&db.meta, raised("a", "ssh", "ann", "edge7", 0), 0).await;
        assert_eq!(apply(&db.meta, vec![ended("a", false, 10)], 10).await, Applied::default());
        let after = now_of(&db, alert.id).await;
        assert_eq!((after.lasting, after.status, after.resolved_at), (false, AlertStatus::New, None));
        // The rule is satisfied again: it is the same alert.
        apply(&db.meta, vec![AlertEffect::Raised(raised("b", "ssh", "ann", "edge8", 50))], 50).await;
        let after = now_of(&db, alert.id).await;
        assert_eq!((after.lasting, after.log_count, after.last_seen_at), (true, 20, at(50)));
        assert_eq!((after.hosts.len(), after.triggered_at), (2, at(0)));
    }

    async fn a_resolved_alert_does_not_go_on_and_a_new_one_may_be_raised(db) {
        let alert = raise(&db.meta, raised("a", "ssh", "ann", "edge7", 0), 0).await;
        let resolved = set(&db.meta, alert.id, AlertStatus::Resolved, 5).await.unwrap();
        assert_eq!((resolved.lasting, resolved.resolved_at), (false, Some(at(5))));
        let applied = apply(&db.meta, vec![continued("a", 11, 5), continued("never", 1, 6), ended("a", true, 7)], 7).await;
        assert_eq!(applied.not_open, ["a", "never"]);
        assert_eq!(now_of(&db, alert.id).await, resolved);
        let next = raise(&db.meta, raised("b", "ssh", "ann", "edge7", 8), 8).await;
        assert_ne!(next.id, alert.id);
        assert_eq!(next.log_count, 10);
    }

    async fn what_comes_after_an_alert_was_resolved_is_a_new_one_that_the_episode_goes_on_with(db) {
        let first = raise(&db.meta, raised("a", "ssh", "ann", "edge7", 0), 0).await;
        set(&db.meta, first.id, AlertStatus::Resolved, 5).await.unwrap();
        let resolved = now_of(&db, first.id).await;
        let applied = db.meta.apply_effects(Some(9), &[continued("a", 13, 6)], at(7)).await.unwrap();
        let [next] = &applied.raised[..] else { panic!("{applied:?}") };
        assert_eq!((applied.not_open.len(), next.id > first.id, next.log_count), (0, true, 3));
        assert_eq!((&next.group, &next.hosts, &next.description), (&first.group, &first.hosts, &first.description));
        assert_eq!((next.triggered_at, next.status, next.lasting), (at(6), AlertStatus::New, true));
        // Once.
        assert!(db.meta.apply_effects(Some(9), &[continued("a", 13, 6)], at(7)).await.unwrap().skipped);
        assert_eq!(now_of(&db, first.id).await, resolved);
        for total in [15, 15, 14] {
            assert_eq!(apply(&db.meta, vec![continued("a", total, 8)], 8).await, Applied::default());
            assert_eq!(now_of(&db, next.id).await.log_count, 5, "{total}");
        }
        // Resolved again it is yet another one, and its end is that of the episode.
        set(&db.meta, next.id, AlertStatus::Resolved, 9).await.unwrap();
        let third = apply(&db.meta, vec![continued("a", 16, 10)], 10).await.raised.remove(0);
        assert_eq!(db.meta.lasting_episodes("ssh").await.unwrap(), ["a"]);
        let applied = apply(&db.meta, vec![ended("a", true, 20)], 20).await;
        assert_eq!((applied.resolved.len(), applied.resolved[0].id), (1, third.id));
    }

    async fn who_follows_what_was_resolved_misses_none(db) {
        let none = db.meta.resolved_episodes(0).await.unwrap();
        assert_eq!((none.version, none.episodes.len()), (0, 0));
        let one = raise(&db.meta, raised("a", "ssh", "ann", "edge7", 0), 0).await;
        apply(&db.other(4).await, vec![AlertEffect::Raised(raised("b", "ssh", "ann", "edge7", 1))], 1).await;
        raise(&db.meta, raised("c", "web", "ann", "edge7", 1), 1).await;
        let open = db.meta.resolved_episodes(0).await.unwrap();
        assert_eq!((open.version, open.episodes.len()), (3, 0));
        set(&db.meta, one.id, AlertStatus::Resolved, 5).await.unwrap();
        let pair = |episode: &str| ("ssh".to_owned(), episode.to_owned());
        let mut resolved = db.meta.resolved_episodes(open.version).await.unwrap();
        resolved.episodes.sort();
        assert_eq!((resolved.version, &resolved.episodes[..]), (4, &[pair("a"), pair("b")][..]));
        assert!(db.meta.resolved_episodes(4).await.unwrap().episodes.is_empty());
        // Of a database that is older than what is remembered all of it is news.
        assert_eq!(db.meta.resolved_episodes(77).await.unwrap().episodes.len(), 2);
    }

    async fn groups_and_rules_have_alerts_of_their_own(db) {
        let effects = [("a", "ssh", "ann"), ("b", "ssh", "bob"), ("c", "web", "ann")]
            .map(|(episode, rule, user)| AlertEffect::Raised(raised(episode, rule, user, "edge7", 0)));
        assert_eq!(apply(&db.meta, effects.into(), 0).await.raised.len(), 3);
    }

    async fn people_take_and_resolve_alerts_and_it_is_written(db) {
        let alert = raise(&db.meta, raised("a", "ssh", "ann", "edge7", 0), 0).await;
        let patch = AlertPatch { status: Some(AlertStatus::Processing), comment: Some("mine\0") };
        let taken = db.meta.patch_alert(alert.id, &patch, &by(), at(1)).await.unwrap();
        assert_eq!(taken.status, AlertStatus::Processing);
        let entry = &db.log().await[0];
        assert_eq!(entry.target, Some(format!("alert {}", alert.id)));
        assert_eq!(entry.detail, json!({
            "rule": "ssh", "before": { "status": "new" }, "after": { "status": "processing" }, "comment": "mine\u{fffd}",
        }));
        let comment = AlertPatch { status: None, comment: Some("harmless") };
        db.meta.patch_alert(alert.id, &comment, &by(), at(2)).await.unwrap();
        set(&db.meta, alert.id, AlertStatus::Resolved, 3).await.unwrap();
        // A last word may be said later.
        let last = db.meta.patch_alert(alert.id, &comment, &by(), at(4)).await.unwrap();
        assert_eq!((last.status, last.resolved_at), (AlertStatus::Resolved, Some(at(3))));
        let (new, processing, resolved) = (AlertStatus::New, AlertStatus::Processing, AlertStatus::Resolved);
        assert_eq!(ways(&db, alert.id).await, [
            (None, None, new),
            (root(), Some(new), processing),
            (root(), Some(processing), processing),
            (root(), Some(processing), resolved),
            (root(), Some(resolved), resolved),
        ]);
        let events = db.meta.alert(alert.id).await.unwrap().events;
        assert_eq!((events[1].comment.as_deref(), events[1].at, events[1].user_id), (Some("mine\u{fffd}"), at(1), Some(900)));
        assert_eq!(db.actions().await, ["alert_updated"; 4]);
    }

    async fn a_way_back_is_refused_and_nothing_is_written(db) {
        let alert = raise(&db.meta, raised("a", "ssh", "ann", "edge7", 0), 0).await;
        set(&db.meta, alert.id, AlertStatus::Processing, 1).await.unwrap();
        let taken = now_of(&db, alert.id).await;
        let refused = set(&db.meta, alert.id, AlertStatus::New, 2).await;
        assert!(matches!(refused, Err(MetaError::Refused(_))), "{refused:?}");
        assert_eq!(set(&db.meta, alert.id, AlertStatus::Processing, 2).await.unwrap(), taken);
        set(&db.meta, alert.id, AlertStatus::Resolved, 3).await.unwrap();
        for status in [AlertStatus::New, AlertStatus::Processing, AlertStatus::Resolved] {
            let refused = set(&db.meta, alert.id, status, 4).await;
            assert!(matches!(refused, Err(MetaError::Refused(_))), "{refused:?}");
        }
        assert!(matches!(set(&db.meta, alert.id + 1, AlertStatus::Resolved, 4).await, Err(MetaError::NotFound)));
        assert!(matches!(db.meta.alert(alert.id + 1).await, Err(MetaError::NotFound)));
        assert_eq!((ways(&db, alert.id).await.len(), db.actions().await.len()), (3, 2));
    }

    async fn alerts_are_listed_the_last_triggered_first_and_filtered(db) {
        let severities = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        let mut ids = Vec::new();
        for (n, severity) in severities.into_iter().enumerate() {
            let rule = if n % 2 == 0 { "even" } else { "odd" };
            let new = RaisedAlert { severity, ..raised(&format!("e{n}"), rule, &format!("u{n}"), "h", n as i64 * 10) };
            ids.push(raise(&db.meta, new, 100).await.id);
        }
        set(&db.meta, ids[1], AlertStatus::Processing, 200).await.unwrap();
        set(&db.meta, ids[2], AlertStatus::Resolved, 200).await.unwrap();
        let all = AlertFilter::default();
        for (filter, expected) in [
            (all.clone(), vec![4, 3, 2, 1, 0]),
            (AlertFilter { start: Some(at(10)), ..all.clone() }, vec![4, 3, 2, 1]),
            (AlertFilter { end: Some(at(10)), ..all.clone() }, vec![0]),
            (AlertFilter { start: Some(at(10)), end: Some(at(40)), ..all.clone() }, vec![3, 2, 1]),
            (AlertFilter { rule_code: Some("odd"), ..all.clone() }, vec![3, 1]),
            (AlertFilter { rule_code: Some("none"), ..all.clone() }, vec![]),
            (AlertFilter { severity: &[Severity::High], ..all.clone() }, vec![3]),
            (AlertFilter { severity: &[Severity::Info, Severity::Critical], ..all.clone() }, vec![4, 0]),
            (AlertFilter { status: &[AlertStatus::New], ..all.clone() }, vec![4, 3, 0]),
            (AlertFilter { status: &[AlertStatus::Resolved, AlertStatus::Processing], ..all.clone() }, vec![2, 1]),
            (AlertFilter { status: &[AlertStatus::New], rule_code: Some("even"), ..all.clone() }, vec![4, 0]),
        ] {
            let expected: Vec<i64> = expected.into_iter().map(|n: usize| ids[n]).collect();
            for size in [2, 10] {
                let mut found = Vec::new();
                for page in 1..=5 {
                    let part = db.meta.alerts(&filter, page, size).await.unwrap();
                    assert_eq!(part.total, expected.len() as u64, "{filter:?}");
                    found.extend(part.list.into_iter().map(|alert| alert.id));
                }
                assert_eq!(found, expected, "{filter:?}");
            }
        }
        let open = db.meta.open_alerts().await.unwrap();
        assert_eq!(open, [(Severity::Critical, 1), (Severity::High, 1), (Severity::Info, 1), (Severity::Low, 1)]);
    }

    async fn who_follows_the_changes_misses_none(db) {
        assert_eq!(db.meta.alerts_version().await.unwrap(), 0);
        let effects = (0..5).map(|n| AlertEffect::Raised(raised(&format!("e{n}"), "ssh", &format!("u{n}"), "h", 0)));
        let made = apply(&db.meta, effects.collect(), 0).await.raised;
        let versions: Vec<i64> = made.iter().map(|alert| alert.version).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5]);
        assert_eq!(db.meta.alerts_version().await.unwrap(), 5);
        assert_eq!(db.meta.alerts_since(0, 3).await.unwrap(), made[..3]);
        assert_eq!(db.meta.alerts_since(3, 3).await.unwrap(), made[3..]);
        // What changes comes again, at the end.
        apply(&db.meta, vec![continued("e1", 11, 1), continued("unknown", 1, 1)], 1).await;
        set(&db.meta, made[0].id, AlertStatus::Resolved, 2).await.unwrap();
        let since: Vec<(i64, i64)> = db.meta.alerts_since(5, 9).await.unwrap().iter().map(|a| (a.id, a.version)).collect();
        assert_eq!(since, [(made[1].id, 6), (made[0].id, 7)]);
        assert_eq!(db.meta.alerts_version().await.unwrap(), 7);
        // Nothing happened: nobody has to look.
        apply(&db.meta, vec![], 3).await;
        db.meta.apply_effects(Some(5), &[], at(3)).await.unwrap();
        assert_eq!(db.meta.alerts_version().await.unwrap(), 7);
    }
}
