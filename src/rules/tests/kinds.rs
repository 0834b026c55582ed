//! Each kind by answers that were computed by hand.

use serde_json::json;

use super::*;

#[test]
fn a_threshold_fires_at_its_number_within_the_window_and_ends_when_it_is_quiet() {
    let mut all = evaluator([json!({
        "kind": "threshold", "filter": "failed", "group_by": ["ip"], "window_seconds": 60, "at_least": 3, "quiet_seconds": 100
    })]);
    let failed = |id, seconds, last| message(ip(at(id, seconds), last), "login failed");
    // The first one is exactly a window old when the third comes.
    let none: Vec<String> = Vec::new();
    assert_eq!(observe(&mut all, [failed(1, 0, 1), failed(2, 10, 1), failed(3, 60, 1), failed(4, 60, 2)]), none);
    assert_eq!(observe(&mut all, [failed(5, 69, 1)]), ["raised ip=192.0.2.1 x3 @69"]);
    assert_eq!(observe(&mut all, [failed(6, 100, 1), failed(7, 168, 1)]), ["continued x5 @168"]);
    assert_eq!(tick(&mut all, 267), none);
    assert_eq!(tick(&mut all, 268), ["ended @268"]);
    assert_eq!(observe(&mut all, [failed(8, 268, 1), failed(9, 269, 1)]), none);
    assert_eq!(observe(&mut all, [failed(10, 270, 1)]), ["raised ip=192.0.2.1 x3 @270"]);
}

#[test]
fn an_alert_names_its_records_hosts_user_and_address() {
    let mut all = evaluator([
        json!({ "kind": "threshold", "window_seconds": 60, "at_least": 2, "message": "{{count}} {{host}}" }),
    ]);
    let row = |id, seconds, host: &'static str| LogRow { host: host.into(), ..at(id, seconds) };
    all.observe(&row(1, 0, "a"));
    all.observe(&row(2, 1, "b"));
    all.observe(&LogRow { user_name: "bob".into(), ..ip(row(3, 2, "c"), 1) });
    all.observe(&LogRow { user_name: "eve".into(), ..ip(row(4, 3, "b"), 2) });
    let effects = all.take_effects();
    let [Effect::Raised(raised), Effect::Continued(continued)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(
        (raised.message.as_str(), &raised.samples[..], &raised.hosts[..]),
        ("2 b", &[1, 2][..], &["b".to_owned(), "a".to_owned()][..])
    );
    assert_eq!((raised.ip, &raised.user), (None, &None));
    assert_eq!((continued.user.as_deref(), continued.ip), (Some("bob"), Some([192, 0, 2, 1].into())));
    assert_eq!((&continued.samples[..], &continued.hosts[..]), (&[3, 4][..], &["c".to_owned()][..]));
    for id in 5..100 {
        all.observe(&row(id, 4, "a"));
    }
    let effects = all.take_effects();
    let [Effect::Continued(continued)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((continued.total, continued.samples.len(), continued.hosts.len()), (99, 16, 0));
}

#[test]
fn an_alert_names_the_hosts_of_all_records_that_led_to_it_and_of_no_others() {
    let check = |fields: Value, expected: &[&str]| {
        let mut all = evaluator([fields.clone()]);
        let row = |id, seconds, host: &'static str, name| LogRow { host: host.into(), ..app(id, seconds, name) };
        // Long before, not selected, of the window, and the one that raises the alert.
        let rows =
            [(0, "old", "x"), (900, "other", "z"), (930, "a", "x"), (931, "b", "x"), (932, "a", "x"), (933, "c", "y")];
        for (at, (seconds, host, name)) in rows.into_iter().enumerate() {
            all.observe(&row(at as u64 + 1, seconds, host, name));
        }
        let effects = all.take_effects();
        let [Effect::Raised(raised)] = effects.as_slice() else { panic!("{fields}: {effects:?}") };
        assert_eq!(raised.hosts, expected, "{fields}");
    };
    check(json!({ "kind": "threshold", "filter": "app:x,y", "window_seconds": 60, "at_least": 4 }), &["c", "a", "b"]);
    check(
        json!({ "kind": "threshold", "distinct": "host", "filter": "app:x,y", "window_seconds": 60, "at_least": 3 }),
        &["c", "a", "b"],
    );
    check(
        json!({ "kind": "ratio", "filter": "app:x,y", "window_seconds": 60, "at_least": 5, "share": 0.1 }),
        &["c", "a", "b"],
    );
    check(
        json!({ "kind": "change", "filter": "app:x,y", "window_seconds": 60, "at_least": 4, "factor": 2 }),
        &["c", "a", "b"],
    );
    let steps = json!([{ "filter": "app:x", "at_least": 3 }, { "filter": "app:y" }]);
    check(json!({ "kind": "sequence", "window_seconds": 60, "steps": steps }), &["c", "a", "b"]);
    check(json!({ "kind": "match", "filter": "app:y" }), &["c"]);
}

#[test]
fn a_rise_is_measured_against_the_same_time_of_earlier_days() {
    const DAY: i64 = 86_400;
    // Four records, then six, in an hour that ends at the full hour: the mean is five.
    let days = |last: usize| {
        let mut rows = vec![at(1, -3600)];
        for (day, records) in [(0, 4), (1, 6), (2, last)] {
            rows.extend((0..records).map(|_| at(1, day * DAY + 3540)));
        }
        // The last one comes when the hour is over.
        rows.push(at(1, 2 * DAY + 3600));
        rows.into_iter().enumerate().map(|(id, row)| LogRow { id: id as u64 + 1, ..row }).collect::<Vec<_>>()
    };
    let fields = json!({
        "kind": "change", "window_seconds": 3600, "at_least": 5, "factor": 2.0, "against": "same_hour", "days": 2,
        "message": "{{count}} {{value}}"
    });
    let mut all = evaluator([fields.clone()]);
    assert!(observe(&mut all, days(8)).is_empty(), "nine are less than twice the mean");
    let mut all = evaluator([fields]);
    days(9).iter().for_each(|row| all.observe(row));
    let effects = all.take_effects();
    let [Effect::Raised(raised)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((raised.message.as_str(), raised.triggered_at), ("10 2.0", (START + 2 * DAY + 3600) * SECOND));
}

#[test]
fn a_match_is_one_alert_a_group_and_no_new_one_while_it_is_held() {
    let mut all =
        evaluator([json!({ "kind": "match", "filter": "cleared", "group_by": ["host"], "hold_seconds": 50 })]);
    let row = |id, seconds, host: &'static str| LogRow { host: host.into(), ..message(at(id, seconds), "log cleared") };
    let rows = [row(1, 0, "a"), row(2, 0, "b"), row(3, 5, "a"), message(at(4, 6), "log cleared")];
    let expected = ["raised host=a x1 @0", "raised host=b x1 @0", "continued x2 @5"];
    assert_eq!(observe(&mut all, rows), expected);
    assert_eq!(tick(&mut all, 305), ["ended @300", "ended @305"]);
    assert_eq!(observe(&mut all, [row(5, 349, "b"), row(6, 350, "b"), row(7, 351, "a")]), ["raised host=b x1 @350"]);
}

fn app(id: u64, seconds: i64, app: &'static str) -> LogRow<'static> {
    LogRow { app: app.into(), ..at(id, seconds) }
}

#[test]
fn different_values_are_counted_and_empty_ones_are_not() {
    let mut all = evaluator([json!({
        "kind": "threshold", "window_seconds": 60, "at_least": 3, "distinct": "app", "message": "{{count}} {{value}}"
    })]);
    let rows = [app(1, 0, "a"), app(2, 10, "b"), app(3, 20, "a"), app(4, 30, ""), app(5, 70, "c")];
    // The second value is exactly a window old.
    assert!(observe(&mut all, rows).is_empty());
    assert_eq!(observe(&mut all, [app(6, 79, "d")]), ["raised x3 @79"]);
}

#[test]
fn records_with_a_wrong_time_count_when_they_arrive() {
    let mut all = evaluator([json!({ "kind": "threshold", "window_seconds": 60, "at_least": 2, "skew_seconds": 300 })]);
    let off = |id, seconds, by: i64| LogRow { timestamp: (START + seconds + by) * SECOND, ..at(id, seconds) };
    assert!(observe(&mut all, [off(1, 0, 300), off(2, 1, -300), off(3, 2, -301), off(4, 62, 9999)]).is_empty());
    assert_eq!(observe(&mut all, [off(5, 63, -9999)]), ["raised x2 @63"]);
    assert_eq!(all.late(), 2);
}

#[test]
fn a_late_record_counts_for_no_window_but_for_a_match() {
    let mut all = evaluator([
        json!({ "code": "many", "kind": "threshold", "window_seconds": 60, "at_least": 2 }),
        json!({ "code": "any", "kind": "match" }),
    ]);
    let late = |id, seconds| LogRow { timestamp: (START + seconds - 301) * SECOND, ..at(id, seconds) };
    assert_eq!(observe(&mut all, [late(1, 0), late(2, 1), late(3, 2)]), ["raised x1 @0", "continued x3 @2"]);
    assert_eq!(all.late(), 3);
    let matched: Vec<u64> = all.statistics().iter().map(|rule| rule.matched).collect();
    assert_eq!(matched, [0, 3]);
}

#[test]
fn a_share_of_all_fires_when_enough_were_seen_and_lasts_while_it_is_reached() {
    let mut all = evaluator([json!({
        "kind": "ratio", "filter": "app:bad", "of": "app:*", "window_seconds": 60, "at_least": 4, "share": 0.5, "quiet_seconds": 30,
        "message": "{{value}}"
    })]);
    let rows = [app(1, 0, "bad"), app(2, 0, "bad"), app(3, 1, ""), app(4, 1, "good")];
    assert!(observe(&mut all, rows).is_empty());
    // The fourth of all is none of the bad ones.
    all.observe(&app(5, 2, "good"));
    let effects = all.take_effects();
    let [Effect::Raised(raised)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((raised.message.as_str(), raised.count), ("50 %", 2));
    assert!(observe(&mut all, [app(6, 3, "good")]).is_empty());
    assert_eq!(observe(&mut all, [app(7, 4, "bad")]), ["continued x3 @4"]);
    assert_eq!(tick(&mut all, 34), ["ended @34"]);
}

#[test]
fn a_rise_is_measured_against_the_window_before() {
    let mut all = evaluator([json!({
        "kind": "change", "window_seconds": 60, "at_least": 4, "factor": 2.0, "message": "{{count}} {{value}}"
    })]);
    // Nothing is compared in the first two windows.
    assert!(observe(&mut all, (0..10).map(|n| at(n + 1, 0))).is_empty());
    assert!(observe(&mut all, (0..3).map(|n| at(n + 20, 90))).is_empty());
    // Three in the window before, which ends at 119: six are needed.
    assert!(observe(&mut all, (0..5).map(|n| at(n + 30, 179))).is_empty());
    all.observe(&at(40, 179));
    let effects = all.take_effects();
    let [Effect::Raised(raised)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(raised.message, "6 2.0");
}

#[test]
fn a_fall_is_noticed_by_time_alone() {
    let mut all = evaluator([json!({
        "kind": "change", "direction": "down", "window_seconds": 60, "at_least": 10, "factor": 0.5, "group_by": ["app"],
        "quiet_seconds": 20
    })]);
    let mut rows = Vec::new();
    for second in 0..120 {
        rows.push(app(second as u64 + 1, second, "a"));
    }
    assert!(observe(&mut all, rows).is_empty());
    // Until 149 the newest window has 30 of 60 records or more: at the end of 149 it is half of what was before.
    let raised = tick(&mut all, 200);
    assert_eq!(raised[0], "raised app=a x30 @150");
    // It lasts while the fall does: as long as the window before has ten records, so that it is judged until 228.
    let told = tick(&mut all, 400);
    assert_eq!(told.last().unwrap(), "ended @250");
}

#[test]
fn silence_is_noticed_once_and_ends_with_the_next_record() {
    let mut all = evaluator([json!({
        "kind": "absence", "window_seconds": 60, "group_by": ["host"], "forget_seconds": 1000, "message": "{{host}} {{value}} {{window}}"
    })]);
    let heard = |id, seconds, host: &'static str| LogRow { host: host.into(), ..at(id, seconds) };
    assert!(observe(&mut all, [heard(1, 0, "a"), heard(2, 0, "b"), heard(3, 30, "a")]).is_empty());
    assert!(tick(&mut all, 59).is_empty());
    all.tick((START + 90) * SECOND);
    let effects = all.take_effects();
    let [Effect::Raised(b), Effect::Raised(a)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(
        (b.message.as_str(), b.triggered_at, b.last_seen_at),
        ("b 60 1 min", (START + 60) * SECOND, START * SECOND)
    );
    assert_eq!((a.hosts.clone(), a.samples.clone()), (vec!["a".to_owned()], vec![3]));
    assert_eq!(observe(&mut all, [heard(4, 100, "a")]), ["ended @100"]);
    // What was silent for long enough is forgotten: nobody expects it any more.
    assert_eq!(tick(&mut all, 1100), ["raised host=a x1 @160", "ended @1000", "ended @1100"]);
    assert!(tick(&mut all, 9000).is_empty());
}

#[test]
fn nobody_was_silent_while_the_daemon_did_not_run() {
    let mut all = evaluator([json!({ "kind": "absence", "window_seconds": 60, "group_by": ["host"] })]);
    let heard = |id, seconds| LogRow { host: "a".into(), ..at(id, seconds) };
    assert!(observe(&mut all, [heard(1, 0)]).is_empty());
    all.resumed((START + 5000) * SECOND);
    assert!(tick(&mut all, 5059).is_empty());
    assert_eq!(tick(&mut all, 5060), ["raised host=a x1 @5060"]);
}

#[test]
fn a_new_value_is_told_after_learning_and_again_when_it_was_away_for_long() {
    let mut all = evaluator([json!({
        "kind": "new_value", "field": "app", "group_by": ["host"], "learn_seconds": 100, "days": 1, "quiet_seconds": 10,
        "message": "{{value}} {{app}} {{host}}"
    })]);
    let row =
        |id, seconds, host: &'static str, name: &'static str| LogRow { host: host.into(), ..app(id, seconds, name) };
    assert!(observe(&mut all, [row(1, 0, "x", "a"), row(2, 99, "x", "b"), row(3, 100, "x", "a")]).is_empty());
    all.observe(&row(4, 100, "y", "a"));
    let effects = all.take_effects();
    let [Effect::Raised(raised)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(raised.message, "a a y");
    assert_eq!(raised.group, [("host".to_owned(), "y".to_owned()), ("app".to_owned(), "a".to_owned())]);
    // A value is told once; seeing it on does not make the alert last.
    assert_eq!(observe(&mut all, [row(5, 105, "y", "a"), row(6, 110, "y", "a")]), ["ended @110"]);
    let day = 86_400;
    assert!(observe(&mut all, [row(7, day + 99, "x", "a")]).is_empty());
    let told = observe(&mut all, [row(8, 2 * day + 99, "x", "a"), row(9, 2 * day + 99, "y", "")]);
    assert_eq!(told, ["raised host=x app=a x1 @172899"]);
}

#[test]
fn a_sequence_is_told_when_its_last_step_comes_and_lasts_with_it() {
    let mut all = evaluator([json!({
        "kind": "sequence", "window_seconds": 60, "group_by": ["ip"], "quiet_seconds": 30,
        "steps": [{ "filter": "app:fail", "at_least": 3 }, { "filter": "app:ok" }]
    })]);
    let row = |id, seconds, name| ip(app(id, seconds, name), 1);
    assert!(observe(&mut all, [row(1, 0, "fail"), row(2, 1, "fail"), row(3, 2, "ok"), row(4, 3, "fail")]).is_empty());
    assert!(observe(&mut all, [ip(app(5, 4, "ok"), 2)]).is_empty());
    all.observe(&row(6, 59, "ok"));
    let effects = all.take_effects();
    let [Effect::Raised(raised)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((raised.count, &raised.samples[..]), (4, &[1, 2, 3, 4, 6][..]));
    assert_eq!(observe(&mut all, [row(7, 60, "fail"), row(8, 61, "ok")]), ["continued x5 @61"]);
    assert_eq!(tick(&mut all, 91), ["ended @91"]);
    // Exactly a window lies between the first and the last.
    let rows = [row(9, 100, "fail"), row(10, 100, "fail"), row(11, 120, "fail"), row(12, 160, "ok")];
    assert!(observe(&mut all, rows).is_empty());
}

#[test]
fn records_that_are_read_again_count_at_their_own_times() {
    let fields = json!({ "kind": "threshold", "window_seconds": 60, "at_least": 3, "quiet_seconds": 100 });
    let mut all = Evaluator::new(vec![rule(fields)], Limits::default(), Clock::Records);
    // All of them arrived in one instant, long after.
    let read = |id, seconds| LogRow { received_at: (START + 1_000_000) * SECOND, ..at(id, seconds) };
    assert!(observe(&mut all, [read(1, 0), read(2, 100), read(3, 50)]).is_empty());
    assert_eq!(observe(&mut all, [read(4, 101)]), ["raised x3 @101"]);
    assert_eq!(observe(&mut all, [read(5, 201), read(6, 402), read(7, 101)]), ["ended @201"]);
    assert_eq!(all.late(), 1);
    assert_eq!(all.now(), (START + 402) * SECOND);
}
