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
    assert_eq!(observe(&mut all, [failed(6, 100, 1), failed(7, 168, 1)]), ["continued +2 @168"]);
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
        ("2 b", &[1, 2][..], &["b".to_owned()][..])
    );
    assert_eq!((raised.ip, &raised.user), (None, &None));
    assert_eq!((continued.user.as_deref(), continued.ip), (Some("bob"), Some([192, 0, 2, 1].into())));
    assert_eq!((&continued.samples[..], &continued.hosts[..]), (&[3, 4][..], &["c".to_owned()][..]));
    for id in 5..100 {
        all.observe(&row(id, 4, "a"));
    }
    let effects = all.take_effects();
    let [Effect::Continued(continued)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((continued.added, continued.samples.len(), continued.hosts.len()), (95, 16, 1));
}

#[test]
fn a_match_is_one_alert_a_group_and_no_new_one_while_it_is_held() {
    let mut all =
        evaluator([json!({ "kind": "match", "filter": "cleared", "group_by": ["host"], "hold_seconds": 50 })]);
    let row = |id, seconds, host: &'static str| LogRow { host: host.into(), ..message(at(id, seconds), "log cleared") };
    let rows = [row(1, 0, "a"), row(2, 0, "b"), row(3, 5, "a"), message(at(4, 6), "log cleared")];
    let expected = ["raised host=a x1 @0", "raised host=b x1 @0", "continued +1 @5"];
    assert_eq!(observe(&mut all, rows), expected);
    assert_eq!(tick(&mut all, 305), ["ended @300", "ended @305"]);
    assert_eq!(observe(&mut all, [row(5, 349, "b"), row(6, 350, "b"), row(7, 351, "a")]), ["raised host=b x1 @350"]);
}
