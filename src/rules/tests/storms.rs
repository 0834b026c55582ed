//! Where many alerts go on, they are told together, and nothing of them is lost.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{SECOND, START, at, evaluator, rule, told};
use crate::record::LogRow;
use crate::rules::effect::Effect;
use crate::rules::evaluator::Evaluator;
use crate::rules::limits::{Clock, Limits};

/// More than are told at once.
const MANY: u64 = 101;

fn each_user() -> Value {
    json!({ "kind": "match", "group_by": ["user_name"], "quiet_seconds": 60 })
}

fn user(id: u64, seconds: i64, number: u64) -> LogRow<'static> {
    LogRow { user_name: format!("user{number}").into(), host: format!("web{id}").into(), ..at(id, seconds) }
}

/// An evaluator with alerts of so many users, and what tells of these.
fn begun(users: u64) -> (Evaluator, Vec<Effect>) {
    let mut all = evaluator([each_user()]);
    for number in 0..users {
        all.observe(&user(1 + number, 0, number));
    }
    let effects = all.take_due_effects();
    assert_eq!(effects.len(), users as usize);
    (all, effects)
}

fn storm(users: u64) -> Evaluator {
    begun(users).0
}

/// A record of each.
fn go_on(all: &mut Evaluator, seconds: i64, users: u64) {
    for number in 0..users {
        all.observe(&user(1_000 * (1 + seconds as u64) + number, seconds, number));
    }
}

fn count(effects: &[Effect], what: &str) -> usize {
    told(effects).iter().filter(|told| *told == what).count()
}

#[test]
fn a_hundred_alerts_that_go_on_are_told_at_once() {
    let mut all = storm(MANY - 1);
    for seconds in 1..4 {
        go_on(&mut all, seconds, MANY - 1);
        let expected = format!("continued x{} @{seconds}", 1 + seconds);
        assert_eq!(count(&all.take_due_effects(), &expected), 100);
    }
}

#[test]
fn more_are_told_together_after_five_seconds_with_all_that_came() {
    let mut all = storm(MANY);
    for seconds in 1..6 {
        go_on(&mut all, seconds, MANY);
        assert_eq!(all.take_due_effects(), []);
    }
    // Others begin meanwhile, and that is told at once.
    all.observe(&user(900, 5, 500));
    assert_eq!(told(&all.take_due_effects()), ["raised user_name=user500 x1 @5"]);
    all.tick((START + 6) * SECOND);
    let effects = all.take_due_effects();
    assert_eq!((effects.len(), count(&effects, "continued x6 @5")), (101, 101));
    let Effect::Continued(first) = &effects[0] else { panic!("{effects:?}") };
    assert_eq!((first.samples.len(), first.hosts.len()), (5, 5));
    assert_eq!(all.take_effects(), []);
}

#[test]
fn what_is_held_back_is_told_before_the_end() {
    let mut all = storm(MANY);
    go_on(&mut all, 3, MANY);
    all.take_due_effects();
    let rules = vec![rule(json!({ "code": "other", "kind": "match" }))];
    all.replace_rules(rules);
    let effects = all.take_due_effects();
    assert_eq!(told(&effects[..4]), ["continued x2 @3", "ended @3", "continued x2 @3", "ended @3"]);
    assert_eq!(effects.len(), 2 * MANY as usize);
    assert_eq!(effects[0].episode(), effects[1].episode());
}

#[test]
fn what_is_held_back_of_an_alert_that_was_resolved_is_told_and_ends() {
    let mut all = storm(MANY + 1);
    go_on(&mut all, 1, MANY + 1);
    let episodes: Vec<String> = all.take_effects().iter().map(|effect| effect.episode().to_owned()).collect();
    assert!(all.close("rule", &episodes[0]), "nothing is held back of it");
    assert_eq!(all.take_due_effects(), []);
    go_on(&mut all, 2, MANY + 1);
    assert!(all.close("rule", &episodes[1]));
    let effects = all.take_due_effects();
    assert_eq!(told(&effects), ["raised user_name=user0 x1 @2", "continued x3 @2", "ended @2"]);
    assert_eq!((effects[1].episode(), effects[2].episode()), (episodes[1].as_str(), episodes[1].as_str()));
    assert_eq!(all.take_effects().len(), MANY as usize - 1);
}

#[test]
fn what_is_held_back_is_held_over_a_restart() {
    let restart = |all: &Evaluator| {
        let bytes = all.checkpoint();
        Evaluator::restore(vec![rule(each_user())], Limits::default(), Clock::Received, &bytes).unwrap()
    };
    let mut all = storm(MANY);
    go_on(&mut all, 1, MANY);
    let mut all = restart(&all);
    assert_eq!(all.take_due_effects(), []);
    go_on(&mut all, 2, MANY);
    let mut all = restart(&all);
    go_on(&mut all, 6, MANY);
    let effects = all.take_due_effects();
    assert_eq!((effects.len(), count(&effects, "continued x4 @6")), (101, 101));
}

/// What an alert is by all that was told of it: its count, how often it was raised, whether it ended.
type Stories = BTreeMap<String, (u64, u32, bool)>;

fn tell(stories: &mut Stories, effects: &[Effect]) {
    for effect in effects {
        let story = stories.entry(effect.episode().to_owned()).or_default();
        match effect {
            Effect::Raised(raised) => (story.0, story.1) = (raised.count, story.1 + 1),
            Effect::Continued(continued) => {
                assert!(story.1 == 1 && !story.2, "only of what lasts: {continued:?}");
                assert!(continued.total >= story.0);
                story.0 = continued.total;
            }
            Effect::Ended(_) => story.2 = true,
        }
    }
}

proptest! {
    #[test]
    fn however_often_it_is_told_each_alert_has_the_same_story(
        steps in prop::collection::vec((0..200_u64, 0..3_i64, any::<bool>()), 1..400),
    ) {
        let ((mut often, effects), mut once) = (begun(MANY), storm(MANY));
        let mut by_parts = Stories::new();
        tell(&mut by_parts, &effects);
        let mut whole = by_parts.clone();
        let mut seconds = 0;
        for (at, (number, later, is_taken)) in steps.into_iter().enumerate() {
            seconds += later;
            let row = user(5_000 + at as u64, seconds, number);
            often.observe(&row);
            once.observe(&row);
            if is_taken {
                tell(&mut by_parts, &often.take_due_effects());
            }
        }
        tell(&mut by_parts, &often.take_effects());
        tell(&mut whole, &once.take_effects());
        prop_assert_eq!(by_parts, whole);
    }
}
