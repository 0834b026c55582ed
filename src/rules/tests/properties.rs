//! Random streams of records: against slow and simple models, with restarts, and with the pre-filter and without.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::rules::effect::Effect;

const LATENESS: i64 = 20;
const WINDOW: i64 = 10;
const QUIET: i64 = 7;
const AT_LEAST: usize = 3;

fn limits() -> Limits {
    Limits { lateness_seconds: LATENESS as u32, ..Limits::default() }
}

/// A record by: seconds since the one before, how old it is when it arrives, its group and its value.
type Brief = (i64, i64, u8, u8);

fn briefs() -> impl Strategy<Value = Vec<Brief>> {
    let age = prop_oneof![4 => Just(0i64), 4 => -3..12i64, 1 => 12..25i64];
    vec((prop_oneof![5 => 0..3i64, 1 => 3..30i64], age, 0..2u8, 0..5u8), 0..120)
}

fn rows(briefs: &[Brief]) -> Vec<LogRow<'static>> {
    let mut arrival = START;
    let row = |(id, (step, age, group, value)): (usize, &Brief)| {
        arrival += step;
        LogRow {
            timestamp: (arrival - age) * SECOND,
            received_at: arrival * SECOND,
            app: format!("app{group}").into(),
            msg_id: if *value == 0 { "".into() } else { format!("v{value}").into() },
            ..at(id as u64 + 1, 0)
        }
    };
    briefs.iter().enumerate().map(row).collect()
}

/// The rule as its definition says it, with every record kept: `(episode's last record, effects)`.
fn model(rows: &[LogRow<'static>], distinct: bool) -> Vec<String> {
    let mut out: Vec<(i64, u64, String)> = Vec::new();
    for group in ["app0", "app1"] {
        let mut kept: Vec<(i64, &str)> = Vec::new();
        let mut heard: Option<i64> = None;
        for row in rows {
            let now = row.received_at / SECOND;
            if let Some(end) = heard.map(|heard| heard + QUIET).filter(|end| *end <= now) {
                out.push((end, 0, format!("{group} ended {}", end - START)));
                heard = None;
            }
            let time = (row.timestamp / SECOND).min(now);
            if row.app != group || now - time > LATENESS || (distinct && row.msg_id.is_empty()) {
                continue;
            }
            if heard.is_some() {
                heard = Some(now);
                continue;
            }
            kept.push((time, &row.msg_id));
            let windows = (time..time + WINDOW).map(|end| {
                let within = kept.iter().filter(|(at, _)| (end - WINDOW + 1..=end).contains(at));
                let mut values: Vec<&str> = within.map(|(_, value)| *value).collect();
                if distinct {
                    values.sort_unstable();
                    values.dedup();
                }
                values.len()
            });
            if windows.max().unwrap_or(0) >= AT_LEAST {
                out.push((now, row.id, format!("{group} raised by {} x{AT_LEAST}", row.id)));
                kept.clear();
                heard = Some(now);
            }
        }
    }
    // The end of an alert comes before what is raised in the same instant.
    out.sort();
    out.into_iter().map(|(.., text)| text).collect()
}

fn short(effects: Vec<Effect>) -> Vec<String> {
    let group_of = |episode: &str| episode.to_owned();
    let mut groups: Vec<(String, String)> = Vec::new();
    let mut out = Vec::new();
    for effect in effects {
        match effect {
            Effect::Raised(r) => {
                groups.push((group_of(&r.episode), r.group[0].1.clone()));
                let id = r.episode.rsplit('-').next().unwrap().to_owned();
                out.push(format!("{} raised by {id} x{}", r.group[0].1, r.count));
            }
            Effect::Continued(_) => {}
            Effect::Ended(e) => {
                let group = groups.iter().find(|(episode, _)| *episode == e.episode).unwrap().1.clone();
                out.push(format!("{group} ended {}", e.at / SECOND - START));
            }
        }
    }
    out
}

fn threshold(distinct: bool) -> Value {
    let mut fields = json!({
        "kind": "threshold", "group_by": ["app"], "window_seconds": WINDOW, "at_least": AT_LEAST, "quiet_seconds": QUIET
    });
    if distinct {
        fields["distinct"] = json!("msg_id");
    }
    fields
}

/// A rule that alerts by itself, and a correlation of each type.
const SIGMA: &str = "\
title: one\nname: one\ndetection:\n  s:\n    eventid: v1\n  condition: s\n---\n\
title: two\nname: two\ndetection:\n  s:\n    eventid: v2\n  condition: s\n---\n\
title: count\ngenerate: true\ncorrelation:\n  type: event_count\n  rules: [one]\n  group-by: [app]\n  timespan: 10s\n  \
condition:\n    gte: 3\n---\n\
title: values\ncorrelation:\n  type: value_count\n  rules: [one, two]\n  timespan: 10s\n  condition:\n    gte: 2\n    \
field: eventid\n---\n\
title: together\ncorrelation:\n  type: temporal\n  rules: [one, two]\n  group-by: [app]\n  timespan: 10s\n---\n\
title: ordered\ncorrelation:\n  type: temporal_ordered\n  rules: [two, one]\n  group-by: [app]\n  timespan: 10s\n";

/// Rules of all kinds, to which the records of [`rows`] matter.
fn every_kind() -> Vec<Value> {
    let all = [
        threshold(false),
        threshold(true),
        json!({ "kind": "threshold", "window_seconds": 30, "at_least": 2, "skew_seconds": 11, "quiet_seconds": 5 }),
        json!({ "kind": "match", "filter": "msg_id:v1", "group_by": ["app"], "quiet_seconds": 3, "hold_seconds": 4 }),
        json!({ "kind": "ratio", "filter": "msg_id:v2", "window_seconds": 60, "at_least": 4, "share": 0.4, "group_by": ["app"] }),
        json!({ "kind": "change", "window_seconds": 10, "at_least": 3, "factor": 2, "quiet_seconds": 5 }),
        json!({ "kind": "change", "window_seconds": 10, "at_least": 3, "factor": 0.5, "direction": "down", "quiet_seconds": 5 }),
        json!({ "kind": "absence", "window_seconds": 8, "group_by": ["app", "msg_id"], "forget_seconds": 40, "hold_seconds": 3 }),
        json!({ "kind": "new_value", "field": "msg_id", "group_by": ["app"], "learn_seconds": 10, "days": 1, "quiet_seconds": 2 }),
        json!({ "kind": "sequence", "window_seconds": 15, "group_by": ["app"], "quiet_seconds": 4,
                "steps": [{ "filter": "msg_id:v1", "at_least": 2 }, { "filter": "msg_id:v2,v3" }, { "filter": "msg_id:v4" }] }),
        json!({ "kind": "sigma", "sigma": SIGMA, "group_by": ["app"], "quiet_seconds": 4 }),
    ];
    let coded = all.into_iter().enumerate().map(|(at, mut fields)| {
        fields["code"] = json!(format!("rule{at}"));
        fields
    });
    coded.collect()
}

fn detection(name: &str, selection: &str) -> String {
    format!("title: {name}\nname: {name}\ndetection:\n  s:\n    {selection}\n  condition: s\n---\n")
}

fn correlation(kind: &str, rules: &str, condition: &str) -> String {
    format!(
        "title: c\ncorrelation:\n  type: {kind}\n  rules: [{rules}]\n  group-by: [app]\n  timespan: {WINDOW}s\n{condition}"
    )
}

fn compiled(rules: &[Value]) -> Vec<Rule> {
    rules.iter().cloned().map(rule).collect()
}

/// All effects, taken once for each part of the records.
fn effects(evaluator: &mut Evaluator, rows: &[LogRow<'static>]) -> Vec<Effect> {
    rows.iter().for_each(|row| evaluator.observe(row));
    evaluator.take_effects()
}

proptest! {
    #[test]
    fn thresholds_are_what_the_definition_says(briefs in briefs(), distinct: bool) {
        let rows = rows(&briefs);
        let mut evaluator = Evaluator::new(compiled(&[threshold(distinct)]), limits(), Clock::Received);
        let told = short(effects(&mut evaluator, &rows));
        let mut sorted = told.clone();
        let mut expected = model(&rows, distinct);
        // Groups that end in one instant do so in the order of their keys, others in the order of time.
        sorted.sort();
        expected.sort();
        prop_assert_eq!(sorted, expected);
    }

    #[test]
    fn correlations_of_sigma_are_what_the_definition_says(briefs in briefs(), kind in 0..3_u8) {
        let mut rows = rows(&briefs);
        let is_temporal = kind == 0;
        let text = if is_temporal {
            // As many rules as values are asked for by the model, which does not count the last.
            rows.iter_mut().filter(|row| row.msg_id == "v4").for_each(|row| row.msg_id = "".into());
            let names: Vec<String> = (1..=AT_LEAST).map(|n| format!("v{n}")).collect();
            let detections = names.iter().map(|name| detection(name, &format!("eventid: {name}")));
            format!("{}{}", detections.collect::<String>(), correlation("temporal", &names.join(", "), ""))
        } else if kind == 1 {
            let count = format!("  condition:\n    gte: {AT_LEAST}\n    field: eventid\n");
            detection("all", "app|startswith: app") + &correlation("value_count", "all", &count)
        } else {
            let count = format!("  condition:\n    gte: {AT_LEAST}\n");
            detection("all", "app|startswith: app") + &correlation("event_count", "all", &count)
        };
        let sigma = json!({ "kind": "sigma", "sigma": text, "quiet_seconds": QUIET });
        let mut evaluator = Evaluator::new(compiled(&[sigma]), limits(), Clock::Received);
        let mut told = short(effects(&mut evaluator, &rows));
        let mut expected = model(&rows, kind < 2);
        told.sort();
        expected.sort();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn a_restart_changes_nothing(briefs in briefs(), groups in 1..9usize, bytes in 300..4000usize, cuts in vec(any::<proptest::sample::Index>(), 1..4)) {
        let rows = rows(&briefs);
        // Little enough room for some groups to be evicted.
        let limits = Limits { groups_per_rule_max: groups, bytes_per_rule_max: bytes, ..limits() };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(rows.len());
        let rules = every_kind();
        let mut whole = Evaluator::new(compiled(&rules), limits, Clock::Received);
        let mut restarted = Evaluator::new(compiled(&rules), limits, Clock::Received);
        let mut from = 0;
        for cut in cuts {
            let part = &rows[from..cut];
            from = cut;
            prop_assert_eq!(effects(&mut restarted, part), effects(&mut whole, part));
            let saved = restarted.checkpoint();
            // What was observed behind the checkpoint is observed again after a crash.
            effects(&mut restarted, rows.get(cut..cut + 5).unwrap_or_default());
            restarted = Evaluator::restore(compiled(&rules), limits, Clock::Received, &saved).unwrap();
            prop_assert_eq!(restarted.late(), whole.late());
        }
        let end = (START + 10_000) * SECOND;
        whole.tick(end);
        restarted.tick(end);
        prop_assert_eq!(restarted.take_effects(), whole.take_effects());
        prop_assert_eq!(restarted.statistics(), whole.statistics());
    }

    #[test]
    fn ticks_only_decide_when_something_is_told(briefs in briefs(), ticked in vec(any::<bool>(), 120)) {
        let rows = rows(&briefs);
        let mut quiet = Evaluator::new(compiled(&every_kind()), limits(), Clock::Received);
        let mut watched = Evaluator::new(compiled(&every_kind()), limits(), Clock::Received);
        let mut arrived = 0;
        for (row, ticked) in rows.iter().zip(ticked) {
            if ticked && arrived > 0 {
                // Up to the last moment before the next record.
                watched.tick(arrived);
                watched.tick(row.received_at - 1);
            }
            arrived = row.received_at;
            quiet.observe(row);
            watched.observe(row);
        }
        quiet.tick((START + 10_000) * SECOND);
        watched.tick((START + 10_000) * SECOND);
        let sorted = |mut effects: Vec<Effect>| {
            effects.sort_by_key(|effect| format!("{effect:?}"));
            effects
        };
        prop_assert_eq!(sorted(watched.take_effects()), sorted(quiet.take_effects()));
    }

    #[test]
    fn the_prefilter_changes_nothing(picks in vec((0..12usize, 0..7usize, 0..5usize, any::<bool>(), any::<bool>()), 0..60)) {
        let filters = [
            "", "failed", "app:sshd failed", "level:>=error OR \"disk full\"", "-level:info", "user:* ip:*", "user:root,admin",
            "attributes.outcome:failure", "attributes.status:>=500 app:nginx", "host:WEB1", "msg:\"\" OR app:\"\"", "f*d -user:root",
            "/fail(ed|ure) for/", "raw:failed", "parse_error:*", "app:s* OR format:json", "-failed", "app:/^$/", "host:/^$/ OR failed",
            "message:~ail", "-(app:sshd OR user:root)", "ip:192.0.2.0/24 (failed OR accepted)", "user:\"\"", "attr.outcome:\"\"",
        ];
        let groups: [&[&str]; 4] = [&[], &["ip"], &["user_name"], &["app", "attributes.outcome"]];
        let rules: Vec<Value> = filters.iter().enumerate().map(|(at, filter)| json!({
            "code": format!("rule{at}"), "kind": "match", "filter": filter, "group_by": groups[at % groups.len()]
        })).collect();
        let rows: Vec<LogRow<'static>> = picks.iter().enumerate().map(|(id, (text, level, user, has_ip, structured))| {
            let text = ["login FAILED for bob", "Failed", "disk full", "", "failure for x", "accepted", "fd", "fed", "all is well",
                "failedx", "failed login", "INFO"][*text];
            let row = message(at(id as u64 + 1, id as i64), text);
            let row = LogRow {
                level: logseal_parsers::Level::ALL[*level],
                user_name: ["", "root", "admin", "bob", "Root"][*user].into(),
                app: ["", "sshd", "nginx", "sudo", "SSHD"][(*user + *level) % 5].into(),
                host: ["", "web1", "Web1"][*level % 3].into(),
                format: ["json", "rfc3164"][*level % 2].into(),
                raw: text.as_bytes().to_vec().into(),
                ..row
            };
            let row = if *has_ip { ip(row, 1 + *level as u8) } else { row };
            if !structured { return row }
            let outcome = ["failure", "success", ""][*user % 3];
            LogRow { attributes: vec![("outcome".into(), outcome.into()), ("status".into(), "503".into())], ..row }
        }).collect();
        let mut filtered = Evaluator::new(compiled(&rules), limits(), Clock::Received);
        let mut plain = Evaluator::without_prefilter(compiled(&rules), limits(), Clock::Received);
        prop_assert_eq!(effects(&mut filtered, &rows), effects(&mut plain, &rows));
        prop_assert_eq!(filtered.statistics(), plain.statistics());
    }
}
