//! Who is told of alerts: channels, silences, the outbox.

use chrono::TimeDelta;
use logseal::meta::{
    Alert, AlertEffect, AlertStatus, Channel, ChannelKind, Delivery, DeliveryEvent, DeliveryStatus, Matcher, Meta,
    MetaError, NewChannel, NewSilence, RaisedAlert, Severity, Silence,
};
use serde_json::{Value, json};

use crate::alert_samples::{apply, ended, raise, raised, set};
use crate::harness::{Database, at, by, on_both};

const LEASE: TimeDelta = TimeDelta::seconds(60);

fn config() -> Value {
    json!({ "url": "https://x.example/hook", "secret": "s3cret" })
}

fn new<'a>(name: &'a str, config: &'a Value) -> NewChannel<'a> {
    NewChannel {
        name,
        kind: ChannelKind::Webhook,
        config,
        enabled: true,
        severity_min: Severity::Info,
        rule_codes: &[],
        tell_resolved: true,
        per_hour_max: 100,
    }
}

async fn channel(db: &Database, name: &str) -> Channel {
    db.meta.create_channel(&new(name, &config()), &by(), at(0)).await.unwrap()
}

async fn silence(db: &Database, matchers: &[(&str, &str)], from: i64, to: i64) -> Silence {
    let matchers: Vec<Matcher> =
        matchers.iter().map(|&(field, value)| Matcher { field: field.to_owned(), value: value.to_owned() }).collect();
    let new = NewSilence { matchers: &matchers, starts_at: at(from), ends_at: at(to), comment: "works\0" };
    db.meta.create_silence(&new, &by(), at(0)).await.unwrap()
}

async fn raise_for(db: &Database, user: &str, now: i64) -> Alert {
    raise(&db.meta, raised(&format!("{user}/{now}"), "ssh", user, "edge7", now), now).await
}

/// Event, status and alert of all that a channel was or is to be told, oldest first.
async fn told(db: &Database, channel: &Channel) -> Vec<(DeliveryEvent, DeliveryStatus, Option<i64>)> {
    let mut list = db.meta.deliveries(channel.id, None, 1, 1000).await.unwrap().list;
    list.sort_by_key(|delivery| delivery.id);
    list.into_iter().map(|delivery| (delivery.event, delivery.status, delivery.alert_id)).collect()
}

async fn claim(meta: &Meta, now: i64) -> Vec<Delivery> {
    let mut claimed = Vec::new();
    for channel_id in meta.channels_due(at(now)).await.unwrap() {
        claimed.extend(meta.claim_deliveries(channel_id, at(now), LEASE, 100).await.unwrap());
    }
    claimed.sort_by_key(|delivery| (delivery.due_at, delivery.id));
    claimed
}

fn ids(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.id).collect()
}

use DeliveryEvent::{Limited, Raised, Resolved, Test};
use DeliveryStatus::{Dropped, Failed, Queued, Sent};

on_both! {
    async fn a_channel_is_changed_and_its_secrets_are_nowhere_to_be_read(db) {
        let made = channel(&db, "hook").await;
        assert_eq!(made.config, config());
        assert_eq!(db.meta.channel(made.id).await.unwrap(), made);
        channel(&db, "a").await;
        let names: Vec<String> = db.meta.channels().await.unwrap().into_iter().map(|channel| channel.name).collect();
        assert_eq!(names, ["a", "hook"]);
        let other = json!({ "url": "https://x.example/hook", "secret": "0ther" });
        let rules = ["ssh".to_owned()];
        let change = NewChannel { severity_min: Severity::High, rule_codes: &rules, ..new("hook", &other) };
        let after = db.meta.replace_channel(made.id, &change, &by(), at(1)).await.unwrap();
        assert_eq!((after.severity_min, &after.config, after.updated_at, after.created_at), (Severity::High, &other, at(1), at(0)));
        assert_eq!(db.log().await[0].detail["config"], "changed");
        let entries = db.log().await.len();
        assert_eq!(db.meta.replace_channel(made.id, &change, &by(), at(2)).await.unwrap(), after);
        assert_eq!(db.log().await.len(), entries);
        let taken = db.meta.replace_channel(made.id, &new("a", &other), &by(), at(2)).await;
        assert!(matches!(taken, Err(MetaError::Conflict { field: "name" })), "{taken:?}");
        let taken = db.meta.create_channel(&new("a", &other), &by(), at(2)).await;
        assert!(matches!(taken, Err(MetaError::Conflict { field: "name" })), "{taken:?}");
        db.meta.test_channel(made.id, &by(), at(2)).await.unwrap();
        db.meta.delete_channel(made.id, &by(), at(3)).await.unwrap();
        assert!(matches!(db.meta.channel(made.id).await, Err(MetaError::NotFound)));
        assert_eq!(db.raw.number("SELECT COUNT(*) FROM deliveries").await, 0);
        for text in [format!("{:?}", db.log().await), format!("{after:?}"), serde_json::to_string(&after).unwrap()] {
            assert!(!text.contains("s3cret") && !text.contains("0ther") && !text.contains("x.example"), "{text}");
        }
        assert_eq!(db.actions().await,
            ["channel_created", "channel_created", "channel_updated", "channel_tested", "channel_deleted"]);
    }

    async fn each_channel_that_wants_an_alert_is_told_once(db) {
        let (all, config) = (channel(&db, "all").await, config());
        let rules = ["web".to_owned()];
        let of = async |new: NewChannel<'_>| db.meta.create_channel(&new, &by(), at(0)).await.unwrap();
        let high = of(NewChannel { severity_min: Severity::High, ..new("high", &config) }).await;
        let web = of(NewChannel { rule_codes: &rules, ..new("web", &config) }).await;
        let off = of(NewChannel { enabled: false, ..new("off", &config) }).await;
        let quiet = of(NewChannel { tell_resolved: false, ..new("quiet", &config) }).await;
        let alert = raise_for(&db, "ann", 5).await;
        let severe = RaisedAlert { severity: Severity::Critical, ..raised("s", "web", "bob", "edge7", 6) };
        let severe = raise(&db.meta, severe, 6).await;
        // Neither what joins nor what is replayed is told again.
        apply(&db.meta, vec![AlertEffect::Raised(raised("j", "ssh", "ann", "edge7", 7)), AlertEffect::Raised(raised("ann/5", "ssh", "ann", "edge7", 5))], 7).await;
        let (one, two) = (Some(alert.id), Some(severe.id));
        assert_eq!(told(&db, &all).await, [(Raised, Queued, one), (Raised, Queued, two)]);
        assert_eq!(told(&db, &high).await, [(Raised, Queued, two)]);
        assert_eq!(told(&db, &web).await, [(Raised, Queued, two)]);
        assert_eq!(told(&db, &off).await, []);
        set(&db.meta, alert.id, AlertStatus::Processing, 8).await.unwrap();
        set(&db.meta, alert.id, AlertStatus::Resolved, 9).await.unwrap();
        apply(&db.meta, vec![ended("s", true, 10)], 10).await;
        assert_eq!(told(&db, &all).await[2..], [(Resolved, Queued, one), (Resolved, Queued, two)]);
        assert_eq!(told(&db, &web).await[1..], [(Resolved, Queued, two)]);
        assert_eq!(told(&db, &quiet).await, [(Raised, Queued, one), (Raised, Queued, two)]);
        let first = &db.meta.deliveries(all.id, None, 1, 9).await.unwrap().list[3];
        assert_eq!((first.due_at, first.attempts), (at(5), 0));
        assert_eq!(serde_json::from_value::<Alert>(first.payload.clone()).unwrap(), alert);
    }

    async fn of_a_silenced_alert_nobody_is_told_and_it_says_so(db) {
        let all = channel(&db, "all").await;
        let holds = silence(&db, &[("rule", "ssh"), ("user", "ann")], 10, 20).await;
        for (user, now, silenced) in [("ann", 9, false), ("ann", 10, true), ("bob", 11, false), ("ann", 19, true), ("ann", 20, false)] {
            let before = told(&db, &all).await.len();
            let alert = raise_for(&db, user, now).await;
            assert_eq!(alert.silenced_by, silenced.then_some(holds.id), "{user} {now}");
            assert_eq!(db.meta.alert(alert.id).await.unwrap().alert, alert);
            assert_eq!(told(&db, &all).await.len() - before, usize::from(!silenced), "{user} {now}");
            set(&db.meta, alert.id, AlertStatus::Resolved, now).await.unwrap();
            // Of the end of what was not told, nothing is told either.
            assert_eq!(told(&db, &all).await.len() - before, if silenced { 0 } else { 2 });
        }
        assert_eq!(db.meta.silences(None).await.unwrap(), std::slice::from_ref(&holds));
        assert_eq!(holds.comment, "works\u{fffd}");
        assert_eq!(db.meta.silences(Some(at(20))).await.unwrap(), []);
        db.meta.delete_silence(holds.id, &by(), at(15)).await.unwrap();
        assert_eq!(raise_for(&db, "ann", 15).await.silenced_by, None);
        assert!(matches!(db.meta.delete_silence(holds.id, &by(), at(15)).await, Err(MetaError::NotFound)));
        let actions = db.actions().await;
        assert_eq!((actions.first().map(String::as_str), actions[1].as_str()), (Some("channel_created"), "silence_created"));
        assert_eq!(actions.last().map(String::as_str), Some("silence_deleted"));
    }

    async fn the_end_of_what_was_told_is_told_in_a_silence_too(db) {
        let all = channel(&db, "all").await;
        let alert = raise_for(&db, "ann", 1).await;
        silence(&db, &[("rule", "*")], 2, 100).await;
        set(&db.meta, alert.id, AlertStatus::Resolved, 3).await.unwrap();
        assert_eq!(told(&db, &all).await[1..], [(Resolved, Queued, Some(alert.id))]);
    }

    async fn beyond_its_limit_a_channel_hears_a_number_at_the_end_of_the_hour(db) {
        let config = config();
        let few = db.meta.create_channel(&NewChannel { per_hour_max: 2, ..new("few", &config) }, &by(), at(0)).await.unwrap();
        let many = channel(&db, "many").await;
        let mut alerts = Vec::new();
        for n in 0..3 {
            alerts.push(raise_for(&db, &format!("u{n}"), n).await);
        }
        let storm = (3..10).map(|n| AlertEffect::Raised(raised(&format!("e{n}"), "ssh", &format!("u{n}"), "h", n)));
        assert_eq!(apply(&db.meta, storm.collect(), 10).await.raised.len(), 7);
        let list = told(&db, &few).await;
        let of = |event, status| list.iter().filter(|it| (it.0, it.1) == (event, status)).count();
        assert_eq!((of(Raised, Queued), of(Raised, Dropped), of(Limited, Queued), list.len()), (2, 8, 1, 11));
        assert_eq!(told(&db, &many).await, vec![(Raised, Queued); 10].into_iter().zip(
            db.meta.alerts_since(0, 99).await.unwrap()).map(|((e, s), a)| (e, s, Some(a.id))).collect::<Vec<_>>());
        // The clock's hour ends half an hour after the moment at which tests begin or later; in it the number is told.
        let page = db.meta.deliveries(few.id, Some(Queued), 1, 9).await.unwrap();
        let summary = page.list.iter().find(|delivery| delivery.event == Limited).unwrap();
        assert_eq!((&summary.payload["dropped"], summary.alert_id), (&json!(8), None));
        assert_eq!((summary.due_at.timestamp() % 3600, summary.due_at > at(10), summary.due_at <= at(3610)), (0, true, true));
        // What was not told has no end to be told of.
        set(&db.meta, alerts[2].id, AlertStatus::Resolved, 11).await.unwrap();
        assert_eq!(told(&db, &few).await.len(), 11);
        // The end of what was told is told beyond the limit.
        set(&db.meta, alerts[0].id, AlertStatus::Resolved, 12).await.unwrap();
        assert_eq!(told(&db, &few).await[11], (Resolved, Queued, Some(alerts[0].id)));
        // An hour after the first one there is room again.
        assert_eq!(raise_for(&db, "later", 3599).await.silenced_by, None);
        assert_eq!(told(&db, &few).await[12].1, Dropped);
        raise_for(&db, "much later", 3602).await;
        assert_eq!(told(&db, &few).await.last().map(|it| (it.0, it.1)), Some((Raised, Queued)));
    }

    async fn a_delivery_is_held_by_one_until_it_is_told_or_its_lease_ends(db) {
        let all = channel(&db, "all").await;
        raise_for(&db, "ann", 5).await;
        raise_for(&db, "bob", 6).await;
        let other = db.other(4).await;
        assert!(claim(&db.meta, 4).await.is_empty());
        let first = db.meta.claim_deliveries(all.id, at(10), LEASE, 1).await.unwrap();
        assert_eq!((first.len(), first[0].attempts, first[0].status), (1, 1, Queued));
        let second = claim(&other, 10).await;
        assert_eq!(second.len(), 1);
        assert!(first[0].id < second[0].id);
        assert!(claim(&db.meta, 69).await.is_empty());
        db.meta.delivery_done(&first[0], at(20)).await.unwrap();
        // The second one's daemon died.
        let again = claim(&db.meta, 70).await;
        assert_eq!((ids(&again), again[0].attempts), (ids(&second), 2));
        // It was only slow: what it says of its failure does not count any more.
        other.delivery_failed(&second[0], "slow", Some(at(71))).await.unwrap();
        assert!(claim(&other, 80).await.is_empty());
        db.meta.delivery_failed(&again[0], "503\0", Some(at(90))).await.unwrap();
        let waiting = db.meta.delivery(again[0].id).await.unwrap();
        assert_eq!((waiting.status, waiting.due_at, waiting.last_error.as_deref()), (Queued, at(90), Some("503\u{fffd}")));
        assert!(claim(&db.meta, 89).await.is_empty());
        let third = claim(&other, 90).await;
        assert_eq!((ids(&third), third[0].attempts), (ids(&second), 3));
        other.delivery_failed(&third[0], "gone", None).await.unwrap();
        assert!(claim(&db.meta, 10_000).await.is_empty());
        let failed = db.meta.deliveries(all.id, Some(Failed), 1, 9).await.unwrap();
        assert_eq!((failed.total, failed.list[0].last_error.as_deref()), (1, Some("gone")));
        let sent = db.meta.delivery(first[0].id).await.unwrap();
        assert_eq!((sent.status, sent.sent_at, sent.last_error), (Sent, Some(at(20)), None));
    }

    async fn deliveries_are_claimed_channel_by_channel(db) {
        let (one, two) = (channel(&db, "one").await, channel(&db, "two").await);
        assert!(db.meta.channels_due(at(10)).await.unwrap().is_empty());
        for n in 0..3 {
            raise_for(&db, &format!("u{n}"), 5).await;
        }
        assert!(db.meta.channels_due(at(4)).await.unwrap().is_empty(), "nothing is due yet");
        assert_eq!(db.meta.channels_due(at(5)).await.unwrap(), [one.id, two.id]);
        let first = db.meta.claim_deliveries(one.id, at(5), LEASE, 2).await.unwrap();
        assert_eq!((first.len(), first.iter().all(|delivery| delivery.channel_id == one.id)), (2, true));
        assert_eq!(db.meta.claim_deliveries(one.id, at(5), LEASE, 2).await.unwrap().len(), 1);
        assert_eq!(db.meta.channels_due(at(5)).await.unwrap(), [two.id]);
        assert_eq!(db.meta.claim_deliveries(two.id, at(5), LEASE, 9).await.unwrap().len(), 3);
        // Their leases end.
        assert_eq!(db.meta.channels_due(at(65)).await.unwrap(), [one.id, two.id]);
    }

    async fn daemons_that_claim_at_once_get_each_delivery_once(db) {
        let all = channel(&db, "all").await;
        let storm = (0..60).map(|n| AlertEffect::Raised(raised(&format!("e{n}"), "ssh", &format!("u{n}"), "h", 0)));
        apply(&db.meta, storm.collect(), 0).await;
        let others = [db.other(4).await, db.other(5).await, db.other(6).await];
        let mut claimed = Vec::new();
        while claimed.len() < 60 {
            let claims = [&db.meta, &others[0], &others[1], &others[2]]
                .map(|meta| meta.claim_deliveries(all.id, at(1), LEASE, 5));
            let round = futures_util::future::join_all(claims).await;
            let round: Vec<i64> = round.into_iter().flat_map(|claimed| ids(&claimed.unwrap())).collect();
            assert!(!round.is_empty());
            claimed.extend(round);
        }
        claimed.sort_unstable();
        claimed.dedup();
        assert_eq!(claimed.len(), 60);
        assert!(claim(&db.meta, 1).await.is_empty());
    }

    async fn what_waits_for_a_channel_is_dropped_when_it_is_disabled_and_a_test_is_not(db) {
        let (all, config) = (channel(&db, "all").await, config());
        let alert = raise_for(&db, "ann", 5).await;
        let off = NewChannel { enabled: false, ..new("all", &config) };
        db.meta.replace_channel(all.id, &off, &by(), at(6)).await.unwrap();
        let test = db.meta.test_channel(all.id, &by(), at(7)).await.unwrap();
        assert_eq!((test.event, test.alert_id, &test.payload["by"]), (Test, None, &json!("root")));
        assert_eq!(told(&db, &all).await, [(Raised, Dropped, Some(alert.id)), (Test, Queued, None)]);
        assert_eq!(ids(&claim(&db.meta, 7).await), [test.id]);
        assert!(matches!(db.meta.test_channel(all.id + 1, &by(), at(8)).await, Err(MetaError::NotFound)));
    }

    async fn old_deliveries_and_joined_episodes_are_pruned_but_not_those_of_open_alerts(db) {
        const DAY: i64 = 86_400;
        let all = channel(&db, "all").await;
        let (open, closed) = (raise_for(&db, "ann", 0).await, raise_for(&db, "bob", 0).await);
        for (user, episode) in [("ann", "j1"), ("bob", "j2")] {
            apply(&db.meta, vec![AlertEffect::Raised(raised(episode, "ssh", user, "edge7", 1)), ended(episode, false, 2)], 2).await;
        }
        for delivery in claim(&db.meta, 1).await {
            db.meta.delivery_done(&delivery, at(1)).await.unwrap();
        }
        set(&db.meta, closed.id, AlertStatus::Resolved, 3).await.unwrap();
        let pruned = db.meta.prune(at(29 * DAY)).await.unwrap();
        assert_eq!((pruned.deliveries, pruned.episodes), (0, 0));
        let pruned = db.meta.prune(at(31 * DAY)).await.unwrap();
        assert_eq!((pruned.deliveries, pruned.episodes), (1, 2));
        assert_eq!(told(&db, &all).await, [(Raised, Sent, Some(open.id)), (Resolved, Queued, Some(closed.id))]);
        // The alerts still know by what they were raised.
        assert!(apply(&db.meta, vec![AlertEffect::Raised(raised("bob/0", "ssh", "bob", "edge7", 0))], 31 * DAY).await.raised.is_empty());
    }
}
